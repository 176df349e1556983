"""The seam between two turns: what a model's template makes the engine read again when a person speaks.

Asked of the server, which renders a prompt without reading it; never guessed from a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.ports import ChatProvider, ChatRequest

FREE_CHARS = 64
"""Characters at the end of a prompt that only open the answer: up to 34 were seen; none of the texts below is as
short as this."""
_FILLER = "The quick brown fox jumps over the lazy dog and goes on to the next field. " * 6


@dataclass(frozen=True)
class Seam:
    """`sends_thinking`: whether past thinking should go back to the model; `rereads_turn`: whether, if that is
    followed, the last turn is read again when the next one begins."""

    sends_thinking: bool
    rereads_turn: bool


async def measure_seam(provider: ChatProvider, head: Head) -> Seam | None:
    """`None` when the server does not render. Loads the model. Raises: ProviderError."""
    if not head.think:  # no thinking, so there is none to be erased
        return Seam(sends_thinking=True, rereads_turn=False)
    costs = {sends: await _costs(provider, head, sends=sends) for sends in (True, False)}
    sent, kept_back = costs[True], costs[False]
    if sent is None or kept_back is None:
        return None
    in_loop, after = sent
    if after and not in_loop and kept_back == (False, False):
        return Seam(sends_thinking=False, rereads_turn=False)
    return Seam(sends_thinking=True, rereads_turn=after)


async def _costs(provider: ChatProvider, head: Head, *, sends: bool) -> tuple[bool, bool] | None:
    """Whether a step within a turn, and a new turn, make the engine read again."""
    own = head.model_copy(update={"sends_thinking": sends, "tools": head.tools[:1]})
    talk = _talk(own)
    prompts = [await provider.rendered(ChatRequest(own, talk[:end], num_predict=1)) for end in (1, 3, 5, 7)]
    first, second, third, after = prompts
    if not (first and second and third and after):
        return None
    return _is_read_again(first, second) or _is_read_again(second, third), _is_read_again(third, after)


def _talk(head: Head) -> tuple[Message, ...]:
    """A turn of two tool steps, its answer, and the beginning of the next turn."""
    name = str(_function_name(head) or "look")

    def step(number: int) -> tuple[Message, Message]:
        call = ToolCall(id=f"call_{number}", name=name, arguments={"path": "a.py"})
        reply = AssistantMessage(thinking=f"Thought {number}. {_FILLER}", calls=(call,))
        return reply, ToolMessage(call_id=call.id, name=name, text=f"Result {number}. {_FILLER}")

    answer = AssistantMessage(thinking=f"Last thought. {_FILLER}", text=f"Answer. {_FILLER}")
    return (UserMessage(text="First."), *step(1), *step(2), answer, UserMessage(text="Second."))


def _function_name(head: Head) -> object:
    function = head.tools[0].get("function") if head.tools else None
    return function.get("name") if isinstance(function, dict) else None


def _is_read_again(before: str, after: str) -> bool:
    return len(before) - _shared(zip(before, after, strict=False)) > FREE_CHARS


def _shared(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
