"""Policy first, then the person: one question at a time, one gate for every caller of a session."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from ollama_code.core.errors import SessionError
from ollama_code.core.events import Notice, PermissionAnswered, PermissionAsked
from ollama_code.core.permission import Allowed, Answer, Mode, PermissionRequest, Refused
from ollama_code.permissions.grants import Grants
from ollama_code.permissions.policy import Decision, Policy, decide
from ollama_code.ports import Asker, Emit

By = Literal["person", "policy", "nobody"]


@dataclass(frozen=True)
class Ruling:
    """`reason` tells the model why a call was refused; `ends_turn` is a person's bare no; `asked` tells that a person
    took their time, in which the world may have changed. For the log: `by` whom, `why`, with which grant."""

    allow: bool
    reason: str = ""
    ends_turn: bool = False
    asked: bool = False
    by: By = "policy"
    why: str = ""
    remember: Literal["", "session", "project"] = ""


class Gate:
    """Owns the mode of a session and asks by its rules and grants. With no asker, what would ask is refused."""

    def __init__(
        self, policy: Policy, mode: Mode, asker: Asker | None, emit: Emit, grants: Grants | None = None
    ) -> None:
        self.policy = policy
        self.mode = mode
        self.grants = grants or Grants()
        self._asker = asker
        self._emit = emit
        self._turnstile = asyncio.Lock()

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        """As bold as the policy lets it be."""
        self._mode = mode if mode in self.modes else self.policy.boldest

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Those there are, from least to most."""
        every = tuple(Mode)
        return every[: every.index(self.policy.boldest) + 1]

    def foretell(self, request: PermissionRequest) -> Decision:
        """What `admit` would begin with. Asks nobody, tells nobody."""
        return decide(request, self.mode, self.policy, self.grants.session, self.grants.kept)

    async def admit(self, request: PermissionRequest, agent: str) -> Ruling:
        """May this call run? Cancelling the await withdraws the question."""
        decision = self.foretell(request)
        if decision.verdict != "ask":
            return self._settled(request, decision, agent)
        if self._asker is None:
            return self._nobody(request, decision, agent)
        async with self._turnstile:
            decision = self.foretell(request)
            if decision.verdict != "ask":  # an answer or another mode meanwhile covers this one too
                return self._settled(request, decision, agent)
            why, keepable = "" if decision.usual else decision.reason, decision.keepable and self.grants.keeps
            asked = request.model_copy(update={"why": why, "keepable": keepable})
            return await self._ask(asked, self._asker, agent)

    async def insist(self, request: PermissionRequest, agent: str, why: str) -> Ruling:
        """As `admit`, but what would be allowed asks too, because of `why`, a clause."""
        decision = self.foretell(request)
        if self._asker is None and decision.verdict != "deny":
            decision = Decision("deny", f"{why}, and nobody is here to approve it")
        if self._asker is None or decision.verdict == "deny":
            return self._settled(request, decision, agent)
        async with self._turnstile:
            reasons = why if decision.usual or decision.verdict == "allow" else f"{why}; {decision.reason}"
            return await self._ask(request.model_copy(update={"why": reasons}), self._asker, agent)

    def _nobody(self, request: PermissionRequest, decision: Decision, agent: str) -> Ruling:
        reason = (
            "Not allowed: nobody is here to approve it. Go on without it, or say what you would have done."
        )
        told = request.model_copy(update={"why": decision.reason, "keepable": decision.keepable})
        self._answered(told, Refused(feedback=reason), "nobody", agent)
        return Ruling(allow=False, reason=reason, by="nobody", why="nobody is here to approve it")

    def _settled(self, request: PermissionRequest, decision: Decision, agent: str) -> Ruling:
        if decision.verdict == "allow":
            return Ruling(allow=True, why=decision.reason)
        reason = f"Not allowed: {decision.reason}."
        self._answered(request, Refused(feedback=reason), "policy", agent)
        return Ruling(allow=False, reason=reason, why=decision.reason)

    async def _ask(self, request: PermissionRequest, asker: Asker, agent: str) -> Ruling:
        self._emit(PermissionAsked(request=request, agent=agent))
        answer = await asker.approve(request)
        self._answered(request, answer, "person", agent)
        match answer:
            case Allowed(remember="once"):
                return Ruling(allow=True, asked=True, by="person")
            case Allowed():
                remember = await self._remember(request, answer)
                return Ruling(allow=True, asked=True, by="person", remember=remember)
            case Refused(feedback=feedback):
                said = f"The person refused: {feedback}" if feedback else "The person refused."
                return Ruling(allow=False, reason=said, ends_turn=not feedback, by="person", why=feedback)

    async def _remember(self, request: PermissionRequest, answer: Allowed) -> Literal["session", "project"]:
        if answer.remember != "project" or not request.keepable:
            self.grants.give(request.terms)
            return "session"
        try:
            await self.grants.keep(request.terms)
        except SessionError as e:
            self._emit(Notice(text=f"The answer holds for this session only. {e.sentence}"))
            return "session"
        return "project"

    def _answered(self, request: PermissionRequest, answer: Answer, by: By, agent: str) -> None:
        self._emit(PermissionAnswered(request=request, answer=answer, by=by, agent=agent))
