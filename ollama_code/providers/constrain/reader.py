"""An answer that a schema binds, while it streams: its words as text, its call as it grows and at last as a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from pydantic import JsonValue

from ollama_code.core.growing import Growing, Reader, Reading
from ollama_code.core.growing_json import Closed, Found, Grown, Rules, grow
from ollama_code.core.growing_string import Quoting
from ollama_code.core.messages import ToolCall
from ollama_code.ports import Chunk, DraftPiece, RawPiece, ReplyEnd, TextPiece
from ollama_code.providers.lenient import read_json
from ollama_code.providers.recover.resolve import fresh_id

NAME, ARGUMENTS, ANSWER = "name", "arguments", "answer"
_RULES = Rules(opens=lambda path: path in ((), (ARGUMENTS,)), quoting=Quoting(strict=True))


class BoundReader:
    """For one answer that may call the tools `names`. `is_kept` says whether the server kept to the schema; where it
    does not, its text goes by unchanged."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)
        self._reader: Reader[Found] = Reader(_read)
        self._written: list[str] = []
        self._name: list[str] = []
        self._native: list[ToolCall] = []
        self._tokens = 0
        self._is_plain = False

    @property
    def is_kept(self) -> bool:
        return not self._is_plain

    def hear(self, chunk: Chunk) -> Iterator[Chunk]:
        """What `chunk` means. All that was written comes as raw text, too; a call comes with the end, and only if the
        model came to its own end."""
        match chunk:
            case TextPiece(text=text) if not self._is_plain:
                yield from self._read(text)
            case RawPiece():
                pass  # the text of such an answer is the raw text
            case ToolCall():
                self._native.append(chunk)  # a parser of the server took the JSON for itself
            case ReplyEnd():
                yield from self._told(self._reader.end())
                yield from self._call(chunk)
                yield chunk
            case _:
                yield chunk

    def _read(self, text: str) -> Iterator[Chunk]:
        if not self._written:
            text = text.lstrip()
            self._is_plain = bool(text) and text[0] != "{"
        if self._is_plain:
            yield TextPiece(text)
            return
        if text:
            self._written.append(text)
            self._tokens += 1
            yield RawPiece(text)
            yield from self._told(self._reader.feed(text))

    def _told(self, growing: Iterator[Found]) -> Iterator[Chunk]:
        for found in growing:
            match found:
                case Grown(path=(key,), text=added) if key == ANSWER:
                    yield TextPiece(added)
                case Grown(path=(key,), text=added) if key == NAME:
                    self._name.append(added)
                case Closed(path=(key,)) if key == NAME:
                    yield from self._drafted("", "")
                case Grown(path=(key, argument), text=added) if key == ARGUMENTS:
                    yield from self._drafted(argument, added)

    def _drafted(self, argument: str, text: str) -> Iterator[DraftPiece]:
        name = "".join(self._name)
        if name in self._names:
            yield DraftPiece(1, name, argument, text, self._tokens)

    def _call(self, end: ReplyEnd) -> Iterator[ToolCall]:
        if end.reason == "length":
            return
        if not self._written:
            yield from (call for call in self._native if call.name in self._names)
            return
        match _value("".join(self._written)):
            case {"name": str(name), "arguments": dict(arguments)}:
                if name in self._names:
                    yield ToolCall(id=fresh_id(), name=name, arguments=arguments)
            case {"answer": str()}:
                pass
            case _:
                self._is_plain = True


def _value(text: str) -> JsonValue:
    with suppress(ValueError):
        return read_json(text)
    return None


def _read(source: Growing) -> Reading[Found]:
    yield from grow(source, _RULES)
