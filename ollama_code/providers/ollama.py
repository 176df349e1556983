"""A real Ollama server behind `ports.ChatProvider`. Speaks `/api/chat` itself: the base class's own `chat` drops
the ids of calls, `truncate` and every field it does not know. Retries nothing; that is the turn's to decide."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from ollama_code.core.errors import ProviderError, RequestRejected, UsageError
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.phase import Phase
from ollama_code.core.text import one_line
from ollama_code.core.version import __version__
from ollama_code.ports import ChatRequest, Chunk, LoadedModel, ModelInfo, ModelSummary, PullProgress
from ollama_code.providers.catalog import Rendered, Residents, Show, Tags, Version
from ollama_code.providers.clients import httpx, ollama
from ollama_code.providers.connection import transport
from ollama_code.providers.faults import broken_off, cut_short, refused
from ollama_code.providers.host import is_cloud, is_loopback, login_of, without_login
from ollama_code.providers.lenient import Lenient, read_json
from ollama_code.providers.ndjson import LineSplitter
from ollama_code.providers.pull import PullReader
from ollama_code.providers.reply import ReplyReader
from ollama_code.providers.residence import Residence
from ollama_code.providers.wire import chat_body, load_body

CHAT_TIMEOUT = httpx.Timeout(None, connect=5.0, pool=5.0)
"""Seconds. No limit on reading: loading a model and reading a prompt send nothing for minutes, and going away
would abort the load."""
_DRAIN_S = 0.25
"""How long the end of a complete answer is waited for, so that its connection can be used again."""
_REFUSAL_LIMIT_BYTES = 64 * 1024
_BYTES_PER_TOKEN = 3.7
_IMAGE_TOKENS = 768
"""What Ollama itself counts for a picture when it fits a prompt."""
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

Shape = TypeVar("Shape", bound=Lenient)
_Trace = Callable[[str, Mapping[str, object]], Awaitable[None]]


@dataclass(frozen=True)
class Waits:
    """Seconds."""

    patience_s: float = 8.0
    """For the whole answer to a small question, never for a chat or a pull: `-p` must give up on a server that
    hangs, or trickles, within 10 s."""
    look_every_s: float = 1.0
    """How often, while an answer is waited for, a server on this machine is asked whether the model is in memory
    yet."""
    gather_s: float = 0.0
    """How long what comes in may wait, to be read together with what follows."""
    tells: bool = True
    """Whether somebody wants to know what is waited for. If not, nobody looks, and an answer comes 0.1 ms sooner."""


_USUAL = Waits()


class OllamaProvider(ollama.AsyncClient):
    """One server. `url` comes from `host.base_url`, a login in it is sent as basic authentication; the attribute
    `url` is for people and has none. `api_key` goes to this server, whichever it is; without one, the
    `OLLAMA_API_KEY` of the environment goes to Ollama's cloud alone.
    Raises: UsageError when no client can be made: a bad proxy variable, certificate file, key or header."""

    _client: httpx.AsyncClient

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        headers: Mapping[str, str] = _NO_HEADERS,
        waits: Waits = _USUAL,
    ) -> None:
        self.url = without_login(url)
        self._patience_s = waits.patience_s
        self._residence = Residence(self.loaded, _looks_every(url, waits.look_every_s))
        self._tells = waits.tells
        sent = {name.lower(): value for name, value in headers.items()}
        if api_key:
            sent["authorization"] = f"Bearer {api_key}"
        login, local = login_of(url), is_loopback(url)
        try:
            # A proxy of the environment cannot reach this machine's own loopback.
            self._transport = transport(url, trusts_environment=not local, gather_s=waits.gather_s)
            super().__init__(
                self.url,
                follow_redirects=False,
                timeout=CHAT_TIMEOUT,
                headers=sent,
                auth=login,
                trust_env=not local,
                transport=self._transport,
            )
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as e:
            raise UsageError(
                f"No connection to {self.url} can be set up: {one_line(str(e))}. Check the key, the headers, and the "
                "variables for proxies (HTTPS_PROXY, ALL_PROXY) and certificates (SSL_CERT_FILE)."
            ) from e
        self._client.headers["user-agent"] = f"ollama-code/{__version__}"
        if "authorization" not in sent and not is_cloud(url):
            # The base class sends the key of the environment to every host.
            self._client.headers.pop("authorization", None)
        self._like = self._client.build_request("POST", "/api/chat")
        self._like_headers = [one for one in self._like.headers.raw if one[0].lower() != b"content-length"]
        self._is_plain = local and login is None

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:  # type: ignore[override]  # see module
        """Phases, then the answer as it is written, `ReplyEnd` last. Closing it, or cancelling, closes the socket,
        and the server stops the model.
        Raises: ProviderError."""
        reader = ReplyReader(model=request.head.model, url=self.url)
        yield Phase(name="connecting", detail=self.url)
        asked = self._told(request) if self._tells else self._answer(request)
        async with aclosing(asked) as answer:
            async for part in answer:
                for chunk in reader.read(part) if isinstance(part, bytes) else [part]:
                    yield chunk
                if reader.ended:
                    await _drain(answer)
                    return
        raise cut_short(url=self.url)

    async def describe(self, model: str) -> ModelInfo:
        """Raises: ModelMissing, or another ProviderError."""
        return (await self._ask(Show, "/api/show", model)).info(model)

    async def installed(self) -> tuple[ModelSummary, ...]:
        """Raises: ProviderError."""
        found = (await self._ask(Tags, "/api/tags")).summaries()
        self._residence.know(found)
        return found

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:  # type: ignore[override]  # see module
        """Raises: ProviderError, also when the stream ends before the server said "success"."""
        reader = PullReader(model, self.url)
        body = json.dumps({"model": model, "stream": True}).encode()
        try:
            async with self._client.stream("POST", "/api/pull", content=body) as response:
                await self._accept(response, model)
                async with aclosing(_lines(response)) as lines:
                    async for line in lines:
                        if progress := reader.read(line):
                            yield progress
        except httpx.HTTPError as e:
            raise broken_off(e, url=self.url) from e
        if not reader.succeeded:
            raise cut_short(url=self.url)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models in memory now. Raises: ProviderError."""
        return (await self._ask(Residents, "/api/ps")).all_loaded()

    async def load(self, model: str, num_ctx: int, keep_alive: str) -> None:
        """A chat without messages. Raises: ModelLoadFailed, or another ProviderError."""
        await self._whole(load_body(model, num_ctx, keep_alive), model)

    async def rendered(self, request: ChatRequest) -> str | None:
        """`None` from a server that does not know the question. Raises: ProviderError."""
        body = {**json.loads(chat_body(request)), "stream": False, "_debug_render_only": True}
        response = await self._whole(json.dumps(body).encode(), request.head.model)
        try:
            return Rendered.model_validate(read_json(response.content)).text
        except ValueError as e:
            raise self._stranger() from e

    async def version(self) -> str:
        """As the server says it, "0.0.0" for one built from source. Raises: ProviderError."""
        return (await self._ask(Version, "/api/version")).version

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, shape: type[Shape], path: str, model: str = "") -> Shape:
        """A small question: about `model` by POST, about the server by GET."""
        try:
            async with asyncio.timeout(self._patience_s):
                if model:
                    response = await self._client.post(path, json={"model": model})
                else:
                    response = await self._client.get(path)
        except httpx.HTTPError as e:
            raise broken_off(e, url=self.url) from e
        except TimeoutError as e:
            raise broken_off(httpx.ReadTimeout("the answer does not end"), url=self.url) from e
        if response.status_code != httpx.codes.OK:
            raise refused(response.status_code, response.content, model=model, url=self.url)
        try:
            return shape.model_validate(read_json(response.content))
        except ValueError as e:
            raise self._stranger() from e

    async def _whole(self, body: bytes, model: str) -> httpx.Response:
        """A chat whose answer comes in one piece, maybe after minutes. Raises: ProviderError."""
        try:
            response = await self._client.post("/api/chat", content=body)
        except httpx.HTTPError as e:
            raise broken_off(e, url=self.url) from e
        if response.status_code != httpx.codes.OK:
            raise refused(response.status_code, response.content, model=model, url=self.url)
        return response

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[bytes, None]:
        """The lines of the answer. However it ends, the connection is closed, unless all of it has been read."""
        try:
            response = await self._send(chat_body(request))
            try:
                await self._accept(response, request.head.model)
                async with aclosing(_lines(response)) as lines:
                    async for line in lines:
                        yield line
            finally:
                await response.aclose()
        except httpx.HTTPError as e:
            raise broken_off(e, url=self.url) from e

    async def _told(self, request: ChatRequest) -> AsyncGenerator[Phase | LoadedModel | bytes, None]:
        """What is waited for as soon as the request has left, then the lines of the answer."""
        body = chat_body(request)
        wait = self._residence.wait(request.head, _tokens(request, body))
        await wait.begin()
        async with self._posted(body) as sending:
            async with aclosing(wait.until(sending)) as phases:
                async for phase in phases:
                    yield phase
            response = await sending
            await self._accept(response, request.head.model)
            if found := await wait.end():
                yield found
            async with aclosing(_lines(response)) as lines:
                async for line in lines:
                    yield line

    @asynccontextmanager
    async def _posted(self, body: bytes) -> AsyncIterator[asyncio.Task[httpx.Response]]:
        """`/api/chat` from the moment the request has left, which a server that reads or loads answers much
        later. However it ends, the connection is closed, unless the whole answer has been read.
        Raises: ProviderError, also for what fails inside the block."""
        left = asyncio.Event()

        async def trace(name: str, _info: Mapping[str, object]) -> None:
            if name == "http11.send_request_body.complete":
                left.set()

        sending = asyncio.create_task(self._send(body, trace))
        sending.add_done_callback(lambda _: left.set())
        try:
            await left.wait()
            if sending.done():
                sending.result()
            yield sending
        except httpx.HTTPError as e:
            raise broken_off(e, url=self.url) from e
        finally:
            if not sending.done():
                sending.cancel()
                await asyncio.wait({sending})
            if not sending.cancelled() and sending.exception() is None:
                await sending.result().aclose()

    async def _send(self, body: bytes, trace: _Trace | None = None) -> httpx.Response:
        """On this machine without the client, which takes 0.2 ms for what no local server asks for: cookies, a login,
        headers put together anew for each request."""
        traced = {"trace": trace} if trace else {}
        if self._transport is None or not self._is_plain:
            post = self._client.build_request("POST", "/api/chat", content=body, extensions=traced)
            return await self._client.send(post, stream=True)
        headers = [*self._like_headers, (b"Content-Length", b"%d" % len(body))]
        extensions = {**self._like.extensions, **traced}
        stream = httpx.ByteStream(body)
        post = httpx.Request("POST", self._like.url, headers=headers, stream=stream, extensions=extensions)
        return await self._transport.handle_async_request(post)

    async def _accept(self, response: httpx.Response, model: str) -> None:
        if response.status_code != httpx.codes.OK:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) >= _REFUSAL_LIMIT_BYTES:
                    break
            raise refused(response.status_code, bytes(body), model=model, url=self.url)
        if response.headers.get("content-type", "").startswith("text/html"):
            raise self._stranger()

    def _stranger(self) -> RequestRejected:
        return RequestRejected(
            f"What answers at {self.url} is not Ollama. Check the address (--ollama-url or OLLAMA_HOST) and its path."
        )


def _looks_every(url: str, local_s: float) -> float | None:
    """Seconds between two looks at what is in memory: cheap on this machine, rarer over a network, and the cloud has
    nothing to look at."""
    if is_cloud(url):
        return None
    return local_s if is_loopback(url) else 5 * local_s


async def _lines(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    splitter = LineSplitter()
    async for piece in response.aiter_bytes():
        for line in splitter.feed(piece):
            yield line
    for line in splitter.end():
        yield line


async def _drain(answer: AsyncGenerator[object, None]) -> None:
    """Read to the end of a stream whose last line has come. Nothing that happens now concerns the answer."""
    with suppress(TimeoutError, ProviderError):
        async with asyncio.timeout(_DRAIN_S):
            async for _ in answer:
                pass


def _tokens(request: ChatRequest, body: bytes) -> int:
    """The length of the prompt, roughly: for a person who waits, not for a decision."""
    images = [
        image
        for message in request.messages
        if not isinstance(message, AssistantMessage)
        for image in message.images
    ]
    text_bytes = len(body) - sum(len(image.data) for image in images)
    tokens = int(text_bytes / _BYTES_PER_TOKEN) + len(images) * _IMAGE_TOKENS
    return max(round(tokens, -2), 100)
