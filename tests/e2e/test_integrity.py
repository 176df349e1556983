"""What the model wrote, byte for byte, is what is done: whatever the server's parser changed, finished, mistook or
lost on the way."""

from __future__ import annotations

import json

import pytest

from tests.e2e.program import Program, RunInside, told
from tests.ollama_server import Call, Fault, OllamaServer, Reply

CONTENT = 'Box<T=int> a;\r\nB<parameter=x>inner</parameter> = "</parameter>";\n\tnull\n'


def xml(name: str, **arguments: str) -> str:
    values = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in arguments.items())
    return f"<tool_call>\n<function={name}>\n{values}</function>\n</tool_call>"


@pytest.fixture(autouse=True)
def file(program: Program) -> None:
    (program.project / "a.txt").write_text("one\n")


def test_what_the_parser_changes_in_a_file_is_written_as_the_model_wrote_it(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(Reply(raw=xml("write_file", file_path="b.c", content=CONTENT)), Reply(text="Done."))
    assert run("-p", "go", "--yolo").code == 0
    assert (program.project / "b.c").read_bytes() == CONTENT.encode()


def test_the_history_holds_the_call_as_the_model_wrote_it(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(raw=xml("write_file", file_path="b.c", content=CONTENT)), Reply(text="Done."))
    run("-p", "go", "--yolo")
    [sent] = [m for m in server.chats[-1].json()["messages"] if m.get("tool_calls")]
    assert sent["tool_calls"][0]["function"]["arguments"]["content"] == CONTENT


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_a_cut_command_that_the_server_finished_is_not_run(
    server: OllamaServer, program: Program, run: RunInside, reason: str
) -> None:
    raw = '<|tool_call>call:run_shell_command{command:<|"|>rm a.txt'
    made = Call("run_shell_command", {"command": "rm a.txt"})
    server.play(Reply(raw=raw, calls=(made,), done_reason=reason), Reply(text="Sorry."))
    assert run("-p", "go", "--yolo").out == "Sorry.\n"
    assert (program.project / "a.txt").exists()


def test_a_cut_file_that_the_server_finished_is_not_written(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    raw = '<|tool_call>call:write_file{file_path:<|"|>a.txt<|"|>,content:<|"|>half of'
    made = Call("write_file", {"file_path": "a.txt", "content": "half of"})
    server.play(Reply(raw=raw, calls=(made,)), Reply(text="Sorry."))
    run("-p", "go", "--yolo")
    assert (program.project / "a.txt").read_text() == "one\n"


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        (
            {"name": "apply_edit_batch", "arguments": {"file_path": "a.txt"}},
            Call("edit", {"file_path": "a.txt", "old_string": "one", "new_string": "two"}),
        ),
        (
            {
                "name": "save_draft",
                "arguments": {"like": "write_file", "file_path": "a.txt", "content": "two"},
            },
            Call("write_file", {"file_path": "a.txt", "content": "two"}),
        ),
    ],
)
def test_a_call_that_the_server_gave_to_another_tool_is_not_run(
    server: OllamaServer, program: Program, run: RunInside, raw: dict[str, object], made: Call
) -> None:
    server.play(Reply(raw=json.dumps(raw), calls=(made,)), Reply(text="Ah."))
    run("-p", "go", "--yolo")
    assert (program.project / "a.txt").read_text() == "one\n"
    assert str(raw["name"]) in str(server.chats[-1].json()["messages"])


def test_prose_that_the_server_takes_for_a_call_is_not_run(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    raw = 'You could use run_shell_command with {"command": "rm a.txt"} to delete it.'
    made = Call("run_shell_command", {"command": "rm a.txt"})
    server.play(Reply(raw=raw, calls=(made,)), Reply(text="Ah."))
    run("-p", "go", "--yolo")
    assert (program.project / "a.txt").exists()


def test_a_reading_call_that_the_server_lost_is_made(server: OllamaServer, run: RunInside) -> None:
    lost = xml("read_file", absolute_path="a.txt").removesuffix("</tool_call>")
    server.play(Reply(raw=lost), Reply(text="Read."))
    assert run("-p", "go").out == "Read.\n"
    assert "one" in told(server.chats[-1])[0]


def test_a_call_at_which_the_parser_fails_is_made_when_it_is_whole(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(Reply(raw=xml("write_file", file_path="b.c", content="red \x1b[31m")), Reply(text="Done."))
    assert run("-p", "go", "--yolo").out == "Done.\n"
    assert (program.project / "b.c").read_text() == "red \x1b[31m"


def test_a_call_that_nobody_can_read_is_asked_for_again(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    broken = "<tool_call>\n<function=write_file>\n<parameter=file_path\na.txt\n</function>\n</tool_call>"
    server.play(Reply(raw=broken), Reply(text="Then not."))
    assert run("-p", "go", "--yolo").out == "Then not.\n"
    assert (program.project / "a.txt").read_text() == "one\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_call_that_leaked_into_the_text_runs_and_is_not_printed(
    server: OllamaServer, run: RunInside, form: str
) -> None:
    leaked = xml("read_file", absolute_path="a.txt").removeprefix("<tool_call>\n")
    server.play(Reply(text=f"I will look.\n{leaked}"), Reply(text="It says one."))
    out = run("-p", "go", "--output-format", form).out
    assert "It says one." in out and "<function" not in out
    assert "one" in told(server.chats[-1])[0]


def test_a_server_without_raw_tokens_is_taken_by_what_it_delivers(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.add_model("tiny:latest", shows_tokens=False)
    server.play(Reply(raw=xml("write_file", file_path="b.txt", content="two")), Reply(text="Done."))
    assert run("-p", "go", "--yolo").out == "Done.\n"
    assert (program.project / "b.txt").read_text() == "two"


def test_a_server_that_refuses_raw_tokens_is_asked_without_them_from_then_on(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(
        Fault.status(400, "logprobs is not supported by this engine"),
        Reply(raw=xml("read_file", absolute_path="a.txt")),
        Reply(text="Read."),
    )
    ran = run("-p", "go")
    assert (ran.code, ran.out, ran.err) == (0, "Read.\n", "")
    assert [chat.json().get("logprobs") for chat in server.chats] == [True, None, None]


def test_the_next_session_remembers_that_raw_tokens_are_refused(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.status(400, "unknown field: logprobs"), Reply(text="One."), Reply(text="Two."))
    run("-p", "go")
    run("-p", "go")
    assert [chat.json().get("logprobs") for chat in server.chats] == [True, None, None]
