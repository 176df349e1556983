"""The option guard: whether the words of a command are no more than a rule ending in * was meant for, and which of
them may be paths. Pure: names and options only, the disk is looked at elsewhere."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ollama_code.permissions.shell.profiles import Profile, Words, programs

GIT = "git"
_GIT_LOOKS = frozenset(
    "status diff log show blame grep ls-files ls-tree rev-parse merge-base describe shortlog".split()
)
_GIT_HARMLESS = frozenset({"--no-pager", "-P", "--no-optional-locks", "--version", "--help"})
_PIECES = re.compile("[=:,@]")
_FOLLOWS = ("-R", "-L", "--dereference-recursive", "--follow", "--dereference")
_SHOWS_HIDDEN = ("-.", "-u", "--hidden", "--unrestricted")
_BESIDE_THE_INDEX = ("--untracked", "--no-index", "--no-exclude-standard")
_OF_THE_PROJECT = frozenset({"make", "pytest"})
"""Known by their options, though a project may bring its own."""

_SHOW_NAMES = frozenset({"ls", "realpath", "stat", "tree"})


def objection(argv: Words, *, named: int = 1) -> str:
    """Why a rule ending in * does not cover `argv`, a clause, or nothing. `named` are the words the rule says itself.
    Of a program that is not known here nothing is said: who allowed it with any words meant just that."""
    program = argv[0]
    if argv[:2] in programs().starters:
        inner = started(argv)
        if named <= 2 or not inner:
            return f"{' '.join(argv[:2])} starts any other program"
        return objection(inner, named=named - 2)
    if why := programs().boundless.get(program):
        return f"{program} {why}"
    profile = programs().profile(argv)
    if profile is None:
        return _too_much(" ".join(argv[:2])) if program in programs().families else ""
    for word in _words(argv, profile):
        if word.refused:
            return _too_much(f"{' '.join(profile.named)} with {word.text}")
    return _operands_objection(argv, profile)


def started(argv: Words) -> Words:
    """The words of the program that `argv` starts: of `uv run pytest -q`, those after `run`. Most are their own."""
    return argv[2:] if argv[:2] in programs().starters else argv


def only_reads(argv: Words) -> bool:
    """Whether `argv` shows something and changes nothing, whatever its operands are."""
    profile = programs().profile(argv)
    return profile is not None and profile.reads and not objection(argv)


def of_the_system(program: str) -> bool:
    """Whether this name means one certain program, so that a file of the workspace with that name is another."""
    alone = programs().profile((program,)) is not None and program not in _OF_THE_PROJECT
    return alone or program == GIT


def paths(argv: Words) -> tuple[str, ...]:
    """The words, and the parts of words, that the program may take for paths."""
    profile = programs().profile(argv)
    if profile is None:
        words = argv[1:]
    elif "pathless" in profile.marks:
        words = ()
    else:
        words = tuple(word.text for word in _words(argv, profile) if word.option not in profile.text)
    return tuple(dict.fromkeys(part for word in words for part in _parts(word)))


def git_looks(argv: Words) -> bool:
    """Whether this git command runs no hook: it only looks."""
    return argv[0] == GIT and len(argv) > 1 and argv[1] in _GIT_LOOKS


def git_elsewhere(argv: Words) -> str:
    """The option that sends git to another repository or gives it other settings than those that were looked at,
    or nothing."""
    if argv[0] != GIT:
        return ""
    options = itertools.takewhile(lambda word: word.startswith("-"), argv[1:])
    return next((option for option in options if option not in _GIT_HARMLESS), "")


def reads_operands(argv: Words) -> bool:
    """Whether the files it names are read by it, as far as it is known."""
    return of_the_system(argv[0]) and argv[0] != GIT


def shows_content(argv: Words) -> bool:
    """Whether it reads what is in the files it names, and not their names alone."""
    return reads_operands(argv) and bool(paths((argv[0], "x"))) and argv[0] not in _SHOW_NAMES


def sweeps(argv: Words) -> tuple[str, ...]:
    """The folders of which it reads whatever lies below, as far as that is known of the program."""
    options = programs().sweeping(argv)
    if options is None or (options and not any(_is_one_of(word, options) for word in argv[1:])):
        return ()
    if argv[0] == GIT:
        return ("/",)  # its words may be commits, and wherever it starts it shows the whole repository
    follows = any(_is_one_of(word, _FOLLOWS) for word in argv[1:])
    profile = programs().profile(argv)
    if profile is None:  # any word may be the value of an option
        return tuple(dict.fromkeys((*(word for word in argv[1:] if not word.startswith("-")), ".")))
    named = [word.text for word in _words(argv, profile) if not word.option]
    # With one operand, that is the pattern; what follows links may end up anywhere.
    return tuple(dict.fromkeys((*named, ".") if follows or len(named) < 2 else named))


def enters_hidden(argv: Words) -> bool:
    """Whether a program that sweeps goes into what begins with a dot."""
    return argv[0] != "rg" or any(_is_one_of(word, _SHOWS_HIDDEN) for word in argv[1:])


def follows_links(argv: Words) -> bool:
    """Whether a program that sweeps goes where links lead."""
    return argv[0] == "diff" or any(_is_one_of(word, _FOLLOWS) for word in argv[1:])


def leaves_the_index(argv: Words) -> bool:
    """Whether a git command shows files that nobody gave to git."""
    return any(_is_one_of(word, _BESIDE_THE_INDEX) for word in argv[1:])


def _is_one_of(word: str, options: Words) -> bool:
    """Whether `word` is one of `options`, in a bundle of letters or shortened as GNU's programs take it."""
    name = word.split("=", 1)[0]
    if name.startswith("--"):
        return len(name) > 2 and any(option.startswith(name) for option in options)
    letters = {option[1] for option in options if len(option) == 2}
    return name in options or (name.startswith("-") and bool(letters & set(name[1:])))


def _too_much(what: str) -> str:
    return f"{what} may do more than a rule ending in * covers"


@dataclass(frozen=True)
class _Word:
    """`option` is the option that `text` is or belongs to, empty for an operand."""

    text: str
    option: str = ""
    refused: bool = False


def _words(argv: Words, profile: Profile) -> Iterator[_Word]:
    rest = iter(argv[len(profile.named) :])
    for word in rest:
        if word == "--":
            yield from (_Word(each, "--" if "tail" in profile.marks else "") for each in rest)
        elif not word.startswith("-") or word == "-":
            yield _Word(word)
        elif "numbers" in profile.marks and re.fullmatch("-[0-9]+", word):
            yield _Word(word, "number")
        else:
            option, takes, refused = _option(word, profile)
            yield _Word(word, option, refused)
            if takes and (value := next(rest, None)) is not None:
                yield _Word(value, option)


def _option(word: str, profile: Profile) -> tuple[str, bool, bool]:
    """The option's name, whether the next word is its value, and whether it is unknown. Names count only in full:
    programs take what is short and unique, and what it is short for is theirs to say."""
    words = "words" in profile.marks
    if words or word.startswith("--"):
        name = word.removeprefix("-" if words else "--").split("=", 1)[0]
        return name, False, name not in profile.long
    for at, letter in enumerate(word[1:], start=1):
        if letter in profile.valued:
            return letter, at == len(word) - 1, False
        if letter not in profile.flags:
            return letter, False, True
    return word[-1], False, False


def _operands_objection(argv: Words, profile: Profile) -> str:
    shown = " ".join(profile.named)
    operands = [word.text for word in _words(argv, profile) if not word.option]
    if profile.first and not (operands and re.fullmatch(profile.first, operands[0])):
        return _too_much(f"{shown} with {operands[0] if operands else 'no operand'}")
    for operand in operands:
        if profile.operand and not re.fullmatch(profile.operand, operand):
            return _too_much(f"{shown} with {operand}")
    if profile.most is not None and len(operands) > profile.most:
        return f"{shown} writes to its second file"
    return ""


def _parts(word: str) -> Iterator[str]:
    """`-fx`, `--file=x`, `key=x`, `@/x` and `a:/x` may name the file x. What follows `://` is an address."""
    if not word.startswith("-"):
        yield word
    elif not word.startswith("--") and len(word) > 2:
        yield word[2:]
    if "=" in word:
        yield word.split("=", 1)[1]
    for piece in _PIECES.split(word)[1:]:
        local = not piece.startswith("//") or "file://" in word
        if local and piece.startswith(("/", "..")):
            yield piece
