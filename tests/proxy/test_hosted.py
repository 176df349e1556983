"""The proxy inside a program with a person: its tools ask."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI

from ollama_code.bootstrap.hosting import Household, Wish
from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import UsageError
from ollama_code.core.events import Event, Notice
from ollama_code.core.permission import Allowed, Answer, PermissionRequest, Question, Refused
from ollama_code.frontends.proxy.hosted import HostedProxy, hosted_proxy
from tests.ollama_server import Call, OllamaServer, Reply
from tests.proxy.client import user

WRITE = Reply(calls=(Call("write_file", {"file_path": "made.txt", "content": "by a client"}),))
READ = Reply(calls=(Call("read_file", {"file_path": "README.md"}),))


PLAIN = Options()


class Person:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[PermissionRequest] = []

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request)
        return self.answer

    async def question(self, question: Question) -> str:
        return ""


def heard(event: Event) -> None:
    pass


@pytest.fixture(autouse=True)
def in_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


async def hosted(
    server: OllamaServer, person: Person, port: int = 0, options: Options = PLAIN
) -> HostedProxy:
    options = replace(options, ollama_url=server.url)
    return await hosted_proxy(options, Household(person, heard), Wish(port, "tiny"))


async def say(proxy: HostedProxy, text: str) -> str:
    values = dict(re.findall(r"export (\w+)=(\S+)", proxy.greeting))
    async with AsyncOpenAI(base_url=values["OPENAI_BASE_URL"], api_key=values["OPENAI_API_KEY"]) as client:
        answer = await client.chat.completions.create(model="", messages=[user(text)])
    return answer.choices[0].message.content or ""


async def test_what_changes_something_waits_for_a_yes(server: OllamaServer, project: Path):
    server.play(READ, WRITE, Reply(text="Written."))
    person = Person(Allowed())
    proxy = await hosted(server, person)
    assert await say(proxy, "Go.") == "Written."
    await proxy.close()
    assert (project / "made.txt").read_text() == "by a client"
    assert [request.tool for request in person.asked] == ["write_file"]
    assert "AsyncOpenAI/Python" in person.asked[0].why and "through the proxy" in person.asked[0].why


async def test_a_no_leaves_everything_as_it_was(server: OllamaServer, project: Path):
    server.play(WRITE, Reply(text="Then not."))
    proxy = await hosted(server, Person(Refused(feedback="not now")))
    assert await say(proxy, "Go.") == "Then not."
    await proxy.close()
    assert not (project / "made.txt").exists()
    assert "not now" in server.chats[1].json()["messages"][-1]["content"]


async def test_a_yes_for_the_session_holds_for_the_next_request(server: OllamaServer):
    server.play(WRITE, Reply(text="One."), WRITE, Reply(text="Two."))
    person = Person(Allowed(remember="session"))
    proxy = await hosted(server, person)
    assert [await say(proxy, "Go."), await say(proxy, "Again.")] == ["One.", "Two."]
    await proxy.close()
    assert len(person.asked) == 1


async def test_the_rules_of_the_app_hold(server: OllamaServer, project: Path):
    server.play(READ, WRITE, Reply(text="Done."))
    person = Person(Allowed())
    proxy = await hosted(
        server, person, options=Options(allow=("edit(made.txt)",), deny=("read_file(README.md)",))
    )
    await say(proxy, "Go.")
    await proxy.close()
    results = [
        message["content"] for message in server.chats[2].json()["messages"] if message["role"] == "tool"
    ]
    assert person.asked == [] and (project / "made.txt").exists()
    assert "plum" not in results[0] and "Not allowed" in results[0]


async def test_in_a_folder_that_is_not_trusted_what_the_settings_allow_asks(
    server: OllamaServer, project: Path, tmp_path: Path
):
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "settings.json").write_text('{"permissions": {"allow": ["edit(**)"]}}')
    server.play(WRITE, Reply(text="One."), WRITE, Reply(text="Two."))
    for configured in (False, True):
        if configured:
            (project / "made.txt").unlink()
            (project / ".ollama-code").mkdir()
            (project / ".ollama-code" / "settings.json").write_text("{}")
        person = Person(Refused(feedback="no"))
        proxy = await hosted(server, person)
        await say(proxy, "Go.")
        await proxy.close()
        assert len(person.asked) == configured


async def test_when_it_is_closed_nobody_answers_and_the_token_is_gone(server: OllamaServer, tmp_path: Path):
    proxy = await hosted(server, Person(Allowed()))
    [url] = re.findall(r"Serving on (\S+)", proxy.greeting)
    folder = tmp_path / "home" / "proxy"
    assert "ask before they change" in proxy.greeting and len([*folder.iterdir()]) == 1
    await proxy.close()
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/health")
    assert [*folder.iterdir()] == []


async def test_what_goes_wrong_is_told_to_the_person_and_does_not_paint_over_the_screen(
    server: OllamaServer, caplog: pytest.LogCaptureFixture
):
    told: list[Event] = []
    household = Household(Person(Allowed()), told.append)
    proxy = await hosted_proxy(Options(ollama_url=server.url), household, Wish(0, "tiny"))
    [port] = re.findall(r"Serving on \S+:(\d+)", proxy.greeting)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(b"no request\r\n\r\n")
    assert b"400" in await reader.read()
    writer.close()
    logging.getLogger("ollama_code.frontends.proxy.delivery").error("plum \x1b[2J")
    await proxy.close()
    notices = [event.text for event in told if isinstance(event, Notice)]
    assert notices == ["Invalid HTTP request received.", "plum <U+001B>[2J"]
    assert caplog.records == []


async def test_a_port_that_is_taken_is_told(server: OllamaServer):
    with pytest.raises(UsageError, match=str(server.port)):
        await hosted(server, Person(Allowed()), server.port)


async def test_a_variable_that_names_no_port_is_told_and_does_not_end_the_app(
    server: OllamaServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OLLAMA_TOOLS_PORT", "plum")
    with pytest.raises(UsageError, match=r"OLLAMA_TOOLS_PORT.*plum"):
        await hosted_proxy(Options(ollama_url=server.url), Household(Person(Allowed()), heard), Wish())


async def test_the_model_that_is_open_answers_not_the_one_the_app_began_with(server: OllamaServer):
    server.add_model("first:7b")
    server.play(Reply(text="Hello."))
    proxy = await hosted(server, Person(Allowed()), options=Options(model="first:7b"))
    await say(proxy, "Hi.")
    await proxy.close()
    assert server.chats[0].json()["model"] == "tiny:latest"


async def test_the_demo_has_nothing_to_serve():
    with pytest.raises(UsageError, match="script"):
        await hosted_proxy(Options(demo=True), Household(Person(Allowed()), heard), Wish())
