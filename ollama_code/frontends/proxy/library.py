"""The proxy within a Python program: the same answers as from the server, without a socket or a token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pydantic import JsonValue

from ollama_code.bootstrap.allowlist import allowlist
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.serving import Serving, ToolsPolicy, serving_backend
from ollama_code.bootstrap.workbench import Bounds
from ollama_code.core.errors import UsageError
from ollama_code.frontends.proxy.app import Service
from ollama_code.frontends.proxy.caller import Caller
from ollama_code.frontends.proxy.faults import Refused
from ollama_code.frontends.proxy.loop import answer
from ollama_code.frontends.proxy.openai_reply import Completion, whole
from ollama_code.frontends.proxy.openai_request import asked_of, read_chat
from ollama_code.frontends.proxy.wire import Fields


@dataclass(frozen=True)
class ProxyConfig:
    """What the flags of `ollama-tools-proxy` say too. Where a value is `None`, settings and environment count;
    `command_allowlist` holds first words of commands, as a list or as one text with commas."""

    ollama_base_url: str | None = None
    working_directory: str | Path = "."
    allowed_directories: Sequence[str | Path] = ()
    allow_commands: bool = True
    command_allowlist: str | Sequence[str] | None = None
    inject_tools: bool = True
    max_iterations: int = 10
    default_model: str | None = None

    def serving(self) -> Serving:
        commands = allowlist(self.command_allowlist) if self.allow_commands else ()
        more = tuple(Path(directory).resolve() for directory in self.allowed_directories)
        policy: ToolsPolicy = "auto" if self.inject_tools else "never"
        return Serving(
            bounds=Bounds(Path(self.working_directory).resolve(), more, commands),
            options=Options(model=self.default_model, ollama_url=self.ollama_base_url),
            max_iterations=self.max_iterations,
            tools=policy,
        )


class OllamaToolProxy:
    """Answers chats, running our tools where the request brings none. Close it, or use it with `async with`."""

    def __init__(self, config: ProxyConfig | None = None) -> None:
        self._config = config or ProxyConfig()
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._service: Service | None = None

    async def chat_completion(
        self,
        messages: Sequence[Mapping[str, JsonValue]],
        model: str = "",
        more: Mapping[str, JsonValue] | None = None,
    ) -> Fields:
        """The completion, as OpenAI's API has it: `result["choices"][0]["message"]["content"]`. `more` are other
        fields of the request, such as `{"temperature": 0}`; all answers come whole.
        Raises: OllamaCodeError, a UsageError of it for a request that cannot be meant."""
        asked = {**(more or {}), "model": model, "messages": [*messages], "stream": False}
        try:
            body = read_chat(json.dumps(asked).encode())
            service = await self._opened()
            job = await service.job(asked_of(body, Caller(tools="" if self._config.inject_tools else "off")))
        except Refused as e:
            raise UsageError(e.fault.message) from e
        except (TypeError, ValueError) as e:
            raise UsageError(f"The request is not JSON: {e}.") from e
        return await whole(Completion(job.model.info.name), answer(job))

    async def close(self) -> None:
        """End the connection to Ollama. Calling it twice is fine."""
        await self._stack.aclose()
        self._service = None

    async def _opened(self) -> Service:
        """Open since the first request. Raises: UsageError for a directory that cannot be entered."""
        async with self._opening:
            if self._service is None:
                backend = await self._stack.enter_async_context(serving_backend(self._config.serving()))
                self._service = Service(backend)
            return self._service

    async def __aenter__(self) -> OllamaToolProxy:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
