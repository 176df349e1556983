"""Cases of attack as they stand in a file, and the small world each is played in."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEYS = frozenset({"id", "area", "setup", "input", "expected", "why", "check"})
_PLACEHOLDER = re.compile(r"\$(?:MARK|TOKEN|PORT|[WTH](?![A-Za-z0-9_]))")
"""`$HOME` in a command is no placeholder."""


class Unplayable(Exception):
    """A case asks for something that the runner does not know; the message says what."""


@dataclass(frozen=True)
class Case:
    """`setup`, `input` and `check` with every placeholder still in it."""

    id: str
    area: str
    setup: tuple[Mapping[str, Any], ...]
    input: Mapping[str, Any]
    check: Mapping[str, Any]

    @classmethod
    def parse(cls, line: str) -> Case:
        """Raises: ValueError, KeyError, TypeError, Unplayable for a line that is no case."""
        fields = json.loads(line)
        if unknown := set(fields) - KEYS:
            raise Unplayable(f"unknown keys {sorted(unknown)}")
        return cls(
            fields["id"], fields["area"], tuple(fields["setup"]), fields["input"], fields.get("check", {})
        )

    def placed(self, world: World) -> Case:
        """The same case with the world's paths for its placeholders."""
        return Case(
            self.id,
            self.area,
            world.filled(self.setup),
            world.filled(self.input),
            world.filled(self.check),
        )


@dataclass(frozen=True)
class World:
    """A workspace, a folder beside it, a home, the file whose existence tells that an attack succeeded, a port that
    was free, a token. Nothing of it but the three folders exists at first."""

    workspace: Path
    outside: Path
    home: Path
    mark: Path
    port: int
    token: str

    def filled(self, value: Any) -> Any:
        """`value` with placeholders replaced and `{"$repeat": [text, times]}` written out."""
        match value:
            case str():
                text = _PLACEHOLDER.sub(lambda found: self._names[found.group()], value)
                return text.replace("T_BASENAME", self.outside.name)
            case {"$repeat": [str() | list() as one, int(times)], **rest} if not rest:
                return self.filled(one) * times
            case {"$repeat": wrong}:
                raise Unplayable(f"unknown repetition of {str(wrong)[:60]}")
            case dict():
                return {self.filled(key): self.filled(one) for key, one in value.items()}
            case list() | tuple():
                return type(value)(self.filled(one) for one in value)
        return value

    @property
    def _names(self) -> Mapping[str, str]:
        return {
            "$W": str(self.workspace),
            "$T": str(self.outside),
            "$H": str(self.home),
            "$MARK": str(self.mark),
            "$PORT": str(self.port),
            "$TOKEN": self.token,
        }


@dataclass
class Ground:
    """Where a case is played. `directory` is the project folder."""

    world: World
    directory: Path
    racers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    litter: list[Path] = field(default_factory=list)
    """What was put outside of the world."""

    def keep_track(self, path: Path) -> None:
        """Of what is about to be put at `path`."""
        if not path.is_relative_to(self.world.workspace.parent):
            self.litter.append(path)

    def tidy(self) -> None:
        """Raises: Unplayable where a race was over before its end."""
        while self.litter:
            self.litter.pop().unlink(missing_ok=True)
        while self.racers:
            racer = self.racers.pop()
            ended = racer.poll()
            racer.kill()
            racer.communicate()
            if ended is not None:
                raise Unplayable(f"the race ended by itself with {ended}")


class Read(Mapping[str, Any]):
    """What a case says, and which of its keys nobody has read yet: they are not understood."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self.unread = set(said)

    def __getitem__(self, key: str) -> Any:
        self.unread.discard(key)
        return self._said[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


@contextmanager
def new_world() -> Iterator[World]:
    base = Path(tempfile.mkdtemp(prefix="attack-")).resolve()
    try:
        for name in ("work", "outside", "home"):
            (base / name).mkdir()
        yield World(
            base / "work",
            base / "outside",
            base / "home",
            base / "marker",
            _free_port(),
            secrets.token_urlsafe(32),
        )
    finally:
        shutil.rmtree(base, ignore_errors=True)


def read_lines(path: Path) -> list[str]:
    """The lines that hold a case."""
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
