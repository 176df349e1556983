"""How Go reads and writes JSON and durations, as far as it shows on Ollama's wire."""

import json
import re

_HTML_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
_DURATION = re.compile(r"[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class BadJson(Exception):
    """A body Go cannot decode; the text is Go's own."""


def dump_json(value: object) -> bytes:
    """Compact JSON with Go's escapes: `<`, `>`, `&` and the two Unicode line ends."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_HTML_ESCAPES).encode()


def load_object(body: bytes) -> dict[str, object]:
    """Raises: BadJson with the text Ollama puts into its 400."""
    if not body:
        raise BadJson("missing request body")
    try:
        value = json.loads(body)
    except json.JSONDecodeError as error:
        raise BadJson(_syntax_error(error)) from error
    except UnicodeDecodeError as error:
        raise BadJson("invalid character in string literal") from error
    if not isinstance(value, dict):
        raise BadJson(f"json: cannot unmarshal {kind(value)} into Go value of type api.ChatRequest")
    return value


def kind(value: object) -> str:
    """Go's word for the JSON type of `value`."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case None:
            return "null"
        case _:
            return "object"


def duration_s(value: object) -> float:
    """A `keep_alive`: seconds, or a Go duration such as `5m`; below zero means forever. Raises: BadJson."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise BadJson(f"Unsupported type: '{kind(value)}'")
    if value == "0":
        return 0.0
    if re.fullmatch(r"[-+]?\d+", value):
        raise BadJson(f'time: missing unit in duration "{value}"')
    if not _DURATION.fullmatch(value):
        raise BadJson(f'time: invalid duration "{value}"')
    total_s = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))
    return -total_s if value.startswith("-") else total_s


def _syntax_error(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :].lstrip()
    if not rest or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    return f"invalid character {rest[0]!r} looking for beginning of value"
