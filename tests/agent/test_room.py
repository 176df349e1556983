"""Room is made before each request: what goes first, what always stays, and that it comes to an end."""

from __future__ import annotations

from ollama_code.agent.carry import carried
from ollama_code.agent.context import Standing
from ollama_code.agent.meter import Meter
from ollama_code.agent.stubs import drop_results
from ollama_code.core.head import Head
from ollama_code.core.messages import (
    AssistantMessage,
    Image,
    Message,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from ollama_code.core.todo import TodoItem
from ollama_code.providers.scripted import calls, says
from ollama_code.tools.toolset import Toolset
from tests.agent.rig import Fail, Look, Note, rig
from tests.agent.test_compact import folded

PICTURE = Image(media_type="image/png", data="aGk=")
FLOOD = ("fail", {"word": "flood"})


def meter(num_ctx: int = 8192) -> Meter:
    return Meter(Head(model="m", num_ctx=num_ctx, think=False, system="s", tools=()))


def step(name: str, result: str, **arguments: str) -> list[Message]:
    call = ToolCall(id=f"{name}-{result[:9]}", name=name, arguments=dict(arguments))
    return [AssistantMessage(calls=(call,)), ToolMessage(call_id=call.id, name=name, text=result)]


def results(history: list[Message]) -> list[str]:
    return [m.text for m in history if isinstance(m, ToolMessage)]


def dropped(tmp_path, history: list[Message], excess: int) -> list[str]:
    toolset = Toolset((Look(), Note(tmp_path), Fail()), ())
    return results(drop_results(history, meter(), toolset, excess).history)


def test_the_oldest_result_goes_first_and_says_how_to_get_it_back(tmp_path):
    old = step("look", "x " * 3000, word="a.py")
    history = [UserMessage(text="go"), *old, *step("look", "y " * 2500), *step("look", "z")]
    first, second, third = dropped(tmp_path, history, 1000)
    assert "Call look again with word=a.py" in first
    assert (second, third) == ("y " * 2500, "z")


def test_a_result_whose_whole_is_saved_names_the_file(tmp_path):
    saved = (
        "x " * 3000 + "[The whole output is in /tmp/o/1.txt: read_file with offset and limit shows the rest.]"
    )
    history = [UserMessage(text="go"), *step("look", saved), *step("look", "y " * 2500), *step("look", "z")]
    assert "It is all in /tmp/o/1.txt" in dropped(tmp_path, history, 1000)[0]


def test_what_changed_something_is_not_to_be_done_again(tmp_path):
    done = step("note", "x " * 3000, word="a")
    history = [UserMessage(text="go"), *done, *step("look", "y " * 2500), *step("look", "z")]
    stub = dropped(tmp_path, history, 1000)[0]
    assert "was carried out" in stub and "again" not in stub


def test_pictures_that_go_are_named(tmp_path):
    seen = ToolMessage(call_id="1", name="look", text="x " * 3000, images=(PICTURE,))
    history = [
        UserMessage(text="go"),
        AssistantMessage(),
        seen,
        *step("look", "y " * 2500),
        *step("look", "z"),
    ]
    assert "1 picture(s)" in dropped(tmp_path, history, 1000)[0]


def test_what_the_model_has_not_read_is_cut_and_never_dropped(tmp_path):
    history = [UserMessage(text="go"), *step("look", "first line\n" + "x " * 12_000)]
    [cut] = dropped(tmp_path, history, 5000)
    assert cut.startswith("first line") and "left out" in cut
    assert len(cut) < 8192 * 3.2 / 4


async def test_results_of_the_same_turn_go_while_it_runs_and_the_fold_gives_the_history(tmp_path):
    r = rig(tmp_path, *[calls(("fail", {"word": f"flood {n}"})) for n in range(8)], says("done"))
    events = await r.say("the task")
    notices = [e.text for e in events if e.type == "notice"]
    assert events[-1].reason == "done" and any("removed or cut" in n for n in notices)
    assert r.history[0].text.endswith("the task") and folded(r.seen) == r.history
    assert all(request.messages[0].text.endswith("the task") for request in r.provider.requests)


async def test_what_was_removed_may_be_asked_for_again_without_being_called_a_loop(tmp_path):
    bulk = calls(("fail", {"word": "bulk"}))
    r = rig(tmp_path, bulk, bulk, calls(FLOOD), calls(FLOOD), bulk, says("done"))
    assert (await r.say("the task"))[-1].reason == "done"
    assert not any("gave the same result" in text for text in results(r.history))
    assert any(e.type == "compacted" for e in r.seen)


async def test_a_full_window_is_summarised_before_the_next_request(tmp_path):
    r = rig(tmp_path, says("a"), says("SUMMARY"), says("on"), num_ctx=2048)
    await r.say("one " * 900)
    events = await r.say("two " * 900)
    assert events[-1].reason == "done"
    assert [m.role for m in r.provider.requests[-2].messages][-1] == "user"
    assert "SUMMARY" in r.provider.requests[-1].messages[0].text


async def test_many_short_turns_never_end_in_a_full_window(tmp_path):
    r = rig(tmp_path, *[says("fine")] * 200, num_ctx=2048)
    reasons = [(await r.say(f"{n}: a short word " * 8))[-1].reason for n in range(60)]
    assert set(reasons) == {"done"}
    assert all(request.messages[0].role == "user" for request in r.provider.requests)
    assert any(e.type == "compacted" for e in r.seen)


async def test_a_model_that_writes_no_summary_loses_no_task(tmp_path):
    r = rig(tmp_path, says("a"), says(""), says(""), says("on"), num_ctx=2048)
    await r.say("TASK one " * 400)
    events = await r.say("two " * 900)
    assert events[-1].reason == "done"
    assert any("no summary" in e.text for e in events if e.type == "notice")
    assert "TASK" in r.provider.requests[-1].messages[0].text


async def test_what_cannot_be_made_to_fit_is_said_once_and_not_tried_for_ever(tmp_path):
    r = rig(tmp_path, says("a"), *[says("SUMMARY " * 300)] * 9, num_ctx=512)
    await r.say("one")
    last = (await r.say("two " * 300))[-1]
    assert (last.reason, "--num-ctx" in last.detail) == ("failed", True)
    assert len(r.provider.requests) <= 3


async def test_where_the_model_is_gets_told_again_after_room_was_made(tmp_path):
    r = rig(tmp_path, says("a"), says("SUMMARY"), says("on"), says("b"), num_ctx=2048)
    await r.say("one " * 900)
    await r.say("two " * 900)
    await r.say("three")
    assert f"Folder: {tmp_path}" in r.provider.requests[-2].messages[0].text
    assert f"Folder: {tmp_path}" in r.history[-2].text


def opened(history: list[Message], standing: Standing | None = None) -> UserMessage:
    first = carried(history, "SUMMARY", standing or Standing(), meter())[0]
    assert isinstance(first, UserMessage)
    return first


def test_open_todos_and_the_files_in_play_are_named():
    todos = (
        TodoItem(id="1", content="done thing", status="completed"),
        TodoItem(id="2", content="open thing"),
    )
    history = [
        UserMessage(text="go"),
        *step("read_file", "x", absolute_path="src/a.py"),
        AssistantMessage(text="ok"),
    ]
    text = opened(history, Standing(todos=todos)).text
    assert "open thing" in text and "src/a.py" in text and "done thing" not in text


def test_where_was_searched_is_no_file_in_play():
    history = [
        UserMessage(text="go"),
        *step("list_directory", "a.py b.py", path="."),
        *step("grep_search", "a.py:1", pattern="x", path="src"),
        AssistantMessage(text="ok"),
    ]
    assert "Files in play" not in opened(history).text


def test_files_read_together_are_in_play():
    call = ToolCall(id="1", name="read_many_files", arguments={"paths": ["a.py", "b.py", "src/**"]})
    result = ToolMessage(call_id="1", name=call.name, text="x")
    text = opened([UserMessage(text="go"), AssistantMessage(calls=(call,)), result]).text
    assert "Files in play: a.py, b.py\n" in text


def test_files_in_play_outlive_a_second_summary():
    history = [UserMessage(text="go"), *step("edit", "x", file_path="src/a.py"), AssistantMessage(text="ok")]
    first = opened(history)
    assert "src/a.py" in opened([first, AssistantMessage(text="on"), UserMessage(text="and?")]).text


def test_pictures_of_the_last_message_stay_and_others_are_named():
    history = [
        UserMessage(text="old", images=(PICTURE,)),
        AssistantMessage(text="x " * 3000),
        UserMessage(text="new", images=(PICTURE,)),
    ]
    first = opened(history)
    assert first.images == (PICTURE,) and "1 picture(s)" in first.text


def test_the_last_turns_stay_whole_when_they_have_room():
    old = [UserMessage(text="old"), AssistantMessage(text="x " * 5000)]
    last = [
        UserMessage(text="a"),
        AssistantMessage(text="b"),
        UserMessage(text="c"),
        AssistantMessage(text="d"),
    ]
    after = carried([*old, *last], "SUMMARY", Standing(), meter())
    assert [m.text for m in after[1:]] == ["b", "c", "d"]


def test_a_huge_last_step_stays_with_a_shorter_result():
    history = [UserMessage(text="the task"), *step("look", "x " * 20_000, word="a.py")]
    first, call, result = carried(history, "SUMMARY", Standing(), meter())
    assert first.text.endswith("the task") and isinstance(call, AssistantMessage)
    assert len(result.text) < 8192 * 3.2 * 0.25


def test_a_long_conversation_keeps_the_first_task_and_the_newest_words():
    history: list[Message] = []
    for n in range(200):
        history += [UserMessage(text=f"message {n} " + "word " * 20), AssistantMessage(text="ok " * 30)]
    first, *rest = carried(history, "SUMMARY", Standing(), meter())
    assert "message 0 " in first.text and "messages left out" in first.text
    assert rest[-2].text.startswith("message 199 ")
    assert meter().used([first, *rest]) < 8192 // 2


def test_a_word_on_the_way_does_not_cost_the_long_task_before_it():
    history = [
        UserMessage(text="the first"),
        AssistantMessage(text="done"),
        UserMessage(text="THE TASK " + "with very much detail " * 300),
        *step("look", "x " * 5000, word="a.py"),
        UserMessage(text="be quick"),
    ]
    assert "THE TASK" in opened(history).text
