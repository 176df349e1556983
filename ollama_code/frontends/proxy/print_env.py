"""`--print-env`: finds out what a client must be told of the proxy that the same flags would start, and prints it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ollama_code.bootstrap.serving import serving_backend
from ollama_code.bootstrap.site import home
from ollama_code.core.errors import ModelUnclear, ProviderError, UsageError
from ollama_code.core.text import clean
from ollama_code.frontends.proxy.client_settings import NO_KEY, Access, settings_for
from ollama_code.frontends.proxy.flags import ServeFlags
from ollama_code.frontends.proxy.greeting import reached_at, url_of
from ollama_code.frontends.proxy.house import serving_of
from ollama_code.frontends.proxy.serve import address_of


def run_print_env(flags: ServeFlags) -> int:
    """Needs no proxy that runs. Raises: UsageError for flags that would not serve."""
    assert flags.print_env
    if not flags.port:
        raise UsageError("--print-env needs to know the port: give one with --port.")
    print(clean(settings_for(flags.print_env, asyncio.run(_access(flags)))))
    return 0


async def _access(flags: ServeFlags) -> Access:
    host, remarks = _called(flags)
    model, num_ctx, why = await _model(flags)
    return Access(url_of(host, flags.port), _key(flags), model, num_ctx, (*remarks, *why))


def _called(flags: ServeFlags) -> tuple[str, tuple[str, ...]]:
    """The name by which a client finds the proxy, and what to know of it."""
    _, address = address_of(flags)
    host = reached_at(str(address[0]))
    if host == address[0]:
        return host, ()
    return host, (f"For a client on another machine: the address of this one for {host}.",)


def _key(flags: ServeFlags) -> str | Path:
    if flags.token is None:
        return NO_KEY
    return flags.token if flags.token_given else home().token_at(flags.port)


async def _model(flags: ServeFlags) -> tuple[str, int, tuple[str, ...]]:
    """The default model and its window, as Ollama tells them; what the flags say of both where it cannot."""
    try:
        async with serving_backend(serving_of(flags)) as backend:
            model = await backend.model("")
    except ModelUnclear as e:
        why = f"Put here as MODEL, as several could be meant: {', '.join(e.names)}. --default-model chooses one."
        return "", flags.num_ctx or 0, (why,)
    except ProviderError as e:
        what = "The window of the model" if flags.default_model else "The model, put here as MODEL,"
        why = f"{what} could not be found out: {e.sentence}"
        return flags.default_model or "", flags.num_ctx or 0, (why,)
    return model.info.name, model.num_ctx, ()
