"""ask_user: one question to the person, for models that would rather ask than guess."""

from __future__ import annotations

from pydantic import Field

from ollama_code.core.events import QuestionAnswered, QuestionAsked
from ollama_code.core.permission import Kind, Question
from ollama_code.core.results import ToolResult
from ollama_code.ports import Asker, Emit
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.schema import PLAIN

NOBODY = "No person is here to answer. Choose the most sensible way yourself and say which you chose."


class AskParams(Params):
    question: str = Field(description="One clear question.", json_schema_extra=PLAIN, min_length=1)
    options: tuple[str, ...] = Field(
        default=(), description="Answers to choose from, if any.", json_schema_extra=PLAIN
    )


class AskUser(Tool[AskParams]):
    name = "ask_user"
    kind = Kind.READ
    rank = Rank.COMMON
    params = AskParams
    argument_aliases = {"prompt": "question", "text": "question", "choices": "options"}

    def __init__(self, asker: Asker | None, emit: Emit) -> None:
        self._asker = asker
        self._emit = emit

    def title(self, p: AskParams) -> str:
        return "Ask a question"

    async def run(self, p: AskParams, call: Call) -> ToolResult:
        if self._asker is None:
            return ToolResult(llm_content=NOBODY)
        question = Question(text=p.question, options=p.options)
        self._emit(QuestionAsked(question=question, agent=call.agent))
        answer = await self._asker.question(question)
        self._emit(QuestionAnswered(question=question, text=answer, agent=call.agent))
        return ToolResult(
            llm_content=f"The person answers: {answer}" if answer else "The person gave no answer."
        )
