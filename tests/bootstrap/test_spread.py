"""Which server is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ollama_code.bootstrap.spread import Prompts, View, links_of, ranked
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, UserMessage
from ollama_code.ports import ChatRequest

IDLE = View(reachable=True, installed=True, loaded=True, ahead=0, unread=1)
COLD = replace(IDLE, loaded=False)
BUSY = replace(IDLE, ahead=1)
LONG = replace(IDLE, ahead=4)
KNOWS = replace(IDLE, unread=0)
DOWN = replace(IDLE, reachable=False, installed=False)
WITHOUT = replace(IDLE, installed=False)


def request(*messages: Message, system: str = "You are here to help.") -> ChatRequest:
    head = Head(model="m", num_ctx=8192, think=False, system=system, tools=(), keep_alive="5m")
    return ChatRequest(head, messages, 100)


@pytest.mark.parametrize(
    ("best", "other"),
    [
        (KNOWS, IDLE),
        (IDLE, BUSY),
        (IDLE, COLD),
        (BUSY, COLD),
        (replace(KNOWS, ahead=1), COLD),
        (COLD, LONG),
        (IDLE, replace(KNOWS, ahead=2)),
        (replace(KNOWS, ahead=1), replace(IDLE, ahead=1)),
    ],
)
def test_the_one_that_waits_loads_and_reads_least_is_tried_first(best: View, other: View):
    assert (ranked([best, other]), ranked([other, best])) == ([0, 1], [1, 0])


def test_equal_ones_are_tried_in_the_order_of_the_flags():
    assert ranked([IDLE, IDLE, IDLE]) == [0, 1, 2]


@pytest.mark.parametrize("other", [DOWN, WITHOUT])
def test_one_that_cannot_answer_is_left_out(other: View):
    assert ranked([other, LONG]) == [1]


def test_where_none_has_the_model_those_that_answer_may_say_so():
    assert ranked([DOWN, WITHOUT]) == [1] and ranked([DOWN, DOWN]) == [0, 1]


def test_a_conversation_is_known_by_its_beginning():
    prompts, first = Prompts(8), UserMessage(text="a" * 100)
    prompts.keep(links_of(request(first)))
    grown = request(first, AssistantMessage(text="b" * 50), UserMessage(text="c" * 50))
    other = request(UserMessage(text="d" * 100))
    assert prompts.unread(links_of(grown)) < 0.5 < prompts.unread(links_of(other)) < 1
    assert prompts.unread(links_of(request(first, system="Another."))) == 1


def test_only_the_last_prompts_are_known():
    prompts, early = Prompts(4), request(UserMessage(text="early"), system="s0")
    prompts.keep(links_of(early))
    for number in range(1, 3):
        prompts.keep(links_of(request(UserMessage(text="late"), system=f"s{number}")))
    assert prompts.unread(links_of(early)) == 1


def test_a_long_conversation_does_not_drive_out_others():
    prompts, other = Prompts(4), request(UserMessage(text="other"), system="o")
    prompts.keep(links_of(other))
    said: list[Message] = []
    for number in range(10):
        said += [UserMessage(text=f"u{number}"), AssistantMessage(text=f"a{number}")]
        prompts.keep(links_of(request(*said[:-1])))
    assert prompts.unread(links_of(other)) == 0
