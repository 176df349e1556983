"""A call being written as Python: `N(k=v)`."""

from __future__ import annotations

import re

from ollama_code.core.growing import Growing, Lost, ahead, skip_blank
from ollama_code.core.growing_json import Grown, Rules, value
from ollama_code.core.growing_string import Quoting
from ollama_code.providers.recover.drafts.heard import Hearing, Valued

_KEYWORD = re.compile(r"([A-Za-z_]\w{0,100})\s*=(?!=)")
_KEYWORD_LIMIT = 110
_RULES = Rules(opens=lambda path: False, quoting=Quoting(python=True))


def python_arguments(source: Growing) -> Hearing:
    """The arguments behind the opening parenthesis, up to the closing one. Raises: Lost, also for an argument
    without a name."""
    while True:
        yield from skip_blank(source)
        first = yield from ahead(source, 1)
        if first in (")", ","):
            source.at += 1
            if first == ")":
                return
            continue
        while not (keyword := _KEYWORD.match(source.text, source.at)) or keyword.end() == len(source.text):
            if source.ended or len(source.text) - source.at > _KEYWORD_LIMIT:
                raise Lost("an argument without a name")
            yield None
        source.at = keyword.end()
        for found in value(source, (), _RULES):
            match found:
                case None:
                    yield None
                case Grown(text=text):
                    yield Valued(keyword.group(1), text)
