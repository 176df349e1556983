"""A conversation with the demo's script: the turns of an agent in small, on real files and a real test run."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from pathlib import Path

from ollama_code.core.messages import Arguments, AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.demo import script_text
from ollama_code.providers.script import PlannedReply, Script

YES = "yes"
NO = "Error: The person refused."
ASKING = ("edit", "run_shell_command")


def no_because(reason: str) -> str:
    return f"Error: The person refused: {reason}"


class Conversation:
    """`history` grows as the agent would grow it. A question is answered with the next of the answers given to
    `say`, and with yes when none is left; an answer that is neither yes nor a refusal is what the tool fails with."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.history: list[Message] = []
        self.calls: list[ToolCall] = []
        self._script = Script.load(script_text())
        self._answers: deque[str] = deque()

    def say(self, text: str, *answers: str) -> str:
        """One turn. The last words of the model, "" when a bare no ended the turn."""
        self._answers = deque(answers)
        self.history.append(UserMessage(text=text))
        for _ in range(30):
            reply = self._script.answer(self.history)
            called = self._add(reply)
            if not called:
                return reply.text
            if NO in [self._run(call) for call in called]:
                return ""
        raise AssertionError("the script never comes to an end")

    def called(self, tool: str) -> list[Arguments]:
        return [call.arguments for call in self.calls if call.name == tool]

    @property
    def texts(self) -> list[str]:
        return [m.text for m in self.history if isinstance(m, AssistantMessage)]

    def _add(self, reply: PlannedReply) -> list[ToolCall]:
        first = len(self.calls)
        called = [
            ToolCall(id=str(first + i), name=call.tool, arguments=call.arguments)
            for i, call in enumerate(reply.calls)
        ]
        self.calls.extend(called)
        self.history.append(AssistantMessage(text=reply.text, thinking=reply.thinking, calls=tuple(called)))
        return called

    def _run(self, call: ToolCall) -> str:
        answer = self._answers.popleft() if call.name in ASKING and self._answers else YES
        result = self._work(call) if answer == YES else answer
        self.history.append(ToolMessage(call_id=call.id, name=call.name, text=result))
        return result

    def _work(self, call: ToolCall) -> str:
        given = {key: value for key, value in call.arguments.items() if isinstance(value, str)}
        match call.name:
            case "list_directory":
                return "\n".join(sorted(p.name for p in (self.project / given["path"]).iterdir()))
            case "read_file":
                return (self.project / given["absolute_path"]).read_text()
            case "edit":
                return self._edit(self.project / given["file_path"], given)
            case "run_shell_command":
                return run_tests(self.project)
        return "Todos: 0 of 3 completed."

    def _edit(self, path: Path, given: dict[str, str]) -> str:
        before = path.read_text()
        if before.count(given["old_string"]) != 1:
            return "Error: old_string was not found once in the file."
        path.write_text(before.replace(given["old_string"], given["new_string"]))
        return f"Edited {path.name}."


def run_tests(project: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-B", "-m", "unittest"], cwd=project, capture_output=True, text=True, check=False
    )
    return f"{ran.stdout}{ran.stderr}\nexit code {ran.returncode}"
