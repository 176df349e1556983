"""Every refusal of a server, in every wrapping, becomes the narrowest error with a sentence that helps."""

from __future__ import annotations

import json

import httpx
import pytest

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
from ollama_code.providers.faults import broken_off, cut_short, refused

URL = "http://127.0.0.1:11434"
ENGINE_OVERFLOW = {
    "error": {
        "code": 400,
        "message": "request (5024 tokens) exceeds the available context size (4096 tokens), try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 5024,
        "n_ctx": 4096,
    }
}
SAID = [
    (400, "missing request body", RequestRejected),
    (400, "model is required", RequestRejected),
    (400, 'invalid think value: "extreme"', RequestRejected),
    (400, 'time: invalid duration "soon"', RequestRejected),
    (400, "registry.ollama.ai/library/gemma:2b does not support tools", ModelUnfit),
    (400, "registry.ollama.ai/library/gemma:2b does not support tools thinking", ModelUnfit),
    (400, '"gemma:2b" does not support thinking', ModelUnfit),
    (400, '"nomic-embed-text" does not support chat', ModelUnfit),
    (400, "the input length exceeds the context length", ContextOverflow),
    (
        400,
        "the prompt is longer than the context length currently available to the model; ...",
        ContextOverflow,
    ),
    (401, "unauthorized", SignInNeeded),
    (403, "ollama cloud is disabled: remote inference is unavailable", RequestRejected),
    (404, "model 'm:1' not found", ModelMissing),
    (404, 'model "m:1" not found, try pulling it first', ModelMissing),
    (429, "too many requests", ServerBusy),
    (429, "you have reached your weekly usage limit, upgrade for higher limits", RequestRejected),
    (499, "request canceled", StreamCut),
    (500, "XML syntax error on line 4: unexpected EOF", ReplyBroken),
    (500, 'error parsing tool call: raw=\'{"text": "out of memory"}\', err=unexpected end', ReplyBroken),
    (500, "failed to parse JSON: unexpected end of JSON input", ReplyBroken),
    (500, "incomplete GLM tool call: <tool_call>model x not found", ReplyBroken),
    (500, 'llama-server returned invalid tool call arguments for "f": EOF', ReplyBroken),
    (500, "tool 'f' not found", ReplyBroken),
    (500, "empty function name", ReplyBroken),
    (500, "EOF", ReplyBroken),
    (500, "", ReplyBroken),
    (500, "no user query found in messages", RequestRejected),
    (500, 'option "num_ctx" must be of type integer', RequestRejected),
    (500, "template error: x", RequestRejected),
    (500, 'invalid format: "yaml"; expected "json" or a valid JSON Schema object', RequestRejected),
    (
        500,
        "llama-server process has terminated: exit status 1: error: unable to allocate CPU buffer",
        ModelLoadFailed,
    ),
    (500, "model requires more system memory (12 GiB) than is available (8 GiB)", ModelLoadFailed),
    (500, "this model may be incompatible with your version of Ollama", ModelLoadFailed),
    (500, 'do load request: Post "http://127.0.0.1:40217/load": EOF', ModelLoadFailed),
    (500, "insufficient VRAM to load model", ModelLoadFailed),
    (500, 'POST predict: Post "http://127.0.0.1:40217/completion": EOF', StreamCut),
    (200, "llama-server exited: signal: killed", StreamCut),
    (503, "server busy, please try again.  maximum pending requests exceeded", ServerBusy),
    (200, "an error was encountered while running the model: unexpected EOF", StreamCut),
    (200, "an error was encountered while running the model: CUDA error: out of memory", ModelLoadFailed),
    (200, "model runner has unexpectedly stopped, this may be due to resource limitations", StreamCut),
    (200, "XML syntax error on line 4: unexpected EOF", ReplyBroken),
    (200, "EOF", ReplyBroken),
]


def error_body(said: object) -> bytes:
    return json.dumps({"error": said}).encode()


@pytest.mark.parametrize(("status", "text", "kind"), SAID)
def test_what_the_server_says_decides_the_class(status: int, text: str, kind: type[ProviderError]) -> None:
    assert type(refused(status, error_body(text), model="m:1", url=URL)) is kind


@pytest.mark.parametrize(("status", "text", "kind"), SAID)
def test_every_sentence_names_the_model_or_the_address(
    status: int, text: str, kind: type[ProviderError]
) -> None:
    sentence = str(refused(status, error_body(text), model="m:1", url=URL))
    assert "m:1" in sentence or URL in sentence
    assert sentence.endswith((".", '"'))


@pytest.mark.parametrize(
    "body",
    [
        error_body(json.dumps(ENGINE_OVERFLOW)),
        error_body(json.dumps({"error": json.dumps(ENGINE_OVERFLOW)})),
        json.dumps(ENGINE_OVERFLOW).encode(),
        error_body(ENGINE_OVERFLOW["error"]["message"]),
    ],
)
def test_an_overflow_gives_its_numbers_however_deep_they_lie(body: bytes) -> None:
    error = refused(400, body, model="m", url=URL)
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.num_ctx) == (5024, 4096)
    assert "5,024 tokens" in str(error)


def test_an_overflow_without_numbers_invents_none() -> None:
    error = refused(400, error_body("the input length exceeds the context length"), model="m", url=URL)
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.num_ctx) == (0, 0)


@pytest.mark.parametrize(
    ("status", "body", "kind", "part"),
    [
        (404, b"404 page not found", RequestRejected, "check the address"),
        (403, b"", RequestRejected, "use 127.0.0.1"),
        (301, b"", RequestRejected, "https"),
        (418, b"\xff\xfe", RequestRejected, "status 418"),
        (500, b"<html><head><title>Oops &amp; sorry</title></head></html>", RequestRejected, "Oops & sorry"),
        (502, b"<html><title>502 Bad Gateway</title></html>", ServerUnreachable, "502 Bad Gateway"),
        (503, b"<!DOCTYPE html><body>Down</body>", ServerBusy, "Down"),
        (504, b"", ServerUnreachable, "status 504"),
    ],
)
def test_a_proxy_that_answers_in_the_place_of_ollama_is_understood(
    status: int, body: bytes, kind: type[ProviderError], part: str
) -> None:
    error = refused(status, body, model="m", url=URL)
    assert type(error) is kind
    assert part in str(error)
    assert "<" not in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, ModelLoadFailed), (400, RequestRejected)],
)
def test_an_error_of_the_engine_is_read_through_two_levels(status: int, kind: type[ProviderError]) -> None:
    engine = json.dumps({"error": {"code": status, "message": "boom", "type": "server_error"}})
    error = refused(status, error_body(engine), model="m", url=URL)
    assert type(error) is kind
    assert 'It said: "boom".' in str(error)


@pytest.mark.parametrize(
    ("status", "text", "advice"),
    [
        (404, "model 'm:1' not found", "ollama pull m:1"),
        (500, "llama-server process has terminated: out of memory", "--num-ctx"),
        (400, "m:1 does not support tools", "--model"),
        (401, "unauthorized", "ollama signin"),
    ],
)
def test_a_sentence_says_what_to_do(status: int, text: str, advice: str) -> None:
    assert advice in str(refused(status, error_body(text), model="m:1", url=URL))


def test_the_link_to_sign_in_is_shown() -> None:
    body = b'{"error":"unauthorized","signin_url":"https://ollama.com/connect?name=a&key=b"}'
    assert "https://ollama.com/connect?name=a&key=b" in str(refused(401, body, model="m", url=URL))


def test_a_server_cannot_write_to_the_terminal_nor_fill_it() -> None:
    sentence = str(refused(400, error_body("\x1b[2J\n" + "x" * 100_000), model="m\x1b]0;t\x07", url=URL))
    assert "\x1b" not in sentence
    assert len(sentence) < 1000


def test_a_password_in_the_address_is_not_told() -> None:
    url = "http://ann:secret@gpu:80"
    told = [
        refused(404, b"", model="m", url=url),
        broken_off(httpx.ConnectError("no"), url=url),
        cut_short(url=url),
    ]
    assert not [error for error in told if "secret" in str(error)]


@pytest.mark.parametrize(
    ("failure", "kind", "part"),
    [
        (httpx.ConnectError("refused"), ServerUnreachable, "ollama serve"),
        (httpx.ConnectTimeout(""), ServerUnreachable, "ConnectTimeout"),
        (httpx.PoolTimeout(""), ServerUnreachable, URL),
        (httpx.ProxyError("407"), ServerUnreachable, URL),
        (httpx.ReadTimeout(""), ServerUnreachable, "does not answer"),
        (httpx.ReadError(""), StreamCut, "in the middle"),
        (httpx.WriteError(""), StreamCut, "in the middle"),
        (httpx.RemoteProtocolError("peer closed"), StreamCut, "peer closed"),
        (httpx.DecodingError("zlib"), ReplyBroken, "zlib"),
        (httpx.LocalProtocolError("bad header"), RequestRejected, "bad header"),
    ],
)
def test_a_broken_connection_has_its_own_errors(
    failure: httpx.HTTPError, kind: type[ProviderError], part: str
) -> None:
    error = broken_off(failure, url=URL)
    assert type(error) is kind
    assert part in str(error)


def test_another_machine_gets_another_advice() -> None:
    assert "0.0.0.0" in str(broken_off(httpx.ConnectError("refused"), url="http://gpu:11434"))
