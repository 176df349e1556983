"""What a turn does, seen in its events, its history and its effects."""

from __future__ import annotations

from ollama_code.core.errors import ServerBusy, ServerUnreachable, StreamCut
from ollama_code.core.messages import AssistantMessage, ToolMessage, UserMessage
from ollama_code.core.permission import Allowed, Mode, Refused
from ollama_code.providers.scripted import calls, fails, says
from tests.agent.rig import Fixed, kinds, rig

NOTE_A = ("note", {"word": "a"})
NOTE_B = ("note", {"word": "b"})
QUIET = ("phase_changed", "usage_reported", "message_added")


async def test_turn_runs_the_call_after_approval_and_tells_the_story_in_order(tmp_path):
    r = rig(tmp_path, calls(NOTE_A, text="ok"), says("done"), asker=Fixed())
    events = await r.say()
    assert (tmp_path / "a").exists()
    assert kinds(events, *QUIET) == [
        "turn_started", "step_started", "text_delta", "tool_started", "permission_asked", "permission_answered",
        "tool_finished", "step_started", "text_delta", "turn_finished",
    ]  # fmt: skip
    assert [m.role for m in r.history] == ["user", "assistant", "tool", "assistant"]
    assert events[-1].reason == "done"


async def test_bare_no_ends_the_turn_and_answers_every_call(tmp_path):
    r = rig(tmp_path, calls(NOTE_A, NOTE_B), asker=Fixed(Refused()))
    events = await r.say()
    assert events[-1].reason == "denied"
    assert list(tmp_path.iterdir()) == []
    assert len([m for m in r.history if isinstance(m, ToolMessage)]) == 2


async def test_no_with_a_reason_goes_back_to_the_model(tmp_path):
    r = rig(tmp_path, calls(NOTE_A), says("I see"), asker=Fixed(Refused(feedback="use b")))
    events = await r.say()
    assert events[-1].reason == "done"
    assert "use b" in r.provider.requests[1].messages[-1].text
    assert not (tmp_path / "a").exists()


async def test_with_nobody_here_the_model_is_told_and_goes_on(tmp_path):
    r = rig(tmp_path, calls(NOTE_A), says("ok, without"))
    events = await r.say()
    answered = [e for e in events if e.type == "permission_answered"]
    assert (events[-1].reason, answered[0].by) == ("done", "nobody")
    assert "nobody is here" in r.history[2].text


async def test_plan_mode_refuses_an_edit_without_asking(tmp_path):
    asker = Fixed()
    r = rig(tmp_path, calls(NOTE_A), says("planned"), asker=asker, mode=Mode.PLAN)
    await r.say()
    assert (asker.asked, list(tmp_path.iterdir())) == ([], [])
    assert "plan mode" in r.history[2].text


async def test_grant_for_the_session_asks_once(tmp_path):
    asker = Fixed(Allowed(remember="session"))
    r = rig(tmp_path, calls(NOTE_A), calls(NOTE_A), says("ok"), asker=asker)
    await r.say()
    assert len(asker.asked) == 1


async def test_neighbouring_reads_run_together_and_answer_in_call_order(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "meet:2"}), ("peek", {"word": "meet:2"}), NOTE_A), says("ok"),
            asker=Fixed())  # fmt: skip
    events = await r.say()
    assert [m.text for m in r.history[2:5]] == ["saw meet:2", "saw meet:2", "noted a"]
    order = [e.type for e in events if e.type in ("tool_finished", "permission_asked")]
    assert order == ["tool_finished", "tool_finished", "permission_asked", "tool_finished"]


async def test_unknown_tool_and_bad_arguments_are_answered_not_fatal(tmp_path):
    r = rig(tmp_path, calls(("looks", {"word": "x"}), ("look", {"wrong": 1})), says("sorry"))
    events = await r.say()
    faults = [e.result.error.type for e in events if e.type == "tool_finished"]
    assert faults == ["tool_not_registered", "invalid_tool_params"]
    assert "look" in r.history[2].text and "word" in r.history[3].text
    assert kinds(events).count("tool_started") == 2


async def test_tool_bug_is_an_error_result_and_the_turn_goes_on(tmp_path, caplog):
    r = rig(tmp_path, calls(("fail", {"word": "bug"})), says("hm"))
    events = await r.say()
    assert events[-1].reason == "done"
    assert "RuntimeError" in r.history[2].text and "\x1b" not in r.history[2].text
    assert "crashed" in caplog.text


async def test_flood_is_bounded_and_the_whole_is_kept(tmp_path):
    r = rig(tmp_path, calls(("fail", {"word": "flood"})), says("much"))
    await r.say()
    text = r.history[2].text
    kept = next(tmp_path.glob("*.txt"))
    assert len(text) < 8192 * 3.2 / 4 + 500
    assert str(kept) in text and kept.read_text() == "line\n" * 100_000


async def test_fifty_calls_at_once_all_get_an_answer_that_fits(tmp_path):
    many = [("fail", {"word": f"flood {n}"}) for n in range(50)]
    r = rig(tmp_path, calls(*many), says("ok"))
    events = await r.say()
    answers = [m.text for m in r.history if isinstance(m, ToolMessage)]
    assert events[-1].reason == "done"
    assert len(answers) == 50 and sum(map(len, answers)) < 8192 * 3.2


async def test_step_limit_stops_a_model_that_calls_for_ever(tmp_path):
    r = rig(tmp_path, *[calls(("look", {"word": str(i)})) for i in range(9)], max_steps=3)
    events = await r.say()
    assert (events[-1].reason, len(r.provider.requests)) == ("step_limit", 3)


async def test_empty_answer_is_asked_again_once(tmp_path):
    r = rig(tmp_path, says(""), says("here I am"))
    events = await r.say()
    assert events[-1].reason == "done"
    assert [type(m) for m in r.history] == [UserMessage, UserMessage, AssistantMessage]


async def test_three_answers_that_come_to_nothing_end_the_turn_in_words(tmp_path):
    r = rig(tmp_path, says(""), says(" \n"), says(""))
    events = await r.say()
    assert events[-1].reason == "failed"
    assert any(e.type == "notice" and "third answer" in e.text for e in events)


async def test_cut_stream_is_retried_once_with_the_same_messages(tmp_path):
    r = rig(tmp_path, fails(StreamCut("cut"), after="half of"), says("whole"))
    events = await r.say()
    retried = [e for e in events if e.type == "retried"]
    assert [e.discarded for e in retried] == ["half of"]
    assert r.provider.requests[0].messages == r.provider.requests[1].messages
    assert r.history[-1].text == "whole"


async def test_answer_that_stays_cut_is_kept_and_marked(tmp_path):
    r = rig(
        tmp_path,
        fails(StreamCut("cut. Do this."), after="one"),
        fails(StreamCut("cut. Do this."), after="two"),
    )
    events = await r.say()
    assert (events[-1].reason, events[-1].detail) == ("failed", "cut. Do this.")
    assert r.history[-1].text.startswith("two") and "cut off" in r.history[-1].text


async def test_busy_server_is_tried_again(tmp_path):
    r = rig(tmp_path, fails(ServerBusy("busy")), says("now"))
    events = await r.say()
    assert events[-1].reason == "done"


async def test_unreachable_server_fails_at_once_when_there_is_no_patience(tmp_path):
    r = rig(tmp_path, fails(ServerUnreachable("nobody at http://127.0.0.1:1")))
    events = await r.say()
    assert events[-1].detail == "nobody at http://127.0.0.1:1"
    assert len(r.provider.requests) == 1


async def test_prompt_known_not_to_fit_is_not_sent(tmp_path):
    r = rig(tmp_path, says("never"), num_ctx=2048)
    events = await r.say("word " * 4000)
    assert events[-1].reason == "failed" and "2,048" in events[-1].detail
    assert r.provider.requests == []
