"""Commands about the model at work: what fills its window, what it cost, how much it thinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ollama_code.commands.base import Desk, Outcome, Say, SlashCommand
from ollama_code.core.errors import ProviderError
from ollama_code.core.head import Think
from ollama_code.core.text import one_line

if TYPE_CHECKING:  # a screen completes commands before it has loaded what they work on
    from ollama_code.agent.overview import Overview
    from ollama_code.agent.stats import Cost, Stats
    from ollama_code.core.profile import ModelProfile
    from ollama_code.ports import LoadedModel

_BAR = 24
"""Columns of a bar: with names and numbers it fits 80 columns twice over."""
_BREAKS = 5
_SMALLEST_WINDOW, _LARGEST_WINDOW = 512, 10_000_000
"""In tokens: as in the settings, and more than any model has."""
_WORDS: dict[Think, str] = {False: "off", True: "on"}


async def _context(desk: Desk, words: str) -> Outcome:
    if words:
        return Say(_pinned(desk, words))
    return Say(context_text(desk.session.overview()))


def _pinned(desk: Desk, words: str) -> str:
    """`words` is a number of tokens, or "auto" for what fits."""
    if words.lower() == "auto":
        return desk.session.pin_window(None)
    digits = words.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and _SMALLEST_WINDOW <= int(digits) <= _LARGEST_WINDOW):
        return (
            f'"{one_line(words, limit=40)}" is no window: use /context 32768, with at least {_SMALLEST_WINDOW}, or '
            "/context auto for what fits."
        )
    return desk.session.pin_window(int(digits))


async def _stats(desk: Desk, words: str) -> Outcome:
    session = desk.session
    text = stats_text(session.head.model, session.stats, session.profile)
    try:
        memory = _memory(await session.memory())
    except ProviderError as e:
        memory = str(e)
    return Say(f"{text}\n  {'memory':<11}{memory}")


async def _think(desk: Desk, words: str) -> Outcome:
    session = desk.session
    choices = {_WORDS.get(think, str(think)): think for think in session.thinks}
    now = _WORDS.get(session.head.think, str(session.head.think))
    if len(choices) == 1:
        return Say(f"{session.head.model} cannot think.")
    if not words:
        return Say(f"Thinking is {now}. Change it with /think {'|'.join(choices)}.")
    if words.lower() not in choices:
        return Say(f'{session.head.model} does not know "{words}". Use /think {"|".join(choices)}.')
    session.set_think(choices[words.lower()])
    return Say(
        f"Thinking is now {words.lower()}. The next answer begins later: the model reads all of it again."
    )


def stats_text(model: str, stats: Stats, profile: ModelProfile) -> str:
    rows = (*_cost("last step", stats.last), *_cost("session", stats.session), *_model(model, profile))
    return "\n".join(rows)


def context_text(view: Overview) -> str:
    return "\n".join(_filled(view))


def _filled(view: Overview) -> Iterator[str]:
    share = view.used / view.num_ctx
    yield f"  {view.used:,} of {view.num_ctx:,} tokens used ({share:.0%}), about {view.cached:,} of them cached"
    for part in view.parts:
        yield f"  {part.name:<12} {part.tokens:>7,}  {_bar(part.tokens / view.num_ctx)}"
    free = max(view.num_ctx - view.used, 0)
    yield f"  {'free':<12} {free:>7,}  {_bar(free / view.num_ctx, '─')}"
    if not view.breaks:
        yield "  The engine has not had to read anything twice."
    for broken in view.breaks[-_BREAKS:]:
        why = "planned" if broken.planned else "not planned"
        yield f"  read again: about {broken.lost_tokens:,} tokens, because of {broken.by} ({why})"


def _bar(share: float, mark: str = "━") -> str:
    return mark * max(round(min(share, 1.0) * _BAR), 1 if share > 0 else 0)


def _cost(name: str, cost: Cost) -> Iterator[str]:
    usage = cost.usage
    if not cost.steps:
        yield f"  {name:<11}nothing yet"
        return
    steps = f"{cost.steps} steps: " if cost.steps > 1 else ""
    yield (
        f"  {name:<11}{steps}{usage.prompt_tokens:,} prompt tokens, about {cost.cached_tokens:,} cached, "
        f"{usage.generated_tokens:,} generated"
    )
    rate = f"{usage.generated_tokens / usage.generate_s:.0f} tok/s, " if usage.generate_s else ""
    times = f"{usage.prompt_s:.1f} s reading, {usage.generate_s:.1f} s writing, {usage.load_s:.1f} s loading"
    yield f"  {'':<11}{rate}{times}"


def _model(name: str, profile: ModelProfile) -> Iterator[str]:
    known = [
        f"reads {profile.read_tok_s:,.0f} tok/s" if profile.read_tok_s else "",
        f"writes {profile.write_tok_s:,.0f} tok/s" if profile.write_tok_s else "",
        f"loads in {profile.load_s:.0f} s" if profile.load_s else "",
    ]
    known = [", ".join(filter(None, known))]
    if profile.steps:
        sessions = _several(profile.sessions, "session")
        steps = _several(profile.steps, "step")
        known.append(f"{sessions}, {steps}, {profile.generated_tokens:,} tokens generated")
    yield f"  {'model':<11}{one_line(name, limit=60)}"
    for row in filter(None, known):
        yield f"  {'':<11}{row}"


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _memory(model: LoadedModel | None) -> str:
    if model is None:
        return "not loaded"
    window = f", window {model.context_length:,}" if model.context_length else ""
    if not model.size_bytes:
        return f"loaded{window}"
    on_gpu = model.size_vram_bytes / model.size_bytes
    return f"{model.size_bytes / 1e9:.1f} GB, {on_gpu:.0%} on the GPU{window}"


ENGINE_COMMANDS = (
    SlashCommand("context", "what fills the window; pin the next one's", _context, "[TOKENS]", waits=False),
    SlashCommand("stats", "what it cost: tokens, cache, speed, memory", _stats, waits=False),
    SlashCommand("think", "show or change how much the model thinks", _think, "[LEVEL]"),
)
