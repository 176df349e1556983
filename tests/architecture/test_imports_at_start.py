"""What starting loads: nothing heavy, and nothing out of the project folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import REPO

HEAVY = set(
    "textual ollama httpx prompt_toolkit rich pypdf PIL git psutil regex wcmatch pathspec charset_normalizer"
    " filelock pydantic asyncio starlette uvicorn tree_sitter".split()
)
AS_PROGRAM = """
import runpy
sys.argv = ["ollama-code", {flag!r}]
try:
    runpy.run_module("ollama_code", run_name="__main__")
except SystemExit:
    pass
"""


def loaded_after(code: str) -> set[str]:
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_asking_the_program_about_itself_loads_nothing_heavy(flag: str):
    assert loaded_after(AS_PROGRAM.format(flag=flag)) & HEAVY == set()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import ollama_code") & HEAVY == set()


@pytest.mark.parametrize("name", ["typing", "argparse", "logging", "json"])
def test_a_module_of_the_project_folder_never_runs_as_ours(tmp_path: Path, name: str):
    (tmp_path / f"{name}.py").write_text("raise SystemExit('theirs ran')")
    command = [sys.executable, "-m", "ollama_code", "--version"]
    environment = {"PYTHONPATH": str(REPO)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
