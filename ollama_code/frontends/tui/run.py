"""Starts the full screen and ends it in order, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.site import home
from ollama_code.core.errors import UsageError
from ollama_code.frontends.tui.app import OllamaCodeApp
from ollama_code.frontends.tui.palette import Palette, palettes
from ollama_code.settings.load import load
from ollama_code.storage.history import InputHistory

EXIT_INTERRUPTED = 130


def run_tui(options: Options) -> int:
    """Talk until the person leaves. Raises: OllamaCodeError for a flag or a settings file to mend."""
    theme = load(home(), os.environ, options.flags()).settings.theme
    history = InputHistory(home().history)
    app = OllamaCodeApp(options, _palette(theme), history.load(), history.append)
    return asyncio.run(_main(app))


async def _main(app: OllamaCodeApp) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.exit, EXIT_INTERRUPTED)
    try:
        code = await app.run_async()
        return code if code is not None else app.return_code or 0
    finally:
        await app.bridge.close()


def _palette(name: str) -> Palette:
    known = palettes()
    if name not in known:
        raise UsageError(f'There is no theme "{name}". The themes are: {", ".join(known)}.')
    return known[name]
