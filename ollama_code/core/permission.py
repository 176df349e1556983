"""The vocabulary of permission: a tool *declares* a request, a policy *decides*, an asker *asks*."""

from __future__ import annotations

import json
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from ollama_code.core.display import Display
from ollama_code.core.value import Value


class Mode(StrEnum):
    """How much runs without asking, from least to most."""

    PLAN = "plan"
    DEFAULT = "default"
    AUTO_EDIT = "auto-edit"
    YOLO = "yolo"


class Kind(StrEnum):
    """What a call does to the world. The mode decides by kind."""

    READ = "read"
    EDIT = "edit"
    EXECUTE = "execute"
    FETCH = "fetch"
    REMOTE = "remote"


Reach = Literal["workspace", "unseen", "outside", "protected"]
"""How far a call reaches: inside the workspace, over content there that the model never read, outside of it, or to
a path that is guarded in every mode."""


class Caution(Value):
    """Why a rule that allows `scope` is not enough this time. `text` is a clause for the person who is asked.

    Against `wide` rules it holds back those that end in *, against a `pattern` also those that name the very
    command, against `any` even those that allow every use of the tool."""

    scope: str
    text: str
    against: Literal["wide", "pattern", "any"]


class PermissionRequest(Value):
    call_id: str
    tool: str
    kind: Kind
    title: str
    """One line that says what would happen, such as "Write src/a.py"."""
    scopes: tuple[str, ...]
    """What "for this session" would cover, in rule form: `edit(src/a.py)`. All of them must be granted."""
    preview: Display
    reach: Reach = "workspace"
    seen: tuple[str, ...] = ()
    """Scopes that are surely in it, perhaps not all: a rule that forbids one of them, or asks, is about all of it."""
    sweeps: tuple[str, ...] = ()
    """Scopes of folders of which it reads whatever lies below: `read_file(src)`. A rule about one of those files is
    about all of it."""
    named: tuple[str, ...] = ()
    """Scopes that it names and may be about: where a rule forbids or asks for one of them, it asks."""
    cautions: tuple[Caution, ...] = ()
    rests_on: tuple[str, ...] = ()
    """What was found out about the world for it: real paths, digests of content. Only compared, never shown."""
    why: str = ""
    """Why it asks, a clause, where that is more than the mode's custom; known once it is decided."""
    keepable: bool = False
    """Whether the answer may be kept for the folder; known once it is decided."""

    def digest(self, arguments: str) -> str:
        """SHA-256, in hex, of all that an approval covers: canonical arguments, what was shown, what it rests on. A
        call with another digest needs another decision."""
        facts = self.model_dump(mode="json", exclude={"call_id", "why", "keepable"})
        return sha256(json.dumps([arguments, facts], sort_keys=True).encode()).hexdigest()

    @property
    def terms(self) -> tuple[str, ...]:
        """What a grant holds: the scopes, and every caution the person saw."""
        return tuple(term for scope in self.scopes for term in self.terms_of(scope))

    def terms_of(self, scope: str) -> tuple[str, ...]:
        """The part of a grant that is about one of the scopes."""
        about = (caution for caution in self.cautions if caution.scope == scope)
        return (scope, *(f"{caution.scope}: {caution.text}" for caution in about))


class Allowed(Value):
    type: Literal["allowed"] = "allowed"
    remember: Literal["once", "session", "project"] = "once"


class Refused(Value):
    """A refusal with `feedback` goes back to the model and the turn goes on; a bare one ends the turn."""

    type: Literal["refused"] = "refused"
    feedback: str = ""


Answer = Annotated[Allowed | Refused, Field(discriminator="type")]


class Question(Value):
    """A question the model asks the person. `options` may be empty: then any text answers."""

    text: str
    options: tuple[str, ...] = ()
