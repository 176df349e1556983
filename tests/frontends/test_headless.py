"""One turn without a screen: what is printed, what the model is told, how it ends."""

from __future__ import annotations

import pytest

from tests.e2e.program import Program, RunInside, told
from tests.e2e.terminal import terminal
from tests.ollama_server import Call, Fault, OllamaServer, Reply

EDIT = Call("edit", {"file_path": "a.txt", "old_string": "one", "new_string": "two"})
READ = Call("read_file", {"absolute_path": "a.txt"})
SHELL = Call("run_shell_command", {"command": "touch made"})


@pytest.fixture
def file(program: Program):
    path = program.project / "a.txt"
    path.write_text("one\n")
    return path


def test_the_answer_is_on_stdout_and_nothing_else(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="Hello there."))
    ran = run("-p", "hi")
    assert (ran.code, ran.out, ran.err) == (0, "Hello there.\n", "")


def test_json_is_one_object_with_the_promised_keys(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="Hello.", prompt_tokens=11, eval_tokens=2))
    ran = run("-p", "hi", "--output-format", "json")
    assert set(ran.report) == {"result", "reason", "session", "model", "usage", "denied"}
    assert (ran.report["result"], ran.report["reason"], ran.report["denied"]) == ("Hello.", "done", [])
    assert ran.report["model"] == "tiny:latest"
    usage = ran.report["usage"]
    assert isinstance(usage, dict) and (usage["prompt_tokens"], usage["generated_tokens"]) == (11, 2)


def test_json_names_the_session_of_the_journal(
    server: OllamaServer, run: RunInside, program: Program
) -> None:
    server.play(Reply(text="Hello."))
    report = run("-p", "hi", "--output-format", "json").report
    assert program.journal()[0]["session"] == report["session"]


def test_stream_json_begins_and_ends_with_the_turn(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="Hello."))
    events = run("-p", "hi", "--output-format", "stream-json").events
    assert events[0] == {"type": "turn_started", "agent": "main", "text": "hi"}
    assert (events[-1]["type"], events[-1]["reason"]) == ("turn_finished", "done")
    assert "".join(str(e["text"]) for e in events if e["type"] == "text_delta") == "Hello."


def test_stream_json_ends_with_the_turn_when_it_failed(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.status(400, "no such thing"))
    ran = run("-p", "hi", "--output-format", "stream-json")
    assert ran.code == 1
    assert ran.events[-1]["reason"] == "failed"
    assert "no such thing" in str(ran.events[-1]["detail"])


def test_a_denied_edit_is_told_and_ends_with_3_in_spite_of_an_answer(
    server: OllamaServer, run: RunInside, file
) -> None:
    server.play(Reply(calls=(READ, EDIT)), Reply(text="I could not."))
    ran = run("-p", "change it", "--output-format", "json")
    assert (ran.code, ran.report["reason"], ran.report["result"]) == (3, "done", "I could not.")
    assert "nobody is here" in told(server.chats[-1])[1]
    assert file.read_text() == "one\n"


def test_what_was_denied_is_listed(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="No."))
    [denied] = run("-p", "go", "--output-format", "json").report["denied"]
    assert (denied["tool"], denied["by"]) == ("run_shell_command", "nobody")
    assert "touch made" in denied["title"]


def test_text_says_on_stderr_what_was_denied_and_how_to_allow_it(
    server: OllamaServer, run: RunInside
) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="No."))
    ran = run("-p", "go")
    assert (ran.code, ran.out) == (3, "No.\n")
    assert "touch made" in ran.err and "--allow" in ran.err


def test_text_promises_no_flag_where_none_would_help(server: OllamaServer, run: RunInside) -> None:
    hook = Call("write_file", {"file_path": ".git/hooks/pre-commit", "content": "x"})
    server.play(Reply(calls=(hook,)), Reply(text="No."))
    ran = run("-p", "go", "--yolo", "--allow", "write_file")
    assert "It asks because the path is protected in every mode, and nobody is here to answer." in ran.err
    assert "--allow" not in ran.err


@pytest.mark.parametrize("mode", [("--mode", "auto-edit"), ("--mode", "yolo"), ("--yolo",)])
def test_a_mode_that_edits_edits(server: OllamaServer, run: RunInside, file, mode: tuple[str, ...]) -> None:
    server.play(Reply(calls=(READ, EDIT)), Reply(text="Done."))
    assert run("-p", "change it", *mode).code == 0
    assert file.read_text() == "two\n"


def test_auto_edit_runs_no_command(server: OllamaServer, run: RunInside, program: Program) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="No."))
    assert run("-p", "go", "--mode", "auto-edit").code == 3
    assert not (program.project / "made").exists()


def test_an_allowed_command_runs(server: OllamaServer, run: RunInside, program: Program) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="Done."))
    assert run("-p", "go", "--allow", "run_shell_command(touch *)").code == 0
    assert (program.project / "made").exists()


def test_an_allowed_command_says_nothing_about_another(
    server: OllamaServer, run: RunInside, program: Program
) -> None:
    server.play(Reply(calls=(Call("run_shell_command", {"command": "true; touch made"}),)), Reply(text="No."))
    assert run("-p", "go", "--allow", "run_shell_command(true)").code == 3
    assert not (program.project / "made").exists()


def test_deny_wins_over_yolo(server: OllamaServer, run: RunInside, program: Program) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="No."))
    ran = run("-p", "go", "--yolo", "--deny", "run_shell_command(touch *)", "--output-format", "json")
    assert (ran.code, ran.report["denied"][0]["by"]) == (3, "policy")
    assert not (program.project / "made").exists()


def test_plan_mode_writes_nothing(server: OllamaServer, run: RunInside, file) -> None:
    server.play(Reply(calls=(READ, EDIT)), Reply(text="The plan."))
    assert run("-p", "go", "--mode", "plan").code == 3
    assert file.read_text() == "one\n"


@pytest.mark.parametrize(
    "call",
    [
        Call("read_file", {"absolute_path": "missing.txt"}),
        Call("read_file", {"offset": "many"}),
        Call("no_such_tool", {}),
        Call("run_shell_command", {"command": "exit 7"}),
        Call("list_directory", {"path": "a.txt"}),
    ],
)
def test_an_error_of_a_tool_is_no_denial(server: OllamaServer, run: RunInside, file, call: Call) -> None:
    server.play(Reply(calls=(call,)), Reply(text="Never mind."))
    ran = run("-p", "go", "--output-format", "json", "--allow", "run_shell_command(exit 7)")
    assert (ran.code, ran.report["denied"]) == (0, [])


def test_the_step_limit_ends_with_3_and_says_so(server: OllamaServer, run: RunInside, file) -> None:
    server.play(Reply(calls=(READ,)), Reply(calls=(READ,)), Reply(text="never asked for"))
    ran = run("-p", "go", "--max-steps", "2", "--output-format", "json")
    assert (ran.code, ran.report["reason"]) == (3, "step_limit")
    assert "--max-steps" in ran.err
    assert server.unplayed == 1


def test_fifty_steps_are_the_default(server: OllamaServer, run: RunInside, file) -> None:
    (file.parent / "many").mkdir(exist_ok=True)
    for number in range(51):
        (file.parent / "many" / f"{number}.txt").write_text("x")
        server.play(Reply(calls=(Call("read_file", {"absolute_path": f"many/{number}.txt"}),)))
    assert run("-p", "go", "--num-ctx", "32768").code == 3
    assert len(server.chats) == 50


def test_an_empty_prompt_is_nothing_to_do(server: OllamaServer, run: RunInside) -> None:
    ran = run("-p", "  ")
    assert ran.code == 2
    assert "nothing to do" in ran.err
    assert server.requests == []


def test_a_prompt_that_is_no_utf_8_still_gets_an_answer(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="Hello."))
    ran = run("-p", "h\udcff", "--output-format", "stream-json")
    assert (ran.code, ran.events[-1]["reason"]) == (0, "done")


def test_half_a_character_of_the_model_breaks_no_line(server: OllamaServer, run: RunInside) -> None:
    lines = (
        b'{"model":"m","message":{"role":"assistant","content":"a\\ud800b"},"done":false}\n'
        b'{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n'
    )
    server.play(Fault.payload(200, lines))
    ran = run("-p", "hi", "--output-format", "stream-json")
    assert (ran.code, ran.events[-1]["reason"]) == (0, "done")


def test_escape_sequences_of_the_model_are_not_printed(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="a\x1b]0;owned\x07b\x1b[2Jc\x9b31md"))
    ran = run("-p", "hi")
    assert ran.out == "abcd\n"


def test_what_a_terminal_would_obey_is_escaped_in_json(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="a\x1b[2Jb\x9bc"))
    ran = run("-p", "hi", "--output-format", "json")
    assert ran.report["result"] == "a\x1b[2Jb\x9bc"
    assert "\x1b" not in ran.out and "\x9b" not in ran.out


def test_at_a_terminal_the_first_load_of_a_model_is_told(server: OllamaServer, program: Program) -> None:
    server.play(Reply(text="Hello."))
    with terminal(program.command("-p", "hi"), program.project, program.all_environment()) as screen:
        screen.until("Loading tiny:latest with 32,768 tokens.", "Hello.")
        assert screen.ended() == 0


def test_at_a_terminal_a_prompt_that_takes_long_to_read_is_told(
    server: OllamaServer, program: Program
) -> None:
    server.play(Reply(text="Hello."))
    command = program.command("-p", "word " * 4000)
    with terminal(command, program.project, program.all_environment()) as screen:
        screen.until("Loading tiny:latest", "Reading about ", " tokens.", "Hello.")
        assert screen.ended() == 0
