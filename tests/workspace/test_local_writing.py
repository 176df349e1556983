from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.ports import Workspace
from ollama_code.workspace.local import LocalWorkspace
from tests.unprivileged import NOBODY, folder_of_nobody, own, run_as_nobody
from tests.workspace.swapping import swapping


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "proj"
    root.mkdir()
    return root


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return LocalWorkspace(root)


async def put(workspace: Workspace, path: str, data: bytes, expected: bytes | None = None) -> None:
    await workspace.write(workspace.locate(path), data, expected=expected)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def refused_write(workspace: Workspace, path: str, expected: bytes | None = None) -> ErrorType:
    with pytest.raises(ToolError) as refused:
        await put(workspace, path, b"evil", expected)
    return refused.value.type


async def test_a_new_file_is_created_with_its_parents(workspace: Workspace, root: Path) -> None:
    await put(workspace, "a/b/c.txt", b"new")

    assert (root / "a" / "b" / "c.txt").read_bytes() == b"new"
    assert names(root / "a" / "b") == ["c.txt"]


async def test_a_new_file_has_the_usual_permissions(workspace: Workspace, root: Path) -> None:
    (root / "usual").touch()

    await put(workspace, "new", b"")

    assert (root / "new").stat().st_mode == (root / "usual").stat().st_mode


async def test_a_file_is_replaced_and_keeps_its_mode(workspace: Workspace, root: Path) -> None:
    (root / "run.sh").write_bytes(b"old")
    (root / "run.sh").chmod(0o755)

    await put(workspace, "run.sh", b"new", expected=b"old")

    assert (root / "run.sh").read_bytes() == b"new"
    assert (root / "run.sh").stat().st_mode & 0o7777 == 0o755
    assert names(root) == ["run.sh"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_file_keeps_its_owner(workspace: Workspace, root: Path) -> None:
    (root / "a").write_bytes(b"old")
    own(root / "a")

    await put(workspace, "a", b"new", expected=b"old")

    assert ((root / "a").stat().st_uid, (root / "a").stat().st_gid) == (NOBODY, NOBODY)


async def test_a_link_inside_stays_and_its_target_is_written(workspace: Workspace, root: Path) -> None:
    (root / "real").write_bytes(b"old")
    (root / "link").symlink_to("real")

    await put(workspace, "link", b"new", expected=b"old")

    assert (root / "link").is_symlink()
    assert (root / "real").read_bytes() == b"new"


async def test_a_hard_link_is_broken_not_written_through(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"old")
    os.link(tmp_path / "secret", root / "h")

    await put(workspace, "h", b"new", expected=b"old")

    assert (tmp_path / "secret").read_bytes() == b"old"
    assert (root / "h").read_bytes() == b"new"


async def test_an_approved_place_outside_is_written(workspace: Workspace, tmp_path: Path) -> None:
    await put(workspace, "../new/a.txt", b"x")

    assert (tmp_path / "new" / "a.txt").read_bytes() == b"x"


@pytest.mark.parametrize("there", [b"other", b"olD", b"old and more", b"ol", b""])
async def test_a_changed_file_is_not_overwritten(workspace: Workspace, root: Path, there: bytes) -> None:
    (root / "a").write_bytes(there)

    assert await refused_write(workspace, "a", expected=b"old") is ErrorType.FILE_CHANGED
    assert (root / "a").read_bytes() == there
    assert names(root) == ["a"]


async def test_a_vanished_file_is_not_brought_back(workspace: Workspace, root: Path) -> None:
    assert await refused_write(workspace, "a", expected=b"old") is ErrorType.FILE_CHANGED
    assert await refused_write(workspace, "sub/a", expected=b"old") is ErrorType.FILE_CHANGED
    assert names(root) == []


async def test_an_unexpected_file_is_not_overwritten(workspace: Workspace, root: Path) -> None:
    (root / "a").write_bytes(b"there")

    assert await refused_write(workspace, "a") is ErrorType.FILE_EXISTS
    assert (root / "a").read_bytes() == b"there"


@pytest.mark.parametrize("expected", [None, b""])
async def test_a_directory_is_not_overwritten(
    workspace: Workspace, root: Path, expected: bytes | None
) -> None:
    (root / "d").mkdir()

    assert await refused_write(workspace, "d", expected) is ErrorType.IS_DIRECTORY
    assert await refused_write(workspace, ".", expected) is ErrorType.IS_DIRECTORY


@pytest.mark.parametrize("expected", [None, b""])
async def test_a_pipe_is_not_written(workspace: Workspace, root: Path, expected: bytes | None) -> None:
    os.mkfifo(root / "pipe")

    assert await refused_write(workspace, "pipe", expected) is ErrorType.PERMISSION_DENIED
    assert (root / "pipe").is_fifo()


async def test_a_link_put_in_place_after_the_look_is_not_followed(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"old")
    (root / "a").write_bytes(b"old")
    place = workspace.locate("a")
    (root / "a").unlink()
    (root / "a").symlink_to("../secret")

    for expected in (b"old", None):
        with pytest.raises(ToolError) as refused:
            await workspace.write(place, b"evil", expected=expected)
        assert refused.value.type is ErrorType.PERMISSION_DENIED
    assert (tmp_path / "secret").read_bytes() == b"old"


async def test_a_folder_that_turns_into_a_link_lets_nothing_out(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    (root / "d").mkdir()
    (tmp_path / "outside").mkdir()
    (root / "evil").symlink_to("../outside")
    place = workspace.locate("d/x")

    with swapping(root / "d", root / "evil"):
        for _ in range(500):
            with suppress(ToolError):
                await workspace.write(place, b"evil", expected=None)

    assert names(tmp_path / "outside") == []
    assert names(root / "d") == ["x"]


@pytest.mark.parametrize("path", ["file/below", "n" * 300])
async def test_a_name_that_cannot_be_is_told(workspace: Workspace, root: Path, path: str) -> None:
    (root / "file").touch()

    assert await refused_write(workspace, path) is ErrorType.WRITE_FAILED


async def test_a_file_marked_read_only_is_refused_even_to_root(workspace: Workspace, root: Path) -> None:
    (root / "a").write_bytes(b"old")
    (root / "a").chmod(0o444)

    assert await refused_write(workspace, "a", expected=b"old") is ErrorType.PERMISSION_DENIED
    assert (root / "a").read_bytes() == b"old"


# --- refused by the system -------------------------------------------------------------------------------

TRY = """
import asyncio
from pathlib import Path
from ollama_code.core.errors import ToolError
from ollama_code.workspace.local import LocalWorkspace

def main(root, action, path):
    workspace = LocalWorkspace(Path(root))
    place = workspace.locate(path)
    attempts = {
        "read": lambda: workspace.read(place, lambda file: file.read()),
        "list": lambda: workspace.entries(place),
        "stat": lambda: workspace.stat(place),
        "create": lambda: workspace.write(place, b"new", expected=None),
        "replace": lambda: workspace.write(place, b"new", expected=b"old"),
    }
    try:
        asyncio.run(attempts[action]())
        print("done")
    except ToolError as error:
        print(error.type)
"""


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder of nobody's with a closed folder and files of several permissions in it."""
    with folder_of_nobody() as folder:
        (folder / "closed").mkdir(mode=0o755)
        for name, mode in {"open": 0o644, "unreadable": 0o000, "read_only": 0o444, "closed/a": 0o666}.items():
            (folder / name).write_bytes(b"old")
            (folder / name).chmod(mode)
            own(folder / name)
        (folder / "locked").mkdir(mode=0o700)
        (folder / "closed").chmod(0o555)
        own(folder / "closed")
        (folder / "locked").chmod(0o000)
        own(folder / "locked")
        yield folder
        (folder / "locked").chmod(0o700)
        (folder / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ("read", "unreadable"),
        ("replace", "unreadable"),
        ("replace", "read_only"),
        ("replace", "closed/a"),
        ("create", "closed/new"),
        ("create", "closed/sub/new"),
        ("read", "locked/a"),
        ("stat", "locked/a"),
        ("list", "locked"),
    ],
)
def test_what_the_system_forbids_is_permission_denied(common: Path, action: str, path: str) -> None:
    assert run_as_nobody(TRY, common, action, path) == "permission_denied\n"
    assert names(common / "closed") == ["a"]
    assert (common / "read_only").read_bytes() == b"old"
    assert (common / "closed" / "a").read_bytes() == b"old"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave a file of another owner")
def test_a_file_of_another_owner_is_not_replaced(common: Path) -> None:
    (common / "of_root").write_bytes(b"old")
    (common / "of_root").chmod(0o644)

    assert run_as_nobody(TRY, common, "replace", "of_root") == "permission_denied\n"
    assert (common / "of_root").read_bytes() == b"old"


@pytest.mark.parametrize(("action", "path"), [("read", "open"), ("replace", "open"), ("create", "new")])
def test_what_the_system_allows_is_done(common: Path, action: str, path: str) -> None:
    assert run_as_nobody(TRY, common, action, path) == "done\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system is refused here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("expected", [None, b"old"])
async def test_a_full_disk_leaves_what_was_there(small_disk: Path, expected: bytes | None) -> None:
    (small_disk / "old").write_bytes(b"old")
    workspace = LocalWorkspace(small_disk)
    path = "old" if expected else "new"

    with pytest.raises(ToolError) as refused:
        await put(workspace, path, b"x" * 100_000, expected)
    workspace.close()

    assert refused.value.type is ErrorType.NO_SPACE
    assert (small_disk / "old").read_bytes() == b"old"
    assert names(small_disk) == ["old"]
