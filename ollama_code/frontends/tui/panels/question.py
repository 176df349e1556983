"""Asks what the model wants to know: one of its options, or any words."""

from __future__ import annotations

from textual.events import Key
from textual.message import Message

from ollama_code.core.permission import Question
from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.asking import AskingPanel, Form
from ollama_code.frontends.tui.panels.preview import spelled
from ollama_code.frontends.tui.panels.rows import Row

_OPTION_CHARS = 300


class QuestionPanel(AskingPanel):
    """One question at a time; the answer is a text, empty when the person does not want to say."""

    class Replied(Message):
        """`question` is the one that was asked: an answer to a withdrawn one must not count for the next."""

        def __init__(self, question: Question, text: str) -> None:
            super().__init__()
            self.question = question
            self.text = text

    DEFAULT_CSS = """
    QuestionPanel #body {
        background: $panel; scrollbar-background: $panel;
        scrollbar-background-hover: $panel; scrollbar-background-active: $panel;
    }
    """

    _question: Question | None = None

    def ask(self, question: Question) -> None:
        """Show the question and take the focus."""
        self._question = question
        options = [*(one_line(option, limit=_OPTION_CHARS) for option in question.options), "Something else"]
        self._open(
            Form(
                head=(Row("The model asks", "bold $accent"),),
                body=tuple(Row(line) for line in spelled(question.text).split("\n")),
                options=_numbered(options) if question.options else (),
                lead=_lead(len(options) if question.options else 0),
                placeholder="Your answer",
            )
        )

    def close(self) -> None:
        super().close()
        self._question = None

    def _pick(self, index: int) -> None:
        assert self._question is not None
        if index < len(self._question.options):
            self._reply(self._question.options[index])
        else:
            self._start_typing()

    def _say(self, text: str) -> None:
        self._reply(text)

    def _refuse(self) -> None:
        self._reply("")

    def _press(self, event: Key) -> bool:
        """Whoever just begins to type answers in their own words."""
        if not event.is_printable or not event.character:
            return False
        self._start_typing(event.character)
        return True

    def _reply(self, text: str) -> None:
        question = self._question
        if question is not None:
            self.close()
            self.post_message(self.Replied(question, text))


def _numbered(options: list[str]) -> tuple[Row, ...]:
    width = len(str(len(options)))
    return tuple(Row(text, gutter=f"{number:>{width}} ") for number, text in enumerate(options, start=1))


def _lead(options: int) -> str:
    if not options:
        return "Enter sends  ·  Esc answers nothing"
    numbers = "1-9" if options > 9 else f"1-{options}"
    return f"{numbers} or arrows and Enter  ·  just type for other words  ·  Esc answers nothing"
