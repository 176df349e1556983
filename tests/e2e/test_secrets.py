"""A secret that a tool shows the model is in no file of the program afterwards, and the session goes on."""

from __future__ import annotations

import json

import pytest

from tests.e2e.program import Program, RunInside
from tests.ollama_server import Call, OllamaServer, Recorded, Reply

TOKEN = "ghp_0123456789abcdefABCDEF"
KEY_LINE = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJz"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_LINE}\n-----END RSA PRIVATE KEY-----\n"
PASSWORD = "a8f5f167f44f4964e6c9"
SECRETS = (TOKEN, KEY_LINE, PASSWORD)
CODE = "token = get_token()\n"


@pytest.fixture(autouse=True)
def file(program: Program) -> None:
    text = f"{KEY}DB_PASSWORD={PASSWORD}\nurl=https://me:{PASSWORD}@host\n{CODE}# {TOKEN}\n"
    (program.project / "notes.txt").write_text(text)


def kept(program: Program) -> str:
    """Every byte of every file below the home directory."""
    files = (path for path in program.home.rglob("*") if path.is_file())
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def told(request: Recorded) -> str:
    messages = request.json()["messages"]
    assert isinstance(messages, list)
    return "\n".join(str(message.get("content", "")) for message in messages)


def shell(command: str, **more: object) -> Call:
    return Call("run_shell_command", {"command": command, **more})


SHOWING = {
    "a command": (shell("cat notes.txt; true"),),
    "a file": (Call("read_file", {"absolute_path": "notes.txt"}),),
    "arguments": (
        Call("write_file", {"file_path": "b.txt", "content": f"{KEY}{CODE}{TOKEN} x://me:{PASSWORD}@h"}),
    ),
    "a long output": (shell("seq 300000; cat notes.txt; seq 300000"),),
}


@pytest.mark.parametrize("calls", SHOWING.values(), ids=SHOWING.keys())
def test_what_a_tool_shows_is_told_to_the_model_and_kept_by_nobody(
    program: Program, server: OllamaServer, calls: tuple[Call, ...]
) -> None:
    server.play(Reply(calls=calls), Reply(text=f"It was {TOKEN}."))
    ran = program.run("-p", f"go with {TOKEN}", "--yolo")
    assert ran.out == f"It was {TOKEN}.\n" and TOKEN in told(server.chats[-1])
    assert [secret for secret in SECRETS if secret in kept(program)] == []


def test_what_a_job_prints_is_read_by_the_model_and_not_left_in_its_log(
    program: Program, server: OllamaServer
) -> None:
    server.play(
        Reply(calls=(shell("cat notes.txt", is_background=True),)),
        Reply(calls=(shell("sleep 0.5"),)),
        Reply(calls=(Call("run_shell_command", {"job": "job1"}),)),
        Reply(text="Done."),
    )
    program.run("-p", "go", "--yolo")
    assert TOKEN in told(server.chats[-1])
    [log] = program.state.rglob("job1.log")
    assert CODE in log.read_text()
    assert [secret for secret in SECRETS if secret in kept(program)] == []


def test_a_session_with_a_secret_goes_on_and_says_what_it_lost(
    program: Program, server: OllamaServer
) -> None:
    server.play(
        Reply(calls=SHOWING["a file"]), Reply(text="Seen."), Reply(text="Again."), Reply(text="Once.")
    )
    program.run("-p", "go", "--yolo")
    ran = program.run("-p", "and now?", "--continue")
    assert (ran.code, ran.out) == (0, "Again.\n")
    assert ran.err.count("Secrets in this session were not kept") == 1
    before, after = told(server.chats[1]), told(server.chats[2])
    assert "DB_PASSWORD=<secret>" in after and CODE in after
    assert TOKEN in before and TOKEN not in after
    again = program.run("-p", "once more", "--continue")
    assert again.out == "Once.\n" and told(server.chats[3]).startswith(after)


def test_without_a_secret_nothing_is_said(program: Program, server: OllamaServer) -> None:
    server.play(Reply(calls=(shell("echo 'token = get_token()'"),)), Reply(text="a"), Reply(text="b"))
    program.run("-p", "go", "--yolo")
    ran = program.run("-p", "and now?", "--continue")
    assert "not kept" not in ran.err and CODE in told(server.chats[-1])


def test_what_was_removed_by_a_summary_is_not_missed(program: Program, server: OllamaServer) -> None:
    """A token in the first turn, then a journal whose summary holds none."""
    server.play(Reply(calls=SHOWING["a file"]), Reply(text="Seen."))
    program.run("-p", "go", "--yolo")
    [journal] = program.journals()
    shorter = {"type": "compacted", "history": [], "tokens_before": 9, "tokens_after": 1}
    journal.write_text(f"{journal.read_text()}{json.dumps(shorter)}\n")
    server.play(Reply(text="Again."))
    assert "not kept" not in program.run("-p", "more", "--continue").err


def test_a_stored_key_is_kept_out_whatever_it_looks_like(program: Program, server: OllamaServer) -> None:
    program.settings(json.dumps({"ollama": {"apiKey": "plain-words-only"}}))
    (program.state / "settings.json").chmod(0o600)
    server.play(Reply(calls=(shell("echo plain-words-'only'"),)), Reply(text="Done."))
    program.run("-p", "go", "--yolo")
    assert "plain-words-only" in told(server.chats[-1])
    assert "plain-words-only" not in program.journals()[0].read_text()


def test_the_model_is_kept_from_secrets_where_the_person_wants_it(
    program: Program, server: OllamaServer, run: RunInside
) -> None:
    program.settings('{"hideSecrets": true}')
    server.play(Reply(calls=SHOWING["a command"]), Reply(text="Seen."), Reply(text="Again."))
    ran = run("-p", f"use {TOKEN}", "--yolo")
    assert "hideSecrets" in ran.err
    heard = told(server.chats[1])
    assert [secret for secret in SECRETS if secret in heard] == [] and CODE in heard
    assert "not kept" not in run("-p", "and now?", "-c").err  # the same bytes again
    assert told(server.chats[2]).startswith(heard)
