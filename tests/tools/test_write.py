from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ollama_code.core.display import DiffBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from tests.tools.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_new_file_is_created_with_its_directories(desk: Desk) -> None:
    result = await desk.write("src/deep/a.py", "x = 1\r\ny = 2\n")
    assert (desk.root / "src/deep/a.py").read_bytes() == b"x = 1\r\ny = 2\n"
    assert result.llm_content == "Created src/deep/a.py (2 lines)."
    assert (desk.asked[0].title, desk.asked[0].reach) == ("Create src/deep/a.py", "workspace")


async def test_overwriting_a_file_that_was_read_keeps_its_mode(desk: Desk) -> None:
    file = desk.root / "run.sh"
    file.write_text("old\n")
    file.chmod(0o750)
    await desk.read("run.sh")
    result = await desk.write("run.sh", "new\nmore\n")
    assert file.read_text() == "new\nmore\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert result.llm_content == "Overwrote run.sh: 2 lines added, 1 removed."
    assert desk.asked[-1].reach == "workspace"


async def test_overwriting_a_file_that_was_never_read_says_so_when_asking(desk: Desk) -> None:
    (desk.root / "a.txt").write_text("precious\n")
    request = await desk.ask_write("a.txt", "new\n")
    assert request is not None
    assert (request.title, request.reach) == ("Overwrite a.txt (never read)", "unseen")
    assert isinstance(request.preview, DiffBlock)
    assert "-precious\n+new\n" in request.preview.patch


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (b"a\r\nb\r\n", "x\ny\n", b"x\r\ny\r\n"),
        (b"a\r\nb\r\n", "x\r\ny\n", b"x\r\ny\n"),
        (b"a\nb\n", "x\r\ny\r\n", b"x\r\ny\r\n"),
        (b"\xef\xbb\xbfa\n", "x\n", b"\xef\xbb\xbfx\n"),
        (b"\xef\xbb\xbfa\n", "\ufeffx\n", b"\xef\xbb\xbfx\n"),
        ("a\r\n".encode("utf-16"), "é\n", "é\r\n".encode("utf-16")),
        ("déjà vu\n".encode("cp1252"), "Déjà\n", "Déjà\n".encode("cp1252")),
        ("déjà vu\n".encode("cp1252"), "→\n", "→\n".encode()),
    ],
)
async def test_the_encoding_and_line_ends_of_the_old_file_are_kept(
    desk: Desk, before: bytes, content: str, after: bytes
) -> None:
    file = desk.root / "f.txt"
    file.write_bytes(before)
    await desk.write("f.txt", content)
    assert file.read_bytes() == after


async def test_a_file_changed_since_it_was_read_is_refused_with_what_it_holds_now(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_text("one\n")
    await desk.read("f.txt")
    file.write_text("one\ntwo\n")
    with pytest.raises(ToolError, match="one\ntwo") as caught:
        await desk.write("f.txt", "three\n")
    assert caught.value.type is ErrorType.FILE_CHANGED
    assert file.read_text() == "one\ntwo\n"
    await desk.write("f.txt", "three\n")
    assert file.read_text() == "three\n"


async def test_the_same_content_asks_nobody_and_writes_nothing(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_text("same\n")
    before = file.stat()
    result = await desk.write("f.txt", "same\n")
    assert "already has exactly this content" in result.llm_content
    assert desk.asked == []
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_a_write_right_after_a_write_needs_no_reading(desk: Desk) -> None:
    await desk.write("f.txt", "one\n")
    await desk.write("f.txt", "two\n")
    assert (desk.root / "f.txt").read_text() == "two\n"
    assert desk.asked[-1].reach == "workspace"


async def test_a_file_that_appears_while_the_person_thinks_is_not_overwritten(desk: Desk) -> None:
    call = desk.new_call()
    await desk.write_tool.permission(desk.write_params("f.txt", "new\n"), call)
    (desk.root / "f.txt").write_text("mine\n")
    with pytest.raises(ToolError) as caught:
        await desk.write_tool.run(desk.write_params("f.txt", "new\n"), call)
    assert caught.value.type is ErrorType.FILE_EXISTS
    assert (desk.root / "f.txt").read_text() == "mine\n"


async def test_replacing_a_binary_file_says_what_it_was(desk: Desk) -> None:
    (desk.root / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    request = await desk.ask_write("logo.png", "text\n")
    assert request is not None
    assert isinstance(request.preview, DiffBlock)
    assert "PNG image, 108 bytes" in request.preview.patch


@pytest.mark.parametrize("path", [".", "link-to-dir"])
async def test_a_directory_is_refused_before_asking(desk: Desk, path: str) -> None:
    (desk.root / "link-to-dir").symlink_to(desk.root)
    with pytest.raises(ToolError) as caught:
        await desk.ask_write(path, "x")
    assert caught.value.type is ErrorType.IS_DIRECTORY


async def test_a_name_inside_that_a_link_leads_out_is_refused(desk: Desk, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (desk.root / "lib").symlink_to(elsewhere)
    with pytest.raises(ToolError, match="leads out of the workspace") as refused:
        await desk.ask_write("lib/x", "evil\n")
    assert refused.value.type is ErrorType.PERMISSION_DENIED
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "reach"), [(".git/hooks/pre-commit", "protected"), ("../elsewhere.txt", "outside")]
)
async def test_guarded_and_outside_paths_say_how_far_they_reach(desk: Desk, path: str, reach: str) -> None:
    request = await desk.ask_write(path, "x\n")
    assert request is not None
    assert request.reach == reach


async def test_half_a_character_is_refused(desk: Desk) -> None:
    with pytest.raises(ToolError, match="lone surrogate"):
        await desk.write("f.txt", "a\udce9")
    assert not (desk.root / "f.txt").exists()
