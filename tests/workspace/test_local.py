from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError, UsageError
from ollama_code.ports import Workspace
from ollama_code.workspace.local import LocalWorkspace
from tests.workspace.descriptors import open_descriptors


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "proj"
    root.mkdir()
    return root


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return LocalWorkspace(root)


async def text_of(workspace: Workspace, path: str) -> str:
    return await workspace.read(workspace.locate(path), lambda file: file.read().decode())


async def refused_read(workspace: Workspace, path: str) -> ToolError:
    with pytest.raises(ToolError) as refused:
        await text_of(workspace, path)
    return refused.value


# --- reading ---------------------------------------------------------------------------------------------


async def test_a_file_is_read(workspace: Workspace, root: Path) -> None:
    (root / "a.txt").write_text("hello")

    assert await text_of(workspace, "a.txt") == "hello"


async def test_a_link_inside_is_read_at_its_target(workspace: Workspace, root: Path) -> None:
    (root / "a.txt").write_text("hello")
    (root / "link").symlink_to("a.txt")

    assert await text_of(workspace, "link") == "hello"


async def test_an_approved_place_outside_is_read(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("elsewhere")

    assert await text_of(workspace, "../outside.txt") == "elsewhere"


async def test_a_place_is_opened_as_it_was_shown(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (root / "a.txt").write_text("hello")
    place = workspace.locate("a.txt")
    (root / "a.txt").unlink()
    (root / "a.txt").symlink_to("../secret")

    with pytest.raises(ToolError) as refused:
        await workspace.read(place, lambda file: file.read())

    assert refused.value.type is ErrorType.PERMISSION_DENIED


async def test_a_missing_file_is_named(workspace: Workspace) -> None:
    error = await refused_read(workspace, "src/none.py")

    assert error.type is ErrorType.FILE_NOT_FOUND
    assert "src/none.py" in str(error)


async def test_a_file_used_as_a_folder_is_not_found(workspace: Workspace, root: Path) -> None:
    (root / "a.txt").touch()

    assert (await refused_read(workspace, "a.txt/b")).type is ErrorType.FILE_NOT_FOUND


async def test_a_name_too_long_to_exist_is_not_found(workspace: Workspace) -> None:
    assert (await refused_read(workspace, "n" * 300)).type is ErrorType.FILE_NOT_FOUND
    assert await workspace.stat(workspace.locate("n" * 300)) is None


@pytest.mark.parametrize("path", [".", "sub"])
async def test_a_directory_is_not_read(workspace: Workspace, root: Path, path: str) -> None:
    (root / "sub").mkdir()

    assert (await refused_read(workspace, path)).type is ErrorType.IS_DIRECTORY


async def test_a_pipe_is_refused_by_name(workspace: Workspace, root: Path) -> None:
    os.mkfifo(root / "pipe")

    error = await refused_read(workspace, "pipe")

    assert error.type is ErrorType.PERMISSION_DENIED
    assert "named pipe" in str(error)


async def test_a_link_to_itself_is_refused(workspace: Workspace, root: Path) -> None:
    (root / "loop").symlink_to("loop")

    assert (await refused_read(workspace, "loop")).type is ErrorType.PERMISSION_DENIED


async def test_a_failing_read_is_told(workspace: Workspace) -> None:
    def fail(file: object) -> None:
        raise OSError(5, "Input/output error")

    (Path(workspace.root) / "a").touch()
    with pytest.raises(ToolError) as refused:
        await workspace.read(workspace.locate("a"), fail)

    assert refused.value.type is ErrorType.READ_FAILED


# --- looking ---------------------------------------------------------------------------------------------


async def test_stat_tells_what_is_there(workspace: Workspace, root: Path) -> None:
    (root / "a.txt").write_text("hello")
    (root / "a.txt").chmod(0o640)
    os.link(root / "a.txt", root / "second")

    found = await workspace.stat(workspace.locate("a.txt"))

    assert found is not None
    assert (found.kind, found.size_bytes, found.mode, found.links) == ("file", 5, 0o640, 2)


@pytest.mark.parametrize("path", ["none", "none/deeper", "file/deeper"])
async def test_stat_of_nothing_is_none(workspace: Workspace, root: Path, path: str) -> None:
    (root / "file").touch()

    assert await workspace.stat(workspace.locate(path)) is None


async def test_stat_of_the_root_is_a_directory(workspace: Workspace) -> None:
    found = await workspace.stat(workspace.locate("."))

    assert found is not None
    assert found.kind == "directory"


async def test_entries_are_listed_with_kind_size_and_link(workspace: Workspace, root: Path) -> None:
    (root / "a.txt").write_text("hello")
    (root / "sub").mkdir()
    os.mkfifo(root / "pipe")
    (root / "to_sub").symlink_to("sub")
    (root / "nowhere").symlink_to("none")

    entries = await workspace.entries(workspace.locate("."))

    assert {(entry.name, entry.kind, entry.size_bytes, entry.link) for entry in entries} == {
        ("a.txt", "file", 5, False),
        ("sub", "directory", 0, False),
        ("pipe", "fifo", 0, False),
        ("to_sub", "directory", 0, True),
        ("nowhere", "file", 0, True),
    }


async def test_a_name_that_is_not_text_is_listed(workspace: Workspace, root: Path) -> None:
    (root / os.fsdecode(b"o\xff\xfe.txt")).touch()

    (entry,) = await workspace.entries(workspace.locate("."))

    assert os.fsencode(entry.name) == b"o\xff\xfe.txt"


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("none", ErrorType.FILE_NOT_FOUND),
        ("file", ErrorType.NOT_A_DIRECTORY),
        ("pipe", ErrorType.NOT_A_DIRECTORY),
    ],
)
async def test_only_directories_are_listed(
    workspace: Workspace, root: Path, path: str, type: ErrorType
) -> None:
    (root / "file").touch()
    os.mkfifo(root / "pipe")

    with pytest.raises(ToolError) as refused:
        await workspace.entries(workspace.locate(path))

    assert refused.value.type is type


# --- the roots -------------------------------------------------------------------------------------------


async def test_an_extra_root_is_worked_in(root: Path, tmp_path: Path) -> None:
    (tmp_path / "extra").mkdir()
    workspace = LocalWorkspace(root, extra_roots=(tmp_path / "extra",))

    await workspace.write(workspace.locate(f"{tmp_path}/extra/a/b.txt"), b"x", expected=None)

    assert (tmp_path / "extra" / "a" / "b.txt").read_bytes() == b"x"


async def test_a_read_only_root_may_appear_later(root: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    workspace = LocalWorkspace(root, read_only_roots=(outputs,))
    outputs.mkdir()
    (outputs / "1.txt").write_text("saved")

    assert workspace.locate(f"{outputs}/1.txt").readable
    assert await text_of(workspace, f"{outputs}/1.txt") == "saved"


@pytest.mark.parametrize("path", ["none", "file"])
def test_a_root_must_be_a_directory(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match=path):
        LocalWorkspace(tmp_path / path)


def replace_by_another(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


async def test_a_removed_root_is_told(workspace: Workspace, root: Path) -> None:
    place = workspace.locate("a.txt")
    replace_by_another(root)

    for attempt in (
        workspace.read(place, lambda file: file.read()),
        workspace.stat(place),
        workspace.write(place, b"x", expected=None),
        workspace.write(place, b"x", expected=b"y"),
        workspace.write(workspace.locate("sub/a.txt"), b"x", expected=None),
    ):
        with pytest.raises(ToolError, match="removed or replaced"):
            await attempt
    assert await LocalWorkspace(root).entries(workspace.locate(".")) == ()


async def test_no_descriptor_is_left_behind(root: Path) -> None:
    before = open_descriptors()
    workspace = LocalWorkspace(root)
    held = open_descriptors()

    await workspace.write(workspace.locate("a/b"), b"1", expected=None)
    await workspace.write(workspace.locate("a/b"), b"2", expected=b"1")
    await asyncio.gather(*(workspace.entries(workspace.locate("a")) for _ in range(20)))
    await text_of(workspace, "a/b")
    for path in ("none", "a", "a/b/c"):
        await refused_read(workspace, path)

    assert open_descriptors() == held
    workspace.close()
    assert open_descriptors() == before
