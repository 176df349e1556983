"""What a template costs between two turns is measured on the server's own rendering."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message
from ollama_code.ports import ChatRequest
from ollama_code.providers.ollama import OllamaProvider
from ollama_code.providers.scripted import ScriptedProvider
from ollama_code.providers.seam import Seam, measure_seam
from tests.ollama_server import Model, OllamaServer

THINKER = Model("thinker:latest", capabilities=("completion", "tools", "thinking"))
TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {}}}


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer(models=(THINKER, Model("plain:latest"))) as server:
        yield server


def head(model: str, *, think: bool) -> Head:
    return Head(model=model, num_ctx=8192, think=think, system="s", tools=(TOOL,))


async def test_a_template_that_erases_past_thinking_is_found_and_answered(server: OllamaServer):
    provider = OllamaProvider(server.url)
    seam = await measure_seam(provider, head("thinker:latest", think=True))
    await provider.close()
    assert seam == Seam(sends_thinking=False, rereads_turn=False)


async def test_a_template_without_thinking_has_no_seam(server: OllamaServer):
    provider = OllamaProvider(server.url)
    seam = await measure_seam(provider, head("plain:latest", think=False))
    await provider.close()
    assert seam == Seam(sends_thinking=True, rereads_turn=False)


async def test_measuring_reads_no_prompt(server: OllamaServer):
    provider = OllamaProvider(server.url)
    await measure_seam(provider, head("thinker:latest", think=True))
    await provider.close()
    assert server.read_tokens == [] and server.chats == []
    assert any(request.path == "/api/chat" for request in server.requests)


class Erasing(ScriptedProvider):
    """Renders as qwen3.5 does: an empty thought stands in every answer of the running turn, sent back or not."""

    async def rendered(self, request: ChatRequest) -> str | None:
        users = [i for i, m in enumerate(request.messages) if m.role == "user"]
        return "".join(self._turn(m, i > users[-1], request.head) for i, m in enumerate(request.messages))

    def _turn(self, message: Message, running: bool, head: Head) -> str:
        if not isinstance(message, AssistantMessage):
            return message.text
        thought = message.thinking if head.sends_thinking else ""
        return (f"<think>{thought}</think>" if running else "") + message.text


async def test_where_keeping_thinking_back_does_not_help_it_is_sent_and_the_turn_is_read_again():
    seam = await measure_seam(Erasing(()), head("m", think=True))
    assert seam == Seam(sends_thinking=True, rereads_turn=True)


async def test_a_server_that_does_not_render_says_nothing():
    assert await measure_seam(ScriptedProvider(()), head("m", think=True)) is None
