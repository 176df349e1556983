"""What must hold against any Ollama, with any model that chats, even one of 135M parameters without tools.

The only tests that look at a clock: how fast a stop is, and what need not be read again, is the point here."""

from __future__ import annotations

import time
import uuid
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.core.errors import ContextOverflow
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.ports import ChatRequest, Chunk, ModelInfo, RawPiece, ReplyEnd, TextPiece, ThinkingPiece
from ollama_code.providers.constrain import BoundReader, bound_schema
from ollama_code.providers.models import choose_think
from ollama_code.providers.ollama import OllamaProvider
from tests.e2e.program import Program
from tests.live.conftest import Live
from tests.ollama_server import Call, Gate, Pace, Reply

pytestmark = pytest.mark.timeout(300)
"""Seconds: a real model is loaded first, and without a graphics card it reads slowly."""

NUM_CTX = 2048
STOP_S = 0.05
READ = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file.",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string", "description": "Path of the file."}},
            "required": ["path"],
        },
    },
}


def request(info: ModelInfo, *messages: Message, tools: tuple[dict, ...] = (), most: int = 64) -> ChatRequest:
    """A front that no engine has read before, so that each test starts cold."""
    system = f"Conversation {uuid.uuid4()}. Answer in one short sentence."
    head = Head(model=info.name, num_ctx=NUM_CTX, think=choose_think(info), system=system, tools=tools)
    return ChatRequest(head, messages, most)


async def answer(provider: OllamaProvider, asked: ChatRequest) -> list[Chunk]:
    async with aclosing(provider.chat(asked)) as chunks:
        return [chunk async for chunk in chunks]


def end_of(chunks: list[Chunk]) -> ReplyEnd:
    assert isinstance(chunks[-1], ReplyEnd)
    return chunks[-1]


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextPiece | ThinkingPiece))


async def test_the_server_says_its_version(provider: OllamaProvider) -> None:
    assert await provider.version()


async def test_the_model_is_installed_and_described(
    live: Live, info: ModelInfo, provider: OllamaProvider
) -> None:
    assert "completion" in info.capabilities and info.context_length > 0
    assert any(model.name.startswith(live.model) for model in await provider.installed())


async def test_a_turn_with_text(live: Live, info: ModelInfo, provider: OllamaProvider) -> None:
    live.play(Reply(text="Hello to you."))
    chunks = await answer(provider, request(info, UserMessage(text="Say hello.")))
    assert text_of(chunks).strip()
    usage = end_of(chunks).usage
    assert usage.prompt_tokens > 0 and usage.generated_tokens > 0


async def test_a_turn_with_a_tool(live: Live, info: ModelInfo, provider: OllamaProvider) -> None:
    if not info.tools:
        pytest.skip(f"{info.name} cannot call tools")
    live.play(Reply(calls=(Call("read_file", {"path": "a.txt"}),)), Reply(text="It says hello."))
    ask = UserMessage(text="Call read_file with the path a.txt.")
    first = request(info, ask, tools=(READ,), most=512)
    calls = [chunk for chunk in await answer(provider, first) if isinstance(chunk, ToolCall)]
    if not calls:
        pytest.skip(f"{info.name} chose to answer without the tool")
    results = [ToolMessage(call_id=call.id, name=call.name, text="hello") for call in calls]
    grown = ChatRequest(first.head, (ask, AssistantMessage(calls=tuple(calls)), *results), 512)
    assert end_of(await answer(provider, grown)).usage.generated_tokens > 0


async def test_the_raw_tap_shows_every_token(live: Live, info: ModelInfo, provider: OllamaProvider) -> None:
    live.play(Reply(text="Greetings: é, 日本, 🙂."))
    asked = replace(request(info, UserMessage(text="Say hello in Japanese, with an emoji.")), tap=True)
    said = await answer(provider, asked)
    raw = [chunk for chunk in said if isinstance(chunk, RawPiece)]
    if not raw:
        pytest.skip("this server does not show raw tokens")
    assert text_of(said).strip() in "".join(piece.text for piece in raw)
    assert abs(sum(piece.tokens for piece in raw) - end_of(said).usage.generated_tokens) <= 2


@pytest.mark.parametrize("names", [("read_file",), ()])
async def test_a_bound_answer_is_a_call_or_an_answer(
    live: Live, info: ModelInfo, provider: OllamaProvider, names: tuple[str, ...]
) -> None:
    call = '{"name": "read_file", "arguments": {"path": "a.txt"}}'
    live.play(Reply(text=call if names else '{"answer": "Hello."}'))
    schema = bound_schema(dict.fromkeys(names, READ["function"]["parameters"]))
    asked = request(info, UserMessage(text="Read the file a.txt."), most=512)
    reader = BoundReader(names)
    said = await answer(provider, replace(asked, format=schema, think=False))
    heard = [found for chunk in said for found in reader.hear(chunk)]
    calls = [chunk for chunk in heard if isinstance(chunk, ToolCall)]
    assert reader.is_kept and len(calls) <= len(names)
    assert calls or text_of(heard).strip() or end_of(said).reason == "length"


async def test_a_stop_takes_less_than_50_ms(live: Live, info: ModelInfo, provider: OllamaProvider) -> None:
    live.play(Reply(text="one two three four five", pace=Pace(hold=Gate(), hold_after=2)))
    chunks = provider.chat(request(info, UserMessage(text="Count to a thousand."), most=1024))
    async for chunk in chunks:
        if isinstance(chunk, TextPiece | ThinkingPiece):
            break
    started = time.monotonic()
    await chunks.aclose()
    if (
        live.wire is None
    ):  # a clock says something of a real server alone, on a machine that does nothing else
        assert time.monotonic() - started < STOP_S
    else:
        assert live.wire.chats[0].gone.wait(5)


async def test_an_overflow_is_refused_and_nothing_is_cut(
    live: Live, info: ModelInfo, provider: OllamaProvider
) -> None:
    live.play(Reply(text="never said"))
    with pytest.raises(ContextOverflow) as refused:
        await answer(provider, request(info, UserMessage(text="word " * 4 * NUM_CTX)))
    assert refused.value.num_ctx == NUM_CTX
    assert refused.value.prompt_tokens > NUM_CTX


async def test_a_second_turn_reads_only_what_is_new(
    live: Live, info: ModelInfo, provider: OllamaProvider
) -> None:
    live.play(Reply(text="Yes."), Reply(text="Indeed."))
    ask = UserMessage(text=f"{'The quick brown fox jumps over the lazy dog. ' * 80} Did you read it?")
    first = request(info, ask, most=8)
    said = await answer(provider, first)
    text = "".join(chunk.text for chunk in said if isinstance(chunk, TextPiece))
    grown = (ask, AssistantMessage(text=text), UserMessage(text="Sure?"))
    again = await answer(provider, ChatRequest(first.head, grown, 8))
    assert end_of(again).usage.prompt_s < end_of(said).usage.prompt_s / 2


async def test_the_whole_program_answers(live: Live, info: ModelInfo, tmp_path: Path) -> None:
    live.play(Reply(text="Hello." if info.tools else '{"answer": "Hello."}'))
    ran = Program(tmp_path, live.url).run("-p", "Say hello.", "--model", info.name, "--output-format", "json")
    assert ran.report["reason"] in ("done", "denied", "loop", "step_limit")
    if live.wire is not None or info.tools:  # the smallest models may try anything first, and are refused
        assert (ran.code, str(ran.report["result"]).strip()) == (0, ran.report["result"])


async def test_a_model_without_tools_reads_a_file(live: Live, info: ModelInfo, tmp_path: Path) -> None:
    if info.tools:
        pytest.skip(f"{info.name} has calls of its own")
    call = '{"name": "read_file", "arguments": {"absolute_path": "a.txt"}}'
    live.play(Reply(text=call), Reply(text='{"answer": "It says hello."}'))
    program = Program(tmp_path, live.url)
    (program.project / "a.txt").write_text("hello\n")
    words = (
        "Read a.txt with read_file. What does it say?",
        "--max-steps",
        "4",
        "--output-format",
        "stream-json",
    )
    ran = program.run("-p", *words, "--model", info.name)
    assert ran.events[-1]["type"] == "turn_finished" and ran.events[-1]["reason"] != "failed"
    assert any(event["type"] in ("tool_started", "text_delta") for event in ran.events)
