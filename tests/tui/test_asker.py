from __future__ import annotations

import asyncio

import pytest

from ollama_code.core.permission import Allowed, PermissionRequest, Question, Refused
from ollama_code.frontends.tui.asker import TuiAsker, resolve
from ollama_code.ports import Asker
from tests.tui.panels.requests import command, request


class Screen:
    """Stands for the app: keeps what was opened, in order, and how often something was withdrawn."""

    def __init__(self) -> None:
        self.opened: list[tuple[PermissionRequest | Question, asyncio.Future]] = []
        self.withdrawn = 0
        self.asker = TuiAsker(
            on_approve=lambda asked, future: self.opened.append((asked, future)),
            on_question=lambda asked, future: self.opened.append((asked, future)),
            on_trust=lambda asked, future: self.opened.append((asked, future)),
            on_withdraw=self._withdraw,
        )

    def _withdraw(self) -> None:
        self.withdrawn += 1


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_an_approval_waits_for_the_panel():
    screen = Screen()
    asker: Asker = screen.asker
    task = asyncio.create_task(asker.approve(request(command())))
    await settle()
    assert not task.done()
    resolve(screen.opened[0][1], Allowed())
    assert await task == Allowed()


async def test_a_question_waits_for_the_panel():
    screen = Screen()
    task = asyncio.create_task(screen.asker.question(Question(text="?")))
    await settle()
    resolve(screen.opened[0][1], "yes")
    assert await task == "yes"


async def test_cancelling_withdraws_what_was_asked():
    screen = Screen()
    task = asyncio.create_task(screen.asker.approve(request(command())))
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert screen.withdrawn == 1
    resolve(screen.opened[0][1], Allowed())


async def test_one_question_is_open_at_a_time():
    screen = Screen()
    first = asyncio.create_task(screen.asker.approve(request(command())))
    second = asyncio.create_task(screen.asker.question(Question(text="?")))
    await settle()
    assert len(screen.opened) == 1
    resolve(screen.opened[0][1], Refused())
    await settle()
    assert len(screen.opened) == 2
    resolve(screen.opened[1][1], "")
    assert (await first, await second) == (Refused(), "")


async def test_cancelling_one_that_waits_leaves_the_open_one():
    screen = Screen()
    first = asyncio.create_task(screen.asker.approve(request(command())))
    second = asyncio.create_task(screen.asker.question(Question(text="?")))
    await settle()
    second.cancel()
    await settle()
    assert screen.withdrawn == 0
    resolve(screen.opened[0][1], Allowed())
    assert await first == Allowed()
