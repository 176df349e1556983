"""Whatever a value holds, each form of a call gives it back exactly, and a cut one never runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_code.core.coercion import Signature
from ollama_code.providers.recover import Declared, DeclaredTool, Turn, judge

STRING = {"type": "string"}
WRITE = {
    "type": "object",
    "properties": {"file_path": STRING, "content": STRING},
    "required": ["file_path", "content"],
}
DECLARED = Declared([DeclaredTool(Signature("write_file", WRITE), reads=False)])

HOSTILE = st.lists(
    st.sampled_from(
        "a \n \r\n \t { } \" ' ` ``` < > & &amp; \\ \\n , : null </tool_call> </function> <tool_call> "
        "<think> </think> [TOOL_CALLS] [ARGS] <|im_end|> <tool_response> Observation: "
        "// /* # ( ) [ ] é 🚀 \x1b".split(" ")
    ),
    max_size=12,
).map("".join)


def as_json(content: str) -> str:
    return json.dumps({"name": "write_file", "arguments": {"file_path": "/a", "content": content}})


def as_parameters(content: str) -> str:
    path = "<parameter=file_path>\n/a\n</parameter>\n"
    return f"<function=write_file>\n{path}<parameter=content>\n{content}\n</parameter>\n</function>"


def as_pairs(content: str) -> str:
    path = "<arg_key>file_path</arg_key>\n<arg_value>/a</arg_value>\n"
    return f"<tool_call>write_file\n{path}<arg_key>content</arg_key>\n<arg_value>{content}</arg_value>\n</tool_call>"


def as_longcat(content: str) -> str:
    return re.sub("(?<=[</])(?=arg_|tool_call>)", "longcat_", as_pairs("CONTENT")).replace("CONTENT", content)


def as_gemma(content: str) -> str:
    quote = '<|"|>'
    return f"<|tool_call>call:write_file{{file_path:{quote}/a{quote},content:{quote}{content}{quote}}}<tool_call|>"


def as_python(content: str) -> str:
    return f"[write_file(file_path='/a', content={content!r})]"


FORMS: dict[str, Callable[[str], str]] = {
    "bare JSON": as_json,
    "tagged JSON": lambda c: f"<tool_call>\n{as_json(c)}\n</tool_call>",
    "fenced JSON": lambda c: f"```json\n{as_json(c)}\n```",
    "JSON list behind a marker": lambda c: f"[TOOL_CALLS] [{as_json(c)}]",
    "arguments behind a marker": lambda c: "[TOOL_CALLS]write_file[ARGS]" + arguments(c),
    "harmony": lambda c: (
        f"<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>{arguments(c)}"
    ),
    "tool-call tokens": lambda c: (
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>write_file<｜tool▁sep｜>{arguments(c)}"
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
    ),
    "function with parameters": as_parameters,
    "tagged function": lambda c: f"<tool_call>\n{as_parameters(c)}\n</tool_call>",
    "key and value pairs": as_pairs,
    "key and value pairs with a name in front": as_longcat,
    "quote tokens": as_gemma,
    "python": as_python,
}


def arguments(content: str) -> str:
    return json.dumps({"file_path": "/a", "content": content})


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@settings(max_examples=80, deadline=None)
@given(content=HOSTILE)
def test_value_survives_its_form(form: Callable[[str], str], content: str):
    verdict = judge(Turn(content=form(content)), DECLARED)
    assert [call.arguments for call in verdict.calls] == [{"file_path": "/a", "content": content}]
    assert verdict.text == ""


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_value_cut_anywhere_never_runs(form: Callable[[str], str], share: float):
    whole = form("rm -rf build/a; echo done")
    end = whole.index("rm -rf") + int(share * len("rm -rf build/a; echo done"))
    for done in ("stop", "length", None):
        assert judge(Turn(content=whole[:end], done_reason=done), DECLARED).calls == ()
        assert judge(Turn(tap=whole[:end], done_reason=done), DECLARED).calls == ()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_call_of_an_undeclared_tool_never_runs(form: Callable[[str], str]):
    written = form("x").replace("write_file", "write_files")
    assert judge(Turn(content=written), DECLARED).outcome == "ask"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_call_that_the_server_kept_is_found_in_the_raw_text(form: Callable[[str], str]):
    verdict = judge(Turn(tap=form("x\r\n")), DECLARED)
    assert verdict.outcome == "repaired"
    assert verdict.calls[0].arguments["content"] == "x\r\n"


@settings(max_examples=300, deadline=None)
@given(text=st.text("ab \n{}[]()<>\"'`:,=/|_", max_size=80))
def test_any_text_is_judged_without_an_error(text: str):
    assert judge(Turn(content=text, thinking=text, tap=text), DECLARED).calls == ()


@pytest.mark.parametrize(
    "unit",
    [
        "The quick brown fox. ",
        "{",
        '{"a": "',
        "<",
        "`",
        "<tool_call>",
        "</parameter>",
        "x[ARGS]",
        "<think>",
        " ",
    ],
)
def test_long_text_of_one_piece_is_judged(unit: str):
    assert judge(Turn(content=unit * (200_000 // len(unit))), DECLARED).calls == ()


ONE_TAG = '<tool_call name="write_file" arguments={}/>'


@pytest.mark.parametrize("around", ["'", '"', ""])
def test_a_call_in_one_tag_is_read_as_it_stands(around: str):
    content = "it's <b>\n" + 'say "x" && go ' * 20
    written = ONE_TAG.replace("{}", f"{around}{arguments(content)}{around}")
    for turn in (Turn(content=written), Turn(tap=written)):
        [call] = judge(turn, DECLARED).calls
        assert call.arguments == {"file_path": "/a", "content": content}


@pytest.mark.parametrize(
    "body",
    [
        "'" + arguments("a &lt; b") + "'",
        json.dumps(arguments("a")),
        '"{&quot;file_path&quot;: &quot;/a&quot;}"',
    ],
)
def test_a_call_in_one_tag_with_a_second_reading_is_asked_for_again(body: str):
    verdict = judge(Turn(content=ONE_TAG.replace("{}", body)), DECLARED)
    assert verdict.outcome == "ask" and verdict.calls == () and "write_file" in verdict.note


def test_a_call_in_one_tag_cut_anywhere_never_runs():
    whole = ONE_TAG.replace("{}", f"'{arguments('rm -rf build/a')}'")
    for end in range(whole.index("rm"), len(whole)):
        assert judge(Turn(content=whole[:end]), DECLARED).calls == ()
        assert judge(Turn(tap=whole[:end]), DECLARED).calls == ()


@pytest.mark.parametrize(
    "tags",
    [
        "<write_file><args>{}</args></write_file>",
        "<function=write_file><parameter=input>{}</parameter></function>",
    ],
)
def test_arguments_that_are_all_in_one_tag_are_opened(tags: str):
    [call] = judge(Turn(content=tags.replace("{}", arguments("</x>"))), DECLARED).calls
    assert call.arguments == {"file_path": "/a", "content": "</x>"}


def test_an_answer_that_is_all_one_tag_of_no_tool_is_asked_for_again():
    verdict = judge(Turn(content="<delete_file>\n<path>a</path>\n</delete_file>"), DECLARED)
    assert verdict.outcome == "ask" and "delete_file" in verdict.note


@pytest.mark.parametrize("form", ["<function=write_file>{}", '{"name": "write_file", "arguments": {}}'])
def test_a_string_that_may_go_on_behind_its_brace_never_runs(form: str):
    written = form.replace("{}", '{"file_path": "/a", "content": "echo "}')
    assert judge(Turn(content=written), DECLARED).calls
    for more in ('" > f', '", then', '" > f"}'):
        assert judge(Turn(content=written + more), DECLARED).calls == ()


@pytest.mark.parametrize(
    "written",
    [
        '{"name": "write_file", "arguments": {"file_path": "/a", "content": "x"}, "mode": 1}}',
        '<function=write_file><parameter=file_path>/a</parameter>\n<parameter=content>x</parameter>"\n'
        "<parameter=mode>1</parameter></function>",
        '{"name": "write_file", "arguments": {"file_path": "/a", "content": "<think>"a</think> b"}}',
        '{"name": "write_file", "arguments": {"file_path": "/a", "content": "a" "b"}}',
    ],
    ids=[
        "an argument outside",
        "behind a stray quote",
        "thinking in a broken string",
        "strings side by side",
    ],
)
def test_a_slip_that_leaves_two_readings_is_asked_for_again(written: str):
    with_mode = {**WRITE, "properties": {**WRITE["properties"], "mode": {"type": "integer"}}}
    tools = Declared([DeclaredTool(Signature("write_file", with_mode), reads=False)])
    for turn in (Turn(content=written), Turn(tap=written)):
        assert judge(turn, tools).outcome == "ask"
