"""A session on the scripted provider with three small tools, and askers with fixed answers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from ollama_code.agent.feed import Feed
from ollama_code.agent.runtime import Runtime, Tooling
from ollama_code.agent.session import Session
from ollama_code.agent.surroundings import Surroundings
from ollama_code.core.display import TextBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.events import Event
from ollama_code.core.head import Head
from ollama_code.core.messages import Message
from ollama_code.core.permission import Allowed, Answer, Kind, Mode, PermissionRequest, Question
from ollama_code.core.results import ToolResult
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from ollama_code.ports import Asker
from ollama_code.providers.scripted import Reply, ScriptedProvider
from ollama_code.tools.base import Alias, Call, Params, Tool
from ollama_code.tools.more import with_more
from ollama_code.tools.toolset import Toolset
from ollama_code.workspace.fingerprint import Fingerprint


class Word(Params):
    word: str = Field(description="A word.")


class Look(Tool[Word]):
    """Reads nothing, answers at once; `meet:N` waits until N calls run at the same time."""

    name = "look"
    description = "Look."
    kind = Kind.READ
    params = Word

    def __init__(self) -> None:
        self.running = 0
        self.together = asyncio.Condition()

    async def run(self, p: Word, call: Call) -> ToolResult:
        if p.word.startswith("meet:"):
            await self._meet(int(p.word[5:]))
        return ToolResult(llm_content=f"saw {p.word}")

    async def _meet(self, wanted: int) -> None:
        async with self.together:
            self.running += 1
            self.together.notify_all()
            await self.together.wait_for(lambda: self.running >= wanted)


class Note(Tool[Word]):
    """Asks, then writes a file: the effect that tests look for."""

    name = "note"
    description = "Note."
    kind = Kind.EDIT
    params = Word

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def title(self, p: Word) -> str:
        return f"Note {p.word}"

    async def permission(self, p: Word, call: Call) -> PermissionRequest:
        return PermissionRequest(
            call_id=call.id, tool=self.name, kind=self.kind, title=self.title(p), scopes=(f"note({p.word})",),
            preview=TextBlock(text=p.word),
        )  # fmt: skip

    async def run(self, p: Word, call: Call) -> ToolResult:
        (self._folder / p.word).touch()
        return ToolResult(llm_content=f"noted {p.word}")


class Fail(Tool[Word]):
    """Fails in the way its word says."""

    name = "fail"
    description = "Fail."
    kind = Kind.READ
    params = Word

    async def run(self, p: Word, call: Call) -> ToolResult:
        if p.word == "bug":
            raise RuntimeError("boom \x1b[31m")
        if p.word == "bulk":
            return ToolResult(llm_content="line\n" * 1000)
        if p.word.startswith("flood"):
            return ToolResult(llm_content="line\n" * 100_000)
        raise ToolError("no such thing", ErrorType.FILE_NOT_FOUND)


@dataclass
class Fixed:
    """An asker that always answers the same and remembers what it was asked."""

    answer: Answer = field(default_factory=Allowed)
    asked: list[PermissionRequest] = field(default_factory=list)

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request)
        return self.answer

    async def question(self, question: Question) -> str:
        return "blue"


class Silent:
    """A person who never answers; `waiting` is set once they were asked."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()

    async def approve(self, request: PermissionRequest) -> Answer:
        self.waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def question(self, question: Question) -> str:
        raise AssertionError


class Kept:
    """Keeps outputs in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, call_id: str, text: str) -> Path:
        path = self._folder / f"{call_id}.txt"
        path.write_text(text)
        return path


@dataclass
class Rig:
    session: Session
    provider: ScriptedProvider
    seen: list[Event]

    async def say(self, text: str = "go") -> list[Event]:
        async with aclosing(self.session.prompt(text)) as events:
            return [event async for event in events]

    @property
    def history(self) -> list[Message]:
        return self.session.history


def rig(
    folder: Path, *replies: Reply, asker: Asker | None = None, mode: Mode = Mode.DEFAULT, **limits
) -> Rig:
    """A session in `folder`. Keyword limits: num_ctx, max_steps, patience_s. `world` looks at the folder's files;
    `more` offers `look` alone, and the rest through more_tools."""
    if limits.pop("asker_allows", False):
        asker = Fixed()
    if limits.pop("world", False):
        limits["world"] = Fingerprint(str(folder)).take
    seen: list[Event] = []
    feed = Feed(seen.append)
    gate = Gate(Policy(), mode, asker, feed.emit)
    toolset = Toolset((Look(), Note(folder), Fail()), (Alias("peek", "look", {}),))
    if limits.pop("more", False):
        toolset = with_more(toolset, ["look"])
    head = Head(
        model="demo-script",
        num_ctx=limits.pop("num_ctx", 8192),
        think=False,
        system="s",
        tools=toolset.wire(),
    )
    provider = ScriptedProvider(replies)
    runtime = Runtime(provider, head, Tooling(toolset, gate, feed.emit, Kept(folder)), **limits)
    return Rig(Session("s1", runtime, feed, lambda: _surroundings(gate, folder), []), provider, seen)


def _surroundings(gate: Gate, folder: Path) -> Surroundings:
    return Surroundings(date="2026-11-21", folder=str(folder), system="Linux", mode=gate.mode, person=True)


def kinds(events: list[Event], *leave_out: str) -> list[str]:
    return [event.type for event in events if event.type not in leave_out]
