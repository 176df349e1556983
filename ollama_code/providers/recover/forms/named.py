"""Calls that begin with the tool's name and go on with an object: `N[ARGS]{}`, `call:N{}`, tool-call tokens,
harmony headers, `Action: N` with `Action Input:`."""

from __future__ import annotations

import re

from ollama_code.core.loose import Broken, Cut, read
from ollama_code.providers.recover.forms.objects import STYLE, runs_over
from ollama_code.providers.recover.tokens import LINE_START
from ollama_code.providers.recover.written import Body, State, Written

NAME = r"[\w.:/-]{1,120}"
_SEPARATORS = (
    r"\[ARGS\]|<[｜|]tool[▁_]sep[｜|]>|<\|tool_call_argument_begin\|>|<\|tool_call:args\|>|<\|tool_sep\|>"
)
SEPARATOR = re.compile(_SEPARATORS)
_JSON_FENCE = r"(?:\s*```(?:json)?[ \t\r]*\n)?\s*"
_SEPARATED = re.compile(
    rf"(?:function<[｜|]tool[▁_]sep[｜|]>(?P<second>{NAME})|(?P<first>{NAME})\s*(?:\[CALL_ID\][\w-]{{0,60}})?\s*"
    rf"(?:{_SEPARATORS})){_JSON_FENCE}"
)
_IN_PROSE = re.compile(rf"{NAME}\s+(?:{_SEPARATORS})\s*[^\W\d]")
"""A sentence about a separator: a word stands before it and one after it."""
CHEVRONS = rf">>>(?={NAME}[ \t\r]*\n\s*\{{)"
"""Functionary's header."""
_HEADED = re.compile(rf"{CHEVRONS}(?P<first>{NAME})\s*")
CALLED = re.compile(rf"call:(?P<first>{NAME})\s*(?=\{{)")
_PLAIN = re.compile(rf"(?P<first>{NAME}){_JSON_FENCE}(?=\{{)")
HARMONY = re.compile(
    r"(?:<\|start\|>)?(?:assistant)?[ \t]*(?:<\|channel\|>[ \t]*(?:analysis|commentary|final)?)?[ \t]*"
    rf"\bto=(?P<first>{NAME})[ \t]*(?:<\|channel\|>\w{{0,20}})?[^\n{{]{{0,40}}?<\|message\|>\s*"
)
ACTION = re.compile(rf"{LINE_START}(?:\*\*)?Action:(?:\*\*)?[ \t]*", re.MULTILINE)
_ACTION_INPUT = re.compile(
    rf"(?P<first>{NAME})[ \t\r]*\n[ \t]*(?:\*\*)?Action[ _]Input:(?:\*\*)?{_JSON_FENCE}"
)
_NOBODY = frozenset({"user", "assistant", "self", "all", "final"})
"""Recipients that are not tools."""
FENCE_END = re.compile(r"\s*```(?!\w)")


def separated(text: str, at: int) -> Body | None:
    """`N`, a separator, an object."""
    found = _SEPARATED.match(text, at) or CALLED.match(text, at) or _HEADED.match(text, at)
    return _object(text, found) if found and not _IN_PROSE.fullmatch(text, at, found.end() + 1) else None


def beside(text: str, at: int) -> Body | None:
    """`N {...}`, which is a call only between tags."""
    found = _PLAIN.match(text, at)
    return _object(text, found) if found else None


def addressed(text: str, at: int) -> tuple[str, int] | None:
    """The recipient in the harmony header at `at`, and where its message starts."""
    found = HARMONY.match(text, at)
    if not found or found.group("first") in _NOBODY:
        return None
    return found.group("first"), found.end()


def message(text: str, header: int, name: str, at: int) -> Body:
    """The call to `name` whose header starts at `header` and whose arguments start at `at`."""
    try:
        found = read(text, at, STYLE)
    except Broken as e:
        cut = isinstance(e, Cut)
        end = len(text) if cut else max(at, e.at)
        return Body(
            (Written(name, {}, State.CUT if cut else State.BROKEN, header, end),), end, announced=True
        )
    state = State.BRACE if found.missing else State.WHOLE
    if not isinstance(found.value, dict) or runs_over(text, found.end):
        return Body((Written(name, {}, State.BROKEN, header, found.end),), found.end, announced=True)
    fence = FENCE_END.match(text, found.end) if "```" in text[header:at] else None
    call = Written(name, found.value, state, header, found.end)
    return Body((call,), fence.end() if fence else found.end, announced=True)


def acted(text: str, at: int) -> Body | None:
    """`N` and its `Action Input:`, behind `Action:`."""
    found = _ACTION_INPUT.match(text, at)
    return _object(text, found) if found else None


def _object(text: str, head: re.Match[str]) -> Body:
    return message(text, head.start(), head.groupdict().get("second") or head.group("first"), head.end())
