"""/permissions: every rule and grant with where it comes from, what they would say to a call, and the taking back of
grants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ollama_code.commands.base import Desk, Outcome, Say, SlashCommand
from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.text import one_line

if TYPE_CHECKING:  # a screen completes commands before it has loaded what they work on
    from ollama_code.agent.foresight import Foresight
    from ollama_code.permissions.gate import Gate
    from ollama_code.permissions.grants import Grants
    from ollama_code.permissions.rules import Rule

_VERDICTS = {"allow": "would run", "ask": "would ask", "deny": "would be refused"}
_REMOVE = "remove"
_ALWAYS, _SESSION = "always in this folder", "for this session"
_MOST_CHARS = 400
"""Of one scope or reason; a command may be a page long."""


async def _permissions(desk: Desk, words: str) -> Outcome:
    name, _, rest = words.partition(" ")
    try:
        if not words:
            return Say("\n".join(_all(desk.session.gate)))
        if name == _REMOVE:
            return Say(await _removed(desk.session.gate.grants, rest.strip()))
        return Say("\n".join(_told(await desk.session.foresee(name, rest.strip()))))
    except OllamaCodeError as e:
        return Say(e.sentence)


def _all(gate: Gate) -> Iterator[str]:
    policy = gate.policy
    rules = [("deny", rule) for rule in policy.deny]
    rules += [("ask", rule) for rule in policy.ask]
    rules += [("allow", rule) for rule in policy.allow]
    yield f"The mode is {gate.mode}. Rules win over it: deny over ask, ask over allow."
    yield from _table(rules) or ["  There are no rules."]
    if policy.readers:
        yield "Commands that only show what is there, such as ls and cat, run inside the folder without a rule."
    grants = _grants(gate.grants)
    yield "You allowed:" if grants else "You allowed nothing beyond a single call."
    for number, grant in enumerate(grants, start=1):
        yield f"  {number}  {_ALWAYS if grant.kept else _SESSION:<{len(_ALWAYS)}}  {_short(grant.scope)}"
        yield from (f"     although {_short(caution)}" for caution in grant.cautions)
    yield "Try a call: /permissions run_shell_command git push"
    yield from ["Take one back: /permissions remove 1"] if grants else []


def _table(rules: Sequence[tuple[str, Rule]]) -> list[str]:
    width = min(max((len(str(rule)) for _, rule in rules), default=0), 60)
    return [
        f"  {verdict:<5}  {one_line(str(rule)):<{width}}  {one_line(rule.origin)}" for verdict, rule in rules
    ]


@dataclass(frozen=True)
class _Grant:
    scope: str
    kept: bool
    cautions: tuple[str, ...]


def _grants(grants: Grants) -> list[_Grant]:
    """Those of the folder last, each scope with the cautions that were accepted with it."""
    terms = dict.fromkeys((*(term for term in grants.session if term not in grants.kept), *grants.kept))
    about = {
        term: scope for term in terms for scope in terms if term != scope and term.startswith(f"{scope}: ")
    }
    return [
        _Grant(
            scope,
            scope in grants.kept,
            tuple(term.removeprefix(f"{scope}: ") for term in terms if about.get(term) == scope),
        )
        for scope in terms
        if scope not in about
    ]


async def _removed(grants: Grants, which: str) -> str:
    """`which` is a number of the list, or a scope as it stands there."""
    given = _grants(grants)
    scopes = {str(number): grant.scope for number, grant in enumerate(given, start=1)}
    scope = scopes.get(which, which)
    if scope not in (grant.scope for grant in given):
        return f'Nothing was allowed as "{_short(which)}". /permissions shows what was.'
    await grants.take_back(scope)
    return f"Taken back: {_short(scope)}"


def _told(seen: Foresight) -> Iterator[str]:
    request, decision = seen.request, seen.decision
    title = request.title if request else seen.tool
    yield f"{_short(title)}: {_VERDICTS[decision.verdict]}, because {_short(decision.reason)}."
    if request is not None:
        yield f"  covers {', '.join(map(_short, request.scopes))}"
        others = [scope for scope in request.seen if scope not in request.scopes]
        yield from [f"  seen in it {', '.join(map(_short, others))}"] if others else []
        yield from (f"  note: {_short(caution.text)}" for caution in request.cautions)


def _short(text: str) -> str:
    return one_line(text, limit=_MOST_CHARS)


PERMISSION_COMMANDS = (
    SlashCommand("permissions", "rules and grants; try a call", _permissions, "[TOOL WORDS]", waits=False),
)
