"""Making room: what is asked, what remains, and that a fold of the events gives the same."""

from __future__ import annotations

from ollama_code.core.errors import StreamCut
from ollama_code.core.messages import AssistantMessage, UserMessage
from ollama_code.providers.scripted import calls, fails, says
from tests.agent.rig import Rig, rig


async def compacted(r: Rig) -> list:
    return [event async for event in r.session.compact()]


def folded(events) -> list:
    history: list = []
    for event in events:
        if event.type == "message_added":
            history.append(event.message)
        elif event.type == "compacted":
            history = list(event.history)
    return history


async def test_summary_replaces_the_old_turns_and_the_last_words_of_the_person_stay(tmp_path):
    r = rig(tmp_path, says("first answer"), says("second answer"), says("SUMMARY"))
    await r.say("first task")
    await r.say("second task")
    events = await compacted(r)
    assert [type(m) for m in r.history] == [UserMessage, AssistantMessage]
    assert "SUMMARY" in r.history[0].text and r.history[0].text.endswith("second task")
    assert "first answer" not in r.history[0].text
    assert (events[0].type, events[-1].type, events[-1].reason) == ("turn_started", "turn_finished", "done")


async def test_the_request_for_the_summary_extends_the_live_prompt(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), says("SUMMARY"))
    await r.say("one")
    await r.say("two")
    before = tuple(r.history)
    await compacted(r)
    assert r.provider.requests[-1].messages[: len(before)] == before
    assert r.provider.requests[-1].head == r.provider.requests[0].head


async def test_fold_of_the_events_gives_the_history(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), says("SUMMARY"), says("c"))
    await r.say("one")
    await r.say("two")
    await compacted(r)
    await r.say("three")
    assert folded(r.seen) == r.history
    assert r.provider.requests[-1].messages[0] == r.history[0]


async def test_a_summary_that_fails_leaves_the_conversation_as_it_was(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), fails(StreamCut("cut")), fails(StreamCut("cut")))
    await r.say("one")
    await r.say("two")
    before = list(r.history)
    events = await compacted(r)
    assert (events[-1].reason, r.history) == ("failed", before)


async def test_nothing_to_compact_is_said_in_words(tmp_path):
    r = rig(tmp_path)
    events = await compacted(r)
    assert "too short" in events[-1].detail and r.provider.requests == []


async def test_the_next_message_tells_again_where_the_model_is(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), says("SUMMARY"), says("c"))
    await r.say("one")
    await r.say("two")
    await compacted(r)
    await r.say("three")
    assert f"Folder: {tmp_path}" in r.history[-2].text


async def test_what_the_person_said_before_stays_word_for_word_through_two_compactions(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), says("SUM ONE"), says("c"), says("SUM TWO"))
    await r.say("first task")
    await r.say("second task")
    await compacted(r)
    await r.say("third task")
    await compacted(r)
    text = r.history[0].text
    assert r.history[0].words == ("first task", "second task", "third task")
    assert [text.count(word) for word in ("first task", "second task", "third task")] == [1, 1, 1]
    assert "SUM TWO" in text and "SUM ONE" not in text


async def test_a_request_for_an_answer_is_not_taken_for_words_of_the_person(tmp_path):
    r = rig(tmp_path, says("a"), says(""), says("b"), says("SUMMARY"))
    await r.say("first task")
    await r.say("the task")
    assert r.history[-2].by == "program"
    await compacted(r)
    assert r.history[0].words[-1] == "the task"


async def test_the_summary_is_not_shown_as_an_answer(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), says("SUMMARY"))
    await r.say("one")
    await r.say("two")
    events = await compacted(r)
    assert not [e for e in events if e.type in ("text_delta", "message_added")]
    assert [e.phase.name for e in events if e.type == "phase_changed"] == ["compacting"]


async def test_a_model_that_calls_a_tool_instead_is_bound_to_words(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), calls(("look", {"word": "x"})), says("SUMMARY"))
    await r.say("one")
    await r.say("two")
    assert (await compacted(r))[-1].reason == "done"
    assert "SUMMARY" in r.history[0].text


async def test_one_message_that_fills_the_window_can_be_compacted(tmp_path):
    r = rig(tmp_path, says("SUMMARY"), says("on"), num_ctx=2048)
    assert (await r.say("a task, then very much text " * 400))[-1].reason == "failed"
    assert (await compacted(r))[-1].reason == "done"
    assert "a task" in r.history[0].text
    assert (await r.say("go on"))[-1].reason == "done"


async def test_a_summary_that_begins_a_call_is_none(tmp_path):
    r = rig(tmp_path, says("a"), says("b"), calls(("look", {"word": "x"}), text="I look."), says("SUMMARY"))
    await r.say("one")
    await r.say("two")
    await compacted(r)
    assert "SUMMARY" in r.history[0].text and "I look." not in r.history[0].text
