from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.tools.files.encoding import UTF8, Encoding
from ollama_code.tools.files.pages import Page, Window, read_page

LINES = st.lists(st.sampled_from(["", "a", "bc" * 10, "é中", " \t", "x\u2028y"]), min_size=1, max_size=40)
ENDS = st.sampled_from(["\n", "\r\n"])
CODECS = st.sampled_from(
    [UTF8, Encoding("utf-16-le", b"\xff\xfe"), Encoding("utf-32-be"), Encoding("gb18030")]
)


def page(
    data: bytes, encoding: Encoding, *, offset: int = 0, limit: int = 2000, budget: int = 10_000
) -> Page:
    return read_page(io.BytesIO(data), encoding, Window(offset, limit, budget))


@given(LINES, ENDS, st.booleans(), CODECS, st.integers(1, 7), st.integers(25, 80))
def test_pages_laid_end_to_end_are_the_file(
    lines: list[str], end: str, closed: bool, encoding: Encoding, limit: int, budget: int
) -> None:
    text = end.join(lines) + (end if closed else "")
    data = encoding.mark + encoding.encode(text)
    pieces, offset, total = [], 0, 1
    while offset < total:
        one = page(data, encoding, offset=offset, limit=limit, budget=budget)
        assert one.total is not None
        assert one.lines <= limit and len(one.text) <= budget
        assert one.lines or not text
        pieces.append(one.text)
        offset, total = one.end, one.total
    assert "".join(pieces) == text.replace("\r\n", "\n")


def test_a_line_longer_than_the_page_is_cut_and_the_next_page_goes_on_behind_it() -> None:
    data = b"x" * 1_000_000 + b"\nafter\n"
    first = page(data, UTF8, budget=100)
    assert (first.text, first.lines, first.total, first.torn) == ("x" * 100, 1, 2, True)
    assert page(data, UTF8, offset=first.end, budget=100).text == "after\n"


@pytest.mark.parametrize(("data", "total"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\n", 2), (b"\n", 1)])
def test_an_offset_past_the_end_still_counts_the_lines(data: bytes, total: int) -> None:
    found = page(data, UTF8, offset=10)
    assert (found.text, found.lines, found.total) == ("", 0, total)


def test_a_long_log_is_paged_in_constant_memory(tmp_path: Path) -> None:
    log = tmp_path / "big.log"
    line = b"2026-01-01 00:00:00 something happened, and it was logged in full\n"
    with log.open("wb") as file:
        for _ in range(500):
            file.write(line * 1000)
    tracemalloc.start()
    with log.open("rb") as file:
        found = read_page(file, UTF8, Window(450_000, 10, 10_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.lines, found.total, found.text) == (10, 500_000, line.decode() * 10)
    assert peak < 2_000_000
