"""Plays one case: prepares the world, does what the case's `input` says, and notes what really happened."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from ollama_code.commands.base import Follow
from ollama_code.core.permission import Answer, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.frontends.library import ToolExecutor
from tests.ollama_server import Reply
from tests.security.checks import Seen, changed, faults, states
from tests.security.corpus import Case, Unplayable, World
from tests.security.disk import DISK_OPS, encoded, understood
from tests.security.ops import prepare, remember_trust
from tests.security.person import agrees_inside, agrees_once, refuses
from tests.security.stage import Stage, staged
from tests.security.watch import Opened, watching

Input = Mapping[str, Any]
Scene = Callable[[Stage, Case, Seen], Awaitable[None]]

_REFUSED = {"ask", "deny", "not_allow", "allow", "allow_literal"}
_SEARCHES = {"glob", "grep_search", "list_directory"}
_EXEC_TIMEOUT_S = 30


def play(case: Case, world: World) -> list[str]:
    """The faults of a case that calls a tool or starts the product. Raises: Unplayable."""
    return asyncio.run(_play(case, world))


async def _play(case: Case, world: World) -> list[str]:
    scene = _scene(case.input)
    async with staged(world) as stage:
        for argv in case.check.get("argv", ()):
            stage.recorders.put(argv[0])
        await prepare(stage, case.setup)
        await remember_trust(stage)
        stage.person.agrees = _answer(case.check)
        seen = Seen()
        before, exact = states(case.check), _exact(case)
        asked, printed = len(stage.person.asked), len(stage.person.prompts)
        with watching(json.dumps([case.setup, case.input])) as watch:
            watch.allowed_port = stage.server.port
            started = time.monotonic()
            with understood(case.input) as read:
                await scene(stage, replace(case, input=read), seen)
            seen.seconds = seen.seconds or time.monotonic() - started
            seen.heard, seen.commands = watch.heard(), len(watch.commands)
        seen.asked = seen.asked or len(stage.person.asked) - asked
        seen.prompts = "\n".join(stage.person.prompts[printed:])
        seen.warnings = "\n".join([*stage.notices, stage.trouble])
        seen.refused_to_start = bool(stage.trouble)
        seen.exact = exact()
        seen.marker = world.mark.exists()
        seen.started = stage.recorders.started
        seen.changed = changed(before)
        return list(faults(seen, case.check))


def _answer(check: Mapping[str, Any]) -> Callable[[PermissionRequest], Answer]:
    """What the person says: no where the question itself is wanted, or anything but the deed; yes where the product
    has to refuse by itself; where anything goes, or nothing is said of it, yes to what stays inside."""
    wanted = check.get("decision")
    if wanted in _REFUSED or (wanted is None and check.get("marker_absent")):
        return refuses
    return agrees_inside if wanted in (None, "any") else agrees_once()


# --- scenes ----------------------------------------------------------------------------------------------


def _scene(input: Input) -> Scene:
    """Raises: Unplayable."""
    if "op" not in input and "tool" in input:
        return _tool
    scene = _SCENES.get(input.get("op", ""))
    if scene is None:
        raise Unplayable(f"unknown input {sorted(input)} {input.get('op', '')!r}")
    return scene


async def _tool(stage: Stage, case: Case, seen: Seen) -> None:
    tool, _ = case.input["tool"], case.input["args"]
    if case.input.get("nested"):
        raise Unplayable(f"{tool} with calls of its own cannot be played yet")
    if stage.more_directories:
        await _by_library(stage, case.input, seen)
    elif await stage.open() is not None:
        await _call(stage, case.input, seen)


async def _call(stage: Stage, call: Input, seen: Seen) -> None:
    started = time.monotonic()
    executed = await stage.call(call["tool"], call["args"])
    seen.seconds = time.monotonic() - started
    _note(executed.result, seen)
    seen.inert = call["tool"] in _SEARCHES
    if seen.inert:  # that nothing was found is told with what was looked for
        seen.output = seen.output.replace(
            f"No line matches {call['args'].get('pattern')} ", "No line matches "
        )


def _note(result: ToolResult, seen: Seen) -> None:
    seen.ran = result.error is None
    seen.error = result.error.type if result.error else ""
    shown = result.return_display.model_dump_json() if result.return_display else ""
    message = result.error.message if result.error else ""
    seen.output += "\n".join((result.llm_content, message, shown))


async def _by_library(stage: Stage, call: Input, seen: Seen) -> None:
    """Folders beside the workspace are given to the tools by whoever embeds them."""
    with ToolExecutor(stage.directory, stage.more_directories) as tools:
        seen.output = await asyncio.to_thread(tools.execute, call["tool"], call["args"])
    seen.error = "execution_failed" if seen.output.startswith("Error:") else ""


async def _repeat(stage: Stage, case: Case, seen: Seen) -> None:
    await stage.open()
    for _ in range(case.input["n"]):
        executed = await stage.call(case.input["call"]["tool"], case.input["call"]["args"])
        text = executed.result.llm_content
        if text not in seen.output:
            seen.output += f"{text}\n"


async def _temp_files(stage: Stage, case: Case, seen: Seen) -> None:
    """Calls that put something on the disk beside what they are asked for: long outputs, jobs, temporary files."""
    await stage.open()
    for command in ("seq 100000", "true | cat", "for i in 1 2; do echo $i; done"):
        await stage.call("run_shell_command", {"command": command})
    await stage.call("run_shell_command", {"command": "sleep 0", "is_background": True})
    await stage.call("write_file", {"file_path": str(stage.directory / "new.txt"), "content": "x\n"})


async def _other_than_approved(stage: Stage, case: Case, seen: Seen) -> None:
    """Somebody agreed to one call; another comes. Agreeing to the first is all they ever do."""
    if case.input["request"] not in stage.approved:
        raise Unplayable(f"nobody approved {case.input['request']!r}")
    await stage.open()
    stage.person.agrees = refuses
    before = len(stage.person.asked)
    await _call(stage, case.input, seen)
    del stage.person.asked[before:]  # a question anew is how the product refuses to go by the old answer


async def _start(stage: Stage, case: Case, seen: Seen) -> None:
    """The product begins and answers one prompt. What it says, and all that it told the model, is its output."""
    _stand_in(stage, case.input)
    opened = await stage.open(headless=case.input.get("headless") is True)
    if opened is not None:
        await opened.session.settled()
        await stage.say("hello")
    seen.output = f"{stage.person.seen}\n{stage.told()}\n{stage.trouble}"
    seen.asked = len(stage.person.offers)


async def _start_then(stage: Stage, case: Case, seen: Seen) -> None:
    _stand_in(stage, case.input)
    call = case.input["call"]
    if await stage.open() is not None:
        await _call(stage, call, seen)


async def _slash(stage: Stage, case: Case, seen: Seen) -> None:
    await stage.open()
    assert stage.conversation is not None
    outcome = await stage.conversation.command(case.input["text"])
    if isinstance(outcome, Follow):
        stage.server.play(Reply(text="Well."))
        async with aclosing(stage.conversation.follow(case.input["text"], outcome.recipe)) as events:
            async for event in events:
                stage.person.paper.show(event)
    seen.output = f"{stage.person.seen}\n{outcome}\n{stage.told()}"


async def _execute(stage: Stage, case: Case, seen: Seen) -> None:
    """The program as a process of its own, started as a person would."""
    _stand_in(stage, case.input)
    name, *words = case.input["argv"]
    installed = Path(sys.executable).with_name("ollama-code")
    programs = {"python": [sys.executable], "python3": [sys.executable], "ollama-code": [str(installed)]}
    if name not in programs:
        raise Unplayable(f"unknown program {name!r}")
    opened = Opened([Path(path) for path in case.check.get("not_opened", ())])
    done = await asyncio.to_thread(
        subprocess.run,
        [*programs[name], *words],
        cwd=stage.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_EXEC_TIMEOUT_S,
    )
    seen.opened = opened.close()
    seen.output = (done.stdout + done.stderr).decode(errors="replace")


async def _trust(stage: Stage, case: Case, seen: Seen) -> None:
    """A person says "always" to a folder; the program starts once more. It asks again, or it has remembered."""
    stage.directory = Path(case.input["path"])
    text = '{"mcpServers": {"x": {"command": "true"}}}'
    DISK_OPS["write"](stage, {"path": f"{stage.directory}/.mcp.json", "text": text})
    stage.trust = "always"
    for _ in range(2):
        offers = len(stage.person.offers)
        await stage.open()
        await stage.close()
        stage.conversation = stage.opened = None
    seen.asked = len(stage.person.offers) - offers


def _stand_in(stage: Stage, input: Input) -> None:
    if cwd := input.get("cwd"):
        stage.directory = Path(cwd)
        if not stage.directory.exists():
            DISK_OPS["mkdir"](stage, {"path": os.path.realpath(cwd)})
        os.chdir(stage.directory)


_SCENES: dict[str, Scene] = {
    "repeat": _repeat,
    "any_temp_file": _temp_files,
    "execute_with_request": _other_than_approved,
    "start": _start,
    "start_then": _start_then,
    "slash": _slash,
    "exec": _execute,
    "trust": _trust,
}


# --- files -----------------------------------------------------------------------------------------------


def _exact(case: Case) -> Callable[[], bool]:
    """Asked afterwards: whether the file of an edit holds, byte for byte, what the edit alone makes of it."""
    if case.check.get("decision") != "error_or_exact":
        return lambda: False
    path = Path(case.input["args"]["file_path"])
    old, new = (encoded(case.input["args"][name]) for name in ("old_string", "new_string"))
    wanted = path.read_bytes().replace(old, new, 1)
    return lambda: path.read_bytes() == wanted
