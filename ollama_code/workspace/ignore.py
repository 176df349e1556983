"""Which names a walk leaves out: git's own rules and the project's `.ollama-codeignore`.

Reads ignore files by descriptor and nothing else. The user's global excludes lie outside the project and are
not read; a `.git` is always left out."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from ollama_code.workspace.confine import Anchor, Slot, WrongKind
from ollama_code.workspace.gitignore import IgnoreLine, ignore_lines
from ollama_code.workspace.handles import held, held_at

OWN_FILE = ".ollama-codeignore"
IgnoredBy = Literal["git", "ollama-code"]

_LONGEST_BYTES = 1 << 20
"""What is read of one ignore file. The longest in use have some thousand lines."""


@dataclass(frozen=True)
class Sources:
    """Which rules count."""

    git: bool = True
    ollama_code: bool = True


@dataclass(frozen=True)
class _Layer:
    """The lines of one ignore file. `prefix` leads from the file's directory to the one looked at: "" or
    "src/api/"."""

    lines: tuple[IgnoreLine, ...]
    prefix: str = ""

    def verdict(self, name: str, *, directory: bool) -> bool | None:
        """What the last line that names this very entry says: ignored, kept after all, or nothing. That an
        ignored folder takes all within along is the walk's part: it does not go in."""
        for line in reversed(self.lines):
            if line.names(self.prefix, name, directory=directory):
                return line.ignores
        return None


@dataclass(frozen=True)
class Rules:
    """The rules that hold in one directory. Layers are ordered from the weakest to the strongest."""

    sources: Sources = Sources()
    git: tuple[_Layer, ...] = ()
    own: tuple[_Layer, ...] = ()

    def ignored(self, name: str, *, directory: bool) -> IgnoredBy | None:
        """Who leaves out the entry `name` of this directory, or `None` when it counts."""
        if name == ".git":
            return "git"
        if _decide(self.git, name, directory=directory):
            return "git"
        return "ollama-code" if _decide(self.own, name, directory=directory) else None

    def inside(self, name: str, directory: int) -> Rules:
        """The rules in the subdirectory `name`, held open as `directory`."""
        return self.moved(name).with_file(directory)

    def moved(self, name: str) -> Rules:
        """The rules in the subdirectory `name`, without what its own file adds."""
        return Rules(self.sources, _moved(self.git, name), _moved(self.own, name))

    def with_file(self, directory: int) -> Rules:
        """These rules and the `.gitignore` of the directory itself."""
        if not self.sources.git:
            return self
        return replace(self, git=(*self.git, *_layer(directory, ".gitignore")))

    def with_exclude(self, directory: int) -> Rules:
        """These rules and `.git/info/exclude`. In a worktree, where `.git` is a file, there is none."""
        if not self.sources.git:
            return self
        try:
            with held(Slot(directory, ".git")) as git, held(Slot(git, "info")) as info:
                return replace(self, git=(*_layer(info, "exclude"), *self.git))
        except OSError:
            return self

    def with_own(self, directory: int) -> Rules:
        """These rules and the project's own file."""
        if not self.sources.ollama_code:
            return self
        return replace(self, own=(*self.own, *_layer(directory, OWN_FILE)))


def rules_at(anchor: Anchor, directory: str, root: str, sources: Sources) -> Rules:
    """The rules that hold in `directory`, which is `root` or below it; both absolute and resolved, `anchor` holds
    `/`. They begin at the top of the repository that `root` lies in. A directory that is itself ignored was
    asked for by name: the rules that hide it do not count inside."""
    top = _repository_top(root)
    rules = Rules(sources)
    for path in _downwards(top, directory):
        name = path.rpartition("/")[2]
        if rules.ignored(name, directory=True):
            rules = Rules(sources)
        rules = rules.moved(name)
        try:
            with held_at(anchor, path) as here:
                rules = rules.with_file(here)
                if path == top:
                    rules = rules.with_exclude(here)
                if path == root:
                    rules = rules.with_own(here)
        except OSError:
            continue
    return rules


def _decide(layers: tuple[_Layer, ...], name: str, *, directory: bool) -> bool:
    """The strongest layer that says anything decides."""
    for layer in reversed(layers):
        verdict = layer.verdict(name, directory=directory)
        if verdict is not None:
            return verdict
    return False


def _moved(layers: tuple[_Layer, ...], name: str) -> tuple[_Layer, ...]:
    return tuple(replace(layer, prefix=f"{layer.prefix}{name}/") for layer in layers)


def _layer(directory: int, name: str) -> tuple[_Layer, ...]:
    """The file as a layer, or nothing. Like git, never through a link."""
    try:
        fd = Slot(directory, name).open_file()
    except (OSError, WrongKind):
        return ()
    with os.fdopen(fd, "rb") as file:
        try:
            data = file.read(_LONGEST_BYTES)
        except OSError:
            return ()
    lines = tuple(ignore_lines(os.fsdecode(data.removeprefix(codecs.BOM_UTF8))))
    return (_Layer(lines),) if lines else ()


def _repository_top(root: str) -> str:
    """The nearest directory at or above `root` with a `.git`, or `root` when there is none."""
    for path in (root, *map(str, PurePosixPath(root).parents)):
        if os.path.lexists(f"{path}/.git"):
            return path
    return root


def _downwards(top: str, directory: str) -> Iterator[str]:
    """`top`, then every directory on the way to `directory`, then that one."""
    path = PurePosixPath(directory)
    way = [path, *path.parents]
    yield from (str(step) for step in reversed(way[: way.index(PurePosixPath(top)) + 1]))
