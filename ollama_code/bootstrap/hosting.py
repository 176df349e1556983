"""The proxy beside a session: what a front end that people sit at needs to start one, without knowing it.

The proxy is a front end too, and none knows another: whoever picks them hands one the way to start the other."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.permission import Answer, PermissionRequest, Question
from ollama_code.ports import Asker, Emit

_USAGE = "/serve starts the proxy, /serve 9000 on that port, /serve stop ends it."
_LAST_PORT = 65535
NO_PROXY = "No proxy can be started from here. In another terminal: ollama-code --serve"


@dataclass(frozen=True)
class Wish:
    """`port` is `None` for the usual one; `model` answers requests that name none, empty where none is open."""

    port: int | None = None
    model: str = ""


@dataclass(frozen=True)
class Household:
    """Who answers for the tools of a proxy, and who hears what goes wrong."""

    asker: Asker
    emit: Emit


class Hosted(Protocol):
    """A proxy that runs. `greeting` are lines for the person: its address, what it may, what clients need."""

    @property
    def greeting(self) -> str: ...

    async def close(self) -> None: ...


class StartProxy(Protocol):
    def __call__(self, household: Household, wish: Wish) -> Awaitable[Hosted]:
        """Raises: OllamaCodeError."""


class Hosting:
    """The proxy of one front end: at most one runs, and it ends with `close`."""

    def __init__(self, start: StartProxy, asker: Asker, emit: Emit) -> None:
        self._start = start
        self._household = Household(asker, emit)
        self._hosted: Hosted | None = None

    async def obey(self, words: str, model: str = "") -> str:
        """What to say to the person for what stood behind `/serve`."""
        match words.split():
            case ["stop"]:
                return await self._stop()
            case []:
                return await self._begin(Wish(model=model))
            case [port] if port.isascii() and port.isdigit() and int(port) <= _LAST_PORT:
                return await self._begin(Wish(int(port), model))
            case _:
                return _USAGE

    async def close(self) -> None:
        """End it, if one runs."""
        if self._hosted is not None:
            hosted, self._hosted = self._hosted, None
            await hosted.close()

    async def _begin(self, wish: Wish) -> str:
        if self._hosted is not None:
            return f"{self._hosted.greeting}\n\nIt runs already; /serve stop ends it."
        try:
            self._hosted = await self._start(self._household, wish)
        except OllamaCodeError as e:
            return e.sentence
        return f"{self._hosted.greeting}\n\nIts questions come to you here. /serve stop ends it, and so does leaving."

    async def _stop(self) -> str:
        if self._hosted is None:
            return f"No proxy runs here. {_USAGE}"
        await self.close()
        return "The proxy has ended."


@dataclass(frozen=True)
class AskingFor:
    """Asks the person, and says for whom: a program that is not in sight."""

    asker: Asker
    client: str

    async def approve(self, request: PermissionRequest) -> Answer:
        who = (
            f'"{self.client}" wants it through the proxy'
            if self.client
            else "a program wants it through the proxy"
        )
        why = f"{who}; {request.why}" if request.why else who
        return await self.asker.approve(request.model_copy(update={"why": why}))

    async def question(self, question: Question) -> str:
        return await self.asker.question(question)
