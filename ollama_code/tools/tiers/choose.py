"""The tier of a session: which tools its head offers and in how many words, packed into the budget of its window.

A pure choice: the same tools, window and project give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from ollama_code.core.head import WireTool
from ollama_code.prompts import brief_system_prompt, system_prompt
from ollama_code.tools.base import AnyTool, Rank
from ollama_code.tools.more import MoreTools
from ollama_code.tools.schema import Detail, parameters
from ollama_code.tools.tiers.budget import CHARS_PER_TOKEN, budget_tokens, tokens
from ollama_code.tools.tiers.form import Form, JsonForm, Told
from ollama_code.tools.toolset import Toolset


@dataclass(frozen=True)
class Room:
    """Where a tier must fit. `folder` are the names at the top of the project, `reserved_chars` what the caller adds
    to the system text."""

    num_ctx: int
    folder: frozenset[str] = frozenset()
    reserved_chars: int = 0
    form: Form = field(default_factory=JsonForm)


@dataclass(frozen=True)
class Tier:
    """`told` is what the head offers, `more_tools` last where something is left out."""

    system: str
    told: tuple[Told, ...]
    left_out: tuple[str, ...]
    text: str
    """The tools in the form that was asked for."""
    tokens: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(told.tool.name for told in self.told)

    @property
    def tools(self) -> tuple[WireTool, ...]:
        """The tools as a request carries them."""
        return tuple(told.wire for told in self.told)


def choose_tier(toolset: Toolset, room: Room) -> Tier:
    """Everything, if it fits. Else the core tools in few words, then the system text as a whole, then by rank what
    there is room for; `more_tools` reaches the rest. Where not even that fits, the least there is."""
    whole = _Packing(toolset, room, _Plan())
    if not whole.left_out(whole.packed()):
        return whole.tier()
    return _Packing(toolset, room, _Plan(more=True)).tier()


@dataclass(frozen=True)
class _Plan:
    shown: Mapping[str, Detail] = field(default_factory=dict)
    whole_prompt: bool = False
    more: bool = False
    names_rest: bool = False
    """Whether more_tools names what it reaches: a model looks for what it has heard of."""

    def show(self, tool: AnyTool, detail: Detail) -> _Plan:
        if detail > Detail.SHORT and tool.name not in self.shown:
            return self
        return replace(self, shown={**self.shown, tool.name: detail})


_Wish = Callable[[_Plan], _Plan]


class _Packing:
    def __init__(self, toolset: Toolset, room: Room, least: _Plan) -> None:
        self._room = room
        self._least = least
        self._more = MoreTools(toolset, ())
        ranked = [(rank, tool) for tool in toolset.tools if (rank := _rank(tool, room.folder)) is not None]
        self._ranks = {rank: [tool for its, tool in ranked if its is rank] for rank in Rank}
        self._pieces: dict[tuple[str, Detail], str] = {}
        self._all = toolset.names

    def tier(self) -> Tier:
        plan = self.packed()
        text = self._text(plan)
        system = _system(plan)
        return Tier(
            system=system,
            told=tuple(self._told(plan)),
            left_out=self.left_out(plan),
            text=text,
            tokens=tokens(len(system) + len(text) + self._room.reserved_chars),
        )

    def packed(self) -> _Plan:
        plan = self._least
        limit_chars = budget_tokens(self._room.num_ctx) * CHARS_PER_TOKEN - self._room.reserved_chars
        for wish in self._wishes():
            richer = wish(plan)
            if len(_system(richer)) + len(self._text(richer)) <= limit_chars:
                plan = richer
        return plan

    def left_out(self, plan: _Plan) -> tuple[str, ...]:
        return tuple(name for name in self._all if name not in plan.shown)

    def _wishes(self) -> Iterator[_Wish]:
        """In the order in which room is given to them."""
        core, daily, common, special = (self._ranks[rank] for rank in Rank)
        yield from _show(core, Detail.BARE)
        yield from _show(sorted(core, key=_needs_words), Detail.SHORT)
        yield lambda plan: replace(plan, whole_prompt=True)
        yield from _show(daily, Detail.SHORT)
        yield lambda plan: replace(plan, names_rest=plan.more)
        yield from _show(common, Detail.SHORT)
        yield from _show((*core, *daily), Detail.FULL)
        yield from _show(special, Detail.SHORT)
        yield from _show((*common, *special), Detail.FULL)

    def _told(self, plan: _Plan) -> Iterator[Told]:
        for tool in (tool for rank in Rank for tool in self._ranks[rank]):
            if tool.name in plan.shown:
                yield Told(tool, plan.shown[tool.name])
        if plan.more:
            rest = f"They are: {', '.join(self.left_out(plan))}." if plan.names_rest else ""
            yield Told(self._more, Detail.SHORT, rest)

    def _text(self, plan: _Plan) -> str:
        return self._room.form.joined(map(self._piece, self._told(plan)))

    def _piece(self, told: Told) -> str:
        if told.beside:
            return self._room.form.piece(told)
        key = (told.tool.name, told.detail)
        if key not in self._pieces:
            self._pieces[key] = self._room.form.piece(told)
        return self._pieces[key]


def _rank(tool: AnyTool, folder: frozenset[str]) -> Rank | None:
    """Its rank in this project; `None` where it is of no use."""
    if not tool.markers:
        return tool.rank
    useful = any(fnmatchcase(name, marker) for name in folder for marker in tool.markers)
    return min(tool.rank, Rank.COMMON) if useful else None


def _needs_words(tool: AnyTool) -> int:
    """First what takes the most arguments: there a name alone explains least."""
    required = parameters(tool.params).get("required")
    return -len(required) if isinstance(required, list) else 0


def _show(tools: Iterable[AnyTool], detail: Detail) -> Iterator[_Wish]:
    def wish(tool: AnyTool) -> _Wish:
        return lambda plan: plan.show(tool, detail)

    return map(wish, tools)


def _system(plan: _Plan) -> str:
    return system_prompt() if plan.whole_prompt else brief_system_prompt()
