"""Whatever an answer is made of, its events are ones that a strict reader takes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from ollama_code.core.messages import ToolCall
from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy import anthropic_reply, openai_reply
from ollama_code.frontends.proxy.anthropic_reply import Answering
from ollama_code.frontends.proxy.pieces import Done, Piece, SearchFailed, Worked
from ollama_code.ports import TextPiece, ThinkingPiece

TEXT = st.text(min_size=1, max_size=3)
PIECES = st.lists(
    TEXT.map(TextPiece)
    | TEXT.map(ThinkingPiece)
    | st.just(Worked())
    | st.just(SearchFailed())
    | TEXT.map(lambda text: ToolCall(id=f"call_{text}", name="look", arguments={"a": text})),
    max_size=8,
)
SHOWS = st.sampled_from(["all", "sealed", "none"])


async def given_pieces(pieces: Sequence[Piece]) -> AsyncGenerator[Piece, None]:
    for piece in pieces:
        yield piece
    yield Done("stop", Usage())


async def events(pieces: Sequence[Piece], shows) -> list[dict]:
    stream = anthropic_reply.stream(Answering("m", shows), given_pieces(pieces))
    told = [event.decode().removesuffix("\n\n").split("\n", 1) async for event in stream]
    values = [json.loads(data.removeprefix("data: ")) for _, data in told]
    assert [name for name, _ in told] == [f"event: {value['type']}" for value in values]
    return values


@given(PIECES, SHOWS)
async def test_blocks_are_opened_filled_and_closed_one_after_the_other(pieces, shows):
    first, *middle, delta, last = await events(pieces, shows)
    assert [e["type"] for e in (first, delta, last)] == ["message_start", "message_delta", "message_stop"]
    index, is_open = 0, False
    for event in middle:
        assert event["index"] == index
        is_start, is_stop = (event["type"] == f"content_block_{end}" for end in ("start", "stop"))
        assert is_open is not is_start
        is_open, index = not is_stop, index + is_stop
    assert not is_open


@given(PIECES, SHOWS)
async def test_all_text_and_all_calls_are_there_streamed_or_whole(pieces, shows):
    deltas = [
        event["delta"] for event in await events(pieces, shows) if "index" in event and "delta" in event
    ]
    calls = [piece.arguments for piece in pieces if isinstance(piece, ToolCall)]
    said = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    assert [json.loads(delta["partial_json"]) for delta in deltas if "partial_json" in delta] == calls
    streamed = "".join(delta.get("text", "") for delta in deltas)
    assert streamed.replace("\n", "") == said.replace("\n", "")
    whole = await anthropic_reply.whole(Answering("m", shows), given_pieces(pieces))
    assert [block["input"] for block in whole["content"] if block["type"] == "tool_use"] == calls


@given(PIECES)
async def test_chunks_end_with_a_reason_and_number_their_calls(pieces):
    stream = openai_reply.stream(openai_reply.Completion("m"), given_pieces(pieces), include_usage=False)
    *chunks, last = [event.decode().removeprefix("data: ") async for event in stream]
    choices = [json.loads(chunk)["choices"][0] for chunk in chunks]
    calls = [call for choice in choices for call in choice["delta"].get("tool_calls", ())]
    assert last == "[DONE]\n\n"
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert [call["index"] for call in calls] == list(range(len(calls)))
    assert all(isinstance(call["function"]["arguments"], str) for call in calls)
