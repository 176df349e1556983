"""Takes secrets out of text that is kept or handed on: keys and tokens by their form, and values known to be secret.

A net with holes by its nature: a secret of no known form that nobody named passes."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "<secret>"
_SHORTEST = 8
"""Characters below which a known value is too likely to be a common word."""

_KEY_BLOCK = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
_TOKENS = (
    r"gh[pousr]_[A-Za-z0-9]{16,}",
    r"github_pat_\w{16,}",
    r"glpat-[\w-]{16,}",
    r"A(?:KIA|SIA)[A-Z0-9]{16}",
    r"AIza[\w-]{30,}",
    r"xox[a-z]-[A-Za-z0-9-]{8,}",
    r"sk-[\w-]{16,}",
    r"hf_[A-Za-z0-9]{16,}",
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # a JSON web token
)
_BY_FORM = re.compile(rf"{_KEY_BLOCK}|(?<![A-Za-z0-9])(?:{'|'.join(_TOKENS)})", re.DOTALL)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@:'\"]*:[^\s/@'\"]+(?=@)")
_NAMED = re.compile(
    r"""
    ( (?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)
      (?:[_-][a-z0-9]+){0,3}
      (?:\\*["'])? \s* [=:] \s* (?:\\*["'])?
    | authorization (?:\\*["'])? \s* [=:] \s* (?:\\*["'])? (?:(?:bearer|basic|token)\s+)?
    | \b bearer \s+
    )
    (?: (?<=["']) [^"'\\]+ | [^\s"'\\,;&|]+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Redactor:
    """`known` are values that are secret whatever they look like; short ones are not looked for."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        values = sorted({value for value in known if len(value) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, values))) if values else None

    def __call__(self, text: str) -> str:
        """`text` with each secret replaced. What names one stays, so that it can be told what was there."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _BY_FORM.sub(HIDDEN, text)
        text = _IN_ADDRESS.sub(HIDDEN, text)
        return _NAMED.sub(rf"\1{HIDDEN}", text)
