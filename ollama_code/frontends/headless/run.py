"""One turn without a screen: the answer on stdout, everything else on stderr, the exit code from the outcome."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, TextIO

from ollama_code.agent.session import Session
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.errors import UsageError
from ollama_code.core.events import (
    EVENT,
    Event,
    MessageAdded,
    Notice,
    PermissionAnswered,
    Retried,
    StopReason,
    TurnFinished,
    UsageReported,
)
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.permission import Refused
from ollama_code.core.text import clean, one_line, shorten
from ollama_code.core.usage import Usage
from ollama_code.frontends.headless.piped import read_piped
from ollama_code.interrupts import cancelled_by_signals

Format = Literal["text", "json", "stream-json"]
EXIT_DONE, EXIT_FAILED, EXIT_DENIED, EXIT_INTERRUPTED = 0, 1, 3, 130
PATIENCE_S = 8.0
"""How long to look for a server that does not answer: the whole program gives up within 10 s."""


@dataclass
class Outcome:
    """What one turn came to. `denied` has one entry for each call that was refused."""

    result: str = ""
    reason: StopReason = "failed"
    detail: str = ""
    usage: Usage = field(default_factory=Usage)
    denied: list[dict[str, str]] = field(default_factory=list)

    def take(self, event: Event) -> None:
        match event:
            case MessageAdded(message=AssistantMessage(text=text), agent="main") if text.strip():
                self.result = text
            case UsageReported(usage=usage):
                self.usage = self.usage + usage
            case PermissionAnswered(request=request, answer=Refused(feedback=why), by=by):
                self.denied.append({"tool": request.tool, "title": request.title, "by": by, "reason": why})
            case TurnFinished(reason=reason, detail=detail):
                self.reason, self.detail = reason, detail

    @property
    def exit_code(self) -> int:
        match self.reason:
            case "cancelled":
                return EXIT_INTERRUPTED
            case "failed":
                return EXIT_FAILED
            case "denied" | "step_limit":
                return EXIT_DENIED
            case "done":
                return EXIT_DENIED if self.denied else EXIT_DONE


def run_headless(options: Options, prompt: str | None, format: Format) -> int:
    """Run one turn and print it. Raises: OllamaCodeError before the turn has begun."""
    piped = read_piped(0)
    if piped.notice:
        _say(piped.notice)
    if prompt is None and not piped.text.strip():
        raise UsageError('There is nothing to do: give a prompt with -p "..." or pipe text into stdin.')
    try:
        return asyncio.run(_main(options, prompt or "", piped.text, format))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader left: nothing more can be said on stdout
        return EXIT_FAILED


async def _main(options: Options, prompt: str, context: str, format: Format) -> int:
    task = asyncio.current_task()
    assert task is not None
    outcome = Outcome()
    with cancelled_by_signals(task):
        try:
            return await _turn(options, prompt, context, format, outcome)
        except asyncio.CancelledError:
            return EXIT_INTERRUPTED


async def _turn(options: Options, prompt: str, context: str, format: Format, outcome: Outcome) -> int:
    opened = await open_session(options, asker=None, patience_s=PATIENCE_S)
    try:
        for notice in opened.notices:
            _say(notice)
        session = opened.session
        try:
            await _stream(session, _with_context(prompt, context, session.head.num_ctx), format, outcome)
        except asyncio.CancelledError:
            outcome.reason = "cancelled"
        _finish(session, outcome, format)
        return outcome.exit_code
    finally:
        await opened.close()


async def _stream(session: Session, text: str, format: Format, outcome: Outcome) -> None:
    session.observe(outcome.take)
    printer = EventPrinter()
    if format == "stream-json":
        session.observe(printer)
    async with aclosing(session.prompt(text)) as events:
        async for event in events:
            match event:
                case Notice(text=notice):
                    _say(notice)
                case Retried(reason=reason):
                    _say(f"{reason} Trying again.")
            if printer.reader_left:
                raise BrokenPipeError


class EventPrinter:
    """Prints each event as one JSON line; an observer, so the last line comes also when the turn is stopped."""

    def __init__(self) -> None:
        self.reader_left = False

    def __call__(self, event: Event) -> None:
        if self.reader_left:
            return
        try:
            print(EVENT.dump_json(event).decode(), flush=True)
        except BrokenPipeError:
            self.reader_left = True


def _finish(session: Session, outcome: Outcome, format: Format) -> None:
    if outcome.detail:
        _say(outcome.detail)
    match format:
        case "text" if outcome.result:
            print(clean(outcome.result), flush=True)
        case "json":
            print(json.dumps(_report(session, outcome), ensure_ascii=False), flush=True)
    if format == "text":
        for denied in outcome.denied:
            _say(f"Denied: {denied['title']}. Allow it with --allow or --mode.")


def _report(session: Session, outcome: Outcome) -> dict[str, object]:
    return {
        "result": outcome.result,
        "reason": outcome.reason,
        "session": session.id,
        "model": session.head.model,
        "usage": outcome.usage.model_dump(),
        "denied": outcome.denied,
    }


def _with_context(prompt: str, context: str, num_ctx: int) -> str:
    """The prompt with what was piped in behind it, at most half of the window."""
    if not context.strip():
        return prompt
    piped = shorten(context, num_ctx * 3 // 2)
    if piped.omitted_chars:
        _say(f"Stdin is too long for the context window: {piped.omitted_chars:,} characters were left out.")
    return f"{prompt}\n\n<stdin>\n{piped.text}\n</stdin>" if prompt else piped.text


def _say(text: str, stream: TextIO | None = None) -> None:
    print(f"ollama-code: {one_line(text, limit=2000)}", file=stream or sys.stderr)
