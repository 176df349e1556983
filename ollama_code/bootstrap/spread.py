"""Which of several servers a request goes to: the one that has to wait, load and read the least for it.

Values in, values out: what the servers look like at this moment, and the prompt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ollama_code.ports import ChatRequest

_LOADING = 2.0
_READING = 1.0
"""What it costs to load a model, and to read a whole prompt, in answers that could be written meanwhile. All three
take seconds to minutes, on any machine about in this proportion."""

Link = tuple[int, int]
"""A digest of a prompt up to the end of one of its messages, and how many characters that is."""


@dataclass(frozen=True)
class View:
    """A server as this request sees it. `ahead` is how many answers are written before its own begins; `unread` the
    share of the prompt that is new to it, 0 to 1."""

    reachable: bool
    installed: bool
    loaded: bool
    ahead: float
    unread: float

    @property
    def cost(self) -> float:
        return self.ahead + (0.0 if self.loaded else _LOADING) + _READING * self.unread


def ranked(views: Sequence[View]) -> list[int]:
    """The indices of those to try, the best first. As long as there is another, those that did not answer lately are
    left out, and those without the model."""
    able = [index for index, view in enumerate(views) if view.reachable and view.installed]
    if not able:
        return [index for index, view in enumerate(views) if view.reachable] or [*range(len(views))]
    return sorted(able, key=lambda index: (views[index].cost, views[index].unread, index))


class Prompts:
    """The last prompts that one server read, as far as it may have them in its cache still."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: OrderedDict[int, None] = OrderedDict()

    def unread(self, links: Sequence[Link]) -> float:
        """The share of a prompt that it has not read."""
        whole = links[-1][1]
        known = next((chars for digest, chars in reversed(links) if digest in self._seen), 0)
        return 1 - known / whole if whole else 1.0

    def keep(self, links: Sequence[Link]) -> None:
        """A conversation takes one place, that of what is said in it; what all of them begin with takes one too."""
        for digest, _ in links[:-1]:
            self._seen.pop(digest, None)
        for digest, _ in (links[0], links[-1]):
            self._seen[digest] = None
            self._seen.move_to_end(digest)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)


def links_of(request: ChatRequest) -> tuple[Link, ...]:
    """The prompt up to the end of its head, and of each message after it. Digests hold for this process."""
    head = request.head
    names = tuple(str(tool.get("function")) for tool in head.tools)
    digest, chars = hash((head.model, head.system, names)), len(head.system) + sum(map(len, names))
    links = [(digest, chars)]
    for message in request.messages:
        digest, chars = hash((digest, message.role, message.text)), chars + len(message.text)
        links.append((digest, chars))
    return tuple(links)
