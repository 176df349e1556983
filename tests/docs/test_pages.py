"""What pages name exists: flags, make targets, files, links, floors, events."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from ollama_code.cli import parser
from ollama_code.core.events import Event
from ollama_code.frontends.audit import parser as audit_flags
from ollama_code.frontends.proxy.flags import parser as proxy_flags
from tests.architecture.test_floors import FLOORS
from tests.docs.pages import PAGES, REPO, page, quoted, rows, section

ARCHITECTURE = page("docs/architecture.md")
MAKEFILE = page("Makefile")
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


@each_page
def test_flags_exist(path: Path):
    helps = (parser().format_help(), proxy_flags({}).format_help(), audit_flags().format_help())
    known = set(re.findall(r"--[a-z-]+", "".join(helps)))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text(encoding="utf-8")))
    assert named - known == set()


@each_page
def test_make_targets_exist(path: Path):
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    lines = re.findall(r"(?:`|^)make ((?:[a-z]+ ?)+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {word for line in lines for word in line.split()} - targets == set()


@each_page
def test_relative_links_lead_to_files(path: Path):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["AGENTS.md", "docs/architecture.md"])
def test_files_named_in_the_text_exist(name: str):
    named = {word for word in quoted(page(name)) if re.fullmatch(r"\.?[a-z_/.]+(/|\.py|/run)", word)}
    missing = {n for n in named if not (REPO / n).exists() and not (REPO / "ollama_code" / n).exists()}
    siblings = {n for n in missing if "/" not in n and list((REPO / "ollama_code").rglob(n))}
    assert missing - siblings == set()


def test_every_phony_target_is_in_the_help():
    (phony,) = re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE) == phony.split()


def test_the_floors_are_those_that_tests_enforce():
    table = [set(quoted(row[1])) for row in rows(section(ARCHITECTURE, "Floors"))]
    assert table[::-1] == FLOORS


def test_the_events_of_the_walk_exist():
    events = {event.__name__ for event in get_args(get_args(Event)[0])}
    named = {
        name
        for row in rows(section(ARCHITECTURE, "One message, from Enter to the answer"))
        for name in quoted(row[3])
    }
    assert named and named <= events


def test_the_map_of_the_proxy_names_files_that_are_there():
    told = [name for row in rows(section(ARCHITECTURE, "Inside the proxy")) for name in quoted(row[1])]
    files = {path.stem for path in (REPO / "ollama_code/frontends/proxy").glob("[!_]*.py")}
    assert set(told) <= files and len(told) == len(set(told)) > 20


def test_the_map_of_the_agent_names_each_of_its_files_once():
    told = [name for row in rows(section(ARCHITECTURE, "Inside `agent`")) for name in quoted(row[1])]
    files = [path.stem for path in (REPO / "ollama_code/agent").glob("[!_]*.py")]
    assert sorted(name for name in told if not name.startswith("/")) == sorted(files)
