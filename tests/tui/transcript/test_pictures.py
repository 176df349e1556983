"""How the transcript looks. A change here is looked at as a picture before it is accepted."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from ollama_code.core.display import DiffBlock, FilesBlock, OutputBlock, TextBlock, TodosBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.events import (
    CallDrafted,
    Event,
    JobChanged,
    Notice,
    Retried,
    StepStarted,
    TextDelta,
    ThinkingDelta,
    ToolProgressed,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from ollama_code.core.messages import ToolCall
from ollama_code.core.results import ToolFault, ToolResult
from ollama_code.core.todo import TodoItem
from tests.tui.transcript.host import Host, called, drawn, lines_of_text

ANSWER = """\
## Why the queue stalls

The **worker** waits on `settle()`, which *never* returns when the job was cancelled; see
[the notes](docs/queue.md). Two things help:

1. give the wait a limit
   - two seconds is plenty
   - a slow disk needs more
2. tell the caller

| stage | input | cost |
| --- | --- | ---: |
| parse | bytes | 1.25 ms |
| reply | result | 2.10 ms |

```python
async def settle(self, limit: float = 2.0) -> None:
    \"\"\"Wait until the queue is empty.\"\"\"
    async with asyncio.timeout(limit):  # never forever
        await self._empty.wait()
```

> A full queue makes the caller wait.

- [x] measured
- [ ] released
"""
CONVERSATION: tuple[Event, ...] = (
    TurnStarted(text="Why does the queue stall?\nIt worked yesterday."),
    ThinkingDelta(text="The person asks about the queue, so look at the worker first. " * 4),
    TextDelta(text=ANSWER),
    TurnFinished(reason="done"),
)
THINKING: tuple[Event, ...] = (
    TurnStarted(text="And on Windows?"),
    ThinkingDelta(text="There the loop has no signals, so the wait must be cut another way. " * 8),
)
PATCH = """\
@@ -12,6 +12,7 @@ class Queue:
     def __init__(self) -> None:
         self._jobs: list[Job] = []
-        self._limit = None
+        self._limit = 2.0  # seconds
+        self._note = "never wait forever, 待たない"

     def __len__(self) -> int:
         return len(self._jobs)
@@ -40,3 +41,3 @@
-    def settle(self):
+    async def settle(self) -> None:
         pass"""
DIFF: tuple[Event, ...] = (
    *called(
        ToolResult(
            llm_content="", return_display=DiffBlock(path="src/queue.py", patch=PATCH, added=3, removed=2)
        ),
        "Edit src/queue.py",
    ),
)


def _result(display, error: ToolFault | None = None) -> ToolResult:
    return ToolResult(llm_content="", return_display=display, error=error)


OUTPUT = "\n".join(f"tests/test_queue.py::test_{n} PASSED" for n in range(30))
ITEMS = (
    TodoItem(id="1", content="read the queue", status="completed"),
    TodoItem(id="2", content="bound the wait", status="in_progress"),
    TodoItem(id="3", content="run the tests"),
)
TOOLS: tuple[Event, ...] = (
    TurnStarted(text="Fix it."),
    *called(_result(TextBlock(text="84 lines")), "Read src/queue.py"),
    *called(_result(FilesBlock(paths=("a.py",), total=12)), "Find **/*.py"),
    *called(_result(TodosBlock(items=ITEMS)), "Plan 3 steps"),
    *called(
        _result(OutputBlock(command="x", output=OUTPUT, outcome="exit code 0 after 1.2 s")), "Run pytest -q"
    ),
    *called(
        _result(None, ToolFault(message="There is no file src/quue.py.", type=ErrorType.FILE_NOT_FOUND)),
        "Read src/quue.py",
    ),
    *called(
        _result(None, ToolFault(message="Refused: use trash instead", type=ErrorType.DENIED)),
        "Run rm -rf build",
    ),
    TextDelta(text="Looking for every caller.", agent="a1"),
    *called(_result(TextBlock(text="3 matches")), "Search settle(", "a1"),
    ToolStarted(call=ToolCall(id="9", name="run_shell_command", arguments={}), title="Run make watch"),
    ToolProgressed(call_id="9", text="compiling queue.c\ncompiling worker.c\n"),
)
TROUBLE: tuple[Event, ...] = (
    TurnStarted(text="Go on."),
    StepStarted(number=1),
    TextDelta(text="The limit should be"),
    Retried(reason="The server closed the connection.", attempt=1, discarded="The limit should be"),
    JobChanged(job="job-2", command="make docs"),
    JobChanged(job="job-1", command="make watch", outcome="exit code 2"),
    Notice(text="The context window is 90 % full: /compact makes room."),
    TurnFinished(
        reason="failed",
        detail="The model server at 127.0.0.1:11434 does not answer.\nStart it with: ollama serve",
    ),
)


async def _settle(pilot: Pilot[None]) -> None:
    await drawn(pilot)


async def _open(pilot: Pilot[None]) -> None:
    pilot.app.transcript.toggle_details()
    await drawn(pilot)


async def _scrolled(pilot: Pilot[None]) -> None:
    await drawn(pilot)
    pilot.app.transcript.action_page_up()
    pilot.app.transcript.show(TextDelta(text=lines_of_text(3)))
    await drawn(pilot)


async def _selected(pilot: Pilot[None]) -> None:
    await drawn(pilot)
    transcript = pilot.app.transcript
    await pilot.mouse_down(transcript, offset=(4, 2))
    await pilot.hover(transcript, offset=(20, 9))
    await pilot.mouse_up(transcript, offset=(20, 9))
    await pilot.pause()


PROGRAM = "".join(
    f'def handler_{n}(request: str) -> int:\n    """Answer {n}."""\n    return len(request) * {n}  # twice\n\n\n'
    for n in range(1, 9)
)


def drafted(number: int, name: str, tokens: int, **arguments: str) -> tuple[CallDrafted, ...]:
    return tuple(
        CallDrafted(number=number, name=name, argument=argument, text=text, tokens=tokens)
        for argument, text in arguments.items()
    )


WRITING = (
    *CONVERSATION[:2],
    TextDelta(text="I will write the handlers first."),
    *drafted(1, "write_file", 412, file_path="src/handlers.py", content=PROGRAM[:-40]),
)
EDITING = (
    *CONVERSATION[:2],
    TextDelta(text="The bound is off by one."),
    *drafted(1, "edit", 88, file_path="src/roman.py", old_string="while n > 0:\n    n -= 1\n    total += n"),
    *drafted(1, "edit", 97, new_string="while n >= 0:\n    total += n\n    n -="),
    *drafted(2, "run_shell_command", 12, command="python -m unittest -q"),
)


SCENES = {
    "writing_file": (WRITING, _settle),
    "writing_edit": (EDITING, _settle),
    "conversation": (CONVERSATION, _settle),
    "streaming": ((TurnStarted(text="Show me."), TextDelta(text=ANSWER[:520])), _settle),
    "thinking": ((*CONVERSATION[:2], TextDelta(text="Yes."), *THINKING), _settle),
    "thinking_open": ((*CONVERSATION[:2], TextDelta(text="Yes."), *THINKING), _open),
    "tools": (TOOLS, _settle),
    "diff": (DIFF, _settle),
    "trouble": (TROUBLE, _settle),
    "scrolled_up": ((*CONVERSATION, *CONVERSATION), _scrolled),
    "selected": (CONVERSATION, _selected),
}
LOOKS = [("ollama-dark", (80, 24)), ("ollama-dark", (120, 40)), ("ollama-light", (80, 24))]


@pytest.mark.parametrize("theme,size", LOOKS, ids=["dark-80x24", "dark-120x40", "light-80x24"])
@pytest.mark.parametrize("scene", SCENES)
def test_looks(snap_compare, scene: str, theme: str, size: tuple[int, int]):
    events, act = SCENES[scene]
    assert snap_compare(Host(theme, events), terminal_size=size, run_before=act)
