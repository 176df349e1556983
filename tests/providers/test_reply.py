"""The lines of an answer, good and bad, one by one."""

from __future__ import annotations

import json

import pytest

from ollama_code.core.errors import ProviderError, ReplyBroken, StreamCut
from ollama_code.core.messages import AssistantMessage, ToolCall
from ollama_code.core.usage import Usage
from ollama_code.ports import Chunk, RawPiece, ReplyEnd, TextPiece, ThinkingPiece
from ollama_code.providers.reply import ReplyReader

DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}


def read(*lines: object) -> list[Chunk]:
    reader = ReplyReader(model="m", url="http://127.0.0.1:11434")
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return [chunk for line in raw for chunk in reader.read(line)]


def with_calls(*calls: object, done: bool = False) -> object:
    return {"message": {"content": "", "tool_calls": calls}, "done": done}


def call(name: str, arguments: object, id: str | None = None) -> object:
    function = {"index": 0, "name": name, "arguments": arguments}
    return {"function": function} if id is None else {"id": id, "function": function}


def called(*calls: object) -> list[ToolCall]:
    return [chunk for chunk in read(with_calls(*calls)) if isinstance(chunk, ToolCall)]


def test_one_line_may_hold_everything_and_the_end_comes_last() -> None:
    message = {"thinking": "hm", "content": "ok", "tool_calls": [call("f", {"a": 1}, "call_1")]}
    assert read({"message": message, "done": True, "done_reason": "stop"}) == [
        ThinkingPiece("hm"),
        TextPiece("ok"),
        ToolCall(id="call_1", name="f", arguments={"a": 1}),
        ReplyEnd("stop", Usage()),
    ]


def test_two_calls_in_two_lines_are_two_calls() -> None:
    lines = with_calls(call("f", {}, "call_1")), with_calls(call("g", {}, "call_2"), done=True)
    assert [chunk.name for chunk in read(*lines) if isinstance(chunk, ToolCall)] == ["f", "g"]


def test_the_numbers_of_the_last_line_are_in_seconds_and_tokens() -> None:
    numbers = {
        "prompt_eval_count": 2611,
        "prompt_eval_cached_count": 2000,
        "prompt_eval_duration": 500_000_000,
        "eval_count": 298,
        "eval_duration": 4_000_000_000,
        "load_duration": 2_000_000,
        "total_duration": 9,
    }
    [end] = read(DONE | numbers)
    assert end == ReplyEnd(
        "stop",
        Usage(
            prompt_tokens=2611,
            generated_tokens=298,
            cached_tokens=2000,
            load_s=0.002,
            prompt_s=0.5,
            generate_s=4.0,
        ),
    )


@pytest.mark.parametrize(
    ("told", "reason"),
    [("length", "length"), ("stop", "stop"), ("load", "stop"), ("", "stop"), (None, "stop")],
)
def test_only_length_is_length(told: str | None, reason: str) -> None:
    [end] = read(DONE | {"done_reason": told})
    assert isinstance(end, ReplyEnd)
    assert end.reason == reason


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    first, second = called(call("f", {}), call("f", {}, ""))
    assert first.id != second.id
    assert first.id.startswith("call_")
    assert len(first.id) == len("call_") + 8


def test_two_calls_with_one_id_can_be_told_apart() -> None:
    first, second = called(call("f", {}, "call_0"), call("g", {}, "call_0"))
    assert first.id == "call_0"
    assert second.id != "call_0"


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ({"a": {"b": [1, None]}}, {"a": {"b": [1, None]}}),
        ('{"a": "b"}', {"a": "b"}),
        ("", {}),
        (None, {}),
    ],
)
def test_arguments_are_an_object(written: object, arguments: object) -> None:
    assert called(call("f", written))[0].arguments == arguments


@pytest.mark.parametrize("written", ["ls -la", "[1]", [1], 7, '{"a": NaN}', '{"a": 1e999}'])
def test_arguments_that_are_no_object_are_a_broken_reply(written: object) -> None:
    with pytest.raises(ReplyBroken, match="not an object"):
        called(call("f", written))


def test_what_was_received_can_be_written_to_the_journal_and_comes_back() -> None:
    line = rb"""{"message":{"content":"a\ud800b","thinking":"\udfff","tool_calls":[{"id":"\ud83d","function":
        {"name":"f\ud800","arguments":{"k\udc00":["\ud800",1e16,1.0,123456789012345678901234567890]}}}]}}"""
    thinking, text, call = read(line)
    assert isinstance(thinking, ThinkingPiece) and isinstance(text, TextPiece) and isinstance(call, ToolCall)
    message = AssistantMessage(text=text.text, thinking=thinking.text, calls=(call,))
    assert text.text == "a\ufffdb"
    assert AssistantMessage.model_validate_json(message.model_dump_json()) == message


def test_a_whole_emoji_is_not_a_lone_surrogate() -> None:
    assert read(rb'{"message":{"content":"\ud83d\ude42"}}') == [TextPiece("🙂")]


def test_what_is_unknown_or_null_is_passed_over() -> None:
    message = {"content": None, "thinking": None, "tool_calls": None, "role": "assistant", "new": [1]}
    assert read({"message": message, "logprobs": None, "done": False, "new": {}}) == []


@pytest.mark.parametrize(
    "line",
    [
        b"<html>",
        b"{",
        b"[]",
        b"7",
        b'{"message":"text"}',
        b'{"message":{"content":5}}',
        b'{"message":{"content":"x"},"eval_count":NaN}',
        b"[" * 100_000,
        b'{"message":{"tool_calls":[{"function":{"arguments":' + b'{"a":' * 80 + b"1" + b"}" * 84,
    ],
)
def test_a_line_that_ollama_does_not_send_is_a_broken_reply(line: bytes) -> None:
    with pytest.raises(ReplyBroken):
        read(line)


def test_an_error_line_is_raised_by_its_meaning() -> None:
    with pytest.raises(StreamCut, match="unexpected EOF"):
        read({"error": "an error was encountered while running the model: unexpected EOF"})


def test_what_stood_before_an_error_line_is_kept() -> None:
    reader = ReplyReader(model="m", url="http://127.0.0.1:11434")
    assert list(reader.read(b'{"message":{"content":"one"}}')) == [TextPiece("one")]
    with pytest.raises(ProviderError):
        list(reader.read(b'{"error":"EOF"}'))
    assert not reader.ended


def tokens(*tokens: bytes | str) -> object:
    """A line that shows raw tokens and nothing else; a `str` is a token of a server that tells no bytes."""
    told = [
        {"token": token, "logprob": -0.1}
        if isinstance(token, str)
        else {"token": "?", "logprob": -0.1, "bytes": list(token)}
        for token in tokens
    ]
    return {"message": {"role": "assistant", "content": ""}, "done": False, "logprobs": told}


def test_raw_tokens_come_before_the_text_that_was_made_of_them() -> None:
    line = {"message": {"content": "Hi", "thinking": "hm"}, "logprobs": [{"token": "Hi", "bytes": [72, 105]}]}
    assert read(line) == [RawPiece("Hi", 1), ThinkingPiece("hm"), TextPiece("Hi")]


def test_a_character_that_is_spread_over_tokens_and_lines_comes_whole() -> None:
    emoji = "🙂".encode()
    pieces = read(tokens(b"a" + emoji[:1], emoji[1:2]), tokens(emoji[2:] + b"b"))
    assert pieces == [RawPiece("a", 2), RawPiece("🙂b", 1)]


def test_a_character_that_is_never_finished_is_not_swallowed() -> None:
    assert read(tokens("é".encode()[:1]), DONE)[1] == RawPiece("\ufffd", 0)


def test_tokens_without_bytes_are_taken_by_their_text() -> None:
    assert read(tokens("<tool", "_call>")) == [RawPiece("<tool_call>", 2)]


@pytest.mark.parametrize("odd", [None, {}, "x", [1, "a"], [{"token": 5, "bytes": [999, "x"]}], [{}]])
def test_odd_raw_tokens_do_not_break_an_answer(odd: object) -> None:
    chunks = read({"message": {"content": "ok"}, "logprobs": odd})
    assert chunks[-1] == TextPiece("ok")
