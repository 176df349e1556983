"""What the server understands of a `POST /api/chat` body, and the refusals it makes before any model is asked."""

from dataclasses import dataclass, field
from typing import cast

from tests.wire.golang import BadJson, duration_s, kind, load_object

DEFAULT_KEEP_ALIVE_S = 300.0
THINK_LEVELS = ("high", "medium", "low", "max")
_INTEGER_OPTIONS = frozenset(
    (
        *("num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "draft_num_predict"),
        *("num_predict", "num_keep", "seed", "top_k", "repeat_last_n"),
    )
)
_FLOAT_OPTIONS = frozenset(
    (
        *("temperature", "top_p", "min_p", "typical_p"),
        *("repeat_penalty", "presence_penalty", "frequency_penalty"),
    )
)
_LIST_FIELDS = ("messages", "tools")


class Refused(Exception):
    """An answer other than 200; `detail` is the `error` text of its JSON body."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class EngineRefusal(Refused):
    """A refusal that comes up when the answer already belongs to the engine: its content type differs."""


@dataclass(frozen=True)
class Message:
    """One message as the server keeps it; `calls` are the wire's own objects."""

    role: str
    content: str
    thinking: str = ""
    calls: tuple[dict[str, object], ...] = ()
    images: int = 0


@dataclass(frozen=True)
class ChatRequest:
    """A bound request. `think` None = not said."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[dict[str, object], ...] = ()
    stream: bool = True
    format: object = None
    think: bool | str | None = None
    truncate: bool = True
    shift: bool = True
    logprobs: bool = False
    top_logprobs: int = 0
    render_only: bool = False
    keep_alive_s: float = DEFAULT_KEEP_ALIVE_S
    options: dict[str, object] = field(default_factory=dict)

    def option(self, name: str) -> int | None:
        """An integer option, or None when the request does not give it."""
        value = self.options.get(name)
        return int(value) if isinstance(value, int | float) else None


def bind_chat(body: bytes) -> ChatRequest:
    """Raises: Refused(400) with Ollama's text."""
    try:
        raw = load_object(body)
        _check_types(raw)
        keep_alive = raw.get("keep_alive")
        keep_alive_s = DEFAULT_KEEP_ALIVE_S if keep_alive is None else duration_s(keep_alive)
    except BadJson as error:
        raise Refused(400, str(error)) from error
    top_logprobs = cast(int, raw.get("top_logprobs") or 0)
    if not 0 <= top_logprobs <= 20:
        raise Refused(400, "top_logprobs must be between 0 and 20")
    if not raw.get("model"):
        raise Refused(400, "model is required")
    return ChatRequest(
        model=str(raw["model"]),
        messages=tuple(_message(item) for item in cast(list[dict[str, object]], raw.get("messages") or [])),
        tools=tuple(cast(list[dict[str, object]], raw.get("tools") or [])),
        stream=raw.get("stream") is not False,
        format=raw.get("format"),
        think=cast("bool | str | None", raw.get("think")),
        truncate=raw.get("truncate") is not False,
        shift=raw.get("shift") is not False,
        logprobs=bool(raw.get("logprobs")),
        top_logprobs=top_logprobs,
        render_only=bool(raw.get("_debug_render_only")),
        keep_alive_s=keep_alive_s,
        options=cast(dict[str, object], raw.get("options") or {}),
    )


def check_options(options: dict[str, object]) -> None:
    """Unknown options pass, as in the server. Raises: Refused(500) for a wrong type."""
    for name, value in options.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _INTEGER_OPTIONS and not is_number:
            raise Refused(500, f'option "{name}" must be of type integer')
        if name in _FLOAT_OPTIONS and not is_number:
            raise Refused(500, f'option "{name}" must be of type float32')
        if name == "use_mmap" and not isinstance(value, bool | None):
            raise Refused(500, f'option "{name}" must be of type boolean')
        if name == "stop" and not isinstance(value, list):
            raise Refused(500, f'option "{name}" must be of type array')


def check_format(value: object) -> None:
    """Raises: EngineRefusal(500), which the server says only after the model was loaded."""
    if value in (None, "", "json") or isinstance(value, dict):
        return
    shown = f'"\\"{value}\\""' if isinstance(value, str) else f'"{value}"'
    raise EngineRefusal(500, f'invalid format: {shown}; expected "json" or a valid JSON Schema object')


def _check_types(raw: dict[str, object]) -> None:
    for name in _LIST_FIELDS:
        if not isinstance(raw.get(name), list | None):
            of_type = "[]api.Message" if name == "messages" else "api.Tools"
            raise BadJson(
                f"json: cannot unmarshal {kind(raw[name])} into Go struct field ChatRequest.{name} of type {of_type}"
            )
    think = raw.get("think")
    if isinstance(think, str) and think not in THINK_LEVELS:
        levels = ", ".join(f'"{level}"' for level in THINK_LEVELS)
        raise BadJson(f'invalid think value: "{think}" (must be {levels}, true, or false)')
    if not isinstance(think, bool | str | None):
        raise BadJson("think must be a boolean or string")


def _message(raw: dict[str, object]) -> Message:
    return Message(
        role=str(raw.get("role", "")).lower(),
        content=str(raw.get("content") or ""),
        thinking=str(raw.get("thinking") or ""),
        calls=tuple(cast(list[dict[str, object]], raw.get("tool_calls") or [])),
        images=len(cast(list[object], raw.get("images") or [])),
    )
