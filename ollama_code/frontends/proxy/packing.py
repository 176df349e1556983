"""Bodies that come compressed, unpacked as they come: a small one may unpack to more than this machine has."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

from ollama_code.frontends.proxy.faults import INVALID, Fault, Refused

ACCEPTED = "gzip, deflate, zstd"
_AUTOMATIC = zlib.MAX_WBITS | 32
"""zlib finds out by itself whether the data has the frame of gzip or its own."""


class Plain:
    """Nothing to unpack."""

    is_whole = True

    def feed(self, piece: bytes, room_bytes: int) -> bytes:
        return piece


class Zlib:
    """gzip and deflate."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(_AUTOMATIC)

    @property
    def is_whole(self) -> bool:
        return self._unpacker.eof

    def feed(self, piece: bytes, room_bytes: int) -> bytes:
        """At most one byte more than `room_bytes`, so that the caller sees that there is too much."""
        try:
            return self._unpacker.decompress(piece, room_bytes + 1)
        except zlib.error as e:
            raise _broken() from e


class Zstd:
    """The form that Codex sends."""

    def __init__(self) -> None:
        # A library of 2 MB that few clients need; Python has it since 3.14.
        if sys.version_info >= (3, 14):
            from compression.zstd import ZstdDecompressor, ZstdError
        else:
            from backports.zstd import ZstdDecompressor, ZstdError
        self._unpacker, self._error = ZstdDecompressor(), ZstdError

    @property
    def is_whole(self) -> bool:
        return self._unpacker.eof

    def feed(self, piece: bytes, room_bytes: int) -> bytes:
        """At most one byte more than `room_bytes`."""
        try:
            return self._unpacker.decompress(piece, room_bytes + 1)
        except (self._error, EOFError) as e:
            raise _broken() from e


Packing = Plain | Zlib | Zstd
_KINDS: dict[str, Callable[[], Packing]] = {
    "": Plain,
    "identity": Plain,
    "gzip": Zlib,
    "x-gzip": Zlib,
    "deflate": Zlib,
    "zstd": Zstd,
}


def packing(encoding: str) -> Packing:
    """For a body with this `content-encoding`. Raises: Refused for one that is not known."""
    kind = _KINDS.get(encoding.strip().lower())
    if kind is None:
        said = f"Bodies may be packed with {ACCEPTED}, or not at all."
        raise Refused(Fault(415, INVALID, said, more_headers=(("accept-encoding", ACCEPTED),)))
    return kind()


def _broken() -> Refused:
    return Refused(Fault(400, INVALID, "The body is not what its content-encoding says."))
