"""The decision, as a pure function: deny > ask > allow, then the session's grants, then the mode."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ollama_code.core.permission import Kind, Mode, PermissionRequest
from ollama_code.permissions.rules import Rule


@dataclass(frozen=True)
class Policy:
    """The rules of a session, all scopes merged. Order and specificity do not matter."""

    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()

    def forbids(self, scope: str) -> bool:
        """Whether a deny rule covers `scope`, such as `read_file(secrets/a.txt)`."""
        return any(rule.matches(scope) for rule in self.deny)


@dataclass(frozen=True)
class Decision:
    """`reason` is a clause for people and models: "plan mode only reads"."""

    verdict: Literal["allow", "ask", "deny"]
    reason: str


def decide(request: PermissionRequest, mode: Mode, policy: Policy, grants: Collection[str]) -> Decision:
    """What happens to a call that declared `request`. No I/O, no clock."""
    if rule := _first(policy.deny, request.scopes):
        return Decision("deny", f"the rule {rule} ({rule.origin}) forbids it")
    if mode is Mode.PLAN and request.kind is not Kind.READ:
        return Decision("deny", "plan mode only reads; present the plan and let the person change the mode")
    if all(scope in grants for scope in request.scopes):
        return Decision("allow", "granted for this session")
    if rule := _first(policy.ask, request.scopes):
        return Decision("ask", f"the rule {rule} ({rule.origin}) asks for it")
    if request.reach == "protected":
        return Decision("ask", "the path is protected in every mode")
    unclear = _first_that_cannot_tell((*policy.deny, *policy.ask), request.scopes)
    allow = [rule for rule in policy.allow if rule.pattern] if unclear else policy.allow
    if all(any(rule.matches(scope) for rule in allow) for scope in request.scopes):
        return Decision("allow", "a rule allows it")
    if unclear:  # what was allowed wholesale was not meant to slip past the rule
        return Decision("ask", f"the command may hold what the rule {unclear} ({unclear.origin}) is about")
    return _by_mode(request, mode)


def _by_mode(request: PermissionRequest, mode: Mode) -> Decision:
    if mode is Mode.YOLO:
        return Decision("allow", "yolo mode")
    if request.reach == "workspace":
        if request.kind is Kind.READ:
            return Decision("allow", "reading inside the workspace")
        if request.kind is Kind.EDIT and mode is Mode.AUTO_EDIT:
            return Decision("allow", "auto-edit mode")
    return Decision("ask", f"{mode} mode asks")


def _first(rules: tuple[Rule, ...], scopes: tuple[str, ...]) -> Rule | None:
    return next((rule for rule in rules for scope in scopes if rule.matches(scope)), None)


def _first_that_cannot_tell(rules: tuple[Rule, ...], scopes: tuple[str, ...]) -> Rule | None:
    return next((rule for rule in rules for scope in scopes if rule.cannot_tell(scope)), None)
