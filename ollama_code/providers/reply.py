"""One answer of `/api/chat`, line by line, turned into chunks. Repairs only what JSON and UTF-8 need."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress

from pydantic import JsonValue

from ollama_code.core.errors import ReplyBroken
from ollama_code.core.messages import Arguments, ToolCall
from ollama_code.core.text import one_line
from ollama_code.core.usage import Usage
from ollama_code.ports import Chunk, RawPiece, ReplyEnd, TextPiece, ThinkingPiece
from ollama_code.providers.faults import refused
from ollama_code.providers.lenient import Lenient, read_json
from ollama_code.providers.raw import RawReader

_NS_PER_S = 1e9
_OF_PLAIN_LINE = {"model", "created_at", "message", "logprobs", "done"}
_OF_PLAIN_MESSAGE = {"role", "content", "thinking"}


class _Function(Lenient):
    name: str = ""
    arguments: JsonValue = None


class _Call(Lenient):
    id: str = ""
    function: _Function = _Function()


class _Message(Lenient):
    content: str = ""
    thinking: str = ""
    tool_calls: tuple[_Call, ...] = ()


class _Line(Lenient):
    """Durations are nanoseconds; counts and durations are on the last line only."""

    message: _Message = _Message()
    logprobs: JsonValue = None
    done: bool = False
    done_reason: str = ""
    prompt_eval_count: int = 0
    prompt_eval_cached_count: int | None = None
    eval_count: int = 0
    load_duration: int = 0
    prompt_eval_duration: int = 0
    eval_duration: int = 0
    error: JsonValue = None


class ReplyReader:
    """Reads the lines of one answer in order; `ended` is true after the last one."""

    def __init__(self, *, model: str, url: str) -> None:
        self.ended = False
        self._model = model
        self._url = url
        self._ids: set[str] = set()
        self._raw = RawReader()

    def read(self, line: bytes) -> Iterator[Chunk]:
        """The chunks in `line`: raw text, what was made of it (thinking, text, calls), and `ReplyEnd` when it is the
        last one. Calls are taken from every line, also the last, where some models' parsers put them.
        Raises: ReplyBroken for a line that is not what Ollama sends, or the error that the line tells."""
        value = self._value(line)
        if said := _plain(value):
            thinking, text, logprobs = said
            yield from self._words(thinking, text, logprobs)
            return
        parsed = self._shaped(line, value)
        if parsed.error:
            raise refused(200, line, model=self._model, url=self._url)
        yield from self._words(parsed.message.thinking, parsed.message.content, parsed.logprobs)
        for call in parsed.message.tool_calls:
            yield self._call(call)
        if parsed.done:
            self.ended = True
            if rest := self._raw.rest():
                yield RawPiece(rest, 0)
            yield ReplyEnd("length" if parsed.done_reason == "length" else "stop", _usage(parsed))

    def _words(self, thinking: str, text: str, logprobs: JsonValue) -> Iterator[Chunk]:
        if raw := self._raw.read(logprobs):
            yield raw
        if thinking:
            yield ThinkingPiece(thinking)
        if text:
            yield TextPiece(text)

    def _value(self, line: bytes) -> JsonValue:
        try:
            return read_json(line)
        except ValueError as e:
            raise self._broken(line) from e

    def _shaped(self, line: bytes, value: JsonValue) -> _Line:
        try:
            return _Line.model_validate(value)
        except ValueError as e:
            raise self._broken(line) from e

    def _broken(self, line: bytes) -> ReplyBroken:
        start = one_line(line[:400].decode("utf-8", "replace"), limit=80)
        return ReplyBroken(
            f'{self._url} sent a line that is not what Ollama sends: "{start}". Ask again; if it stays so, check '
            "the address."
        )

    def _call(self, call: _Call) -> ToolCall:
        id = call.id
        while not id or id in self._ids:
            id = f"call_{secrets.token_hex(4)}"
        self._ids.add(id)
        return ToolCall(id=id, name=call.function.name, arguments=self._arguments(call.function))

    def _arguments(self, function: _Function) -> Arguments:
        """The arguments as an object; a string that holds one is read."""
        value = function.arguments
        if isinstance(value, str) and value.strip():
            with suppress(ValueError):
                value = read_json(value)
        if isinstance(value, dict):
            return value
        if value is None or value == "":
            return {}
        raise ReplyBroken(
            f'The model "{one_line(self._model)}" called "{one_line(function.name)}" with arguments that are not an '
            "object. Ask again."
        )


def _plain(value: JsonValue) -> tuple[str, str, JsonValue] | None:
    """Thinking, text and raw tokens of a line that holds nothing else, as nearly all do; `None` for any other. They
    are read without models, five times as fast."""
    if not isinstance(value, dict) or value.get("done") is not False or not value.keys() <= _OF_PLAIN_LINE:
        return None
    message = value.get("message")
    if not isinstance(message, dict) or not message.keys() <= _OF_PLAIN_MESSAGE:
        return None
    thinking, text = message.get("thinking", ""), message.get("content", "")
    if not isinstance(thinking, str) or not isinstance(text, str):
        return None
    return thinking, text, value.get("logprobs")


def _usage(line: _Line) -> Usage:
    return Usage(
        prompt_tokens=line.prompt_eval_count,
        generated_tokens=line.eval_count,
        cached_tokens=line.prompt_eval_cached_count,
        load_s=line.load_duration / _NS_PER_S,
        prompt_s=line.prompt_eval_duration / _NS_PER_S,
        generate_s=line.eval_duration / _NS_PER_S,
    )
