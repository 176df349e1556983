from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.tools.files.many import fair_shares
from tests.tools.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in ("a", "b"):
        (tmp_path / f"{name}.py").write_text(f"{name} = 1\n")
    return Desk(tmp_path)


async def test_files_are_shown_under_their_names(desk: Desk) -> None:
    result = await desk.read_many("a.py", "b.py", "a.py")
    assert result.llm_content == "=== a.py ===\na = 1\n\n=== b.py ===\nb = 1\n"
    assert desk.asked[0].scopes == ("read_file(a.py)", "read_file(b.py)")


async def test_patterns_are_expanded(desk: Desk) -> None:
    text = (await desk.read_many("*.py")).llm_content
    assert "=== a.py ===" in text and "=== b.py ===" in text


async def test_what_a_pattern_matches_is_declared_so_that_a_rule_can_deny_it(desk: Desk) -> None:
    await desk.read_many("*.py")
    assert desk.asked[0].scopes == ("read_file(a.py)", "read_file(b.py)")


async def test_a_name_with_pattern_characters_that_exists_is_a_name(desk: Desk) -> None:
    (desk.root / "[id].ts").write_text("page\n")
    assert "page" in (await desk.read_many("[id].ts")).llm_content


async def test_errors_are_listed_beside_what_could_be_read(desk: Desk) -> None:
    text = (await desk.read_many("a.py", "gone.txt", "*.rs")).llm_content
    assert "a = 1" in text
    assert "- There is no file gone.txt" in text and "- No file matches *.rs." in text


async def test_all_failing_is_an_error(desk: Desk) -> None:
    with pytest.raises(ToolError) as caught:
        await desk.read_many("x", "y")
    assert caught.value.type is ErrorType.FILE_NOT_FOUND


async def test_a_pattern_never_reaches_a_guarded_file(desk: Desk) -> None:
    (desk.root / ".env").write_text("TOKEN=hunter2\n")
    text = (await desk.read_many("a.py", "*")).llm_content
    assert "hunter2" not in text
    assert ".env" in text


async def test_a_guarded_file_that_is_named_asks(desk: Desk) -> None:
    (desk.root / ".env").write_text("TOKEN=hunter2\n")
    await desk.read_many("a.py", ".env")
    assert desk.asked[0].reach == "protected"


async def test_a_small_file_is_whole_beside_a_huge_one(desk: Desk) -> None:
    (desk.root / "huge.txt").write_text("words words\n" * 100_000)
    text = (await desk.read_many("huge.txt", "a.py")).llm_content
    assert "=== a.py ===\na = 1\n" in text
    assert desk.budget_chars * 0.8 < len(text) <= desk.budget_chars


async def test_pictures_are_attached_and_never_text(tmp_path: Path) -> None:
    for n in range(6):
        Pillow.new("RGB", (8, 8)).save(tmp_path / f"{n}.png")
    result = await Desk(tmp_path, sees_images=True).read_many("*.png")
    assert len(result.images) == 4
    assert result.images[0].data not in result.llm_content
    assert "at most 4 pictures" in result.llm_content


@given(st.lists(st.integers(0, 100_000), max_size=20), st.integers(10_000, 100_000))
def test_shares_are_level_and_small_files_are_whole(sizes: list[int], budget: int) -> None:
    shares = fair_shares(sizes, budget)
    cut = [share for share, size in zip(shares, sizes, strict=True) if share < size]
    assert sum(min(pair) for pair in zip(shares, sizes, strict=True)) <= budget
    assert not cut or max(cut) - min(cut) <= len(sizes)
