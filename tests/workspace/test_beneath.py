"""A program that goes through a folder meets the secrets in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.workspace import beneath
from ollama_code.workspace.beneath import Manner, secrets_beneath


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


async def test_a_folder_of_plain_files_holds_none(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "src/b.py", ".git/refs/heads/my-credentials", ".env.example")

    assert await secrets_beneath(str(tmp_path), Manner()) == ""


@pytest.mark.parametrize("name", [".env", "src/deep/server.pem", ".config/.netrc"])
async def test_a_secret_at_any_depth_is_named(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a.py", name)

    assert await secrets_beneath(str(tmp_path), Manner()) == f"holds {name}, which may hold secrets"


async def test_what_is_hidden_counts_only_for_who_goes_there(tmp_path: Path) -> None:
    put(tmp_path, ".env", ".config/x.pem")

    assert await secrets_beneath(str(tmp_path), Manner(hidden=False)) == ""


async def test_a_link_counts_only_for_who_follows_it(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/")

    assert await secrets_beneath(str(tmp_path), Manner()) == ""
    assert "link out" in await secrets_beneath(str(tmp_path), Manner(links=True))


async def test_a_secret_behind_very_many_files_is_not_denied(tmp_path: Path) -> None:
    for number in range(beneath.MOST_ENTRIES + 1):
        (tmp_path / str(number)).touch()

    assert "too many" in await secrets_beneath(str(tmp_path), Manner())
