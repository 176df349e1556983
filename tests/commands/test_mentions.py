"""What counts as a path after `@`."""

from __future__ import annotations

import pytest

from ollama_code.commands.mentions import mentioned


@pytest.mark.parametrize(
    "text,paths",
    [
        ("look at @src/a.py please", ("src/a.py",)),
        ("@a.py and @b.py, then @a.py", ("a.py", "b.py")),
        ("see (@docs/x.md).", ("docs/x.md",)),
        ("read @README.md.", ("README.md",)),
        (r"open @my\ file.txt now", ("my file.txt",)),
        ("mail me@host.com", ()),
        ("a lone @ sign", ()),
        ("@src/", ("src/",)),
        ('compare @"my file.md" and @"b.md".', ("my file.md", "b.md")),
        ('an open @"quote', ()),
        ("no mention", ()),
    ],
)
def test_mentions(text: str, paths: tuple[str, ...]):
    assert mentioned(text) == paths
