"""A command line as values: which programs run with which words, in what order, joined how."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.value import Value

Joiner = Literal[";", "&&", "||"]


class Redirect(Value):
    """One of the three standard descriptors, led to the null device or to where another one leads."""

    descriptor: Literal[0, 1, 2]
    to: Literal["null", 1, 2]


class SimpleCommand(Value):
    """`argv` is never empty; `redirects` take effect in their order, after the pipes of the pipeline."""

    argv: tuple[str, ...]
    redirects: tuple[Redirect, ...] = ()


class Step(Value):
    """A pipeline, and when it runs: always, or depending on how the last one that ran has ended."""

    pipeline: tuple[SimpleCommand, ...]
    joiner: Joiner = ";"
