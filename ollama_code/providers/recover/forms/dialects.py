"""The tags of each dialect: what names a call, what names an argument, and what closes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ollama_code.core.coercion import ARGUMENT_KEYS
from ollama_code.providers.recover.declared import DeclaredTool
from ollama_code.providers.recover.tokens import CLOSER, PAIR_PREFIX, PREFIX

TAG_NAME = r"[^\s\"'<>=]{1,200}"
_IS = r"(?:\s*=\s*|\s+name\s*=\s*)[\"']?"
_KEY = rf"(?P<tag>param(?:eter)?){_IS}(?P<key>{TAG_NAME})[\"']?[^<>\n]{{0,60}}>"
_ENDS = rf"\s*(?:\Z|{CLOSER.pattern})"


@dataclass(frozen=True)
class Dialect:
    """`opener` names the call, `key` an argument; `value`, filled from what `key` found, closes an argument, `closer`
    the call. `trims`: one newline at each side of a value belongs to the tags."""

    opener: re.Pattern[str]
    key: re.Pattern[str]
    value: str
    closer: re.Pattern[str]
    trims: bool = True

    def closes(self, key: re.Match[str]) -> str:
        """What closes the argument that `key` opens."""
        return self.value.format_map(key.groupdict())

    @property
    def after(self) -> re.Pattern[str]:
        """What must follow a closer of a value, or else it is content."""
        return re.compile(rf"\s*(?:{self.key.pattern}|{self.closer.pattern})|{_ENDS}")


FUNCTION = Dialect(
    re.compile(rf"<function{_IS}(?P<name>{TAG_NAME})[\"']?\s*>"),
    re.compile(rf"<{_KEY}"),
    "</{tag}>",
    re.compile(r"</function>"),
)
INVOKE = Dialect(
    re.compile(rf"<invoke{_IS}(?P<name>{TAG_NAME})[\"']?\s*>"),
    re.compile(rf"<{_KEY}"),
    "</{tag}>",
    re.compile(r"</invoke>"),
)
PREFIXED = re.compile(rf"<(?P<prefix>{PREFIX})invoke{_IS}(?P<name>{TAG_NAME})[\"']?\s*>")
PAIR_KEY = re.compile(
    rf"<(?P<pair>{PAIR_PREFIX})arg_key>\s*(?P<key>[^<>\n]{{1,200}}?)\s*(?:</(?P=pair)arg_key>\s*)?<(?P=pair)arg_value>"
)
PAIRS = Dialect(
    re.compile(rf"(?P<name>{TAG_NAME})\s*(?=<{PAIR_PREFIX}arg_key>)"),
    PAIR_KEY,
    "</{pair}arg_value>",
    re.compile(r"(?!)"),
    trims=False,
)
CHILD = re.compile(r"<(?P<name>[A-Za-z_][\w.-]{0,100})>\s*(?=<[A-Za-z_])")


def prefixed(prefix: str) -> Dialect:
    spelled = re.escape(prefix)
    return Dialect(
        PREFIXED,
        re.compile(rf"<{spelled}{_KEY}"),
        f"</{prefix}{{tag}}>",
        re.compile(rf"</{spelled}invoke>"),
        trims=False,
    )


def children(tool: DeclaredTool, around: str) -> Dialect:
    """Only a known argument is a child tag of `around`: what the content of another looks like is its own affair."""
    keys = (*tool.signature.properties, "path", *ARGUMENT_KEYS)
    spellings = {key.replace("_", "[_-]?") for key in keys}
    key = rf"<(?P<key>(?i:{'|'.join(sorted(spellings, key=len, reverse=True))}))>"
    return Dialect(CHILD, re.compile(key), "</{key}>", re.compile(rf"</{re.escape(around)}>"))
