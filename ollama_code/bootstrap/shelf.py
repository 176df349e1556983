"""The models of the server, to look at and to pull, without a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ollama_code.bootstrap.keys import load_with_keys
from ollama_code.bootstrap.model import connect
from ollama_code.bootstrap.options import Options
from ollama_code.ports import ChatProvider


@asynccontextmanager
async def model_shelf(options: Options) -> AsyncIterator[ChatProvider]:
    """The provider a session would use, connected as long as the block is open: `installed()`, `pull(name)`.
    Raises: UsageError, ProviderError."""
    provider, _ = await connect(options, await asyncio.to_thread(load_with_keys, options))
    try:
        yield provider
    finally:
        await provider.close()
