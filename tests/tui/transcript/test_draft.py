"""A call while it is written: seen at once, bounded, replaced by the call itself, gone when nothing comes of it."""

from __future__ import annotations

import pytest

from ollama_code.core.events import (
    CallDrafted,
    Event,
    MessageAdded,
    Notice,
    Retried,
    StepStarted,
    TextDelta,
    ToolStarted,
    TurnFinished,
)
from ollama_code.core.messages import AssistantMessage, ToolCall
from tests.tui.transcript.host import Host, drawn

PATH = CallDrafted(number=1, name="write_file", argument="file_path", text="src/a.py", tokens=9)
CALL = ToolCall(id="1", name="write_file", arguments={"file_path": "src/a.py"})
STARTED = ToolStarted(call=CALL, title="Write src/a.py")
LEAKED = '<tool_call>\n{"name": "look"}\n</tool_call>'


def content(text: str, tokens: int = 40) -> CallDrafted:
    return CallDrafted(number=1, name="write_file", argument="content", text=text, tokens=tokens)


def added(text: str, *calls: ToolCall) -> MessageAdded:
    return MessageAdded(message=AssistantMessage(text=text, calls=calls))


async def shown(*events: Event, size: tuple[int, int] = (60, 30)) -> list[str]:
    """Each event is drawn before the next one comes, as when a model writes slowly."""
    app = Host(events=())
    found: list[str] = []
    async with app.run_test(size=size) as pilot:
        for event in events:
            app.transcript.show(event)
            found = await drawn(pilot)
    while found and not found[-1]:
        found.pop()
    return found


async def test_the_name_shows_at_once():
    assert await shown(CallDrafted(number=1, name="write_file", tokens=1)) == [
        " ○ write_file  writing, 1 token"
    ]


async def test_short_arguments_stand_beside_the_name_and_long_ones_grow_below():
    rows = await shown(PATH, content("def f():\n"), content("    return", 1234))
    assert rows == [
        " ○ write_file src/a.py  writing, 1,234 tokens",
        "      1 def f():",
        "      2     return",
    ]


async def test_only_the_last_lines_show_and_the_others_are_counted():
    rows = await shown(PATH, content("".join(f"line {n}\n" for n in range(1, 101)) + "li"))
    assert rows[1] == "   … 93 lines above"
    assert rows[2:] == [f"   {n:>4} line {n}" for n in range(94, 101)] + ["    101 li"]


async def test_a_replacement_shows_what_goes_and_what_comes():
    def edit(argument: str, text: str) -> CallDrafted:
        return CallDrafted(number=1, name="edit", argument=argument, text=text, tokens=5)

    rows = await shown(edit("file_path", "a.py"), edit("old_string", "x = 1"), edit("new_string", "x = 2\ny"))
    assert rows == [" ○ edit a.py  writing, 5 tokens", "   - x = 1", "   + x = 2", "   + y"]


async def test_what_a_model_writes_cannot_command_the_terminal():
    rows = await shown(
        CallDrafted(number=1, name="write\x1b[31m_file\n", argument="c", text="\x1b]0;x\x07a\x1b[2J")
    )
    assert rows == [" ○ write<U+001B>[31m_file a  writing, 0 tokens"]


async def test_a_long_line_is_held_and_shown_only_in_part():
    rows = await shown(content("x" * 100_000 + "\n"), size=(60, 30))
    assert len(rows) < 12


async def test_the_call_takes_the_place_of_its_draft():
    rows = await shown(PATH, Notice(text="Side word."), added("", CALL), STARTED)
    assert rows == [" ○ Write src/a.py  running", "", " ! Side word."]


async def test_of_two_drafts_each_becomes_the_call_of_its_name():
    look = CallDrafted(number=2, name="look", argument="word", text="w", tokens=3)
    started = ToolStarted(call=ToolCall(id="2", name="look", arguments={}), title="Look at w")
    rows = await shown(PATH, look, started)
    assert rows == [" ○ write_file src/a.py  written, 9 tokens", "", " ○ Look at w  running"]


@pytest.mark.parametrize(
    ("end", "rest"),
    [
        (Retried(reason="It broke.", attempt=1), [" ! It broke. Trying again."]),
        (TurnFinished(reason="cancelled"), [" · Stopped."]),
        (StepStarted(number=2), []),
    ],
)
async def test_a_draft_that_comes_to_nothing_leaves_no_trace(end: Event, rest: list[str]):
    before = TextDelta(text="I will.")
    rows = await shown(StepStarted(number=1), before, PATH, content("a\nb\n"), end)
    assert [row for row in rows if row] == [" I will.", *rest]


async def test_a_draft_of_a_subagent_is_its_own():
    other = CallDrafted(number=1, name="look", agent="task-1", tokens=2)
    rows = await shown(PATH, other, TurnFinished(reason="done", agent="task-1"))
    assert rows == [" ○ write_file src/a.py  writing, 9 tokens"]


async def test_leftovers_of_a_call_go_when_the_message_has_no_text():
    assert await shown(StepStarted(number=1), TextDelta(text=LEAKED), added("", CALL)) == []


async def test_leftovers_of_a_call_are_cut_off_the_answer():
    events = (
        StepStarted(number=1),
        TextDelta(text=f"I **look**.\n{LEAKED}"),
        added("I **look**.", CALL),
        STARTED,
    )
    assert await shown(*events) == [" I look.", "", " ○ Write src/a.py  running"]


async def test_words_that_were_meant_are_left_alone():
    events = (
        StepStarted(number=1),
        TextDelta(text="One.\n\n"),
        TextDelta(text="Two."),
        added("One.\n\nTwo."),
    )
    assert await shown(*events) == [" One.", "", " Two."]


async def test_a_step_before_is_not_corrected():
    events = (StepStarted(number=1), TextDelta(text="One."), StepStarted(number=2), added("Another."))
    assert await shown(*events) == [" One."]
