"""Precedence, origins, warnings and refusals of the settings."""

import os
from pathlib import Path

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.load import CLOUD_HOST, Credentials, Loaded, load
from ollama_code.settings.model import Ollama, Settings, keys


def loaded(tmp_path: Path, text: str = "", flags: Flags | None = None, **environ: str) -> Loaded:
    home = Home(tmp_path / ".ollama-code")
    if text:
        home.root.mkdir()
        home.settings.write_text(text, encoding="utf-8")
        home.settings.chmod(0o600)
    return load(home, {"HOME": str(tmp_path), **environ}, flags or Flags())


def complaint(tmp_path: Path, text: str = "", flags: Flags | None = None, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, text, flags, **environ)
    return str(caught.value)


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.settings == Settings()
    assert found.origins == dict.fromkeys(keys(), "default")
    assert found.warnings == found.credentials == ()
    assert not (tmp_path / ".ollama-code").exists()


def test_the_file_speaks_camel_case_and_keeps_the_other_defaults(tmp_path: Path) -> None:
    text = '{"ollama": {"numCtx": 4096}, "approvalMode": "auto_edit", "permissions": {"deny": ["edit(x)"]}}'
    found = loaded(tmp_path, text)
    assert found.settings.ollama.num_ctx == 4096
    assert found.settings.ollama.keep_alive == "30m"
    assert found.settings.approval_mode is Mode.AUTO_EDIT
    assert found.settings.permissions.deny == ("edit(x)",)
    assert found.origins["approvalMode"] == "~/.ollama-code/settings.json"
    assert found.origins["ollama.keepAlive"] == "default"


@pytest.mark.parametrize(
    ("flags", "environ", "model", "origin"),
    [
        (Flags(model="f"), {"OLLAMA_MODEL": "e"}, "f", "--model"),
        (Flags(), {"OLLAMA_MODEL": "e"}, "e", "OLLAMA_MODEL"),
        (Flags(), {"OLLAMA_MODEL": " "}, "u", "~/.ollama-code/settings.json"),
    ],
)
def test_flag_beats_environment_beats_file(
    tmp_path: Path, flags: Flags, environ: dict[str, str], model: str, origin: str
) -> None:
    found = loaded(tmp_path, '{"model": "u", "maxSteps": 9}', flags, **environ)
    assert (found.settings.model, found.origins["model"]) == (model, origin)
    assert found.settings.max_steps == 9


def test_ollama_host_stays_as_written_and_beats_the_base_url_variable(tmp_path: Path) -> None:
    found = loaded(tmp_path, OLLAMA_HOST='"0.0.0.0"', OLLAMA_BASE_URL="http://other")
    assert found.settings.ollama.base_url == "0.0.0.0"
    assert found.origins["ollama.baseUrl"] == "OLLAMA_HOST"


def test_every_flag_reaches_its_key(tmp_path: Path) -> None:
    found = loaded(tmp_path, flags=Flags(model="m", ollama_url="h", num_ctx=512, mode="yolo", max_steps=3))
    assert found.settings == Settings(
        model="m", ollama=Ollama(base_url="h", num_ctx=512), approval_mode=Mode.YOLO, max_steps=3
    )
    assert {key for key, origin in found.origins.items() if origin != "default"} == {
        "model",
        "ollama.baseUrl",
        "ollama.numCtx",
        "approvalMode",
        "maxSteps",
    }


def test_nested_spelling_of_the_tool_lists(tmp_path: Path) -> None:
    found = loaded(tmp_path, '{"tools": {"core": ["edit"], "exclude": ["glob"]}}')
    assert (found.settings.core_tools, found.settings.exclude_tools) == (("edit",), ("glob",))
    assert found.warnings == ()


def test_an_empty_list_of_core_tools_is_not_the_same_as_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, '{"coreTools": []}').settings.core_tools == ()


def test_null_counts_as_not_written(tmp_path: Path) -> None:
    found = loaded(tmp_path, '{"model": null, "$schema": "x"}')
    assert (found.settings, found.warnings) == (Settings(), ())


@pytest.mark.parametrize(
    ("text", "key", "advice"),
    [
        ('{"corTools": []}', "corTools", "Did you mean coreTools?"),
        ('{"approval_mode": "plan"}', "approval_mode", "Did you mean approvalMode?"),
        ('{"ui": {"theme": "x"}}', "ui", ""),
        ('{"ollama": {"num_ctx": 1}}', "ollama.num_ctx", "Did you mean ollama.numCtx?"),
        ('{"baseUrl": "x"}', "baseUrl", "Did you mean ollama.baseUrl?"),
        ('{"mcpServers": {}}', "mcpServers", ""),
    ],
)
def test_an_unknown_key_is_warned_of_and_ignored(tmp_path: Path, text: str, key: str, advice: str) -> None:
    found = loaded(tmp_path, text)
    assert found.settings == Settings()
    assert found.warnings == (
        f"~/.ollama-code/settings.json: there is no setting {key}; it is ignored. {advice}".rstrip(),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"model": 3}', "model is 3, but must be a text in double quotes."),
        ('{"maxSteps": "5"}', 'maxSteps is "5", but must be a whole number.'),
        ('{"maxSteps": true}', "maxSteps is true, but must be a whole number."),
        ('{"maxSteps": 0}', "maxSteps is 0, but must be a whole number of at least 1."),
        (
            '{"permissions": {"allow": "x"}}',
            'permissions.allow is "x", but must be a list in square brackets.',
        ),
        (
            '{"permissions": {"deny": ["x", {}]}}',
            "permissions.deny[1].rule is missing, but must be written, as a text in double quotes.",
        ),
        ('{"ollama": "x"}', 'ollama is "x", but must be an object in braces.'),
        ('{"approvalMode": "fast"}', "approvalMode is \"fast\", but must be one of 'plan',"),
        ('{"ollama": {"keepAlive": "soon"}}', 'ollama.keepAlive is "soon", but must be a duration such as'),
        ('{"tools": {"core": []}, "coreTools": []}', "coreTools is also written under its other name."),
        ('{"model": "a\\nb"}', 'model is "a\\nb", but must be a text of one line.'),
    ],
)
def test_a_wrong_value_names_key_given_and_expected(tmp_path: Path, text: str, message: str) -> None:
    assert complaint(tmp_path, text).startswith(f"~/.ollama-code/settings.json: {message}")


@pytest.mark.parametrize(
    "text",
    [
        '{"ollama": {"apiKey": "hush hush"}}',
        '{"ollama": {"apiKey": ["hush"]}}',
        '{"ollama": {"headers": {"X": "hush\\nY: 1"}}}',
    ],
)
def test_a_refused_secret_is_not_repeated(tmp_path: Path, text: str) -> None:
    message = complaint(tmp_path, text)
    assert "is not usable" in message
    assert "hush" not in message


def test_a_wrong_flag_or_variable_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path, flags=Flags(mode="fast")).startswith('--mode: approvalMode is "fast"')
    assert complaint(tmp_path, OLLAMA_KEEP_ALIVE="soon").startswith(
        'OLLAMA_KEEP_ALIVE: ollama.keepAlive is "soon"'
    )
    assert "UTF-8" in complaint(tmp_path, OLLAMA_MODEL="\udcff")


def test_a_key_in_the_file_stays_with_the_address_of_the_file(tmp_path: Path) -> None:
    text = '{"ollama": {"baseUrl": "https://a", "apiKey": "k", "headers": {"X": "1"}}}'
    found = loaded(tmp_path, text, Flags(ollama_url="http://elsewhere"))
    assert found.settings.ollama.base_url == "http://elsewhere"
    assert found.settings.ollama.api_key == ""
    assert found.settings.ollama.headers == {}
    assert found.credentials == (
        Credentials("https://a", "~/.ollama-code/settings.json", api_key="k", headers={"X": "1"}),
    )


def test_a_key_in_the_environment_belongs_to_the_cloud_and_the_host_beside_it(tmp_path: Path) -> None:
    found = loaded(tmp_path, flags=Flags(ollama_url="http://c"), OLLAMA_HOST="b:1", OLLAMA_API_KEY="k")
    assert [(one.host, one.api_key) for one in found.credentials] == [("b:1", "k"), (CLOUD_HOST, "k")]
    assert "'k'" not in repr(found)


def test_a_readable_file_with_a_secret_is_warned_of(tmp_path: Path) -> None:
    loaded(tmp_path, '{"ollama": {"apiKey": "k"}}')
    (tmp_path / ".ollama-code/settings.json").chmod(0o644)
    assert "chmod 600 ~/.ollama-code/settings.json" in loaded_again(tmp_path).warnings[0]


def loaded_again(tmp_path: Path) -> Loaded:
    return load(Home(tmp_path / ".ollama-code"), {"HOME": str(tmp_path)}, Flags())


def test_a_pipe_or_a_folder_in_place_of_the_file_is_refused_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    os.mkfifo(home.settings)
    with pytest.raises(UsageError, match="not a regular file"):
        load(home, {}, Flags())
    home.settings.unlink()
    home.settings.mkdir()
    with pytest.raises(UsageError, match=r"settings\.json"):
        load(home, {}, Flags())
