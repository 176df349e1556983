"""The script format: a TOML file that says what a scripted model answers to what it sees.

    [sees.tests_failed]              a sight: something the conversation may show, with captures
    tool = "run_shell_command"       or user = 'a pattern for what the person wrote'
    arguments.command = 'unittest'   patterns for the arguments of the call, optional
    result = 'failures=(?P<n>\\d+)'   a pattern for what the tool answered, optional
    within = "step"                  where to look: since the model last spoke (step), since the
                                     person last spoke (turn), or everywhere (session)
    times = 1                        how often it must be there

    [[reply]]                        replies are tried from the top; the first that fits is given
    when = ["tests_failed", "not tests_passed"]
    thinking = "..."
    text = "{n} tests fail."         a capture of a sight named in `when`
    [[reply.calls]]
    tool = "read_file"
    arguments.absolute_path = "roman.py"

Line breaks around a text are the file's, not the model's. Patterns are Python's, searched anywhere. Where several
messages are of a sight's kind (the same tool, fitting arguments), the newest one decides. A reply without `when`
fits always and stands last."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, ValidationError

from ollama_code.core.errors import ProviderError, UsageError
from ollama_code.core.messages import Arguments, AssistantMessage, Message, ToolMessage, UserMessage
from ollama_code.core.text import one_line
from ollama_code.core.value import Value

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def _pattern(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return re.compile(value)
    except re.error as e:
        raise ValueError(f"the pattern {value!r} is wrong: {e}") from e


Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
ANYTHING = re.compile("")


class Sight(Value):
    """Something a reply may depend on: a message of the person (`user`) or a tool's answer (`tool`)."""

    user: Pattern | None = None
    tool: str = ""
    arguments: dict[str, Pattern] = {}
    result: Pattern = ANYTHING
    within: Literal["step", "turn", "session"] = "step"
    times: int = Field(default=1, ge=1)

    @property
    def captures(self) -> frozenset[str]:
        return frozenset((self.user or self.result).groupindex)


class PlannedCall(Value):
    tool: str
    arguments: Arguments = {}


class PlannedReply(Value):
    when: tuple[str, ...] = ()
    thinking: str = ""
    text: str = ""
    calls: tuple[PlannedCall, ...] = ()


class _File(Value):
    model: str
    num_ctx: int = Field(default=16384, ge=1024)
    tokens_per_second: float = Field(default=0.0, ge=0)
    sees: dict[str, Sight] = {}
    reply: tuple[PlannedReply, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Script:
    """`num_ctx` is the window the scripted model claims, in tokens. `tokens_per_s` is the pace of a reader's
    eye, 0 for at once."""

    model: str
    num_ctx: int
    tokens_per_s: float
    sights: Mapping[str, Sight]
    replies: tuple[PlannedReply, ...]

    @classmethod
    def load(cls, text: str, *, origin: str = "the script") -> Script:
        """Raises: UsageError that names `origin`, the line, the entry and the reason."""
        try:
            file = _File.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as e:
            raise UsageError(f"Cannot read {origin}: {e}.") from e
        except ValidationError as e:
            first = e.errors()[0]
            where = ".".join(str(part) for part in first["loc"][2:])
            reason = f"{where}: {first['msg']}" if where else first["msg"]
            raise UsageError(f"Cannot read {origin}: {_entry(text, first['loc'])}: {reason}.") from e
        if wrong := next(_contradictions(file), None):
            raise UsageError(f"Cannot read {origin}: {_entry(text, wrong[0])}: {wrong[1]}.")
        return cls(file.model, file.num_ctx, file.tokens_per_second, file.sees, file.reply)

    def answer(self, messages: Sequence[Message]) -> PlannedReply:
        """The first reply that fits, its captures filled in. Raises: ProviderError when none fits."""
        for reply in self.replies:
            seen = self._seen(reply.when, messages)
            if seen is not None:
                return _filled(reply, seen)
        last = one_line(messages[-1].text) if messages else "nothing"
        raise ProviderError(f"The script of {self.model} has no reply to: {last}. Add one without `when`.")

    def _seen(self, when: tuple[str, ...], messages: Sequence[Message]) -> dict[str, str] | None:
        """What the sights of `when` captured, or `None` when one of them is missing or seen in vain."""
        captures: dict[str, str] = {}
        for term in when:
            wanted, name = _term(term)
            found = _find(self.sights[name], messages)
            if (found is not None) is not wanted:
                return None
            if found is not None:
                captures.update(found)
        return captures


# --- what is seen ----------------------------------------------------------------------------------------


def _term(term: str) -> tuple[bool, str]:
    name = term.removeprefix("not ").strip()
    return name == term, name


def _find(sight: Sight, messages: Sequence[Message]) -> dict[str, str] | None:
    """The captures of the newest message of the sight's kind; `None` when it does not match."""
    pattern = sight.user or sight.result
    calls = _calls(messages)
    stretch = messages[_start(sight, messages) :]
    matches = [pattern.search(m.text) for m in stretch if _is_of(sight, m, calls)]
    if not matches or matches[-1] is None or sum(m is not None for m in matches) < sight.times:
        return None
    return {name: value or "" for name, value in matches[-1].groupdict().items()}


def _start(sight: Sight, messages: Sequence[Message]) -> int:
    """Where the stretch begins that `within` names."""
    for index in range(len(messages) - 1, -1, -1):
        if sight.within == "step" and isinstance(messages[index], AssistantMessage):
            return index + 1
        if sight.within == "turn" and isinstance(messages[index], UserMessage):
            return index
    return 0


def _calls(messages: Sequence[Message]) -> dict[str, Arguments]:
    return {
        call.id: call.arguments
        for message in messages
        if isinstance(message, AssistantMessage)
        for call in message.calls
    }


def _is_of(sight: Sight, message: Message, calls: Mapping[str, Arguments]) -> bool:
    match message:
        case UserMessage():
            return sight.user is not None
        case ToolMessage():
            given = calls.get(message.call_id, {})
            return message.name == sight.tool and all(
                pattern.search(_as_text(given.get(key))) for key, pattern in sight.arguments.items()
            )
        case AssistantMessage():
            return False


def _as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- what is said ----------------------------------------------------------------------------------------


def _filled(reply: PlannedReply, captures: Mapping[str, str]) -> PlannedReply:
    calls = tuple(
        PlannedCall(
            tool=call.tool,
            arguments={key: _fill_value(value, captures) for key, value in call.arguments.items()},
        )
        for call in reply.calls
    )
    thinking, text = _fill(reply.thinking.strip("\n"), captures), _fill(reply.text.strip("\n"), captures)
    return PlannedReply(when=reply.when, thinking=thinking, text=text, calls=calls)


def _fill(text: str, captures: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: captures[place[1]], text)


def _fill_value(value: JsonValue, captures: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return _fill(value, captures)
    if isinstance(value, list):
        return [_fill_value(item, captures) for item in value]
    if isinstance(value, dict):
        return {key: _fill_value(item, captures) for key, item in value.items()}
    return value


# --- what is wrong with a file ---------------------------------------------------------------------------

_Loc = tuple[int | str, ...]


def _contradictions(file: _File) -> Iterator[tuple[_Loc, str]]:
    named = {_term(term)[1] for reply in file.reply for term in reply.when}
    for name, sight in file.sees.items():
        if name not in named:
            yield ("sees", name), "no reply names it"
        if (sight.user is None) is (sight.tool == ""):
            yield ("sees", name), "it needs either `user` or `tool`"
        if sight.user is not None and (sight.arguments or sight.result is not ANYTHING):
            yield ("sees", name), "`arguments` and `result` belong to a `tool`"
    for index, reply in enumerate(file.reply):
        yield from _contradictions_of(("reply", index), reply, file.sees)
        if not reply.when and index < len(file.reply) - 1:
            yield ("reply", index), "it has no `when`, so the replies below it are never given"


def _contradictions_of(
    loc: _Loc, reply: PlannedReply, sights: Mapping[str, Sight]
) -> Iterator[tuple[_Loc, str]]:
    captured: set[str] = set()
    for term in reply.when:
        wanted, name = _term(term)
        if name not in sights:
            yield loc, f"`when` names {name!r}, but there is no [sees.{name}]"
        elif wanted:
            captured |= sights[name].captures
    if not (reply.text or reply.calls):
        yield loc, "it says nothing and calls nothing"
    written = json.dumps(reply.model_dump(exclude={"when"}), ensure_ascii=False)
    for place in sorted(set(_PLACE.findall(written)) - captured):
        yield loc, f"it uses {{{place}}}, but no sight of its `when` captures it"


def _entry(text: str, loc: _Loc) -> str:
    """The entry of the file that `loc` is in, with its 1-based line when its header can be found."""
    match loc:
        case ("sees", name, *_):
            title, headers = f"[sees.{name}]", rf"^\[sees\.{re.escape(str(name))}\]"
            found = re.search(headers, text, re.MULTILINE)
        case ("reply", int(index), *_):
            title = f"reply {index + 1}"
            starts = list(re.finditer(r"^\[\[reply\]\]", text, re.MULTILINE))
            found = starts[index] if index < len(starts) else None
        case _:
            return ".".join(str(part) for part in loc) or "the file"
    return f"line {text.count(chr(10), 0, found.start()) + 1}, {title}" if found else title
