"""Which tools exist, and whether a call as written is one of theirs: its name declared, its arguments fitting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ollama_code.core.coercion import Signature
from ollama_code.core.messages import Arguments
from ollama_code.core.spelling import Spellings


@dataclass(frozen=True)
class DeclaredTool:
    """`reads`: a call of it can do no harm, so that it may run where a writing one may not."""

    signature: Signature
    reads: bool

    @property
    def name(self) -> str:
        """The name to call it by: the tool's own, or the alias that was declared."""
        return self.signature.name


class Declared:
    """Every tool the program has enabled, offered in this request or not, and the aliases of its registration
    list, which are declared names too."""

    def __init__(
        self, tools: Iterable[DeclaredTool], aliases: Iterable[tuple[str, str, Arguments]] = ()
    ) -> None:
        """`aliases` are (alias, tool, arguments the alias stands for)."""
        self.tools = tuple(tools)
        own = {tool.name: tool for tool in self.tools}
        other = {alias: _alias(own[tool], alias, says) for alias, tool, says in aliases if tool in own}
        self._found = Spellings({**other, **own})

    def find(self, name: str) -> DeclaredTool | None:
        return self._found.find(name)


def _alias(tool: DeclaredTool, name: str, says: Arguments) -> DeclaredTool:
    return replace(tool, signature=replace(tool.signature, name=name, defaults=says))
