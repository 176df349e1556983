"""Commands that people write as files: what is read of them, and what the words after the name become."""

from __future__ import annotations

import pytest

from ollama_code.commands.base import Desk, Follow, Say
from ollama_code.commands.custom import CustomCommand, read_command, read_commands
from ollama_code.commands.registry import COMMANDS, help_text, run_command
from ollama_code.core.errors import UsageError
from ollama_code.core.recipe import CommandSlot, FileSlot, Words


def command(text: str, path: str = "x.md") -> CustomCommand:
    return read_command(path, text.encode(), "project")


def text_of(command: CustomCommand, words: str) -> str:
    return "".join(piece.text for piece in command.recipe(words).pieces if isinstance(piece, Words))


async def no_desk() -> Desk:
    raise AssertionError("needs no session")


@pytest.mark.parametrize(
    ("path", "name"), [("review.md", "review"), ("git/log.toml", "git:log"), ("Deep/A/b.md", "deep:a:b")]
)
def test_the_path_makes_the_name(path: str, name: str) -> None:
    assert command('prompt = "p"', path).name == name


@pytest.mark.parametrize("path", ["a b.md", "é.md", "-x.md", ".md", "a\nb.md", "a:.md", "$(x).md"])
def test_a_name_that_could_not_be_typed_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="name of a command"):
        command("p", path)


@pytest.mark.parametrize(
    ("text", "path", "summary"),
    [
        ("---\ndescription: Look at it\nmodel: x\n---\nDo it.\nNow.", "x.md", "Look at it"),
        ('---\r\ndescription: "Look at it"\r\n---\r\nDo it.', "x.md", "Look at it"),
        ("Do it.\nNow.", "x.md", "Do it."),
        ('description = "Look"\nprompt = "Do it."', "x.toml", "Look"),
        ("\ufeffDo it.", "x.md", "Do it."),
    ],
)
def test_the_summary_is_the_description_or_the_first_line(text: str, path: str, summary: str) -> None:
    made = command(text, path)
    assert made.summary == summary
    assert text_of(made, "").startswith("Do it.")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "x.md"),
        ("---\ndescription: d\n---\n", "x.md"),
        ("prompt = ", "x.toml"),
        ('promt = "x"', "x.toml"),
        ("prompt = 5", "x.toml"),
        ("Run !{ls", "x.md"),
        ("Read @{ }", "x.md"),
    ],
)
def test_a_file_that_is_no_command_is_named(text: str, path: str) -> None:
    with pytest.raises(UsageError, match=f"^{path}"):
        command(text, path)


def test_places_for_files_and_commands_are_found_with_their_braces() -> None:
    made = command("See @{src/a.py} and !{awk '{print $1}' f} done")
    assert made.recipe("").pieces == (
        Words(text="See "),
        FileSlot(path="src/a.py"),
        Words(text=" and "),
        CommandSlot(command="awk '{print $1}' f"),
        Words(text=" done"),
    )
    assert made.runs == ("awk '{print $1}' f",)


def test_the_words_go_where_the_file_wants_them_and_are_quoted_for_the_shell() -> None:
    made = command("Fix {{args}} in @{src/{{args}}}: !{grep -r {{args}} .}")
    pieces = made.recipe("it's; rm x").pieces
    assert [piece for piece in pieces if not isinstance(piece, Words)] == [
        FileSlot(path="src/it's; rm x"),
        CommandSlot(command="grep -r 'it'\"'\"'s; rm x' ."),
    ]
    assert text_of(made, "it's; rm x").startswith("Fix it's; rm x in ")


def test_words_without_a_place_come_after_the_text() -> None:
    assert text_of(command("Review this."), "src only") == "Review this.\n\nsrc only"


@pytest.mark.parametrize("file", ["Do {{args}}", "Do"])
def test_what_the_words_hold_is_never_looked_through_for_places(file: str) -> None:
    pieces = command(file).recipe("!{touch x} @{.env} {{args}}").pieces
    assert all(isinstance(piece, Words) for piece in pieces)


def test_ours_cannot_be_taken_and_what_is_no_command_is_told() -> None:
    files = {"help.md": b"h", "good.md": b"g", "bad.md": b"\xff", "GOOD.toml": b'prompt = "second"'}
    found, troubles = read_commands(files, "project", COMMANDS)
    assert list(found) == ["good"]
    assert [trouble.partition(":")[0] for trouble in troubles] == ["help.md", "bad.md"]


async def test_a_line_that_names_one_becomes_its_recipe() -> None:
    own = {"git:log": command("Tell {{args}}", "git/log.md")}
    outcome = await run_command("/git:log me more", no_desk, own)
    assert outcome == Follow(own["git:log"].recipe("me more"))


def test_help_lists_them_and_says_where_they_come_from() -> None:
    text = help_text({"x": command("Do \x1b[31mit.")})
    assert "\x1b" not in text
    assert "(project)" in next(row for row in text.splitlines() if "/x" in row)


async def test_a_name_nearly_typed_is_offered() -> None:
    outcome = await run_command("/reviw", no_desk, {"review": command("r", "review.md")})
    assert isinstance(outcome, Say) and "/review?" in outcome.text
