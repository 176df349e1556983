"""A client for measuring: raw sockets, so that its own cost is small beside what it measures."""

from __future__ import annotations

import json
import re
import selectors
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

STAMP = re.compile(rb'"content": ?"[^"]*?(\d{12,}) word ')
_END = b"0\r\n\r\n"


@dataclass
class Connection:
    """Kept alive over many requests, one at a time."""

    url: str
    token: str = ""
    extra: tuple[str, ...] = ()
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        assert parts.hostname and parts.port
        self._host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, body: bytes, path: str = "/v1/chat/completions") -> None:
        lines = [f"POST {path} HTTP/1.1", f"host: {self._host}", f"authorization: Bearer {self.token}"]
        lines += ["content-type: application/json", f"content-length: {len(body)}", *self.extra, "", ""]
        self.socket.sendall("\r\n".join(lines).encode() + body)

    def whole(self) -> bytes:
        """The answer, head and body. Both framings of HTTP/1.1 are read."""
        data = bytearray()
        while b"\r\n\r\n" not in data:
            data += self._received()
        if not data.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(bytes(data[:400]).decode("latin-1"))
        head = data.index(b"\r\n\r\n") + 4
        length = re.search(rb"content-length: *(\d+)", data[:head], re.IGNORECASE)
        while len(data) < head + int(length.group(1)) if length else not data.endswith(_END):
            data += self._received()
        return bytes(data)

    def first_chunk_s(self, body: bytes) -> float:
        """Seconds until the first word of the answer is here; the rest is read too."""
        began = time.perf_counter()
        self.send(body)
        data = bytearray(self._received())
        while not STAMP.search(data):
            data += self._received()
        took_s = time.perf_counter() - began
        while not data.endswith(_END):
            data += self._received()
        return took_s

    def whole_s(self, body: bytes) -> float:
        began = time.perf_counter()
        self.send(body)
        self.whole()
        return time.perf_counter() - began

    def _received(self) -> bytes:
        data = self.socket.recv(262_144)
        if not data:
            raise RuntimeError("the connection was closed in the middle of an answer")
        return data


def burst_per_s(connection: Connection, count: int) -> float:
    """Chunks a second of one answer without pauses."""
    began = time.perf_counter()
    connection.send(chat(f"chunks {count} every 0", stream=True))
    data = connection.whole()
    took_s = time.perf_counter() - began
    found = len(STAMP.findall(_joined(data)))
    if found != count:
        raise RuntimeError(f"{found} of {count} chunks came")
    return count / took_s


def paced_ms(connections: list[Connection], every_s: float, count: int) -> list[float]:
    """Milliseconds that each chunk was under way, over answers that come at the same time."""
    delays: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            connection.send(chat(f"chunks {count} every {every_s}", stream=True))
            selector.register(connection.socket, selectors.EVENT_READ, bytearray())
        while selector.get_map():
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(262_144)
                now_ns = time.monotonic_ns()
                delays += [(now_ns - int(stamp)) / 1e6 for stamp in STAMP.findall(data)]
                key.data[:] = (key.data + data)[-len(_END) :]
                if not data or key.data == _END:
                    selector.unregister(key.fileobj)
    return delays


def chat(text: str, *, stream: bool, tools: int = 0, size_bytes: int = 0) -> bytes:
    """A request with so many tools, padded to `size_bytes`."""
    body: dict[str, object] = {"model": "tiny:latest", "stream": stream}
    if tools:
        body["tools"] = [_tool(number) for number in range(tools)]
    system = {"role": "system", "content": ""}
    body["messages"] = [system, {"role": "user", "content": text}]
    room = size_bytes - len(json.dumps(body))
    system["content"] = ("You are a careful programmer. " * (room // 30 + 1))[: max(room, 1)]
    return json.dumps(body).encode()


def _tool(number: int) -> dict[str, object]:
    names = ("path", "content", "limit", "offset", "pattern", "recursive")
    properties = {name: {"type": "string", "description": f"The {name} to use. " * 12} for name in names}
    parameters = {"type": "object", "properties": properties, "required": ["path"]}
    function = {"name": f"tool_{number}", "description": "Does one thing. " * 20, "parameters": parameters}
    return {"type": "function", "function": function}


def _joined(data: bytes) -> bytes:
    """An answer without the frames of its transfer encoding, which may cut a word in two."""
    rest = data[data.index(b"\r\n\r\n") + 4 :]
    at, pieces = 0, list[bytes]()
    while at < len(rest):
        line = rest.index(b"\r\n", at)
        size = int(rest[at:line], 16)
        pieces.append(rest[line + 2 : line + 2 + size])
        at = line + size + 4
    return b"".join(pieces)
