"""The keys in a few words each, made from what binds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding, BindingType

_COLUMNS = 74
"""As wide as the list of commands above it."""
_BETWEEN = " · "
_NAMES = {"escape": "Esc", "pageup": "PgUp", "pagedown": "PgDn"}


def legend(typing: Mapping[str, str], bindings: Iterable[BindingType]) -> str:
    """`typing` says what keys of the prompt do; of the app's it is those that are to be shown. Indented rows."""
    shown = {one.key: one.description for one in Binding.make_bindings(bindings) if one.show}
    return "\n".join(_rows(f"{_spoken(key)} {words}" for key, words in {**typing, **shown}.items()))


def _spoken(key: str) -> str:
    return "+".join(_NAMES.get(part, part.capitalize()) for part in key.split("+"))


def _rows(items: Iterable[str]) -> Iterator[str]:
    row = ""
    for item in items:
        longer = f"{row}{_BETWEEN}{item}" if row else f"  {item}"
        if row and len(longer) > _COLUMNS:
            yield row
            longer = f"  {item}"
        row = longer
    yield row
