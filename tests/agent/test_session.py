"""What a session guarantees whatever happens in a turn."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from ollama_code.core.errors import ProviderError
from ollama_code.core.events import EVENT
from ollama_code.core.messages import AssistantMessage, ToolCall, UserMessage
from ollama_code.core.permission import Mode
from ollama_code.providers.scripted import calls, fails, hangs, says
from tests.agent.rig import Fixed, Silent, rig

NOTE_A = ("note", {"word": "a"})


def folded(events) -> list:
    return [e.message for e in events if e.type == "message_added"]


async def stopped_at(r, type: str) -> None:
    stream = r.session.prompt("go")
    async for event in stream:
        if event.type == type:
            break
    await stream.aclose()


async def test_closing_the_iterator_withdraws_the_question_and_leaves_no_task(tmp_path):
    r = rig(tmp_path, calls(NOTE_A), asker=Silent())
    await stopped_at(r, "permission_asked")
    assert list(tmp_path.iterdir()) == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert r.seen[-1].reason == "cancelled"


async def test_history_is_valid_and_folds_from_events_after_a_stop(tmp_path):
    r = rig(tmp_path, calls(NOTE_A), says("on we go"), asker=Silent())
    await stopped_at(r, "permission_asked")
    assert [m.role for m in r.history] == ["user", "assistant", "tool"]
    await r.say("again")
    assert folded(r.seen) == r.history


async def test_after_a_stop_the_model_is_told_what_each_call_came_to(tmp_path):
    done, endless = ("look", {"word": "x"}), ("look", {"word": "meet:2"})
    r = rig(tmp_path, calls(done, endless, NOTE_A), asker=Fixed())
    await stopped_at(r, "tool_finished")
    assert [m.text.split(":")[0] for m in r.history[2:]] == ["saw x", "Stopped while it ran", "Not run"]
    assert folded(r.seen) == r.history


async def test_a_call_that_waited_for_the_person_is_told_as_not_run(tmp_path):
    r = rig(tmp_path, calls(NOTE_A), asker=Silent())
    await stopped_at(r, "permission_asked")
    assert r.history[-1].text.startswith("Not run")


async def test_text_read_before_a_stop_stays_in_the_history_marked(tmp_path):
    r = rig(tmp_path, hangs(after="half an answer"))
    stream = r.session.prompt("go")
    async for event in stream:
        if event.type == "text_delta" and r.provider.hanging.is_set():
            break
        if event.type == "text_delta" and event.text.endswith("answer"):
            break
    await stream.aclose()
    assert r.history[-1].text.startswith("half an answer") and "cut off" in r.history[-1].text


async def test_every_event_reaches_an_observer_when_the_front_end_left(tmp_path):
    r = rig(tmp_path, says("a long answer in several words"))
    stream = r.session.prompt("go")
    await anext(stream)
    await stream.aclose()
    assert [e.type for e in r.seen if e.type.startswith("turn")] == ["turn_started", "turn_finished"]


async def test_first_event_starts_and_last_ends_also_when_it_fails(tmp_path):
    r = rig(tmp_path, fails(ProviderError("broken", hint="Mend it.")))
    events = await r.say()
    assert (events[0].type, events[-1].type) == ("turn_started", "turn_finished")
    assert events[-1].detail == "broken Mend it."


async def test_events_survive_json(tmp_path):
    r = rig(tmp_path, calls(NOTE_A, ("fail", {"word": "x"}), text="t"), says("ok"), asker=Fixed())
    events = await r.say()
    assert [EVENT.validate_json(EVENT.dump_json(e)) for e in events] == events


async def test_requests_only_grow(tmp_path):
    r = rig(tmp_path, calls(NOTE_A), says("one"), calls(("look", {"word": "x"})), says("two"), asker=Fixed())
    await r.say("first")
    r.session.set_mode(Mode.PLAN)
    await r.say("second")
    sent = [request.messages for request in r.provider.requests]
    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(sent))
    assert len({request.head.model_dump_json() for request in r.provider.requests}) == 1


async def test_surroundings_ride_in_the_first_message_and_only_changes_later(tmp_path):
    r = rig(tmp_path, says("one"), says("two"), says("three"))
    for text, mode in (("first", Mode.DEFAULT), ("second", Mode.DEFAULT), ("third", Mode.PLAN)):
        r.session.set_mode(mode)
        await r.say(text)
    told = [m.text for m in r.history if isinstance(m, UserMessage)]
    assert "Date: 2026-11-21" in told[0] and told[0].endswith("first")
    assert told[1] == "second"
    assert "Mode: plan" in told[2] and "Date" not in told[2]


async def test_a_killed_sessions_open_calls_are_answered_when_it_is_opened(tmp_path):
    r = rig(tmp_path)
    call = ToolCall(id="c9", name="look", arguments={})
    history = [UserMessage(text="x"), AssistantMessage(calls=(call,))]
    reopened = type(r.session)("s", r.session._rt, r.session._feed, r.session._look, history)
    assert (reopened.history[-1].role, reopened.history[-1].call_id) == ("tool", "c9")
