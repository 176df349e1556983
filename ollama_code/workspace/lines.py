"""A file as lines of text, whatever its encoding, in bounded memory; a binary file as none."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK_BYTES = 1 << 18
"""A NUL in the first block makes a file binary."""
_LONGEST_LINE = 1 << 22
"""Characters after which a line is taken to end, so that a file without line feeds cannot fill the memory."""
_STRAY_BYTE = re.compile("[\udc80-\udcff]")


class BinaryFile(Exception):
    """The file is not text."""


def is_binary(file: BinaryIO) -> bool:
    """By its first block, as `blocks` tells. Raises: OSError."""
    data = file.read(_BLOCK_BYTES)
    return "\0" in _decoder(data).decode(data)


def blocks(file: BinaryIO) -> Iterator[str]:
    """Whole lines, many at a time, divided by LF and without the last LF; CRs are kept. UTF-16 and UTF-8 by their
    mark, else UTF-8 in which a byte that does not fit is read as Latin-1. Raises: BinaryFile, OSError."""
    data = file.read(_BLOCK_BYTES)
    decoder = _decoder(data)
    rest = decoder.decode(data)
    if "\0" in rest:
        raise BinaryFile
    rest = _without_strays(rest)
    while data:
        end = rest.rfind("\n")
        if end >= 0:
            yield rest[:end]
            rest = rest[end + 1 :]
        elif len(rest) > _LONGEST_LINE:
            yield rest
            rest = ""
        data = file.read(_BLOCK_BYTES)
        rest += _without_strays(decoder.decode(data, final=not data))
    if rest:
        yield rest


def _decoder(data: bytes) -> codecs.IncrementalDecoder:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")(errors="replace")
    return codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")


def _without_strays(text: str) -> str:
    if not text.isascii():
        for stray in set(_STRAY_BYTE.findall(text)):
            text = text.replace(stray, chr(ord(stray) - 0xDC00))
    return text
