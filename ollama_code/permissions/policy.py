"""The decision, as a pure function: deny > ask > allow, then what holds an allowance back, then the mode.

It judges facts that others gathered: the scopes of a request, what was seen in it, and the cautions of whoever looked
at the disk. An error while judging means that it asks, never that it allows."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from ollama_code.core.permission import Kind, Mode, PermissionRequest
from ollama_code.permissions.rules import COMMAND_TOOL, Rule, parse_scope
from ollama_code.permissions.shell.analysis import words_of
from ollama_code.permissions.shell.guard import objection, only_reads

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Policy:
    """The rules of a session, all scopes merged. Order and specificity do not matter."""

    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()
    readers: bool = True
    """Whether commands that are known to only show what is there, such as `ls`, run without a rule."""
    boundless: bool = False
    """Whether the workspace holds the home directory, or is it: that a file lies inside says little then."""

    boldest: Mode = Mode.YOLO
    """The mode beyond which the session does not go."""

    def forbids(self, scope: str) -> bool:
        """Whether a deny rule covers `scope`, such as `read_file(secrets/a.txt)`."""
        return any(rule.matches(scope) for rule in self.deny)


@dataclass(frozen=True)
class Decision:
    """`reason` is a clause for people and models: "plan mode only reads"."""

    verdict: Literal["allow", "ask", "deny"]
    reason: str
    usual: bool = False
    """Whether the mode asks for everything of this kind: a person who is asked needs no reason."""
    keepable: bool = False
    """Whether an answer kept for the folder would spare the question next time."""


def decide(
    request: PermissionRequest,
    mode: Mode,
    policy: Policy,
    grants: Collection[str],
    kept: Collection[str] = (),
) -> Decision:
    """What happens to a call that declared `request`. `grants` hold for the session and win over a rule that asks;
    `kept` are those of the folder, which only allow. No I/O, no clock, no exception."""
    try:
        return _decide(request, mode, policy, (grants, kept))
    except Exception:
        log.exception("judging %s failed", request.tool)
        return Decision("ask", "the program failed to judge it, which is a mistake of its own")


def _decide(
    request: PermissionRequest, mode: Mode, policy: Policy, given: tuple[Collection[str], Collection[str]]
) -> Decision:
    grants, kept = given
    everything = (*request.scopes, *request.seen)
    if rule := _first(policy.deny, everything):
        return Decision("deny", f"the rule {rule} ({rule.origin}) forbids it")
    if mode is Mode.PLAN and request.kind is not Kind.READ:
        return Decision("deny", "plan mode only reads; present the plan and let the person change the mode")
    if all(term in grants for term in request.terms):
        return Decision("allow", "granted for this session")
    if rule := _first(policy.ask, everything):
        return Decision("ask", f"the rule {rule} ({rule.origin}) asks for it")
    if request.reach == "protected":
        return Decision("ask", "the path is protected in every mode", usual=True)
    if rule := _first_below((*policy.deny, *policy.ask), request.sweeps):
        return Decision(
            "ask", f"it reads whole folders, where the rule {rule} ({rule.origin}) may hold for a file"
        )
    if rule := _first((*policy.deny, *policy.ask), request.named):
        return Decision("ask", f"it names what the rule {rule} ({rule.origin}) is about")
    unclear = _first_that_cannot_tell((*policy.deny, *policy.ask), request.scopes)
    allowance = _Allowance(request, policy, kept, named=unclear is not None)
    if not allowance.missing:
        return Decision("allow", _listed(allowance.by) or "it only reads")
    if unclear:  # what was allowed wholesale was not meant to slip past the rule
        return Decision("ask", f"the command may hold what the rule {unclear} ({unclear.origin}) is about")
    decision = _by_mode(request, mode, policy)
    if decision.verdict == "ask" and (held := _listed(allowance.held or _telling(request, policy))):
        return Decision("ask", held, keepable=True)
    return decision


class _Allowance:
    """What the rules and the grants for the folder, `kept`, allow of a request: `missing` are the scopes for which
    none is enough, `by` says what allows the others, `held` why a rule that matches does not. With `named`, rules
    that allow every use of a tool do not count."""

    def __init__(
        self, request: PermissionRequest, policy: Policy, kept: Collection[str], *, named: bool
    ) -> None:
        self._request = request
        self._allow = [rule for rule in policy.allow if rule.pattern or not named]
        self._kept = kept
        self._readers = policy.readers
        self.by: list[str] = []
        self.held: list[str] = []
        self.missing = [scope for scope in request.scopes if not self._covers(scope)]

    def _covers(self, scope: str) -> bool:
        matching = [rule for rule in self._allow if rule.allows(scope)]
        held = [self._held_back(rule, scope) for rule in matching]
        if "" in held:
            rule = matching[held.index("")]
            self.by.append(f"the rule {rule} ({rule.origin}) allows it")
            return True
        if all(term in self._kept for term in self._request.terms_of(scope)):
            self.by.append("granted for this folder")
            return True
        if self._readers and self._only_reads(scope):
            return True
        self.held.extend(held)
        return False

    def _held_back(self, rule: Rule, scope: str) -> str:
        """Why `rule`, which matches, does not allow `scope` this time, or nothing."""
        stopped_by = {"any"} | ({"pattern"} if rule.pattern else set()) | ({"wide"} if rule.wide else set())
        for caution in self._request.cautions:
            if caution.scope == scope and caution.against in stopped_by:
                return caution.text
        words = words_of(parse_scope(scope)[1]) if rule.wide and rule.tool == COMMAND_TOOL else None
        return objection(words, named=rule.words) if words else ""

    def _only_reads(self, scope: str) -> bool:
        tool, line = parse_scope(scope)
        if tool != COMMAND_TOOL or any(caution.scope == scope for caution in self._request.cautions):
            return False
        words = words_of(line)
        return words is not None and only_reads(words)


def _by_mode(request: PermissionRequest, mode: Mode, policy: Policy) -> Decision:
    if mode is Mode.YOLO:
        return Decision("allow", "yolo mode")
    if request.reach == "workspace":
        if request.kind is Kind.READ:
            return Decision("allow", "reading inside the workspace")
        if request.kind is Kind.EDIT and mode is Mode.AUTO_EDIT and policy.boundless:
            return Decision("ask", "the workspace is no project but all your files", keepable=True)
        if request.kind is Kind.EDIT and mode is Mode.AUTO_EDIT and not request.cautions:
            return Decision("allow", "auto-edit mode")
    return Decision("ask", f"{mode} mode asks", usual=True, keepable=True)


def _telling(request: PermissionRequest, policy: Policy) -> list[str]:
    """The cautions a person learns from. That only bash can read a line is true of many, and is worth a word where
    a rule seems to allow it."""
    seems_allowed = any(rule.matches(scope) for rule in policy.allow for scope in request.seen)
    return [
        caution.text
        for caution in request.cautions
        if caution.against != "wide" or seems_allowed or _is_certain(caution.scope, request)
    ]


def _is_certain(scope: str, request: PermissionRequest) -> bool:
    """Whether it is one command and not a line for bash, of which what is seen in it is told beside."""
    return scope not in request.seen and words_of(parse_scope(scope)[1]) is not None


def _listed(reasons: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(reasons))


def _first(rules: tuple[Rule, ...], scopes: tuple[str, ...]) -> Rule | None:
    return next((rule for rule in rules for scope in scopes if rule.matches(scope)), None)


def _first_below(rules: tuple[Rule, ...], sweeps: tuple[str, ...]) -> Rule | None:
    return next((rule for rule in rules for scope in sweeps if rule.reaches_below(scope)), None)


def _first_that_cannot_tell(rules: tuple[Rule, ...], scopes: tuple[str, ...]) -> Rule | None:
    return next((rule for rule in rules for scope in scopes if rule.cannot_tell(scope)), None)
