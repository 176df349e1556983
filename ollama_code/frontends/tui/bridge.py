"""Between the screen and the conversation: what the person sends becomes orders, and their outcome is told.

The parts that talk to a model are loaded in a thread after the first paint; nothing typed before that is lost."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, assert_never

from ollama_code.bootstrap.hosting import NO_PROXY, Hosting, StartProxy
from ollama_code.commands.base import (
    Compact,
    Copy,
    Follow,
    Help,
    NewSession,
    PickModel,
    PullModel,
    Quit,
    Reconsider,
    Say,
    Serve,
    SwitchModel,
)
from ollama_code.commands.registry import NO_CUSTOM, Custom, help_text, is_command, must_wait
from ollama_code.core.errors import ModelMissing, ModelUnclear, OllamaCodeError
from ollama_code.core.events import Event, MessageAdded, Notice, TurnFinished
from ollama_code.core.messages import UserMessage
from ollama_code.core.phase import Phase
from ollama_code.frontends.tui.install import installed
from ollama_code.frontends.tui.orders import Order, Orders
from ollama_code.frontends.tui.transcript.warm import warm_up
from ollama_code.ports import ModelSummary, Person

if TYPE_CHECKING:
    from ollama_code.agent.session import Session
    from ollama_code.bootstrap.assembly import Opened
    from ollama_code.bootstrap.conversation import Conversation
    from ollama_code.bootstrap.options import Options
    from ollama_code.frontends.tui.face import Face


class Bridge:
    """One per screen. When a turn goes wrong, nothing goes on by itself: what waits is held."""

    def __init__(self, options: Options, face: Face, person: Person) -> None:
        self._options = options
        self._face = face
        self._person = person
        self._talk: Conversation | None = None
        self._orders = Orders(self._queued)
        self._closing: asyncio.Task[None] | None = None
        self._heard: Session | None = None
        self._turning: Session | None = None
        """Whose turn runs, while the model hears what is said meanwhile."""
        self._leaving = False
        self._hosting: Hosting | None = None

    @property
    def busy(self) -> bool:
        return self._orders.busy

    @property
    def address(self) -> str:
        """Where Ollama is looked for."""
        return self._talk.address if self._talk is not None else ""

    async def search_files(self, letters: str, limit: int) -> Sequence[str]:
        """Paths of the project that fit some letters, the best first; none before the parts are loaded."""
        return await self._talk.search_files(letters, limit) if self._talk is not None else ()

    @property
    def custom(self) -> Custom:
        """Commands from files, once the folder was decided on."""
        return self._talk.custom if self._talk is not None else NO_CUSTOM

    @property
    def session_open(self) -> bool:
        return self._talk is not None and self._talk.opened is not None

    async def run(self) -> None:
        """Until the person leaves. Whatever ends it, the turn is stopped and the session closed."""
        try:
            module = await asyncio.to_thread(import_module, "ollama_code.bootstrap.conversation")
            self._talk = module.Conversation(self._options, self._person, self._opening)
            await asyncio.gather(asyncio.to_thread(warm_up), self._do(Order(self._open)))
            _settle_memory()
            while not self._leaving:
                await self._do(await self._orders.next())
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop the turn and close the session, telling the screen no more. Every caller waits for the same end,
        and it comes even when a caller is cancelled, as the screen does with its workers more than once."""
        self._leaving = True
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._orders.close()
        if self._hosting is not None:
            await self._hosting.close()
        if self._talk is not None:
            await self._talk.close()

    def host_with(self, start: StartProxy) -> None:
        """From now on `/serve` can start a proxy, whose questions come to the person too."""
        self._hosting = Hosting(start, self._person, self._hear_of_proxy)

    def submit(self, line: str) -> None:
        """A typed line: a command, a `!command` or words for the model."""
        self._orders.put(self._typed(line))

    def answers_at_once(self, line: str) -> bool:
        """Whether something runs, and `line` is a command that need not wait for it."""
        waits = not is_command(line) or must_wait(line, self.custom)
        return self.busy and self.session_open and not waits

    async def answer(self, line: str) -> None:
        """Carry out such a command beside what runs, or let it wait all the same where that has changed."""
        if not self.answers_at_once(line):
            self.submit(line)
            return
        try:
            await self._command(line)
        except OllamaCodeError as e:
            self._face.say(e.sentence, "error")

    async def steer(self, line: str) -> None:
        """Words for the turn that runs, heard before its next step. Without such a turn they are sent as a line, and
        so is a command."""
        steers = self._turning is not None and not is_command(line) and not line.startswith("!")
        beside = await self._talk.beside(line) if self._talk is not None and steers else ""
        if self._turning is None or not steers:  # it may have ended while a file was read
            self.submit(line)
        else:
            self._turning.steer(line, beside)
            self._orders.announce()

    def go_on(self) -> None:
        """Let go what is held; while there is no session, look for one again."""
        again = () if self.session_open or self.busy else (Order(self._open),)
        self._orders.release(*again)

    def use_model(self, name: str) -> None:
        self._orders.put(Order(lambda: self._switch(name)))

    def pull(self, name: str) -> None:
        """Install a model that was chosen to go on with."""
        self._orders.put(Order(lambda: self._pull_to_use(name)))

    def stop(self) -> bool:
        """Stop what runs now and hold what waits; false when nothing runs."""
        return self._orders.stop()

    def take_back(self) -> str:
        """The line that waits last, out of the queue, or else the words that the running turn heard last of all;
        empty when there is nothing."""
        return self._orders.take_back() or self._unsteered()

    def cycle_mode(self) -> bool:
        """False when there is no session whose mode could change."""
        if self._talk is None or self._talk.opened is None:
            return False
        session = self._talk.opened.session
        modes = session.gate.modes
        session.set_mode(modes[(modes.index(session.mode) + 1) % len(modes)])
        return True

    # --- orders ------------------------------------------------------------------------------------------

    def _typed(self, line: str) -> Order:
        return Order(lambda: self._line(line), line)

    async def _do(self, order: Order) -> None:
        await self._orders.carry_out(lambda: self._carried_out(order))

    async def _carried_out(self, order: Order) -> None:
        try:
            await order.job()
        except OllamaCodeError as e:
            if self.session_open:
                self._orders.hold()
                self._face.say(e.sentence, "error")
            else:
                self._orders.hold(order)
                self._face.missing(e, await self._choice(e))

    async def _choice(self, error: OllamaCodeError) -> tuple[ModelSummary, ...]:
        """What is installed, when the trouble is that none of it was chosen."""
        if self._talk is None or not isinstance(error, ModelMissing | ModelUnclear):
            return ()
        try:
            return await self._talk.installed()
        except OllamaCodeError:
            return ()

    def _queued(self, waiting: tuple[str, ...], held: tuple[str, ...]) -> None:
        if not self._leaving:
            self._face.queued(waiting, held, self._turning.steering if self._turning else ())

    def _unsteered(self) -> str:
        """The newest words that the running turn has not heard, taken back."""
        taken = self._turning.unsteer(last=1) if self._turning is not None else ()
        self._orders.announce()
        return "".join(taken)

    def _present(self, opened: Opened) -> None:
        """Tell the screen of a session and let it hear everything that session tells from now on."""
        if opened.session is not self._heard:
            self._heard = opened.session
            opened.session.observe(self._hear)
        self._face.opened(opened)

    def _opening(self, phase: Phase | None) -> None:
        if not self._leaving:
            self._face.opening(phase)

    def _hear(self, event: Event) -> None:
        if not self._leaving:
            self._face.show(event)
            if isinstance(event, MessageAdded) and isinstance(event.message, UserMessage):
                self._orders.announce()  # these may be words that steered

    def _hear_of_proxy(self, event: Event) -> None:
        if isinstance(event, Notice) and not self._leaving:
            self._face.say(event.text, "dim")

    async def _open(self) -> None:
        assert self._talk is not None
        self._present(await self._talk.open())

    async def _line(self, line: str) -> None:
        assert self._talk is not None
        if is_command(line):
            await self._command(line)
        else:
            await self._open()
            await self._turn(self._talk.say(line), steered=not line.startswith("!"))

    async def _command(self, line: str) -> None:
        assert self._talk is not None
        outcome = await self._talk.command(line)
        if self._talk.opened is not None:
            self._present(self._talk.opened)  # the command may have opened it
        match outcome:
            case Say(text=text):
                self._face.say(text)
            case Help():
                self._face.help(help_text(self.custom))
            case NewSession():
                self._face.cleared()
                self._present(await self._talk.clear())
            case SwitchModel(name=name):
                await self._switch(name)
            case PickModel():
                await self._pick()
            case PullModel(name=name):
                await self._pull(name)
            case Compact():
                await self._turn(self._talk.compact())
            case Copy(text=text):
                self._face.copy(text)
            case Follow(recipe=recipe):
                await self._turn(self._talk.follow(line, recipe), steered=True)
            case Reconsider():
                self._face.say(await self._talk.reconsider())
            case Serve(words=words):
                await self._serve(words)
            case Quit():
                self._leaving = True
                self._face.leave()
            case _:
                assert_never(outcome)

    async def _turn(self, stream: AsyncGenerator[Event, None], *, steered: bool = False) -> None:
        """Drive it to its end. What happens is shown by `_hear`, which also hears how a stopped turn ended. Words
        that were to steer it and came too late are held like lines."""
        opened = self._talk.opened if self._talk is not None and steered else None
        self._turning = opened.session if opened is not None else None
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, TurnFinished) and event.agent == "main" and event.reason != "done":
                        self._orders.hold()
        finally:
            late = self._turning.unsteer() if self._turning is not None else ()
            self._turning = None
            self._orders.keep(*map(self._typed, late))

    async def _switch(self, name: str) -> None:
        assert self._talk is not None
        self._present(await self._talk.switch(name))
        self._face.say(f"The model is now {name}.", "dim")

    async def _pick(self) -> None:
        assert self._talk is not None
        current = self._talk.opened.session.head.model if self._talk.opened else ""
        self._face.choose_model(await self._talk.installed(), current)

    async def _serve(self, words: str) -> None:
        assert self._talk is not None
        model = self._talk.opened.session.head.model if self._talk.opened else ""
        self._face.say(await self._hosting.obey(words, model) if self._hosting else NO_PROXY)

    async def _pull(self, name: str) -> None:
        """Install a model; it is used at once when there was none to talk to."""
        if await self._fetch(name) and not self.session_open:
            await self._switch(name)

    async def _pull_to_use(self, name: str) -> None:
        if await self._fetch(name):
            await self._switch(name)

    async def _fetch(self, name: str) -> bool:
        assert self._talk is not None
        return await installed(name, self._talk.pull(name), self._face)


def _settle_memory() -> None:
    """What is loaded now lives to the end: a full collection that looks at it again holds a key press for 50 ms."""
    gc.collect()
    gc.freeze()
