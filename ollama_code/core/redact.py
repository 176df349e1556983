"""Takes secrets out of text that is kept or handed on: keys and tokens by their form, and values known to be secret.

Two strengths. What is only looked at, such as a log, loses whatever a name calls a secret. What is worked with
again, such as the code in a session, loses what surely is one: `token = get_token()` stays. A net with holes by its
nature: a secret of no known form that nobody named passes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

HIDDEN = "<secret>"
_SHORTEST, _SHORTEST_WORD = 8, 16
"""Characters below which a known value is too likely to be a common word: of any, of one of letters alone."""
_SHORTEST_LITERAL, _SHORTEST_QUOTED = 16, 12
_LONGEST_LITERAL = 4096
"""Characters of a value after a name: an RSA key on one line is shorter."""
_MIXED = 3
"""How often a letter and a digit stand side by side, at least, in what nobody would call a word."""


@dataclass(frozen=True)
class _Form:
    """`marks` are how each match begins, in lower case: looking for those first is what makes this quick. Of a match,
    its first group stays, if it has one; `is_meant` judges the group `value`."""

    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    is_meant: Callable[[re.Match[str]], bool] = bool

    def hidden_in(self, text: str, lower: str) -> str:
        """`lower` is `text` in lower case, of the same length."""
        pieces: list[str] = []
        done = 0
        for start in sorted({at for mark in self.marks for at in _places(mark, lower)}):
            found = self.pattern.match(text, start) if start >= done else None
            if found and self.is_meant(found):
                pieces += [text[done:start], found.group(1) if self.pattern.groups else "", HIDDEN]
                done = found.end()
        return "".join((*pieces, text[done:])) if pieces else text


def _lower(text: str) -> str:
    """Of the same length, which a few capitals else are not."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(one.lower()[0] for one in text)


def _places(mark: str, text: str) -> Iterator[int]:
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + 1)


def _is_random(found: re.Match[str]) -> bool:
    """Whether the value is long and mixed as no word and hardly a name is."""
    value = found["value"]
    quoted = found.string[found.start("value") - 1] in "\"'"
    long = len(value) >= (_SHORTEST_QUOTED if quoted else _SHORTEST_LITERAL)
    return long and len(_BESIDE.findall(value)) >= _MIXED


_BESIDE = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_TOKENS = {
    **{f"gh{kind}_": rf"gh{kind}_[A-Za-z0-9]{{16,}}" for kind in "pousr"},
    "github_pat_": r"github_pat_\w{16,}",
    "glpat-": r"glpat-[\w-]{16,}",
    "akia": r"AKIA[A-Z0-9]{16}",
    "asia": r"ASIA[A-Z0-9]{16}",
    "aiza": r"AIza[\w-]{30,}",
    "xox": r"xox[a-z]-[A-Za-z0-9-]{8,}",
    "sk-": r"sk-(?=[a-zA-Z_-]{0,200}+[0-9])[\w-]{16,}",
    "hf_": r"hf_[A-Za-z0-9]{16,}",
    "eyj": r"eyJ[\w-]{8,4096}+\.[\w-]{8,}+\.[\w-]*",  # a JSON web token
}
_WORD_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""Also after a line break that JSON wrote as two characters."""
_TOKEN = _Form(tuple(_TOKENS), re.compile(f"{_WORD_START}(?:{'|'.join(_TOKENS.values())})"))

_BEGIN, _END = (rf"-----{side} [A-Z0-9 ]*PRIVATE KEY-----" for side in ("BEGIN", "END"))
_LINE = r"(?:[^(){}\[\]<>_$;@&?!~`^%-]|-(?!----BEGIN))"
"""Of a key, with numbers, quotes or escapes around it: code soon has other characters, another key has its own."""
_SURE_KEY = _Form(
    ("-----begin",),
    re.compile(
        rf"{_BEGIN}{_LINE}*?(?:{_END}|(?<=[A-Za-z0-9+/=]{{40}})(?:.{{,8000}}?{_END}|{_LINE}*))", re.DOTALL
    ),
)
_ANY_KEY = _Form(("-----begin",), re.compile(rf"{_BEGIN}.*?(?:{_END}|\Z)", re.DOTALL))

_SURE_LOGIN = _Form(("://",), re.compile(r"(://)[^\s/@:'\"${}<>()]*:[^\s/@'\"${}<>()]+(?=@)"))
"""Of an address; without those that a program fills in."""
_ANY_LOGIN = _Form(("://",), re.compile(r"(://)[^\s/@:'\"]*:[^\s/@'\"]+(?=@)"))

_NAMES = tuple("passw passphrase secret token api access private credential authorization bearer".split())
_NAMED = r"""
    ( (?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)
      (?:[_-][a-z0-9]+){0,3}
      (?:\\*["'])? \s* [=:] \s* (?:\\*["'])?
    | authorization (?:\\*["'])? \s* [=:] \s* (?:\\*["'])? (?:(?:bearer|basic|token)\s+)?
    | \b bearer \s+
    )
"""
_LITERAL = rf"""
    (?-i: (?P<value> [A-Za-z0-9+/=_.~!?@#%^&*:-]{{1,{_LONGEST_LITERAL}}}+ (?=["'\\])
                   | [A-Za-z0-9+/=_~-]{{1,{_LONGEST_LITERAL}}}+ (?=[\s"'\\,;&|]|\Z) ))
"""
"""In no piece that could be given back: many names in one long run would each read it again and again."""
_FLAGS = re.VERBOSE | re.IGNORECASE
_SURELY_NAMED = _Form(_NAMES, re.compile(_NAMED + _LITERAL, _FLAGS), _is_random)
_ANY_NAMED = _Form(_NAMES, re.compile(rf"""{_NAMED}(?: (?<=["']) [^"'\\]+ | [^\s"'\\,;&|]+ )""", _FLAGS))

_SURE = (_SURE_KEY, _TOKEN, _SURE_LOGIN, _SURELY_NAMED)
_ANY = (_ANY_KEY, _TOKEN, _ANY_LOGIN, _ANY_NAMED)


class Redactor:
    """Each method gives `text` with secrets replaced; what names one stays, so that it can be told what was there.

    `known` are values that are secret whatever they look like; short ones, which may be words, are not looked for."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        telling = {
            value for value in known if len(value) >= (_SHORTEST_WORD if value.isalpha() else _SHORTEST)
        }
        self._known = sorted(telling, key=len, reverse=True)

    def known(self, text: str) -> str:
        """Without the known values alone."""
        for value in self._known:
            text = text.replace(value, HIDDEN)
        return text

    def sure(self, text: str) -> str:
        """For text that somebody goes on working with: what surely is a secret."""
        return self._without(_SURE, text)

    def likely(self, text: str) -> str:
        """For text that is only looked at: also whatever a name calls a secret."""
        return self._without(_ANY, text)

    def _without(self, forms: Iterable[_Form], text: str) -> str:
        text = self.known(text)
        for form in forms:
            text = form.hidden_in(text, _lower(text))
        return text
