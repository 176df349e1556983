from __future__ import annotations

import subprocess

import pytest

from ollama_code.workspace.environment import child_environment, clean_path


def test_unlisted_variables_stay_behind() -> None:
    assert "FAVOURITE" not in child_environment({"FAVOURITE": "blue"}, ())


def test_home_language_and_venv_are_kept() -> None:
    kept = {"HOME": "/h", "LANG": "C.UTF-8", "LC_TIME": "de_DE.UTF-8", "VIRTUAL_ENV": "/v", "TZ": "UTC"}
    assert kept.items() <= child_environment(kept, ()).items()


def test_a_name_the_person_lists_passes() -> None:
    assert child_environment({"GOPATH": "/go", "OTHER": "x"}, ("GOPATH",))["GOPATH"] == "/go"


@pytest.mark.parametrize(
    "name",
    "GITHUB_TOKEN aws_secret_access_key DB_PASSWORD SSH_AUTH_SOCK LC_API_KEY LD_PRELOAD PYTHONPATH NODE_OPTIONS "
    "BASH_ENV ENV PROMPT_COMMAND GIT_DIR IFS BASH_FUNC_ls%%".split(),
)
def test_secrets_and_steering_names_never_pass(name: str) -> None:
    assert name not in child_environment({name: "x"}, (name,))


def test_the_persons_shell_and_editor_do_not_count() -> None:
    environment = child_environment({"SHELL": "/bin/zsh", "EDITOR": "vi", "TERM": "xterm"}, ("EDITOR",))
    assert (environment["SHELL"], environment["TERM"], environment.get("EDITOR")) == (
        "/bin/bash",
        "dumb",
        None,
    )


def test_path_loses_relative_empty_and_double_entries() -> None:
    assert clean_path("/usr/bin::.:node_modules/.bin:/bin:/usr/bin:") == "/usr/bin:/bin"


@pytest.mark.parametrize("path", ["", ".", ":::"])
def test_path_without_absolute_entries_becomes_the_system_one(path: str) -> None:
    assert clean_path(path) == "/usr/local/bin:/usr/bin:/bin"


def test_git_obeys_the_settings_that_stop_programs() -> None:
    shown = subprocess.run(
        ["git", "config", "--get", "core.fsmonitor"],
        env=child_environment({}, ()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "false\n"
