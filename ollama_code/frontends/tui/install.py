"""Installs a model while the screen shows how far it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from ollama_code.core.errors import OllamaCodeError
from ollama_code.ports import PullProgress

if TYPE_CHECKING:
    from ollama_code.frontends.tui.face import Face


async def installed(name: str, download: AsyncGenerator[PullProgress, None], face: Face) -> bool:
    """Whether the model is installed when the download has ended; `face` knows why when it is not."""
    face.pulling(name, PullProgress("asking the server"))
    trouble = ""
    try:
        async with aclosing(download) as steps:
            async for step in steps:
                face.pulling(name, step)
    except OllamaCodeError as e:
        trouble = e.sentence
    finally:
        face.pulled(name, trouble)
    if not trouble:
        face.say(f"{name} is installed.", "dim")
    return not trouble
