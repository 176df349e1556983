"""What tests of commands share: the environment, a deadline to poll until, and a look at who is alive."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.process import Command

ENVIRONMENT = child_environment(os.environ, ())


def bash(text: str, directory: Path, timeout_s: float | None = 30.0) -> Command:
    return Command(("/bin/bash", "-c", text), str(directory), ENVIRONMENT, timeout_s)


async def until(condition: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Return as soon as `condition` holds; fail when it does not in time."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


def alive(word: str) -> list[int]:
    """Living processes, zombies left out, with `word` among their arguments."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        arguments = process.info["cmdline"] or []
        if word in arguments and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def unique_seconds(tmp_path: Path) -> str:
    """An argument for `sleep` that no other test uses: about a day, and a fraction made from the folder."""
    return f"86400.{abs(hash(str(tmp_path)))}"
