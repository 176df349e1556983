"""Commands that people write themselves, as files: read here, run by nobody before they are filled in.

`review.md` is `/review`, `git/log.md` is `/git:log`. In the text `{{args}}` stands for the words after the name,
`@{path}` for a file or a folder, `!{command}` for what a command prints. What the words hold is never looked through
for such places."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ollama_code.core.errors import UsageError
from ollama_code.core.recipe import CommandSlot, FileSlot, Piece, Recipe, Words
from ollama_code.core.text import one_line

ARGUMENTS = "{{args}}"
_OPENING = re.compile(r"\{\{args\}\}|[@!]\{")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(:[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DESCRIPTION = re.compile(r"^description:[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_SUMMARY_CHARS = 80

Origin = Literal["project", "yours"]


@dataclass(frozen=True)
class CustomCommand:
    """`pieces` still hold `{{args}}` where the words after the name go."""

    name: str
    summary: str
    pieces: tuple[Piece, ...]
    origin: Origin

    def recipe(self, words: str) -> Recipe:
        """With `words` in their places: quoted for the shell in a command, after the text where there is no place."""
        filled = [_filled(piece, words) for piece in self.pieces]
        if words and not any(ARGUMENTS in _inside(piece) for piece in self.pieces):
            filled.append(Words(text=f"\n\n{words}"))
        return Recipe(name=f"/{self.name}", pieces=tuple(filled))

    @property
    def runs(self) -> tuple[str, ...]:
        """The commands it would ask to run, as they are written."""
        return tuple(piece.command for piece in self.pieces if isinstance(piece, CommandSlot))


def recipe_of(line: str, custom: Mapping[str, CustomCommand]) -> Recipe | None:
    """What a line such as "/review src" becomes, `None` when it names none of them."""
    word, *rest = line.split(maxsplit=1)
    own = custom.get(word[1:].lower()) if word.startswith("/") else None
    return own.recipe("".join(rest).strip()) if own is not None else None


def read_commands(
    files: Mapping[str, bytes], origin: Origin, taken: Collection[str]
) -> tuple[dict[str, CustomCommand], tuple[str, ...]]:
    """The commands by name, and a sentence for each file that is none. `taken` are names nobody else may have."""
    found: dict[str, CustomCommand] = {}
    troubles: list[str] = []
    for path, data in files.items():
        try:
            command = read_command(path, data, origin)
        except UsageError as e:
            troubles.append(str(e))
            continue
        if command.name in taken:
            troubles.append(
                f"{one_line(path)}: /{command.name} is a command of ollama-code. Rename the file."
            )
        else:
            found[command.name] = command
    return found, tuple(troubles)


def read_command(path: str, data: bytes, origin: Origin) -> CustomCommand:
    """One file, `path` from the commands folder on. Raises: UsageError naming the file and what is wrong with it."""
    name = ":".join(PurePosixPath(path).with_suffix("").parts).lower()
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{one_line(path)}: the name of a command is letters, digits, dots and dashes. Rename the file."
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as e:
        raise UsageError(f"{one_line(path)}: the file is not UTF-8. Save it again with that encoding.") from e
    description, prompt = _toml(path, text) if path.endswith(".toml") else _markdown(text)
    if not prompt.strip():
        raise UsageError(f"{one_line(path)}: there is no prompt in it. Write what the model is to do.")
    summary = one_line(description or prompt.strip().partition("\n")[0], limit=_SUMMARY_CHARS)
    return CustomCommand(name, summary, tuple(_pieces(path, prompt.strip())), origin)


def _markdown(text: str) -> tuple[str, str]:
    """The description that the front matter gives, and the text below it."""
    front = _FRONT.match(text)
    if front is None:
        return "", text
    found = _DESCRIPTION.search(front[1])
    return found[1].strip("\"'") if found else "", text[front.end() :]


def _toml(path: str, text: str) -> tuple[str, str]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise UsageError(f"{one_line(path)}: {one_line(str(e))}. Mend the file.") from e
    prompt, description = table.get("prompt"), table.get("description", "")
    if not isinstance(prompt, str) or not isinstance(description, str):
        raise UsageError(f'{one_line(path)}: prompt is missing or no text. Write prompt = "...".')
    return description, prompt


def _pieces(path: str, text: str) -> Iterator[Piece]:
    at = 0
    while opening := _OPENING.search(text, at):
        if opening[0] == ARGUMENTS:
            yield Words(text=text[at : opening.end()])
            at = opening.end()
            continue
        if opening.start() > at:
            yield Words(text=text[at : opening.start()])
        end = _closing(text, opening.end())
        inside = text[opening.end() : end].strip() if end is not None else ""
        if end is None or not inside:
            line = text.count("\n", 0, opening.start()) + 1
            why = "is never closed" if end is None else "is empty"
            raise UsageError(
                f"{one_line(path)}: {opening[0]} in line {line} of its text {why}. Mend the file."
            )
        yield FileSlot(path=inside) if opening[0] == "@{" else CommandSlot(command=inside)
        at = end + 1
    if at < len(text):
        yield Words(text=text[at:])


def _closing(text: str, at: int) -> int | None:
    """Where the brace that is open at `at` is closed; braces in between come in pairs."""
    depth = 1
    for brace in re.finditer(r"[{}]", text[at:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return at + brace.start()
    return None


def _filled(piece: Piece, words: str) -> Piece:
    match piece:
        case Words(text=text):
            return Words(text=text.replace(ARGUMENTS, words))
        case FileSlot(path=path):
            return FileSlot(path=path.replace(ARGUMENTS, words))
        case CommandSlot(command=command):
            return CommandSlot(command=command.replace(ARGUMENTS, shlex.quote(words)))


def _inside(piece: Piece) -> str:
    match piece:
        case Words(text=text):
            return text
        case FileSlot(path=path):
            return path
        case CommandSlot(command=command):
            return command
