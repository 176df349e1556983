from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.places import Territory
from tests.workspace.swapping import swapping


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "proj"
    root.mkdir()
    return root


@pytest.fixture
def territory(tmp_path: Path, root: Path) -> Territory:
    for name in ("extra", "own", "home"):
        (tmp_path / name).mkdir()
    return Territory(
        root=str(root),
        extra=(str(tmp_path / "extra"),),
        read_only=(str(tmp_path / "own"),),
        home=str(tmp_path / "home"),
    )


def test_a_relative_path_counts_from_the_root(territory: Territory, root: Path) -> None:
    place = territory.locate("src/../src/./a.py")

    assert (place.path, place.shown, place.inside, place.readable) == (
        f"{root}/src/a.py",
        "src/a.py",
        True,
        True,
    )


def test_the_root_itself_is_a_dot(territory: Territory, root: Path) -> None:
    assert territory.locate(str(root)).shown == "."


def test_a_tilde_is_the_home(territory: Territory, tmp_path: Path) -> None:
    assert territory.locate("~").path == f"{tmp_path}/home"
    assert territory.locate("~/notes").path == f"{tmp_path}/home/notes"


def test_a_tilde_inside_a_name_is_itself(territory: Territory) -> None:
    assert territory.locate("~notes").shown == "~notes"


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../secret", "/proc/self/cwd/../secret", "//etc/passwd", "/"]
)
def test_a_path_that_climbs_out_is_outside(territory: Territory, path: str) -> None:
    place = territory.locate(path)

    assert not place.inside
    assert not place.readable
    assert place.shown == place.path
    assert not place.path.startswith("//")


def test_a_neighbour_that_begins_like_the_root_is_outside(territory: Territory, root: Path) -> None:
    neighbour = root.with_name("proj-evil")
    neighbour.mkdir()

    assert not territory.locate(f"{neighbour}/secret").inside
    assert not territory.locate("../proj-evil/secret").inside


@pytest.mark.parametrize("path", ["file:///etc/passwd", "\\\\host\\share\\x", "C:\\Windows\\win.ini"])
def test_foreign_forms_are_only_odd_names_inside(territory: Territory, path: str) -> None:
    assert territory.locate(path).inside


def test_a_link_that_leads_out_is_where_it_leads(territory: Territory, root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to(tmp_path / "elsewhere")

    place = territory.locate("out/new.txt")

    assert (place.path, place.inside, place.strays) == (f"{tmp_path}/elsewhere/new.txt", False, True)


def test_a_path_that_says_it_is_outside_does_not_stray(
    territory: Territory, root: Path, tmp_path: Path
) -> None:
    (root / "out").symlink_to(tmp_path / "elsewhere")

    assert not territory.locate(f"{tmp_path}/elsewhere/new.txt").strays


def test_a_link_that_stays_inside_is_shown_as_its_target(territory: Territory, root: Path) -> None:
    (root / "link").symlink_to("real.txt")

    place = territory.locate("link")

    assert (place.shown, place.inside) == ("real.txt", True)


def test_a_path_through_a_link_to_the_root_is_inside(territory: Territory, root: Path) -> None:
    root.with_name("alias").symlink_to(root)

    assert territory.locate(f"{root.parent}/alias/a.py").shown == "a.py"


def test_an_extra_directory_is_inside_and_shown_in_full(territory: Territory, tmp_path: Path) -> None:
    place = territory.locate(f"{tmp_path}/extra/a.txt")

    assert (place.shown, place.inside, place.readable) == (f"{tmp_path}/extra/a.txt", True, True)


def test_a_directory_of_the_program_is_readable_but_not_inside(territory: Territory, tmp_path: Path) -> None:
    place = territory.locate(f"{tmp_path}/own/output.txt")

    assert (place.inside, place.readable) == (False, True)
    assert place.write_guard


def test_a_link_is_guarded_by_its_own_name_and_by_its_target(territory: Territory, root: Path) -> None:
    (root / ".git").symlink_to("gitdata")
    (root / "plain.txt").symlink_to(".env")

    assert territory.locate(".git/config").write_guard
    assert territory.locate("plain.txt").read_guard


def test_a_root_below_a_guarded_name_is_not_guarded_as_a_whole(tmp_path: Path) -> None:
    root = tmp_path / ".ollama-code" / "scratch"
    root.mkdir(parents=True)
    territory = Territory(root=str(root), extra=(), read_only=(), home="/nonexistent")

    assert territory.locate("a.py").write_guard == ""
    assert territory.locate("../settings.json").write_guard


@pytest.mark.parametrize(
    "path",
    ["", "  ", "a\nb", "a\x00b", "\x9b31m", "a\udcff", "/a" * 60_000],
    ids=["empty", "blank", "newline", "nul", "c1", "surrogate", "endless"],
)
def test_a_path_no_one_can_mean_is_refused(territory: Territory, path: str) -> None:
    with pytest.raises(ToolError) as refused:
        territory.locate(path)

    assert refused.value.type is ErrorType.INVALID_PARAMS


def test_a_very_long_chain_of_links_does_no_harm(territory: Territory, root: Path) -> None:
    for number in range(1500):
        (root / f"l{number}").symlink_to(f"l{number + 1}")

    # Python before 3.13 resolves links by recursion and gives up; a later one follows them all.
    with suppress(ToolError):
        assert territory.locate("l0").shown == "l1500"


def test_a_target_with_broken_text_is_shown_as_text(territory: Territory, root: Path) -> None:
    (root / "link").symlink_to(b"bad\xff.txt".decode("utf-8", "surrogateescape"))

    assert territory.locate("link").shown == "bad\ufffd.txt"


def test_a_path_whose_links_change_meanwhile_never_breaks_the_program(
    territory: Territory, root: Path
) -> None:
    (root / "d").mkdir()
    (root / "other").symlink_to("elsewhere")

    with swapping(root / "d", root / "other"):
        found = {territory.locate("d/x").shown for _ in range(20_000)}

    assert found == {"d/x", "elsewhere/x"}


def test_the_programs_own_folder_is_guarded_wherever_it_was_put(tmp_path: Path) -> None:
    root, own = tmp_path / "project", tmp_path / "elsewhere"
    root.mkdir()
    territory = Territory(root=str(root), extra=(), read_only=(), home="/nonexistent", own=str(own))
    assert territory.locate(f"{own}/grants.json").write_guard
    assert territory.locate(f"{own}/secrets.json").read_guard
    assert not territory.locate(f"{tmp_path}/other/grants.json").write_guard
