"""Where secrets are kept, and who can read them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ollama_code.storage.secrets import NoKeyring, SecretStore


class Ring(dict[str, str]):
    """A keyring in memory."""

    def set(self, name: str, value: str) -> None:
        self[name] = value

    def remove(self, name: str) -> None:
        self.pop(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "secrets.json"


def test_with_a_keyring_no_value_is_in_the_file(file: Path) -> None:
    ring = Ring()
    assert SecretStore(file, ring).keep("server", "s3cret", in_file=True) == "keyring"
    assert "s3cret" not in file.read_text()
    assert SecretStore(file, ring).get("server") == "s3cret"


def test_without_a_keyring_nothing_is_written_before_the_person_agrees(file: Path) -> None:
    with pytest.raises(NoKeyring, match="Agree to the file"):
        SecretStore(file, None).keep("server", "s3cret", in_file=False)
    assert not file.exists()


def test_a_file_is_readable_by_its_owner_alone(file: Path) -> None:
    assert SecretStore(file, None).keep("server", "s3cret", in_file=True) == "file"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert SecretStore(file, None).get("server") == "s3cret"


def test_one_secret_leaves_the_others_alone(file: Path) -> None:
    store = SecretStore(file, None)
    store.keep("one", "1", in_file=True)
    store.keep("two", "2", in_file=True)
    assert store.forget("one")
    assert (store.get("one"), store.get("two"), store.forget("one")) == (None, "2", False)


def test_forgetting_takes_it_out_of_the_keyring(file: Path) -> None:
    ring = Ring()
    store = SecretStore(file, ring)
    store.keep("server", "s3cret", in_file=False)
    assert store.forget("server")
    assert (ring, store.get("server")) == ({}, None)


def test_a_value_moves_out_of_the_file_once_there_is_a_keyring(file: Path) -> None:
    SecretStore(file, None).keep("server", "old", in_file=True)
    SecretStore(file, Ring()).keep("server", "new", in_file=False)
    assert "old" not in file.read_text() and "new" not in file.read_text()


def test_what_is_in_a_keyring_that_is_gone_is_not_there(file: Path) -> None:
    SecretStore(file, Ring()).keep("server", "s3cret", in_file=False)
    assert SecretStore(file, None).get("server") is None


@pytest.mark.parametrize("text", ["{ broken", "[]", '{"secrets": 5}', '{"secrets": {"server": "plain"}}'])
def test_a_file_that_makes_no_sense_holds_nothing(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    assert SecretStore(file, None).get("server") is None


LIBRARY = {
    "keyring/__init__.py": "from keyring.backends import {used}\ndef get_keyring(): return {used}.Keyring()\n",
    "keyring/errors.py": "class KeyringError(Exception): pass\nclass PasswordDeleteError(KeyringError): pass\n",
    "keyring/backends/__init__.py": "",
    "keyring/backends/fail.py": "class Keyring: pass\n",
    "keyring/backends/null.py": "class Keyring: pass\n",
    "keyring/backends/locked.py": (
        "from keyring.errors import KeyringError\n"
        "class Keyring:\n"
        "    def get_password(self, service, name): raise KeyringError('it is locked')\n"
    ),
    "keyring/backends/chain.py": (
        "from keyring.backends import fail, locked\n"
        "class Keyring:\n"
        "    backends = [fail.Keyring(), locked.Keyring()]\n"
    ),
}
"""A library of that name, with the backends that matter."""


def asked(folder: Path, used: str, code: str) -> str:
    for path, text in LIBRARY.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.replace("{used}", used))
    script = (
        f"import sys\nsys.path.insert(0, {str(folder)!r})\nfrom ollama_code.storage.secrets import *\n{code}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("used", "found"), [("fail", False), ("null", False), ("locked", True), ("chain", True)]
)
def test_only_a_keyring_that_keeps_something_is_one(tmp_path: Path, used: str, found: bool) -> None:
    assert asked(tmp_path, used, "print(system_keyring() is not None)") == str(found)


def test_without_the_library_there_is_no_keyring(tmp_path: Path) -> None:
    code = "sys.modules['keyring'] = None\nprint(system_keyring())"
    assert asked(tmp_path, "locked", code) == "None"


def test_a_locked_keyring_is_told_in_a_sentence(tmp_path: Path) -> None:
    code = "try:\n    system_keyring().get('x')\nexcept OllamaCodeError as e:\n    print(e)"
    assert "it is locked. Unlock it" in asked(tmp_path, "chain", code)


def test_the_file_says_only_names_and_places(file: Path) -> None:
    SecretStore(file, Ring()).keep("server", "s3cret", in_file=False)
    assert json.loads(file.read_text()) == {"secrets": {"server": {"in": "keyring"}}}
