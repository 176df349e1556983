"""Which order runs, which wait and which are held."""

from __future__ import annotations

import asyncio

import pytest

from ollama_code.frontends.tui.orders import Order, Orders


class Watched:
    """Orders, what they told last, and what was carried out."""

    def __init__(self) -> None:
        self.told: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self.ran: list[str] = []
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.orders = Orders(self._hear)

    def _hear(self, waiting: tuple[str, ...], held: tuple[str, ...]) -> None:
        self.told = waiting, held

    def put(self, *names: str) -> None:
        for name in names:
            self.orders.put(self.order(name))

    def order(self, name: str) -> Order:
        async def job() -> None:
            self.ran.append(name)
            self.begun.set()
            await self.gate.wait()

        return Order(job, name)

    async def run_next(self) -> None:
        await self.orders.carry_out((await self.orders.next()).job)


async def begun(watched: Watched) -> asyncio.Task[None]:
    running = asyncio.create_task(watched.run_next())
    await watched.begun.wait()
    return running


async def test_what_a_running_order_keeps_waiting_is_told():
    watched = Watched()
    watched.put("a", "b", "c")
    assert watched.told == ((), ())
    running = await begun(watched)
    assert (watched.ran, watched.told) == (["a"], (("b", "c"), ()))
    watched.gate.set()
    await running


async def test_stopping_holds_what_waits_and_releasing_puts_it_before_newer_lines():
    watched = Watched()
    watched.put("a", "b")
    running = await begun(watched)
    assert watched.orders.stop() and watched.told == ((), ("b",))
    await running
    watched.put("c")
    watched.orders.release(watched.order("first"))
    assert [(await watched.orders.next()).line for _ in range(3)] == ["first", "b", "c"]


async def test_what_a_dialog_ordered_is_not_held():
    watched = Watched()
    watched.put("a", "")
    running = await begun(watched)
    watched.orders.stop()
    await running
    assert (await watched.orders.next()).line == ""


async def test_a_line_is_taken_back_from_the_end_and_a_held_one_last():
    watched = Watched()
    watched.put("a")
    watched.orders.hold()
    watched.put("b", "c")
    assert [watched.orders.take_back() for _ in range(4)] == ["c", "b", "a", ""]


async def test_a_bug_in_an_order_is_raised_and_leaves_the_next_one_free():
    orders = Orders(lambda waiting, held: None)

    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await orders.carry_out(broken)
    assert not orders.busy


async def test_closing_waits_for_the_end_of_what_runs():
    watched = Watched()
    watched.put("a")
    running = await begun(watched)
    await watched.orders.close()
    await running
    assert not watched.orders.busy
