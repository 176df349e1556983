"""The manual beside the code, and the spelling of the keys."""

import json
import re
from pathlib import Path

import pytest

from ollama_code.settings.jsonc import parse
from ollama_code.settings.model import Ollama, Settings, keys

MANUAL = Path("docs/settings.md")


def manual() -> str:
    return (Path(__file__).parents[2] / MANUAL).read_text(encoding="utf-8")


def test_the_manual_lists_exactly_the_keys_of_the_model() -> None:
    assert tuple(re.findall(r"^\| `([A-Za-z.]+)` \|", manual(), re.MULTILINE)) == keys()


def test_the_defaults_in_the_manual_are_those_of_the_model() -> None:
    stated = dict(re.findall(r"^\| `([A-Za-z.]+)` \| `([^`]*)` \|", manual(), re.MULTILINE))
    for key, text in stated.items():
        value: object = Settings().model_dump(mode="json")
        for part in key.split("."):
            value = value[part] if isinstance(value, dict) else None
        assert text == (value if isinstance(value, str) else json.dumps(value)), key


def test_the_sample_in_the_manual_is_a_valid_file() -> None:
    sample = re.search(r"```jsonc\n(.*?)```", manual(), re.DOTALL)
    assert sample
    tree = parse(sample[1].encode(), "manual")
    assert Settings.model_validate(tree, strict=False).ollama.num_ctx == 32768


def test_secrets_stay_out_of_the_representation() -> None:
    assert "hush" not in repr(Settings(ollama=Ollama(api_key="hush", headers={"X-Key": "hush"})))


@pytest.mark.parametrize(
    ("given", "meaning"),
    [
        ('"1h30m"', "1h30m"),
        ('"45s"', "45s"),
        ("300", "300s"),
        ("-1", "-1s"),
        ('"-1"', "-1s"),
        ('"1.5h"', "1.5h"),
    ],
)
def test_keep_alive_becomes_a_go_duration(given: str, meaning: str) -> None:
    assert Ollama.model_validate_json(f'{{"keepAlive": {given}}}').keep_alive == meaning
