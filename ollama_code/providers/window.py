"""Which context window: the person's wish, else the Modelfile's, else the largest that the graphics card holds.

The search itself only decides what to load next; whoever loads tells it what came of that."""

from __future__ import annotations

from dataclasses import dataclass

from ollama_code.ports import LoadedModel, ModelInfo

RUNGS = (131072, 65536, 49152, 32768, 16384, 8192)
"""Windows worth choosing, in tokens: fewer different values mean fewer reloads between sessions."""
CPU_LIMIT = 16384
"""Largest window chosen unasked where no GPU reads it: a processor needs minutes for a prompt of that size."""
_MEMORY_SHARE = 0.75
"""How much of the machine's memory the first load may need."""
_STEP = 4
"""How many times larger than one that fits the next window may be."""
_SLACK = 1.03
"""A card that holds a part holds a little more: what it gives to that part's own buffers."""


@dataclass(frozen=True)
class Window:
    """`why` completes "Context window: 32,768 tokens, ...". `measured` says that it is worth remembering. `given` is
    what the server once gave when as much as this was asked for, 0 when it never gave less."""

    num_ctx: int
    why: str
    measured: bool = False
    given: int = 0

    @property
    def held(self) -> int:
        """Tokens that the server is expected to hold."""
        return min(self.num_ctx, self.given or self.num_ctx)

    @property
    def sentence(self) -> str:
        if self.held < self.num_ctx:
            return (
                f"Context window: {self.held:,} tokens, all that the server gave before; {self.num_ctx:,} asked for, "
                f"{self.why}."
            )
        return f"Context window: {self.num_ctx:,} tokens, {self.why}."


def rungs_for(info: ModelInfo) -> tuple[int, ...]:
    """Windows to choose from, the largest first; never above what the model was trained for."""
    trained = info.context_length or RUNGS[-1]
    return tuple(rung for rung in RUNGS if rung <= trained) or (trained,)


def wished(info: ModelInfo, *wishes: tuple[int | None, str]) -> Window | None:
    """The first wish, each with its reason, else the Modelfile's; `None` when nobody wishes anything."""
    for num_ctx, why in (*wishes, (info.num_ctx, "as its Modelfile says")):
        if num_ctx and 0 < info.context_length < num_ctx:
            return Window(info.context_length, "all that the model was trained for")
        if num_ctx:
            return Window(num_ctx, why)
    return None


def unmeasured(info: ModelInfo) -> Window:
    """Where nothing can be measured."""
    num_ctx = _at_most(rungs_for(info), CPU_LIMIT)
    return Window(num_ctx, "a careful choice, as the server does not say what fits; --num-ctx takes another")


def in_the_cloud(info: ModelInfo) -> Window:
    return Window(info.context_length or CPU_LIMIT, "as the model has it in the cloud")


class Ladder:
    """The search for the largest window that lies wholly on the graphics card. `candidate` is what to load next.
    `weights_bytes` is the size of the model on disk, `memory_bytes` that of the machine, 0 when it is not known."""

    def __init__(self, info: ModelInfo, weights_bytes: int = 0, memory_bytes: int = 0) -> None:
        self._rungs = rungs_for(info)
        self._token_bytes = float(info.cache_token_bytes)
        self._larger: LoadedModel | None = None
        self._tried: set[int] = set()
        self._whole = 0
        """The largest window that was seen to fit."""
        self._top = self._rungs[0]
        """Worth trying next, if the first fits."""
        self.candidate = self._first(weights_bytes, memory_bytes * _MEMORY_SHARE)

    def found(self, loaded: LoadedModel) -> Window | None:
        """What to make of a model that was in memory before anything was loaded: its window, when loading another
        would gain nothing; else the first `candidate` may be better chosen."""
        num_ctx = loaded.context_length
        if not loaded.size_bytes or not num_ctx:
            return None
        if loaded.size_vram_bytes == 0:
            self.candidate = self._careful
        elif loaded.gpu_share < 1:
            return self._split(num_ctx, loaded)
        if num_ctx < self.candidate:
            return None
        return Window(num_ctx, "with which the model was already loaded", measured=True)

    def loaded(self, loaded: LoadedModel) -> Window | None:
        """What came of loading the candidate: the window, or `None` with the next `candidate`."""
        self._tried.add(self.candidate)
        num_ctx = min(loaded.context_length or self.candidate, self.candidate)
        if loaded.gpu_share >= 1:
            return self._fits(num_ctx)
        if loaded.size_vram_bytes:
            return self._split(num_ctx, loaded)
        if num_ctx > self._careful:
            self.candidate = self._careful
            return None
        return Window(num_ctx, "enough for a model without a GPU; --num-ctx takes another", measured=True)

    def failed(self) -> bool:
        """The candidate could not be loaded; whether a smaller one is left, which is then `candidate`."""
        self._tried.add(self.candidate)
        self._top = 0
        smaller = tuple(rung for rung in self._rungs if rung < self.candidate)
        if smaller:
            self.candidate = max(_at_most(smaller, self.candidate // 2), self._whole)
        return bool(smaller)

    @property
    def _careful(self) -> int:
        return _at_most(self._rungs, CPU_LIMIT)

    def _first(self, weights_bytes: int, memory_bytes: float) -> int:
        """The largest, unless it would fill the memory of the machine: a load that fails late costs minutes."""
        if not memory_bytes or not self._token_bytes:
            return self._rungs[0]
        room = int((memory_bytes - weights_bytes) / self._token_bytes)
        return _at_most(self._rungs, max(room, CPU_LIMIT))

    def _fits(self, num_ctx: int) -> Window | None:
        """A first load that was small for the machine's memory may be small for its graphics card. Where a window
        that was asked for already became this one, another session chose it, or the server gives no larger one."""
        self._whole = num_ctx
        if num_ctx < self._top:
            self.candidate = _at_most(self._rungs, min(_STEP * num_ctx, self._top))
        if self.candidate > num_ctx and self.candidate not in self._tried:
            return None
        return Window(num_ctx, "which fits wholly on the GPU", measured=True)

    def _split(self, num_ctx: int, loaded: LoadedModel) -> Window | None:
        """What lies on the card now is about what the card holds: the largest window whose size is below that."""
        self._learn(num_ctx, loaded)
        fitting = (
            rung
            for rung in self._rungs
            if rung < num_ctx and self._size(rung, num_ctx, loaded) <= loaded.size_vram_bytes * _SLACK
        )
        smaller = max(next(fitting, 0), self._whole)
        self._top = 0
        if not smaller and (num_ctx == self._careful or self._careful in self._tried):
            return Window(num_ctx, "though a part of the model does not fit on the GPU", measured=True)
        # Where the weights alone are larger than the card, a small window would not bring them there.
        self.candidate = smaller or self._careful
        return None

    def _learn(self, num_ctx: int, loaded: LoadedModel) -> None:
        """Two loads show what a token really takes."""
        larger, self._larger = self._larger, loaded
        if larger and larger.context_length > num_ctx and larger.size_bytes > loaded.size_bytes:
            self._token_bytes = (larger.size_bytes - loaded.size_bytes) / (larger.context_length - num_ctx)

    def _size(self, rung: int, num_ctx: int, loaded: LoadedModel) -> float:
        """Bytes with a window of `rung` tokens. Where nobody knows what a token takes, the next rung may fit."""
        if not self._token_bytes:
            return 0.0
        return loaded.size_bytes - self._token_bytes * (num_ctx - rung)


def _at_most(rungs: tuple[int, ...], limit: int) -> int:
    """The largest rung up to `limit`, else the smallest."""
    return next((rung for rung in rungs if rung <= limit), rungs[-1])
