"""The engines behind the server: loading and reloading, the one slot, the kept prefix, and what fits the window."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.wire.model import Model
from tests.wire.request import ChatRequest, EngineRefusal, Message, Refused
from tests.wire.script import BUSY
from tests.wire.syntax import render, tokens

FOREVER_S = 100 * 365 * 24 * 3600.0
NUM_KEEP = 4
"""Tokens of the front that the hard cut leaves in place."""
IMAGE_TOKENS = 768
"""What the server reckons for one image of a model that can see."""
TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the "
    "context length in settings, or use a model with a longer context length"
)


LAUNCH_OPTIONS = ("num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict")
LaunchKey = tuple[object, ...]


@dataclass(frozen=True)
class Prompt:
    """What the engine gets to read, and how many tokens the whole prompt had before the server cut it."""

    tokens: list[str]
    whole_tokens: int

    @property
    def is_cut(self) -> bool:
        return len(self.tokens) < self.whole_tokens


@dataclass(eq=False)
class Engine:
    """One loaded model: its window, and the tokens of its only slot."""

    model: Model
    num_ctx: int
    launched_with: LaunchKey
    """A request that differs in any of it needs another engine."""
    expires_at: float = 0.0
    """`time.time()`; in the past = unloaded when the slot is free."""
    slot: asyncio.Lock = field(default_factory=asyncio.Lock)
    kept: list[str] = field(default_factory=list)

    def new_tokens(self, prompt: Sequence[str]) -> int:
        """How many tokens of `prompt` must be read; at least one, since the last is needed for its logits."""
        same = 0
        for ours, theirs in zip(self.kept, prompt, strict=False):
            if ours != theirs:
                break
            same += 1
        return max(len(prompt) - same, 1)


class Engines:
    """All loaded engines, by weights. Lives in the server's loop."""

    def __init__(self, default_num_ctx: int, max_queue: int, now: Callable[[], float] = time.time) -> None:
        self._default_num_ctx = default_num_ctx
        self._max_queue = max_queue
        self._now = now
        self._by_weights: dict[str, Engine] = {}
        self._waiting = 0
        # Loads happen one after the other, so that two requests at once do not launch two engines.
        self._loading = asyncio.Lock()
        self.loads = 0
        """Engine launches so far, failed ones too."""

    @asynccontextmanager
    async def held(self, model: Model, request: ChatRequest) -> AsyncIterator[tuple[Engine, bool]]:
        """The engine for this request with its slot, and whether it had to be launched.

        Raises: Refused(503) when too many wait already, Refused(500) when it cannot be loaded.
        """
        if self._waiting >= self._max_queue and self._is_busy(model):
            raise Refused(503, BUSY)
        self._waiting += 1
        try:
            engine, launched = await self._with_slot(model, request)
        finally:
            self._waiting -= 1
        try:
            yield engine, launched
        finally:
            engine.expires_at = self._expiry(request.keep_alive_s)
            engine.slot.release()

    def loaded(self) -> list[Engine]:
        """Engines in memory, the longest-lived first."""
        self._drop_expired()
        return sorted(self._by_weights.values(), key=lambda engine: -engine.expires_at)

    def unload(self, model: Model) -> None:
        """Frees the memory of a model; its prefix is gone."""
        self._by_weights.pop(model.weights, None)

    def window(self, model: Model, asked: int | None) -> int:
        """The window a request gets, in tokens: its own wish, else the Modelfile's, else the server's default."""
        wish = asked or model.num_ctx or self._default_num_ctx
        return max(min(wish, model.context_length), 4)

    async def _with_slot(self, model: Model, request: ChatRequest) -> tuple[Engine, bool]:
        launched = False
        while True:
            async with self._loading:
                engine, is_new = await self._ready(model, request)
            launched = launched or is_new
            await engine.slot.acquire()
            if self._by_weights.get(model.weights) is engine:
                return engine, launched
            # Another request replaced the engine while this one waited for its slot.
            engine.slot.release()

    async def _ready(self, model: Model, request: ChatRequest) -> tuple[Engine, bool]:
        self._drop_expired()
        num_ctx = self.window(model, request.option("num_ctx"))
        wanted = (num_ctx, request.shift, *(request.options.get(name) for name in LAUNCH_OPTIONS))
        engine = self._by_weights.get(model.weights)
        if engine is not None and engine.launched_with == wanted:
            return engine, False
        if engine is not None:
            # Its slot: a reload waits until the answer in progress is complete.
            async with engine.slot:
                self.unload(model)
        return await self._launch(model, num_ctx, wanted), True

    async def _launch(self, model: Model, num_ctx: int, wanted: LaunchKey) -> Engine:
        self.loads += 1
        if model.load_hold is not None:
            await model.load_hold.passed()
        await asyncio.sleep(model.load_s)
        error = model.load_error
        if error is None and model.fits_num_ctx is not None and num_ctx > model.fits_num_ctx:
            error = "error: unable to allocate CPU buffer: out of memory"
        if error is not None:
            raise Refused(500, f"llama-server process has terminated: exit status 1: {error}")
        engine = Engine(model, num_ctx, wanted, expires_at=self._now() + FOREVER_S)
        self._by_weights[model.weights] = engine
        return engine

    def _is_busy(self, model: Model) -> bool:
        engine = self._by_weights.get(model.weights)
        return engine is not None and engine.slot.locked()

    def _expiry(self, keep_alive_s: float) -> float:
        return self._now() + (FOREVER_S if keep_alive_s < 0 else keep_alive_s)

    def _drop_expired(self) -> None:
        now = self._now()
        for weights, engine in list(self._by_weights.items()):
            if engine.expires_at <= now and not engine.slot.locked():
                del self._by_weights[weights]


def fit_prompt(engine: Engine, request: ChatRequest, model: Model, *, thinking: bool) -> Prompt:
    """The tokens the engine gets to read, cut the way the server cuts: whole messages from the front, the last one
    and system messages excepted, then the middle.

    Raises: EngineRefusal(400) with both numbers when cutting is off, or in plain words when it is on without `shift`.
    """
    prompt = tokens(render(model, request, request.messages, thinking=thinking))
    whole = len(prompt)
    if not request.truncate and not model.ignores_truncate:
        if whole >= engine.num_ctx:
            raise EngineRefusal(400, _overflow(whole, engine.num_ctx))
        return Prompt(prompt, whole)
    first = 0
    messages = request.messages
    while _weight(prompt, messages, model) > engine.num_ctx and first < len(request.messages) - 1:
        first += 1
        dropped, rest = request.messages[:first], request.messages[first:]
        messages = tuple(message for message in dropped if message.role == "system") + rest
        prompt = tokens(render(model, request, messages, thinking=thinking))
    if len(prompt) <= engine.num_ctx - 1:
        return Prompt(prompt, whole)
    if not request.shift:
        raise EngineRefusal(400, TOO_LONG)
    kept = engine.num_ctx - max((engine.num_ctx - NUM_KEEP) // 2, 1)
    return Prompt(prompt[:NUM_KEEP] + prompt[len(prompt) - (kept - NUM_KEEP) :], whole)


def _weight(prompt: list[str], messages: tuple[Message, ...], model: Model) -> int:
    images = sum(message.images for message in messages) if "vision" in model.capabilities else 0
    return len(prompt) + images * IMAGE_TOKENS


def _overflow(prompt_tokens: int, num_ctx: int) -> str:
    numbers = f"request ({prompt_tokens} tokens) exceeds the available context size ({num_ctx} tokens)"
    error = {
        "code": 400,
        "message": f"{numbers}, try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": prompt_tokens,
        "n_ctx": num_ctx,
    }
    return json.dumps({"error": error})
