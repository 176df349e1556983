"""A proxy on loopback inside the test's own loop, and clients for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.serving import Serving, ToolsPolicy, serving_backend
from ollama_code.bootstrap.watch import Watch
from ollama_code.bootstrap.workbench import Bounds
from ollama_code.frontends.proxy.app import Service, proxy_app
from ollama_code.frontends.proxy.flags import read_flags
from ollama_code.frontends.proxy.guard import Rules
from ollama_code.frontends.proxy.metrics import Metrics
from ollama_code.frontends.proxy.serve import bound_socket, listening
from ollama_code.frontends.proxy.watched import watch_for

TOKEN = "a-token-for-the-test"


@dataclass(frozen=True)
class Proxy:
    url: str
    service: Service

    @property
    def stopping(self) -> asyncio.Event:
        return self.service.stopping

    @property
    def inside(self) -> int:
        """Requests that were let in and are not answered yet."""
        return self.service.backend.admission.inside

    def openai(self) -> AsyncOpenAI:
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=TOKEN, max_retries=0)

    def anthropic(self, prefix: str = "") -> AsyncAnthropic:
        """With the key in the header of that dialect, as its clients send it."""
        return AsyncAnthropic(base_url=self.url + prefix, api_key=TOKEN, max_retries=0)

    def raw(self) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {TOKEN}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False)


@dataclass(frozen=True)
class Wish:
    """How a test wants its proxy."""

    commands: tuple[str, ...] | None = None
    max_iterations: int = 10
    tools: ToolsPolicy = "auto"
    model: str | None = None
    keepalive_s: float = 10.0
    metrics: Metrics | None = None
    more_urls: tuple[str, ...] = ()


USUAL = Wish()


@asynccontextmanager
async def running(ollama_url: str, directory: Path, wish: Wish = USUAL) -> AsyncGenerator[Proxy, None]:
    serving = Serving(
        bounds=Bounds(directory, (), wish.commands),
        options=Options(model=wish.model, ollama_url=ollama_url),
        max_iterations=wish.max_iterations,
        tools=wish.tools,
        more_urls=wish.more_urls,
        watch=watch_for(wish.metrics) if wish.metrics else Watch(),
    )
    with bound_socket(read_flags(["-p", "0"], {})) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serving_backend(serving) as backend:
            service = Service(backend, keepalive_s=wish.keepalive_s, metrics=wish.metrics)
            async with listening(
                proxy_app(service, Rules(TOKEN, port=listener.getsockname()[1])), listener, service.stopping
            ):
                yield Proxy(url, service)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}
