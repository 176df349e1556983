"""Each third-party package has one owner, so that replacing it touches one place."""

from __future__ import annotations

import sys

import pytest

from tests.architecture.source import edges

OWNERS = {
    "pydantic": {""},  # the type layer: everywhere
    "pydantic_core": {""},
    "ollama": {"providers"},
    "httpx": {"providers"},
    "h11": {"providers"},
    "regex": {"workspace"},
    "wcmatch": {"workspace"},
    "psutil": {"workspace"},
    "pathspec": {"permissions"},
    "tree_sitter": {"permissions.shell"},
    "tree_sitter_bash": {"permissions.shell"},
    "filelock": {"storage"},
    "keyring": {"storage"},
    "pypdf": {"tools.files"},
    "PIL": {"tools.files"},
    "charset_normalizer": {"tools.files"},
    "rich": {"frontends.repl", "frontends.tui"},
    "textual": {"frontends.tui"},
    "markdown_it": {"frontends.tui"},
    "pygments": {"frontends.tui"},
    "prompt_toolkit": {"frontends.repl"},
    "backports": {"frontends.proxy"},
    "compression": {"frontends.proxy"},
    "starlette": {"frontends.proxy"},
    "uvicorn": {"frontends.proxy"},
}
FOREIGN = sorted(
    {
        (e.there.split(".")[0], e.here, e.line)
        for e in edges()
        if e.there.split(".")[0] not in sys.stdlib_module_names and not e.there.startswith("ollama_code")
    }
)


@pytest.mark.parametrize("package,here,line", FOREIGN, ids=lambda v: str(v))
def test_third_party_import_is_the_owners(package: str, here: str, line: int):
    assert package in OWNERS, f"{here}:{line} imports {package}, which has no owner"
    below = here.removeprefix("ollama_code").lstrip(".") + "."
    owned = any(owner == "" or below.startswith(f"{owner}.") for owner in OWNERS[package])
    assert owned, f"{here}:{line} must not import {package}: it belongs to {OWNERS[package]}"
