"""A real HTTP server on loopback that speaks Ollama's wire, for tests: it answers from scripts and records requests.

It runs in a thread of its own, so that async tests and child processes can both talk to it. It builds every answer in
its own code; the recordings of a real server are only the oracle of its own test.

    with OllamaServer() as server:
        server.play(Reply(text="Hello"))

Which requests take an item of the script: each `POST /api/chat` that passes the server's checks and has messages,
except warm-ups (`num_predict` 1), which get what `play_warmups` says, and `_debug_render_only`. Empty messages only
load or unload. An exhausted script answers 500 with `the test script is exhausted`.
"""

import asyncio
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self, Unpack

from tests.wire.engine import Engines
from tests.wire.http import Exchange, Recorded, serve_connection
from tests.wire.model import Model, ModelFields
from tests.wire.routes import dispatch
from tests.wire.script import Call, Fault, Gate, Item, Pace, Reply
from tests.wire.state import Pull, State

__all__ = ["Call", "Fault", "Gate", "Model", "OllamaServer", "Pace", "Pull", "Recorded", "Reply"]

TINY = Model("tiny:latest")
"""Text and tools, no thinking: what a server has when the test does not say."""


class OllamaServer:
    """Start it with `with`. Everything below may be called from the test's thread at any time."""

    def __init__(
        self,
        *,
        models: Sequence[Model] = (TINY,),
        script_warmups: bool = False,
        max_queue: int = 512,
        default_num_ctx: int = 4096,
        port: int = 0,
    ) -> None:
        self.port = port
        """0 until the server runs; given, it listens exactly there."""
        self.requests: list[Recorded] = []
        """Every request, in the order of arrival."""
        self._state = State(Engines(default_num_ctx, max_queue), script_warmups=script_warmups)
        self._state.models = {model.full_name: model for model in models}
        self._holds: dict[str, Gate] = {}
        self._arrival = threading.Condition()
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ollama-server", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._start_error: OSError | None = None
        self._bugs: list[BaseException] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._running.wait()
        if self._start_error is not None:
            raise self._start_error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._bugs and error is None:
            raise self._bugs[0]

    @property
    def url(self) -> str:
        """What a client takes as its host."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def models(self) -> list[str]:
        """Names of the installed models, the first added first."""
        return list(self._state.models)

    @property
    def loads(self) -> int:
        """Engine launches so far: another `num_ctx` or another `shift` costs one more."""
        return self._state.engines.loads

    @property
    def read_tokens(self) -> list[int]:
        """Per answered prompt, warm-ups included: the tokens that were new to the engine and had to be read."""
        return list(self._state.read_tokens)

    @property
    def cut(self) -> list[bool]:
        """Per prompt that was not refused, in the order of arrival: whether the server took something out of it."""
        return list(self._state.cut)

    @property
    def unplayed(self) -> int:
        """Items of the script nobody has asked for yet."""
        return self._state.unplayed()

    @property
    def chats(self) -> list[Recorded]:
        """The `POST /api/chat` requests that want an answer, in the order of arrival."""
        return [recorded for recorded in self._posted() if _wants_an_answer(recorded.json())]

    @property
    def warmups(self) -> list[Recorded]:
        """The `POST /api/chat` requests that only let the model read (`num_predict` 1)."""
        return [recorded for recorded in self._posted() if _num_predict(recorded.json()) == 1]

    @property
    def load_requests(self) -> list[Recorded]:
        """The `POST /api/chat` requests without messages: they only load."""
        return [recorded for recorded in self._posted() if not recorded.json().get("messages")]

    def _posted(self) -> list[Recorded]:
        return [recorded for recorded in list(self.requests) if recorded.path == "/api/chat"]

    def add_model(self, name: str, **fields: Unpack[ModelFields]) -> Model:
        """Installs a model, or replaces the one of this name."""
        model = Model(name, **fields)
        self._state.models[model.full_name] = model
        return model

    def play(self, *items: Item) -> None:
        """Adds items to the end of the script: one per chat request that asks the model."""
        self._state.play(items)

    def play_warmups(self, item: Item) -> None:
        """What every warm-up gets from now on."""
        self._state.warmup_reply = item

    def set_pull(self, name: str, pull: Pull) -> None:
        """What `/api/pull` does for this name; other names do not exist in the registry."""
        self._state.pulls[name] = pull

    def set_version(self, version: str) -> None:
        """What `/api/version` says."""
        self._state.version = version

    def gate(self) -> Gate:
        """A new gate, for a `Pace` or for `hold`."""
        return Gate()

    def hold(self, path: str, gate: Gate) -> None:
        """Requests of this path are recorded at once, but not looked at before the gate is open."""
        self._holds[path] = gate

    def wait_for_requests(self, count: int, timeout_s: float = 10.0) -> list[Recorded]:
        """Blocks until `count` requests of any kind have come in. In an async test: `asyncio.to_thread`.

        Raises: TimeoutError.
        """
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came within {timeout_s} s")
            return list(self.requests)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        except OSError as error:
            self._start_error = error
            self._running.set()
            return
        self.port = listener.sockets[0].getsockname()[1]
        self._running.set()
        await self._stop.wait()
        listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve_connection(reader, writer, self._handle))
        self._connections.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            self._bugs.append(bug)

    async def _handle(self, recorded: Recorded, exchange: Exchange) -> None:
        with self._arrival:
            self.requests.append(recorded)
            self._arrival.notify_all()
        if gate := self._holds.get(recorded.path):
            await gate.passed()
        await dispatch(self._state, recorded, exchange)


def _wants_an_answer(body: dict) -> bool:
    return bool(body.get("messages")) and _num_predict(body) != 1 and not body.get("_debug_render_only")


def _num_predict(body: dict) -> object:
    return (body.get("options") or {}).get("num_predict")
