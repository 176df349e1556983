"""What a confined command gets to see of the disk, as a list of mounts. Looks at names, mounts nothing.

Everything is there to be read and nothing to be written, but: the homes of people and the sockets of services are
gone, `/tmp` and the home directory are private ones, and the project is as it is, save for what other programs would
obey."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ollama_code.workspace.guarded import ACTED_ON, against_reading

_TREES = ("/home", "/root", "/run", "/tmp")
"""Whose homes, sockets and leftovers are nobody's business. `/var/run` is a link to `/run`."""

_OF_RUN = (
    "systemd/resolve",
    "resolvconf",
    "NetworkManager/resolv.conf",
    "current-system",
    "booted-system",
    "opengl-driver",
    "wrappers",
)
"""What lies in `/run` and is no service: names of hosts, and where NixOS keeps its programs."""

_TOOLCHAINS = (
    ".asdf .bun .cargo .config/git .config/uv .deno .dotnet .elan .fnm .ghcup .gitconfig .goenv .jenv .juliaup"
    " .local/bin .local/lib .local/pipx .local/share/fnm .local/share/mise .local/share/pipx .local/share/pnpm"
    " .local/share/uv .m2/repository .mise .nix-defexpr .nix-profile .nodenv .npm-global .nvm .opam .pixi .poetry"
    " .proto .pyenv .rbenv .rustup .rvm .rye .sdkman .stack .swiftly .virtualenvs .volta .yarn anaconda3 go"
    " mambaforge miniconda3 miniforge3"
).split()
"""Programs and their libraries that people install into the home directory."""

_SECRETS = (
    ".aws .azure .bash_history .config/gcloud .config/gh .docker .git-credentials .gnupg .kube .netrc .ollama-code"
    " .password-store .ssh .cargo/credentials .cargo/credentials.toml .m2/settings.xml .npmrc .pypirc"
).split()
"""What is masked where the home directory itself has to be seen, because it is the project."""

_WRITTEN_TO = frozenset({".git", ".cargo", ".yarn"})
"""Tools keep what they fetch in there too, so only what is obeyed is held."""
_OBEYED = (
    *(name for name in ACTED_ON if name not in _WRITTEN_TO),
    *".cargo/config .cargo/config.toml .yarn/plugins .yarn/releases .config .local/bin".split(),
)
_OBEYED_BY_GIT = ("config", "config.worktree", "hooks", "info/attributes", "commondir")


@dataclass(frozen=True)
class Mount:
    """One change to what is seen, made in order: a later one lies on top. `tmpfs` is an empty folder in memory and
    has no source. Paths are absolute and lead through no link."""

    kind: Literal["bind", "ro-bind", "tmpfs"]
    target: str
    source: str = ""


@dataclass(frozen=True)
class Territory:
    """`roots` may be written, `readable` are seen again where their surroundings are hidden, `hidden` are not seen at
    all, not even inside a root. `private` belongs to the session and holds its `/tmp`, its home and an empty file."""

    roots: tuple[str, ...]
    private: str
    home: str
    readable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of the commands: what `PATH` and `VIRTUAL_ENV` name has to be seen."""

    @property
    def private_tmp(self) -> str:
        return f"{self.private}/tmp"

    @property
    def private_home(self) -> str:
        return f"{self.private}/home"

    @property
    def private_nothing(self) -> str:
        return f"{self.private}/nothing"


def mounts(territory: Territory) -> tuple[Mount, ...]:
    """What is there now decides: asked anew for each command. A root that is gone is left out."""
    roots = tuple(sorted((root for root in territory.roots if stat.S_ISDIR(_mode(root))), key=len))
    covered = (*_TREES, territory.home)
    readable = _existing(territory.readable)
    seen = tuple(path for path in (*_toolchains(territory), *readable) if _below(path, covered))
    return (
        *(Mount("tmpfs", tree) for tree in _TREES if _is_folder(tree) and tree != "/tmp"),
        Mount("bind", "/tmp", territory.private_tmp),
        *_private_home(territory),
        *(Mount("ro-bind", path, path) for path in _existing(f"/run/{name}" for name in _OF_RUN)),
        *(Mount("ro-bind", path, path) for path in seen),
        *(Mount("bind", root, root) for root in roots),
        *(mount for root in roots for mount in _held(root)),
        *(Mount("tmpfs", path) for path in _existing(territory.hidden)),
        *_masks(territory, (*roots, *seen)),
        *(Mount("ro-bind", path, path) for path in readable if _below(path, territory.hidden)),
    )


def _private_home(territory: Territory) -> Iterator[Mount]:
    if territory.home != "/" and _is_folder(territory.home):
        yield Mount("bind", territory.home, territory.private_home)


def _toolchains(territory: Territory) -> Iterator[str]:
    """What people install for themselves, and the folders above those that `PATH` names, where the libraries are."""
    home, environment = territory.home, territory.environment
    yield from _existing(f"{home}/{name}" for name in _TOOLCHAINS)
    for path in _existing((*environment.get("PATH", "").split(":"), environment.get("VIRTUAL_ENV", ""))):
        above = str(Path(path).parent)
        if path not in (*_TREES, home):
            yield path if above in (*_TREES, home, "/") else above


def _masks(territory: Territory, seen: tuple[str, ...]) -> Iterator[Mount]:
    """Secrets of the home directory that lie in what is seen of it."""
    home = territory.home
    named = {f"{home}/{name}" for name in _SECRETS}
    if _below(home, seen):
        named |= {f"{home}/{name}" for name in _names(home) if against_reading(name, below_home=name)}
    for path in sorted(named):
        if _below(path, seen) and _is_plain(path) and path not in territory.roots:
            yield _emptied(path, territory)


def _held(root: str) -> Iterator[Mount]:
    """What stays read-only in a root. `.git` is mounted on itself, so that it cannot be moved away to be made anew;
    what is not there cannot be held, see `docs/security.md`."""
    git = f"{root}/.git"
    if _is_plain(git):
        kind: Literal["bind", "ro-bind"] = "bind" if stat.S_ISDIR(_mode(git)) else "ro-bind"
        yield Mount(kind, git, git)
    by_git = (f"{folder}/{name}" for folder in _git_folders(git) for name in _OBEYED_BY_GIT)
    for path in (*(f"{root}/{name}" for name in _OBEYED), *by_git):
        if _is_plain(path):
            yield Mount("ro-bind", path, path)


def _git_folders(git: str) -> Iterator[str]:
    """The folder of a repository, and those in it of its submodules and other work trees."""
    yield git
    yield from (f"{git}/worktrees/{name}" for name in sorted(_names(f"{git}/worktrees")))
    for folder, names, files in os.walk(f"{git}/modules"):
        if "HEAD" in files:
            yield folder
            names[:] = [name for name in names if name in ("modules", "worktrees")]


def _emptied(path: str, territory: Territory) -> Mount:
    """A file that can be read and says nothing, because a program stops at one it may not read."""
    return (
        Mount("tmpfs", path)
        if stat.S_ISDIR(_mode(path))
        else Mount("ro-bind", path, territory.private_nothing)
    )


def _existing(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that are there, resolved, each once: a mount point is no link."""
    return tuple(dict.fromkeys(os.path.realpath(path) for path in paths if path and _mode(path)))


def _is_plain(path: str) -> bool:
    """There, and reached through no link: a link may be replaced, and where it leads is not ours to hold."""
    return bool(_mode(path)) and os.path.realpath(path) == path


def _is_folder(path: str) -> bool:
    return stat.S_ISDIR(_mode(path)) and os.path.realpath(path) == path


def _mode(path: str) -> int:
    """0 where nothing is there, or nothing we may look at."""
    try:
        return Path(path).stat().st_mode
    except OSError:
        return 0


def _names(folder: str) -> list[str]:
    try:
        return [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return []


def _below(path: str, directories: tuple[str, ...]) -> bool:
    return any(path == directory or path.startswith(f"{directory.rstrip('/')}/") for directory in directories)
