"""A call being written as a JSON object, or as a name with an object of arguments behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from ollama_code.core.coercion import ARGUMENT_KEYS, NAME_KEYS
from ollama_code.core.growing import Growing, Reader, Reading
from ollama_code.core.growing_json import Closed, Found, Grown, Path, Rules, value
from ollama_code.providers.recover.drafts.heard import Ended, Heard, Hearing, Named, Valued

_NAME_LIMIT = 200
_ARGUMENTS = Rules(opens=lambda path: not path)


def whole_calls(source: Growing) -> Hearing:
    """The call or calls in the object or list that starts here. Raises: Lost."""
    reading = _Calls()
    for found in value(source, (), Rules(opens=_opens)):
        if found is None:
            yield None
            continue
        yield from reading.take(found, source.position)


def arguments(source: Growing) -> Hearing:
    """The object of arguments that starts here. Raises: Lost."""
    for found in value(source, (), _ARGUMENTS):
        match found:
            case None:
                yield None
            case Grown(path=(key,), text=text):
                yield Valued(key, text)


def _object(source: Growing) -> Reading[Found]:
    yield from value(source, (), _ARGUMENTS)


def _is_value(found: Found) -> TypeGuard[Grown]:
    return isinstance(found, Grown) and len(found.path) == 1


def _opens(path: Path) -> bool:
    """Objects around a call, the call, and its arguments; not what stands in them."""
    body = _body_at(path)
    return body < 0 or body == len(path) - 1


def _body_at(path: Path) -> int:
    """Where in `path` the arguments of a call begin, or -1."""
    return next((index for index, key in enumerate(path) if key in ARGUMENT_KEYS), -1)


class _Calls:
    """Arguments that come before the name of their call wait for it."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._letters: list[str] = []
        self._name = ""
        self._is_told = False
        self._has_body = False
        self._inner: Reader[Found] = Reader(_object)  # of arguments that are a string with an object in it
        self._at: Path = ()
        self._early: list[Valued] = []

    def take(self, found: Found, position: int) -> Iterator[Heard]:
        path = found.path
        body = _body_at(path)
        if body >= 0:
            yield from self._argument(found, len(path) - body)
        elif path and path[-1] in NAME_KEYS and not self._name:
            yield from self._named(found)
        elif isinstance(found, Closed) and self._name and path == self._at:
            if self._is_told:
                yield Ended(position)
            self._forget()

    def _argument(self, found: Found, depth: int) -> Iterator[Heard]:
        """Only an object with arguments is a call: before the first of them it may be a record or a declaration."""
        if isinstance(found, Grown) and depth == 2:
            self._early.append(Valued(found.path[-1], found.text))
        elif isinstance(found, Grown) and depth == 1:
            self._early += [
                Valued(one.path[0], one.text) for one in self._inner.feed(found.text) if _is_value(one)
            ]
        self._has_body = True
        yield from self._told()

    def _named(self, found: Found) -> Iterator[Heard]:
        if isinstance(found, Grown):
            self._letters.append(found.text)
            return
        name = "".join(self._letters)
        if 0 < len(name) <= _NAME_LIMIT:
            self._name, self._at = name, found.path[:-1]
            yield from self._told()

    def _told(self) -> Iterator[Heard]:
        if not (self._name and self._has_body):
            return
        if not self._is_told:
            self._is_told = True
            yield Named(self._name)
        early, self._early = self._early, []
        yield from early
