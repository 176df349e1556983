"""How a name may be spelled and still be that name: case, `_` `-` and camelCase, a namespace in front, a control
token behind. Never another name, however near."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

_NAMESPACE = re.compile(r"^(?:functions?|default_api|tools?)[.:/]")
_CONTROL_TAIL = re.compile(r"(?:<[|｜].*|:\d+)$", re.DOTALL)
_NOT_PLAIN = re.compile(r"[^a-z0-9]")


def plain(name: str) -> str:
    """What is left of a name when its spelling is taken away; equal for two spellings of one name."""
    return _NOT_PLAIN.sub("", name.lower())


def bare(name: str) -> str:
    """`name` without the namespace in front and the control token or index stuck to its end."""
    return _CONTROL_TAIL.sub("", _NAMESPACE.sub("", name.strip()))


class Spellings(Generic[T]):
    """Things by name. An exact name wins; of two names that differ in spelling only, the later one."""

    def __init__(self, named: Iterable[tuple[str, T]] | Mapping[str, T]) -> None:
        pairs = named.items() if isinstance(named, Mapping) else named
        self._exact: dict[str, T] = dict(pairs)
        self._plain: dict[str, T] = {plain(name): thing for name, thing in self._exact.items()}

    def find(self, name: str) -> T | None:
        if name in self._exact:
            return self._exact[name]
        spelled = plain(bare(name))
        return self._plain.get(spelled) if spelled else None
