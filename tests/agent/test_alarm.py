"""The traces that a silent cut leaves in the server's counts, and what an honest count never looks like."""

from __future__ import annotations

import pytest

from ollama_code.agent.alarm import cut_short
from ollama_code.agent.meter import Meter
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.ports import ReplyEnd, TextPiece
from tests.agent.rig import rig


def counted(tokens: int, generated: int = 10) -> Usage:
    return Usage(prompt_tokens=tokens, generated_tokens=generated)


def meter(num_ctx: int = 8192) -> Meter:
    return Meter(Head(model="m", num_ctx=num_ctx, think=False, system="s", tools=()))


def talk(turns: int, words: int = 100, thinking: str = "") -> list[Message]:
    said = [UserMessage(text="word " * words), AssistantMessage(text="yes " * words, thinking=thinking)]
    return [*said * turns, UserMessage(text="word " * words)]


def after(prompt: list[Message], tokens: int, num_ctx: int = 8192) -> Meter:
    """A meter that has seen `prompt` counted."""
    known = meter(num_ctx)
    known.read(prompt, counted(tokens))
    return known


def test_fewer_tokens_for_more_messages_is_a_cut():
    sign = cut_short(after(talk(4), 900), talk(5), counted(700))
    assert "700" in sign and "900" in sign


def test_more_tokens_for_more_messages_is_none():
    assert cut_short(after(talk(4), 900), talk(5), counted(1100)) == ""


@pytest.mark.parametrize(
    ("num_ctx", "counts"),
    [(4096, (2050, 2051)), (8192, (4098, 4099)), (32768, (16386, 16387)), (65536, (32770, 32771))],
)
def test_what_the_hard_cut_leaves_is_known_by_its_length(num_ctx: int, counts: tuple[int, int]):
    prompt = talk(9, words=num_ctx // 90)
    for count in counts:
        assert cut_short(after(talk(1), 200, num_ctx), prompt, counted(count))
    assert cut_short(after(talk(1), 200, num_ctx), prompt, counted(counts[1] + 1)) == ""


def test_the_hard_cut_of_a_smaller_window_is_known_too():
    assert cut_short(meter(), [UserMessage(text="word " * 4000)], counted(2050))


def test_such_a_length_by_chance_is_no_cut():
    known = after(talk(10), 4000)
    assert (
        cut_short(
            known, [*talk(10), AssistantMessage(text="ok"), UserMessage(text="word " * 60)], counted(4098)
        )
        == ""
    )


def test_a_prompt_that_fills_the_window_to_everybodys_surprise_is_one():
    known = after(talk(10), 4000)
    assert "8,100" in cut_short(known, [*talk(10), UserMessage(text="word " * 800)], counted(8100))


def test_thinking_that_a_template_leaves_out_in_the_next_turn_is_none():
    prompt = talk(2, thinking="Hm, let me see. " * 100)
    assert cut_short(after(prompt[:-1], 1500), prompt, counted(1000)) == ""
    assert cut_short(after(prompt[:-2], 1500), prompt[:-1], counted(1000))


def test_after_a_compaction_a_shorter_prompt_is_none():
    known = after(talk(10), 4000)
    known.restart(talk(1))
    assert cut_short(known, talk(1), counted(400)) == ""


def test_no_count_is_no_sign():
    assert cut_short(after(talk(4), 900), talk(5), counted(0)) == ""


def answered(text: str, tokens: int):
    return (TextPiece(text), ReplyEnd("stop", counted(tokens)))


async def test_the_answer_to_a_cut_prompt_is_thrown_away_and_the_step_is_asked_again(tmp_path):
    r = rig(
        tmp_path, answered("one", 3000), answered("wrong", 1200), answered("SUMMARY", 3100),
        answered("right", 1500),
    )  # fmt: skip
    await r.say("word " * 1800)
    events = await r.say("and now?")
    assert [m.text for m in r.history if isinstance(m, AssistantMessage)][-1] == "right"
    assert not any("wrong" in m.text for m in r.history)
    assert [e.discarded for e in events if e.type == "retried"] == ["wrong"]
    assert "TRUNCATED" in next(e.text for e in events if e.type == "notice")
    assert r.provider.requests[-1].messages[0].text.endswith("and now?")


async def test_a_server_that_does_not_tell_its_window_is_known_by_what_its_cut_leaves(tmp_path):
    r = rig(tmp_path, answered("wrong", 2050), answered("right", 900), num_ctx=16384)
    await r.say("word " * 6000)
    assert r.session.window == 4096 and r.session.profile.given == 4096
    assert r.history[-1].text == "right"


async def test_a_server_that_cuts_again_ends_the_turn_in_words(tmp_path):
    r = rig(
        tmp_path, answered("one", 3000), answered("wrong", 1200), answered("SUMMARY", 3100),
        answered("wrong", 4098), answered("never", 9),
    )  # fmt: skip
    await r.say("word " * 1800)
    last = (await r.say("and now?"))[-1]
    assert (last.reason, len(r.provider.requests)) == ("failed", 4)
    assert "still cuts" in last.detail and "--num-ctx" in last.detail
    assert not any("wrong" in m.text for m in r.history)


def test_one_message_is_never_dropped_however_long_it_turns_out_to_be():
    assert cut_short(meter(), talk(0, words=1200), counted(7900)) == ""


def test_writing_on_in_a_full_window_is_a_cut():
    prompt, known = talk(4), after(talk(3), 7600)
    assert "wrote on" in cut_short(known, prompt, counted(7900, generated=400))
    assert cut_short(known, prompt, counted(7900, generated=200)) == ""
