from __future__ import annotations

from ollama_code.core.display import DiffBlock, FilesBlock, OutputBlock, TextBlock, TodosBlock
from ollama_code.core.todo import TodoItem
from ollama_code.frontends.tui.panels.preview import preview_rows
from tests.tui.panels.requests import command


def lines(patch: str) -> list[str]:
    block = DiffBlock(path="a.py", patch=patch, added=0, removed=0)
    return [row.gutter + row.text for row in preview_rows(block)]


def test_a_diff_counts_the_lines_of_both_sides():
    assert lines("@@ -9,3 +9,3 @@\n a\n-b\n+c\n d\n") == ["  9   a", " 10 - b", " 10 + c", " 11   d"]


def test_hunks_are_parted():
    assert lines("@@ -1 +1 @@\n-a\n+b\n@@ -99 +99 @@\n-c\n+d\n")[2] == "  ⋯"


def test_a_carriage_return_cannot_fake_a_line_of_the_diff():
    shown = lines("@@ -1 +1,2 @@\n+safe\r-removed\n+more\n")
    assert shown == ["  1 + safe<U+000D>-removed", "  2 + more"]


def test_a_line_that_looks_like_a_hunk_is_a_line():
    assert lines("@@ -1 +1 @@\n+@@ -5 +5 @@\n") == ["  1 + @@ -5 +5 @@"]


def test_a_note_of_the_diff_is_shown():
    assert lines("\\ 312 more lines of this change are not shown\n")[0].strip().startswith("312 more lines")


def test_a_command_keeps_its_lines():
    assert [row.gutter + row.text for row in preview_rows(command("a\nb\n"))] == ["$ a", "  b", "  "]


def test_every_block_has_rows():
    blocks = [
        TextBlock(text="words"),
        OutputBlock(command="ls", output="a\nb", outcome="exit code 0"),
        TodosBlock(items=(TodoItem(id="1", content="words", status="completed"),)),
        FilesBlock(paths=("a", "b"), total=5),
    ]
    assert [[row.text for row in preview_rows(block)] for block in blocks] == [
        ["words"],
        ["ls", "a", "b", "exit code 0"],
        ["[x] words"],
        ["a", "b", "and 3 more"],
    ]
