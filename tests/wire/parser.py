"""What Ollama's parsers make of a model's own text, token by token: content, thinking, calls, silence or an error."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.wire.golang import kind
from tests.wire.script import Call, Family

OPENER, CLOSER, THINK_END = "<tool_call>", "</tool_call>", "</think>"


@dataclass(frozen=True)
class Step:
    """What one token of the model adds to the answer; all empty = the server withholds it."""

    token: str
    content: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()


class ParseError(Exception):
    """The parser gives up; the text is what the client gets."""


class Parser:
    """Reads one answer of a model. `types` maps a tool to the JSON-schema types of its properties."""

    def __init__(self, family: Family, types: Mapping[str, Mapping[str, str]], *, thinking: bool) -> None:
        self._family = family
        self._types = types
        self._state: Literal["thinking", "text", "call"] = "thinking" if thinking else "text"
        self._buffer = ""
        self._at_start = True

    def feed(self, token: str) -> Step:
        """Raises: ParseError on a call it cannot read."""
        if self._family == "plain":
            return Step(token, content=token)
        self._buffer += token
        content, thinking, calls = "", "", []
        for piece in self._pieces():
            if isinstance(piece, Call):
                calls.append(piece)
            elif piece[0] == "thinking":
                thinking += piece[1]
            else:
                content += piece[1]
        return Step(token, content, thinking, tuple(calls))

    def _pieces(self) -> "Iterator[Call | tuple[str, str]]":
        while True:
            state = self._state
            found = self._next_tag()
            if state == "call":
                if found is None:
                    return
                body, _tag = found
                self._state = "text"
                yield self._call(body)
                continue
            if found is None:
                yield state, self._safe_prefix()
                return
            before, tag = found
            self._state = "call" if tag == OPENER else "text"
            self._at_start = tag == THINK_END
            yield state, before.rstrip()

    def _next_tag(self) -> tuple[str, str] | None:
        """Cuts the buffer at the first tag that ends the present state; the text before it, and the tag."""
        tags = {"call": (CLOSER,), "text": (OPENER,), "thinking": (THINK_END, OPENER)}[self._state]
        hits = [(self._buffer.index(tag), tag) for tag in tags if tag in self._buffer]
        if not hits:
            return None
        at, tag = min(hits)
        before, self._buffer = self._buffer[:at], self._buffer[at + len(tag) :]
        if self._at_start:
            before = before.lstrip()
        return before, tag

    def _safe_prefix(self) -> str:
        """What can be shown: all but blanks and the beginning of a tag at the end, which may become markup."""
        if self._at_start:
            self._buffer = self._buffer.lstrip()
        kept = len(self._buffer)
        tags = (OPENER, THINK_END) if self._state == "thinking" else (OPENER,)
        for tag in tags:
            for length in range(len(tag) - 1, 0, -1):
                if self._buffer.endswith(tag[:length]):
                    kept = min(kept, len(self._buffer) - length)
                    break
        shown = self._buffer[:kept].rstrip()
        self._buffer = self._buffer[len(shown) :]
        self._at_start = self._at_start and not shown
        return shown

    def _call(self, body: str) -> Call:
        if self._family in ("qwen3-coder", "qwen3.5"):
            return _xml_call(body, self._types)
        return _json_call(body)


def property_types(tools: Sequence[Mapping[str, object]]) -> dict[str, dict[str, str]]:
    """Tool name -> property -> JSON-schema type, from the `tools` of a request."""
    types: dict[str, dict[str, str]] = {}
    for tool in tools:
        function = tool.get("function")
        if not isinstance(function, Mapping):
            continue
        schema = function.get("parameters") or {}
        properties = schema.get("properties") or {}
        types[str(function.get("name"))] = {
            name: str(spec.get("type", "string"))
            for name, spec in properties.items()
            if isinstance(spec, Mapping)
        }
    return types


def _json_call(body: str) -> Call:
    try:
        value = json.loads(body)
    except json.JSONDecodeError as error:
        raise ParseError(f"failed to parse JSON: {_go_text(error)}") from error
    if not isinstance(value, dict):
        raise ParseError(f"failed to parse JSON: json: cannot unmarshal {kind(value)} into Go value")
    if not value.get("name"):
        raise ParseError("empty function name")
    arguments = value.get("arguments")
    return Call(str(value["name"]), arguments if isinstance(arguments, dict) else {})


def _go_text(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :].lstrip()
    return f"invalid character {rest[0]!r}" if rest else "unexpected end of JSON input"


_NAMED = re.compile(r"<(\w+)=([^>]+)>")
_MARKUP = re.compile(
    r'<(?P<open>function|parameter) name="(?P<name>[^"<>]*)">|</(?P<close>function|parameter)>', re.DOTALL
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _xml_call(body: str, types: Mapping[str, Mapping[str, str]]) -> Call:
    """The call of qwen3-coder's pseudo XML, with everything this reading loses on the way."""
    # The tag becomes real XML first, also within values: so `<T=int>` in an argument is changed as well.
    text = _NAMED.sub(r'<\1 name="\2">', body.strip()).replace("\r\n", "\n").replace("\r", "\n")
    if control := _CONTROL.search(text):
        code = ord(control.group())
        raise _syntax_error(text[: control.start()], f"illegal character code U+{code:04X}")
    name = ""
    values: dict[str, str] = {}
    open_tags: list[tuple[str, str]] = []
    at = 0
    for tag in _MARKUP.finditer(text):
        _add(values, open_tags, text[at : tag.start()])
        at = tag.end()
        if tag["open"]:
            open_tags.append((tag["open"], tag["name"]))
            if len(open_tags) == 1:
                name = tag["name"]
            elif len(open_tags) == 2:
                values.setdefault(tag["name"], "")
        elif not open_tags or open_tags[-1][0] != tag["close"]:
            raise _mismatch(text[:at], open_tags, tag["close"])
        else:
            open_tags.pop()
    if open_tags:
        raise _syntax_error(text, "unexpected EOF")
    if not name:
        raise ParseError("EOF")
    return Call(name, {key: _typed(value, types.get(name, {}).get(key)) for key, value in values.items()})


def _add(values: dict[str, str], open_tags: list[tuple[str, str]], text: str) -> None:
    """Text counts only directly within a parameter: what stands in a nested one is lost."""
    if len(open_tags) == 2:
        values[open_tags[-1][1]] += text


def _mismatch(read: str, open_tags: list[tuple[str, str]], close: str) -> ParseError:
    if not open_tags:
        return _syntax_error(read, f"unexpected end element </{close}>")
    return _syntax_error(read, f"element <{open_tags[-1][0]}> closed by </{close}>")


def _syntax_error(read: str, what: str) -> ParseError:
    return ParseError(f"XML syntax error on line {read.count(chr(10)) + 1}: {what}")


def _typed(value: str, kind_name: str | None) -> object:
    value = value.removeprefix("\n").removesuffix("\n")
    if value.strip().lower() == "null":
        return None
    match kind_name:
        case "boolean":
            return value.strip().lower() == "true"
        case "integer" | "number":
            return _number(value)
        case "object" | "array":
            try:
                return json.loads(value)
            except json.JSONDecodeError:
                return value
        case _:
            return value


def _number(value: str) -> object:
    try:
        return int(value)
    except ValueError:
        try:
            return float(value)
        except ValueError:
            return value
