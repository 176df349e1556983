from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from ollama_code.workspace.confine import Anchor
from ollama_code.workspace.handles import held_at
from ollama_code.workspace.ignore import Rules
from ollama_code.workspace.stop import Stop
from ollama_code.workspace.walk import Choice, Walk
from tests.unprivileged import folder_of_nobody, run_as_nobody
from tests.workspace.descriptors import open_descriptors
from tests.workspace.swapping import swapping
from tests.workspace.trees import plant, walked


def test_files_come_in_the_order_of_their_whole_paths(tmp_path: Path):
    root = plant(tmp_path, {"a/b": "", "a.py": "", "a0": "", "B": "", "a/c/d": "", "z": ""})
    assert walked(root) == sorted(["a/b", "a.py", "a0", "B", "a/c/d", "z"])


def test_links_are_given_and_never_followed(tmp_path: Path):
    plant(tmp_path / "outside", {"secret": ""})
    root = plant(tmp_path / "root", {"a": ""})
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(root)
    with held_at(Anchor("/"), str(root)) as fd:
        assert [(f.path, f.link) for f in Walk(fd, Rules(), Stop(9))] == [
            ("a", False),
            ("loop", True),
            ("out", True),
        ]


def test_only_files_and_links_are_given(tmp_path: Path):
    root = plant(tmp_path, {"file": ""})
    os.mkfifo(root / "fifo")
    assert walked(root) == ["file"]


def test_choice_prunes_directories_and_files(tmp_path: Path):
    root = plant(tmp_path, {"in/x.py": "", "in/y.c": "", "no/x.py": ""})
    choice = Choice(keep=lambda path: path.endswith(".py"), enter=lambda path: path != "no")
    with held_at(Anchor("/"), str(root)) as fd:
        assert [f.path for f in Walk(fd, Rules(), Stop(9), choice)] == ["in/x.py"]


def test_a_name_that_is_no_utf8_is_given_and_opens_again(tmp_path: Path):
    root = plant(tmp_path, {"ok": ""})
    name = b"caf\xe9.txt"
    (root / os.fsdecode(name)).write_text("")
    assert os.fsencode(walked(root)[0]) == name


def test_a_vanished_directory_is_passed_over(tmp_path: Path):
    root = plant(tmp_path, {"a/x": "", "b/x": "", "c/x": ""})
    with held_at(Anchor("/"), str(root)) as fd, closing(iter(walk := Walk(fd, Rules(), Stop(9)))) as found:
        first = next(found).path
        (root / "b/x").unlink()
        (root / "b").rmdir()
        assert [first, *(f.path for f in found)] == ["a/x", "c/x"]
    assert walk.unreadable == 0


def test_a_cancelled_walk_ends_and_says_that_it_is_not_complete(tmp_path: Path):
    root = plant(tmp_path, {str(i): "" for i in range(9)})
    stop = Stop(9)
    with held_at(Anchor("/"), str(root)) as fd, closing(iter(walk := Walk(fd, Rules(), stop))) as found:
        next(found)
        stop.cancel()
        assert list(found) == []
    assert not walk.complete


def test_a_walk_left_early_closes_what_it_opened(tmp_path: Path):
    root = plant(tmp_path, {"a/b/c/d": "", "z": ""})
    anchor = Anchor("/")
    before = open_descriptors()
    with held_at(anchor, str(root)) as fd, closing(iter(Walk(fd, Rules(), Stop(9)))) as found:
        next(found)
    assert open_descriptors() == before


def test_a_tree_deeper_than_the_limit_is_counted_not_walked(tmp_path: Path):
    deep = tmp_path
    for _ in range(250):
        deep = deep / "d"
    deep.mkdir(parents=True)
    with held_at(Anchor("/"), str(tmp_path.resolve())) as fd:
        walk = Walk(fd, Rules(), Stop(9))
        assert (list(walk), walk.unreadable, walk.complete) == ([], 1, True)


def test_an_unreadable_directory_is_counted():
    with folder_of_nobody() as folder:
        root = plant(folder, {"open/x": "", "shut/x": ""})
        (root / "shut").chmod(0)
        assert run_as_nobody(WALK_AS_NOBODY, root).split() == ["open/x", "1"]


WALK_AS_NOBODY = """
from ollama_code.workspace.confine import Anchor
from ollama_code.workspace.handles import held_at
from ollama_code.workspace.ignore import Rules
from ollama_code.workspace.stop import Stop
from ollama_code.workspace.walk import Walk

def main(root):
    with held_at(Anchor("/"), root) as fd:
        walk = Walk(fd, Rules(), Stop(9))
        print(*[f.path for f in walk], walk.unreadable)
"""


def test_a_directory_exchanged_for_a_link_never_leads_out(tmp_path: Path):
    outside = plant(tmp_path / "outside", {"secret": ""})
    root = plant(tmp_path / "root", {"dir/mine": ""})
    (tmp_path / "link").symlink_to(outside)
    seen: set[str] = set()
    with swapping(root / "dir", tmp_path / "link"):
        for _ in range(300):
            seen.update(walked(root))
    assert seen <= {"dir", "dir/mine"}
