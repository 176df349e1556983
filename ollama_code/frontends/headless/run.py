"""One turn without a screen: the answer on stdout, everything else on stderr, the exit code from the outcome."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from typing import Literal

from ollama_code.agent.session import Session
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import Start, open_session
from ollama_code.bootstrap.trust.own import recipe_without_person
from ollama_code.core.errors import UsageError
from ollama_code.core.events import (
    EVENT,
    Event,
    MessageAdded,
    Notice,
    PermissionAnswered,
    PhaseChanged,
    Retried,
    StopReason,
    TurnFinished,
    UsageReported,
)
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.permission import PermissionRequest, Refused
from ollama_code.core.phase import Phase
from ollama_code.core.recipe import Recipe, Words
from ollama_code.core.text import clean, one_line, well_formed
from ollama_code.core.usage import Usage
from ollama_code.frontends.headless.piped import read_piped
from ollama_code.interrupts import cancelled_by_signals

Format = Literal["text", "json", "stream-json"]
EXIT_DONE, EXIT_FAILED, EXIT_DENIED, EXIT_INTERRUPTED = 0, 1, 3, 130
PATIENCE_S = 4.5
"""How long to begin looking again for a server that does not answer. One look takes up to 5 s at an address that
swallows the connection and 8 s at a server that hangs, and the whole program gives up within 10 s: so after a
slow look there is no second one."""


@dataclass
class Outcome:
    """What one turn came to. `denied` has one entry for each call that was refused."""

    result: str = ""
    reason: StopReason = "failed"
    detail: str = ""
    usage: Usage = field(default_factory=Usage)
    denied: list[dict[str, str]] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    """For each of them, what would let it run, or why nothing here does."""

    def take(self, event: Event) -> None:
        match event:
            case MessageAdded(message=AssistantMessage(text=text), agent="main") if text.strip():
                self.result = text
            case UsageReported(usage=usage):
                self.usage = self.usage + usage
            case PermissionAnswered(request=request, answer=Refused(feedback=why), by=by):
                self.denied.append({"tool": request.tool, "title": request.title, "by": by, "reason": why})
                self.ways.append(_way(request) if by == "nobody" else why)
            case TurnFinished(reason=reason, detail=detail, agent="main"):
                self.reason, self.detail = reason, detail

    @property
    def exit_code(self) -> int:
        match self.reason:
            case "cancelled":
                return EXIT_INTERRUPTED
            case "failed":
                return EXIT_FAILED
            case "denied" | "step_limit" | "loop":
                return EXIT_DENIED
            case "done":
                return EXIT_DENIED if self.denied else EXIT_DONE


class Stdout:
    """Lines for whoever reads. What cannot be written is noted in `lost` and never raised, because the turn still
    has a journal to close; JSON is ASCII, which no encoding and no terminal takes for something else."""

    def __init__(self) -> None:
        self.lost: OSError | None = None

    def line(self, text: str) -> None:
        if self.lost is None:
            try:
                print(text, flush=True)
            except OSError as e:
                self.lost = e

    def json(self, value: object) -> None:
        self.line(json.dumps(value))

    def event(self, event: Event) -> None:
        self.json(EVENT.dump_python(event, mode="json"))


@dataclass(frozen=True)
class Job:
    """What was asked for, and where the answer goes. `context` is what was piped in, `recipe` what the prompt becomes
    when it names a command from a file."""

    prompt: str
    context: str
    format: Format
    out: Stdout = field(default_factory=Stdout)
    recipe: Recipe | None = None


def run_headless(options: Options, prompt: str | None, format: Format) -> int:
    """Run one turn and print it. Raises: OllamaCodeError before the turn has begun."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no é is no reason to fail
    piped = read_piped(0)
    if piped.notice:
        _say(piped.notice)
    job = Job(well_formed(prompt or ""), piped.text, format)
    if not job.prompt.strip() and not job.context.strip():
        raise UsageError('There is nothing to do: give a prompt with -p "..." or pipe text into stdin.')
    code = asyncio.run(_main(options, job))
    if job.out.lost is None:
        return code
    if not isinstance(job.out.lost, BrokenPipeError):
        _say(f"The answer could not be written to stdout: {job.out.lost.strerror}.")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python itself complains at its end
    return EXIT_FAILED


async def _main(options: Options, job: Job) -> int:
    task = asyncio.current_task()
    assert task is not None
    with cancelled_by_signals(task):
        try:
            return await _turn(options, job)
        except asyncio.CancelledError:
            return EXIT_INTERRUPTED


async def _turn(options: Options, job: Job) -> int:
    outcome = Outcome()
    recipe, folder = await recipe_without_person(options, job.prompt)
    start, job = Start(folder=folder), replace(job, recipe=recipe)
    opened = await open_session(options, asker=None, patience_s=PATIENCE_S, start=start, tell=_wait)
    try:
        for notice in opened.notices:
            _say(notice)
        try:
            await _stream(opened.session, job, outcome)
        except asyncio.CancelledError:
            outcome.reason = "cancelled"
        _finish(opened.session, outcome, job)
        return outcome.exit_code
    finally:
        await opened.close()


async def _stream(session: Session, job: Job, outcome: Outcome) -> None:
    session.observe(outcome.take)
    if job.format == "stream-json":
        session.observe(job.out.event)  # an observer: the last line comes also when the turn is stopped
    async with aclosing(_begun(job, session)) as events:
        async for event in events:
            match event:
                case Notice(text=notice):
                    _say(notice)
                case PhaseChanged(phase=phase, agent="main"):
                    _wait(phase)
                case Retried(reason=reason):
                    _say(f"{reason} Trying again.")
            if job.out.lost is not None:
                return


def _begun(job: Job, session: Session) -> AsyncGenerator[Event, None]:
    piped = _piped(job, session)
    behind = f"\n\n<stdin>\n{piped}\n</stdin>" if piped else ""
    if job.recipe is not None:
        recipe = Recipe(name=job.recipe.name, pieces=(*job.recipe.pieces, Words(text=behind)))
        return session.follow(job.prompt, recipe)
    return session.prompt(job.prompt + behind if job.prompt else piped)


def _finish(session: Session, outcome: Outcome, job: Job) -> None:
    if outcome.detail:
        _say(outcome.detail)
    match job.format:
        case "text" if outcome.result:
            job.out.line(clean(outcome.result))
        case "json":
            job.out.json(_report(session, outcome))
    if job.format == "text":
        for denied, way in zip(outcome.denied, outcome.ways, strict=True):
            _say(f"Denied: {denied['title']}. {way}")


def _way(request: PermissionRequest) -> str:
    if request.keepable:
        return "Allow it with --allow or --mode."
    return f"It asks because {request.why}, and nobody is here to answer."


def _report(session: Session, outcome: Outcome) -> dict[str, object]:
    return {
        "result": outcome.result,
        "reason": outcome.reason,
        "session": session.id,
        "model": session.head.model,
        "usage": outcome.usage.model_dump(),
        "denied": outcome.denied,
    }


def _piped(job: Job, session: Session) -> str:
    """What was piped in, at most half of the window of it."""
    if not job.context.strip():
        return ""
    piped = session.fitted(job.context)
    if piped != job.context:
        left_out = len(job.context) - len(piped)
        _say(f"Stdin is too long for the context window: {left_out:,} characters were left out.")
    return piped


def _wait(phase: Phase | None) -> None:
    """Loading and reading take minutes, in which a person at a terminal sees nothing else."""
    if phase is not None and phase.line and sys.stderr is not None and sys.stderr.isatty():
        _say(f"{phase.line[0].upper()}{phase.line[1:]}.")


def _say(text: str) -> None:
    if sys.stderr is not None:  # closed: and print would then take stdout
        print(f"ollama-code: {one_line(text, limit=2000)}", file=sys.stderr)
