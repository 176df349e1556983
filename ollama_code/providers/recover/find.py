"""Every place of a text where calls are written, in order. Whether they are calls or displayed is judged later;
code spans, quoted lines, tables, diffs and fences of other things are passed over."""

from __future__ import annotations

import re
from dataclasses import replace

from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.forms.named import (
    ACTION,
    CALLED,
    CHEVRONS,
    FENCE_END,
    NAME,
    SEPARATOR,
    acted,
    addressed,
    beside,
    message,
    separated,
)
from ollama_code.providers.recover.forms.objects import objects
from ollama_code.providers.recover.forms.python import LIST, OPENING, python_calls
from ollama_code.providers.recover.forms.tags import announced, attributed, tagged
from ollama_code.providers.recover.spots import alone, foreign_end, is_quoted, name_before, stands
from ollama_code.providers.recover.tokens import (
    CLOSER,
    INVENTED,
    INVISIBLE,
    LINE_START,
    OPENER,
    OPENERS,
    PAIR_PREFIX,
    PAIRED,
    SINGLE,
    garbage_end,
)
from ollama_code.providers.recover.written import Block, Body, State, Written

_NEXT = re.compile(
    rf"(?P<fence>{LINE_START}(?P<ticks>`{{3,}}|~{{3,}})[ \t]*(?P<label>[\w+.-]*)[^\n`]*(?:\n|\Z))"
    r"|(?P<code>(?P<run>`+)(?:[^`\n]*(?P=run))?)"
    rf"|(?P<chevrons>{LINE_START}{CHEVRONS})"
    r"|(?P<line>^[ \t]*(?:>|\||[+-](?=[^\n]))[^\n]*)"
    rf"|(?P<open>{PAIRED}|{SINGLE})"
    rf"|(?P<separator>{SEPARATOR.pattern}|<{PAIR_PREFIX}arg_key>)"
    r"|(?P<header><\|start\|>|<\|channel\|>|\bto=(?=[\w.]))"
    r"|(?P<tag><(?=[A-Za-z_]))"
    rf"|(?P<called>\b{CALLED.pattern})"
    rf"|(?P<action>{ACTION.pattern})"
    r"|(?P<json>[{\[])",
    re.MULTILINE,
)
CALL_FENCES = frozenset(
    "tool_call tool_calls tool_code tool_use tool tools function_call function_calls function toolcall".split()
)
CODE_FENCES = frozenset("python py python3".split())
_DATA_FENCES = frozenset(["", "json", "json5", "jsonc", "xml", "html", "text", "txt", "plaintext", "yaml"])
_LINE_REACH = 400
_BLOCKS = 500
"""Calls of one turn; a model that writes more repeats itself."""
_UNREADABLE_REACH = 20_000
"""Characters in which tags around something unreadable must close."""
_FAILURES = 500
"""Objects that are no calls, after which a text is data or code and no further one is tried."""
_FENCE = re.compile(r"\s*```\w*[ \t\r]*\n\s*")
_SEPARATED = re.compile(r"[\s,;]*")
_KEYED = re.compile(r"""\[?\s*\{\s*["'](?P<name>[\w.-]{1,120})["']\s*:\s*(?=\{)""")
_KEYED_END = re.compile(r"\s*\}?[\s,;]*")
_LONE_NAME = re.compile(rf"{NAME}\s*(?=\Z|{CLOSER.pattern})")


def blocks(text: str, declared: Declared, *, raw: bool = False) -> list[Block]:
    """All calls written in `text`. What follows an invented result rests on it and is left out. `raw`: the text is
    all that the model wrote, so that `{"N": {...}}` of a declared name is the call the server takes it for."""
    return _Finder(text, declared, raw=raw).blocks()


class _Finder:
    def __init__(self, text: str, declared: Declared, *, raw: bool) -> None:
        self._text = text
        self._declared = declared
        self._raw = raw
        self._invented = -1
        self._failures = 0

    def blocks(self) -> list[Block]:
        first = alone(self._text, self._declared) or self._opened(0)
        found = [first] if first else []
        at = first.end if first else 0
        while len(found) < _BLOCKS and (match := _NEXT.search(self._text, at)):
            if found and match.start() >= self._invented_from(found[-1].end):
                break
            block, at = self._at(match, at)
            if block:
                found.append(block)
                at = max(at, block.end)
        return found

    def _invented_from(self, at: int) -> int:
        """Where behind `at` a result is invented first; searched for once, however many calls there are."""
        if self._invented < at:
            found = INVENTED.search(self._text, at)
            self._invented = found.start() if found else len(self._text)
        return self._invented

    def _opened(self, at: int) -> Block | None:
        """Openers at the very front, which may look like control tokens."""
        return self._wrapped(at) if OPENERS.match(self._text, at) else None

    def _at(self, match: re.Match[str], floor: int) -> tuple[Block | None, int]:
        """The block at `match`, and where to look on."""
        at = match.start()
        if match.group("fence") is not None:
            return self._fence(match)
        if match.group("code") is not None or match.group("line") is not None:
            return None, match.end()
        if match.group("separator") is not None:
            at = name_before(self._text, at, floor)
        if match.group("json") is not None:
            return self._json(at)
        if match.group("tag") is not None and (end := foreign_end(self._text, at, self._declared)):
            return None, end
        block = self._wrapped(at) if match.group("open") is not None else self._bare(at)
        if is_quoted(self._text, at):
            whole = block is not None and block.calls[-1].state is not State.BROKEN
            return None, block.calls[-1].end if block and whole else match.end()
        return block, block.end if block else match.end()

    def _json(self, at: int) -> tuple[Block | None, int]:
        if self._failures > _FAILURES or not stands(self._text, at):
            return None, at + 1
        body, end = self._list(at)
        if body is None and self._raw and self._is_keyed(at):
            body = self._keyed(at)
        if body is None:
            self._failures += 1
            return None, end
        calls, end = [*body.calls], body.end
        while self._text.startswith("{", more := self._separated_from(end)) and (body := self._list(more)[0]):
            calls += body.calls
            end = body.end
        return Block(tuple(calls), at, self._end(end), body is not None and body.announced), end

    def _list(self, at: int) -> tuple[Body | None, int]:
        """Objects, or a list of Python calls of declared names."""
        if LIST.match(self._text, at):
            body = python_calls(self._text, at, self._declared)
            return (body, body.end) if body and self._means_calls(body, at) else (None, at + 1)
        return objects(self._text, at)

    def _means_calls(self, body: Body, at: int) -> bool:
        """Whether a list of Python calls is one of ours: of declared names, or all of the text."""
        lone = not self._text[:at].strip() and not self._text[body.end :].strip()
        return all((lone or self._declared.find(call.name)) and not call.odd for call in body.calls)

    def _bare(self, at: int) -> Block | None:
        """A form without tags around it."""
        if action := ACTION.match(self._text, at):
            return self._action(action)
        body = self._strong(at)
        return Block(body.calls, at, self._end(body.end), announced=True) if body else None

    def _strong(self, at: int) -> Body | None:
        if header := addressed(self._text, at):
            return self._message(at, *header)
        return separated(self._text, at) or tagged(self._text, at, self._declared)

    def _message(self, header: int, name: str, at: int) -> Body:
        if OPENERS.match(self._text, at) and (block := self._wrapped(at)):
            return Body(block.calls, block.end, announced=True)
        return message(self._text, header, name, at)

    def _action(self, action: re.Match[str]) -> Block | None:
        if body := acted(self._text, action.end()):
            return Block(body.calls, action.start(), self._end(body.end), announced=True)
        fence = _FENCE.match(self._text, action.end())
        at = fence.end() if fence else action.end()
        body = objects(self._text, at)[0] if self._text.startswith(("{", "["), at) else None
        if body is None:
            return None
        closed = FENCE_END.match(self._text, body.end) if fence else None
        end = self._end(closed.end() if closed else body.end)
        return Block(body.calls, action.start(), end, announced=True)

    def _end(self, at: int) -> int:
        return garbage_end(self._text, at)

    def _wrapped(self, at: int) -> Block | None:
        """Calls between tags, or in one. An opener with nothing behind it is a call that was cut."""
        if body := announced(self._text, at):
            return Block(body.calls, at, self._end(body.end), announced=True)
        opening = OPENERS.match(self._text, at)
        if not opening:
            return None
        paired = self._levels(opening.group())
        fence = _FENCE.match(self._text, opening.end())
        calls, end = self._inside(fence.end() if fence else opening.end())
        if not calls:
            return self._empty(at, opening.end())
        if calls[-1].state is State.BROKEN and (
            closed := CLOSER.search(self._text, end, end + _UNREADABLE_REACH)
        ):
            end = closed.start()
        closed = CLOSER.search(self._text, end, self._end(end))
        if paired and not closed and not OPENER.match(self._text, self._end(end)):
            calls[-1] = replace(calls[-1], state=self._unclosed(calls[-1]))
        return Block(tuple(calls), at, self._end(end), announced=True)

    def _unclosed(self, call: Written) -> State:
        """The state of the last call when the tag around it is not closed: two missing closers are too many. Pairs
        of `<arg_key>` have no closer of their own."""
        if call.state is State.UNCLOSED and self._text.startswith("<", call.start):
            return State.CUT
        return {State.WHOLE: State.UNCLOSED, State.BRACE: State.CUT}.get(call.state, call.state)

    def _levels(self, opening: str) -> bool:
        return any(match.group("paired") for match in OPENER.finditer(opening))

    def _empty(self, at: int, end: int) -> Block | None:
        """Tags around nothing, or around a name alone."""
        if name := _LONE_NAME.match(self._text, end):
            end = name.end()
        if self._text[end:].strip() and not CLOSER.match(self._text, end):
            return self._unreadable(at, end)
        nothing = Written("", {}, State.CUT, at, end)
        return Block((nothing,), at, self._end(end), announced=True)

    def _unreadable(self, at: int, end: int) -> Block | None:
        """Tags around what is in no known form, but names a tool."""
        if self._failures > _FAILURES:
            return None
        self._failures += 1
        closed = CLOSER.search(self._text, end, end + _UNREADABLE_REACH)
        name = self._mentioned(end, closed.start()) if closed else ""
        if not closed or not name:
            return None
        broken = Written(name, {}, State.BROKEN, at, closed.end())
        return Block((broken,), at, self._end(closed.end()), announced=True)

    def _inside(self, at: int) -> tuple[list[Written], int]:
        """The calls that stand between tags from `at` on, and where the last one ends."""
        calls: list[Written] = []
        end = at
        while at < len(self._text) and (body := self._inner(at)):
            calls += body.calls
            end = body.end
            at = self._separated_from(end)
            if body.calls[-1].state is not State.WHOLE:
                break
        return calls, end

    def _separated_from(self, end: int) -> int:
        found = _SEPARATED.match(self._text, end)
        return found.end() if found else end

    def _inner(self, at: int) -> Body | None:
        if OPENER.match(self._text, at):
            return None
        if self._text.startswith(("{", "["), at) and not LIST.match(self._text, at):
            return objects(self._text, at)[0] or self._keyed(at)
        strong = self._strong(at)
        if strong:
            return strong
        if LIST.match(self._text, at) or OPENING.match(self._text, at):
            return python_calls(self._text, at, self._declared)
        return beside(self._text, at) or attributed(self._text, at, self._declared)

    def _keyed(self, at: int) -> Body | None:
        """`{"N": {...}}`: between tags, a declared name may be the key of its arguments."""
        found = _KEYED.match(self._text, at)
        if not found or not self._is_keyed(at):
            return Body((Written("", {}, State.BROKEN, at, at + 1),), at + 1, announced=True)
        inner = message(self._text, at, found.group("name"), found.end())
        closed = _KEYED_END.match(self._text, inner.end)
        return replace(inner, end=closed.end() if closed else inner.end)

    def _is_keyed(self, at: int) -> bool:
        found = _KEYED.match(self._text, at)
        return found is not None and self._declared.find(found.group("name")) is not None

    def _fence(self, match: re.Match[str]) -> tuple[Block | None, int]:
        """The calls that are all of a fence; a fence of anything else is passed over."""
        label, ticks = match.group("label").lower(), match.group("ticks")
        closing = re.compile(rf"\s*(?:{ticks[0]}{{3,}}[ \t\r]*(?=[\n<{INVISIBLE}]|\Z)|\Z)")
        named = label in CALL_FENCES
        if named or label in _DATA_FENCES or label in CODE_FENCES:
            calls, end, announced = self._fenced(match.end(), closing, named or label in CODE_FENCES)
            closed = closing.match(self._text, end)
            if calls and (closed or calls[-1].state is State.CUT):
                end = self._end(closed.end() if closed else end)
                return Block(tuple(calls), match.start(), end, named or announced, label), end
        after = re.compile(rf"^[ \t]*{ticks[0]}{{{len(ticks)},}}[ \t\r]*(?=$|[<{INVISIBLE}])", re.MULTILINE)
        closed = after.search(self._text, match.end())
        end = closed.end() if closed else len(self._text)
        if label in CALL_FENCES and (name := self._mentioned(match.end(), end)):
            broken = Written(name, {}, State.BROKEN, match.start(), end)
            return Block((broken,), match.start(), end, announced=True, fence=label), end
        return None, end

    def _mentioned(self, at: int, end: int) -> str:
        """The first line of a fence for calls that is in no known form may still name a tool."""
        line = self._text[at:end].lstrip().partition("\n")[0][:_LINE_REACH]
        return next((name for name in re.findall(NAME, line) if self._declared.find(name)), "")

    def _fenced(self, at: int, closing: re.Pattern[str], python: bool) -> tuple[list[Written], int, bool]:
        calls: list[Written] = []
        end, announced = at, False
        at = self._separated_from(at)
        while at < len(self._text) and not closing.match(self._text, at):
            body = self._in_fence(at, python)
            if not body:
                return [], end, False
            calls += body.calls
            announced = announced or body.announced
            end = body.end
            at = self._separated_from(end)
        return calls, end, announced

    def _in_fence(self, at: int, python: bool) -> Body | None:
        if OPENERS.match(self._text, at) and (block := self._wrapped(at)):
            return Body(block.calls, block.end, announced=True)
        if python and (OPENING.match(self._text, at) or LIST.match(self._text, at)):
            return python_calls(self._text, at, self._declared)
        if self._text.startswith(("{", "["), at):
            return self._list(at)[0]
        return self._strong(at)
