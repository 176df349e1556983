"""Opening a session: settings, place, model, then everything wired together."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from ollama_code.bootstrap.assembly import NOTHING, Assembly, Carried, Opened
from ollama_code.bootstrap.keys import load_with_keys
from ollama_code.bootstrap.model import choose, connect, patiently
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.profile import known_of
from ollama_code.bootstrap.records import redactor
from ollama_code.bootstrap.site import find_site, home
from ollama_code.bootstrap.trust.effects import governed
from ollama_code.bootstrap.trust.folder import Folder, FolderTrust
from ollama_code.bootstrap.window import Tell, Wishes, choose_window, tell_nobody
from ollama_code.ports import Asker


@dataclass(frozen=True)
class Start:
    """What a session begins with. `folder` is the project folder as it was decided on, `None` where nobody was
    asked."""

    carried: Carried = NOTHING
    folder: Folder | None = None


FRESH = Start()


async def open_session(
    options: Options,
    asker: Asker | None,
    *,
    patience_s: float = 0.0,
    start: Start = FRESH,
    tell: Tell = tell_nobody,
) -> Opened:
    """Everything wired together. `asker` is `None` where nobody can answer; `patience_s` is how long to go on
    trying while nobody answers at the server's address; `tell` hears what is waited for meanwhile.
    Raises: UsageError (ModelUnclear when a model has to be chosen), SessionError, ProviderError."""
    loaded = await asyncio.to_thread(load_with_keys, options)
    async with AsyncExitStack() as stack:
        site = find_site(options)
        folder = start.folder or await FolderTrust(home(), None).of(site.directory)
        loaded = governed(loaded, folder)
        provider, host = await connect(options, loaded)
        stack.push_async_callback(provider.close)
        chosen = await patiently(lambda: choose(provider, host, loaded, site), patience_s)
        known, keeper = await known_of(chosen)
        if keeper is not None:
            stack.push_async_callback(keeper.close)
        window = None
        if site.before is None:
            ollama = loaded.settings.ollama
            wishes = Wishes(options.num_ctx, ollama.num_ctx, ollama.keep_alive)
            window = await choose_window(chosen, known, wishes, tell)
        redact = await asyncio.to_thread(redactor, loaded)
        assembly = Assembly(options, loaded, site, chosen, asker, start.carried, known, window, redact)
        return await assembly.open(stack.pop_all())
