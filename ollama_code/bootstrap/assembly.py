"""Every part of a session, wired together and closed in the right order."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from ollama_code.agent.feed import Feed
from ollama_code.agent.known import Known
from ollama_code.agent.runtime import ChooseHead, Runtime, Tooling
from ollama_code.agent.session import Session
from ollama_code.agent.surroundings import Surroundings
from ollama_code.bootstrap.head import head_chooser
from ollama_code.bootstrap.model import Chosen
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.policy import gather_policy
from ollama_code.bootstrap.records import recorder
from ollama_code.bootstrap.site import Site, home
from ollama_code.bootstrap.walls import ModeWatch, make_sandbox, warning
from ollama_code.core.events import Event, MessageAdded, Notice, SessionStarted, TodosChanged
from ollama_code.core.head import Head
from ollama_code.core.messages import Message
from ollama_code.core.redact import HIDDEN, Redactor
from ollama_code.core.results import Ending
from ollama_code.core.text import well_formed
from ollama_code.core.todo import TodoItem
from ollama_code.core.version import __version__
from ollama_code.demo import FIRST_PROMPT
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.grants import Grants
from ollama_code.permissions.turnstile import Turnstile
from ollama_code.ports import Asker, Emit
from ollama_code.providers.models import choose_think, think_choices
from ollama_code.providers.window import Window
from ollama_code.settings.load import Loaded
from ollama_code.storage.audit import Header
from ollama_code.storage.endings import Endings
from ollama_code.storage.grants import ProjectGrants
from ollama_code.storage.journal import Journal
from ollama_code.storage.outputs import Outputs
from ollama_code.storage.replay import Replayed
from ollama_code.tools.builtin import Parts, builtin
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.more import with_more
from ollama_code.tools.todo import TodoList
from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.fingerprint import Fingerprint
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace
from ollama_code.workspace.sandbox.sandbox import Sandbox

_WITHOUT_SECRETS = (
    f"Secrets in this session were not kept: where one was, the model reads {HIDDEN} now, and its server may read "
    "the conversation anew from there."
)
PATIENCE_S = 4.0
"""How long a turn goes on trying while nobody answers: a server that restarts is back by then."""


@dataclass(frozen=True)
class Carried:
    """What another session goes on with, for instance because another model takes over."""

    history: tuple[Message, ...] = ()
    todos: tuple[TodoItem, ...] = ()
    endings: Mapping[str, Ending] = field(default_factory=dict)


NOTHING = Carried()


@dataclass(frozen=True)
class Opened:
    """An open session and what its tools share. `notices` are sentences for the person."""

    session: Session
    todos: TodoList
    jobs: Jobs
    notices: tuple[str, ...]
    directory: Path
    """The project folder the tools work in."""
    sandbox: Sandbox
    endings: Mapping[str, Ending]
    """How the calls ended so far, by their ids."""
    _stack: AsyncExitStack

    def carried(self) -> Carried:
        return Carried(tuple(self.session.history), self.todos.items, dict(self.endings))

    async def close(self) -> None:
        """Stop background commands, close the connection, force the journal to the disk."""
        await self._stack.aclose()


@dataclass(frozen=True)
class Assembly:
    options: Options
    loaded: Loaded
    site: Site
    chosen: Chosen
    asker: Asker | None
    carried: Carried
    known: Known
    window: Window | None
    """`None` where the session goes on with the one it had."""
    redactor: Redactor

    @property
    def _before(self) -> Replayed | Carried:
        """What the session begins with."""
        return self.site.before or self.carried

    async def open(self, stack: AsyncExitStack) -> Opened:
        try:
            journal = Journal(self.site.folder.journal, self.redactor.sure)
            stack.callback(journal.close)
            # Only from here on does nobody else write it.
            again = replace(self, site=self.site.looked_at_again())
            return again._opened(journal, await again._sandbox(), stack)
        except BaseException:
            await stack.aclose()
            raise

    async def _sandbox(self) -> Sandbox:
        folder, settings = self.site.folder, self.loaded.settings
        sandbox = make_sandbox(
            settings.sandbox, home(), (self.site.directory,), (folder.outputs, folder.jobs)
        )
        await sandbox.ready()
        return sandbox

    def _opened(self, journal: Journal, sandbox: Sandbox, stack: AsyncExitStack) -> Opened:
        feed = Feed(journal)
        feed.observe(_JournalWatch(journal, feed.emit))
        feed.observe(ModeWatch(sandbox, feed.emit))
        endings = Endings(self._before.endings)
        feed.observe(endings.hear)
        tooling, todos, jobs = self._tooling(feed, sandbox, stack)
        choose = head_chooser(tooling.toolset, self.site.directory)
        head = self._head(choose)
        tooling = replace(tooling, toolset=with_more(tooling.toolset, head.tool_names))
        if self.site.before is None:
            feed.emit(self._started(head))
            for message in self.carried.history:
                feed.emit(MessageAdded(message=message))
            if self.carried.todos:
                feed.emit(TodosChanged(items=self.carried.todos))
        runtime = Runtime(
            self.chosen.provider,
            head,
            tooling,
            max_steps=self.loaded.settings.max_steps,
            patience_s=PATIENCE_S,
            known=self.known,
            thinks=think_choices(self.chosen.info),
            todos=lambda: todos.items,
            choose=choose,
            world=Fingerprint(str(self.site.directory.resolve())).take,
            hides=self.redactor.sure if self.loaded.settings.hide_secrets else str,
        )
        history = list(self._before.history)
        session = Session(self.site.folder.id, runtime, feed, self._look(tooling.gate), history)
        notices = tuple(self._notices(journal, sandbox))
        stack.push_async_callback(session.quiet)
        return Opened(session, todos, jobs, notices, self.site.directory, sandbox, endings.known, stack)

    def _tooling(self, feed: Feed, sandbox: Sandbox, stack: AsyncExitStack) -> tuple[Tooling, TodoList, Jobs]:
        folder, settings = self.site.folder, self.loaded.settings
        kept = (folder.outputs, folder.jobs)
        workspace = LocalWorkspace(self.site.directory, read_only_roots=kept, own=home().root)
        stack.callback(workspace.close)
        jobs = Jobs(folder.jobs, feed.emit, self.redactor.sure)
        stack.push_async_callback(_put_away, sandbox, jobs)
        stack.push_async_callback(jobs.close)
        asker = Turnstile(self.asker) if self.asker else None
        todos = TodoList(feed.emit, self._before.todos)

        def withheld(path: str) -> bool:
            return policy.forbids(f"read_file({path})")

        parts = Parts(
            workspace=workspace,
            ledger=ReadLedger(),
            jobs=jobs,
            sandbox=sandbox,
            todos=todos,
            asker=asker,
            emit=feed.emit,
            environment=child_environment(os.environ, settings.sandbox.environment),
            sees_images=self.chosen.info.vision,
            withheld=withheld,
        )
        every = builtin(parts)
        policy = gather_policy(self.options, self.loaded, every, self.site.directory)
        names = [name for name in settings.exclude_tools if "(" not in name]
        toolset = every.only(settings.core_tools, names)
        gate = Gate(policy, settings.approval_mode, asker, feed.emit, self._grants())
        record = recorder(self._header(sandbox), self.redactor, feed.emit)
        outputs = Outputs(folder.outputs, self.redactor.sure)
        tooling = Tooling(toolset, gate, feed.emit, outputs, record=record)
        return tooling, todos, jobs

    def _grants(self) -> Grants:
        """A demo's folder is gone tomorrow: nothing is kept for it."""
        kept = self.loaded.allows and not self.options.demo
        if not kept:
            return Grants()
        return Grants(ProjectGrants(home().grants, self.site.directory, self.redactor.sure))

    def _header(self, sandbox: Sandbox) -> Header:
        return Header(
            session=self.site.folder.id,
            caller=self.options.front_end,
            directory=str(self.site.directory),
            sandbox=lambda: sandbox.level,
        )

    def _head(self, choose: ChooseHead) -> Head:
        if self.site.before is not None:
            return self.site.before.session.head
        info, known = self.chosen.info, self.known
        assert self.window is not None
        bare = Head(
            model=info.name,
            num_ctx=self.window.num_ctx,
            think=choose_think(info) if known.profile.thinks is not False else False,
            sends_thinking=known.profile.sends_thinking,
            system="",
            tools=(),
            keep_alive=self.loaded.settings.ollama.keep_alive,
        )
        calls = info.tools and known.profile.calls is not False
        return choose(bare, self.window.held, "native" if calls else "constrained")

    def _started(self, head: Head) -> SessionStarted:
        directory = well_formed(str(self.site.directory))
        return SessionStarted(
            session=self.site.folder.id,
            directory=directory,
            version=__version__,
            head=head,
            endings=dict(self.carried.endings),
        )

    def _look(self, gate: Gate) -> Callable[[], Surroundings]:
        folder, person = well_formed(str(self.site.directory)), self.asker is not None
        return lambda: Surroundings(date.today().isoformat(), folder, platform.system(), gate.mode, person)

    def _notices(self, journal: Journal, sandbox: Sandbox) -> Iterator[str]:
        yield from self.loaded.warnings
        if said := warning(sandbox, self.loaded.settings.approval_mode):
            yield said
        if journal.trouble:  # the watch has spoken already, when nobody could listen
            yield journal.trouble
        if self.options.demo:
            yield f"Demo: the model is a script, no Ollama is used. Files and tools are real: {self.site.directory}"
            if self.asker is not None:
                yield f'Try: "{FIRST_PROMPT}"'
        if self.window is not None and self.asker is not None and not self.options.demo:
            yield self.window.sentence
        if self.site.before is not None:
            count = len(self.site.before.history)
            yield f"Continuing session {self.site.folder.id} with {count} messages."
            if self.site.before.secrets_hidden:
                yield _WITHOUT_SECRETS
            if torn := self.site.before.torn_lines:
                yield f"{torn} damaged lines of its journal were left out."


async def _put_away(sandbox: Sandbox, jobs: Jobs) -> None:
    """Unless a job goes on without us: it has its `/tmp` and its home there."""
    if not any(job.detached and not job.outcome for job in jobs.list()):
        await sandbox.close()


class _JournalWatch:
    """Tells the person once when the journal cannot be written."""

    def __init__(self, journal: Journal, emit: Emit) -> None:
        self._journal = journal
        self._emit = emit
        self._told = ""

    def __call__(self, event: Event) -> None:
        trouble, told = self._journal.trouble, self._told
        self._told = trouble
        if trouble and not told:
            self._emit(Notice(text=trouble))
