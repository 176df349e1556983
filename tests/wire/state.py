"""What the server knows at one moment: models, script, engines, counters. Shared by the routes and the test."""

import string
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Self

from tests.wire.engine import Engines
from tests.wire.model import Model, full_name
from tests.wire.request import ChatRequest, Refused
from tests.wire.script import Fault, Gate, Item, Reply

EXHAUSTED = "the test script is exhausted: this request has no reply in it"
WARM = Reply("Hello there")
"""What a warm-up gets; `num_predict: 1` lets its first token through."""


@dataclass(frozen=True)
class Pull:
    """What `/api/pull` does: progress lines one by one, then perhaps an error. Sizes in bytes, as on the wire."""

    lines: tuple[dict[str, object], ...] = ()
    error: str | None = "pull model manifest: file does not exist"
    """None = it ends in `success`."""
    installs: Model | None = None
    """The model that is there afterwards."""
    hold: Gate | None = None
    """The server waits here before the last line."""

    @classmethod
    def unreachable(cls, name: str) -> Self:
        """Nobody listens where `name`, as `http://HOST/NAMESPACE/MODEL:TAG`, points to."""
        scheme, _, rest = name.partition("://")
        host, _, path = rest.partition("/")
        model, _, tag = path.partition(":")
        url = f"{scheme}://{host}/v2/{model}/manifests/{tag}"
        refused = f"dial tcp {host}: connect: connection refused"
        return cls(error=f'pull model manifest: Get "{url}": {refused}')


@dataclass
class State:
    """One server's memory. The script is touched from the test's thread too, hence the lock."""

    engines: Engines
    models: dict[str, Model] = field(default_factory=dict)
    script_warmups: bool = False
    version: str = "0.0.0"
    warmup_reply: Item = WARM
    pulls: dict[str, Pull] = field(default_factory=dict)
    read_tokens: list[int] = field(default_factory=list)
    """Prompt tokens the engine really had to read, one entry per answered prompt, warm-ups included."""
    cut: list[bool] = field(default_factory=list)
    """Whether the server cut the prompt, one entry per prompt that it did not refuse."""
    _script: deque[Item] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    # Seeded, so that two runs of a test see the same ids.
    _random: Random = field(default_factory=lambda: Random(7))

    def play(self, items: Sequence[Reply | Fault]) -> None:
        """Adds to the end of the script."""
        with self._lock:
            self._script.extend(items)

    def unplayed(self) -> int:
        """How many items of the script are still to be asked for."""
        with self._lock:
            return len(self._script)

    def next_item(self, request: ChatRequest) -> Reply | Fault:
        """Raises: Refused(500) when the script is exhausted, so that a test fails loudly."""
        if request.option("num_predict") == 1 and not self.script_warmups:
            return self.warmup_reply
        with self._lock:
            if not self._script:
                raise Refused(500, EXHAUSTED)
            item = self._script.popleft()
        return item(request) if callable(item) else item

    def model(self, name: str) -> Model:
        """Raises: Refused(404) in the words of the server."""
        try:
            return self.models[full_name(name)]
        except KeyError:
            raise Refused(404, f"model '{name}' not found") from None

    def new_call_id(self) -> str:
        """`call_` and eight letters or digits."""
        return "call_" + "".join(self._random.choices(string.ascii_lowercase + string.digits, k=8))
