"""Whose turn it is: in order, main before helpers, never more at a time than the engine has slots."""

from __future__ import annotations

import asyncio

import pytest

from ollama_code.bootstrap.slots import Admission, Slots
from ollama_code.core.errors import ServerBusy


class Office:
    """Visitors who stay until they are sent away; `inside` and `came` tell who is and who was there, in order."""

    def __init__(self, slots: Slots) -> None:
        self.came: list[str] = []
        self._slots = slots
        self._leave: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def arrives(self, name: str, *, behind: bool = False) -> None:
        self._leave[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._visit(name, behind))
        await settled()

    async def leaves(self, name: str) -> None:
        self._leave[name].set()
        await settled()

    async def gives_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await settled()

    async def changes(self, leaving: str, impatient: str) -> None:
        """One leaves, and the next gives up when its turn has been given but not yet taken."""
        self._leave[leaving].set()
        await asyncio.sleep(0)
        self._tasks[impatient].cancel()
        await settled()

    async def _visit(self, name: str, behind: bool) -> None:
        async with self._slots.turn(behind=behind):
            self.came.append(name)
            await self._leave[name].wait()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_each_waits_for_the_one_before():
    office = Office(Slots(1))
    for name in "abc":
        await office.arrives(name)
    assert office.came == ["a"]
    await office.leaves("a")
    assert office.came == ["a", "b"]
    await office.leaves("b")
    assert office.came == ["a", "b", "c"]


async def test_as_many_at_a_time_as_there_are_slots():
    office = Office(Slots(2))
    for name in "abc":
        await office.arrives(name)
    assert office.came == ["a", "b"]


async def test_a_helper_waits_for_all_others():
    office = Office(Slots(1))
    await office.arrives("a")
    await office.arrives("title", behind=True)
    await office.arrives("b")
    await office.leaves("a")
    await office.leaves("b")
    assert office.came == ["a", "b", "title"]


async def test_who_gives_up_leaves_the_queue():
    office = Office(Slots(1))
    for name in "abc":
        await office.arrives(name)
    await office.gives_up("b")
    await office.leaves("a")
    assert office.came == ["a", "c"]


async def test_a_turn_that_is_given_to_one_who_just_left_is_passed_on():
    slots = Slots(1)
    office = Office(slots)
    for name in "abc":
        await office.arrives(name)
    await office.changes("a", "b")
    assert office.came == ["a", "c"]


async def test_a_slot_is_free_again_after_all_have_left():
    office = Office(Slots(1))
    await office.arrives("a")
    await office.gives_up("a")
    await office.arrives("b")
    assert office.came == ["a", "b"]


def test_more_than_can_wait_are_sent_away():
    room = Admission(at_once=1, queue=1)
    with room.let_in(), room.let_in(), pytest.raises(ServerBusy, match="2 requests"), room.let_in():
        pass
    with room.let_in():
        pass  # there is room again
