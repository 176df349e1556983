"""What a test says the server has and what the model will say: models, replies, faults and gates. Values only."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.wire.golang import dump_json

if TYPE_CHECKING:
    from tests.wire.request import ChatRequest

Family = Literal["qwen3-coder", "qwen3.5", "qwen3", "native", "plain"]
"""How the model writes calls and who reads them.

qwen3-coder: XML calls; qwen3.5: thinking, then XML calls; qwen3: thinking, then JSON calls; native: llama-server
reads the calls, so they come whole on the done line and the raw tap hides them; plain: text as it is, no calls.
"""


class Gate:
    """A closed door the test opens: the server waits at it before it goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_open = False
        self._waiting: list[Future[None]] = []
        self._reached = threading.Event()

    def open(self) -> None:
        """Lets whoever waits, now or later, go on."""
        with self._lock:
            self._is_open = True
            waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            # False when its client has left in the meantime.
            if waiter.set_running_or_notify_cancel():
                waiter.set_result(None)

    def wait_reached(self, timeout_s: float = 10.0) -> None:
        """Blocks until the server stands at the gate. Raises: TimeoutError."""
        if not self._reached.wait(timeout_s):
            raise TimeoutError(f"the server did not reach the gate within {timeout_s} s")

    async def until_reached(self, timeout_s: float = 10.0) -> None:
        """`wait_reached` for an async test. Raises: TimeoutError."""
        await asyncio.to_thread(self.wait_reached, timeout_s)

    async def passed(self) -> None:
        """The server's side: returns once the test has opened the gate."""
        waiter: Future[None] = Future()
        with self._lock:
            if not self._is_open:
                self._waiting.append(waiter)
            is_open = self._is_open
        self._reached.set()
        if not is_open:
            # One future per waiter: it bridges the test's thread and the server's loop, and is cancelled alone.
            await asyncio.wrap_future(waiter)


@dataclass(frozen=True)
class Pace:
    """When things are sent. Nothing at all is sent before the end of the prefill, as with the real server."""

    prefill_s: float = 0.0
    token_s: float = 0.0
    hold: Gate | None = None
    hold_after: int = 0
    """Tokens sent before the server waits at `hold`; 0 = it waits before the first byte of the answer."""


@dataclass(frozen=True)
class Call:
    """One tool call of the model. The arguments arrive exactly as written here."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True)
class Reply:
    """What the model says to one request.

    `thinking`, `text` and `calls` are delivered exactly, in this order. `raw` instead is the model's own text, and
    the parser of its family makes of it what Ollama's would: use it for broken, cut and lost calls. With `calls`
    beside `raw` the parser is one that we do not imitate: it withholds the text and makes these calls of it. `pieces`
    are the raw tokens themselves where the cut between tokens matters.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()
    raw: str | None = None
    pieces: tuple[str, ...] = ()
    calls_on_done: bool = False
    done_reason: str | None = None
    """Overrides `stop`, or `length` when `num_predict` cut the reply."""
    prompt_tokens: int | None = None
    eval_tokens: int | None = None
    pace: Pace = Pace()


@dataclass(frozen=True)
class Cut:
    """The stream ends properly but without a done line: the engine reported an error, or was closed."""


@dataclass(frozen=True)
class Drop:
    """The connection is torn down in the middle of the answer."""


@dataclass(frozen=True)
class ErrorLine:
    """An error line after HTTP 200 was sent; as the very first thing it becomes a 500."""

    text: str
    engine_dies: bool = False


@dataclass(frozen=True)
class EngineError:
    """The engine answers the prompt with its own HTTP error, which Ollama hands on as text within JSON."""

    status: int
    body: Mapping[str, object]


@dataclass(frozen=True)
class Payload:
    """Bytes of our own instead of Ollama's answer: a proxy's HTML, half a line, an unknown status."""

    status: int
    body: bytes
    content_type: str | None


Ending = Cut | Drop | ErrorLine | EngineError | Payload


@dataclass(frozen=True)
class Fault:
    """A reply that goes wrong. Build it with one of the class methods; `after` is what was said before."""

    ending: Ending
    before: Reply = Reply()

    @classmethod
    def cut(cls, after: "str | Reply" = "") -> "Fault":
        """The answer ends without a done line, with its HTTP framing intact."""
        return cls(Cut(), _reply(after))

    @classmethod
    def drop(cls, after: "str | Reply" = "") -> "Fault":
        """The connection breaks in the middle of the answer, or before its first byte when `after` is empty."""
        return cls(Drop(), _reply(after))

    @classmethod
    def error_line(cls, text: str, after: "str | Reply" = "") -> "Fault":
        """`{"error": text}` as a line of the stream."""
        return cls(ErrorLine(text), _reply(after))

    @classmethod
    def engine_dies(cls, after: "str | Reply" = "") -> "Fault":
        """The engine is killed in the middle; the next request starts a new one."""
        text = "an error was encountered while running the model: unexpected EOF"
        return cls(ErrorLine(text, engine_dies=True), _reply(after))

    @classmethod
    def engine_error(cls, status: int, body: Mapping[str, object]) -> "Fault":
        """The engine itself refuses the request with `status` and its own JSON body."""
        return cls(EngineError(status, body))

    @classmethod
    def status(cls, status: int, text: str) -> "Fault":
        """`{"error": text}` with this HTTP status, before anything was sent."""
        body = dump_json({"error": text})
        return cls(Payload(status, body, "application/json; charset=utf-8"))

    @classmethod
    def busy(cls) -> "Fault":
        """503: the queue of the server is full."""
        return cls.status(503, BUSY)

    @classmethod
    def payload(cls, status: int, body: bytes, content_type: str | None = "application/x-ndjson") -> "Fault":
        """Exactly these bytes as the whole body."""
        return cls(Payload(status, body, content_type))


BUSY = "server busy, please try again.  maximum pending requests exceeded"
"""Two spaces, as in the server."""


def _reply(after: "str | Reply") -> Reply:
    return Reply(after) if isinstance(after, str) else after


Item = Reply | Fault | Callable[["ChatRequest"], "Reply"]
"""A function is a model with a will of its own: it answers what it is asked."""
