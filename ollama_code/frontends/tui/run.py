"""Starts the full screen and ends it in order, whatever ends it. Imports little: the first paint waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from ollama_code.core.errors import UsageError
from ollama_code.frontends.tui.app import OllamaCodeApp
from ollama_code.frontends.tui.palette import DEFAULT_THEME, Palette, palettes
from ollama_code.paths import Home
from ollama_code.settings.theme import wanted_theme

if TYPE_CHECKING:
    from ollama_code.bootstrap.hosting import StartProxy
    from ollama_code.bootstrap.options import Options

EXIT_INTERRUPTED = 130


def run_tui(options: Options, start_proxy: StartProxy | None = None) -> int:
    """Talk until the person leaves; `/serve` calls `start_proxy`.
    Raises: OllamaCodeError for a flag or a settings file to mend."""
    theme = wanted_theme(Home.of(dict(os.environ))) or DEFAULT_THEME
    app = OllamaCodeApp(options, _palette(theme), start_proxy=start_proxy)
    code = asyncio.run(_main(app))
    if app.failure is not None:
        raise app.failure
    return code


async def _main(app: OllamaCodeApp) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):  # Ctrl+C is a key here
        loop.add_signal_handler(number, app.exit, EXIT_INTERRUPTED)
    try:
        code = await app.run_async()
        return code if code is not None else app.return_code or 0
    finally:
        await app.close()


def _palette(name: str) -> Palette:
    known = palettes()
    if name not in known:
        raise UsageError(f'There is no theme "{name}". The themes are: {", ".join(known)}.')
    return known[name]
