"""Turns a scripted reply into the tokens the model writes and what the server shows at each of them."""

from collections.abc import Iterator

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
    if reply.raw is not None and reply.calls:
        return _hidden(reply.raw, *reply.calls)
    if reply.raw is None and not reply.pieces:
        return _exact(reply, family, thinking=thinking)
    parser = Parser(family, property_types(request.tools), thinking=thinking)
    if reply.pieces:
        return _until_stuck(parser.feed(token) for token in reply.pieces)
    return (parser.feed(token) for token in tokens(reply.raw or ""))


def _exact(reply: Reply, family: Family, *, thinking: bool) -> Iterator[Step]:
    """The structured reply, delivered to the letter; only the markup around it is hidden."""
    for token in tokens(reply.thinking):
        yield Step(token, thinking=token)
    if thinking or reply.thinking:
        yield from _hidden("\n</think>\n\n")
    for token in tokens(reply.text):
        yield Step(token, content=token)
    for number, call in enumerate(reply.calls):
        before = "\n" if reply.text or number else ""
        yield from _hidden(before + write_call(family, call.name, call.arguments), call)


def _hidden(text: str, *calls: Call) -> Iterator[Step]:
    *front, last = tokens(text)
    yield from (Step(token) for token in front)
    yield Step(last, calls=calls)


def _until_stuck(spoken: Iterator[Step]) -> Iterator[Step]:
    """Only for given pieces: our cut makes a token of each dash of a line, where a real one takes many at once."""
    last, times = "", 0
    for step in spoken:
        times = times + 1 if step.token == last else 1
        last = step.token
        yield step
        if times > REPEAT_LIMIT:
            raise RepeatedToken
