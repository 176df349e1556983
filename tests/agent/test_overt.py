"""What no person sees is not told to the model either, and both hear that something was there."""

from __future__ import annotations

from pathlib import Path

from ollama_code.core.events import Notice
from ollama_code.core.messages import ToolMessage, UserMessage
from ollama_code.providers.scripted import calls, says
from tests.agent.rig import rig

HIDDEN = "\U000e0069\U000e0067\U000e006e"


async def test_hidden_words_of_a_prompt_are_left_out_and_told(tmp_path: Path) -> None:
    stage = rig(tmp_path, says("Well."))

    events = await stage.say(f"look{HIDDEN} here")

    said = next(message for message in stage.history if isinstance(message, UserMessage))
    assert HIDDEN not in said.text and "look here\n[3 invisible" in said.text
    assert any(isinstance(event, Notice) and "3 invisible" in event.text for event in events)


async def test_hidden_words_of_a_tools_output_are_left_out_and_told(tmp_path: Path) -> None:
    stage = rig(tmp_path, calls(("look", {"word": f"a{HIDDEN}b"})), says("Well."))

    events = await stage.say()

    told = next(message for message in stage.history if isinstance(message, ToolMessage))
    assert HIDDEN not in told.text and "saw ab\n[3 invisible" in told.text
    assert any(isinstance(event, Notice) and "3 invisible" in event.text for event in events)
