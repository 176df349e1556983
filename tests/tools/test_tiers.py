"""Which tools the head of a session offers, in how many words, and that it keeps to its budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ollama_code.core.messages import ToolCall
from ollama_code.prompts import brief_system_prompt, system_prompt
from ollama_code.tools.arguments import fit
from ollama_code.tools.base import Rank
from ollama_code.tools.more import MoreTools, meant, with_more
from ollama_code.tools.schema import Detail, offered, parameters
from ollama_code.tools.tiers.choose import Room, Tier, choose_tier
from ollama_code.tools.tiers.form import TextForm
from ollama_code.tools.toolset import Toolset
from tests.tools.inventory import invented, real_tools, with_invented

CORE = (
    "read_file", "write_file", "edit", "glob", "grep_search", "list_directory", "run_shell_command",
)  # fmt: skip
LIMITS = {4096: 614, 8192: 1200, 16384: 2457, 32768: 2500, 65536: 2500, 131072: 2500}
"""Most tokens of the head by window, a token being 3.7 characters of system text and JSON of tools."""
windows = pytest.mark.parametrize("num_ctx", LIMITS)
counts = pytest.mark.parametrize("count", [0, 1, 7, 30, 100])


@pytest.fixture
def toolset(tmp_path: Path) -> Toolset:
    return real_tools(tmp_path)


@pytest.fixture
def core(toolset: Toolset) -> Toolset:
    return toolset.only(CORE, ())


def tokens_of(tier: Tier) -> float:
    return (len(tier.system) + len(json.dumps(tier.tools))) / 3.7


@windows
@counts
def test_the_head_keeps_to_its_budget(toolset: Toolset, num_ctx: int, count: int) -> None:
    tier = choose_tier(with_invented(toolset, count), Room(num_ctx))
    assert tokens_of(tier) <= LIMITS[num_ctx] and tokens_of(tier) <= num_ctx * 0.15
    assert tokens_of(tier) <= tier.tokens < tokens_of(tier) + 1


@windows
@counts
def test_the_core_is_offered_first_and_in_order(toolset: Toolset, num_ctx: int, count: int) -> None:
    assert choose_tier(with_invented(toolset, count), Room(num_ctx)).names[:7] == CORE


@windows
@counts
def test_every_tool_is_offered_or_reached(toolset: Toolset, num_ctx: int, count: int) -> None:
    every = with_invented(toolset, count)
    tier = choose_tier(every, Room(num_ctx))
    assert {*tier.names, *tier.left_out} - {"more_tools"} == set(every.names)
    assert ("more_tools" in tier.names) is bool(tier.left_out)


def test_todo_write_is_the_first_after_the_core(toolset: Toolset) -> None:
    assert choose_tier(with_invented(toolset, 100), Room(8192)).names[7] == "todo_write"


@windows
def test_the_same_session_start_gives_the_same_bytes(tmp_path: Path, num_ctx: int) -> None:
    room = Room(num_ctx, frozenset({"b", "a"}))
    one, other = (choose_tier(with_invented(real_tools(tmp_path), 30), room) for _ in range(2))
    assert json.dumps([one.system, one.tools]) == json.dumps([other.system, other.tools])


def test_a_model_in_the_smallest_window_is_told_how_to_edit(toolset: Toolset) -> None:
    tier = choose_tier(with_invented(toolset, 100), Room(4096))
    (edit,) = (told for told in tier.told if told.tool.name == "edit")
    assert tier.system == brief_system_prompt()
    assert "Copy old_string exactly" in edit.description


def test_a_window_with_room_has_everything_in_full(core: Toolset) -> None:
    tier = choose_tier(core, Room(32768))
    assert tier.system == system_prompt()
    assert tier.tools == core.wire()


def test_a_few_chosen_tools_fit_the_smallest_window_without_more_tools(toolset: Toolset) -> None:
    tier = choose_tier(toolset.only(["read_file", "edit"], ()), Room(4096))
    assert tier.names == ("read_file", "edit") and tier.system == system_prompt()


def test_more_tools_names_what_it_reaches_where_there_is_room(core: Toolset) -> None:
    tier = choose_tier(with_invented(core, 30), Room(16384))
    description = tier.tools[-1]["function"]["description"]
    assert tier.left_out and all(name in description for name in tier.left_out)


@pytest.mark.parametrize(
    ("folder", "offered"), [(frozenset({"go.mod"}), True), (frozenset({"main.gopher"}), False)]
)
def test_a_tool_for_one_kind_of_project_is_offered_there_only(
    core: Toolset, folder: frozenset[str], offered: bool
) -> None:
    golang = invented("golang", its_markers=("go.mod", "*.go"))
    tier = choose_tier(Toolset((*with_invented(core, 30).tools, golang)), Room(16384, folder))
    assert ("golang" in tier.names) is offered and ("golang" in tier.left_out) is not offered


def test_a_common_tool_comes_before_a_special_one(core: Toolset) -> None:
    late = invented("late", Rank.COMMON)
    tier = choose_tier(Toolset((*with_invented(core, 30).tools, late)), Room(16384))
    assert "late" in tier.names and "invented_1" in tier.left_out


@windows
@counts
def test_tools_as_text_keep_to_the_same_budget(toolset: Toolset, num_ctx: int, count: int) -> None:
    room = Room(num_ctx, reserved_chars=200, form=TextForm())
    tier = choose_tier(with_invented(toolset, count), room)
    assert (len(tier.system) + len(tier.text) + 200) / 3.7 <= LIMITS[num_ctx]
    assert all(f"{name}(" in tier.text for name in tier.names)


def test_a_tool_as_text_shows_types_choices_and_what_is_optional(toolset: Toolset) -> None:
    tier = choose_tier(toolset, Room(4096, form=TextForm()))
    assert "edit(file_path, old_string, new_string, replace_all?: boolean): Replace old_string" in tier.text
    assert "todos: [{id, content?, status?: pending|in_progress|completed}]" in tier.text


@pytest.mark.parametrize("detail", Detail)
def test_required_arguments_are_shown_in_every_length(toolset: Toolset, detail: Detail) -> None:
    for tool in toolset.tools:
        shown, whole = offered(tool.params, detail), parameters(tool.params)
        assert shown.get("required") == whole.get("required")
        assert set(whole.get("required", ())) <= set(shown["properties"]) <= set(whole["properties"])


def test_an_argument_that_is_not_shown_is_understood(toolset: Toolset) -> None:
    grep = toolset.find("grep_search").tool
    assert fit(grep, {"pattern": "x", "output_mode": "count"}, {}).params.output_mode == "count"


# --- the call inside a call ------------------------------------------------------------------------------


def call(**arguments: object) -> ToolCall:
    return ToolCall(id="c1", name="more_tools", arguments=arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"tool": "todo", "arguments": '{"todos": []}'},
        {"tool": "todo", "arguments": {"todos": []}},
        {"name": "todo", "args": {"todos": []}},
        {"Tool": "todo", "parameters": "{'todos': []}"},
    ],
)
def test_what_is_inside_a_call_is_meant_under_its_own_name(toolset: Toolset, arguments: dict) -> None:
    inner = meant(call(**arguments), with_more(toolset, CORE))
    assert inner == ToolCall(id="c1", name="todo", arguments={"todos": []})


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"tool": "todo_write"},
        {"tool": "todo_write", "arguments": ""},
        {"tool": "todo_write", "arguments": '{"todos": ['},
        {"tool": "todo_write", "arguments": "[]"},
        {"tool": "no_such_tool", "arguments": "{}"},
        {"tool": "more_tools", "arguments": "{}"},
        {"arguments": "{}"},
    ],
)
def test_a_call_that_holds_none_stays_as_it_is(toolset: Toolset, arguments: dict) -> None:
    assert meant(call(**arguments), with_more(toolset, CORE)) == call(**arguments)


def test_a_tool_called_by_its_own_name_is_left_alone(toolset: Toolset) -> None:
    direct = ToolCall(id="c1", name="todo_write", arguments={"tool": "edit", "arguments": "{}"})
    assert meant(direct, with_more(toolset, CORE)) == direct


def test_an_excluded_tool_is_out_of_reach(toolset: Toolset) -> None:
    asked = call(tool="ask_user", arguments={"question": "?"})
    assert meant(asked, with_more(toolset.only(None, ["ask_user"]), CORE)) == asked


def test_a_broken_call_of_more_tools_is_not_taken_for_a_harmless_one(toolset: Toolset) -> None:
    assert MoreTools(toolset, CORE).kind == "execute"
