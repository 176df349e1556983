"""glob, grep_search and list_directory as the agent calls them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue

from ollama_code.core.display import FilesBlock, TextBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.tools.arguments import fit
from ollama_code.tools.base import AnyTool, Call
from ollama_code.tools.search.expand import expander
from ollama_code.tools.search.glob import Glob
from ollama_code.tools.search.grep import GrepParams, GrepSearch
from ollama_code.tools.search.listing import ListDirectory
from ollama_code.workspace.local import LocalWorkspace
from ollama_code.workspace.search import Search
from tests.workspace.trees import plant

FILES = {
    "README.md": "# Walnut\n",
    "src/app.py": "import os\n\ndef walnut():\n    pass\n",
    "src/api/views.ts": "const walnut = 1;\n",
    "src/api/views.tsx": "// nothing\n",
    ".github/ci.yml": "walnut: true\n",
    ".gitignore": "*.log\nbuild/\n",
    ".ollama-codeignore": "private\n",
    "debug.log": "walnut\n",
    "build/out.py": "walnut\n",
    "private/notes.md": "walnut\n",
    ".env": "WALNUT=1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "proj", FILES)


class Desk:
    def __init__(self, root: Path) -> None:
        self.workspace = LocalWorkspace(root)
        self.glob_tool = Glob(self.workspace)
        self.grep_tool = GrepSearch(self.workspace)
        self.list_tool = ListDirectory(self.workspace)

    async def glob(self, **arguments: JsonValue) -> ToolResult:
        return await call(self.glob_tool, arguments)

    async def grep(self, **arguments: JsonValue) -> ToolResult:
        return await call(self.grep_tool, arguments)

    async def list(self, **arguments: JsonValue) -> ToolResult:
        return await call(self.list_tool, arguments)


@pytest.fixture
def desk(root: Path) -> Desk:
    return Desk(root)


async def call(tool: AnyTool, arguments: Mapping[str, JsonValue], budget_chars: int = 20_000) -> ToolResult:
    return await tool.run(fit(tool, dict(arguments), {}).params, Call("c", budget_chars))


async def asked(tool: AnyTool, **arguments: JsonValue) -> PermissionRequest | None:
    return await tool.permission(fit(tool, dict(arguments), {}).params, Call("c", 20_000))


def lines(result: ToolResult) -> list[str]:
    """What follows the header."""
    return result.llm_content.split("\n")[1:]


# --- glob ------------------------------------------------------------------------------------------------


async def test_glob_gives_the_newest_first(desk: Desk, root: Path):
    for age, name in enumerate(["src/api/views.ts", "README.md", "src/app.py"]):
        os.utime(root / name, (1_000_000 - age, 1_000_000 - age))
    assert lines(await desk.glob(pattern="**/*.{md,ts,py}")) == [
        "src/api/views.ts",
        "README.md",
        "src/app.py",
    ]


async def test_glob_leaves_out_ignored_and_hidden_files(desk: Desk):
    assert sorted(lines(await desk.glob(pattern="**/*"))) == sorted(
        ["README.md", "src/app.py", "src/api/views.ts", "src/api/views.tsx"]
    )


async def test_glob_finds_hidden_files_that_the_pattern_names(desk: Desk):
    assert lines(await desk.glob(pattern="**/.github/*.yml")) == [".github/ci.yml"]


async def test_glob_searches_the_directory_it_is_given(desk: Desk, root: Path):
    for path in ("src/api", str(root / "src/api")):
        assert lines(await desk.glob(pattern="*.ts", dir=path)) == ["src/api/views.ts"]


async def test_glob_takes_an_absolute_pattern_inside_the_workspace(desk: Desk, root: Path):
    assert lines(await desk.glob(pattern=f"{root}/src/**/*.py")) == ["src/app.py"]


async def test_glob_shows_a_hundred_and_counts_the_rest(tmp_path: Path):
    root = plant(tmp_path, {f"{i}.txt": "" for i in range(130)})
    result = await Desk(root).glob(pattern="*.txt")
    assert len(lines(result)) == 100
    assert result.llm_content.startswith("130 files match *.txt in the workspace, the newest 100.")
    assert isinstance(result.return_display, FilesBlock) and result.return_display.total == 130


async def test_glob_without_a_match_says_how_to_look_deeper(desk: Desk):
    assert (await desk.glob(pattern="*.tsx")).llm_content == (
        "No file matches *.tsx in the workspace. For the folders below it as well: **/*.tsx"
    )


@pytest.mark.parametrize("pattern", ["../*", "src/../../*", "{../a,b}/*"])
async def test_glob_refuses_to_climb_out(desk: Desk, pattern: str):
    with pytest.raises(ToolError, match="leads out") as refused:
        await desk.glob(pattern=pattern)
    assert refused.value.type is ErrorType.INVALID_PARAMS


async def test_glob_lists_a_link_but_not_what_is_behind_it(desk: Desk, root: Path, tmp_path: Path):
    plant(tmp_path / "outside", {"x.lnk": ""})
    (root / "to.lnk").symlink_to(tmp_path / "outside")
    assert lines(await desk.glob(pattern="**/*.lnk")) == ["to.lnk"]


async def test_a_strange_name_stays_on_its_line(tmp_path: Path):
    root = plant(tmp_path, {"a\nb.txt": ""})
    (root / os.fsdecode(b"\xff.txt")).write_text("")
    assert sorted(lines(await Desk(root).glob(pattern="*.txt"))) == ["a<U+000A>b.txt", "\ufffd.txt"]


async def test_patterns_expand_to_paths_and_never_outside(desk: Desk, root: Path, tmp_path: Path):
    plant(tmp_path / "outside", {"secret.py": ""})
    expand = expander(desk.workspace, Search.local(desk.workspace))
    assert await expand("**/*.ts*") == (f"{root}/src/api/views.ts", f"{root}/src/api/views.tsx")
    assert await expand(f"{tmp_path}/outside/*.py") == ()


# --- grep_search -----------------------------------------------------------------------------------------


async def test_grep_answers_with_path_line_and_text(desk: Desk):
    result = await desk.grep(pattern="walnut")
    assert result.llm_content.split("\n") == [
        "4 lines match walnut in 4 files under the workspace."
        " 1 file that may hold secrets, or that a rule withholds, not searched.",
        ".github/ci.yml:1:walnut: true",
        "README.md:1:# Walnut",
        "src/api/views.ts:1:const walnut = 1;",
        "src/app.py:3:def walnut():",
    ]
    assert result.return_display == TextBlock(text=result.llm_content)


async def test_grep_regards_case_when_told(desk: Desk):
    assert lines(await desk.grep(pattern="Walnut", case_sensitive=True)) == ["README.md:1:# Walnut"]


async def test_grep_shows_lines_around(desk: Desk):
    assert lines(await desk.grep(pattern="def walnut", context=1)) == [
        "src/app.py-2-",
        "src/app.py:3:def walnut():",
        "src/app.py-4-    pass",
    ]


async def test_grep_parts_groups_that_do_not_touch(tmp_path: Path):
    root = plant(tmp_path, {"f": "x\n1\n2\n3\nx\n"})
    assert lines(await Desk(root).grep(pattern="x", context=1)) == ["f:1:x", "f-2-1", "--", "f-4-3", "f:5:x"]


async def test_grep_filters_by_glob_with_braces(desk: Desk):
    assert lines(await desk.grep(pattern="walnut", include="*.{ts,tsx}")) == [
        "src/api/views.ts:1:const walnut = 1;"
    ]


async def test_grep_searches_one_file_or_directory(desk: Desk, root: Path):
    assert lines(await desk.grep(pattern="walnut", path=str(root / "debug.log"))) == ["debug.log:1:walnut"]
    assert lines(await desk.grep(pattern="walnut", path="src/api")) == [
        "src/api/views.ts:1:const walnut = 1;"
    ]


async def test_grep_lists_files_or_counts(tmp_path: Path):
    desk = Desk(plant(tmp_path, {"a": "x\nx\n", "b": "y\n", "c": "x\n"}))
    assert lines(await desk.grep(pattern="x", output_mode="files")) == ["a", "c"]
    counted = await desk.grep(pattern="x", output_mode="count")
    assert counted.llm_content == "3 lines match x in 2 files under the workspace.\na:2\nc:1"
    assert counted.return_display == FilesBlock(paths=("a", "c"), total=2)


@pytest.mark.parametrize("mode,unit", [("lines", "lines"), ("files", "files"), ("count", "files")])
async def test_grep_limits_what_the_mode_lists_and_says_so(tmp_path: Path, mode: str, unit: str):
    desk = Desk(plant(tmp_path, dict.fromkeys("abcde", "x\n")))
    result = await desk.grep(pattern="x", output_mode=mode, max_results=2)
    assert len(lines(result)) == 2
    assert result.llm_content.startswith(
        f"5 lines match x in 5 files under the workspace, the first 2 {unit}."
    )


async def test_grep_without_a_match_says_where_it_looked(desk: Desk):
    assert (await desk.grep(pattern="pecan", glob="*.ts")).llm_content == (
        "No line matches pecan in 1 file like *.ts under the workspace."
    )


async def test_a_result_fits_its_budget_and_counts_what_it_shows(tmp_path: Path):
    desk = Desk(plant(tmp_path, {f"{i:03}": "needle " * 20 for i in range(90)}))
    grep = await call(desk.grep_tool, {"pattern": "needle"}, 2000)
    glob = await call(desk.glob_tool, {"pattern": "*"}, 300)
    listed = await call(desk.list_tool, {}, 300)
    assert len(grep.llm_content) <= 2000 and f"the first {len(lines(grep))} lines" in grep.llm_content
    assert len(glob.llm_content) <= 300 and f"the newest {len(lines(glob))}." in glob.llm_content
    assert len(listed.llm_content) <= 300 and f"the first {len(lines(listed))} of 90" in listed.llm_content


# --- list_directory --------------------------------------------------------------------------------------


async def test_list_shows_directories_first_with_sizes_and_counts_the_ignored(desk: Desk):
    assert (await desk.list(path=".")).llm_content.split("\n") == [
        "the workspace: 2 directories, 4 files (2 ignored by git, 1 by .ollama-codeignore)",
        ".github/",
        "src/",
        ".env (9 B)",
        ".gitignore (13 B)",
        ".ollama-codeignore (8 B)",
        "README.md (9 B)",
    ]


@pytest.mark.parametrize(
    "options,shown",
    [
        ({"respect_git_ignore": False}, {"build/", "debug.log (7 B)"}),
        ({"respect_ollama_code_ignore": False}, {"private/"}),
        (
            {"respect_git_ignore": False, "respect_ollama_code_ignore": False},
            {"build/", "debug.log (7 B)", "private/"},
        ),
    ],
)
async def test_list_can_disregard_either_ignore_file(
    desk: Desk, options: dict[str, JsonValue], shown: set[str]
):
    usual = lines(await desk.list())
    assert set(lines(await desk.list(file_filtering_options=options))) - set(usual) == shown


async def test_list_leaves_out_what_the_call_ignores(desk: Desk):
    result = await desk.list(ignore=["src/**", ".*", "*.txt"])
    assert result.llm_content == (
        "the workspace: 0 directories, 1 file"
        " (2 ignored by git, 1 by .ollama-codeignore, 5 by ignore)\nREADME.md (9 B)"
    )


async def test_list_marks_links_and_what_is_no_file(tmp_path: Path):
    root = plant(tmp_path, {"dir/f": "", "file": "x" * 2048})
    (root / "a-dir").symlink_to("dir")
    (root / "b-file").symlink_to("file")
    (root / "c-lost").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    assert lines(await Desk(root).list()) == [
        "a-dir/ (link)",
        "dir/",
        "b-file (link, 2.0 KB)",
        "c-lost (link, 0 B)",
        "file (2.0 KB)",
        "pipe (fifo)",
    ]


async def test_list_of_an_ignored_directory_shows_it(desk: Desk):
    assert lines(await desk.list(path="build")) == ["out.py (7 B)"]


async def test_list_stops_at_five_hundred_and_counts(tmp_path: Path):
    result = await Desk(plant(tmp_path, {f"{i:03}": "" for i in range(510)})).list()
    assert len(lines(result)) == 500 and "the first 500 of 510 are shown" in result.llm_content


async def test_an_empty_directory_is_said_to_be_empty(tmp_path: Path):
    assert (await Desk(tmp_path).list()).llm_content == "the workspace: empty"


# --- errors and permission -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tool,arguments,type",
    [
        ("glob", {"pattern": "*", "path": "nowhere"}, ErrorType.SEARCH_PATH_NOT_FOUND),
        ("glob", {"pattern": "*", "path": "README.md"}, ErrorType.NOT_A_DIRECTORY),
        ("grep", {"pattern": "x", "path": "nowhere"}, ErrorType.SEARCH_PATH_NOT_FOUND),
        ("grep", {"pattern": "x("}, ErrorType.INVALID_PARAMS),
        ("list", {"path": "nowhere"}, ErrorType.SEARCH_PATH_NOT_FOUND),
        ("list", {"path": "README.md"}, ErrorType.NOT_A_DIRECTORY),
    ],
)
async def test_what_cannot_be_searched_is_an_error(
    desk: Desk, tool: str, arguments: dict[str, JsonValue], type: ErrorType
):
    with pytest.raises(ToolError) as refused:
        await getattr(desk, tool)(**arguments)
    assert refused.value.type is type


async def test_inside_the_workspace_nothing_is_asked(desk: Desk):
    assert (await asked(desk.list_tool, path="src")).reach == "workspace"
    assert (await asked(desk.glob_tool, pattern="**/*")).reach == "workspace"
    assert (await asked(desk.grep_tool, pattern="x", path="README.md")).reach == "workspace"


async def test_outside_is_asked_for_with_the_resolved_path(desk: Desk, root: Path, tmp_path: Path):
    outside = plant(tmp_path / "outside", {"f": "x"})
    (root / "way").symlink_to(outside)
    for path in (str(outside), "way", "../outside"):
        request = await asked(desk.list_tool, path=path)
        assert request is not None and request.reach == "outside"
        assert request.scopes == (f"list_directory({outside})",)


async def test_an_absolute_glob_outside_is_asked_for(desk: Desk, root: Path):
    request = await asked(desk.glob_tool, pattern=f"{root.parent}/*")
    assert request is not None and request.scopes == (f"glob({root.parent})",)


async def test_searching_a_file_with_secrets_is_asked_for(desk: Desk):
    request = await asked(desk.grep_tool, pattern="x", path=".env")
    assert request is not None and (request.reach, request.scopes) == (
        "protected",
        ("grep_search(.env)", "read_file(.env)"),
    )


async def test_what_was_approved_is_searched_even_if_a_link_moved(desk: Desk, root: Path, tmp_path: Path):
    approved, other = plant(tmp_path / "one", {"approved": ""}), plant(tmp_path / "two", {"other": ""})
    (root / "way").symlink_to(approved)
    params = fit(desk.list_tool, {"path": "way"}, {}).params
    await desk.list_tool.permission(params, Call("c", 1000))
    (root / "way").unlink()
    (root / "way").symlink_to(other)
    assert lines(await desk.list_tool.run(params, Call("c", 1000))) == ["approved (0 B)"]


async def test_a_wrong_pattern_is_refused_before_anybody_is_asked(desk: Desk):
    with pytest.raises(ToolError, match="missing"):
        await asked(desk.grep_tool, pattern="(", path="/etc")


def test_descriptions_are_short(desk: Desk):
    for tool in (desk.glob_tool, desk.grep_tool, desk.list_tool):
        assert 0 < len(tool.description) <= 250


async def test_a_withheld_file_is_neither_searched_nor_told_about(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/s.txt").write_text("needle here\n")
    (tmp_path / "a.txt").write_text("needle there\n")
    workspace = LocalWorkspace(tmp_path)
    search = Search.local(workspace, withheld=lambda path: path.startswith("docs/"))
    tool = GrepSearch(workspace, search)
    result = await tool.run(GrepParams(pattern="needle"), Call(id="c", budget_chars=5000))
    assert "there" in result.llm_content and "here\n" not in result.llm_content
    assert "a rule withholds" in result.llm_content
