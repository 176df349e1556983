from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from ollama_code.core.errors import ModelMissing, ProviderError, StreamCut
from ollama_code.core.head import Head, Think
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.ports import ChatProvider, ChatRequest, Chunk, ReplyEnd, TextPiece, ThinkingPiece
from ollama_code.providers.script import Script
from ollama_code.providers.scripted import ScriptedProvider, calls, fails, hangs, says

TEXT = "  One word, two words;\n\n```python\n    code()\n```\nand an end. \n"


def ask(*messages: Message, think: Think = False) -> ChatRequest:
    head = Head(model="demo-script", num_ctx=16384, think=think, system="", tools=())
    return ChatRequest(head, messages or (UserMessage(text="hi"),), num_predict=1000)


async def played(provider: ChatProvider, request: ChatRequest) -> list[Chunk]:
    return [chunk async for chunk in provider.chat(request)]


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextPiece))


async def test_pieces_joined_are_the_text() -> None:
    chunks = await played(ScriptedProvider([says(TEXT)]), ask())
    assert text_of(chunks) == TEXT
    assert len(chunks) > 8


async def test_thinking_comes_before_the_text() -> None:
    chunks = await played(ScriptedProvider([says("a b", thinking="c")]), ask())
    assert chunks[:3] == [ThinkingPiece("c"), TextPiece("a"), TextPiece(" b")]


async def test_every_answer_ends_with_an_end() -> None:
    chunks = await played(ScriptedProvider([says("done"), ()]), ask())
    assert isinstance(chunks[-1], ReplyEnd) and chunks[-1].reason == "stop"


async def test_an_end_of_its_own_is_kept_and_not_doubled() -> None:
    end = ReplyEnd("length", Usage(prompt_tokens=7))
    chunks = await played(ScriptedProvider([(TextPiece("cut"), end)]), ask())
    assert chunks == [TextPiece("cut"), end]


async def test_replies_are_given_in_order_and_requests_recorded() -> None:
    provider = ScriptedProvider([says("first"), says("second")])
    requests = [ask(UserMessage(text="1")), ask(UserMessage(text="2"))]
    assert [text_of(await played(provider, request)) for request in requests] == ["first", "second"]
    assert provider.requests == requests


async def test_one_reply_too_few_names_what_was_asked() -> None:
    provider = ScriptedProvider([says("only")])
    await played(provider, ask())
    with pytest.raises(ProviderError, match=r"no reply left after 1.*tool: what now"):
        await played(provider, ask(ToolMessage(call_id="1", name="t", text="what now")))


async def test_calls_get_ids_that_are_new_to_the_conversation() -> None:
    provider = ScriptedProvider([calls(("a", {}), ("b", {"x": 1}), text="Look.")])
    earlier = AssistantMessage(calls=(ToolCall(id="call_1", name="a", arguments={}),))
    chunks = await played(provider, ask(earlier, ToolMessage(call_id="call_1", name="a", text="")))
    assert [c for c in chunks if isinstance(c, ToolCall)] == [
        ToolCall(id="call_2", name="a", arguments={}),
        ToolCall(id="call_3", name="b", arguments={"x": 1}),
    ]


async def test_failure_comes_after_what_was_said_before_it() -> None:
    heard: list[Chunk] = []
    with pytest.raises(StreamCut):
        async for chunk in ScriptedProvider([fails(StreamCut("cut"), after="so far")]).chat(ask()):
            heard.append(chunk)
    assert text_of(heard) == "so far"


async def test_cancelling_ends_a_reply_that_hangs() -> None:
    provider = ScriptedProvider([hangs(after="wait")])
    task = asyncio.create_task(played(provider, ask()))
    await provider.hanging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not provider.hanging.is_set()


async def test_usage_grows_with_the_conversation() -> None:
    provider = ScriptedProvider([says("a"), says("a")])
    short = await played(provider, ask(UserMessage(text="x")))
    long = await played(provider, ask(UserMessage(text="x" * 400)))
    assert isinstance(short[-1], ReplyEnd) and isinstance(long[-1], ReplyEnd)
    assert long[-1].usage.prompt_tokens - short[-1].usage.prompt_tokens == 100


SCRIPT = """
model = "tiny"
num_ctx = 4096
tokens_per_second = 0.001
[[reply]]
thinking = "hm hm"
text = "one two three"
[[reply.calls]]
tool = "list_directory"
arguments.path = "."
"""


async def test_script_is_played_with_its_calls() -> None:
    provider = ScriptedProvider.of(Script.load(SCRIPT), tokens_per_s=0)
    chunks = await played(provider, ask())
    assert text_of(chunks) == "one two three"
    assert chunks[-2] == ToolCall(id="call_1", name="list_directory", arguments={"path": "."})


@pytest.mark.parametrize(("think", "pieces"), [(False, 0), (True, 2), ("low", 2)])
async def test_script_thinks_only_where_the_request_wants_it(think: Think, pieces: int) -> None:
    provider = ScriptedProvider.of(Script.load(SCRIPT), tokens_per_s=0)
    chunks = await played(provider, ask(think=think))
    assert sum(isinstance(chunk, ThinkingPiece) for chunk in chunks) == pieces


async def test_pause_between_two_pieces_can_be_cancelled() -> None:
    """At the script's own pace of one piece in 1,000 seconds, the test would run into its time limit."""
    provider = ScriptedProvider.of(Script.load(SCRIPT))
    first = asyncio.Event()

    async def listen() -> None:
        async with aclosing(provider.chat(ask())) as chunks:
            async for _ in chunks:
                first.set()

    task = asyncio.create_task(listen())
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_describes_itself_as_the_one_installed_model() -> None:
    provider = ScriptedProvider.of(Script.load(SCRIPT))
    (summary,) = await provider.installed()
    info = await provider.describe(summary.name)
    assert (info.name, info.num_ctx, info.context_length, info.tools) == ("tiny", 4096, 4096, True)


async def test_another_model_is_missing() -> None:
    with pytest.raises(ModelMissing, match="demo-script"):
        await ScriptedProvider([]).describe("llama3")
