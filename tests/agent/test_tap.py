"""What the raw tap costs is found out without a request of its own."""

from __future__ import annotations

import pytest

from ollama_code.agent.known import Known
from ollama_code.agent.tap_cost import TapCost
from ollama_code.core.errors import RequestRejected
from ollama_code.core.events import CallDrafted, PhaseChanged
from ollama_code.core.head import Head
from ollama_code.core.messages import ToolMessage
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage
from ollama_code.ports import ChatRequest, RawPiece
from ollama_code.providers.scripted import fails, says
from tests.agent.rig import rig

WRITTEN = '<tool_call>\n{"name": "look", "arguments": {"word": "x y"}}\n</tool_call>'


def usage(tokens_per_s: float, tokens: int = 100, prompt: int = 4000) -> Usage:
    return Usage(prompt_tokens=prompt, generated_tokens=tokens, generate_s=tokens / tokens_per_s)


@pytest.mark.parametrize(
    ("tapped", "plain", "worth"), [(50.0, 50.0, True), (48.0, 50.0, True), (40.0, 50.0, False)]
)
def test_an_answer_without_the_tap_shows_its_price(tapped: float, plain: float, worth: bool) -> None:
    cost = TapCost()
    assert cost.note(usage(tapped), tapped=True) is None
    assert cost.note(usage(plain), tapped=False) is worth


@pytest.mark.parametrize(
    "odd", [usage(90.0, tokens=10), usage(90.0, prompt=100), Usage(generated_tokens=500)]
)
def test_short_answers_and_other_places_in_the_window_prove_nothing(odd: Usage) -> None:
    cost = TapCost()
    cost.note(usage(50.0), tapped=True)
    assert cost.note(odd, tapped=False) is None


async def test_a_call_in_the_raw_text_is_told_while_it_is_written(tmp_path):
    raw = [RawPiece(letter) for letter in WRITTEN]
    r = rig(tmp_path, [*raw, *says("")], says("ok"))
    events = await r.say()
    drafts = [event for event in events if isinstance(event, CallDrafted)]
    assert {(draft.number, draft.name) for draft in drafts} == {(1, "look")}
    assert "".join(draft.text for draft in drafts) == "x y"
    assert drafts[-1].tokens == len(WRITTEN)
    assert [m.text for m in r.history if isinstance(m, ToolMessage)] == ["saw x y"]


async def test_writing_a_call_is_a_phase_with_the_tool_and_its_tokens(tmp_path):
    r = rig(tmp_path, [*(RawPiece(letter) for letter in WRITTEN), *says("")], says("ok"))
    phases = [event.phase for event in await r.say() if isinstance(event, PhaseChanged)]
    calling = [phase for phase in phases if (phase.name, phase.detail) == ("calling", "look")]
    assert calling[-1].tokens > len(WRITTEN) // 2 and len(calling) < len(WRITTEN)


async def test_a_call_that_nobody_can_read_yet_is_counted_all_the_same(tmp_path):
    withheld = [RawPiece(letter) for letter in "<unknown dialect>" * 2]
    r = rig(tmp_path, [*withheld, *says("Hello.")])
    phases = [event.phase for event in await r.say() if isinstance(event, PhaseChanged)]
    assert [phase.tokens for phase in phases if phase.name == "calling"] == [8, 16, 24, 32]
    assert phases[-1].name == "writing"


async def test_the_raw_text_is_asked_for_only_where_tools_are_offered_and_it_is_not_refused(tmp_path):
    r = rig(tmp_path, says("a"))
    await r.say()
    assert [request.tap for request in r.provider.requests] == [True]


async def test_a_refusal_of_the_raw_text_is_remembered_and_not_told(tmp_path):
    r = rig(tmp_path, fails(RequestRejected('refused (status 400). It said: "logprobs: no"')), says("ok"))
    events = await r.say()
    assert [request.tap for request in r.provider.requests] == [True, False]
    assert [event.type for event in events if event.type == "retried"] == []


@pytest.mark.parametrize("side", [True, False])
def test_a_profile_learns_what_the_tap_costs(side: bool):
    kept: list[ModelProfile] = []
    known = Known(ModelProfile(), kept.append)
    head = Head(model="m", num_ctx=8192, think=False, system="s", tools=())
    known.weigh_tap(ChatRequest(head, (), 100, tap=True), usage(40.0))
    known.weigh_tap(ChatRequest(head, (), 100, tap=not side), usage(50.0))
    assert [profile.taps for profile in kept] == ([False] if side else [])
