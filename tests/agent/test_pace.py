"""Phases with numbers, what is learned from each answer, and what a person hears who stops a reading."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ollama_code.agent.known import Known
from ollama_code.core.errors import ModelLoadFailed, ModelUnfit
from ollama_code.core.events import Event, ModelLoaded, Notice, PhaseChanged, Retried
from ollama_code.core.phase import Phase
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage
from ollama_code.ports import LoadedModel, ReplyEnd, TextPiece
from ollama_code.providers.scripted import Hang, Reply, fails, says
from tests.agent.rig import Rig, rig

GB = 1_000_000_000
READING, LOADING = Phase(name="reading", tokens=700), Phase(name="loading", detail="m")
LEARNED = ModelProfile(read_tok_s=100.0, load_s=12.0)


def answer(*before: Phase | LoadedModel, **usage: float | int) -> Reply:
    return (*before, TextPiece("Yes."), ReplyEnd("stop", Usage(**usage)))


def knowing(folder: Path, profile: ModelProfile, *replies: Reply) -> tuple[Rig, Known]:
    known = Known(profile)
    return rig(folder, *replies, known=known), known


def phases(events: list[Event], name: str) -> list[Phase]:
    return [e.phase for e in events if isinstance(e, PhaseChanged) and e.phase.name == name]


def notices(events: list[Event]) -> str:
    return "\n".join(e.text for e in events if isinstance(e, Notice))


async def test_a_model_that_was_never_measured_has_no_times(tmp_path: Path) -> None:
    one, _ = knowing(tmp_path, ModelProfile(), answer(LOADING, READING))
    seen = await one.say()
    assert [phases(seen, name)[0].expected_s for name in ("loading", "reading")] == [0.0, 0.0]


async def test_loading_is_expected_to_take_what_it_took(tmp_path: Path) -> None:
    one, known = knowing(tmp_path, LEARNED, answer(LOADING, load_s=22.0))
    assert phases(await one.say(), "loading") == [Phase(name="loading", detail="m", expected_s=12.0)]
    assert known.profile.load_s == 16.0


async def test_reading_is_expected_to_take_as_long_as_the_new_tokens_need(tmp_path: Path) -> None:
    first = answer(READING, prompt_tokens=5000, generated_tokens=10, prompt_s=50.0)
    one, _ = knowing(tmp_path, LEARNED, first, answer(READING))
    await one.say("go")
    [phase] = phases(await one.say("x" * 3200), "reading")
    new = phase.tokens - phase.cached_tokens
    assert phase.cached_tokens == 5010 and 500 < new < 3000
    assert phase.expected_s == pytest.approx(new / 100)


async def test_after_a_load_everything_is_read_again(tmp_path: Path) -> None:
    first = answer(READING, prompt_tokens=5000, prompt_s=50.0)
    one, _ = knowing(tmp_path, LEARNED, first, answer(LOADING, READING))
    await one.say()
    [phase] = phases(await one.say(), "reading")
    assert phase.cached_tokens == 0


@pytest.mark.parametrize(
    ("usage", "rate"),
    [
        ({"prompt_tokens": 3000, "cached_tokens": 1000, "prompt_s": 10.0}, 140.0),
        ({"prompt_tokens": 3000, "prompt_s": 15.0}, 140.0),
        ({"prompt_tokens": 3000, "prompt_s": 0.3}, 100.0),
        ({"prompt_tokens": 100, "cached_tokens": 0, "prompt_s": 10.0}, 100.0),
        ({"prompt_tokens": 3000, "cached_tokens": 2990, "prompt_s": 0.1}, 100.0),
    ],
    ids=["counted", "near what is known", "came from an unseen cache", "too few", "too short"],
)
async def test_the_rate_of_reading_is_learned_only_from_what_was_read(
    tmp_path: Path, usage: dict[str, float], rate: float
) -> None:
    one, known = knowing(tmp_path, LEARNED, answer(READING, **usage))
    await one.say()
    assert known.profile.read_tok_s == rate


async def test_a_first_rate_is_taken_as_it_is(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 3000, "prompt_s": 10.0, "generated_tokens": 100, "generate_s": 4.0}
    one, known = knowing(tmp_path, ModelProfile(), answer(LOADING, READING, **usage))
    await one.say()
    assert (known.profile.read_tok_s, known.profile.write_tok_s) == (300.0, 25.0)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (ModelProfile(read_tok_s=0.01), "Stopped while reading; about 0 of"),
        (ModelProfile(), "What was read stays read."),
    ],
    ids=["measured", "not measured"],
)
async def test_who_stops_a_reading_hears_what_stays_read(
    tmp_path: Path, profile: ModelProfile, said: str
) -> None:
    one, _ = knowing(tmp_path, profile, (READING, Hang()))
    turn = asyncio.create_task(one.say())
    await one.provider.hanging.wait()
    turn.cancel()
    await asyncio.wait({turn})
    assert said in notices(one.seen)


async def test_what_was_read_of_a_stopped_request_is_not_read_again(tmp_path: Path) -> None:
    one, _ = knowing(tmp_path, ModelProfile(read_tok_s=1e9), (READING, Hang()), answer(READING))
    turn = asyncio.create_task(one.say())
    await one.provider.hanging.wait()
    turn.cancel()
    await asyncio.wait({turn})
    [stopped] = phases(one.seen, "reading")
    [phase] = phases(await one.say(), "reading")
    assert phase.cached_tokens == stopped.tokens > 0


async def test_who_stops_an_answer_hears_nothing_of_reading(tmp_path: Path) -> None:
    one, _ = knowing(tmp_path, LEARNED, (READING, TextPiece("Well"), Hang()))
    turn = asyncio.create_task(one.say())
    await one.provider.hanging.wait()
    turn.cancel()
    await asyncio.wait({turn})
    assert notices(one.seen) == ""


async def test_a_model_that_is_partly_on_the_processor_is_told_once(tmp_path: Path) -> None:
    split = LoadedModel("m:latest", 8 * GB, 6 * GB, 8192)
    one, _ = knowing(tmp_path, LEARNED, answer(split), answer(split))
    seen = await one.say() + await one.say()
    assert "Only 75% of m:latest fits on the GPU with a window of 8,192 tokens" in notices(seen)
    assert notices(seen).count("GPU") == 1
    assert [e.size_vram_bytes for e in seen if isinstance(e, ModelLoaded)] == [6 * GB, 6 * GB]


@pytest.mark.parametrize("on_gpu", [0, 8 * GB], ids=["no GPU", "all of it"])
async def test_a_model_in_one_place_needs_no_warning(tmp_path: Path, on_gpu: int) -> None:
    one, _ = knowing(tmp_path, LEARNED, answer(LoadedModel("m", 8 * GB, on_gpu, 8192)))
    assert notices(await one.say()) == ""


async def test_a_window_that_does_not_load_is_not_remembered(tmp_path: Path) -> None:
    one, known = knowing(tmp_path, ModelProfile(fit=8192), fails(ModelLoadFailed("no memory")))
    await one.say()
    assert known.profile.fit is None


async def test_a_model_that_refuses_to_think_is_asked_without_and_remembered(tmp_path: Path) -> None:
    unfit = fails(ModelUnfit("cannot think", lacks_thinking=True))
    one, known = knowing(tmp_path, ModelProfile(), unfit, says("Hello."), says("Again."))
    seen = await one.say() + await one.say()
    assert [request.think for request in one.provider.requests] == [None, False, False]
    assert known.profile.thinks is False
    assert not any(isinstance(event, Retried) for event in seen)


async def test_a_model_that_still_refuses_is_not_asked_for_ever(tmp_path: Path) -> None:
    unfit = fails(ModelUnfit("cannot think", lacks_thinking=True))
    one, _ = knowing(tmp_path, ModelProfile(), unfit, unfit)
    await one.say()
    assert len(one.provider.requests) == 2


def test_a_pin_is_for_this_model_and_can_be_taken_away() -> None:
    kept: list[ModelProfile] = []
    known = Known(ModelProfile(fit=16384), kept.append)
    known.pin(32768)
    known.pin(None)
    assert kept == [ModelProfile(fit=16384, pinned=32768), ModelProfile()]


def test_a_window_that_was_given_is_forgotten_only_where_the_server_gives_more() -> None:
    known = Known(ModelProfile(given=8192))
    for asked, given, remembered in ((4096, 4096, 8192), (32768, 6144, 6144), (32768, 32768, None)):
        known.see(LoadedModel("tiny", 0, 0, given), asked)
        assert known.profile.given == remembered and known.window == (remembered or 0)


def test_what_is_read_by_now_grows_from_what_was_cached() -> None:
    phase = Phase(name="reading", tokens=31_000, cached_tokens=1_000, expected_s=60.0)
    assert [phase.read_by(t) for t in (0, 30, 60, 90)] == [1_000, 16_000, 31_000, 31_000]
    assert [phase.left_s(t) for t in (0, 45, 90)] == [60, 15, 0]
    assert Phase(name="reading", tokens=31_000).read_by(10) == 0
