"""A subagent works in a conversation of its own: the main one keeps its history, its prefix and its turn."""

from __future__ import annotations

import asyncio

import pytest

from ollama_code.agent.known import Known
from ollama_code.agent.subagents import Task, delegate
from ollama_code.core.errors import RequestRejected
from ollama_code.core.messages import ToolMessage
from ollama_code.providers.scripted import calls, fails, hangs, says
from tests.agent.rig import Rig, rig

LOOK_ONLY = Task("explore-1", "Find it.", ("look",))


def runtime(r: Rig):
    return r.session._rt


async def test_its_last_words_come_back_and_its_history_stays_its_own(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "x"})), says("It is in x."))
    report = await delegate(runtime(r), LOOK_ONLY)
    assert (report.text, report.reason) == ("It is in x.", "done")
    assert r.history == []


async def test_its_requests_begin_with_the_same_head(tmp_path):
    r = rig(tmp_path, says("main"), says("sub"), says("main again"))
    await r.say()
    await delegate(runtime(r), LOOK_ONLY)
    await r.say()
    first, sub, second = r.provider.requests
    assert sub.head is first.head
    assert second.messages[: len(first.messages)] == first.messages
    assert not any(e.type == "notice" for e in r.seen)


async def test_a_tool_that_is_not_its_own_does_not_run(tmp_path):
    r = rig(tmp_path, calls(("note", {"word": "made"})), says("ok"), asker_allows=True)
    await delegate(runtime(r), LOOK_ONLY)
    answers = [
        e.message.text for e in r.seen if e.type == "message_added" and isinstance(e.message, ToolMessage)
    ]
    assert "There is no tool named note" in answers[0] and not (tmp_path / "made").exists()


async def test_every_event_carries_its_id_and_the_turn_is_framed(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "x"})), says("ok"))
    await delegate(runtime(r), LOOK_ONLY)
    assert {e.agent for e in r.seen} == {"explore-1"}
    assert (r.seen[0].type, r.seen[-1].type) == ("turn_started", "turn_finished")


async def test_a_failure_is_a_report_not_an_error(tmp_path):
    r = rig(tmp_path, fails(RequestRejected("The server said no.")))
    report = await delegate(runtime(r), LOOK_ONLY)
    assert (report.text, report.reason) == ("The server said no.", "failed")


async def test_stopping_it_closes_its_stream_and_its_turn(tmp_path):
    r = rig(tmp_path, hangs(after="half"))
    work = asyncio.create_task(delegate(runtime(r), LOOK_ONLY))
    await r.provider.hanging.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert r.seen[-1].reason == "cancelled" and not r.provider.hanging.is_set()


async def test_words_from_the_side_are_heard_before_the_next_step(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "x"})), says("ok"))
    r.session.observe(lambda e: r.session.steer("Be quick.") if e.type == "tool_started" else None)
    await r.say()
    first, second = r.provider.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert [m.text for m in second.messages if m.role == "user"][-1] == "Be quick."


async def test_words_that_come_with_the_last_answer_start_one_more_step(tmp_path):
    r = rig(tmp_path, says("done"), says("all right"))
    told = []

    def steer_once(event):
        if event.type == "text_delta" and not told:
            told.append(event)
            r.session.steer("One more thing.")

    r.session.observe(steer_once)
    events = await r.say()
    assert events[-1].reason == "done" and len(r.provider.requests) == 2


async def test_words_that_come_too_late_begin_the_next_message(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "x"})), says("ok"), max_steps=1)
    r.session.observe(lambda e: r.session.steer("Be quick.") if e.type == "tool_finished" else None)
    await r.say()
    await r.say("Go on.")
    last = [m for m in r.history if m.role == "user"][-1]
    assert last.text.endswith("Be quick.\n\nGo on.") and last.words == ("Be quick.", "Go on.")


async def test_a_window_that_turned_out_smaller_is_the_subagents_too(tmp_path):
    known = Known()
    known.window = 2048
    r = rig(tmp_path, says("ok"), known=known)
    report = await delegate(runtime(r), Task("explore-1", "word " * 2000, ("look",)))
    assert report.text == "ok" and len(r.provider.requests[0].messages[0].text) < 2048 * 4
    assert any(e.type == "notice" and "smaller than it was said" in e.text for e in r.seen)
