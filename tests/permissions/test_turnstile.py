"""Questions that come at once reach the person one after the other."""

from __future__ import annotations

import asyncio

from ollama_code.core.display import TextBlock
from ollama_code.core.permission import Allowed, Answer, Kind, PermissionRequest, Question
from ollama_code.permissions.turnstile import Turnstile

REQUEST = PermissionRequest(
    call_id="c", tool="edit", kind=Kind.EDIT, title="t", scopes=("edit(a)",), preview=TextBlock(text="")
)


class Person:
    """Takes a while; `at_once` is the most that was ever asked at the same time."""

    def __init__(self) -> None:
        self.asked = self.open = self.at_once = 0

    async def approve(self, request: PermissionRequest) -> Answer:
        await self._think()
        return Allowed()

    async def question(self, question: Question) -> str:
        await self._think()
        return question.text

    async def _think(self) -> None:
        self.asked += 1
        self.open += 1
        self.at_once = max(self.at_once, self.open)
        for _ in range(3):  # the others get their turn of the loop
            await asyncio.sleep(0)
        self.open -= 1


async def test_questions_and_approvals_wait_for_each_other():
    person = Person()
    asker = Turnstile(person)
    answers = await asyncio.gather(
        asker.question(Question(text="one")), asker.approve(REQUEST), asker.question(Question(text="two"))
    )
    assert (answers, person.at_once) == (["one", Allowed(), "two"], 1)


async def test_a_withdrawn_question_lets_the_next_one_through():
    person = Person()
    asker = Turnstile(person)
    first = asyncio.create_task(asker.approve(REQUEST))
    second = asyncio.create_task(asker.question(Question(text="two")))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second, person.asked) == ("two", 2)
