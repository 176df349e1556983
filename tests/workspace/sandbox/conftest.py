"""Each test runs on every rung of the ladder, unless it names those it is about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ollama_code.workspace.sandbox.rungs import Rung
from tests.workspace.sandbox.yard import RUNGS, Yard, name_of, standing


@pytest.fixture(params=RUNGS, ids=name_of)
def rung(request: pytest.FixtureRequest) -> Rung:
    return standing(request.param)


@pytest.fixture
async def yard(rung: Rung, tmp_path: Path) -> AsyncIterator[Yard]:
    yard = Yard(tmp_path, rung)
    yield yard
    await yard.sandbox.close()
