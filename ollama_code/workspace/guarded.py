"""Which paths are asked about in every mode: those that other programs act on when they are written, and those
that hold secrets when they are read. Names only; nothing is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping

_GIT = "git acts on it and may run programs it names"
_OWN = "it holds this program's own settings"
_EDITOR = "an editor runs tasks named there"
_SHELL = "a shell runs it when it starts"
_LOGIN = "it decides who may log in, and where to"
_BUILD = "it runs on the build server"
_AGENT = "another agent obeys it"
_PACKAGES = "a package manager obeys it"

OWN_NAME = ".ollama-code"

ACTED_ON: Mapping[str, str] = {
    ".git": _GIT,
    ".gitattributes": _GIT,
    ".gitconfig": _GIT,
    ".gitmodules": _GIT,
    ".husky": _GIT,
    OWN_NAME: _OWN,
    ".mcp.json": "it names servers to be started",
    ".vscode": _EDITOR,
    ".idea": _EDITOR,
    ".envrc": "direnv runs it when the folder is entered",
    ".npmrc": _PACKAGES,
    ".yarnrc": _PACKAGES,
    ".yarnrc.yml": _PACKAGES,
    ".yarn": _PACKAGES,
    ".pnpmfile.cjs": _PACKAGES,
    ".cargo": _PACKAGES,
    ".github/workflows": _BUILD,
    ".gitlab-ci.yml": _BUILD,
    ".circleci": _BUILD,
    ".devcontainer": _EDITOR,
    ".zed": _EDITOR,
    ".exrc": _EDITOR,
    ".vimrc": _EDITOR,
    ".claude": _AGENT,
    ".codex": _AGENT,
    ".cursor": _AGENT,
    ".gemini": _AGENT,
    ".ssh": _LOGIN,
    ".bash_aliases": _SHELL,
    ".bash_login": _SHELL,
    ".bash_logout": _SHELL,
    ".bash_profile": _SHELL,
    ".bashrc": _SHELL,
    ".cshrc": _SHELL,
    ".kshrc": _SHELL,
    ".login": _SHELL,
    ".profile": _SHELL,
    ".tcshrc": _SHELL,
    ".zlogin": _SHELL,
    ".zlogout": _SHELL,
    ".zprofile": _SHELL,
    ".zshenv": _SHELL,
    ".zshrc": _SHELL,
}
"""Names at any depth. A folder's name covers all that is in it."""

_ACTED_ON_AT_HOME: Mapping[str, str] = {
    ".config": "programs read their settings there",
    ".local/bin": "programs are found there by name",
    "bin": "programs are found there by name",
    "library/launchagents": "the system starts what is named there",
}

_SECRET_FILES = re.compile(
    r"""
    \.env (?! \. (?: example | sample | template | dist ) $ ) .*
  | .* \. (?: pem | key | p12 | pfx )
  | id_ [a-z0-9_-]+                           # private keys of ssh; `id_rsa.pub` and `id_map.py` are none
  | .* credentials .*
  | \.netrc | \.pgpass | \.pypirc | \.htpasswd
    """,
    re.VERBOSE | re.DOTALL,
)
_SECRET_FOLDERS = frozenset({".ssh"})
_SECRET_AT_HOME = (
    *(".aws", ".azure", ".config/gcloud", ".config/gh", ".docker", ".gnupg", ".kube"),
    *(".ollama-code/secrets.json", ".ollama-code/settings.json", ".ollama-code/audit", ".ollama-code/proxy"),
)

_SECRET = "it may hold secrets"

_SHORT_GIT = re.compile(r"git~[0-9]+")
"""What Windows calls `.git` where it gives short names too."""
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Some file systems ignore these in names, so that `.g\u200cit` opens `.git`."""


def against_writing(path: str, *, below_home: str = "") -> str:
    """Why writing `path` asks in every mode, as the end of a sentence, or "". `path` counts from the folder a
    person opened, or is absolute; `below_home` is the same path seen from the home directory, "" if elsewhere."""
    folded = _fold(path)
    for name, reason in ACTED_ON.items():
        if f"/{name}/" in folded:
            return reason
    at_home = _fold(below_home)
    for name, reason in _ACTED_ON_AT_HOME.items():
        if at_home.startswith(f"/{name}/"):
            return reason
    return ""


def against_reading(path: str, *, below_home: str = "") -> str:
    """Why reading `path` asks in every mode, or "". The arguments are those of `against_writing`."""
    parts = _fold(path).strip("/").split("/")
    if _SECRET_FILES.fullmatch(parts[-1]) or not _SECRET_FOLDERS.isdisjoint(parts):
        return _SECRET
    at_home = _fold(below_home)
    return _SECRET if any(at_home.startswith(f"/{name}/") for name in _SECRET_AT_HOME) else ""


def _fold(path: str) -> str:
    """`path` as the most forgiving file systems compare it, each part between two slashes: without regard to case, to
    what cannot be seen, and, as on the disks of Windows that Linux mounts, to dots, blanks and streams at the end."""
    parts = _UNSEEN.sub("", path).casefold().strip("/").split("/")
    return f"/{'/'.join(map(_fold_part, parts))}/"


def _fold_part(part: str) -> str:
    name = part.partition(":")[0].rstrip(". ") or part
    return ".git" if _SHORT_GIT.fullmatch(name) else name
