"""A model without tools acts through a schema: its answers stream as text, its calls run, and every turn ends."""

from __future__ import annotations

import json
from contextlib import aclosing

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from tests.e2e.program import Program, RunInside, messages_of
from tests.ollama_server import OllamaServer, Reply
from tests.wire.request import ChatRequest


def call(name: str, **arguments: object) -> str:
    return json.dumps({"name": name, "arguments": arguments})


def answer(text: str) -> Reply:
    return Reply(text=json.dumps({"answer": text}))


def branches(request: dict[str, object]) -> list[str]:
    """What the schema of a request leaves to the model: names of tools, and "answer"."""
    schema = request["format"]
    assert isinstance(schema, dict)
    names = [list(branch["properties"]) for branch in schema.get("anyOf", [schema])]
    consts = [branch["properties"].get("name", {}).get("const") for branch in schema.get("anyOf", [schema])]
    return [const or name[0] for const, name in zip(consts, names, strict=True)]


@pytest.fixture(autouse=True)
def model(server: OllamaServer, program: Program) -> None:
    server.add_model("tiny:latest", capabilities=("completion",))
    (program.project / "a.txt").write_text("one\n")


def test_each_request_is_bound_to_the_tools_that_the_system_text_describes(
    server: OllamaServer, run: RunInside
) -> None:
    server.play(answer("Hello."))
    run("-p", "hi")
    request = server.chats[0].json()
    system = str(messages_of(server.chats[0])[0]["content"])
    *tools, last = branches(request)
    assert last == "answer" and "read_file" in tools
    assert all(f"\n{tool}(" in system for tool in tools)
    assert ("tools" in request, request["think"], request.get("logprobs")) == (False, False, None)


def test_the_answer_streams_as_text(server: OllamaServer, run: RunInside) -> None:
    server.play(answer('Say "é 🙂"\n\\done/'))
    events = run("-p", "hi", "--output-format", "stream-json").events
    pieces = [str(event["text"]) for event in events if event["type"] == "text_delta"]
    assert "".join(pieces) == 'Say "é 🙂"\n\\done/'
    assert len(pieces) > 3


def test_a_call_is_seen_while_it_is_written(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text=call("write_file", file_path="b.txt", content="two\nthree\n")), answer("Done."))
    events = run("-p", "hi", "--yolo", "--output-format", "stream-json").events
    drafts = [event for event in events if event["type"] == "call_drafted"]
    assert {(draft["number"], draft["name"]) for draft in drafts} == {(1, "write_file")}
    assert "".join(str(d["text"]) for d in drafts if d["argument"] == "content") == "two\nthree\n"
    tokens = [draft["tokens"] for draft in drafts]
    assert tokens == sorted(tokens) and tokens[-1] > tokens[0]


def test_the_conversation_goes_back_as_it_was_written_and_only_grows(
    server: OllamaServer, run: RunInside
) -> None:
    said = call("read_file", absolute_path="a.txt")
    server.play(Reply(text=f" {said}"), Reply(text=call("read_file", absolute_path="b.txt")), answer("Done."))
    run("-p", "hi")
    first, second, third = (messages_of(chat) for chat in server.chats)
    assert second[: len(first)] == first and third[: len(second)] == second
    asked, result = second[len(first) :]
    assert asked == {"role": "assistant", "content": said}
    assert result["role"] == "user" and str(result["content"]).startswith("Result of read_file:\n")


def test_a_continued_session_sends_the_same_bytes(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text=call("read_file", absolute_path="a.txt")), answer("One."), answer("Two."))
    run("-p", "hi")
    run("-p", "again", "--continue")
    before, after = messages_of(server.chats[1]), messages_of(server.chats[2])
    assert after[: len(before)] == before
    assert after[len(before)] == {"role": "assistant", "content": '{"answer": "One."}'}


def test_a_cut_call_does_not_run(server: OllamaServer, program: Program, run: RunInside) -> None:
    cut = call("write_file", file_path="a.txt", content="half")
    server.play(
        Reply(text=cut, done_reason="length"), Reply(text=cut[:-4], done_reason="length"), answer("No.")
    )
    assert run("-p", "hi", "--yolo").out == "No.\n"
    assert (program.project / "a.txt").read_text() == "one\n"


def test_a_cut_answer_is_shown(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text='{"answer": "As far as I c', done_reason="length"))
    ran = run("-p", "hi")
    assert ran.out == "As far as I c\n" and "end of the context window" in ran.err


def stubborn(request: ChatRequest) -> Reply:
    """A model that calls as long as it can."""
    assert isinstance(request.format, dict)
    if "anyOf" in request.format:
        return Reply(text=call("read_file", absolute_path="a.txt"))
    return answer("Enough.")


def test_a_model_that_would_call_for_ever_must_answer(server: OllamaServer, run: RunInside) -> None:
    server.play(*[stubborn] * 20)
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Enough.\n")
    assert [branches(chat.json()) for chat in server.chats][-1] == ["answer"]
    assert len(server.chats) < 8


def test_a_model_that_always_calls_something_new_must_answer_in_the_last_step(
    server: OllamaServer, run: RunInside
) -> None:
    count = iter(range(100))

    def restless(request: ChatRequest) -> Reply:
        if "anyOf" in str(request.format):
            return Reply(text=call("read_file", absolute_path=f"{next(count)}.txt"))
        return answer("Enough.")

    server.play(*[restless] * 5)
    ran = run("-p", "hi", "--max-steps", "5")
    assert ran.out == "Enough.\n" and "last one" in ran.err


def test_a_server_that_does_not_heed_the_schema_is_understood(server: OllamaServer, run: RunInside) -> None:
    written = f"I will look.\n<tool_call>\n{call('read_file', absolute_path='a.txt')}\n</tool_call>"
    server.play(Reply(text=written), Reply(text="It says one."))
    ran = run("-p", "hi")
    assert ran.out == "It says one.\n"
    assert "one" in str(messages_of(server.chats[1])[-1]["content"])


def test_a_server_that_takes_the_json_for_a_call_is_understood(server: OllamaServer, run: RunInside) -> None:
    server.add_model("tiny:latest", capabilities=("completion",), parser="qwen3")
    server.play(
        Reply(raw=f"<tool_call>{call('read_file', absolute_path='a.txt')}</tool_call>"), answer("One.")
    )
    assert run("-p", "hi").out == "One.\n"


async def test_a_summary_is_bound_to_words_as_every_answer_was(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(answer("First."), answer("Second."), answer("THE SUMMARY"))
    opened = await open_session(Options(num_ctx=8192), asker=None)
    for work in (opened.session.prompt("one"), opened.session.prompt("two"), opened.session.compact()):
        async with aclosing(work) as events:
            assert [event async for event in events][-1].reason == "done"
    await opened.close()
    assert branches(server.chats[-1].json()) == ["answer"]
    first = opened.session.history[0].text
    assert "THE SUMMARY" in first and '"answer"' not in first


def test_a_model_with_tools_that_fails_twice_is_bound_and_its_history_stays_native(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.add_model("tiny:latest")
    broken = Reply(raw="<tool_call>\n<function=write_file>\n<parameter=file_path\n</function>\n</tool_call>")
    bound = Reply(text=call("write_file", file_path="b.txt", content="two"))
    server.play(broken, broken, bound, Reply(text="Done."), Reply(text="Done."))
    assert run("-p", "hi", "--yolo").out == "Done.\n"
    assert (program.project / "b.txt").read_text() == "two"
    third, fourth = (chat.json() for chat in server.chats[2:4])
    assert third["think"] is False and "write_file" in branches(third) and third["tools"]
    assert fourth["messages"][-1]["role"] == "tool" and fourth["messages"][-2]["tool_calls"]
