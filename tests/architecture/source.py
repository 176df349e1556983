"""The source tree as facts: modules, import edges, function lengths."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPO = Path(__file__).parents[2]
PACKAGE = REPO / "ollama_code"
SAMPLE = PACKAGE / "demo" / "project"


@dataclass(frozen=True)
class Edge:
    """One import statement of one module. `toplevel` is false inside a function; type-checking blocks count."""

    here: str
    there: str
    line: int
    toplevel: bool


@cache
def files() -> tuple[Path, ...]:
    return tuple(sorted(p for p in PACKAGE.rglob("*.py") if not p.is_relative_to(SAMPLE)))


def module(path: Path) -> str:
    parts = path.relative_to(REPO).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def edges() -> tuple[Edge, ...]:
    return tuple(edge for path in files() for edge in _edges(path))


def _edges(path: Path) -> Iterator[Edge]:
    here = module(path)
    inner = {id(node) for f in functions(path) for node in ast.walk(f)}
    for node in ast.walk(tree(path)):
        toplevel = id(node) not in inner
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{here}:{node.lineno} relative import"
            yield from (Edge(here, t, node.lineno, toplevel) for t in _targets(node))
        elif isinstance(node, ast.Import):
            yield from (Edge(here, a.name, node.lineno, toplevel) for a in node.names)


def _targets(node: ast.ImportFrom) -> Iterator[str]:
    """`from a.b import c` is an edge to `a.b.c` when that is a module, else to `a.b`."""
    base = node.module or ""
    for alias in node.names:
        below = REPO.joinpath(*base.split("."), alias.name)
        is_module = base.startswith("ollama_code") and (below.with_suffix(".py").exists() or below.is_dir())
        yield f"{base}.{alias.name}" if is_module else base


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
