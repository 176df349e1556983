from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ollama_code.core.permission import Mode
from ollama_code.core.phase import Phase
from ollama_code.frontends.tui.panels.status import Status, StatusBar, phase_words
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
        (Phase(name="reading", tokens=3100, expected_s=12), "reading about 3.0k tokens 0:05 of about 0:12"),
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
    assert phase_words(phase, 5.9, 41.2) == words


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
