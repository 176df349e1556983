"""The doors out of the core. Implementations live beside or above; the agent and the tools see only these."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, Protocol, TypeVar

from pydantic import JsonValue

from ollama_code.core.events import Event
from ollama_code.core.head import Head, Think
from ollama_code.core.messages import Message, ToolCall
from ollama_code.core.permission import Answer, PermissionRequest, Question
from ollama_code.core.phase import Phase
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.core.usage import Usage

T = TypeVar("T")


# --- the model -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChatRequest:
    """One model call. `messages` only ever grows between two requests of a session."""

    head: Head
    messages: tuple[Message, ...]
    num_predict: int
    """Most tokens the answer may have: window minus prompt, so that the server never shifts the context."""
    sampling: Mapping[str, JsonValue] = field(default_factory=dict)
    """Options of the engine beside the window, such as temperature. Empty leaves the model's own."""
    format: JsonValue = None
    """"json" or a JSON schema that binds the answer; `None` binds nothing."""
    think: Think | None = None
    """Instead of the head's, for one request; `None` is the head's."""
    tap: bool = False
    """Whether the raw tokens are asked for (`RawPiece`)."""


@dataclass(frozen=True)
class TextPiece:
    text: str


@dataclass(frozen=True)
class ThinkingPiece:
    text: str


@dataclass(frozen=True)
class RawPiece:
    """What the model wrote, before the server's parsers: `tokens` of it. Comes before what was made of it."""

    text: str
    tokens: int = 1


@dataclass(frozen=True)
class DraftPiece:
    """A call being written; the fields are those of `core.events.CallDrafted`."""

    number: int
    name: str
    argument: str = ""
    text: str = ""
    tokens: int = 0


@dataclass(frozen=True)
class ReplyEnd:
    """The last chunk of every complete answer; a stream that ends without it raises `StreamCut`."""

    reason: Literal["stop", "length"]
    usage: Usage


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory. `size_vram_bytes` below `size_bytes` means that the rest runs on the processor.
    `context_length` is what was really allocated, in tokens, 0 when the server does not say."""

    name: str
    size_bytes: int
    size_vram_bytes: int
    context_length: int
    digest: str = ""

    @property
    def gpu_share(self) -> float:
        """The part of it on the graphics card, 1.0 where the server does not say how large it is."""
        return self.size_vram_bytes / self.size_bytes if self.size_bytes else 1.0


Chunk = TextPiece | ThinkingPiece | RawPiece | DraftPiece | ToolCall | Phase | LoadedModel | ReplyEnd
"""`LoadedModel` comes when the provider has seen how the model of the request lies in memory."""


@dataclass(frozen=True)
class ModelSummary:
    """One installed model. `capabilities` is empty when the server does not say."""

    name: str
    digest: str
    size_bytes: int
    capabilities: frozenset[str]
    parameter_size: str = ""
    remote: bool = False
    modified_s: int = 0
    """Unix time at which it was installed or changed, 0 when the server does not say."""


@dataclass(frozen=True)
class ModelInfo:
    """What `/api/show` says. Token counts; `context_length` is the trained maximum, `num_ctx` the Modelfile's
    wish, `None` where it has none."""

    name: str
    capabilities: frozenset[str]
    context_length: int
    num_ctx: int | None
    template: str = ""
    family: str = ""
    cache_token_bytes: int = 0
    """Most bytes that one token of the window takes in memory; 0 when the server says too little to know."""

    @property
    def tools(self) -> bool:
        return "tools" in self.capabilities

    @property
    def thinking(self) -> bool:
        return "thinking" in self.capabilities

    @property
    def vision(self) -> bool:
        return "vision" in self.capabilities


@dataclass(frozen=True)
class PullProgress:
    """How far a download is: the server's word for what it does, bytes of all layers known so far."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0


class ChatProvider(Protocol):
    """Raises only `ProviderError`. Closing the iterator closes the connection within 50 ms."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]: ...

    async def describe(self, model: str) -> ModelInfo: ...

    async def installed(self) -> tuple[ModelSummary, ...]: ...

    async def version(self) -> str:
        """Of the server, as it says it: "0.0.0" for one built from source."""

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory now."""

    async def load(self, model: str, num_ctx: int, keep_alive: str) -> None:
        """Have the model in memory with a window of `num_ctx` tokens; returns when it is there, maybe after minutes.
        Raises: ModelLoadFailed when the window or the model is too large for the machine, other ProviderError."""

    async def rendered(self, request: ChatRequest) -> str | None:
        """The prompt that the server would make of `request`, without reading it; `None` when it cannot say."""

    def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Install `model`. Ends after the server said "success"; closing it stops the download, which a later
        pull resumes."""

    async def close(self) -> None: ...


# --- the workspace ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A path that was looked at, not opened. `path` is absolute and resolved, `shown` is relative to the
    workspace root when inside it. `guarded` says why writing (or reading) asks in every mode, or is empty."""

    path: str
    shown: str
    inside: bool
    readable: bool
    """Inside, or in a directory the program itself lets tools read, such as the session's saved outputs."""
    write_guard: str = ""
    read_guard: str = ""
    strays: bool = False
    """Whether its name lies inside and a link on the way leads out."""


FileKind = Literal["file", "directory", "fifo", "socket", "device"]


@dataclass(frozen=True)
class FileStat:
    kind: FileKind
    size_bytes: int
    mtime_ns: int
    inode: int
    mode: int
    links: int


@dataclass(frozen=True)
class Entry:
    """One name in a directory. `link` is true for a symbolic link; `kind` and `size_bytes` are then its
    target's, or "file" and 0 when it leads nowhere."""

    name: str
    kind: FileKind
    size_bytes: int
    link: bool


class Workspace(Protocol):
    """Every file access of every tool. Opens by descriptor, never by a path checked before; regular files
    only. Blocking work runs in a thread. Raises `ToolError` with the file codes."""

    @property
    def root(self) -> str: ...

    def locate(self, path: str) -> Place:
        """Where `path` (absolute, `~` or relative to the root) leads.
        Raises: ToolError(INVALID_PARAMS) for an empty path, control characters or a lone surrogate."""

    async def stat(self, place: Place) -> FileStat | None:
        """`None` when nothing is there."""

    async def read(self, place: Place, reader: Callable[[BinaryIO], T]) -> T:
        """`reader(file)` in a thread, with the file open for reading.
        Raises: ToolError(FILE_NOT_FOUND, IS_DIRECTORY, PERMISSION_DENIED, READ_FAILED)."""

    async def write(self, place: Place, data: bytes, *, expected: bytes | None) -> None:
        """Replace the file atomically, keeping its mode; create it and its parents when `expected` is `None`.
        `expected` is the content the caller has seen.
        Raises: ToolError(FILE_CHANGED) when the content is another, (FILE_EXISTS) when `expected` is `None`
        and the file is there, (IS_DIRECTORY, PERMISSION_DENIED, NO_SPACE, WRITE_FAILED)."""

    async def entries(self, place: Place) -> tuple[Entry, ...]:
        """What is in a directory, unsorted.
        Raises: ToolError(FILE_NOT_FOUND, NOT_A_DIRECTORY, PERMISSION_DENIED)."""


# --- the person ------------------------------------------------------------------------------------------


class Asker(Protocol):
    """Cancelling the await withdraws the question."""

    async def approve(self, request: PermissionRequest) -> Answer: ...

    async def question(self, question: Question) -> str: ...


class Truster(Protocol):
    """Asks whether a folder may configure the program. Cancelling the await withdraws the question."""

    async def trust(self, offer: TrustOffer) -> TrustAnswer: ...


class Person(Asker, Truster, Protocol):
    """Whoever sits in front of the program."""


class Emit(Protocol):
    """Announce a fact. Never blocks, never raises."""

    def __call__(self, event: Event) -> None: ...
