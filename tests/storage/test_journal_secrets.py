"""What a journal leaves out, what it never touches, and how a reader learns of it."""

from __future__ import annotations

from pathlib import Path

from ollama_code.core.events import Compacted, Event, MessageAdded, Notice
from ollama_code.core.messages import AssistantMessage, Image, ToolCall, ToolMessage, UserMessage
from ollama_code.core.redact import HIDDEN, Redactor
from ollama_code.storage.journal import Journal
from ollama_code.storage.replay import Replayed, replay
from tests.storage.samples import STARTED, said

TOKEN = "ghp_0123456789abcdefABCDEF"


def written(path: Path, *events: Event) -> tuple[Replayed, str]:
    journal = Journal(path, Redactor().sure)
    for event in (STARTED, *events):
        journal(event)
    journal.close()
    return replay(path), path.read_text()


def test_every_part_of_every_message_is_looked_through(tmp_path: Path) -> None:
    call = ToolCall(id="1", name="write_file", arguments={"content": [f"a {TOKEN}", {"b": TOKEN}]})
    found, text = written(
        tmp_path / "j.jsonl",
        MessageAdded(message=UserMessage(text=TOKEN, said=(TOKEN,), files=(TOKEN,))),
        MessageAdded(message=AssistantMessage(text=TOKEN, thinking=TOKEN, written=TOKEN, calls=(call,))),
        MessageAdded(message=ToolMessage(call_id="1", name="write_file", text=TOKEN)),
        Notice(text=TOKEN),
    )
    assert TOKEN not in text and found.secrets_hidden
    assert found.history[1] == AssistantMessage(
        text=HIDDEN,
        thinking=HIDDEN,
        written=HIDDEN,
        calls=(ToolCall(id="1", name="write_file", arguments={"content": [f"a {HIDDEN}", {"b": HIDDEN}]}),),
    )


def test_a_picture_and_a_line_without_secrets_are_written_as_they_are(tmp_path: Path) -> None:
    picture = UserMessage(text="look\u2028", images=(Image(media_type="image/png", data=TOKEN),))
    found, text = written(tmp_path / "j.jsonl", MessageAdded(message=picture))
    plain = Journal(tmp_path / "plain.jsonl")
    for event in (STARTED, MessageAdded(message=picture)):
        plain(event)
    plain.close()
    assert text == (tmp_path / "plain.jsonl").read_text()
    assert found.history == (picture,) and not found.secrets_hidden


def test_what_a_summary_took_away_is_not_missed(tmp_path: Path) -> None:
    shorter = Compacted(history=(UserMessage(text="so far"),), tokens_before=9, tokens_after=1)
    found, _ = written(tmp_path / "j.jsonl", said(TOKEN), shorter)
    assert not found.secrets_hidden
    with_one = shorter.model_copy(update={"history": (UserMessage(text=TOKEN),)})
    found, _ = written(tmp_path / "k.jsonl", said("a"), with_one)
    assert found.secrets_hidden and found.history == (UserMessage(text=HIDDEN),)


def test_a_secret_of_a_subagent_is_none_of_the_main_history(tmp_path: Path) -> None:
    found, text = written(
        tmp_path / "j.jsonl", MessageAdded(message=UserMessage(text=TOKEN), agent="explore-1")
    )
    assert TOKEN not in text and not found.secrets_hidden
