from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ollama_code.core.permission import Mode
from ollama_code.core.phase import Phase
from ollama_code.frontends.tui.panels.status import Status, StatusBar, Times, phase_words
from tests.tui.panels.host import Hand, Host, screen_text
from tests.tui.panels.requests import HOSTILE

IDLE = Status(
    model="qwen3:4b", used_tokens=12_698, num_ctx=32_768, speed_tok_s=41.2, branch="main", hint="F1 help"
)


@asynccontextmanager
async def shown(status: Status, width: int = 120):
    hand = Hand()
    bar = StatusBar(clock=hand)
    async with Host(bar).run_test(size=(width, 24)) as pilot:
        bar.show(replace(status, phase_since=hand.now))
        await pilot.pause()
        yield pilot, bar, hand


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase(name="connecting", detail="127.0.0.1:11434"), "connecting to 127.0.0.1:11434 0:05"),
        (Phase(name="loading", detail="qwen3:4b"), "loading qwen3:4b 0:05"),
        (Phase(name="reading", detail="about 3,100 tokens"), "reading about 3,100 tokens 0:05"),
        (Phase(name="reading", tokens=3100, expected_s=12), "reading 1.5k of 3.0k tokens, about 0:06 left"),
        (Phase(name="reading", tokens=8192, cached_tokens=5000), "reading about 3.1k of 8k tokens 0:05"),
        (
            Phase(name="calling", detail="write_file", tokens=120),
            "writing the call of write_file 120 tokens 0:05",
        ),
        (Phase(name="thinking"), "thinking 41 tok/s 0:05"),
        (Phase(name="writing"), "writing 41 tok/s"),
        (Phase(name="running", detail="Run pytest -q"), "running pytest -q 0:05"),
        (Phase(name="running", detail="Read src/a.py"), "Read src/a.py 0:05"),
    ],
    ids=lambda value: value.name if isinstance(value, Phase) else "",
)
def test_a_phase_is_said_in_words_with_numbers(phase: Phase, words: str):
    assert phase_words(phase, Times(5.9, speed_tok_s=41.2)) == words


async def test_all_is_shown_where_there_is_room():
    async with shown(IDLE) as (_, bar, _hand):
        text = screen_text(bar.app, bar)
        assert [part for part in text.split() if part != "·"] == [
            *("qwen3:4b", "default", "12.4k/32k", "41", "tok/s", "main"),
            *("F1", "help"),
        ]
        assert text.rstrip().endswith("F1 help")


@pytest.mark.parametrize(
    ("width", "kept", "dropped"),
    [
        (60, "F1 help", "main"),
        (50, "F1 help", "tok/s"),
        (37, "12.4k/32k", "F1 help"),
        (24, "qwen3:4b", "12.4k"),
        (12, "default", "qwen3"),
    ],
)
async def test_the_least_important_gives_way_first(width: int, kept: str, dropped: str):
    async with shown(IDLE, width) as (_, bar, _hand):
        text = screen_text(bar.app, bar)
        assert kept in text
        assert dropped not in text


READING = Phase(name="reading", tokens=31 * 1024, cached_tokens=1024, expected_s=60)


@pytest.mark.parametrize(
    ("phase", "times", "words"),
    [
        (READING, Times(0, 0), "reading 1k of 31k tokens, about 1:00 left"),
        (READING, Times(20, 20), "reading 11k of 31k tokens, about 0:40 left"),
        (READING, Times(70, 70), "reading about 30k of 31k tokens 1:10 of about 1:00"),
        (READING, Times(121, 121), "reading about 30k of 31k tokens, no progress for 2:01, Esc stops"),
        (Phase(name="loading", detail="m", expected_s=30), Times(12), "loading m 0:12 of about 0:30"),
        (Phase(name="loading", detail="m"), Times(119, 119), "loading m 1:59"),
        (Phase(name="loading", detail="m"), Times(120, 120), "loading m, no progress for 2:00, Esc stops"),
        (Phase(name="thinking"), Times(300, 2, 40), "thinking 40 tok/s 5:00"),
        (Phase(name="thinking"), Times(300, 90, 40), "thinking, no progress for 1:30, Esc stops"),
        (Phase(name="writing"), Times(300, 90, 40), "writing, no progress for 1:30, Esc stops"),
        (Phase(name="running", detail="Run make"), Times(300, 300), "running make 5:00"),
    ],
    ids=lambda value: value.name if isinstance(value, Phase) else "",
)
def test_a_wait_says_how_long_it_will_be_and_when_it_is_too_long(phase: Phase, times: Times, words: str):
    assert phase_words(phase, times, cells=80) == words


def test_where_there_is_little_room_the_numbers_of_a_reading_stay():
    assert phase_words(READING, Times(20), cells=33) == "reading 11k of 31k, 0:40 left"
    assert phase_words(READING, Times(20), cells=24) == "reading about 0:40 left"


async def test_only_what_is_heard_is_progress():
    async with shown(replace(IDLE, phase=Phase(name="thinking"))) as (_pilot, bar, hand):
        status = replace(IDLE, phase=Phase(name="thinking"), phase_since=hand.now)
        hand.now += 50
        bar.show(status)
        hand.now += 50
        assert "Esc" not in bar.render().plain
        hand.now += 10
        assert "no progress for 1:00, Esc stops" in bar.render().plain


async def test_a_model_that_is_partly_on_the_processor_is_marked():
    async with shown(replace(IDLE, gpu_share=0.62)) as (_, bar, _hand):
        assert "62% on GPU" in screen_text(bar.app, bar)
    async with shown(replace(IDLE, gpu_share=0.0)) as (_, bar, _hand):
        assert "GPU" not in screen_text(bar.app, bar)


LONG = Phase(name="running", detail="Run for i in $(seq 1 60); do echo line $i; sleep 0.5; done")


async def test_a_long_command_takes_the_room_that_is_left_and_no_more():
    async with shown(replace(IDLE, phase=LONG), 80) as (_, bar, _hand):
        text = screen_text(bar.app, bar)
        assert text.split()[:5] == ["qwen3:4b", "·", "default", "·", "12.4k/32k"]
        assert "running for i" in text and "… 0:00" in text and text.rstrip().endswith("F1 help")
    async with shown(replace(IDLE, phase=LONG), 54) as (_, bar, _hand):
        text = screen_text(bar.app, bar)
        assert "12.4k/32k" in text and "running 0:00" in text


async def test_the_mode_and_the_phase_stay_longest():
    async with shown(replace(IDLE, mode=Mode.YOLO, phase=Phase(name="writing")), 30) as (_, bar, _hand):
        text = screen_text(bar.app, bar)
        assert "yolo" in text
        assert "writing 41 tok/s" in text


async def test_it_ticks_only_while_a_phase_lasts():
    async with shown(IDLE) as (_, bar, _hand):
        seen = [bar.ticking]
        for phase in (Phase(name="loading"), Phase(name="writing"), None):
            bar.show(replace(IDLE, phase=phase))
            seen.append(bar.ticking)
        assert seen == [False, True, True, False]


async def test_a_tick_shows_the_seconds_gone_by():
    async with shown(replace(IDLE, phase=Phase(name="loading", detail="qwen3:4b"))) as (pilot, bar, hand):
        hand.now += 65
        bar.refresh()
        await pilot.pause()
        assert "loading qwen3:4b 1:05" in screen_text(bar.app, bar)


@pytest.mark.parametrize("width", [20, 80, 200])
async def test_nothing_hostile_reaches_the_screen(width: int):
    hostile = Status(model=HOSTILE, branch=HOSTILE, hint=HOSTILE, phase=Phase(name="running", detail=HOSTILE))
    async with shown(hostile, width) as (_, bar, _hand):
        text = screen_text(bar.app)
        assert "default" in text
        assert not set(text) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")


@pytest.mark.parametrize("level", ["bwrap", "landlock, network open"])
async def test_the_level_of_the_sandbox_is_named(level: str):
    async with shown(replace(IDLE, sandbox=level)) as (_, bar, _hand):
        assert f"default  ·  12.4k/32k  ·  sandbox {level}  ·" in bar.render().plain


async def test_yolo_without_a_sandbox_says_so_however_narrow_it_is():
    bare = replace(IDLE, sandbox="no sandbox", mode=Mode.YOLO)
    async with shown(bare, width=24) as (_, bar, _hand):
        assert "yolo, no sandbox" in bar.render().plain
    async with shown(replace(bare, mode=Mode.DEFAULT)) as (_, bar, _hand):
        assert "default  ·" in bar.render().plain and "no sandbox" in bar.render().plain
