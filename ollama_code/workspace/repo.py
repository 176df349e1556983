"""Which programs a repository makes git run: settings it brings with it, and hooks. Looks, and runs none of them.

A submodule is a repository with settings of its own, and `git status` above it looks into it, so each is asked."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ollama_code.core.text import one_line

MAX_REPOSITORIES = 32
_TIMEOUT_S = 10.0

_STARTS_PROGRAMS = re.compile(
    r"""
    core\.(fsmonitor|hookspath|pager|editor|sshcommand|gitproxy|askpass|alternaterefscommand|attributesfile|worktree)
  | sequence\.editor | pager\..* | alias\..* | include\.path | includeif\..*
  | credential(\..*)?\.helper | diff\.external | diff\..*\.(command|textconv) | filter\..*\.(clean|smudge|process)
  | merge\..*\.driver | (mergetool|difftool|browser|man)\..*\.(cmd|path) | (diff|merge)\.(tool|guitool)
  | gpg\.(.*\.)?program | gpg\.ssh\.defaultkeycommand | log\.showsignature
  | remote\..*\.(uploadpack|receivepack|vcs|proxy) | url\..*\.(insteadof|pushinsteadof)
  | http\.(.*\.)?(proxy|sslverify|sslcainfo|extraheader|cookiefile) | protocol\..* | submodule\..*\.update
  | uploadpack\.packobjectshook | trailer\..*\.(command|cmd) | tar\..*\.command | interactive\.difffilter
  | lfs\.extension\..* | lfs\.customtransfer\..* | lfs\.(.*\.)?standalonetransferagent
  | imap\.tunnel | guitool\..*\.cmd | hook\..*\.command | sendemail\..* | instaweb\..*
  | web\.browser | help\.browser | core\.bare
  | extensions\.(?!objectformat$|refstorage$|worktreeconfig$|partialclone$).*
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Settings through which git starts a program, reads another file of settings or goes elsewhere than it seems."""
_NO_REPOSITORY = "not a git repository"


@dataclass(frozen=True)
class Audit:
    """`settings` are clauses such as "core.fsmonitor of this repository says: touch x"; `hooks` are names."""

    settings: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


async def audit(git: str, directory: str, environment: Mapping[str, str]) -> Audit:
    """What git, started in `directory` with `environment`, would run. Nothing where there is no repository. `git` is
    the program that is asked, outside of every sandbox: one that no project brought."""
    return await asyncio.to_thread(_audit, git, directory, environment)


def _audit(git: str, directory: str, environment: Mapping[str, str]) -> Audit:
    settings: list[str] = []
    hooks: list[str] = []
    waiting, seen = [directory], 0
    try:
        while waiting:
            seen += 1
            if seen > MAX_REPOSITORIES:
                settings.append(
                    f"there are more than {MAX_REPOSITORIES} submodules, which are too many to look into"
                )
                break
            repository = _Repository(git, waiting.pop(), environment)
            settings.extend(repository.settings())
            hooks.extend(repository.hooks())
            waiting.extend(repository.submodules())
    except _Refused as e:
        settings.append(str(e))
    except (OSError, ValueError, subprocess.SubprocessError) as e:
        settings.append(f"git could not be asked about this repository ({type(e).__name__})")
    return Audit(tuple(dict.fromkeys(settings)), tuple(dict.fromkeys(hooks)))


class _Refused(Exception):
    """Git does not take the repository as it is; the message is a clause."""


class _Repository:
    def __init__(self, git: str, directory: str, environment: Mapping[str, str]) -> None:
        """Only what the repository says counts, not the person's own settings."""
        self._git = git
        self._directory = directory
        quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C", "LANGUAGE": "C"}
        self._environment = {**environment, **quiet}
        self._folders, self._top = self._layout()

    def settings(self) -> Iterator[str]:
        if self._folders and not all(_is_usual(folder) for folder in self._folders):
            yield "the repository lies among the files of another folder"
        listed = self._ask("config", "-z", "--includes", "--show-scope", "--list").split("\0")[:-1]
        for scope, entry in zip(listed[::2], listed[1::2], strict=True):
            key, _, value = entry.partition("\n")
            if scope in ("local", "worktree") and _starts_programs(key, value):
                yield f"{one_line(key)} of this repository says: {one_line(value)}"

    def hooks(self) -> Iterator[str]:
        for folder in self._folders:
            hooks = folder / "hooks"
            if hooks.is_dir():
                yield from sorted(one_line(path.name) for path in hooks.iterdir() if path.suffix != ".sample")

    def submodules(self) -> Iterator[str]:
        """Directories of entries that are repositories of their own."""
        if self._top is None:
            return
        for entry in self._ask("ls-files", "--stage", "-z", "--full-name", ":/").split("\0"):
            if entry.startswith("160000 "):
                directory = self._top / entry.partition("\t")[2]
                if (directory / ".git").exists():
                    yield str(directory)

    def _layout(self) -> tuple[frozenset[Path], Path | None]:
        """The folders git keeps its own files in, and the top of the work tree."""
        found = self._run("rev-parse", "--absolute-git-dir", "--git-common-dir")
        if found.returncode and _NO_REPOSITORY in found.stderr:
            return frozenset(), None
        if found.returncode:
            raise _Refused(f"git refuses this repository: {one_line(found.stderr)}")
        folders = frozenset((Path(self._directory) / line).resolve() for line in found.stdout.splitlines())
        top = self._run("rev-parse", "--show-toplevel")
        return folders, Path(top.stdout.removesuffix("\n")) if not top.returncode else None

    def _ask(self, *words: str) -> str:
        found = self._run(*words)
        if found.returncode:
            raise _Refused(f"git could not be asked about this repository: {one_line(found.stderr)}")
        return found.stdout

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (self._git, *words),
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_TIMEOUT_S,
            check=False,
        )


def _starts_programs(key: str, value: str) -> bool:
    name, said = key.lower(), value.lower()
    if name == "core.bare":
        return said not in ("false", "no", "off", "0")
    if name == "core.fsmonitor" and said in ("true", "false", ""):
        return False
    return _STARTS_PROGRAMS.fullmatch(name) is not None


def _is_usual(folder: Path) -> bool:
    """Whether git's own folder is `.git` or in one, as of a submodule or another work tree."""
    return ".git" in folder.parts
