"""Everything a front end may hear from the agent: facts in the past tense, pure data.

Order of a turn: `TurnStarted` first, `TurnFinished` last, always; every `ToolStarted` gets one `ToolFinished`
unless the turn was cancelled. Folding the `MessageAdded` events rebuilds the history exactly;
a `Compacted` in between replaces what came before it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ollama_code.core.head import Head, Think
from ollama_code.core.messages import Message, ToolCall
from ollama_code.core.permission import Answer, Mode, PermissionRequest, Question
from ollama_code.core.phase import Phase
from ollama_code.core.results import Ending, ToolResult
from ollama_code.core.todo import TodoItem
from ollama_code.core.usage import Usage
from ollama_code.core.value import Value

StopReason = Literal["done", "failed", "denied", "step_limit", "loop", "cancelled"]


class Fact(Value):
    """`agent` is "main" or the id of a subagent, so nesting is data."""

    agent: str = "main"


class SessionStarted(Fact):
    """The first line of every journal: what a continued session must repeat byte for byte."""

    type: Literal["session_started"] = "session_started"
    session: str
    directory: str
    version: str
    head: Head
    endings: dict[str, Ending] = {}
    """How the calls ended that came over from another session, by their ids."""


class TurnStarted(Fact):
    type: Literal["turn_started"] = "turn_started"
    text: str


class StepStarted(Fact):
    """A model call begins. `number` counts from 1 within the turn."""

    type: Literal["step_started"] = "step_started"
    number: int


class PhaseChanged(Fact):
    type: Literal["phase_changed"] = "phase_changed"
    phase: Phase


class TextDelta(Fact):
    type: Literal["text_delta"] = "text_delta"
    text: str


class ThinkingDelta(Fact):
    type: Literal["thinking_delta"] = "thinking_delta"
    text: str


class CallDrafted(Fact):
    """The model goes on writing a call: it is seen before it is complete, and may still come to nothing."""

    type: Literal["call_drafted"] = "call_drafted"
    number: int
    """Counts the calls of the step from 1."""
    name: str
    """As written; empty until the model has written it."""
    argument: str = ""
    """The argument being written; empty between arguments."""
    text: str = ""
    """What was added to its value, decoded."""
    tokens: int = 0
    """Tokens of this call so far, exact."""


class ToolStarted(Fact):
    type: Literal["tool_started"] = "tool_started"
    call: ToolCall
    title: str


class PermissionAsked(Fact):
    type: Literal["permission_asked"] = "permission_asked"
    request: PermissionRequest


class PermissionAnswered(Fact):
    """Also sent when nobody was asked because a rule, the mode or an empty chair refused (`by`)."""

    type: Literal["permission_answered"] = "permission_answered"
    request: PermissionRequest
    answer: Answer
    by: Literal["person", "policy", "nobody"]


class QuestionAsked(Fact):
    type: Literal["question_asked"] = "question_asked"
    question: Question


class QuestionAnswered(Fact):
    type: Literal["question_answered"] = "question_answered"
    question: Question
    text: str


class ToolProgressed(Fact):
    type: Literal["tool_progressed"] = "tool_progressed"
    call_id: str
    text: str


class ToolFinished(Fact):
    type: Literal["tool_finished"] = "tool_finished"
    call_id: str
    result: ToolResult


class MessageAdded(Fact):
    """The history grew by one complete message. Its text is the last word: what streamed before may have held
    leftovers of a call."""

    type: Literal["message_added"] = "message_added"
    message: Message


class SecretsHidden(Fact):
    """Only in a journal, after a `MessageAdded` or `Compacted`: secrets in it were not written there."""

    type: Literal["secrets_hidden"] = "secrets_hidden"


class Compacted(Fact):
    """The history was replaced by a shorter one: a fold starts again from `history`. Counts are tokens, about."""

    type: Literal["compacted"] = "compacted"
    history: tuple[Message, ...]
    tokens_before: int
    tokens_after: int


class TodosChanged(Fact):
    type: Literal["todos_changed"] = "todos_changed"
    items: tuple[TodoItem, ...]


class JobChanged(Fact):
    """A background command started, or ended by itself. `outcome` is empty while it runs."""

    type: Literal["job_changed"] = "job_changed"
    job: str
    command: str
    outcome: str = ""


class UsageReported(Fact):
    type: Literal["usage_reported"] = "usage_reported"
    usage: Usage
    num_ctx: int


class ReadAhead(Fact):
    """The model was loaded, or read what the next request begins with, while nobody waited; `usage` is all zero when
    that was cut short."""

    type: Literal["read_ahead"] = "read_ahead"
    usage: Usage


class ThinkChanged(Fact):
    """The person chose how much the model thinks: the head says it from the next request on."""

    type: Literal["think_changed"] = "think_changed"
    think: Think


class HeadChanged(Fact):
    """The server turned out not to be what it said: requests begin with another head from now on."""

    type: Literal["head_changed"] = "head_changed"
    head: Head


class ModelLoaded(Fact):
    """How the model lies in memory, told when that was seen: bytes of it, and those on the graphics card."""

    type: Literal["model_loaded"] = "model_loaded"
    model: str
    num_ctx: int
    """The window that the server gave it, in tokens; 0 when it does not say."""
    size_bytes: int
    size_vram_bytes: int


class ModeChanged(Fact):
    type: Literal["mode_changed"] = "mode_changed"
    mode: Mode


class Retried(Fact):
    """A model call failed and is made again. `discarded` is what had been shown of the failed answer."""

    type: Literal["retried"] = "retried"
    reason: str
    attempt: int
    discarded: str = ""


class Notice(Fact):
    """Something a person should know that ends nothing."""

    type: Literal["notice"] = "notice"
    text: str


class TurnFinished(Fact):
    """`detail` says what failed and what to do; empty when nothing did."""

    type: Literal["turn_finished"] = "turn_finished"
    reason: StopReason
    detail: str = ""


Event = Annotated[
    SessionStarted
    | TurnStarted
    | StepStarted
    | PhaseChanged
    | TextDelta
    | ThinkingDelta
    | CallDrafted
    | ToolStarted
    | PermissionAsked
    | PermissionAnswered
    | QuestionAsked
    | QuestionAnswered
    | ToolProgressed
    | ToolFinished
    | MessageAdded
    | SecretsHidden
    | Compacted
    | TodosChanged
    | JobChanged
    | UsageReported
    | ReadAhead
    | ThinkChanged
    | HeadChanged
    | ModelLoaded
    | ModeChanged
    | Retried
    | Notice
    | TurnFinished,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
