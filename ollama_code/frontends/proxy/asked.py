"""One request for an answer, in our own words: what every dialect is translated into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from ollama_code.bootstrap.serving import Model
from ollama_code.core.head import Head, Think, WireTool
from ollama_code.core.messages import AssistantMessage, Message, UserMessage
from ollama_code.ports import ModelInfo
from ollama_code.providers.models import choose_think

NOT_SEEN = "[A picture was left out: this model cannot see.]"


@dataclass(frozen=True)
class Asked:
    """`max_tokens` is `None` where the client set no limit. `plain` is a chat that brings no tools and wants none
    kept away: only there ours may run. `effort` is the client's word for how long to think, or empty."""

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[WireTool, ...]
    plain: bool
    max_tokens: int | None
    sampling: Mapping[str, JsonValue]
    format: JsonValue
    effort: str
    one_call: bool

    def head(self, model: Model, tools: tuple[WireTool, ...]) -> Head:
        return Head(
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


class Later:
    """System messages behind the first ones, held back for the next user turn: the server would put them in front
    and so lose the task, and the engine everything it has read."""

    def __init__(self) -> None:
        self._held: list[str] = []

    def hold(self, text: str) -> None:
        self._held.append(text)

    def join(self, text: str) -> str:
        held, self._held = self._held, []
        return "\n\n".join([*held, text])

    def rest(self) -> list[Message]:
        return [UserMessage(text="\n\n".join(self._held))] if self._held else []
