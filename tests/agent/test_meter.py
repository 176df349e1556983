"""What the meter learns from the server's counts, and how careful it is where it knows nothing."""

from __future__ import annotations

import pytest

from ollama_code.agent.known import Known
from ollama_code.agent.meter import IMAGE_TOKENS, Meter, Pieces
from ollama_code.core.errors import ContextOverflow
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Image, Message, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.providers.scripted import says
from tests.agent.rig import rig

HEAD = Head(model="m", num_ctx=8192, think=False, system="be brief", tools=())
PICTURE = Image(media_type="image/png", data="aGk=" * 9000)


def prompt(text: str) -> list[Message]:
    return [UserMessage(text=text)]


def seen(text: str, tokens: int) -> Meter:
    meter = Meter(HEAD)
    meter.read(prompt(text), Usage(prompt_tokens=tokens))
    return meter


def test_what_was_counted_is_exact():
    assert seen("word " * 1000, 1016).used(prompt("word " * 1000)) == 1016


def test_the_ratio_follows_what_the_server_counts():
    dense, light = seen("x+" * 2000, 2000), seen("word " * 1000, 1016)
    assert (dense.learned, light.learned) == (pytest.approx(2.0, rel=0.05), pytest.approx(5.0, rel=0.05))
    text = [UserMessage(text="some plain words " * 50)]
    assert dense.size(text) > Meter(HEAD).size(text) > light.size(text)


def test_a_new_session_begins_with_what_was_learned():
    text = [UserMessage(text="some plain words " * 50)]
    assert Meter(HEAD, 2.0).size(text) > Meter(HEAD).size(text)


@pytest.mark.parametrize("tokens", [40, 9, 100_000])
def test_a_count_that_cannot_be_of_this_prompt_teaches_nothing(tokens: int):
    assert seen("word " * 1000, tokens).learned is None


def test_numbers_and_other_scripts_are_not_taken_for_prose():
    prose = Meter(HEAD).size([UserMessage(text="plain words " * 100)])
    assert Meter(HEAD).size([UserMessage(text="3.14159,2.71" * 100)]) > 2 * prose
    assert Meter(HEAD).size([UserMessage(text="窗口已经满了需要腾出空间" * 100)]) > 2 * prose


def test_a_picture_is_counted_and_its_base64_is_not():
    size = Meter(HEAD).size([UserMessage(text="", images=(PICTURE,))])
    assert IMAGE_TOKENS <= size < IMAGE_TOKENS + 50


def test_pictures_do_not_spoil_the_ratio():
    meter = Meter(HEAD)
    told = [UserMessage(text="word " * 1000, images=(PICTURE,))]
    meter.read(told, Usage(prompt_tokens=1016 + IMAGE_TOKENS))
    assert meter.learned == pytest.approx(5.0, rel=0.05)


def test_uncounted_text_may_be_worse_than_estimated_and_counted_text_may_not():
    meter = seen("word " * 1000, 1016)
    more = [*prompt("word " * 1000), AssistantMessage(text="x" * 4000)]
    assert meter.worst(prompt("word " * 1000)) == 1016
    assert meter.worst(more) - 1016 > 1.5 * (meter.used(more) - 1016)


def test_a_refusal_teaches_the_window_and_the_size():
    meter = Meter(HEAD)
    meter.overflowed(prompt("word " * 1000), 5000, 4096)
    assert (meter.num_ctx, meter.used(prompt("word " * 1000))) == (4096, 5000)
    with pytest.raises(ContextOverflow, match="4,096"):
        meter.answer_room(prompt("word " * 1000))


def test_a_refusal_without_numbers_still_says_that_it_was_too_long():
    meter = Meter(HEAD)
    meter.overflowed(prompt("word " * 1000), 0, 0)
    assert meter.num_ctx == 8192 and meter.used(prompt("word " * 1000)) > 8192


def test_a_text_is_fitted_by_its_own_density():
    meter = Meter(HEAD)
    numbers = meter.fitted("1234567890," * 10_000, 500)
    assert len(numbers) < len(meter.fitted("plain words " * 10_000, 500))
    assert meter.size([UserMessage(text=numbers)]) <= 520


async def test_what_is_learned_is_handed_on_between_steps(tmp_path):
    known = Known()
    r = rig(tmp_path, says("fine"), known=known)
    await r.say("word " * 1500)
    assert known.profile.chars_per_token == pytest.approx(4.0, rel=0.2)


def test_asking_again_and_again_for_the_same_text_costs_next_to_nothing():
    meter = Meter(HEAD)
    history = [UserMessage(text="x, y; " * 10_000)]
    first = meter.used(history)
    assert all(meter.used(history) == first for _ in range(20_000))


def test_meters_that_share_their_counts_estimate_the_same():
    text, pieces = [UserMessage(text="a1" * 5000)], Pieces()
    assert (
        Meter(HEAD, pieces=pieces).size(text)
        == Meter(HEAD, pieces=pieces).size(text)
        == Meter(HEAD).size(text)
    )


def test_an_answer_gets_no_room_that_uncounted_text_may_need():
    meter = seen("word " * 1000, 1000)
    counted = prompt("word " * 1000)
    longer = [*counted, UserMessage(text="word " * 1500)]
    assert meter.answer_room(counted) == int(8192 * 0.98) - 1000
    assert meter.answer_room(longer) == int(8192 * 0.98) - meter.worst(longer)


def test_an_answer_keeps_an_eighth_of_the_window_whatever_is_uncounted():
    meter = seen("word " * 1000, 1000)
    longer = [*prompt("word " * 1000), UserMessage(text="word " * 3500)]
    assert meter.worst(longer) > 8192 * 0.9 and meter.answer_room(longer) == 8192 // 8
