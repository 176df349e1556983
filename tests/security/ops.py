"""The setup ops of the cases: how a session is set up, and what happened in it before. An op that is neither here nor
in `disk` is a fault of the case that names it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ollama_code.bootstrap.trust.folder import FolderTrust
from ollama_code.core.permission import Answer, PermissionRequest
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.paths import Home
from tests.security.corpus import Unplayable
from tests.security.disk import DISK_OPS, Op, put, understood
from tests.security.person import agrees_for, agrees_once
from tests.security.stage import Stage

Play = Callable[[Stage, Op], Awaitable[None]]

_MODES = {"default", "plan", "auto_edit", "auto-edit", "yolo"}
_TRUSTS = {"trusted", "untrusted", "unknown"}
FULL_DISK_BYTES = 64


async def prepare(stage: Stage, setup: Sequence[Op]) -> None:
    """Raises: Unplayable."""
    for op in setup:
        play = _OPS.get(op.get("op", ""))
        if play is None:
            put(stage, op)
            continue
        with understood(op) as read:
            await play(stage, read)


async def _policy(stage: Stage, op: Op) -> None:
    mode, trust = op.get("mode", "default"), op.get("trust", "unknown")
    if mode not in _MODES or trust not in _TRUSTS:
        raise Unplayable(f"unknown policy {dict(op)}")
    rules = {name: found for name in ("allow", "ask", "deny") if (found := op.get(name))}
    stage.settings |= {"permissions": rules, "approvalMode": mode}
    stage.trust = trust
    stage.write_settings()


async def _env(stage: Stage, op: Op) -> None:
    os.environ.update({name: op[name] for name in op if name != "op"})


async def _chmod(stage: Stage, op: Op) -> None:
    """A mode says nothing to root, so the call is made by somebody else."""
    DISK_OPS["chmod"](stage, op)
    stage.unprivileged = True


async def _workspace(stage: Stage, op: Op) -> None:
    stage.directory = Path(op["path"])
    DISK_OPS["mkdir"](stage, op)


async def _allowed_dirs(stage: Stage, op: Op) -> None:
    stage.more_directories += op["dirs"]


async def _sandbox(stage: Stage, op: Op) -> None:
    if op["kind"] not in ("auto", "none"):
        raise Unplayable(f"unknown sandbox {op['kind']!r}")
    stage.settings["sandbox"] = {"enabled": op["kind"] == "auto"}
    stage.write_settings()


async def _sandboxed_shell(stage: Stage, op: Op) -> None:
    """A command that a person agreed to, inside the walls of this machine."""
    sandbox = stage.settings["sandbox"]
    stage.settings["sandbox"] = {"enabled": True}
    stage.write_settings()
    await _agreed(stage, op["command"])
    await stage.close()
    stage.conversation = stage.opened = None
    stage.settings["sandbox"] = sandbox
    stage.write_settings()


async def _running(stage: Stage, op: Op) -> None:
    await stage.open()


_ANSWERS: Mapping[str, Callable[[], Callable[[PermissionRequest], Answer]]] = {
    "once": agrees_once,
    "session": lambda: agrees_for("session"),
    "project": lambda: agrees_for("project"),
}


async def _approve(stage: Stage, op: Op) -> None:
    """A command, or another call, that ran before because a person agreed: for the session, or once."""
    answer = _ANSWERS.get(op["scope"])
    if answer is None:
        raise Unplayable(f"unknown scope {op['scope']!r}")
    if "request" in op:
        stage.approved[op["request"]] = op["command"]
    for name in ("npm", "pnpm", "yarn", "pip", "cargo", "go"):
        stage.recorders.put(name, mute=True)
    tool, arguments = op.get("tool", "run_shell_command"), op.get("args") or {"command": op["command"]}
    await _agreed(stage, tool=tool, arguments=arguments, answer=answer())


async def _agreed(
    stage: Stage,
    command: str = "",
    *,
    tool: str = "run_shell_command",
    arguments: Mapping[str, Any] | None = None,
    answer: Any = None,
) -> None:
    if await stage.open() is None:
        raise Unplayable(f"the session did not open: {stage.trouble}")
    stage.person.agrees = answer or agrees_once()
    result = (await stage.call(tool, arguments or {"command": command})).result
    if result.error is not None:
        raise Unplayable(f"what was agreed to did not run: {result.error.message}")


async def _approve_item(stage: Stage, op: Op) -> None:
    """Everything that is in the folder now, the item too, is trusted for good; what changes later is not."""
    if not op["item"]:
        raise Unplayable("approve_item names nothing")
    await _trust_for_good(stage, stage.directory)
    stage.trust = "unknown"


async def _trust_store(stage: Stage, op: Op) -> None:
    for path in op["paths"]:
        DISK_OPS["mkdir"](stage, {"path": path})
        stage.trusted_paths.append(path)


async def _trust_for_good(stage: Stage, directory: Path) -> None:
    await FolderTrust(Home(stage.world.home / ".ollama-code"), _Willing()).of(directory, again=True)


class _Willing:
    async def trust(self, offer: TrustOffer) -> TrustAnswer:
        return "always"


async def remember_trust(stage: Stage) -> None:
    """The folders of a trust store are trusted with what they hold when the product starts."""
    for path in stage.trusted_paths:
        await _trust_for_good(stage, Path(path))


async def _read_then_change(stage: Stage, op: Op) -> None:
    await stage.open()
    await stage.call("read_file", {"absolute_path": op["path"]})
    await asyncio.to_thread(Path(op["path"]).write_text, op["text"])


async def _disk_full(stage: Stage, op: Op) -> None:
    stage.most_bytes = FULL_DISK_BYTES


async def _during_prompt(stage: Stage, op: Op) -> None:
    then = op["then"]

    async def meanwhile() -> None:
        await prepare(stage, then)

    stage.person.meanwhile = meanwhile


_OPS: dict[str, Play] = {
    "policy": _policy,
    "chmod": _chmod,
    "env": _env,
    "workspace": _workspace,
    "allowed_dirs": _allowed_dirs,
    "sandbox": _sandbox,
    "sandboxed_shell": _sandboxed_shell,
    "running": _running,
    "approve": _approve,
    "approve_item": _approve_item,
    "trust_store": _trust_store,
    "read_then_external_change": _read_then_change,
    "disk_full": _disk_full,
    "during_prompt": _during_prompt,
}
