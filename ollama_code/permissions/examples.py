"""Rules tried on the examples their author gave, when they are read: a rule that does not mean what was meant says so
before it decides anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ollama_code.core.errors import UsageError
from ollama_code.permissions.rules import Rule, is_about_commands
from ollama_code.permissions.shell.analysis import Plain, analyse, spelled, words_of
from ollama_code.permissions.shell.guard import objection


@dataclass(frozen=True)
class Examples:
    """Command lines, or paths. An empty rule's own words are none."""

    match: Sequence[str] = ()
    not_match: Sequence[str] = ()


def check_allowing(rule: Rule, examples: Examples) -> None:
    """A line is covered when each of its commands is, with the options it has.
    Raises: UsageError naming the first example that does not hold."""

    def covers(scope: str) -> bool:
        return rule.allows(scope) and not _held_back(rule, scope)

    _check(rule, examples, lambda scopes: all(map(covers, scopes)))


def check_stopping(rule: Rule, examples: Examples) -> None:
    """For a rule that denies or asks: a line is covered when one of its commands is.
    Raises: UsageError naming the first example that does not hold."""
    _check(rule, examples, lambda scopes: any(map(rule.matches, scopes)))


def _check(rule: Rule, examples: Examples, covers: Callable[[Iterable[str]], bool]) -> None:
    for text in examples.match:
        if not covers(list(_scopes(rule, text))):
            raise UsageError(
                f'The rule "{rule}" ({rule.origin}) does not cover its own example "{text}" (match).'
            )
    for text in examples.not_match:
        if covers(list(_scopes(rule, text))):
            raise UsageError(
                f'The rule "{rule}" ({rule.origin}) covers "{text}", which its notMatch says it must not.'
            )


def _scopes(rule: Rule, text: str) -> Iterator[str]:
    found = analyse(text) if is_about_commands(rule.tool) else None
    if not isinstance(found, Plain):
        yield f"{rule.tool}({text})"
        return
    for command in found.commands:
        yield f"{rule.tool}({spelled(command.argv)})"


def _held_back(rule: Rule, scope: str) -> bool:
    if not rule.wide:
        return False
    words = words_of(scope.partition("(")[2].removesuffix(")"))
    return words is None or bool(objection(words, named=rule.words))
