"""What the plain prompt prints of calls that are being written, or that leaked into the text."""

from __future__ import annotations

import io

from rich.console import Console

from ollama_code.core.events import CallDrafted, Event, MessageAdded, StepStarted, TextDelta
from ollama_code.core.messages import AssistantMessage
from ollama_code.frontends.repl.paper import Paper


def printed(*events: Event) -> list[str]:
    file = io.StringIO()
    paper = Paper(Console(file=file, width=80, highlight=False))
    for event in events:
        paper.show(event)
    paper.line("")
    return file.getvalue().rstrip().split("\n")


def drafted(number: int, text: str = "x") -> CallDrafted:
    return CallDrafted(number=number, name="write_file", argument="content", text=text, tokens=3)


def test_a_call_that_is_being_written_is_told_of_once() -> None:
    rows = printed(
        StepStarted(number=1), drafted(1), drafted(1), drafted(2), StepStarted(number=2), drafted(1)
    )
    assert rows == ["... writing a call of write_file"] * 3


def test_a_call_that_leaked_into_the_text_is_named() -> None:
    leaked = TextDelta(text='<tool_call>{"name": "look"}</tool_call>')
    rows = printed(StepStarted(number=1), leaked, MessageAdded(message=AssistantMessage(text="")))
    assert rows[-1] == "  (A tool call was in the text above.)"


def test_words_that_were_meant_are_printed_and_no_more() -> None:
    message = MessageAdded(message=AssistantMessage(text="Hello."))
    assert printed(StepStarted(number=1), TextDelta(text="Hello.\n"), message) == ["Hello."]
