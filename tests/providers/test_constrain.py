"""Answers that a schema binds, read while they stream."""

from __future__ import annotations

import json

import pytest

from ollama_code.core.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.ports import Chunk, DraftPiece, RawPiece, ReplyEnd, TextPiece
from ollama_code.providers.constrain import BoundReader, bound_schema, in_words

STOP, LENGTH = ReplyEnd("stop", Usage()), ReplyEnd("length", Usage())
CALL = json.dumps({"name": "read_file", "arguments": {"path": "a\n\u20ac", "limit": 5, "more": {"x": ["}"]}}})


def heard(*pieces: str | Chunk, end: ReplyEnd = STOP, names: tuple[str, ...] = ("read_file",)) -> list[Chunk]:
    reader = BoundReader(names)
    chunks = [TextPiece(piece) if isinstance(piece, str) else piece for piece in pieces]
    return [found for chunk in (*chunks, end) for found in reader.hear(chunk)]


def text_of(chunks: list[Chunk], kind: type = TextPiece) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, kind))


def calls_of(chunks: list[Chunk]) -> list[tuple[str, dict[str, object]]]:
    return [(chunk.name, chunk.arguments) for chunk in chunks if isinstance(chunk, ToolCall)]


def test_the_schema_has_a_branch_for_each_tool_and_one_for_an_answer() -> None:
    arguments = {
        "type": "object",
        "properties": {"path": {"type": "string", "description": "A path.", "minLength": 1}},
        "required": ["path"],
    }
    call, answer = bound_schema({"read_file": arguments})["anyOf"]
    assert call["properties"]["name"] == {"const": "read_file"}
    assert call["properties"]["arguments"]["properties"] == {"path": {"type": "string"}}
    assert answer["required"] == ["answer"]


def test_without_tools_only_an_answer_is_left() -> None:
    assert bound_schema({})["properties"] == {"answer": {"type": "string"}}


def test_where_a_call_must_come_the_schema_has_no_words():
    (branch,) = bound_schema({"look": {"type": "object", "properties": {}}}, must_call=True)["anyOf"]
    assert branch["properties"]["name"] == {"const": "look"}


@pytest.mark.parametrize("text", ['a "b" \\ /', "é 🙂\n\t", "", "\u2028{}[]", "\\u0041"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_an_answer_is_decoded_whatever_the_cut(text: str, ascii_only: bool) -> None:
    written = json.dumps({"answer": text}, ensure_ascii=ascii_only)
    chunks = heard(*written)
    assert (text_of(chunks), text_of(chunks, RawPiece)) == (text, written)
    assert text_of(heard(written)) == text


def test_a_lone_surrogate_does_not_reach_the_text() -> None:
    assert text_of(heard('{"answer": "a\\ud83d b"}')) == "a\ufffd b"


def test_a_call_grows_and_comes_at_the_end() -> None:
    chunks = heard(*CALL)
    drafts = [chunk for chunk in chunks if isinstance(chunk, DraftPiece)]
    assert "".join(d.text for d in drafts if d.argument == "path") == "a\n\u20ac"
    assert "".join(d.text for d in drafts if d.argument == "more") == '{"x": ["}"]}'
    assert calls_of(chunks[-2:]) == [("read_file", json.loads(CALL)["arguments"])]


def test_tokens_of_the_call_are_counted_from_its_beginning() -> None:
    pieces = ["{", '"name"', ":", ' "', "read_file", '"', ', "arguments": {"path": "', "a", '"}}']
    drafts = [chunk for chunk in heard(*pieces) if isinstance(chunk, DraftPiece)]
    assert (drafts[0].tokens, drafts[-1].tokens) == (6, 8)


@pytest.mark.parametrize("written", [CALL, CALL[:-1], CALL[:30]])
def test_a_call_of_a_cut_answer_is_none(written: str) -> None:
    assert calls_of(heard(written, end=LENGTH)) == []


def test_a_call_of_a_tool_that_is_not_allowed_is_none() -> None:
    assert calls_of(heard(CALL, names=())) == []
    native = ToolCall(id="1", name="read_file", arguments={})
    assert calls_of(heard(native, names=())) == []


def test_a_native_call_counts_where_no_text_came() -> None:
    native = ToolCall(id="1", name="read_file", arguments={"path": "a"})
    assert calls_of(heard(native)) == [("read_file", {"path": "a"})]
    assert calls_of(heard(native, end=LENGTH)) == []


@pytest.mark.parametrize("text", ["Hello there.", "\n\nHello.", "[1]"])
def test_text_of_a_server_that_does_not_bind_goes_by(text: str) -> None:
    reader = BoundReader(("read_file",))
    chunks = [found for letter in text for found in reader.hear(TextPiece(letter))]
    assert (text_of(chunks), reader.is_kept) == (text.lstrip(), False)


@pytest.mark.parametrize("written", ['{"name": "read_file"}', '{"answer": 5}', '{"answer": "a"} x', "{"])
def test_what_the_schema_does_not_allow_was_not_bound(written: str) -> None:
    reader = BoundReader(("read_file",))
    for chunk in (TextPiece(written), STOP):
        list(reader.hear(chunk))
    assert not reader.is_kept


def test_what_the_model_wrote_goes_back_to_it_unchanged() -> None:
    message = AssistantMessage(text="Hi", written='{ "answer" :"Hi"}')
    assert in_words(message) == AssistantMessage(text='{ "answer" :"Hi"}')


def test_what_another_model_said_goes_back_in_the_form_that_is_asked_for() -> None:
    called = AssistantMessage(text="I look.", calls=(ToolCall(id="1", name="look", arguments={"a": "é"}),))
    assert in_words(called).text == '{"name": "look", "arguments": {"a": "é"}}'
    assert in_words(AssistantMessage(text="Yes.", thinking="hm")) == AssistantMessage(
        text='{"answer": "Yes."}'
    )


def test_a_result_is_a_message_of_the_person_with_its_pictures() -> None:
    result = ToolMessage(call_id="1", name="look", text="saw")
    assert in_words(result) == UserMessage(text="Result of look:\nsaw")
