from __future__ import annotations

from ollama_code.core.display import DiffBlock, OutputBlock
from ollama_code.core.results import ToolResult
from tests.tui.transcript.host import Host, called, drawn, lines_of_text, said

PARAGRAPH = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu"


async def drag(pilot, start: tuple[int, int], end: tuple[int, int]) -> str | None:
    transcript = pilot.app.transcript
    await pilot.mouse_down(transcript, offset=start)
    await pilot.hover(transcript, offset=end)
    await pilot.mouse_up(transcript, offset=end)
    await pilot.pause()
    return pilot.app.screen.get_selected_text()


async def test_a_drag_over_wrapped_rows_copies_one_line():
    app = Host(events=said(PARAGRAPH))
    async with app.run_test(size=(30, 12)) as pilot:
        await drawn(pilot)
        assert await drag(pilot, (1, 0), (28, 2)) == PARAGRAPH


async def test_a_drag_upwards_selects_the_same():
    app = Host(events=said(PARAGRAPH))
    async with app.run_test(size=(30, 12)) as pilot:
        await drawn(pilot)
        assert await drag(pilot, (10, 1), (7, 0)) == await drag(pilot, (7, 0), (10, 1))


async def test_both_cells_of_a_wide_character_select_it_once():
    app = Host(events=said("ab日本cd"))
    async with app.run_test(size=(30, 12)) as pilot:
        await drawn(pilot)
        assert await drag(pilot, (4, 0), (5, 0)) == "日本"


async def test_code_and_lists_are_copied_as_written():
    source = "- one\n- two\n\n```py\nif x:\n\treturn 1\n```"
    app = Host(events=said(source))
    async with app.run_test(size=(40, 12)) as pilot:
        await drawn(pilot)
        assert await drag(pilot, (3, 0), (30, 4)) == "- one\n- two\n\nif x:\n\treturn 1"


async def test_a_diff_is_copied_as_a_patch():
    patch = "@@ -1,2 +1,2 @@\n same\n-old\n+new"
    result = ToolResult(
        llm_content="", return_display=DiffBlock(path="a.py", patch=patch, added=1, removed=1)
    )
    app = Host(events=called(result, "Edit a.py"))
    async with app.run_test(size=(40, 12)) as pilot:
        await drawn(pilot)
        assert await drag(pilot, (11, 1), (30, 3)) == " same\n-old\n+new"


async def test_a_table_row_is_selected_whole():
    app = Host(events=said("| a | b |\n|---|---|\n| one | two |\n"))
    async with app.run_test(size=(40, 12)) as pilot:
        await drawn(pilot)
        assert await drag(pilot, (3, 2), (4, 2)) == "| one | two |"


async def test_a_double_click_selects_a_word_and_a_triple_click_a_line():
    app = Host(events=said(f"see src/a_b.py now {PARAGRAPH}"))
    async with app.run_test(size=(40, 12)) as pilot:
        await drawn(pilot)
        await pilot.double_click(app.transcript, offset=(8, 0))
        await pilot.pause()
        assert app.screen.get_selected_text() == "src/a_b.py"
        await pilot.triple_click(app.transcript, offset=(8, 0))
        await pilot.pause()
        assert app.screen.get_selected_text() == f"see src/a_b.py now {PARAGRAPH}"


async def test_a_selection_survives_a_resize():
    app = Host(events=said(PARAGRAPH))
    async with app.run_test(size=(30, 12)) as pilot:
        await drawn(pilot)
        selected = await drag(pilot, (7, 0), (10, 1))
        await pilot.resize_terminal(50, 9)
        await drawn(pilot)
        assert app.screen.get_selected_text() == selected


async def test_only_the_background_of_selected_text_changes():
    app = Host(events=said("plain words"))
    async with app.run_test(size=(30, 6)) as pilot:
        await drawn(pilot)
        await drag(pilot, (1, 0), (5, 0))
        strip = app.transcript.render_lines(app.transcript.size.region)[0]
        chosen = next(part for part in strip if part.text == "plain")
        assert chosen.style.bgcolor.name == app.palette.colors.selection
        assert chosen.style.color.name == app.palette.colors.text


async def test_a_click_clears_the_selection():
    app = Host(events=said(PARAGRAPH))
    async with app.run_test(size=(30, 12)) as pilot:
        await drawn(pilot)
        await drag(pilot, (1, 0), (8, 0))
        await pilot.click(app.transcript, offset=(3, 8))
        assert not app.screen.get_selected_text()


async def test_holding_the_mouse_above_the_view_scrolls_and_selects_on():
    app = Host(events=said(lines_of_text(60)))
    async with app.run_test(size=(30, 12)) as pilot:
        app.transcript.styles.margin = (2, 0, 0, 0)
        await drawn(pilot)
        await pilot.mouse_down(app.transcript, offset=(4, 9))
        await pilot.hover(None, offset=(4, 0))
        while "row 45" not in (app.screen.get_selected_text() or ""):
            await pilot.pause(0.02)
        await pilot.mouse_up(None, offset=(4, 0))
        assert app.screen.get_selected_text().strip().startswith("row ")


async def test_a_folded_block_opens_on_a_click_and_folds_at_its_title():
    output = OutputBlock(
        command="make", output="\n".join(f"out {n}" for n in range(20)), outcome="exit code 0"
    )
    app = Host(events=called(ToolResult(llm_content="", return_display=output)))
    async with app.run_test(size=(40, 30)) as pilot:
        assert "   … 12 more lines (Ctrl+O)" in await drawn(pilot)
        await pilot.click(app.transcript, offset=(5, 3))
        assert "   out 19" in await drawn(pilot)
        await pilot.click(app.transcript, offset=(5, 0))
        assert "   out 19" not in await drawn(pilot)


async def test_a_link_posts_its_target():
    app = Host(events=said("see [notes](docs/n.md) now"))
    async with app.run_test(size=(40, 6)) as pilot:
        await drawn(pilot)
        await pilot.click(app.transcript, offset=(6, 0))
        await pilot.pause()
        assert app.clicked == ["docs/n.md"]
