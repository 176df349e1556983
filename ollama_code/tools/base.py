"""The contract of a tool: a params model, a declared permission and one coroutine.

Collaborators (workspace, jobs, ...) come in by constructor; a tool never reaches for a global."""

from __future__ import annotations

from abc import ABC
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from ollama_code.core.messages import Arguments
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import Progress, ToolResult


class Params(BaseModel):
    """Arguments of one tool. A field's description is prompt text: write it with care and keep it short.
    Fields stay flat (scalars, enums, lists of scalars or of flat models): qwen3-coder's renderer prints a
    property with two extra schema keys in random order, which costs the whole cache."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


P = TypeVar("P", bound=Params)


class Rank(IntEnum):
    """Which tools get a place in the head first, where a small window has not room for all. Within a rank
    the order of registration decides."""

    CORE = 0
    """Without these a model cannot work on code."""
    DAILY = 1
    """Wanted in nearly every session."""
    COMMON = 2
    """Useful in many sessions."""
    SPECIAL = 3
    """For some tasks only."""


@dataclass(frozen=True)
class Call:
    """One invocation. `budget_chars` is what its result may take of the live window."""

    id: str
    budget_chars: int
    agent: str = "main"
    by_person: bool = False
    """The person typed it: nobody is asked, and no sandbox is in the way."""


class Tool(ABC, Generic[P]):
    """Subclasses set the class variables and override `run`, or `stream` when the work is long."""

    name: ClassVar[str]
    kind: ClassVar[Kind]
    params: type[P]
    argument_aliases: ClassVar[Mapping[str, str]] = {}
    """Other names models write for an argument: `{"file_path": "absolute_path"}`."""
    rank: ClassVar[Rank] = Rank.SPECIAL
    markers: ClassVar[tuple[str, ...]] = ()
    """Names, as globs, of which a project's folder holds one if the tool is of use there, such as `go.mod`: with one
    the tool is `COMMON`, without it takes no place in the head. Empty: of use in every project."""

    @property
    def description(self) -> str:
        """What the model reads, from `<name>.md` beside this module. The first line stands alone where a small
        window has room for no more, so it says what is needed to call the tool rightly."""
        return _description(self.name)

    def title(self, p: P) -> str:
        """One line for people: "Read src/a.py"."""
        return self.name

    async def permission(self, p: P, call: Call) -> PermissionRequest | None:
        """What this call would touch, or `None` when nothing needs asking. May look, never changes anything.
        Raises: ToolError when the call cannot work, so that nobody is asked in vain."""
        return None

    async def about(self, subject: str, call: Call) -> PermissionRequest | None:
        """As `permission`, for a call of which only the chief argument is known, which is the first one.
        Raises: ToolError; ValidationError where the others cannot be blank."""
        fields = self.params.model_fields
        blank = {name: "" for name, field in fields.items() if field.is_required()}
        return await self.permission(self.params.model_validate({**blank, next(iter(fields)): subject}), call)

    async def run(self, p: P, call: Call) -> ToolResult:
        """Do it in one go. Raises: ToolError for failures the model should read."""
        raise NotImplementedError(f"{self.name} overrides neither run nor stream")

    async def stream(self, p: P, call: Call) -> AsyncGenerator[Progress | ToolResult, None]:
        """Do it, reporting as it goes; the last item is the result."""
        yield await self.run(p, call)


AnyTool = Tool[Any]
"""A tool whose params are validated by its own model: the type system cannot say more of a mixed set."""


@dataclass(frozen=True)
class Alias:
    """Another name of a tool, with arguments it stands for (`pytest` means `action=test`)."""

    name: str
    tool: str
    defaults: Arguments


@cache
def _description(name: str) -> str:
    return (files("ollama_code.tools") / f"{name}.md").read_text(encoding="utf-8").strip()
