"""The grammar of bash, loaded when the first command line is looked at."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


class NoGrammar(Exception):
    """The grammar is not installed or does not fit: nothing can be said about any line."""


def tree(source: bytes) -> Node:
    """The root of the syntax tree of `source`. Raises: NoGrammar."""
    return _parser().parse(source).root_node


@cache
def _parser() -> Parser:
    try:
        # Here and not above: loading takes up to 0.04 s, and a session without a command never needs it.
        import tree_sitter_bash
        from tree_sitter import Language, Parser

        return Parser(Language(tree_sitter_bash.language()))
    except (ImportError, OSError, ValueError) as e:
        raise NoGrammar("the grammar of bash is not installed") from e
