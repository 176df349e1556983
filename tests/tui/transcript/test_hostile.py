"""Whatever a model, a tool or a file sends, the terminal gets rows of printable cells."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ollama_code.core.display import CommandBlock, DiffBlock, FilesBlock, OutputBlock, TextBlock, TodosBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.events import (
    Event,
    Notice,
    Retried,
    TextDelta,
    ThinkingDelta,
    ToolProgressed,
    TurnStarted,
)
from ollama_code.core.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ollama_code.core.results import ToolFault, ToolResult
from ollama_code.core.todo import TodoItem
from ollama_code.frontends.tui.transcript.blocks import (
    AnswerBlock,
    Block,
    NoticeBlock,
    ThinkingBlock,
    UserBlock,
)
from ollama_code.frontends.tui.transcript.pages import Pages
from ollama_code.frontends.tui.transcript.story import Story
from ollama_code.frontends.tui.transcript.tool import ToolBlock
from ollama_code.frontends.tui.transcript.view import View
from tests.tui.transcript.host import INK, called, take_in

EVIL = (
    "a\x1b[31mred\x1b]8;;http://x\x07link\x1b]8;;\x07 \x9b2J \x07\x08\r\nb\x00 \u202eevil\u2066 \u200b tab\there"
    " e\u0301\u0301 👩\u200d🚀 日本 שלום"
)
RAW = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def told(text: str) -> tuple[Event, ...]:
    displays = (
        TextBlock(text=text),
        OutputBlock(command=text, output=text, outcome=text),
        DiffBlock(path=text, patch=f"@@ -1 +1 @@\n+{text}\n-{text}", added=1, removed=1),
        CommandBlock(command=text, directory=text),
        FilesBlock(paths=(text,), total=1),
        TodosBlock(items=(TodoItem(id="1", content=text),)),
    )
    results = [ToolResult(llm_content="", return_display=display) for display in displays]
    results.append(ToolResult(llm_content="", error=ToolFault(message=text, type=ErrorType.FAILED)))
    calls = [event for n, result in enumerate(results) for event in called(result, f"{n} {text}")]
    return (
        TurnStarted(text=text),
        ThinkingDelta(text=text),
        TextDelta(
            text=f"{text}\n\n```py\n{text}\n```\n\n| {text} | b |\n|---|---|\n| {text} | [x](http://{text}) |\n"
        ),
        Notice(text=text),
        Retried(reason=text, attempt=1),
        *calls,
        ToolProgressed(call_id="6 " + text, text=text),
    )


def painted(blocks: list[Block], width: int) -> list[str]:
    """Every row of `blocks`, folded and open; asserts that each has exactly the width."""
    found = []
    pages = Pages(INK)
    pages.resize(width, 40)
    for block in blocks:
        pages.add(block, 0)
    for is_open in (False, True):
        for index in range(len(blocks)):
            pages.toggle(index, is_open=is_open)
            pages.lines(index)
            strips = [pages.pages[index].strip(row) for row in range(pages.pages[index].height)]
            assert all(strip.cell_length == width == cell_len(strip.text) for strip in strips)
            found += [strip.text for strip in strips]
    return found


def blocks_of(events: tuple[Event, ...]) -> list[Block]:
    blocks: list[Block] = []
    story = Story(lambda block, depth: blocks.append(block), lambda block: None)
    for event in events:
        story.hear(event)
    call = ToolCall(id="c", name=EVIL, arguments={"x": EVIL})
    blocks += story.recall(
        [
            UserMessage(text=EVIL),
            AssistantMessage(text=EVIL, thinking=EVIL, calls=(call,)),
            ToolMessage(call_id="c", name="x", text=EVIL),
        ]
    )
    return [*blocks, NoticeBlock(EVIL, "info")]


@pytest.mark.parametrize("width", [1, 2, 7, 20, 80])
def test_nothing_raw_reaches_the_terminal(width: int):
    rows = painted(blocks_of(told(EVIL)), width)
    assert [row for row in rows if RAW.search(row)] == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40), st.integers(3, 40))
def test_no_text_breaks_a_row(text: str, width: int):
    rows = painted(blocks_of(told(text)), width)
    assert [row for row in rows if RAW.search(row)] == []


def test_an_escape_torn_between_two_tokens_is_not_shown():
    for block in (AnswerBlock(), ThinkingBlock()):
        block.add("safe \x1b[3")
        block.add("1mwords")
        block.finish()
        block.is_open = True
        block.update(INK)
        assert "safe words" in [line.text for line in block.lines]


def test_live_output_shows_no_part_of_an_escape_that_is_torn():
    block = ToolBlock("Run make")
    for piece in ("one \x1b", "[3", "1mred\x1b]52;c;", "aGk=\x07 two"):
        block.progress(piece)
    block.update(INK)
    assert block.lines[-1].text == "one red two"


def test_words_taken_back_while_they_are_still_taken_in_leave_nothing_behind():
    pages = Pages(INK)
    pages.resize(80, 24)
    block = AnswerBlock()
    block.add("word " * 5000)
    pages.add(block, 0)
    pages.update(0)
    block.strike()
    pages.update(0)
    take_in(pages)
    assert "".join(line.text for line in block.lines).count("word") == 5000


@pytest.mark.parametrize("text", [f"{'word ' * 10}\n" * 200_000, "x" * 10_000_000])
def test_an_enormous_paste_folds_and_opens_to_a_part(text: str):
    pages = Pages(INK)
    pages.resize(80, 24)
    pages.add(UserBlock(text), 0)
    pages.lines(0)
    assert pages.pages[0].height < 40
    pages.toggle(0, is_open=True)
    take_in(pages)
    assert "more characters are not shown" in pages.lines(0)[-1].text


def test_ten_thousand_lines_open_and_show_their_end():
    pages = Pages(INK)
    pages.resize(80, 24)
    output = OutputBlock(
        command="x", output="\n".join(f"line {n}" for n in range(10_000)), outcome="exit code 0"
    )
    block, *_ = blocks_of(called(ToolResult(llm_content="", return_display=output)))
    pages.add(block, 0)
    pages.toggle(0, is_open=True)
    view = View(pages)
    view.draw(None)
    assert view.strips[-1].text.strip() == "line 9999"
    assert pages.pages[0].painted <= 24
