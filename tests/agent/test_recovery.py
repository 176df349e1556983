"""The recovery ladder at work in a turn: what the model meant runs, what it did not write never does."""

from __future__ import annotations

from ollama_code.core.errors import ReplyBroken
from ollama_code.core.messages import ToolCall, ToolMessage, UserMessage
from ollama_code.providers.scripted import calls, fails, says
from tests.agent.rig import rig


async def test_a_call_written_as_text_runs_and_is_no_text(tmp_path):
    r = rig(
        tmp_path, says('<tool_call>\n{"name": "look", "arguments": {"word": "x"}}\n</tool_call>'), says("ok")
    )
    await r.say()
    asked, answered = r.history[1], r.history[2]
    assert (asked.text, asked.calls[0].name, answered.text) == ("", "look", "saw x")


async def test_the_next_request_has_the_call_as_a_call(tmp_path):
    r = rig(tmp_path, says('{"name": "look", "arguments": {"word": "x"}}'), says("ok"))
    await r.say()
    sent = r.provider.requests[-1].messages
    assert isinstance(sent[1].calls[0], ToolCall) and isinstance(sent[2], ToolMessage)


async def test_an_error_of_the_parser_is_answered_with_a_note_instead_of_the_same_request(tmp_path):
    fault = ReplyBroken("unreadable", said="XML syntax error on line 4: unexpected EOF", status=500)
    r = rig(tmp_path, fails(fault), says("done"))
    events = await r.say()
    assert events[-1].reason == "done"
    first, second = r.provider.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert isinstance(second.messages[-1], UserMessage) and "could not be read" in second.messages[-1].text


async def test_a_cut_call_beside_a_good_one_gets_its_reason_and_does_not_run(tmp_path):
    cut = ("note", {"word": 7, "unknown": [1]})
    r = rig(tmp_path, calls(("look", {"word": "x"}), cut), says("ok"))
    await r.say()
    results = [m.text for m in r.history if isinstance(m, ToolMessage)]
    assert results[0] == "saw x" and results[1].startswith("Error:")
    assert list(tmp_path.glob("7")) == []


async def test_a_call_of_no_tool_that_came_as_a_call_is_answered_with_the_nearest_name(tmp_path):
    r = rig(tmp_path, calls(("lok", {"word": "x"})), says("ok"))
    await r.say()
    assert "Did you mean look" in r.history[2].text


async def test_thinking_without_an_answer_is_asked_again_without_thinking(tmp_path):
    r = rig(tmp_path, says("", thinking="Let me see."), says("done"))
    await r.say()
    assert [request.think for request in r.provider.requests] == [None, False]
