"""The floors of the house: an import goes down, never up, never sideways between siblings."""

from __future__ import annotations

import pytest

from tests.architecture.source import Edge, edges, files, module

FLOORS = [
    {"core"},
    {"ports", "paths", "interrupts"},
    {"providers", "workspace", "permissions", "settings", "storage", "prompts", "demo"},
    {"tools"},
    {"agent"},
    {"commands"},
    {"bootstrap"},
    {"frontends"},
    {"cli", "proxy"},
    {"__main__"},
]
FLOOR = {part: number for number, parts in enumerate(FLOORS) for part in parts}
MAY_LOAD_LATE = {
    "ollama_code.__main__",  # after the import path is safe
    "ollama_code.cli",  # picks one front end
    "ollama_code.bootstrap.model",  # `import ollama` costs 0.13 s; the script is the demo's alone
    "ollama_code",  # the public API is exported lazily
}
INSIDE = [e for e in edges() if e.there.startswith("ollama_code.")]


def part(name: str) -> str:
    """The floor's inhabitant: `frontends.repl` is not `frontends.headless`."""
    parts = name.split(".")[1:]
    return parts[0] if parts else ""


def sibling(name: str) -> str:
    parts = name.split(".")[1:]
    return ".".join(parts[:2]) if parts[:1] == ["frontends"] else part(name)


def test_every_part_has_a_floor():
    parts = {part(module(path)) for path in files()} - {""}
    assert parts <= set(FLOOR)


@pytest.mark.parametrize("edge", INSIDE, ids=lambda e: f"{e.here}->{e.there}")
def test_imports_go_down(edge: Edge):
    if edge.here == "ollama_code":
        return
    here, there = part(edge.here), part(edge.there)
    same = sibling(edge.here) == sibling(edge.there)
    assert same or FLOOR[there] < FLOOR[here], f"{edge.here}:{edge.line} must not import {edge.there}"


@pytest.mark.parametrize("edge", [e for e in INSIDE if not e.toplevel], ids=lambda e: f"{e.here}->{e.there}")
def test_only_named_modules_import_the_project_late(edge: Edge):
    assert edge.here in MAY_LOAD_LATE, f"{edge.here}:{edge.line} imports {edge.there} inside a function"


def test_nothing_inside_imports_the_package_root():
    assert [e for e in edges() if e.there == "ollama_code"] == []


def test_imports_have_no_cycles():
    graph: dict[str, set[str]] = {}
    for edge in INSIDE:
        if edge.toplevel:
            graph.setdefault(edge.here, set()).add(edge.there)
    assert _cycle(graph) == []


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for there in sorted(graph.get(node, ())):
            if found := walk(there, [*path, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := walk(node, []))), [])


def test_core_knows_no_io():
    forbidden = {
        "asyncio",
        "os",
        "pathlib",
        "socket",
        "subprocess",
        "time",
        "datetime",
        "logging",
        "threading",
    }
    found = {
        f"{e.here} imports {e.there}"
        for e in edges()
        if part(e.here) == "core" and e.there.split(".")[0] in forbidden
    }
    assert found == set()


def test_no_part_is_empty():
    """No module made for a later day: every one holds a definition or is a package's docstring."""
    empty = [
        module(p)
        for p in files()
        if p.name != "__init__.py" and "def " not in p.read_text() and "=" not in p.read_text()
    ]
    assert empty == []
