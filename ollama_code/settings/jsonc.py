"""JSON as people write it by hand: with comments and trailing commas.

Both are blanked out with spaces of the same length, so that a line and a column in an error are those of the
editor. Stricter than `json` elsewhere: a key given twice, NaN and Infinity are errors."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn, cast

from ollama_code.core.errors import UsageError

if TYPE_CHECKING:  # the first paint reads the theme with this module, before anything heavy is loaded
    from pydantic import JsonValue

SIZE_LIMIT_BYTES = 1024 * 1024

_TOKEN = re.compile(
    r"""
    (?P<string>  "(?: [^"\\\n] | \\[^\n] )*+ "? )  # to the end of the line when never closed
  | (?P<comment> //[^\n]* | /\*.*?(?: \*/ | \Z ) )
  | (?P<mark>    [\[\]{},:] )
  | (?P<other>   [^\s"/\[\]{},:]++ | / )
    """,
    re.VERBOSE | re.DOTALL,
)
_MEANINGS = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing before this place",
    "Expecting ':' delimiter": "a colon is missing after the key",
    "Expecting value": "a value is missing here; texts need double quotes",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing here",
    "Unterminated string starting at": "this text has no closing quote",
    "Invalid control character at": "a text ends with its line; write \\n for a line break",
    "Extra data": "the file should end here, but more follows",
}
"""The words of `json` for people who do not write parsers."""


def parse(data: bytes, name: str) -> dict[str, JsonValue]:
    """The object that `data` holds; nothing but blanks and comments is an empty one. `name` is the file in
    messages. Raises: UsageError("name:line:column: what is wrong. what to do")."""
    if len(data) > SIZE_LIMIT_BYTES:
        raise UsageError(
            f"{name}: the file is larger than {SIZE_LIMIT_BYTES:,} bytes. Keep only settings in it."
        )
    text = _decoded(data, name)
    plain = _plain(text, name)
    if not plain.strip():
        return {}
    try:
        value = json.loads(plain, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as e:
        _fail(name, text, e.pos, _MEANINGS.get(e.msg, e.msg))
    except UnicodeEncodeError as e:
        raise UsageError(f"{name}: a text holds half of a \\u pair ({e.reason}). Write both halves.") from e
    except RecursionError as e:
        raise UsageError(f"{name}: the brackets are nested too deeply. No setting needs that.") from e
    except ValueError as e:
        raise UsageError(f"{name}: {e}. Write an ordinary number there.") from e
    if not isinstance(value, dict):
        raise UsageError(f"{name}:1:1: the file must hold one object. Put the settings between {{ and }}.")
    _refuse_doubled_keys(plain, name)
    return cast("dict[str, JsonValue]", value)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise UsageError(f"{name}:{line}: the file is not UTF-8. Save it again with that encoding.") from e


def _plain(text: str, name: str) -> str:
    """`text` with comments and trailing commas blanked. What is not JSON for other reasons stays so."""
    chars = list(text)
    before, last, last_at = "", "", 0
    for found in _TOKEN.finditer(text):
        token, at = found.group(), found.start()
        if found.lastgroup == "comment":
            if token.startswith("/*") and (len(token) < 4 or not token.endswith("*/")):
                _fail(name, text, at, "this comment is never closed with */")
            chars[at : at + len(token)] = re.sub(r"[^\n]", " ", token)
            continue
        if token in ("}", "]") and last == "," and before not in ("", "{", "[", ",", ":"):
            chars[last_at] = " "
        before, last, last_at = last, token, at
    return "".join(chars)


def _refuse_doubled_keys(plain: str, name: str) -> None:
    """`plain` is known to be well-formed, so the brackets match and each string can be read."""
    open_brackets: list[set[str]] = []
    last, last_at = "", 0
    for found in _TOKEN.finditer(plain):
        token = found.group()
        if token in ("{", "["):
            open_brackets.append(set())
        elif token in ("}", "]"):
            open_brackets.pop()
        elif token == ":":
            key = json.loads(last)
            if key in open_brackets[-1]:
                _fail(name, plain, last_at, f"the key {json.dumps(key)} stands here a second time")
            open_brackets[-1].add(key)
        last, last_at = token, found.start()


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _fail(name: str, text: str, at: int, why: str) -> NoReturn:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    raise UsageError(f"{name}:{line}:{column}: {why}. Mend this place, or rename the file to do without it.")
