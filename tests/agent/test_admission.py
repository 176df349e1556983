"""What a person approved is what runs, also when the world changed while they thought."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.agent.execute import Attempt, Executed, execute
from ollama_code.agent.runtime import Tooling
from ollama_code.core.audit import Decided, Ran
from ollama_code.core.display import TextBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.messages import ToolCall
from ollama_code.core.permission import Allowed, Answer, Kind, Mode, PermissionRequest, Question, Refused
from ollama_code.core.results import ToolResult
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from ollama_code.tools.base import Call, Tool
from ollama_code.tools.toolset import Toolset
from tests.agent.rig import Kept, Word


class Send(Tool[Word]):
    """Does what the file `plan` says, and says so in its request."""

    name = "send"
    description = "Send."
    kind = Kind.EXECUTE
    params = Word

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def permission(self, p: Word, call: Call) -> PermissionRequest:
        plan = (self._folder / "plan").read_text()
        return PermissionRequest(
            call_id=call.id, tool=self.name, kind=self.kind, title="Send", scopes=(f"send({plan})",),
            preview=TextBlock(text=plan),
        )  # fmt: skip

    async def run(self, p: Word, call: Call) -> ToolResult:
        (self._folder / "sent").write_text((self._folder / "plan").read_text())
        return ToolResult(llm_content="sent")


class Slow:
    """Changes the plan while thinking about the first question, then gives the answers in their order."""

    def __init__(self, folder: Path, *answers: Answer) -> None:
        self.asked: list[str] = []
        self._folder = folder
        self._answers = list(answers)

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request.scopes[0])
        (self._folder / "plan").write_text("evil")
        return self._answers.pop(0)

    async def question(self, question: Question) -> str:
        return ""


async def send(folder: Path, person: Slow) -> Executed:
    (folder / "plan").write_text("good")
    gate = Gate(Policy(), Mode.DEFAULT, person, lambda event: None)
    tooling = Tooling(Toolset((Send(folder),)), gate, lambda event: None, Kept(folder))
    return await execute(tooling, Attempt(ToolCall(id="c", name="send", arguments={"word": "x"})), 1000)


async def test_what_became_something_else_is_asked_anew_and_can_be_refused(tmp_path: Path):
    person = Slow(tmp_path, Allowed(), Refused(feedback="no"))
    executed = await send(tmp_path, person)
    assert person.asked == ["send(good)", "send(evil)"]
    assert executed.result.error is not None and executed.result.error.type is ErrorType.DENIED
    assert not (tmp_path / "sent").exists()


async def test_an_answer_for_the_session_does_not_cover_what_it_became(tmp_path: Path):
    person = Slow(tmp_path, Allowed(remember="session"), Allowed())
    await send(tmp_path, person)
    assert person.asked == ["send(good)", "send(evil)"]
    assert (tmp_path / "sent").read_text() == "evil"


class Shown(Send):
    """Of the same scope whatever the plan is: only what is shown differs."""

    async def permission(self, p: Word, call: Call) -> PermissionRequest:
        request = await super().permission(p, call)
        return request.model_copy(update={"scopes": ("send",)})


class Found(Send):
    """What is shown is the same too: only what was found out about the world differs."""

    async def permission(self, p: Word, call: Call) -> PermissionRequest:
        request = await super().permission(p, call)
        same = {"scopes": ("send",), "preview": TextBlock(text=""), "rests_on": request.scopes}
        return request.model_copy(update=same)


@pytest.mark.parametrize("tool", [Shown, Found])
async def test_an_approval_covers_what_was_shown_and_found_and_no_more(tmp_path: Path, tool: type[Send]):
    (tmp_path / "plan").write_text("good")
    person, written = Slow(tmp_path, Allowed(), Refused()), list[Decided | Ran]()
    gate = Gate(Policy(), Mode.DEFAULT, person, lambda event: None)
    tooling = Tooling(
        Toolset((tool(tmp_path),)), gate, lambda event: None, Kept(tmp_path), record=written.append
    )
    await execute(tooling, Attempt(ToolCall(id="c", name="send", arguments={"word": "x"})), 1000)
    assert not (tmp_path / "sent").exists()
    assert [line.verdict for line in written if isinstance(line, Decided)] == ["allow", "deny"]
    assert len({line.digest for line in written if isinstance(line, Decided)}) == 2
    assert len(written) == 2
