"""What the plain face prints: every event as lines, streamed text as it comes.

All text of a model, a tool or a file is cleaned here, at the edge, and never read as markup."""

from __future__ import annotations

from typing import assert_never

from rich.console import Console
from rich.text import Text

from ollama_code.core.display import (
    CommandBlock,
    DiffBlock,
    Display,
    FilesBlock,
    OutputBlock,
    TextBlock,
    TodosBlock,
)
from ollama_code.core.events import (
    CallDrafted,
    Event,
    JobChanged,
    MessageAdded,
    ModeChanged,
    Notice,
    PhaseChanged,
    Retried,
    StepStarted,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    UsageReported,
)
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.phase import Phase
from ollama_code.core.results import ToolResult
from ollama_code.core.text import StreamCleaner, clean, one_line, shorten, spelled
from ollama_code.core.usage import Usage
from ollama_code.frontends.repl.flow import Flow

OUTPUT_CHARS = 1200
"""How much of a command's output is printed; the model and the session have the rest."""
DIFF_CHARS = 20_000
_MARKS = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]"}
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class Paper:
    """Prints events in the order they happen. Owns what is open on the current line."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._open = ""
        self._style = ""
        self._cleaner = StreamCleaner()
        self._flow = Flow()
        self._usage = Usage()
        self._said = ""
        """The words of this step, as they streamed."""
        self._drafted = 0
        """Calls of this step that were told of while they are written."""

    def show(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._said, self._drafted = "", 0
            case TextDelta(text=text):
                self._said += text
                self._stream("text", text, "")
            case CallDrafted(number=number, name=name) if number > self._drafted:
                self._drafted = number
                self.line(f"... writing a call of {one_line(name)}", "dim")
            case MessageAdded(message=AssistantMessage(text=text)):
                if not text.strip().startswith(self._said.strip()):  # paper cannot be wiped
                    self.line("  (A tool call was in the text above.)", "dim")
            case ThinkingDelta(text=text):
                self._stream("thinking", text, "dim italic")
            case ToolStarted(title=title):
                self.line(f"* {title}", "bold")
            case ToolFinished(result=result):
                self._result(result)
            case Retried(reason=reason):
                self.line(f"{reason} Trying again; the text above is discarded.", "yellow")
            case Notice(text=text):
                self.line(text, "yellow")
            case ModeChanged(mode=mode):
                self.line(f"mode: {mode}", "dim")
            case JobChanged(job=job, command=command, outcome=outcome):
                self.line(f"{job} {outcome or 'started'}: {one_line(command)}", "dim")
            case UsageReported(usage=usage, agent="main"):
                self._usage = usage
            case PhaseChanged(phase=phase):
                self.wait(phase)
            case TurnFinished(agent="main"):
                self._finish(event)
            case _:
                pass

    def wait(self, phase: Phase | None) -> None:
        """What may take long is told, with the time it should take: paper cannot count."""
        if phase is not None and phase.line:
            self.line(f"... {phase.line}", "dim")

    def block(self, display: Display) -> None:
        """A block of display in full, as in a question."""
        match display:
            case TextBlock(text=text):
                self.line(spelled(text))
            case DiffBlock():
                self._diff(display)
            case CommandBlock(command=command, directory=directory, background=background):
                self.line(spelled(command), "bold")
                where = f"in {spelled(directory)}" + (", in the background" if background else "")
                self.line(where, "dim")
            case OutputBlock(output=output, outcome=outcome):
                self.line(shorten(clean(output).rstrip("\n"), OUTPUT_CHARS).text, "dim")
                self.line(f"  {outcome}", "dim")
            case TodosBlock(items=items):
                for item in items:
                    self.line(f"  {_MARKS[item.status]} {one_line(item.content)}")
            case FilesBlock(paths=paths, total=total):
                self.line(f"  {total} found" + (f", {len(paths)} shown" if total > len(paths) else ""), "dim")
            case _:
                assert_never(display)

    def line(self, text: str, style: str = "") -> None:
        """Whole lines, after closing what was streaming."""
        self._close()
        self.console.print(Text(clean(text), style=style))

    def _stream(self, kind: str, text: str, style: str) -> None:
        if self._open != kind:
            self._close()
            self._open = kind
            self._style = style
        self._put(self._flow.feed(self._cleaner.feed(text), self.console.width))

    def _close(self) -> None:
        if self._open:
            self._open = ""
            rest = self._flow.feed(self._cleaner.flush(), self.console.width)
            self._put(f"{rest}{self._flow.flush(self.console.width)}\n")

    def _put(self, text: str) -> None:
        if text:
            self.console.print(Text(text, style=self._style), end="", soft_wrap=True)
            self.console.file.flush()

    def _result(self, result: ToolResult) -> None:
        if result.error is not None:
            self.line(f"  {one_line(result.error.message, limit=400)}", "red")
        elif result.return_display is not None:
            self.block(result.return_display)

    def _diff(self, diff: DiffBlock) -> None:
        self.line(f"  {one_line(diff.path)}  +{diff.added} -{diff.removed}", "bold")
        for row in shorten(spelled(diff.patch), DIFF_CHARS).text.splitlines():
            self.line(f"  {row}", _STYLES.get(row[:1], ""))

    def _finish(self, event: TurnFinished) -> None:
        self._close()
        if event.detail:
            self.line(event.detail, "red")
        words = {"denied": "Stopped: refused.", "cancelled": "Stopped.", "step_limit": "Stopped: step limit."}
        if event.reason in words:
            self.line(words[event.reason], "yellow")
        if self._usage.generated_tokens:
            speed = self._usage.generated_tokens / self._usage.generate_s if self._usage.generate_s else 0.0
            rate = f", {speed:.0f} tok/s" if speed else ""
            self.line(f"{self._usage.prompt_tokens + self._usage.generated_tokens:,} tokens{rate}", "dim")
