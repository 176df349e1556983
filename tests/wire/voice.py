"""Turns a scripted reply into the tokens the model writes and what the server shows at each of them."""

from collections.abc import Iterator
from dataclasses import replace

from tests.wire.parser import Parser, Step, property_types
from tests.wire.request import ChatRequest
from tests.wire.script import Call, Family, Reply
from tests.wire.syntax import tokens, write_call

REPEAT_LIMIT = 30
"""The server gives up on a reply, without a word, after this many equal tokens in a row."""


class RepeatedToken(Exception):
    """The model is stuck: the stream ends here, without a done line."""


def steps(reply: Reply, family: Family, request: ChatRequest, *, thinking: bool) -> Iterator[Step]:
    """One step per token. Raises: ParseError, RepeatedToken (both while iterating)."""
    if reply.raw is None and not reply.pieces:
        spoken = _exact(reply, family, thinking=thinking)
    else:
        parser = Parser(family, property_types(request.tools), thinking=thinking)
        spoken = (parser.feed(token) for token in reply.pieces or tokens(reply.raw or ""))
    return _until_stuck(spoken)


def _exact(reply: Reply, family: Family, *, thinking: bool) -> Iterator[Step]:
    """The structured reply, delivered to the letter; only the markup around it is hidden."""
    for token in tokens(reply.thinking):
        yield Step(token, thinking=token)
    if thinking or reply.thinking:
        yield from _hidden("\n</think>\n\n")
    for token in tokens(reply.text):
        yield Step(token, content=token)
    for call in reply.calls:
        yield from _hidden("\n" + write_call(family, call.name, call.arguments), call)


def _hidden(text: str, call: Call | None = None) -> Iterator[Step]:
    *front, last = tokens(text)
    yield from (Step(token) for token in front)
    yield replace(Step(last), calls=() if call is None else (call,))


def _until_stuck(spoken: Iterator[Step]) -> Iterator[Step]:
    last, times = "", 0
    for step in spoken:
        times = times + 1 if step.token == last else 1
        last = step.token
        yield step
        if times > REPEAT_LIMIT:
            raise RepeatedToken
