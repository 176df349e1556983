"""more_tools at work in a turn: what is asked for runs as itself, with its own question to the person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ollama_code.agent.execute import Attempt, execute
from ollama_code.agent.feed import Feed
from ollama_code.agent.runtime import Tooling
from ollama_code.core.error_type import ErrorType
from ollama_code.core.events import Event, ToolStarted
from ollama_code.core.messages import ToolCall
from ollama_code.core.permission import Mode, Refused
from ollama_code.core.results import ToolResult
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from ollama_code.tools.base import Alias
from ollama_code.tools.more import with_more
from ollama_code.tools.toolset import Toolset
from tests.agent.rig import Fail, Fixed, Kept, Look, Note


class Bench:
    """Three tools, of which only `look` stands in the head, and a person."""

    def __init__(self, folder: Path, person: Fixed, mode: Mode = Mode.DEFAULT) -> None:
        self.seen: list[Event] = []
        feed = Feed(self.seen.append)
        aliases = (Alias("jot", "note", {}), Alias("note_hello", "note", {"word": "hello"}))
        toolset = with_more(Toolset((Look(), Note(folder), Fail()), aliases), ["look"])
        gate = Gate(Policy(), mode, person, feed.emit)
        self._tooling = Tooling(toolset, gate, feed.emit, Kept(folder))

    async def more(self, **arguments: object) -> ToolResult:
        return await self.call("more_tools", **arguments)

    async def call(self, name: str, **arguments: object) -> ToolResult:
        call = ToolCall(id="c1", name=name, arguments=arguments)
        return (await execute(self._tooling, Attempt(call), 10_000)).result

    @property
    def title(self) -> str:
        (started,) = (event for event in self.seen if isinstance(event, ToolStarted))
        return started.title


@pytest.fixture
def person() -> Fixed:
    return Fixed()


@pytest.fixture
def bench(tmp_path: Path, person: Fixed) -> Bench:
    return Bench(tmp_path, person)


async def test_nothing_given_lists_what_is_not_in_the_head(bench: Bench) -> None:
    lines = (await bench.more()).llm_content.splitlines()
    assert lines[1:] == ["note: Note.", "fail: Fail."] and bench.title == "List more tools"


async def test_a_name_gives_the_whole_schema_and_runs_nothing(bench: Bench, person: Fixed) -> None:
    text = (await bench.more(tool="jot")).llm_content
    function = json.loads(text.splitlines()[0])
    assert function["name"] == "note" and function["parameters"]["required"] == ["word"]
    assert bench.title == "Look up jot" and person.asked == []


@pytest.mark.parametrize("arguments", ['{"word": "hi"}', {"word": "hi"}])
async def test_with_arguments_the_tool_runs_and_asks_as_itself(
    bench: Bench, person: Fixed, tmp_path: Path, arguments: object
) -> None:
    result = await bench.more(tool="note", arguments=arguments)
    (asked,) = person.asked
    assert (asked.tool, asked.kind, asked.scopes, asked.call_id) == ("note", "edit", ("note(hi)",), "c1")
    assert bench.title == "Note hi" and result.llm_content == "noted hi" and (tmp_path / "hi").exists()


async def test_a_refusal_leaves_everything_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Fixed(Refused(feedback="no")))
    result = await bench.more(tool="note", arguments='{"word": "hi"}')
    assert result.error.type is ErrorType.DENIED and not (tmp_path / "hi").exists()


async def test_plan_mode_refuses_what_it_refuses_directly(tmp_path: Path, person: Fixed) -> None:
    result = await Bench(tmp_path, person, Mode.PLAN).more(tool="note", arguments='{"word": "hi"}')
    assert result.error.type is ErrorType.DENIED and person.asked == [] and not (tmp_path / "hi").exists()


async def test_an_alias_brings_its_defaults(bench: Bench) -> None:
    assert (await bench.more(tool="note_hello", arguments="{}")).llm_content == "noted hello"


async def test_arguments_are_coerced_to_the_schema_of_the_tool(bench: Bench) -> None:
    assert (await bench.more(tool="look", arguments='{"Word": 7, "x": 1}')).llm_content == (
        "saw 7\nUnknown arguments were left out: x."
    )


@pytest.mark.parametrize(
    ("arguments", "type", "told"),
    [
        ({"tool": "note", "arguments": "word: hi"}, ErrorType.INVALID_PARAMS, "JSON object"),
        ({"tool": "note", "arguments": "{}"}, ErrorType.INVALID_PARAMS, "missing required arguments: word"),
        ({"tool": "not", "arguments": "{}"}, ErrorType.UNKNOWN_TOOL, "note: Note."),
        ({"tool": "xyzzy"}, ErrorType.UNKNOWN_TOOL, "note: Note."),
    ],
)
async def test_what_cannot_run_says_why(bench: Bench, arguments: dict, type: ErrorType, told: str) -> None:
    result = await bench.more(**arguments)
    assert result.error.type is type and told in result.llm_content


async def test_a_tool_outside_the_head_is_called_by_its_name_too(bench: Bench) -> None:
    assert (await bench.call("note", word="hi")).llm_content == "noted hi"
