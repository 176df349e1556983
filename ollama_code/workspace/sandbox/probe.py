"""Which rung of the ladder this machine carries, found by running a command on it that tries to get out."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ollama_code.workspace.process import Command
from ollama_code.workspace.sandbox.rungs import Rung, Walls, rungs
from ollama_code.workspace.sandbox.view import Mount

_LONGEST_S = 5.0
_ESCAPES = """
echo in >"$1/open/made" || exit 9
echo out >"$1/shut/made"
(exec 3<>"/dev/tcp/127.0.0.1/$2") && echo reached
cat "$1/hidden/secret" "$1/held/own"
exit 7
"""
_END = 7


@dataclass(frozen=True)
class Found:
    """`rung` is `None` where none holds; `reasons` says of each that does not what happened."""

    rung: Rung | None
    reasons: tuple[str, ...]


@cache
def probe() -> Found:
    """Blocks for some tens of milliseconds; the answer holds as long as the process."""
    return climb(rungs(os.geteuid()))


def climb(ladder: Iterable[Rung]) -> Found:
    """The first rung that holds."""
    reasons: list[str] = []
    for rung in ladder:
        trouble = trouble_with(rung)
        if not trouble:
            return Found(rung, tuple(reasons))
        reasons.append(f"{rung.name}: {trouble}")
    return Found(None, tuple(reasons))


def trouble_with(rung: Rung) -> str:
    """What is wrong with a rung, empty when it holds."""
    try:
        with tempfile.TemporaryDirectory(prefix="ollama-code-") as made, _listener() as server:
            return _try(rung, Path(made).resolve(), server.getsockname()[1])
    except subprocess.TimeoutExpired:
        return f"it did not end within {_LONGEST_S:.0f} s"
    except OSError as e:
        return e.strerror or str(e)


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _try(rung: Rung, place: Path, port: int) -> str:
    for name in ("open", "shut", "hidden", "held"):
        (place / name).mkdir()
    (place / "hidden" / "secret").write_text("secret")
    (place / "held" / "own").write_text("own")
    mounts = (
        Mount("tmpfs", str(place / "hidden")),
        Mount("ro-bind", str(place / "held"), str(place / "held")),
        Mount("bind", str(place / "open"), str(place / "open")),
    )
    inner = ("/bin/bash", "--noprofile", "--norc", "-c", _ESCAPES, "bash", str(place), str(port))
    command = rung.wrap(
        Command(inner, str(place / "open"), {"PATH": os.defpath}), Walls(mounts, network=False)
    )
    done = subprocess.run(
        command.argv,
        env=dict(command.environment),
        cwd=command.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_LONGEST_S,
        check=False,
    )
    if done.returncode != _END:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}"
    if not (place / "open" / "made").exists() or "own" not in done.stdout:
        return "it hides what it should show"
    if (place / "shut" / "made").exists() or "secret" in done.stdout:
        return "it does not hold"
    return "the network stays open" if rung.closes_network and "reached" in done.stdout else ""
