"""What a frame costs, in counts: no clock wobbles here."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ollama_code.core.display import DiffBlock, Display, OutputBlock, TextBlock
from ollama_code.core.events import TextDelta
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.results import ToolResult
from ollama_code.frontends.tui.transcript.blocks import SLICE, AnswerBlock, NoticeBlock
from ollama_code.frontends.tui.transcript.line import LINE_CHARS
from ollama_code.frontends.tui.transcript.pages import KEPT_ROWS, Pages
from ollama_code.frontends.tui.transcript.tool import ToolBlock
from ollama_code.frontends.tui.transcript.view import View
from tests.tui.transcript.host import INK, Host, drawn, lines_of_text, said, take_in

DOCUMENT = (
    "## Part\n\nSome *words* that make a paragraph of two rows, or nearly so, here.\n\n- one\n- two\n\n"
)
CODE = "```python\n" + "".join(f"value_{n} = {n}  # a line\n" for n in range(20)) + "```\n\n"


async def test_the_transcript_is_one_widget():
    app = Host(events=said(DOCUMENT * 20))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert len(app.screen.walk_children()) == 1


def test_a_token_renders_few_lines_however_long_the_answer_is():
    pages = Pages(INK)
    pages.resize(80, 24)
    block = AnswerBlock()
    pages.add(block, 0)
    text = (DOCUMENT + CODE) * 6
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    painted = []
    view = View(pages)
    for piece in pieces:
        block.add(piece)
        pages.update(0)
        before = pages.pages[0].painted
        view.draw(None)
        painted.append(pages.pages[0].painted - before)
    half = len(painted) // 2
    assert sum(painted) / len(painted) < 2
    assert sum(painted[half:]) <= 1.1 * sum(painted[:half])


def test_a_token_on_the_last_row_repaints_that_row_only():
    pages = Pages(INK)
    pages.resize(80, 24)
    block = AnswerBlock()
    pages.add(block, 0)
    view = View(pages)
    block.add(lines_of_text(100) + "\n\nlast")
    pages.update(0)
    view.draw(None)
    block.add(" words")
    pages.update(0)
    assert view.draw(None) == (23, 24)


async def test_recalling_reads_only_what_is_in_sight():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.transcript.recall([AssistantMessage(text=DOCUMENT) for _ in range(2000)])
        await drawn(pilot)
        assert app.transcript.laid_out < 10


def test_rows_far_from_the_view_are_forgotten():
    pages = Pages(INK)
    pages.resize(80, 24)
    for _ in range(2000):
        pages.add(AnswerBlock(DOCUMENT), 0)
    pages.view()
    for _ in range(900):
        pages.scroll(-22)
        pages.view()
    held = sum(page.height for page in pages.pages if page.is_laid_out)
    assert held <= KEPT_ROWS + 200


async def test_no_frame_is_drawn_while_nothing_happens():
    app = Host(events=said(DOCUMENT))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        strips = app.transcript.render_lines(app.transcript.size.region)
        await pilot.pause(0.2)
        again = app.transcript.render_lines(app.transcript.size.region)
        assert all(a is b for a, b in zip(strips, again, strict=True))


async def test_many_tokens_at_once_make_few_frames():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        for number in range(500):
            app.transcript.show(TextDelta(text=f"word{number} "))
        assert "word499" in " ".join(await drawn(pilot))
        assert app.transcript.frames < 20


def test_a_folded_output_of_many_lines_holds_few():
    block = ToolBlock("Run x")
    output = OutputBlock(command="x", output="line\n" * 10_000, outcome="exit code 0")
    block.finish(ToolResult(llm_content="", return_display=output))
    block.update(INK)
    assert len(block.lines) == 10
    assert block.lines[-1].text == "… 9,992 more lines (Ctrl+O)"


def opened(result: ToolResult) -> tuple[Pages, ToolBlock]:
    """A call whose block was just opened."""
    pages = Pages(INK)
    pages.resize(80, 24)
    block = ToolBlock("Edit a.py")
    block.finish(result)
    pages.add(block, 0)
    pages.view()
    pages.toggle(0, is_open=True)
    return pages, block


PATCH = "@@ -0,0 +1,10000 @@\n" + "".join(f"+value_{n} = {n}\n" for n in range(10_000))
DIFF = DiffBlock(path="a.py", patch=PATCH, added=10_000, removed=0)
WIDE = OutputBlock(command="x", output="字" * 400_000, outcome="")


@pytest.mark.parametrize("display", [DIFF, WIDE], ids=["diff", "wide"])
def test_what_is_large_opens_in_slices(display: Display):
    pages, block = opened(ToolResult(llm_content="", return_display=display))
    made = [sum(line.size for line in block.lines)]
    while block.behind:
        pages.update(0)
        made.append(sum(line.size for line in block.lines))
    assert max(new - old for old, new in pairwise(made)) <= SLICE + LINE_CHARS
    assert len(made) > 20


def test_what_was_opened_in_slices_is_what_was_made_at_once():
    pages, block = opened(ToolResult(llm_content="", return_display=DIFF))
    take_in(pages)
    assert block.lines == list(block.build(INK))
    assert pages.total == 10_001


def test_what_changes_while_it_opens_is_shown_as_it_is_then():
    pages, block = opened(ToolResult(llm_content="", return_display=DIFF))
    block.finish(ToolResult(llm_content="", return_display=TextBlock(text="shorter")))
    block.restart()
    pages.update(0)
    assert [line.text for line in block.lines] == ["Edit a.py", "shorter"] and not block.behind


def test_folding_while_it_opens_leaves_what_the_fold_shows():
    pages, block = opened(ToolResult(llm_content="", return_display=DIFF))
    pages.toggle(0, is_open=False)
    assert len(block.lines) == 42 and not block.behind


def test_a_large_block_out_of_sight_keeps_its_lines():
    pages, block = opened(ToolResult(llm_content="", return_display=DIFF))
    take_in(pages)
    pages.pages[0].forget()
    assert len(block.lines) == 10_001 and pages.pages[0].is_laid_out


def test_an_enormous_line_is_painted_in_pieces():
    pages = Pages(INK)
    pages.resize(80, 24)
    pages.add(NoticeBlock("x" * 500_000, "info"), 0)
    pages.view()
    View(pages).draw(None)
    assert pages.pages[0].painted <= 2
    assert pages.total > 6_000


async def test_what_comes_in_together_is_drawn_together():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        before = app.transcript.frames
        for word in DOCUMENT.split(" "):
            app.transcript.show(TextDelta(text=f"{word} "))
        await drawn(pilot)
        assert app.transcript.frames == before + 1
