"""What a terminal sends, as messages."""

from __future__ import annotations

import pytest
from textual.events import Key, MouseScrollUp, Paste

from ollama_code.frontends.tui.keyboard import KeyParser

PASTED = "\x1b[200~one\rtwo \x1b[A\x1b[31m three\x1b[201~"


def told(*pieces: str) -> list[str]:
    """Keys by name, pastes by their text, after a pause at the end."""
    parser = KeyParser()
    messages = [message for piece in pieces for message in parser.feed(piece)]
    messages += parser.tick()
    return [message.text if isinstance(message, Paste) else message.key for message in messages]


def test_a_paste_is_one_message_between_the_keys_around_it() -> None:
    assert told(f"a{PASTED}b\r") == ["a", "one\rtwo \x1b[A\x1b[31m three", "b", "enter"]


@pytest.mark.parametrize("at", range(1, len(PASTED) + 1))
def test_a_paste_may_be_torn_anywhere(at: int) -> None:
    sent = f"x{PASTED}y"
    assert told(sent[:at], sent[at:]) == told(sent)


def test_a_paste_may_come_character_by_character() -> None:
    assert told(*PASTED, "z") == ["one\rtwo \x1b[A\x1b[31m three", "z"]


@pytest.mark.parametrize("inside", ["", "\x1b[200~again", "nothing\x00", "\x1b[20", "\x1b"])
def test_odd_pastes_end_where_they_end(inside: str) -> None:
    assert told(f"\x1b[200~{inside}\x1b[201~", "k") == [inside.replace("\x00", ""), "k"]


@pytest.mark.parametrize(
    ("sent", "keys"),
    [("\x1b", ["escape"]), ("\x1b[A", ["up"]), ("\x1bb", ["ctrl+left"]), ("\x1b\x1b", ["escape", "escape"])],
)
def test_keys_are_told_after_a_pause_at_the_latest(sent: str, keys: list[str]) -> None:
    assert told(sent) == keys
    assert told(*sent) == keys


def test_the_wheel_between_keys_is_still_the_wheel() -> None:
    first, wheel, last = KeyParser().feed("a\x1b[<64;3;4Mb")
    assert isinstance(wheel, MouseScrollUp)
    assert isinstance(first, Key) and isinstance(last, Key)
