from __future__ import annotations

import pytest

from ollama_code.workspace.guarded import against_reading, against_writing


@pytest.mark.parametrize(
    "path",
    [
        ".git/hooks/pre-commit",
        ".git/config",
        ".git",
        "sub/.git/hooks/post-checkout",
        ".GIT/config",
        ".g\u200cit/config",
        ".git./config",
        ".git /hooks/x",
        "git~1/config",
        ".git::$INDEX_ALLOCATION/config",
        ".envrc.",
        ".ollama-code/settings.json",
        "deep/down/.Ollama-Code/settings.json",
        ".mcp.json",
        ".devcontainer/devcontainer.json",
        "sub/.gitlab-ci.yml",
        ".cargo/config.toml",
        ".claude/settings.json",
        ".vscode/tasks.json",
        ".idea/workspace.xml",
        ".husky/pre-commit",
        ".envrc",
        ".gitattributes",
        "sub/.gitmodules",
        ".npmrc",
        ".github/workflows/ci.yml",
        ".bashrc",
        "/home/someone/.zshrc",
        ".\u017fsh/authorized_keys",
    ],
)
def test_writing_what_other_programs_act_on_is_guarded(path: str) -> None:
    assert against_writing(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/main.py",
        ".gitignore",
        ".github/CODEOWNERS",
        "git/config",
        "vscode/x",
        "a.git.md",
        "git~x/config",
        ".env",
        ".config/x",
        ".",
    ],
)
def test_writing_ordinary_files_is_not_guarded(path: str) -> None:
    assert against_writing(path) == ""


@pytest.mark.parametrize(
    "below_home", [".config/autostart/x.desktop", ".config", ".local/bin/ls", "Library/LaunchAgents/x"]
)
def test_writing_into_the_settings_of_the_home_is_guarded(below_home: str) -> None:
    assert against_writing("x", below_home=below_home)


@pytest.mark.parametrize("below_home", ["", "project/.config/x", "projects/bin/x"])
def test_the_same_names_elsewhere_are_free(below_home: str) -> None:
    assert against_writing("x", below_home=below_home) == ""


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env.local",
        ".ENV.production",
        "tls/server.pem",
        "server.key",
        "id_rsa",
        "keys/id_ed25519_sk",
        "aws_credentials.json",
        ".netrc",
        ".git-credentials",
        ".ssh/config",
    ],
)
def test_reading_what_may_hold_secrets_is_guarded(path: str) -> None:
    assert against_reading(path)


@pytest.mark.parametrize(
    "path",
    [
        "environment.py",
        ".env.example",
        ".env/lib/site.py",
        "id_map.py",
        "id_rsa.pub",
        "pem.py",
        "README.md",
        ".",
    ],
)
def test_reading_ordinary_files_is_not_guarded(path: str) -> None:
    assert against_reading(path) == ""


def test_reading_the_keys_of_other_programs_at_home_is_guarded() -> None:
    assert against_reading("config", below_home=".aws/config")
    assert against_reading("config", below_home="project/.aws/config") == ""


@pytest.mark.parametrize("name", ["secrets.json", "settings.json", "audit/2026-11-21.jsonl", "proxy/token-1"])
def test_reading_what_this_program_keeps_to_itself_is_guarded(name: str) -> None:
    assert against_reading(name, below_home=f".ollama-code/{name}")
    assert against_reading(name, below_home="project/.ollama-code/settings.json") == ""
    assert (
        against_reading("outputs/1.txt", below_home=".ollama-code/projects/x/sessions/y/outputs/1.txt") == ""
    )
