"""The names of a workspace's files, at hand."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from ollama_code.workspace.index import FileIndex
from tests.workspace.trees import plant

ALL = 10_000


async def listed(index: FileIndex) -> list[str]:
    return sorted(await index.search("", ALL))


def kept_by_git(root: Path) -> list[str]:
    """With one tracked file and one that only the repository's own exclude file names."""
    git = ["git", "-C", str(root), "-c", "core.excludesFile="]
    subprocess.run([*git, "init", "-q"], check=True)
    (root / ".git/info/exclude").write_text("excluded\n")
    (root / "excluded").touch()
    subprocess.run([*git, "add", "tracked.tmp"], check=True)
    asked = [*git, "ls-files", "-coz", "--exclude-standard"]
    paths = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(path for path in paths if path)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_index_holds_what_git_would_add(tmp_path: Path):
    root = plant(
        tmp_path,
        {
            ".gitignore": "*.log\n/build/\n!keep.log\nnode_modules\ndoc/*\n!doc/keep.md\n",
            "a.py": "", "a.log": "", "keep.log": "", "b.logx": "", ".hidden/x": "",
            "build/out": "", "src/build/kept": "", "node_modules/m/i.js": "", "src/node_modules/i.js": "",
            "doc/gone.md": "", "doc/keep.md": "", "doc/sub/gone.md": "",
            "src/.gitignore": "!*.log\nsecret*\n", "src/b.log": "", "src/secret.txt": "", "src/ü 日本.txt": "",
            "src/deep/er/secret": "", "tracked.tmp": "",
        },
    )  # fmt: skip
    (root / "link").symlink_to("a.py")
    (root / "loop").symlink_to(root)
    expected = kept_by_git(root)
    assert await listed(FileIndex(str(root))) == expected


async def test_letters_find_a_path(tmp_path: Path):
    index = FileIndex(str(plant(tmp_path, {"src/input/prompt.py": "", "src/other.py": ""})))
    assert await index.search("inpr", 5) == ["src/input/prompt.py"]


async def test_the_most_paths_that_are_held(tmp_path: Path):
    root = plant(tmp_path, {f"{n}": "" for n in range(9)})
    assert await listed(FileIndex(str(root), most=4)) == ["0", "1", "2", "3"]


async def test_names_that_no_path_may_have_are_left_out(tmp_path: Path):
    root = plant(tmp_path, {"ok": "", "line\nfeed": "", "escape\x1b[2J": ""})
    (root / os.fsdecode(b"caf\xe9")).touch()
    assert await listed(FileIndex(str(root))) == ["ok"]


async def test_a_new_file_is_found_once_the_index_is_no_longer_fresh(tmp_path: Path):
    root, clock = plant(tmp_path, {"a": ""}), Clock()
    index = FileIndex(str(root), fresh_s=3.0, clock=clock)
    assert await index.search("", ALL) == ["a"]
    (root / "b").touch()
    clock.now = 2.9
    assert await index.search("", ALL) == ["a"]
    clock.now = 3.0
    assert await index.search("", ALL) == ["a"], "it answers at once, from what it knows"
    await index.refresh()
    assert await index.search("", ALL) == ["a", "b"]


async def test_searches_that_come_together_share_one_walk(tmp_path: Path):
    index = FileIndex(str(plant(tmp_path, {"a": "", "b": ""})))
    assert await asyncio.gather(index.search("a", 9), index.search("b", 9)) == [["a"], ["b"]]


async def test_a_cancelled_search_leaves_the_walk_for_the_next(tmp_path: Path):
    index = FileIndex(str(plant(tmp_path, {"a": ""})))
    search = asyncio.create_task(index.search("a", 9))
    await asyncio.sleep(0)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    assert await index.search("a", 9) == ["a"]


async def test_closing_ends_a_walk(tmp_path: Path):
    index = FileIndex(str(plant(tmp_path, {f"{n}/{n}": "" for n in range(300)})))
    search = asyncio.create_task(index.search("a", 9))
    await asyncio.sleep(0)
    await index.close()
    with pytest.raises(asyncio.CancelledError):
        await search


async def test_a_root_that_is_gone_holds_nothing(tmp_path: Path):
    assert await listed(FileIndex(str(tmp_path / "gone"))) == []
