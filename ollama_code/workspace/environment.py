"""What a command may know of our environment: an allow-list, so that no secret of the person's shell reaches
a program the model chose. Pure: the environment comes in as an argument."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KEPT = frozenset(
    {"HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "VIRTUAL_ENV"}
)
_FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin"

_SECRET = re.compile("TOKEN|SECRET|KEY|PASS|CRED|AUTH", re.IGNORECASE)
_STEERING = re.compile(
    r"(?:LD_|DYLD_|PYTHON|PERL5|GIT_|BASH_FUNC_).*|NODE_OPTIONS|RUBYOPT|BASH_ENV|ENV|PROMPT_COMMAND|IFS|LESSOPEN"
    r"|EDITOR|SSH_AUTH_SOCK"
)
"""Names through which a value makes another program load or run something."""

_GIT_SETTINGS = {
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "safe.bareRepository": "explicit",
    "protocol.ext.allow": "never",
    "log.showSignature": "false",
}
"""Settings a repository could use to start programs. Hooks stay on: they are the project's own rules for a
commit, and without optional locks the git commands that only look run none."""

_SET = {
    "SHELL": "/bin/bash",
    "TERM": "dumb",
    "CI": "1",
    "PAGER": "cat",
    "NO_COLOR": "1",
    "OLLAMA_CODE": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ASKPASS": "false",
    "GIT_EDITOR": "false",
}


def child_environment(environ: Mapping[str, str], passthrough: tuple[str, ...]) -> dict[str, str]:
    """The environment of every command. `passthrough` are names the person added; a name that sounds like a
    secret, or that steers how programs load code, is refused even then."""
    kept = {
        name: value
        for name, value in environ.items()
        if (name in _KEPT or name.startswith("LC_") or name in passthrough) and not _refused(name)
    }
    return {**kept, "PATH": clean_path(environ.get("PATH", "")), **_SET, **_git_block()}


def clean_path(path: str) -> str:
    """`path` without relative and empty entries: those would run a program out of the workspace."""
    absolute = [entry for entry in path.split(":") if entry.startswith("/")]
    return ":".join(dict.fromkeys(absolute)) or _FALLBACK_PATH


def _refused(name: str) -> bool:
    return bool(_SECRET.search(name) or _STEERING.fullmatch(name))


def _git_block() -> dict[str, str]:
    block = {"GIT_CONFIG_COUNT": str(len(_GIT_SETTINGS))}
    for number, (key, value) in enumerate(_GIT_SETTINGS.items()):
        block |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return block
