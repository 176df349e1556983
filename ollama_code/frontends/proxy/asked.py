"""One request for an answer, in our own words: what every dialect is translated into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from ollama_code.bootstrap.serving import Model
from ollama_code.core.head import Head, Think, WireTool
from ollama_code.core.messages import AssistantMessage, Message
from ollama_code.ports import ModelInfo
from ollama_code.providers.models import choose_think

NOT_SEEN = "[A picture was left out: this model cannot see.]"


@dataclass(frozen=True)
class Asked:
    """`max_tokens` is `None` where the client set no limit. `ours`: our tools may run in it. `effort` is
    the client's word for how long to think, or empty. `one_call`: at most one call of an answer is handed on;
    `must_call`: an answer without one is not wanted."""

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[WireTool, ...]
    ours: bool
    max_tokens: int | None
    sampling: Mapping[str, JsonValue]
    format: JsonValue
    effort: str
    one_call: bool = False
    must_call: bool = False

    def head(self, model: Model, tools: tuple[WireTool, ...]) -> Head:
        """All of it has been read already: looking through 50 KB of tools again would take a millisecond."""
        return Head.model_construct(
            model=model.info.name,
            num_ctx=model.num_ctx,
            think=_think(model.info, self.effort),
            system=self.system,
            tools=tools,
            keep_alive=model.keep_alive,
        )

    def messages_for(self, info: ModelInfo) -> list[Message]:
        """The messages, without pictures for a model that cannot see: the server would refuse all of it."""
        return list(self.messages) if info.vision else [_blind(message) for message in self.messages]


def _blind(message: Message) -> Message:
    if isinstance(message, AssistantMessage) or not message.images:
        return message
    text = "\n".join(filter(None, (message.text, NOT_SEEN)))
    return message.model_copy(update={"text": text, "images": ()})


def _think(info: ModelInfo, effort: str) -> Think:
    """What the client wished, as far as the model can."""
    usual = choose_think(info)
    if isinstance(usual, bool):
        return usual and effort != "none"
    match effort:
        case "none" | "minimal" | "low":
            return "low"
        case "high" | "xhigh" | "max":
            return "high"
        case _:
            return usual
