"""Who is asked, with which key, and for how long while nobody answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.bootstrap.model import connect, patiently
from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import ModelMissing, ProviderError, ServerUnreachable
from ollama_code.core.head import Head
from ollama_code.core.messages import UserMessage
from ollama_code.paths import Home
from ollama_code.ports import ChatRequest
from ollama_code.providers.scripted import ScriptedProvider
from ollama_code.settings.load import load
from tests.ollama_server import OllamaServer, Pace, Reply
from tests.providers.test_gather import TOKENS, waits_of


class Server:
    """Fails with each of `errors`, then answers."""

    def __init__(self, *errors: ProviderError) -> None:
        self.errors = list(errors)

    async def ask(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "here"


async def test_a_server_that_comes_up_meanwhile_is_found() -> None:
    assert await patiently(Server(ServerUnreachable("down")).ask, 5.0) == "here"


async def test_without_patience_the_first_failure_counts() -> None:
    with pytest.raises(ServerUnreachable):
        await patiently(Server(ServerUnreachable("down")).ask, 0.0)


async def test_another_failure_is_not_asked_again() -> None:
    server = Server(ModelMissing("none"), ModelMissing("never raised"))
    with pytest.raises(ModelMissing, match="none"):
        await patiently(server.ask, 5.0)
    assert len(server.errors) == 1


async def test_the_demo_asks_no_server(tmp_path: Path) -> None:
    provider, host = await connect(Options(demo=True), load(Home(tmp_path), {}, Options().flags()))
    assert isinstance(provider, ScriptedProvider) and host == "demo"


@pytest.mark.parametrize(
    ("written", "sent"),
    [("{url}/", "Bearer k1"), ("http://127.0.0.1:9", None)],
    ids=["for this server", "for another"],
)
async def test_a_key_goes_to_its_own_server_only(tmp_path: Path, written: str, sent: str | None) -> None:
    with OllamaServer() as server:
        text = f'{{"ollama": {{"baseUrl": "{written.format(url=server.url)}", "apiKey": "k1"}}}}'
        settings = tmp_path / "settings.json"
        settings.write_text(text)
        settings.chmod(0o600)
        provider, _ = await connect(
            Options(), load(Home(tmp_path), {"OLLAMA_HOST": server.url}, Options().flags())
        )
        await provider.installed()
        await provider.close()
        assert server.requests[0].headers.get("authorization") == sent


@pytest.mark.parametrize(("front_end", "together"), [("tui", True), ("headless", False)])
async def test_only_the_screen_lets_tokens_wait_for_each_other(
    tmp_path: Path, front_end: str, together: bool
) -> None:
    head = Head(model="tiny:latest", num_ctx=8192, think=False, system="", tools=())
    options = Options(front_end=front_end)
    with OllamaServer() as server:
        server.play(Reply(pieces=tuple(f"{n} " for n in range(TOKENS)), pace=Pace(token_s=0.003)))
        provider, _ = await connect(
            options, load(Home(tmp_path), {"OLLAMA_HOST": server.url}, options.flags())
        )
        _, waits = await waits_of(provider.chat(ChatRequest(head, (UserMessage(text="go"),), 500)))
        await provider.close()
    assert (waits < TOKENS / 2) is together
