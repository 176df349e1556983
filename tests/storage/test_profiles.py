"""What was measured of models, between sessions."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ollama_code.core.profile import ModelProfile
from ollama_code.storage.profiles import Profiles

NOTHING = ModelProfile()


def test_a_profile_is_kept_per_host_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "home/profiles.json"
    known = ModelProfile(fit=32768, read_tok_s=310.5, taps=False)
    Profiles(path).add("http://a", "sha1", NOTHING, known)
    assert Profiles(path).of("http://a", "sha1") == known
    assert Profiles(path).of("http://b", "sha1") == NOTHING
    assert Profiles(path).of("http://a", "sha2") == NOTHING
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_asking_creates_nothing(tmp_path: Path) -> None:
    assert Profiles(tmp_path / "home/profiles.json").of("http://a", "sha1") == NOTHING
    assert list(tmp_path.iterdir()) == []


def test_two_sessions_of_a_model_add_up_what_they_counted(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles.json")
    profiles.add("h", "m", NOTHING, ModelProfile(steps=3, fit=8192))
    profiles.add("h", "m", NOTHING, ModelProfile(steps=4, load_s=2.0))
    assert profiles.of("h", "m") == ModelProfile(steps=7, fit=8192, load_s=2.0)


def test_what_was_forgotten_is_forgotten_in_the_file_too(tmp_path: Path) -> None:
    profiles, pinned = Profiles(tmp_path / "profiles.json"), ModelProfile(pinned=4096, fit=8192)
    profiles.add("h", "m", NOTHING, pinned)
    profiles.add("h", "m", pinned, ModelProfile(fit=8192))
    assert profiles.of("h", "m").pinned is None


def test_a_field_that_makes_no_sense_costs_only_itself_and_a_newer_one_survives(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text('{"h": {"m": {"fit": "many", "load_s": 2.5, "colour": "red"}, "n": 7}, "i": []}')
    profiles = Profiles(path)
    assert profiles.of("h", "m") == ModelProfile(load_s=2.5)
    assert profiles.of("h", "n") == profiles.of("i", "m") == NOTHING
    profiles.add("h", "m", NOTHING, ModelProfile(fit=16384))
    assert json.loads(path.read_text())["h"]["m"] == {"fit": 16384, "load_s": 2.5, "colour": "red"}


def test_a_number_that_cannot_be_one_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text(
        '{"h": {"m": {"fit": -1, "pinned": 0, "chars_per_token": -3, "read_tok_s": NaN, "load_s": 2.5, "steps": -9}}}'
    )
    assert Profiles(path).of("h", "m") == ModelProfile(load_s=2.5)


@pytest.mark.parametrize("broken", [b"{", b"[]", b"\xff"])
def test_a_broken_file_is_set_aside(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "profiles.json"
    path.write_bytes(broken)
    Profiles(path).add("h", "m", NOTHING, ModelProfile(fit=8192))
    assert Profiles(path).of("h", "m").fit == 8192
    assert (tmp_path / "profiles.json.broken").read_bytes() == broken


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    profiles = Profiles(tmp_path / "home/profiles.json")
    profiles.add("h", "m", NOTHING, ModelProfile(fit=8192))
    assert profiles.of("h", "m") == NOTHING
