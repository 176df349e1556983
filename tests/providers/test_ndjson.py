"""Lines out of chunks, wherever the chunks are cut."""

from __future__ import annotations

import pytest

from ollama_code.core.errors import ReplyBroken
from ollama_code.providers.ndjson import LINE_LIMIT_BYTES, LineSplitter

STREAM = '{"a":"x\u0085y\u2028z\x0b"}\r\n\n  \n{"b":"é🙂"}\n{"c":1}'.encode()


def lines_of(*chunks: bytes) -> list[bytes]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.end()


@pytest.mark.parametrize("size_bytes", [1, 2, 3, 7, len(STREAM)])
def test_the_cut_of_the_chunks_changes_no_line(size_bytes: int) -> None:
    chunks = [STREAM[at : at + size_bytes] for at in range(0, len(STREAM), size_bytes)]
    texts = [line.decode().strip("\r") for line in lines_of(*chunks)]
    assert texts == ['{"a":"x\u0085y\u2028z\x0b"}', '{"b":"é🙂"}', '{"c":1}']


def test_nothing_remains_after_the_end() -> None:
    splitter = LineSplitter()
    splitter.feed(b"abc")
    assert splitter.end() == [b"abc"]
    assert splitter.end() == []


def test_a_line_as_long_as_the_limit_is_read() -> None:
    line = b"x" * LINE_LIMIT_BYTES
    assert lines_of(line[:1000], line[1000:] + b"\n") == [line]


@pytest.mark.parametrize("chunks", [(b"x" * 11,), (b"x" * 6, b"x" * 5), (b"a\n" + b"x" * 11 + b"\nb",)])
def test_a_longer_line_is_refused_before_it_fills_the_memory(chunks: tuple[bytes, ...]) -> None:
    splitter = LineSplitter(limit_bytes=10)
    with pytest.raises(ReplyBroken, match="more than 10 bytes"):
        for chunk in chunks:
            splitter.feed(chunk)
