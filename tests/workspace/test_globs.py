from __future__ import annotations

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.globs import GlobPattern, split_absolute


@pytest.mark.parametrize(
    "pattern,path",
    [
        ("*.py", "a.py"),
        ("**/*.py", "a.py"),
        ("**/*.py", "x/y/a.py"),
        ("src/**/*.{ts,tsx}", "src/a/b.tsx"),
        ("{src,lib}/*.c", "lib/x.c"),
        ("src/", "src/deep/file"),
        ("./a.py", "a.py"),
        ("readme*", "README.md"),
        ("app/[id]/page.tsx", "app/[id]/page.tsx"),
        (".github/**/*.yml", ".github/workflows/ci.yml"),
        ("**/.env", "sub/.env"),
        ("x[0-9]?.txt", "x1a.txt"),
    ],
)
def test_matches_and_its_folders_are_entered(pattern: str, path: str):
    glob = GlobPattern(pattern)
    folders = path.split("/")[:-1]
    assert glob.matches(path)
    assert all(glob.may_reach("/".join(folders[: i + 1])) for i in range(len(folders)))


@pytest.mark.parametrize(
    "pattern,path",
    [
        ("*.py", "x/a.py"),
        ("*.py", ".a.py"),
        ("**/*.py", ".venv/a.py"),
        ("src/*.py", "src/x/a.py"),
        ("*", ".env"),
        ("*.py", "a.py\n"),
    ],
)
def test_does_not_match(pattern: str, path: str):
    assert not GlobPattern(pattern).matches(path)


@pytest.mark.parametrize(
    "pattern,folder", [("src/**/*.py", "lib"), ("**/*.py", ".venv"), ("**/*.py", "a/.git"), ("a/b/*", "a/c")]
)
def test_folders_without_a_chance_are_not_entered(pattern: str, folder: str):
    assert not GlobPattern(pattern).may_reach(folder)


@pytest.mark.parametrize(
    "pattern,path",
    [("*.yml", ".github/ci.yml"), ("*.{ts,tsx}", "a/b.ts"), ("src/", "x/src/y"), ("a/*.c", "a/x.c")],
)
def test_a_filter_without_slash_speaks_about_names_at_any_depth(pattern: str, path: str):
    assert GlobPattern.anywhere(pattern).matches(path)


@pytest.mark.parametrize(
    "pattern",
    ["../*", "a/../../b", "{..,a}/*", "/etc/*", "~/x", "", " ", "a" * 2000, "{1..100000}", "{a,b}" * 12],
)
def test_a_pattern_that_climbs_out_or_is_too_big_is_refused(pattern: str):
    with pytest.raises(ToolError) as refused:
        GlobPattern(pattern)
    assert refused.value.type is ErrorType.INVALID_PARAMS


@pytest.mark.parametrize(
    "pattern,parts",
    [
        ("/proj/src/**/*.py", ("/proj/src", "**/*.py")),
        ("/proj/a.py", ("/proj", "a.py")),
        ("/*", ("/", "*")),
        ("~/x/*.py", ("~/x", "*.py")),
    ],
)
def test_an_absolute_pattern_is_parted_before_its_first_wildcard(pattern: str, parts: tuple[str, str]):
    assert split_absolute(pattern) == parts


def test_a_pattern_of_many_stars_answers_all_the_same():
    assert not GlobPattern("*a" * 30 + "b").matches("a" * 250)
