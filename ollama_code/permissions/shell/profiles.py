"""The programs of which something is known, read from `programs.toml` when the first command is judged."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

Words = tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """The fields as `programs.toml` explains them. `named` are the words that name it: `git diff`."""

    named: Words
    reads: bool = False
    flags: str = ""
    valued: str = ""
    long: frozenset[str] = frozenset()
    text: frozenset[str] = frozenset()
    first: str = ""
    operand: str = ""
    most: int | None = None
    marks: frozenset[str] = field(default_factory=frozenset)
    """Which of `words`, `numbers`, `tail` and `pathless` hold."""


@dataclass(frozen=True)
class Programs:
    profiles: Mapping[Words, Profile]
    boundless: Mapping[str, str]
    """What a program can do that no rule with a * shall cover."""
    families: frozenset[str]
    """Programs that are known by their subcommands."""
    starters: frozenset[Words]
    """A program and the word with which it starts whatever stands behind: `uv run`."""
    sweepers: Mapping[Words, Words]
    """Programs that read whole folders, with the options that make them; without options, always."""

    def sweeping(self, argv: Words) -> Words | None:
        """The options with which `argv`'s program reads whole folders; `None` when it is not known to."""
        found = self.sweepers.get(argv[:2])
        return self.sweepers.get(argv[:1]) if found is None else found

    def profile(self, argv: Words) -> Profile | None:
        return self.profiles.get(argv[:2]) or self.profiles.get(argv[:1])


@cache
def programs() -> Programs:
    table = tomllib.loads(files(__package__).joinpath("programs.toml").read_text(encoding="utf-8"))
    profiles = [_profile(name, entry, reads=True) for name, entry in table["reads"].items()]
    profiles += [_profile(name, entry, reads=False) for name, entry in table["covers"].items()]
    return Programs(
        profiles={profile.named: profile for profile in profiles},
        boundless={name: why for why, names in table["boundless"].items() for name in names.split()},
        families=frozenset(profile.named[0] for profile in profiles if len(profile.named) > 1),
        starters=frozenset((name, word) for name, words in table["starts"].items() for word in words.split()),
        sweepers={
            tuple(name.split()): tuple(str(options).split()) for name, options in table["sweeps"].items()
        },
    )


def _profile(name: str, entry: Mapping[str, str | int | bool], *, reads: bool) -> Profile:
    flags, valued = str(entry.get("flags", "")), str(entry.get("valued", ""))
    long = frozenset(str(entry.get("long", "")).split())
    text = long | set(valued) if reads else frozenset(str(entry.get("text", "")).split())
    marks = {mark for mark in ("words", "numbers", "tail") if entry.get(mark)}
    marks |= set() if entry.get("paths", True) else {"pathless"}
    most = entry.get("most")
    return Profile(
        named=tuple(name.split()),
        reads=reads,
        flags=flags,
        valued=valued,
        long=long,
        text=text,
        first=str(entry.get("first", "")),
        operand=str(entry.get("operand", "")),
        most=None if most is None else int(most),
        marks=frozenset(marks),
    )
