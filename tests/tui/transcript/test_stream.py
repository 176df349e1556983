from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_code.frontends.tui.transcript.line import Line, TableRow
from ollama_code.frontends.tui.transcript.markdown import render
from ollama_code.frontends.tui.transcript.stream import TAIL_CHARS, MarkdownStream
from tests.tui.transcript.host import INK

DOCUMENTS = (
    "text\n\n```py\nx = 1\n\ny = 2\n```\nafter\n\n- a\n- b\n\n  para in b\n\n```\nz\n```\n",
    "1. one\n\n2. two\n\n   ```sh\n   ls\n   ```\n\n3. three\n\nend\n",
    "Title\n=====\n\nSub\n---\n\npara\ncontinued\n",
    "see [a][x] now\n\nmore\n\n[x]: http://e.invalid\n",
    "| a | b |\n| - | -: |\n| 1 | 2 |\n\nafter\n| c | d |\n|-|-|\n| 3 | 4 |\n",
    "> a\n> > b\n>\n> c\n\nd\n* x\n* y\n+ z\n",
    "<div>\nx\n</div>\n\n**b** <br> c &#x202e; &lt;\n",
    "```js\n/* one\n two */ let x = `a\nb`;\n```\n~~~\n```\n~~~\n",
    '```python\n"""doc\nmore\n"""\nx = 1\n   \n\n```\n\n   ```\n   indented\n   ```\n',
    "- [x] done\n- [ ] not *yet*\n  1. deep\n     - deeper\n\ntext\\\nbreak ![pic](p.png)\n***\n",
)
PIECES = st.lists(
    st.sampled_from(
        [
            *"ab#>-*`|~_[]()!1.: \n",
            "\n\n",
            "```",
            "```py\n",
            "- ",
            "1. ",
            "  ",
            "    ",
            "| a | b |\n|---|---|\n",
            "===\n",
            "---\n",
            "> ",
            "word",
            '"""',
        ]
    ),
    max_size=50,
).map("".join)


ROWS = st.lists(
    st.sampled_from(
        [
            "- a",
            "* a",
            "1. b",
            "2) c",
            "  - d",
            "    e",
            "",
            "",
            "text *x*",
            "# h",
            "---",
            "===",
            "> q",
            "> - q",
            "```",
            "```py",
            "~~~",
            "x = 1",
            "| a | b |",
            "|---|---|",
            "- ```sh",
            "  ls",
            "  ```",
            "[x]: /u",
            "[x]",
            "<b>",
            "-",
            ">",
            "- [ ] t",
        ]
    ),
    max_size=16,
).map("\n".join)


def streamed(text: str, cuts: list[int]) -> MarkdownStream:
    stream = MarkdownStream(INK)
    at = 0
    while at < len(text):
        size = cuts[at % len(cuts)]
        stream.feed(text[at : at + size])
        at += size
    stream.finish()
    return stream


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_streaming_ends_as_the_whole_does(text: str, size: int):
    assert streamed(text, [size]).lines == render(text, INK)


@settings(max_examples=300, deadline=None)
@given(PIECES, st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_however_text_is_cut_the_lines_are_the_same(text: str, cuts: list[int]):
    assert streamed(text, cuts).lines == render(text, INK)


@settings(max_examples=300, deadline=None)
@given(ROWS, st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_however_rows_are_cut_the_lines_are_the_same(text: str, cuts: list[int]):
    assert streamed(text, cuts).lines == render(text, INK)


def test_feed_names_the_first_line_that_changed():
    stream = MarkdownStream(INK)
    stream.feed("one\n\ntwo\n\nthree")
    before = list(stream.lines)
    first = stream.feed(" more")
    assert stream.lines[:first] == before[:first] and first == len(before) - 1


def test_finished_blocks_are_the_same_objects_after_more_text():
    stream = MarkdownStream(INK)
    stream.feed("# head\n\npara\n\n- a\n- b\n- c\n")
    kept = stream.lines[:4]
    stream.feed("- d\n- e\n")
    assert all(a is b for a, b in zip(kept, stream.lines, strict=False))


def test_an_unfinished_row_of_code_is_shown_and_a_closing_mark_is_not():
    stream = MarkdownStream(INK)
    stream.feed("```py\nx = 1\ny =")
    assert [line.text for line in stream.lines] == ["x = 1", "y ="]
    stream.feed(" 2\n``")
    assert [line.text for line in stream.lines] == ["x = 1", "y = 2"]


def test_a_paragraph_without_end_is_cut_and_loses_nothing():
    stream = MarkdownStream(INK)
    text = "word " * (TAIL_CHARS // 2)
    stream.feed(text)
    stream.finish()
    shown = "".join(line.text for line in stream.lines)
    assert shown.replace(" ", "") == text.replace(" ", "")


def test_a_table_without_end_keeps_its_columns():
    stream = streamed("| a | b |\n|---|---|\n" + "| one | two |\n" * 2000 + "\nafter", [700])
    *table, blank, after = stream.lines
    assert [line.text for line in table[1:]] == ["| one | two |"] * 2000
    assert sum(isinstance(line, TableRow) and line.head for line in table) == 1
    assert (blank.text, after.text) == ("", "after")


def test_a_quote_without_end_stays_a_quote():
    stream = streamed("> some words of it\n" * 1000, [700])
    leads = {"".join(text for text, _ in line.lead) for line in stream.lines}
    assert leads == {"▎ "} and len(stream.lines) >= 1000


def test_a_deep_quote_is_shown():
    assert [line.text for line in render("> " * 40 + "deep", INK)] == ["deep"]


def test_a_link_shows_where_it_leads():
    (line,) = render("see [the notes](https://example.invalid/n)", INK)
    assert line.text == "see the notes (https://example.invalid/n)"
    assert line.links[0].target == "https://example.invalid/n"


def test_an_entity_brings_back_no_bidi_control():
    (line,) = render("a&#x202e;b", INK)
    assert line.text == "ab"


def test_nested_lists_are_numbered_and_marked_for_copying():
    lines = render("3. a\n   - [x] b\n4. c", INK)
    shown = [
        "".join(text for text, _ in (*line.lead, *line.spans)) for line in lines if isinstance(line, Line)
    ]
    assert shown == ["3. a", "   ☑ b", "4. c"]
    assert [line.mark for line in lines] == ["3. ", "   - [x] ", "4. "]
