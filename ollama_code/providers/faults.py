"""Every way in which a model call fails, as one sentence and the narrowest class of `core/errors.py`.

The server's own words decide, then its status: Ollama gives parser errors the same status as a crash, and none
at all once an answer has begun."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ollama_code.core.errors import (
    ContextOverflow,
    ModelLoadFailed,
    ModelMissing,
    ModelUnfit,
    ProviderError,
    ReplyBroken,
    RequestRejected,
    ServerBusy,
    ServerUnreachable,
    SignInNeeded,
    StreamCut,
)
from ollama_code.core.text import one_line
from ollama_code.providers.clients import httpx
from ollama_code.providers.host import is_loopback, without_login
from ollama_code.providers.refusal import Refusal, read_refusal


@dataclass(frozen=True)
class _Case:
    """One refusal and what it was about. `model` may be empty, `url` shows no login."""

    status: int
    said: Refusal
    model: str
    url: str

    @property
    def quote(self) -> str:
        """The server's words as a sentence of their own, with a blank before it."""
        return f' It said: "{self.said.text}".' if self.said.text else ""

    @property
    def what(self) -> str:
        return f'the model "{self.model}"' if self.model else "the request"


def refused(status: int, body: bytes, *, model: str, url: str) -> ProviderError:
    """The error for an answer that is a refusal: `status` is the HTTP status, 200 for an error line inside an
    answer that had begun; `body` is the whole body or the line."""
    shown = one_line(model, limit=80)
    case = _Case(status, read_refusal(body), shown, without_login(url))
    said = f"{case.said.text} {case.said.kind}"
    by_words = (make for words, make in _BY_WORDS if words.search(said))
    return next(by_words, _by_status)(case)


def broken_off(error: httpx.HTTPError, *, url: str) -> ProviderError:
    """The error for a connection that failed, before or during an answer."""
    shown = without_login(url)
    reason = one_line(str(error)) or type(error).__name__
    match error:
        case httpx.ReadTimeout():
            return ServerUnreachable(
                f"Something at {shown} takes connections but does not answer. Restart Ollama, or check the address."
            )
        case httpx.ConnectError() | httpx.TimeoutException() | httpx.ProxyError():
            return ServerUnreachable(f"Nobody answers at {shown} ({reason}). {_how_to_start(url)}")
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return StreamCut(_cut_sentence(shown, reason))
        case httpx.DecodingError():
            return ReplyBroken(f"The answer from {shown} could not be unpacked ({reason}). Ask again.")
        case _:
            return RequestRejected(
                f"The request to {shown} could not be sent ({reason}). Check the address and the headers."
            )


def cut_short(*, url: str) -> StreamCut:
    """The stream ended as if all were well, but without the line that says so: the engine crashed, or gave up
    because the model repeated itself."""
    return StreamCut(_cut_sentence(without_login(url), "it ended without its last line"))


def _cut_sentence(url: str, reason: str) -> str:
    return (
        f"The answer from {url} stopped in the middle ({reason}). Ask again; if it stops again, the log of the "
        "Ollama server says why."
    )


def _how_to_start(url: str) -> str:
    if is_loopback(url):
        return 'Start Ollama with "ollama serve", or give another address with --ollama-url or OLLAMA_HOST.'
    return (
        "Check the address (--ollama-url or OLLAMA_HOST), and that Ollama there listens to other machines: "
        '"OLLAMA_HOST=0.0.0.0 ollama serve".'
    )


def _busy(case: _Case) -> ProviderError:
    return ServerBusy(
        f"The Ollama server at {case.url} has too much to do.{case.quote} Try again in a moment."
    )


def _used_up(case: _Case) -> ProviderError:
    return RequestRejected(
        f"{case.url} answers no more of what is asked of {case.what} for now.{case.quote} Wait until that is over, "
        "or choose a local model with --model."
    )


def _overflow(case: _Case) -> ProviderError:
    tokens, window = case.said.prompt_tokens, case.said.num_ctx
    sizes = f" ({tokens:,} tokens, and the window holds {window:,})" if tokens and window else ""
    return ContextOverflow(
        f"The conversation is longer than the context window of {case.what}{sizes}. Start a new session, or "
        "choose a larger window with --num-ctx.",
        prompt_tokens=tokens,
        num_ctx=window,
    )


def _cloud_off(case: _Case) -> ProviderError:
    return RequestRejected(
        f"The Ollama server at {case.url} does not use the cloud, where {case.what} runs.{case.quote} Choose a "
        "local model with --model, or remove OLLAMA_NO_CLOUD on the server."
    )


def _sign_in(case: _Case) -> ProviderError:
    link = one_line(case.said.signin_url, limit=2000)
    how = f"Sign in at {link}" if link else 'Sign in with "ollama signin", or give a key in OLLAMA_API_KEY'
    return SignInNeeded(
        f"{case.url} lets only people with an account use {case.what}. {how}, then ask again."
    )


def _unfit(case: _Case) -> ProviderError:
    text = case.said.text
    if "support tools" in text:
        return ModelUnfit(
            f"{_capital(case.what)} cannot call tools. Choose one that can with --model NAME: "
            f'"ollama show NAME" lists what a model can do.{case.quote}',
            lacks_tools=True,
        )
    if "support thinking" in text:
        return ModelUnfit(
            f"{_capital(case.what)} cannot think. Start a new session without thinking.{case.quote}",
            lacks_thinking=True,
        )
    return ModelUnfit(
        f"{_capital(case.what)} cannot chat: maybe it makes embeddings. Choose another with --model NAME.{case.quote}"
    )


def _missing(case: _Case) -> ProviderError:
    if not case.model:
        return ModelMissing(
            f'{case.url} does not have the model.{case.quote} Install it with "ollama pull NAME".'
        )
    return ModelMissing(
        f'The model "{case.model}" is not installed at {case.url}. Install it with "ollama pull {case.model}", or '
        "choose another with --model NAME."
    )


def _too_new(case: _Case) -> ProviderError:
    return ModelLoadFailed(
        f"The Ollama server at {case.url} does not know how to run {case.what}.{case.quote} Update Ollama, or get "
        f'the model anew with "ollama pull {case.model or "NAME"}".'
    )


def _not_loaded(case: _Case) -> ProviderError:
    return ModelLoadFailed(
        f"{case.url} could not load or run {case.what}.{case.quote} Choose a smaller window with --num-ctx, which "
        "needs less memory, or a smaller model with --model."
    )


def _crashed(case: _Case) -> ProviderError:
    return StreamCut(
        f"The engine behind {case.url} stopped while it ran {case.what}.{case.quote} Ask again; if it stops again, "
        "choose a smaller window with --num-ctx, and read the log of the Ollama server."
    )


def _given_up(case: _Case) -> ProviderError:
    return StreamCut(f"{case.url} gave up the request, as if nobody waited for it.{case.quote} Ask again.")


def _unreadable(case: _Case) -> ProviderError:
    return ReplyBroken(
        f"{case.url} could not read what {case.what} wrote, most likely a tool call.{case.quote} Ask again, in "
        "smaller steps.",
        said=case.said.whole or "no reason was given",
        status=case.status,
        midstream=case.status == httpx.codes.OK,
    )


def _rejected(case: _Case) -> ProviderError:
    return RequestRejected(
        f"{case.url} refused {case.what} (status {case.status}).{case.quote} {_advice(case)}"
    )


def _advice(case: _Case) -> str:
    if 300 <= case.status < 400:
        return "It points to another address: give that one, often https in place of http."
    if case.status == 403 and not case.said.text:
        return "A server on loopback takes no foreign host name: use 127.0.0.1, or open it with OLLAMA_HOST there."
    if not case.said.json:
        return "It does not answer like Ollama: check the address (--ollama-url or OLLAMA_HOST) and its path."
    if "no user query" in case.said.text:
        return "Its template wants a message of yours in the conversation: say in a sentence what to do next."
    if case.status == 400:
        return "That is a fault of ollama-code: please report it with these words."
    return "The same request will be refused again: the log of the Ollama server may say more."


def _by_status(case: _Case) -> ProviderError:
    match case.status:
        case 401:
            return _sign_in(case)
        case 404 if case.said.json and case.model:
            return _missing(case)
        case 429 | 503:
            return _busy(case)
        case 499:
            return _given_up(case)
        case 502 | 504:
            return ServerUnreachable(
                f"Something answers at {case.url}, but what stands behind it does not (status {case.status})."
                f"{case.quote} Check that Ollama runs there."
            )
        case 500 if case.said.by_engine:
            return _not_loaded(case)
        case 200 | 500 if case.said.json or not case.said.text:
            # What is left are the parsers, one per model family, with errors of every form, as bare as "EOF".
            return _unreadable(case)
        case _:
            return _rejected(case)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_BY_WORDS: tuple[tuple[re.Pattern[str], Callable[[_Case], ProviderError]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), make)
    for words, make in (
        # First, because such an error quotes what the model wrote, and that may be any of the words below.
        (
            r"^(error parsing|failed to parse|XML syntax error|empty function name|incomplete \w+ tool call)"
            r"|invalid tool call arguments",
            _unreadable,
        ),
        (r"server busy|maximum pending requests", _busy),
        (r"usage limit|quota", _used_up),
        (
            r"exceed_context_size|exceeds? the (available )?context (size|length)|longer than the context length",
            _overflow,
        ),
        (r"cloud is disabled", _cloud_off),
        (r"^\W*unauthorized", _sign_in),
        (r"does not support \w+", _unfit),
        (r"model \S+ not found|pull model manifest: file does not exist", _missing),
        (r"may be incompatible", _too_new),
        (
            r"process has terminated|out of memory|unable to allocate|cudamalloc|requires more system memory"
            r"|failed to load|error loading|unable to load|timed out waiting for|do load request|insufficient vram"
            r"|no space left",
            _not_loaded,
        ),
        (
            r"error was encountered while running the model|runner has unexpectedly stopped|post predict"
            r"|(runner|server)( process)? (exited|no longer running)",
            _crashed,
        ),
        (r"request cancell?ed|context cancell?ed", _given_up),
        (
            r"option \S+ must be of type|^invalid format|template error|template: |no user query found",
            _rejected,
        ),
    )
)
