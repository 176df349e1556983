"""The client against a real server on loopback: what comes out, what went over the wire, how it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from ollama_code.core.errors import (
    ContextOverflow,
    ModelMissing,
    ModelUnfit,
    ProviderError,
    ReplyBroken,
    RequestRejected,
    ServerBusy,
    ServerUnreachable,
    StreamCut,
)
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Image, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.phase import Phase
from ollama_code.ports import ChatRequest, Chunk, ReplyEnd, TextPiece, ThinkingPiece
from ollama_code.providers.ollama import OllamaProvider, Waits
from ollama_code.providers.wire import chat_body
from tests.ollama_server import Call, Fault, Gate, OllamaServer, Pace, Reply

TOOL = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file.",
        "parameters": {"type": "object", "properties": {"absolute_path": {"type": "string"}}},
    },
}
HEAD = Head(model="tiny:latest", num_ctx=8192, think=False, system="Be brief.", tools=(TOOL,))
ASK = (UserMessage(text="Look."),)


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


@pytest.fixture(params=[0.0, 0.08], ids=["at once", "gathered"])
async def provider(server: OllamaServer, request: pytest.FixtureRequest) -> AsyncIterator[OllamaProvider]:
    client = OllamaProvider(server.url, waits=Waits(gather_s=request.param))
    yield client
    await client.close()


def request_of(*messages: Message, **head: object) -> ChatRequest:
    return ChatRequest(HEAD.model_copy(update=head), messages or ASK, 512)


async def answer_of(provider: OllamaProvider, request: ChatRequest | None = None) -> list[Chunk]:
    async with aclosing(provider.chat(request or request_of())) as chunks:
        return [chunk async for chunk in chunks]


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextPiece))


def calls_of(chunks: list[Chunk]) -> list[ToolCall]:
    return [chunk for chunk in chunks if isinstance(chunk, ToolCall)]


async def test_an_answer_comes_in_order(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="Hello, world"))
    await provider.load(HEAD.model, HEAD.num_ctx, "5m")
    chunks = await answer_of(provider)
    assert chunks[:2] == [Phase(name="connecting", detail=server.url), Phase(name="reading", tokens=100)]
    assert text_of(chunks) == "Hello, world"
    assert isinstance(chunks[-1], ReplyEnd) and chunks[-1].reason == "stop"
    assert chunks[-1].usage.prompt_tokens > 0 and chunks[-1].usage.generated_tokens > 0


async def test_the_body_is_sent_as_it_was_made(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="é"))
    await answer_of(provider)
    assert server.chats[-1].body == chat_body(request_of())
    assert server.chats[-1].headers["content-type"] == "application/json"
    assert server.chats[-1].headers["user-agent"].startswith("ollama-code/")


async def test_thinking_is_told_apart_from_text(server: OllamaServer, provider: OllamaProvider) -> None:
    server.add_model("thinker:1", capabilities=("completion", "tools", "thinking"))
    server.play(Reply(text="Yes.", thinking="Let me see."))
    chunks = await answer_of(provider, request_of(model="thinker:1", think=True))
    thought = "".join(chunk.text for chunk in chunks if isinstance(chunk, ThinkingPiece))
    assert (thought, text_of(chunks)) == ("Let me see.", "Yes.")


@pytest.mark.parametrize("calls_on_done", [False, True])
async def test_calls_are_taken_from_any_chunk(
    server: OllamaServer, provider: OllamaProvider, calls_on_done: bool
) -> None:
    two = tuple(Call("read_file", {"absolute_path": path}) for path in ("a", "b"))
    server.play(Reply(text="Looking.", calls=two, calls_on_done=calls_on_done))
    chunks = await answer_of(provider)
    assert [call.arguments for call in calls_of(chunks)] == [{"absolute_path": "a"}, {"absolute_path": "b"}]
    assert len({call.id for call in calls_of(chunks)}) == 2
    assert isinstance(chunks[-1], ReplyEnd)


async def test_the_id_of_the_server_is_kept(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(calls=(Call("read_file", {"absolute_path": "a"}, id="call_abcd1234"),)))
    assert calls_of(await answer_of(provider))[0].id == "call_abcd1234"


async def test_the_second_request_repeats_the_first_and_the_server_reads_only_what_is_new(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    server.play(Reply(calls=(Call("read_file", {"absolute_path": "a"}),)), Reply(text="Done."))
    [call] = calls_of(await answer_of(provider))
    result = ToolMessage(call_id=call.id, name=call.name, text="x")
    await answer_of(provider, request_of(*ASK, AssistantMessage(calls=(call,)), result))
    first, second = (recorded.body for recorded in server.chats)
    assert second.startswith(first[: first.index(b'],"tools":')])
    assert server.read_tokens[1] < server.read_tokens[0]


async def test_odd_separators_in_the_text_survive(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="a\u0085b\u2028c\x0bd"))
    assert text_of(await answer_of(provider)) == "a\u0085b\u2028c\x0bd"


async def test_an_answer_at_its_limit_says_so(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="one two three four five six seven"))
    chunks = await answer_of(provider, ChatRequest(HEAD, ASK, 3))
    assert isinstance(chunks[-1], ReplyEnd) and chunks[-1].reason == "length"


async def test_a_picture_counts_as_tokens_not_as_text(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="A cat."))
    await provider.load(HEAD.model, HEAD.num_ctx, "5m")
    picture = Image(media_type="image/png", data="A" * 400_000)
    chunks = await answer_of(provider, request_of(UserMessage(text="?", images=(picture,))))
    assert Phase(name="reading", tokens=900) in chunks


async def test_a_connection_is_used_again(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="one"), Reply(text="two"))
    await answer_of(provider)
    await answer_of(provider)
    assert not [recorded for recorded in server.chats if recorded.gone.is_set()]


FAULTS = [
    (Fault.cut(after="one two"), StreamCut, "one two"),
    (Fault.cut(), StreamCut, ""),
    (Fault.drop(after="one two"), StreamCut, "one two"),
    (Fault.drop(), StreamCut, ""),
    (Fault.engine_dies(after="one two"), StreamCut, "one two"),
    (Fault.error_line("XML syntax error on line 4: unexpected EOF", after="one"), ReplyBroken, "one"),
    (Fault.error_line("EOF"), ReplyBroken, ""),
    (Fault.busy(), ServerBusy, ""),
    (Fault.payload(200, b'{"message":{"content":"one"},"done":false}\nnot json\n'), ReplyBroken, "one"),
    (Fault.payload(200, b'{"message":{"content":"one"},"done":fal'), ReplyBroken, ""),
    (Fault.payload(200, b"x" * 9_000_000), ReplyBroken, ""),
    (Fault.payload(200, b"<html>Welcome</html>", "text/html; charset=utf-8"), RequestRejected, ""),
    (Fault.payload(502, b"<html><title>Bad Gateway</title></html>", "text/html"), ServerUnreachable, ""),
    (Fault.payload(404, b"404 page not found", "text/plain"), RequestRejected, ""),
    (Fault.payload(307, b"", None), RequestRejected, ""),
    (Fault.payload(500, b"x" * 1_000_000, "text/plain"), RequestRejected, ""),
]


@pytest.mark.parametrize(("fault", "kind", "shown"), FAULTS)
async def test_a_fault_is_raised_after_what_was_said(
    server: OllamaServer, provider: OllamaProvider, fault: Fault, kind: type[ProviderError], shown: str
) -> None:
    server.play(fault)
    chunks: list[Chunk] = []
    with pytest.raises(ProviderError) as caught:
        async with aclosing(provider.chat(request_of())) as stream:
            async for chunk in stream:
                chunks.append(chunk)
    assert type(caught.value) is kind
    assert text_of(chunks) == shown
    assert server.url in str(caught.value) or kind is ReplyBroken


async def test_a_last_line_without_a_line_feed_is_read(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    server.play(Fault.payload(200, b'\n\n{"message":{"content":"one"},"done":true}'))
    assert text_of(await answer_of(provider)) == "one"


async def test_a_prompt_too_long_is_refused_with_both_numbers(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    server.play(Reply(text="never said"))
    with pytest.raises(ContextOverflow) as caught:
        await answer_of(provider, request_of(UserMessage(text="word " * 9000), num_ctx=2048))
    assert caught.value.num_ctx == 2048
    assert caught.value.prompt_tokens > 2048


async def test_a_model_that_is_not_there_is_named(provider: OllamaProvider) -> None:
    with pytest.raises(ModelMissing, match="ollama pull nope:1b"):
        await answer_of(provider, request_of(model="nope:1b"))


@pytest.mark.parametrize(("head", "word"), [({}, "call tools"), ({"tools": (), "think": True}, "think")])
async def test_a_model_that_cannot_is_named(
    server: OllamaServer, provider: OllamaProvider, head: dict[str, object], word: str
) -> None:
    server.add_model("plain:1", capabilities=("completion",))
    with pytest.raises(ModelUnfit, match=f"plain:1.*cannot {word}"):
        await answer_of(provider, request_of(model="plain:1", **head))


async def test_nobody_at_the_address_is_said_with_the_address() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with OllamaProvider(url) as provider:
            with pytest.raises(ServerUnreachable, match=f"{url}.*ollama serve"):
                await answer_of(provider)
            with pytest.raises(ServerUnreachable, match=f"{url}.*ollama serve"):
                await provider.installed()


async def read_until_text(provider: OllamaProvider) -> None:
    async with aclosing(provider.chat(request_of())) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, TextPiece):
                return


async def is_gone(server: OllamaServer) -> bool:
    return await asyncio.to_thread(server.chats[-1].gone.wait, 10)


async def test_closing_the_iterator_in_the_middle_closes_the_socket(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    server.play(Reply(text="one two three", pace=Pace(hold=Gate(), hold_after=2)))
    await read_until_text(provider)
    assert await is_gone(server)


@pytest.mark.parametrize("hold_after", [0, 2])
async def test_cancelling_closes_the_socket_while_reading_and_while_writing(
    server: OllamaServer, provider: OllamaProvider, hold_after: int
) -> None:
    gate = Gate()
    server.play(Reply(text="one two three", pace=Pace(hold=gate, hold_after=hold_after)))
    asking = asyncio.create_task(answer_of(provider))
    await gate.until_reached()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await is_gone(server)


async def test_reading_is_announced_while_the_server_is_silent(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    gate = Gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with aclosing(provider.chat(request_of())) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, Phase) and chunk.name == "reading":
                await gate.until_reached()
                break
    assert await is_gone(server)


async def test_a_closed_question_leaves_the_provider_usable(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    server.play(Reply(text="one two three", pace=Pace(hold=Gate(), hold_after=1)), Reply(text="again"))
    await read_until_text(provider)
    assert text_of(await answer_of(provider)) == "again"


async def test_a_model_is_described(server: OllamaServer, provider: OllamaProvider) -> None:
    server.add_model("m:1", capabilities=("completion", "thinking"), context_length=40960, num_ctx=12288)
    info = await provider.describe("m:1")
    assert (info.name, info.context_length, info.num_ctx) == ("m:1", 40960, 12288)
    assert info.thinking and not info.tools


async def test_a_model_that_is_not_there_cannot_be_described(provider: OllamaProvider) -> None:
    with pytest.raises(ModelMissing, match="ollama pull nope"):
        await provider.describe("nope")


async def test_the_installed_models_are_listed(server: OllamaServer, provider: OllamaProvider) -> None:
    server.add_model("m:1", capabilities=("completion",), size=123)
    found = {model.name: model for model in await provider.installed()}
    assert set(found) == {"tiny:latest", "m:1"}
    assert (found["m:1"].size_bytes, found["m:1"].capabilities) == (123, frozenset({"completion"}))


async def test_a_loaded_model_is_listed_with_its_real_window(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    server.add_model("m:1", size=100, size_vram=60)
    server.play(Reply(text="one"))
    assert await provider.loaded() == ()
    await answer_of(provider, request_of(model="m:1"))
    [loaded] = await provider.loaded()
    assert (loaded.name, loaded.size_bytes, loaded.size_vram_bytes, loaded.context_length) == (
        "m:1",
        100,
        60,
        8192,
    )


async def test_the_version_is_told(server: OllamaServer, provider: OllamaProvider) -> None:
    server.set_version("0.33.0")
    assert await provider.version() == "0.33.0"
