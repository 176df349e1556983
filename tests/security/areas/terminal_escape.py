"""Cases of the area terminal_escape: a stranger's text comes in by its `source`, and both faces show it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ollama_server import Call, Fault, Reply
from tests.security.checks import Seen, changed, faults, states
from tests.security.corpus import Case, Unplayable, World
from tests.security.disk import DISK_OPS, encoded
from tests.security.faces import Shown, Turn, on_paper, on_screen
from tests.security.ops import prepare
from tests.security.stage import Stage, staged

DONE = Reply(text="Done.")
GO = Turn("go", (DONE,))
CHUNK_MARK = "||"
"""Divides the pieces of a text that comes in several."""


def play(case: Case, world: World) -> list[str]:
    """The faults of a case. Raises: Unplayable."""
    return asyncio.run(_play(case, world))


async def _play(case: Case, world: World) -> list[str]:
    source = _SOURCES.get(case.input.get("source", ""))
    if source is None or set(case.input) != {"source", "text"}:
        raise Unplayable(f"unknown source {case.input.get('source')!r}")
    async with staged(world) as stage:
        stage.settings["approvalMode"] = "yolo"
        stage.write_settings()
        await prepare(stage, case.setup)
        scene = source(_Scene(stage, world), case.input["text"])
        shown = Shown()
        before = states(case.check)
        if not scene.pasted:
            await on_paper(stage, scene.turn, shown)
        await on_screen(stage, scene.turn, shown, paste=scene.pasted)
        shown.told = stage.told()
        seen = _seen(scene, shown)
        seen.marker, seen.changed = world.mark.exists(), changed(before)
        return [*shown.troubles, *faults(seen, case.check)]


@dataclass
class _Scene:
    """How a text comes in; `to_model` where it is about what the model is told too."""

    stage: Stage
    world: World
    turn: Turn = GO
    pasted: bool = False
    to_model: bool = False

    def calls(self, *calls: Call) -> _Scene:
        self.turn = Turn("go", (Reply(calls=calls), DONE))
        return self

    def runs(self, command: str) -> _Scene:
        return self.calls(Call("run_shell_command", {"command": command}))

    def file(self, name: str, data: bytes) -> None:
        DISK_OPS["write_bytes"](self.stage, {"path": f"{self.world.workspace}/{name}", "hex": data.hex()})

    def program(self, name: str, text: str) -> None:
        """One that prints the text and does nothing."""
        self.file(".said", encoded(text))
        path = Path(self.stage.recorders.path) / name
        path.write_text(f"#!/bin/sh\ncat '{self.world.workspace}/.said'\n")
        path.chmod(0o755)


def _seen(scene: _Scene, shown: Shown) -> Seen:
    output = f"{shown.text}\n{shown.told}" if scene.to_model else shown.text
    return Seen(output=output, prompts=shown.prompts, seconds=shown.seconds)


def _tool_output(scene: _Scene, text: str) -> _Scene:
    scene.file("out", encoded(text))
    return scene.runs("cat out")


def _chunks(scene: _Scene, text: str) -> _Scene:
    """One program's output in pieces, and the same pieces from the model."""
    pieces = text.split(CHUNK_MARK)
    for number, piece in enumerate(pieces):
        scene.file(f"out{number}", encoded(piece))
    scene.runs("; ".join(f"cat out{number}; sleep 0.1" for number in range(len(pieces))))
    scene.turn = Turn("go", (scene.turn.replies[0], Reply(pieces=("</think>", *pieces, " end"))))
    return scene


def _bytes(scene: _Scene, text: str) -> _Scene:
    scene.file("out", bytes.fromhex(text))
    return scene.runs("cat out")


def _assistant(scene: _Scene, text: str) -> _Scene:
    scene.turn = Turn("go", (Reply(thinking=text, text=f"{text} end"),))
    return scene


def _model_name(scene: _Scene, text: str) -> _Scene:
    scene.stage.server.add_model(text)
    scene.stage.settings["model"] = "tiny:latest"
    scene.stage.write_settings()
    scene.turn = Turn("/model", ())
    return scene


def _file_name(scene: _Scene, text: str) -> _Scene:
    name = text.replace("/", "_").replace("\0", "")
    scene.file(name, b"x\n")
    return scene.calls(
        Call("list_directory", {"path": "."}),
        Call("glob", {"pattern": "*"}),
        Call("grep_search", {"pattern": "x"}),
        Call("read_file", {"absolute_path": name}),
        Call("run_shell_command", {"command": "ls"}),
    )


def _git_log(scene: _Scene, text: str) -> _Scene:
    root = scene.world.workspace
    DISK_OPS["git_init"](scene.stage, {"path": str(root)})
    DISK_OPS["git_config"](scene.stage, {"path": str(root), "key": "user.email", "value": "a@b"})
    DISK_OPS["git_config"](scene.stage, {"path": str(root), "key": "user.name", "value": text})
    scene.file("message", encoded(text))
    return scene.runs("git commit -q --allow-empty -F message; git log")


def _definition(scene: _Scene, text: str) -> _Scene:
    """Of a server that the folder brings: shown before anybody trusts it."""
    definition = {"mcpServers": {"x": {"command": "true", "description": text}}}
    scene.file(".mcp.json", json.dumps(definition).encode())
    return scene


def _remote(scene: _Scene, text: str) -> _Scene:
    scene.program("ssh", text)
    return scene.runs("ssh somewhere uptime")


def _error(scene: _Scene, text: str) -> _Scene:
    """Of a tool, and of the model's server."""
    calls = (Call("read_file", {"absolute_path": text}), Call(f"no{text}", {}))
    scene.turn = Turn("go", (Reply(calls=calls), Fault.status(400, text)))
    return scene


def _title(scene: _Scene, text: str) -> _Scene:
    """A session is called after what the person said first."""
    scene.turn = Turn(f"about {text}", (DONE,))
    return scene


def _approval(scene: _Scene, text: str) -> _Scene:
    scene.stage.settings["approvalMode"] = "default"
    scene.stage.write_settings()
    return scene.runs(text)


def _diff(scene: _Scene, text: str) -> _Scene:
    _approval(scene, text)
    scene.file("a.txt", b"old\n")
    return scene.calls(
        Call("edit", {"file_path": "a.txt", "old_string": "old", "new_string": text}),
    )


def _context_file(scene: _Scene, text: str) -> _Scene:
    scene.file("OLLAMA.md", encoded(text))
    scene.turn = Turn("Look at @OLLAMA.md", (DONE,))
    scene.to_model = True
    return scene


def _paste(scene: _Scene, text: str) -> _Scene:
    scene.turn = Turn(text, (DONE,))
    scene.pasted = True
    return scene


_SOURCES: Mapping[str, Callable[[_Scene, Any], _Scene]] = {
    "tool_output": _tool_output,
    "tool_output_chunks": _chunks,
    "tool_output_bytes": _bytes,
    "assistant_text": _assistant,
    "thinking": _assistant,
    "model_name": _model_name,
    "file_name": _file_name,
    "git_log": _git_log,
    "mcp_tool_description": _definition,
    "ssh_output": _remote,
    "error_message": _error,
    "session_title": _title,
    "approval_command": _approval,
    "approval_diff": _diff,
    "context_file": _context_file,
    "user_paste": _paste,
}
