"""An Ollama that costs next to nothing, for measuring what stands in front of it: raw asyncio, answers made by rule.

The last words of a request say what comes: `chunks N every S`. Each chunk begins with the time at which it was sent,
in nanoseconds of the clock that all processes of this machine share. It speaks `/api/chat` for the proxy, and
`/v1/chat/completions` for whoever connects directly."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

_ASKED = re.compile(rb"chunks (\d+) every ([\d.]+)")
_MODEL = {"name": "tiny:latest", "model": "tiny:latest", "modified_at": "2026-01-01T00:00:00Z", "size": 1}
_SHOW = {
    "capabilities": ["completion", "tools"],
    "details": {"family": "tiny"},
    "model_info": {"general.architecture": "tiny", "tiny.context_length": 131072},
}
_RESIDENT = {**_MODEL, "context_length": 32768, "size_vram": 1, "expires_at": "2036-01-01T00:00:00Z"}
_SMALL = {
    b"/api/show": _SHOW,
    b"/api/tags": {"models": [_MODEL]},
    b"/api/ps": {"models": [_RESIDENT]},
    b"/api/version": {"version": "0.32.0"},
}
_AT_ONCE = 64
"""Chunks in one write where they come without a pause, as a fast engine's would."""


class Engine(asyncio.Protocol):
    """One connection. Bodies have a content-length; nothing is pipelined."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._writing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._writing is not None:
            self._writing.cancel()

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if len(rest) < (int(length.group(1)) if length else 0):
            return
        path = bytes(head.split(b" ", 2)[1])
        self._data.clear()
        if path in _SMALL:
            self._transport.write(_whole(_SMALL[path]))
        else:
            self._writing = asyncio.ensure_future(self._answer(bytes(rest), direct=path.startswith(b"/v1")))

    async def _answer(self, body: bytes, *, direct: bool) -> None:
        *_, asked = _ASKED.finditer(body)
        count, every_s = int(asked.group(1)), float(asked.group(2))
        if direct and b'"stream": true' not in body and b'"stream":true' not in body:
            self._transport.write(_whole(_completion("".join(_text() for _ in range(count)))))
            return
        kind = b"text/event-stream" if direct else b"application/x-ndjson"
        line, last = (_event, _LAST_EVENTS) if direct else (_ndjson, _LAST_LINE)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n" % kind
        )
        if every_s:
            began = time.monotonic()
            for number in range(count):
                await asyncio.sleep(began + number * every_s - time.monotonic())
                self._transport.write(_framed(line(_text())))
        else:
            for number in range(0, count, _AT_ONCE):
                lines = (_framed(line(_text())) for _ in range(min(_AT_ONCE, count - number)))
                self._transport.write(b"".join(lines))
                await asyncio.sleep(0)
        self._transport.write(_framed(last) + b"0\r\n\r\n")


def _text() -> str:
    return f"{time.monotonic_ns()} word "


def _ndjson(text: str) -> bytes:
    return (
        b'{"model":"tiny:latest","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"%b"},'
        b'"done":false}\n' % text.encode()
    )


def _event(text: str) -> bytes:
    return (
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"tiny:latest","choices":'
        b'[{"index":0,"delta":{"content":"%b"},"finish_reason":null}]}\n\n' % text.encode()
    )


_LAST_LINE = (
    b'{"model":"tiny:latest","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",'
    b'"prompt_eval_count":10,"eval_count":5}\n'
)
_LAST_EVENTS = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def _completion(text: str) -> dict[str, object]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": "tiny:latest", "choices": [choice]}


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _whole(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(Engine, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
