"""The bytes of a request: their exact form, and that they only ever grow."""

from __future__ import annotations

import json
from dataclasses import replace

from pydantic import TypeAdapter

from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Image, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.ports import ChatRequest
from ollama_code.providers.wire import chat_body

HEAD = Head(
    model="m:1",
    num_ctx=8192,
    think=True,
    system="Be brief.",
    tools=({"type": "function", "function": {"name": "f", "parameters": {"z": 1, "a": 2}}},),
)
CALL = ToolCall(
    id="call_1", name="f", arguments={"z": "é\u2028", "a": [1, 1.0, 1e16, 2**70, None, {"k": True}]}
)
HISTORY: tuple[Message, ...] = (
    UserMessage(text="look", images=(Image(media_type="image/png", data="aGk="),)),
    AssistantMessage(text="ok", thinking="hm", calls=(CALL, CALL.model_copy(update={"id": "call_2"}))),
    ToolMessage(call_id="call_1", name="f", text="one"),
    ToolMessage(call_id="call_2", name="f", text="", images=(Image(media_type="image/png", data="aGk="),)),
    AssistantMessage(text="done"),
)
MESSAGES = TypeAdapter(tuple[Message, ...])


def body_of(history: tuple[Message, ...], head: Head = HEAD) -> bytes:
    return chat_body(ChatRequest(head, history, 100))


def test_a_body_is_exactly_this() -> None:
    head = HEAD.model_copy(update={"tools": ()})
    assert body_of((UserMessage(text="hé"),), head).decode() == (
        '{"model":"m:1","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hé"}],'
        '"stream":true,"truncate":false,"think":true,"keep_alive":"30m","options":{"num_ctx":8192,"num_predict":100}}'
    )


def test_keys_come_in_one_order_and_shift_never() -> None:
    assert list(json.loads(body_of(HISTORY))) == [
        *("model", "messages", "tools", "stream", "truncate", "think", "keep_alive", "options"),
    ]


def test_every_kind_of_message_has_its_fields() -> None:
    _, user, assistant, first, second, last = json.loads(body_of(HISTORY))["messages"]
    assert user == {"role": "user", "content": "look", "images": ["aGk="]}
    assert assistant["thinking"] == "hm"
    assert assistant["tool_calls"][1]["id"] == "call_2"
    assert assistant["tool_calls"][1]["type"] == "function"
    assert assistant["tool_calls"][1]["function"] == {"index": 1, "name": "f", "arguments": CALL.arguments}
    assert first == {"role": "tool", "tool_name": "f", "tool_call_id": "call_1", "content": "one"}
    assert second["images"] == ["aGk="]
    assert last == {"role": "assistant", "content": "done"}


def test_a_request_begins_with_the_bytes_of_the_request_before() -> None:
    for count in range(len(HISTORY)):
        before = body_of(HISTORY[:count])
        shared = before[: before.index(b'],"tools":')]
        assert body_of(HISTORY[: count + 1]).startswith(shared)


def test_a_journal_gives_the_same_bytes_back() -> None:
    history = MESSAGES.validate_json(MESSAGES.dump_json(HISTORY))
    head = Head.model_validate_json(HEAD.model_dump_json())
    assert body_of(history, head) == body_of(HISTORY)


def test_the_room_for_the_answer_changes_only_the_end() -> None:
    request = ChatRequest(HEAD, HISTORY, 100)
    body, other = chat_body(request), chat_body(replace(request, num_predict=5))
    end = body.index(b'"num_predict"')
    assert other[:end] == body[:end]
    assert other[end:] == b'"num_predict":5}}'


def test_thinking_is_said_even_when_it_is_off() -> None:
    head = HEAD.model_copy(update={"think": False})
    assert b'"think":false' in body_of((), head)


def test_a_lone_surrogate_becomes_something_that_can_be_sent() -> None:
    assert json.loads(body_of((UserMessage(text="a\ud800b"),)))["messages"][1]["content"] == "a\ufffdb"
