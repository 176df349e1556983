"""One session after another, as a person goes on."""

from __future__ import annotations

import pytest

from ollama_code.bootstrap.conversation import Conversation
from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import UsageError
from ollama_code.core.trust import TrustAnswer, TrustOffer
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import Program, RunInside
from tests.tui.test_bridge import Yes

__all__ = ["program", "run", "server"]


class Trusting(Yes):
    async def trust(self, offer: TrustOffer) -> TrustAnswer:
        return "session"


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


async def test_a_window_that_was_pinned_meanwhile_is_newer_than_the_flag_of_the_start() -> None:
    talk = Conversation(Options(num_ctx=4096), Yes())
    await talk.open()
    before = await talk.clear()
    await talk.command("/context 8192")
    after = await talk.clear()
    await talk.close()
    assert (before.session.head.num_ctx, after.session.head.num_ctx) == (4096, 8192)


async def test_settings_of_a_trusted_folder_that_were_mended_are_read_again(program: Program) -> None:
    file = program.project / ".ollama-code" / "settings.json"
    file.parent.mkdir()
    file.write_text('{"maxSteps": ')
    talk = Conversation(Options(), Trusting())
    with pytest.raises(UsageError, match="Mend this place"):
        await talk.open()
    file.write_text('{"permissions": {"deny": ["edit"]}}')
    opened = await talk.open()
    await talk.close()
    assert [str(rule) for rule in opened.session.gate.policy.deny] == ["edit"]
