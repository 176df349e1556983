"""Grep with and without ripgrep on files of every odd kind, and what both leave unread."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import psutil
import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.globs import GlobPattern
from ollama_code.workspace.grep import Query
from ollama_code.workspace.local import LocalWorkspace
from ollama_code.workspace.ripgrep import Ripgrep
from ollama_code.workspace.search import Grepped, Search
from ollama_code.workspace.stop import Stop
from tests.workspace.trees import plant

RG = shutil.which("rg")
needs_rg = pytest.mark.skipif(RG is None, reason="ripgrep is not installed")

ODD: dict[str, str | bytes] = {
    "plain.py": "import os\n\ndef main():\n    return 'Needle'\n",
    "crlf.txt": b"one\r\nneedle here\r\nthree\r\n",
    "no-end.txt": b"a\nneedle",
    "latin1.txt": "caf\xe9 needle\nstra\xdfe\n".encode("latin-1"),
    "utf8.txt": "café needle\nſtop the Kelvin \u212a\nİstanbul\n",
    "bom8.txt": b"\xef\xbb\xbfneedle first\n",
    "utf16le.txt": "needle in sixteen\r\ncafé\n".encode("utf-16"),
    "utf16be.txt": b"\xfe\xff" + "big needle\n".encode("utf-16-be"),
    "utf32.txt": "needle\n".encode("utf-32"),
    "binary.bin": b"\x7fELF\0needle\n",
    "late-nul.txt": b"needle\n" + b"x" * 300_000 + b"\n\0needle\n",
    "empty.txt": b"",
    "cr.txt": b"old\rneedle\rmac\r",
    "long.js": "var a;" * 5000 + "needle" + "b();" * 5000,
    "--flag": "needle\n",
    "-": "needle\n",
    "sp ace/ne\u00e9.txt": "needle\nfoo(bar)\n",
    ".hidden/x.yml": "needle: 1\n",
    ".gitignore": "*.log\nout/\n",
    "a.log": "needle\n",
    "out/x.txt": "needle\n",
    "deep/er/.gitignore": "x\n",
    "deep/er/x": "needle\n",
    "deep/er/y": "2024-01-02 needle\nneedle needle\nmiss\nNEEDLE\n",
    ".env": "KEY=needle\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = plant(tmp_path / "root", ODD)
    (root / os.fsdecode(b"bad\xff.txt")).write_text("needle\n")
    (root / "link.txt").symlink_to(root / "plain.py")
    os.mkfifo(root / "fifo")
    return root


async def grepped(
    root: Path, query: Query, *, rg: str | None = None, only: str = "", path: str = "."
) -> Grepped:
    workspace = LocalWorkspace(root)
    search = Search(workspace, ripgrep=Ripgrep(rg) if rg else None)
    return await search.grep(workspace.locate(path), query, GlobPattern.anywhere(only) if only else None)


PATTERNS = [
    "needle", "NEEDLE", "^needle", "needle$", r"\bneedle\b", r"\d{4}-\d\d", "café", "straße", "caf.", r"foo\(bar\)",
    "stop", "kelvin k", "istanbul", "(?<=x)needle", r"(ne)e\w+", r"(e)\1dle", r"needle\Z", r"\Aneedle", "miss|here",
    "[[:alpha:]]eedle", "need{1}le", "x*", "(?i)NeEdLe", r"\x6eeedle", "absent entirely", "b\\(\\);b", r"a\nb", "^$",
]  # fmt: skip


@needs_rg
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("case_sensitive", [False, True])
async def test_ripgrep_changes_nothing_but_the_time(root: Path, pattern: str, case_sensitive: bool):
    query = Query(pattern, case_sensitive=case_sensitive, context=1)
    assert await grepped(root, query, rg=RG) == await grepped(root, query)


async def test_finds_in_every_encoding_and_leaves_out_what_it_should(root: Path):
    found = await grepped(root, Query("needle"))
    names = "plain.py crlf.txt no-end.txt latin1.txt utf8.txt bom8.txt utf16le.txt utf16be.txt late-nul.txt cr.txt"
    names += " long.js --flag - .hidden/x.yml deep/er/y bad\udcff.txt"
    assert [file.path for file in found.files] == sorted([*names.split(), "sp ace/ne\u00e9.txt"])


async def test_lines_carry_numbers_and_text_without_their_ends(root: Path):
    found = await grepped(root, Query("needle here|^café|caf\xe9 n"))
    lines = [(file.path, line.number, line.text) for file in found.files for line in file.lines]
    assert lines == [
        ("crlf.txt", 2, "needle here"),
        ("latin1.txt", 1, "café needle"),
        ("utf16le.txt", 2, "café"),
        ("utf8.txt", 1, "café needle"),
    ]


async def test_a_long_line_is_cut_around_its_match(root: Path):
    (file,) = (await grepped(root, Query("needle"), only="*.js")).files
    assert "needle" in file.lines[0].text and len(file.lines[0].text) < 400


async def test_matches_never_span_lines(tmp_path: Path):
    root = plant(tmp_path, {"f": "foo\nbar\n"})
    assert (await grepped(root, Query(r"foo\s+bar"))).total_lines == 0


async def test_context_joins_neighbours_and_stays_in_the_file(root: Path):
    (file,) = (await grepped(root, Query("needle", context=1), only="deep/**")).files
    assert [(line.number, line.match) for line in file.lines] == [(1, True), (2, True), (3, False), (4, True)]


async def test_kept_lines_are_limited_and_all_are_counted(tmp_path: Path):
    root = plant(tmp_path, {"a": "x\n" * 70, "b": "x\n" * 50, "c": "x\n"})
    found = await grepped(root, Query("x", most_lines=100))
    assert [(file.path, len(file.lines), file.count) for file in found.files] == [
        ("a", 70, 70),
        ("b", 30, 50),
    ]
    assert (found.total_lines, found.total_files) == (121, 3)


async def test_secrets_are_not_searched_and_counted_whatever_they_hold(root: Path):
    for pattern in ("KEY=needle", "nothing like it"):
        found = await grepped(root, Query(pattern))
        assert (found.total_lines, found.guarded) == (0, 1)


async def test_secrets_of_the_home_directory_are_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = plant(tmp_path, {".kube/config": "needle", "notes": "needle"})
    monkeypatch.setenv("HOME", str(home))
    found = await grepped(home, Query("needle"))
    assert ([file.path for file in found.files], found.guarded) == (["notes"], 1)


async def test_blocks_of_a_large_file_are_numbered_through(tmp_path: Path):
    lines = [f"line {i} é" for i in range(1, 60_001)]
    root = plant(tmp_path, {"big": "\n".join(lines)})
    (file,) = (await grepped(root, Query("line 59999|line 1 "))).files
    assert [(line.number, line.text) for line in file.lines] == [(1, lines[0]), (59_999, lines[59_998])]


@pytest.mark.parametrize(
    "pattern,said",
    [
        ("a(b", "missing )"),
        ("[z-a]", "range"),
        ("a\\", "escape"),
        ("", "1 to"),
        ("a{99999999}", "much"),
        ("foo\nbar", "one line"),
    ],
)
async def test_a_wrong_pattern_is_refused_with_the_reason(tmp_path: Path, pattern: str, said: str):
    with pytest.raises(ToolError, match=said.replace(")", r"\)")) as refused:
        await grepped(tmp_path, Query(pattern))
    assert refused.value.type is ErrorType.INVALID_PARAMS


async def test_a_catastrophic_pattern_is_stopped_and_named(tmp_path: Path):
    root = plant(tmp_path, {"f": "a" * 60 + "!\n"})
    with pytest.raises(ToolError, match=r"\(a\|aa\)") as stopped:
        await grepped(root, Query(r"^(a|aa)+\1$"))
    assert stopped.value.type is ErrorType.TIMEOUT


async def test_a_search_out_of_time_gives_what_it_has_and_says_so(tmp_path: Path):
    root = plant(tmp_path, {"f": "x\n"})
    workspace = LocalWorkspace(root)
    search = Search(workspace, ripgrep=None, limit_s=0)
    place = workspace.locate(".")
    assert not (await search.grep(place, Query("x"), None)).complete
    assert not (await search.glob(place, GlobPattern("*"), most=9)).complete


@needs_rg
async def test_a_disk_image_takes_no_time_from_a_search(root: Path):
    with (root / "disk.img").open("wb") as file:
        file.truncate(1 << 40)
    found = await grepped(root, Query("needle"), rg=RG)
    assert found.complete and found.files


async def test_ripgrep_that_fails_hides_nothing(root: Path, tmp_path: Path):
    failing = tmp_path / "rg"
    failing.write_text("#!/bin/sh\nexit 2\n")
    failing.chmod(0o755)
    expected = await grepped(root, Query("needle"))
    assert expected.total_lines > 0
    assert await grepped(root, Query("needle"), rg=str(failing)) == expected
    assert await grepped(root, Query("needle"), rg="/nonexistent/rg") == expected


async def test_cancelling_a_search_ends_ripgrep(tmp_path: Path):
    root = plant(tmp_path / "root", {"f": "needle"})
    os.mkfifo(tmp_path / "pid")
    slow = tmp_path / "rg"
    slow.write_text("#!/bin/sh\necho $$ > ../pid\nexec /bin/sleep 100\n")
    slow.chmod(0o755)
    running = asyncio.create_task(grepped(root, Query("needle"), rg=str(slow)))
    process = psutil.Process(int(await asyncio.to_thread((tmp_path / "pid").read_text)))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.to_thread(process.wait, 20)  # raises when it still runs


def test_a_ripgrep_that_the_project_brings_is_not_run(tmp_path: Path):
    root = plant(tmp_path / "root", {"bin/rg": "#!/bin/sh\n"})
    (root / "bin/rg").chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/rg").symlink_to(root / "bin/rg")
    for search_path in (root / "bin", tmp_path / "bin"):
        assert Ripgrep.on_path(str(search_path), root=str(root)) is None


@needs_rg
def test_ripgrep_obeys_no_configuration_and_no_ignore_file(tmp_path: Path):
    root = plant(tmp_path, {".ignore": "*", ".rgignore": "*", "f": "needle", "g": "other"})
    assert RG is not None
    found = Ripgrep(RG).candidates(str(root), ["f", "g"], ["needle"], any_case=True, stop=Stop(20))
    assert found == {"f"}


async def test_a_file_is_searched_even_when_ignored(root: Path):
    workspace = LocalWorkspace(root)
    found = await Search(workspace, ripgrep=None).grep_file(workspace.locate("a.log"), Query("needle"))
    assert [(file.path, file.count) for file in found.files] == [("a.log", 1)]


async def test_a_binary_file_asked_for_is_an_error(root: Path):
    workspace = LocalWorkspace(root)
    with pytest.raises(ToolError, match="binary"):
        await Search(workspace, ripgrep=None).grep_file(workspace.locate("binary.bin"), Query("needle"))
