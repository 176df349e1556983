"""The watch sees every byte that makes an engine read again, and names it."""

from __future__ import annotations

import pytest

from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.ports import ChatRequest
from ollama_code.providers.prefix import PrefixWatch

HEAD = Head(model="m", num_ctx=8192, think=False, system="s", tools=({"type": "function"},))
TALK: tuple[Message, ...] = (
    UserMessage(text="hello"),
    AssistantMessage(text="yes", calls=(ToolCall(id="1", name="look", arguments={"a": 1, "b": 2}),)),
    ToolMessage(call_id="1", name="look", text="seen"),
)


def asked(messages: tuple[Message, ...], head: Head = HEAD) -> ChatRequest:
    return ChatRequest(head, messages, num_predict=100)


def test_a_request_that_only_grows_breaks_nothing():
    watch = PrefixWatch()
    assert [watch.check(asked(TALK[:n])) for n in (1, 2, 3)] == [None, None, None]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"system": "t"}, "the system text"),
        ({"tools": ()}, "the tools"),
        ({"num_ctx": 4096}, "the context window"),
        ({"think": True}, "thinking"),
    ],
)
def test_a_changed_head_is_named(change: dict[str, object], named: str):
    watch = PrefixWatch()
    watch.check(asked(TALK))
    found = watch.check(asked(TALK, HEAD.model_copy(update=change)))
    assert found and found.by == named and named in str(found)


def test_another_order_of_arguments_is_another_prompt():
    watch = PrefixWatch()
    watch.check(asked(TALK))
    call = ToolCall(id="1", name="look", arguments={"b": 2, "a": 1})
    turned = (TALK[0], AssistantMessage(text="yes", calls=(call,)), TALK[2])
    found = watch.check(asked(turned))
    assert found and found.by == "message 2 (assistant)"


def test_a_shorter_request_breaks_where_it_ends():
    watch = PrefixWatch()
    watch.check(asked(TALK))
    found = watch.check(asked(TALK[:2]))
    assert found and found.by == "message 3 (tool)"


def test_a_side_request_extends_and_is_not_extended():
    watch = PrefixWatch()
    watch.check(asked(TALK))
    assert watch.check(asked((*TALK, UserMessage(text="sum up"))), side=True) is None
    assert watch.check(asked((*TALK, UserMessage(text="go on")))) is None


def test_a_planned_break_is_noted_and_no_alarm():
    watch = PrefixWatch()
    watch.check(asked(TALK))
    watch.restart("compaction")
    assert watch.check(asked((UserMessage(text="short"),))) is None
    assert [(b.by, b.planned) for b in watch.breaks] == [("compaction", True)]
    assert watch.check(asked((UserMessage(text="other"),))) is not None


def test_a_planned_break_that_broke_nothing_covers_no_later_one():
    watch = PrefixWatch()
    watch.check(asked(TALK))
    watch.restart("/think")
    watch.check(asked((*TALK, UserMessage(text="go on"))))
    assert watch.check(asked((UserMessage(text="other"),))) is not None


def test_a_break_with_two_causes_names_both():
    watch = PrefixWatch()
    watch.check(asked(TALK))
    for why in ("/think", "compaction", "/think"):
        watch.restart(why)
    watch.check(asked((UserMessage(text="short"),)))
    assert [b.by for b in watch.breaks] == ["/think and compaction"]


def test_a_refused_side_request_takes_back_nothing_but_itself():
    watch = PrefixWatch()
    watch.check(asked(TALK[:1]))
    watch.check(asked(TALK))
    watch.check(asked((*TALK, UserMessage(text="sum up"))), side=True)
    watch.unread()
    found = watch.check(asked((TALK[0], UserMessage(text="other"))))
    assert found and found.by == "message 2 (assistant)"
