"""Calls seen while they are written: the same whatever the cut between tokens, never one that is only displayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ollama_code.ports import DraftPiece, RawPiece
from ollama_code.providers.recover.drafts import DraftReader
from tests.recovery.corpus import declared
from tests.wire.syntax import tokens

CORPUS = [
    json.loads(line)
    for name in ("recovery.jsonl", "recovery-own.jsonl")
    for line in (Path(__file__).parents[1] / "data" / name).read_text().splitlines()
]
TOOLS = declared(CORPUS[0]["tools"])
ARGUMENTS = {"file_path": "a.py", "content": 'print("é 🙂")\n\tif a < b:\n'}
AS_JSON = json.dumps(ARGUMENTS)
IN_TAGS = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in ARGUMENTS.items())
DIALECTS = {
    "hermes": f'<tool_call>\n{{"name": "write_file", "arguments": {AS_JSON}}}\n</tool_call>',
    "arguments first": f'<tool_call>{{"arguments": {AS_JSON}, "name": "write_file"}}</tool_call>',
    "openai": f'{{"tool_calls": [{{"id": "1", "function": {{"name": "write_file", "arguments": {AS_JSON}}}}}]}}',
    "in a string": f'<tool_call>{{"name": "write_file", "arguments": {json.dumps(AS_JSON)}}}</tool_call>',
    "bare": f'{{"name": "write_file", "parameters": {AS_JSON}}}',
    "fenced": f'```json\n{{"name": "write_file", "arguments": {AS_JSON}}}\n```',
    "qwen3-coder": f"<tool_call>\n<function=write_file>\n{IN_TAGS}</function>\n</tool_call>",
    "dsml": '<｜DSML｜function_calls>\n<｜DSML｜invoke name="write_file">\n'
    + "".join(
        f'<｜DSML｜parameter name="{key}" string="true">{value}</｜DSML｜parameter>\n'
        for key, value in ARGUMENTS.items()
    )
    + "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
    "hunyuan": f"<tool_calls><tool_call>write_file\n```json\n{AS_JSON}\n```</tool_call></tool_calls>",
    "nemotron": f'<TOOLCALL>[{{"name": "write_file", "arguments": {AS_JSON}}}]</TOOLCALL>',
    "param": f"<function=write_file>\n{IN_TAGS.replace('parameter', 'param')}</function>",
    "function tag": f"<function=write_file>{AS_JSON}</function>",
    "mistral": f"[TOOL_CALLS]write_file[ARGS]{AS_JSON}",
    "mistral list": f'[TOOL_CALLS][{{"name": "write_file", "arguments": {AS_JSON}}}]',
    "harmony": f"<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>{AS_JSON}<|call|>",
    "gemma": "<|tool_call>call:write_file{"
    + ",".join(f'{key}:<|"|>{value}<|"|>' for key, value in ARGUMENTS.items())
    + "}<tool_call|>",
    "glm": "<tool_call>write_file\n"
    + "".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n" for key, value in ARGUMENTS.items()
    )
    + "</tool_call>",
    "python": "<|tool_call_start|>[write_file("
    + ", ".join(f"{key}={value!r}" for key, value in ARGUMENTS.items())
    + ")]<|tool_call_end|>",
    "deepseek": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>write_file\n```json\n"
    + f"{AS_JSON}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
}


def drafted(pieces: list[str]) -> list[DraftPiece]:
    reader = DraftReader(TOOLS)
    return [draft for piece in pieces for draft in reader.feed(RawPiece(piece))]


def calls(drafts: list[DraftPiece]) -> list[tuple[str, dict[str, str]]]:
    found: dict[int, tuple[str, dict[str, str]]] = {}
    for draft in drafts:
        _, arguments = found.setdefault(draft.number, (draft.name, {}))
        if draft.text:
            arguments[draft.argument] = arguments.get(draft.argument, "") + draft.text
    return list(found.values())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("cut", [list, tokens, lambda text: [text]], ids=["characters", "tokens", "at once"])
def test_a_call_grows_to_what_was_written(dialect, cut):
    ((name, arguments),) = calls(
        drafted(["I will. ", *cut(DIALECTS[dialect])][dialect in ("openai", "bare", "fenced") :])
    )
    assert (name.rpartition(".")[2], arguments) == ("write_file", ARGUMENTS)


def test_the_name_is_there_before_the_first_argument_is_complete():
    text = '<tool_call>\n{"name": "write_file", "arguments": {"file_path": "a'
    assert drafted(list(text))[-1] == DraftPiece(1, "write_file", "file_path", "a", len(text))


def test_tokens_are_counted_from_the_opener_to_the_closer():
    call = tokens(DIALECTS["qwen3-coder"])
    drafts = drafted([*tokens("I will look.\n"), *call, *tokens("\n\nDone, I think.")])
    assert drafts[-1].tokens == len(call)
    assert [draft.tokens for draft in drafts] == sorted(draft.tokens for draft in drafts)


def test_each_of_two_calls_has_its_own_number_and_count():
    one = tokens(DIALECTS["hermes"])
    drafts = drafted([*one, "\n", *one])
    assert {draft.number for draft in drafts} == {1, 2}
    assert [d.tokens for d in drafts if d.number == 1][-1] == [d.tokens for d in drafts if d.number == 2][-1]


@pytest.mark.parametrize(
    "text",
    [
        "Use `<tool_call>` and then " + DIALECTS["bare"],
        f"`{DIALECTS['function tag']}`",
        f"Such as this:\n```xml\n{DIALECTS['hermes']}\n```\n",
        f"> {DIALECTS['bare']}",
        f"'{DIALECTS['hermes']}'",
        f"A record of it: {DIALECTS['bare']}",
        '{"name": "write_file", "version": "1.0"}',
        '<tool_call>\n{"name": "no_such_tool", "arguments": {"a": "b"}}\n</tool_call>',
        f"<tool_response>\nsaved\n</tool_response>\n{DIALECTS['hermes']}",
        "<think>",
        "[[[{{{<<<",
    ],
)
def test_what_is_no_call_is_not_shown_as_one(text):
    assert drafted(tokens(text)) == []


def test_a_closer_within_a_value_belongs_to_the_value():
    content = 'a = "</parameter>"\nb = "</tool_call>"'
    text = f"<function=write_file>\n<parameter=content>\n{content}\n</parameter>\n</function>"
    assert calls(drafted(tokens(text))) == [("write_file", {"content": content})]


def test_what_stops_making_sense_stops_growing_and_the_next_call_is_seen():
    broken = '<tool_call>\n{"name": "edit", "arguments": {"file_path": 12 13}}\n</tool_call>\n'
    assert calls(drafted(tokens(broken + DIALECTS["hermes"])))[-1] == ("write_file", ARGUMENTS)


@pytest.mark.parametrize("case", [case for case in CORPUS if "tap" in case], ids=lambda case: case["id"])
def test_the_corpus_reads_the_same_whatever_the_cut(case):
    reader, other = DraftReader(declared(case["tools"])), DraftReader(declared(case["tools"]))
    text = case["tap"]["text"] or ""
    by_character = calls([draft for letter in text for draft in reader.feed(RawPiece(letter))])
    by_token = calls([draft for token in tokens(text) for draft in other.feed(RawPiece(token))])
    assert by_character == by_token


@pytest.mark.parametrize(
    "unit", ["<", "[", "`", "\n", '{"', "<tool_call>", "print(", "a</parameter>\n<b", '\\u00e9"x ']
)
def test_reading_a_long_text_is_linear(unit):
    """A reader that starts over at each token would not come to its end within the time limit of a test."""
    for front in (
        "",
        "<function=write_file>\n<parameter=content>\n",
        '{"name": "write_file", "arguments": {"a": "',
    ):
        reader = DraftReader(TOOLS)
        drafts = [draft for piece in (front, *[unit] * 20_000) for draft in reader.feed(RawPiece(piece))]
        assert bool(drafts) == bool(front)
