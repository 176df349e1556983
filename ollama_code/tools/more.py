"""more_tools: the tools that have no place in the head. It lists and explains; what it is asked to run becomes a call
of that very tool (`meant`), under its own title and permission."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from pydantic import Field, JsonValue

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.loose import Broken, whole
from ollama_code.core.messages import Arguments, ToolCall
from ollama_code.core.permission import Kind
from ollama_code.core.results import ToolResult
from ollama_code.core.spelling import plain
from ollama_code.core.text import one_line
from ollama_code.tools.base import AnyTool, Call, Params, Tool
from ollama_code.tools.schema import PLAIN, Detail, shown_as, told_of, wire_tool
from ollama_code.tools.toolset import Toolset

MORE = "more_tools"
NO_OBJECT = r'arguments is no JSON object. Write it like "{\"key\": \"value\"}", in the words of the schema:'
RUN_IT = 'Run it with more_tools: tool="{name}" and arguments = a JSON object as a string.'


class MoreParams(Params):
    tool: str = Field(default="", description="Name of a tool.", json_schema_extra=PLAIN)
    arguments: str | dict[str, JsonValue] = Field(
        default="",
        description="Its arguments, to run it.",
        json_schema_extra={**PLAIN, **shown_as("string")},
    )
    """Models write the object itself as well."""


class MoreTools(Tool[MoreParams]):
    name = MORE
    kind = Kind.EXECUTE  # what it holds may do anything: a broken call is never taken for a harmless one
    params = MoreParams
    argument_aliases = {
        "name": "tool",
        "tool_name": "tool",
        "args": "arguments",
        "parameters": "arguments",
        "params": "arguments",
        "input": "arguments",
    }

    def __init__(self, toolset: Toolset, in_head: Collection[str]) -> None:
        """`toolset` is every enabled tool, `in_head` the names of those the model has before it."""
        self._toolset = toolset
        self._in_head = frozenset(in_head)

    def title(self, p: MoreParams) -> str:
        return f"Look up {p.tool}" if p.tool else "List more tools"

    async def run(self, p: MoreParams, call: Call) -> ToolResult:
        if not p.tool:
            return ToolResult(llm_content=self._list())
        found = self._toolset.find(p.tool)
        if found is None:
            unknown = f"There is no tool named {one_line(p.tool, limit=80)}."
            raise ToolError(f"{unknown}\n{self._list()}", ErrorType.UNKNOWN_TOOL)
        if p.arguments:  # or it would have been run
            raise ToolError(f"{NO_OBJECT}\n{_schema(found.tool)}", ErrorType.INVALID_PARAMS)
        return ToolResult(llm_content=f"{_schema(found.tool)}\n{RUN_IT.format(name=found.tool.name)}")

    def _list(self) -> str:
        rest = [tool for tool in self._toolset.tools if tool.name not in self._in_head]
        if not rest:
            return "There are no more tools than those you have."
        lines = (f"{tool.name}: {told_of(tool.description, Detail.SHORT)}" for tool in rest)
        return "\n".join(("More tools; name one as tool to see its parameters:", *lines))


def with_more(toolset: Toolset, in_head: Collection[str]) -> Toolset:
    """`toolset` and a `more_tools` that reaches all of it; one that is there already makes way."""
    own = Toolset((tool for tool in toolset.tools if tool.name != MORE), toolset.aliases)
    return Toolset((*own.tools, MoreTools(own, in_head)), own.aliases)


def meant(call: ToolCall, toolset: Toolset) -> ToolCall:
    """The call to carry out: the one that a `more_tools` holds, else `call` itself. Its id stays."""
    found = toolset.find(call.name)
    if found is None or not isinstance(found.tool, MoreTools):
        return call
    name, body = _given(call.arguments, "tool"), _given(call.arguments, "arguments")
    arguments = _object(body)
    if not isinstance(name, str) or not name.strip() or arguments is None:
        return call
    inner = toolset.find(name)
    if inner is None or inner.tool is found.tool:
        return call
    return ToolCall(id=call.id, name=name, arguments=arguments)


def _given(arguments: Mapping[str, JsonValue], wanted: str) -> JsonValue:
    aliases = MoreTools.argument_aliases.items()
    spellings = {plain(wanted), *(plain(alias) for alias, name in aliases if name == wanted)}
    return next((value for key, value in arguments.items() if plain(key) in spellings), None)


def _object(body: JsonValue) -> Arguments | None:
    if isinstance(body, str) and body.strip():
        try:
            body = whole(body)
        except Broken:
            return None
    return body if isinstance(body, dict) else None


def _schema(tool: AnyTool) -> str:
    return json.dumps(wire_tool(tool.name, tool.description, tool.params)["function"], ensure_ascii=False)
