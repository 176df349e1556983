"""Which path a few letters mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.workspace.fuzzy import Paths, best

TREE = Paths.of(
    [
        "README.md",
        "docs/readme_old.md",
        "ollama_code/frontends/tui/input/prompt.py",
        "ollama_code/frontends/tui/input/pastes.py",
        "ollama_code/frontends/tui/app.py",
        "ollama_code/prompts/system.md",
        "ollama_code/providers/http.py",
        "src/HistoryWalk.ts",
        "src/highway.ts",
        "tests/tui/test_prompt.py",
        "tests/İstanbul.py",
        "日本/語.md",
    ]
)


@pytest.mark.parametrize(
    ("letters", "first"),
    [
        ("readme", "README.md"),
        ("prompt", "ollama_code/frontends/tui/input/prompt.py"),
        ("prompt.py", "ollama_code/frontends/tui/input/prompt.py"),
        ("tuiprompt", "tests/tui/test_prompt.py"),
        ("input/pr", "ollama_code/frontends/tui/input/prompt.py"),
        ("fti", "ollama_code/frontends/tui/input/pastes.py"),
        ("tp", "tests/tui/test_prompt.py"),
        ("hw", "src/HistoryWalk.ts"),
        ("app", "ollama_code/frontends/tui/app.py"),
        ("HTTP", "ollama_code/providers/http.py"),
        ("stanbul", "tests/İstanbul.py"),
        ("語", "日本/語.md"),
    ],
)
def test_the_path_that_is_meant_comes_first(letters: str, first: str):
    assert best(letters, TREE, 3)[0] == first


def test_letters_out_of_order_find_nothing():
    assert best("zq", TREE, 3) == []
    assert best("dm.emdaer", TREE, 3) == []


def test_no_letters_give_the_shallowest():
    assert best("", TREE, 2) == ["README.md", "docs/readme_old.md"]


def test_of_equals_the_shorter_path_comes_first():
    assert best("a.py", Paths.of(["x/yy/a.py", "x/y/a.py"]), 2) == ["x/y/a.py", "x/yy/a.py"]


def test_the_one_that_is_meant_is_found_among_many():
    many = Paths.of([f"src/part{n}/module_{n}_test.py" for n in range(20_000)] + ["z/deep/er/test.py"])
    assert best("test", many, 1) == ["z/deep/er/test.py"]


def test_a_search_that_is_stopped_ends_with_what_it_has():
    assert best("a", Paths.of(["a"] * 5000), 9, stopped=lambda: True) == []


@given(st.lists(st.text(min_size=1, max_size=12), max_size=8), st.text(max_size=4))
def test_exactly_the_paths_that_hold_the_letters_are_found(paths: list[str], letters: str):
    def holds(path: str) -> bool:
        rest = iter(path.lower())
        return all(letter in rest for letter in letters.lower())

    assert sorted(best(letters, Paths.of(paths), 99)) == sorted(path for path in paths if holds(path))
