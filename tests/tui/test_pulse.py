from __future__ import annotations

from dataclasses import replace

import pytest

from ollama_code.core.events import (
    CallDrafted,
    Compacted,
    Event,
    ModeChanged,
    ModelLoaded,
    PermissionAnswered,
    PermissionAsked,
    PhaseChanged,
    TurnFinished,
    UsageReported,
)
from ollama_code.core.permission import Allowed, Mode
from ollama_code.core.phase import Phase
from ollama_code.core.usage import Usage
from ollama_code.frontends.tui.pulse import YOUR_TURN, Pulse
from tests.tui.panels.host import Hand
from tests.tui.panels.requests import command, request

ASKED = PermissionAsked(request=request(command()))
ANSWERED = PermissionAnswered(request=ASKED.request, answer=Allowed(), by="person")


def told(*events: Event, hand: Hand | None = None) -> Pulse:
    pulse = Pulse(hand or Hand())
    for event in events:
        pulse.hear(event)
    return pulse


def phase(name: str, detail: str = "") -> PhaseChanged:
    return PhaseChanged(phase=Phase(name=name, detail=detail))


def test_a_phase_that_is_told_again_goes_on_since_it_began():
    hand = Hand()
    pulse = told(phase("reading", "about 3,000 tokens"), hand=hand)
    hand.now += 5
    pulse.hear(phase("reading", "about 2,000 tokens"))
    assert (pulse.status.phase_since, pulse.status.phase.detail) == (100.0, "about 2,000 tokens")


def test_a_call_that_grows_is_counted_as_in_the_transcript():
    pulse = told(phase("calling", "edit"), CallDrafted(number=1, name="edit", text="a", tokens=13))
    assert pulse.status.phase == Phase(name="calling", detail="edit", tokens=13)


def test_each_tool_is_timed_from_its_own_start():
    hand = Hand()
    pulse = told(phase("running", "Read a.py"), hand=hand)
    hand.now += 5
    pulse.hear(phase("running", "Read b.py"))
    assert pulse.status.phase_since == 105.0


def test_usage_gives_the_speed_and_how_full_the_window_is():
    usage = Usage(prompt_tokens=900, generated_tokens=100, generate_s=2.0)
    status = told(UsageReported(usage=usage, num_ctx=8192)).status
    assert (status.used_tokens, status.num_ctx, status.speed_tok_s) == (1000, 8192, 50.0)


@pytest.mark.parametrize(("on_gpu", "share"), [(6, 0.75), (8, 1.0), (0, 0.0)])
def test_how_the_model_lies_in_memory_is_told(on_gpu: int, share: float):
    loaded = ModelLoaded(model="m", num_ctx=8192, size_bytes=8, size_vram_bytes=on_gpu)
    assert told(loaded).status.gpu_share == share


def test_a_question_says_whose_turn_it_is_until_it_is_answered():
    asked = told(phase("writing"), ASKED)
    assert (asked.status.phase, asked.status.hint) == (None, YOUR_TURN)
    assert told(ASKED, ANSWERED).status.hint == ""


@pytest.mark.parametrize("end", ["done", "cancelled", "failed"])
def test_nothing_goes_on_after_the_turn(end: str):
    status = told(phase("writing"), ASKED, TurnFinished(reason=end)).status
    assert (status.phase, status.hint) == (None, "")


def test_a_passing_word_hides_the_question_only_for_a_while():
    pulse = told(ASKED)
    pulse.note("copied")
    assert pulse.status.hint == "copied"
    pulse.note("")
    assert pulse.status.hint == YOUR_TURN


def test_the_mode_and_a_shorter_conversation_are_told():
    pulse = told(ModeChanged(mode=Mode.PLAN), Compacted(history=(), tokens_before=9000, tokens_after=800))
    assert (pulse.status.mode, pulse.status.used_tokens) == (Mode.PLAN, 800)


def test_what_a_subagent_does_is_not_the_pulse_of_the_session():
    pulse = told()
    before = replace(pulse.status)
    pulse.hear(PhaseChanged(phase=Phase(name="writing"), agent="reviewer"))
    assert pulse.status == before
