"""A session of the product in a case's world: real settings, real folder, real tools; only the model is a script."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from ollama_code.agent.execute import Attempt, Executed, execute
from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.conversation import Conversation
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.events import Event, Notice
from ollama_code.core.messages import ToolCall
from ollama_code.core.trust import TrustAnswer
from tests.ollama_server import OllamaServer, Reply
from tests.security.corpus import Ground, Unplayable, World
from tests.security.person import Person
from tests.security.watch import Recorders
from tests.unprivileged import NOBODY

BUDGET_CHARS = 60_000
_ANSWERS: Mapping[str, TrustAnswer] = {"trusted": "session", "always": "always"}
_KEPT_VARIABLES = ("PATH", "LANG", "TMPDIR")


@dataclass(kw_only=True)
class Stage(Ground):
    """`settings` are the user's own, written when they change."""

    server: OllamaServer
    person: Person
    recorders: Recorders
    settings: dict[str, Any] = field(default_factory=lambda: {"sandbox": {"enabled": False}})
    trust: str = "unknown"
    trusted_paths: list[str] = field(default_factory=list)
    more_directories: list[str] = field(default_factory=list)
    approved: dict[str, str] = field(default_factory=dict)
    unprivileged: bool = False
    """Whether the call is made by somebody who is not root."""
    most_bytes: int | None = None
    """Longest file that can be written, as where a disk is full."""
    conversation: Conversation | None = None
    opened: Opened | None = None
    trouble: str = ""
    """Why the session did not open."""
    notices: list[str] = field(default_factory=list)
    calls: int = 0

    def write_settings(self) -> None:
        path = self.world.home / ".ollama-code" / "settings.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self.settings))

    async def open(self, *, headless: bool = False) -> Opened | None:
        """The session, or `None` where the product refused to start; `trouble` says why then."""
        if self.opened is None and not self.trouble:
            os.chdir(self.directory)
            self.person.trusts = _ANSWERS.get(self.trust, "later")
            try:
                self.opened = await self._open(headless=headless)
            except OllamaCodeError as e:
                self.trouble = e.sentence
        return self.opened

    async def _open(self, *, headless: bool) -> Opened:
        if headless:
            opened = await open_session(Options(), None)
        else:
            self.conversation = Conversation(Options(), self.person)
            opened = await self.conversation.open()
        self.notices += opened.notices
        opened.session.observe(self._hear)
        return opened

    def _hear(self, event: Event) -> None:
        if isinstance(event, Notice):
            self.notices.append(event.text)
        self.person.paper.show(event)

    async def say(self, text: str, *replies: Reply) -> None:
        """One turn in which the model answers as scripted."""
        assert self.opened is not None
        await self.opened.session.quiet()
        self.server.play(*(replies or (Reply(text="Well."),)))
        async with aclosing(self.opened.session.prompt(text)) as events:
            async for _ in events:
                pass

    def told(self) -> str:
        """All that the product sent to the model's server."""
        sent = (recorded.json() for recorded in self.server.requests if recorded.body)
        return "\n".join(json.dumps(body, ensure_ascii=False) for body in sent)

    async def call(self, tool: str, arguments: Mapping[str, JsonValue]) -> Executed:
        """One call, decided and run as any other. Raises: Unplayable where the product has no such tool."""
        assert self.opened is not None
        if self.opened.session.toolset.find(tool) is None:
            raise Unplayable(f"there is no tool {tool!r}")
        self.calls += 1
        call = ToolCall(id=f"call_{self.calls}", name=tool, arguments=dict(arguments))
        # No public door leads to a single call: a session makes calls for its model alone.
        tooling = self.opened.session._rt.tooling
        with self._limits():
            return await execute(tooling, Attempt(call), BUDGET_CHARS)

    @contextmanager
    def _limits(self) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        demoted = self.unprivileged and os.geteuid() == 0
        if demoted:
            _give_away(self.world)
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        if self.most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.most_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            if demoted:
                os.seteuid(0)
                os.setegid(0)

    async def close(self) -> None:
        if self.conversation is not None:
            await self.conversation.close()
        elif self.opened is not None:
            await self.opened.close()


def _give_away(world: World) -> None:
    for top in (world.workspace, world.outside, world.home):
        world.workspace.parent.chmod(0o755)
        for folder, _, files in os.walk(top):
            for path in (folder, *(f"{folder}/{name}" for name in files)):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@asynccontextmanager
async def staged(world: World) -> AsyncIterator[Stage]:
    """A stage nobody has entered: home and environment are the world's until the block ends."""
    before, folder = dict(os.environ), Path.cwd()
    recorders = Recorders(world.workspace.parent / "bin")
    with OllamaServer() as server:
        kept = {name: before[name] for name in _KEPT_VARIABLES if name in before}
        os.environ.clear()
        os.environ.update(kept)
        os.environ.update(
            HOME=str(world.home), OLLAMA_HOST=server.url, PATH=f"{recorders.path}:{before['PATH']}"
        )
        stage = Stage(world, world.workspace, server=server, person=Person(), recorders=recorders)
        stage.write_settings()
        try:
            yield stage
        finally:
            os.chdir(folder)
            with suppress(OllamaCodeError):
                await stage.close()
            stage.tidy()
            os.environ.clear()
            os.environ.update(before)
