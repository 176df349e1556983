from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ollama_code.workspace.ignore import OWN_FILE, Sources
from tests.unprivileged import folder_of_nobody, run_as_nobody
from tests.workspace.trees import plant, walked

GIT = {"PATH": os.defpath, "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent", "LC_ALL": "C"}


def git(root: Path, *arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=root, env=GIT, input=given, capture_output=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def kept_by_git(root: Path) -> list[str]:
    """Every file but those that `git check-ignore` names."""
    names = [
        os.fsencode(Path(folder, file).relative_to(root))
        for folder, folders, files in os.walk(root)
        for file in files
        if ".git" not in Path(folder).relative_to(root).parts
    ]
    ignored = git(root, "check-ignore", "--no-index", "-z", "--stdin", given=b"\0".join(names) + b"\0")
    return sorted(os.fsdecode(name) for name in set(names) - set(ignored.split(b"\0")))


TRICKY = {
    ".gitignore": "\ufeff*.log\n!keep.log\nbuild/\n/only-top\n# comment\n\\#hash\n\\!bang\ntrail\\ \nspaced   \n"
    "doc/*.txt\na/**/z\n**/deep/*.o\nw?ld\n[ab].c\n[!ab].h\nnode_modules\n/vendor/*\n!/vendor/ours/\ncr\r\n[\n",
    ".git/info/exclude": "*.secret\nexcluded/\n",
    "a/.gitignore": "!*.log\n*.tmp\n/here\nsub/\n!sub/\n",
    "all/.gitignore": "*\n!.gitignore\n!ours/\n",
    "x.log": "", "keep.log": "", "a/x.log": "", "a/b/x.log": "", "a/x.tmp": "", "a/b/x.tmp": "", "x.tmp": "",
    "build/x": "", "src/build/x": "", "src/build2/x": "", "lib/build": "", "only-top": "", "src/only-top": "",
    "#hash": "", "!bang": "", "trail ": "", "spaced": "", "doc/a.txt": "", "doc/b/a.txt": "", "a/z": "",
    "a/1/2/z": "", "q/deep/x.o": "", "q/deep/r/x.o": "", "wild": "", "wold/f": "", "a.c": "", "c.c": "",
    "a.h": "", "c.h": "", "node_modules/m/i.js": "", "vendor/theirs/f": "", "vendor/ours/f": "", "cr": "",
    "p.secret": "", "a/p.secret": "", "excluded/f": "", "a/here": "", "a/b/here": "", "a/sub/x.secret": "",
    "a/sub/f": "", "all/f": "", "all/ours/f": "", "umläut.log": "", "dir/.hidden": "",
}  # fmt: skip


def test_agrees_with_git_on_a_tricky_tree(tmp_path: Path):
    root = plant(tmp_path, TRICKY)
    git(root, "init", "-q")
    (root / ".git/info/exclude").write_text(TRICKY[".git/info/exclude"])
    assert walked(root) == kept_by_git(root)


_PART = st.sampled_from(["a", "b", "*", "**", "a*", "?", "[ab]", "[!b]", "\\a", "*.x", "a.x", "[[:alpha:]]"])
_LINE = st.builds(
    lambda bang, lead, parts, tail: f"{bang}{lead}{'/'.join(parts)}{tail}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)
_LINES = st.lists(_LINE, max_size=5).map("\n".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=_LINES, nested=_LINES, exclude=_LINES)
def test_agrees_with_git_on_any_rules(
    tmp_path_factory: pytest.TempPathFactory, top: str, nested: str, exclude: str
):
    root = plant(
        tmp_path_factory.mktemp("repo"),
        {path: "" for one in ("a", "b") for path in (f"{one}/a/b", f"{one}/b/a.x", f"{one}/a.x", f"{one}/c")}
        | {"c": "", "a.x": "", ".gitignore": top, "a/.gitignore": nested},
    )
    git(root, "init", "-q")
    (root / ".git/info/exclude").write_text(exclude)
    assert walked(root) == kept_by_git(root)


@pytest.mark.parametrize(
    "sources,kept",
    [
        (Sources(), ["both"]),
        (Sources(git=False), ["both", "by-git"]),
        (Sources(ollama_code=False), ["both", "by-own"]),
        (Sources(git=False, ollama_code=False), ["both", "by-git", "by-own"]),
    ],
)
def test_either_source_can_be_switched_off(tmp_path: Path, sources: Sources, kept: list[str]):
    files = {".gitignore": "by-git", OWN_FILE: "by-own", "by-git": "", "by-own": "", "both": ""}
    root = plant(tmp_path, files | {".git/HEAD": "", "sub/.git/config": ""})
    assert [path for path in walked(root, sources=sources) if not path.startswith(".")] == kept


def test_own_file_counts_only_at_the_root_and_reaches_below(tmp_path: Path):
    root = plant(tmp_path, {OWN_FILE: "secret\n!/sub/secret", "sub/secret": "", "secret": "", "a/secret": ""})
    plant(root, {f"a/{OWN_FILE}": "f", "a/f": ""})
    assert walked(root) == [OWN_FILE, f"a/{OWN_FILE}", "a/f", "sub/secret"]


def test_rules_above_the_workspace_hold_inside_one_repository(tmp_path: Path):
    repo = plant(
        tmp_path, {".git/HEAD": "", ".gitignore": "*.pyc\n/pkg/gen", "pkg/a.pyc": "", "pkg/gen/f": ""}
    )
    plant(repo, {"pkg/b.py": ""})
    assert walked(repo / "pkg") == ["b.py"]


def test_rules_above_count_for_nothing_without_a_repository(tmp_path: Path):
    root = plant(tmp_path, {".gitignore": "*", "project/a.py": ""})
    assert walked(root / "project") == ["a.py"]


def test_an_ignored_directory_asked_for_by_name_is_searched(tmp_path: Path):
    root = plant(tmp_path, {".gitignore": "node_modules/\n*.js", "node_modules/m/i.js": ""})
    plant(root, {"node_modules/m/.gitignore": "out", "node_modules/m/out": ""})
    assert walked(root, "node_modules/m") == [".gitignore", "i.js"]


def test_rules_reach_through_a_directory_that_cannot_be_listed():
    with folder_of_nobody() as folder:
        root = plant(folder, {".gitignore": "/shut/src/*.o", "shut/src/a.o": "", "shut/src/a.c": ""})
        (root / "shut").chmod(0o711)
        assert run_as_nobody(WALK_AS_NOBODY, root).split() == ["a.c"]


WALK_AS_NOBODY = """
from pathlib import Path
from tests.workspace.trees import walked

def main(root):
    print(*walked(Path(root), "shut/src"))
"""


def test_a_linked_or_strange_ignore_file_is_not_read(tmp_path: Path):
    root = plant(tmp_path / "root", {"f": "", "fifo/f": "", "folder/f": "", "folder/.gitignore/x": ""})
    (tmp_path / "elsewhere").write_text("f")
    (root / ".gitignore").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(root / "fifo/.gitignore")
    assert {"f", "fifo/f", "folder/f"} <= set(walked(root))


def test_a_line_of_many_stars_cannot_stall_the_walk(tmp_path: Path):
    root = plant(tmp_path, {".gitignore": f"{'*a' * 40}b\n*.log", "a" * 200: "", "x.log": ""})
    assert walked(root) == [".gitignore", "a" * 200]
