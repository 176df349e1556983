"""An immutable, ordered set of tools, looked up by name, by alias or by a spelling of either."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ollama_code.core.errors import UsageError
from ollama_code.core.head import WireTool
from ollama_code.core.messages import Arguments
from ollama_code.core.spelling import Spellings
from ollama_code.tools.base import Alias, AnyTool
from ollama_code.tools.schema import wire_tool


@dataclass(frozen=True)
class Found:
    tool: AnyTool
    defaults: Arguments


class Toolset:
    def __init__(self, tools: Iterable[AnyTool], aliases: Iterable[Alias] = ()) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._aliases: dict[str, Found] = {}
        for alias in aliases:
            if alias.tool in self._tools:
                self._aliases.setdefault(alias.name, Found(self._tools[alias.tool], alias.defaults))
        own = {tool.name: Found(tool, {}) for tool in self._tools.values()}
        self._found = Spellings({**self._aliases, **own})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    @property
    def tools(self) -> tuple[AnyTool, ...]:
        return tuple(self._tools.values())

    @property
    def aliases(self) -> tuple[Alias, ...]:
        return tuple(Alias(name, found.tool.name, found.defaults) for name, found in self._aliases.items())

    def find(self, name: str) -> Found | None:
        """The tool that `name` spells: case, `_` `-` and camelCase, a namespace in front, a control token
        behind. Never another tool, however near."""
        return self._found.find(name)

    def nearest(self, name: str) -> tuple[str, ...]:
        """Up to three declared names that look like `name`, for an error message."""
        return tuple(difflib.get_close_matches(name, self._tools, n=3, cutoff=0.4))

    def wire(self) -> tuple[WireTool, ...]:
        return tuple(wire_tool(tool.name, tool.description, tool.params) for tool in self._tools.values())

    def only(self, core: Sequence[str] | None, exclude: Sequence[str]) -> Toolset:
        """The tools named in `core` (`None` means all) without those in `exclude`; names may be aliases.
        Raises: UsageError naming a tool that does not exist."""
        wanted = set(self._tools) if core is None else {self._named(name, "coreTools") for name in core}
        unwanted = {self._named(name, "excludeTools") for name in exclude}
        kept = [tool for name, tool in self._tools.items() if name in wanted - unwanted]
        return Toolset(kept, self.aliases)

    def _named(self, name: str, setting: str) -> str:
        found = self.find(name)
        if found is None:
            near = ", ".join(self.nearest(name) or self.names)
            raise UsageError(f'There is no tool "{name}" (named in {setting}). Did you mean: {near}?')
        return found.tool.name
