"""The corpus of turns: a case becomes one or two turns, and a verdict is compared with what the case expects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from ollama_code.core.coercion import Signature
from ollama_code.core.messages import ToolCall
from ollama_code.core.permission import Kind
from ollama_code.providers.recover import Declared, DeclaredTool, Turn, Verdict, WireError, judge
from ollama_code.tools.edit.tool import Edit
from ollama_code.tools.files.many import ReadManyFiles
from ollama_code.tools.files.read import ReadFile
from ollama_code.tools.files.write import WriteFile
from ollama_code.tools.search.glob import Glob
from ollama_code.tools.search.grep import GrepSearch
from ollama_code.tools.search.listing import ListDirectory
from ollama_code.tools.shell import RunShellCommand

OURS = (Edit, ReadManyFiles, ReadFile, WriteFile, Glob, GrepSearch, ListDirectory, RunShellCommand)
READING = {tool.name for tool in OURS if tool.kind is Kind.READ} | {"web_fetch", "web_search"}
KEYS = {
    "id", "family", "origin", "tools", "content", "thinking", "native", "done_reason", "error",
    "expect", "text", "outcome", "why", "tap", "tap_expect", "tap_text", "tap_outcome", "tap_why", "tap_only",
}  # fmt: skip
TURN_KEYS = {"content", "thinking", "native", "done_reason", "error"}


@dataclass
class Result:
    """One reading of one case. `faults` say what differed; none means right."""

    id: str
    reading: str
    faults: list[str] = field(default_factory=list)
    invented: int = 0
    misnamed: int = 0


def results(case: dict) -> Iterator[Result]:
    unknown = set(case) - KEYS | set(case.get("tap") or {}) - TURN_KEYS - {"text"}
    for reading, turn, expected in _readings(case):
        result = Result(case.get("id", "?"), reading)
        if unknown:
            result.faults.append(f"unknown keys {sorted(unknown)}")
        else:
            _compare(judge(turn, declared(case["tools"])), expected, result)
        yield result


def declared(tools: list[dict]) -> Declared:
    functions = [tool["function"] for tool in tools]
    return Declared(
        DeclaredTool(Signature(f["name"], f["parameters"]), reads=f["name"] in READING) for f in functions
    )


def _readings(case: dict) -> Iterator[tuple[str, Turn, dict]]:
    plain = {key: case[key] for key in ("expect", "text", "outcome")}
    if not case.get("tap_only"):
        yield "plain", _turn(case, None), plain
    if "tap" in case:
        tapped = {**case, **{key: value for key, value in case["tap"].items() if key in TURN_KEYS}}
        expected = (
            {key: case.get(f"tap_{key}", plain[key]) for key in plain} if "tap_outcome" in case else plain
        )
        yield "tap", _turn(tapped, case["tap"]["text"]), expected


def _turn(case: dict, tap: str | None) -> Turn:
    calls = tuple(
        ToolCall(
            id=call.get("id", ""),
            name=call["function"]["name"],
            arguments=call["function"]["arguments"] or {},
        )
        for call in case["native"]
    )
    error = WireError(**case["error"]) if case["error"] else None
    return Turn(case["content"], case["thinking"], calls, case["done_reason"], error, tap)


def _compare(verdict: Verdict, expected: dict, result: Result) -> None:
    got = [_call(call.name, call.arguments) for call in verdict.calls]
    wanted = [_call(call["name"], call["arguments"]) for call in expected["expect"]]
    if got != wanted:
        result.faults.append(f"calls {got} instead of {wanted}")
    if verdict.outcome != expected["outcome"]:
        result.faults.append(f"outcome {verdict.outcome} ({verdict.why!r}) instead of {expected['outcome']}")
    if expected["text"] is not None and verdict.text.strip() != expected["text"].strip():
        result.faults.append(f"text {verdict.text!r} instead of {expected['text']!r}")
    names = {call["name"] for call in expected["expect"]}
    arguments = [json.dumps(call["arguments"], sort_keys=True) for call in expected["expect"]]
    for call in verdict.calls:
        if call.name not in names:
            result.invented += 1
            result.misnamed += json.dumps(call.arguments, sort_keys=True) in arguments


def _call(name: str, arguments: object) -> str:
    return f"{name} {json.dumps(arguments, sort_keys=True, ensure_ascii=False)}"
