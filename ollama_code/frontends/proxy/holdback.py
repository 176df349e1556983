"""Holds back of a streamed text what may be the beginning of a call: what a client has read cannot be taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ollama_code.providers.recover.tokens import OPENER

_REACH = 400
"""Characters after which what might have begun a call is taken for text."""
_MAYBE = re.compile(r"<|[{\[]|```|`{1,2}\Z|^[ \t]*[\w.:*-]{1,60}\Z", re.MULTILINE)
"""Where a call may begin, what may become its fence, and a line of which only the first word is there."""
_OTHER = re.compile(r"\n|\bto=")
"""Where else a call may begin that is there as a whole."""
_CALLS = (
    r"<(?:function|invoke|think(?:ing)?|arg_key)\b|<\w{1,20}:(?:invoke|function_calls)\b|<\|(?:start|channel)\|>"
    r"|^\W{0,4}Action(?: Input)?:|\bto=functions\b"
)


class Holdback:
    """For one answer of a model that may call the tools `names`. Where one of them is named in the form of a call,
    all that follows is held until the whole answer can be judged."""

    def __init__(self, names: Iterable[str]) -> None:
        spelled = "|".join(re.sub(r"(?:\\-|_|-)", "[_-]?", re.escape(name)) for name in names) or r"(?!)"
        self._call = re.compile(
            rf"{OPENER.pattern}|{_CALLS}|<(?:{spelled})[\s>/]|^[ \t]*(?:functions\.)?(?:{spelled})\("
            rf"|[{{\[].{{0,{_REACH}}}?[\"'](?:{spelled})[\"']",
            re.MULTILINE | re.IGNORECASE | re.DOTALL,
        )
        self._shown: list[str] = []
        self._held = ""
        self._before = "\n"
        self._is_call = False

    def feed(self, text: str) -> str:
        """What of `text`, and of what was held before it, can be no call."""
        was_clear = not self._held
        self._held += text
        if self._is_call:
            return ""
        seen = self._before + self._held
        clear = _doubtful(seen)
        if was_clear and clear == len(seen) and not _OTHER.search(seen):
            return self._let_stripped(seen)  # as most pieces are: words within a line
        if found := self._call.search(seen):
            self._is_call = True
            clear = _doubtful(seen[: found.start()])
        return self._let_stripped(seen[:clear])

    def rest(self, visible: str) -> str:
        """What is still to be shown, where `visible` is all of the answer that a person is to see."""
        shown = "".join(self._shown).strip()
        return visible[len(shown) :] if visible.startswith(shown) else ""

    def held(self) -> str:
        """What was not let through."""
        return self._held

    def _let_stripped(self, seen: str) -> str:
        """Lets through `seen`, which begins with the character before it, up to the white space at its end."""
        length = max(len(seen.rstrip()) - 1, 0)
        let, self._held = self._held[:length], self._held[length:]
        self._before = let[-1:] or self._before
        self._shown.append(let)
        return let


def _doubtful(text: str) -> int:
    """Where the first place of `text` is that may begin a call, or its end. The first character is only there to show
    what stands before."""
    at = 1
    while found := _MAYBE.search(text, at):
        if len(text) - found.start() <= _REACH:
            return found.start()
        at = found.end()
    return len(text)
