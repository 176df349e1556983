"""The words in which the gate tells the model of a refusal are words the demo's script knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.core.display import TextBlock
from ollama_code.core.events import Event
from ollama_code.core.permission import Answer, Kind, Mode, PermissionRequest, Question, Refused
from ollama_code.demo import FIRST_PROMPT
from ollama_code.demo.scratch import scratch_copy
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from tests.demo.person import YES, Conversation

EDIT = PermissionRequest(
    call_id="1", tool="edit", kind=Kind.EDIT, title="Edit", scopes=("edit(a.py)",), preview=TextBlock(text="")
)


class Refusing:
    def __init__(self, feedback: str) -> None:
        self.feedback = feedback

    async def approve(self, request: PermissionRequest) -> Answer:
        return Refused(feedback=self.feedback)

    async def question(self, question: Question) -> str:
        return ""


def deaf(event: Event) -> None:
    pass


async def refusal(mode: Mode, asker: Refusing | None) -> str:
    ruling = await Gate(Policy(), mode, asker, deaf).admit(EDIT, "main")
    return f"Error: {ruling.reason}"


async def test_refusal_with_a_reason_is_quoted(tmp_path: Path) -> None:
    said = await refusal(Mode.DEFAULT, Refusing("use the other module"))
    answer = Conversation(scratch_copy(tmp_path)).say(FIRST_PROMPT, YES, said)
    assert 'you said: "use the other module"' in answer


async def test_bare_refusal_is_taken_up_again(tmp_path: Path) -> None:
    said = await refusal(Mode.DEFAULT, Refusing(""))
    talk = Conversation(scratch_copy(tmp_path))
    talk.say(FIRST_PROMPT, YES, said)
    assert "now all 9 pass" in talk.say("go on")


@pytest.mark.parametrize(("mode", "words"), [(Mode.DEFAULT, "nobody is here"), (Mode.PLAN, "plan mode")])
async def test_refusal_without_a_person_is_told(tmp_path: Path, mode: Mode, words: str) -> None:
    said = await refusal(mode, None)
    answer = Conversation(scratch_copy(tmp_path)).say(FIRST_PROMPT, said, said)
    assert "I may not change the file here" in answer and words in answer
