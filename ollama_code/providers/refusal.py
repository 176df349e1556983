"""What a server said when it refused: a line of text and numbers, out of JSON, JSON inside JSON, text or HTML."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from pydantic import JsonValue

from ollama_code.core.text import one_line
from ollama_code.providers.lenient import read_json

_LEVELS = 3
"""An error of the engine arrives as JSON text inside the server's own JSON, sometimes wrapped once more."""
_TEXT_LIMIT = 400
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)
_OVERFLOW_NUMBERS = re.compile(r"\((\d+) tokens\).*\((\d+) tokens\)")


@dataclass(frozen=True)
class Refusal:
    """`text` is cleaned and on one line, empty when nothing was said. Token counts are 0 when not said."""

    text: str
    json: bool = False
    """Said in Ollama's own form, `{"error": ...}`, so it is Ollama and not a program before it that speaks."""
    by_engine: bool = False
    """Said by the engine that runs the model, and only passed on by Ollama."""
    whole: str = ""
    """All that was said, as it came."""
    kind: str = ""
    signin_url: str = ""
    prompt_tokens: int = 0
    num_ctx: int = 0


def read_refusal(body: bytes) -> Refusal:
    """Never fails: a body that is nothing known is its own text."""
    text = body.decode("utf-8", "replace")
    if _PAGE.match(text):
        title = _TITLE.search(text)
        text = html.unescape(_TAG.sub(" ", title.group(1) if title else text))
        return Refusal(one_line(text, limit=_TEXT_LIMIT))
    return _numbers(_unwrap(Refusal(text), _LEVELS))


def _unwrap(refusal: Refusal, levels: int) -> Refusal:
    """`refusal` with its text replaced by what the JSON in it says, `levels` deep."""
    fields = _fields(refusal.text) if levels else {}
    inner = fields.get("error")
    if isinstance(inner, dict):
        fields = inner
    text = _string(fields, "message") or _string(fields, "error")
    if not text and "error" not in fields:
        return replace(refusal, text=one_line(refusal.text, limit=_TEXT_LIMIT), whole=refusal.text)
    found = Refusal(
        text=text,
        json=True,
        by_engine=refusal.by_engine or refusal.json or isinstance(inner, dict),
        kind=_string(fields, "type") or refusal.kind,
        signin_url=_string(fields, "signin_url") or refusal.signin_url,
        prompt_tokens=_count(fields, "n_prompt_tokens") or refusal.prompt_tokens,
        num_ctx=_count(fields, "n_ctx") or refusal.num_ctx,
    )
    return _unwrap(found, levels - 1)


def _fields(text: str) -> dict[str, JsonValue]:
    try:
        value = read_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _numbers(refusal: Refusal) -> Refusal:
    """Token counts from the sentence, where they did not come as fields."""
    found = _OVERFLOW_NUMBERS.search(refusal.text)
    if found is None or refusal.num_ctx:
        return refusal
    return replace(refusal, prompt_tokens=int(found.group(1)), num_ctx=int(found.group(2)))


def _string(fields: dict[str, JsonValue], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _count(fields: dict[str, JsonValue], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
