"""A model that goes round in circles is told so, then stopped; work that changes something is never taken for it."""

from __future__ import annotations

import pytest

from ollama_code.core.messages import ToolMessage
from ollama_code.providers.scripted import Reply, calls, says
from tests.agent.rig import Rig, rig

LOOK = calls(("look", {"word": "x"}))
OTHER = calls(("peek", {"word": "y"}))


def results(r: Rig) -> list[str]:
    return [m.text for m in r.history if isinstance(m, ToolMessage)]


async def test_the_third_equal_call_with_the_same_result_is_not_run(tmp_path):
    r = rig(tmp_path, LOOK, LOOK, LOOK, says("ok"))
    await r.say()
    assert results(r)[:2] == ["saw x", "saw x"] and "nothing has changed" in results(r)[2]


async def test_an_alias_and_another_order_of_arguments_are_the_same_call(tmp_path):
    r = rig(tmp_path, LOOK, calls(("peek", {"word": "x"})), LOOK, says("ok"))
    await r.say()
    assert "nothing has changed" in results(r)[2]


async def test_two_calls_in_turns_are_a_circle_too(tmp_path):
    r = rig(tmp_path, LOOK, OTHER, LOOK, OTHER, LOOK, OTHER, says("ok"))
    await r.say()
    assert results(r)[:4] == ["saw x", "saw y"] * 2
    assert all("nothing has changed" in text for text in results(r)[4:])


async def test_a_changed_file_starts_the_count_anew(tmp_path):
    write = calls(("note", {"word": "new"}))
    r = rig(tmp_path, LOOK, LOOK, write, LOOK, says("ok"), world=True, asker_allows=True)
    await r.say()
    assert results(r)[3] == "saw x"


async def test_after_a_change_a_call_may_be_made_twice_again(tmp_path):
    write = calls(("note", {"word": "new"}))
    r = rig(tmp_path, LOOK, LOOK, write, LOOK, LOOK, LOOK, says("ok"), world=True, asker_allows=True)
    await r.say()
    assert results(r)[3:5] == ["saw x"] * 2 and "nothing has changed" in results(r)[5]


def flood(word: str, more: bool) -> Reply:
    if more:
        return calls(("more_tools", {"tool": "fail", "arguments": {"word": word}}))
    return calls(("fail", {"word": word}))


@pytest.mark.parametrize("more", [False, True])
async def test_a_result_that_fills_the_window_each_time_is_a_circle_too(tmp_path, more):
    again, other = flood("flood", more), [flood(f"flood {n}", more) for n in range(20)]
    r = rig(tmp_path, *[reply for new in other for reply in (again, new)], num_ctx=4096, more=more)
    events = await r.say()
    finished = (e.result.llm_content for e in r.seen if e.type == "tool_finished")
    refused = [text for text in finished if "same result" in text]
    assert events[-1].reason == "loop" and any(e.type == "compacted" for e in r.seen)
    assert "4 times" in refused[0] and "ask for less" in refused[-1]


async def test_after_three_refusals_the_turn_ends_and_says_why(tmp_path):
    r = rig(tmp_path, *[LOOK] * 5)
    events = await r.say()
    assert events[-1].reason == "loop" and len(r.provider.requests) == 5
    assert any(e.type == "notice" and "again and again" in e.text for e in events)


async def test_the_next_turn_counts_from_the_beginning(tmp_path):
    r = rig(tmp_path, LOOK, LOOK, says("ok"), LOOK, says("ok"))
    await r.say()
    await r.say()
    assert results(r) == ["saw x"] * 3
