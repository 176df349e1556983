"""Policy first, then the person: one question at a time, one gate for every caller of a session."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from ollama_code.core.events import PermissionAnswered, PermissionAsked
from ollama_code.core.permission import Allowed, Answer, Mode, PermissionRequest, Refused
from ollama_code.permissions.policy import Decision, Policy, decide
from ollama_code.ports import Asker, Emit

By = Literal["person", "policy", "nobody"]


@dataclass(frozen=True)
class Ruling:
    """`reason` tells the model why a call was refused; `ends_turn` is a person's bare no; `asked` tells that a person
    took their time, in which the world may have changed."""

    allow: bool
    reason: str = ""
    ends_turn: bool = False
    asked: bool = False


class Gate:
    """Owns the mode and the grants of a session. With no asker, what would ask is refused."""

    def __init__(self, policy: Policy, mode: Mode, asker: Asker | None, emit: Emit) -> None:
        self.mode = mode
        self._policy = policy
        self._asker = asker
        self._emit = emit
        self._grants: set[str] = set()
        self._turnstile = asyncio.Lock()

    async def admit(self, request: PermissionRequest, agent: str) -> Ruling:
        """May this call run? Cancelling the await withdraws the question."""
        decision = self._decide(request)
        if decision.verdict != "ask":
            return self._settled(request, decision, agent)
        if self._asker is None:
            return self._nobody(request, agent)
        async with self._turnstile:
            decision = self._decide(request)
            if decision.verdict != "ask":  # an answer or another mode meanwhile covers this one too
                return self._settled(request, decision, agent)
            asked = request.model_copy(update={"why": "" if decision.usual else decision.reason})
            return await self._ask(asked, self._asker, agent)

    async def insist(self, request: PermissionRequest, agent: str, why: str) -> Ruling:
        """As `admit`, but what would be allowed asks too, because of `why`, a clause."""
        decision = self._decide(request)
        if decision.verdict == "deny":
            return self._settled(request, decision, agent)
        if self._asker is None:
            return self._nobody(request, agent)
        async with self._turnstile:
            reasons = why if decision.usual or decision.verdict == "allow" else f"{why}; {decision.reason}"
            return await self._ask(request.model_copy(update={"why": reasons}), self._asker, agent)

    def _nobody(self, request: PermissionRequest, agent: str) -> Ruling:
        reason = "Not allowed: nobody is here to approve it. Go on without it, or say what you would have done."
        self._answered(request, Refused(feedback=reason), "nobody", agent)
        return Ruling(allow=False, reason=reason)

    def _decide(self, request: PermissionRequest) -> Decision:
        return decide(request, self.mode, self._policy, self._grants)

    def _settled(self, request: PermissionRequest, decision: Decision, agent: str) -> Ruling:
        if decision.verdict == "allow":
            return Ruling(allow=True)
        reason = f"Not allowed: {decision.reason}."
        self._answered(request, Refused(feedback=reason), "policy", agent)
        return Ruling(allow=False, reason=reason)

    async def _ask(self, request: PermissionRequest, asker: Asker, agent: str) -> Ruling:
        self._emit(PermissionAsked(request=request, agent=agent))
        answer = await asker.approve(request)
        self._answered(request, answer, "person", agent)
        match answer:
            case Allowed(remember=remember):
                if remember == "session":
                    self._grants.update(request.terms)
                return Ruling(allow=True, asked=True)
            case Refused(feedback=feedback):
                said = f"The person refused: {feedback}" if feedback else "The person refused."
                return Ruling(allow=False, reason=said, ends_turn=not feedback)

    def _answered(self, request: PermissionRequest, answer: Answer, by: By, agent: str) -> None:
        self._emit(PermissionAnswered(request=request, answer=answer, by=by, agent=agent))
