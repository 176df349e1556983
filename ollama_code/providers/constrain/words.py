"""A conversation for a model that cannot call: what it is told of its tools, its own calls and their results, all in
words. A message has the same words in every request."""

from __future__ import annotations

import json

from ollama_code.core.messages import AssistantMessage, Message, ToolMessage, UserMessage
from ollama_code.providers.constrain.reader import ANSWER, ARGUMENTS, NAME

HOW = """\
You act with JSON. Each answer of yours is one JSON object and nothing else. Either it calls a tool:
{"name": "TOOL", "arguments": {"ARGUMENT": "VALUE"}}
Then the next message is the result. Or, when you need no tool, it is your answer to the person:
{"answer": "TEXT"}
Your tools; ? marks an argument you may leave out:
"""


def taught(system: str, tools: str) -> str:
    """`system` with the `tools`, already in words, and how to call them."""
    return f"{system}\n\n{HOW}{tools}"


def in_words(message: Message) -> Message:
    """The same without calls and tool results, which the templates of such models do not know."""
    match message:
        case AssistantMessage():
            return AssistantMessage(text=message.written or _written(message))
        case ToolMessage(name=name, text=text, images=images):
            return UserMessage(text=f"Result of {name}:\n{text}", images=images)
        case _:
            return message


def _written(message: AssistantMessage) -> str:
    """What another model said, or this one before it was stopped, in the form that is asked of it."""
    calls = [_line({NAME: call.name, ARGUMENTS: call.arguments}) for call in message.calls]
    text = [_line({ANSWER: message.text})] if message.text and not calls else []
    return "\n".join([*text, *calls]) or message.text


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
