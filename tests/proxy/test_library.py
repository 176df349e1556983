"""The proxy within a Python program, as the older proxy had it."""

from __future__ import annotations

from pathlib import Path

import pytest

import ollama_code
import ollama_code.proxy
from ollama_code.core.errors import ModelMissing, UsageError
from ollama_code.proxy import OllamaToolProxy, ProxyConfig
from tests.ollama_server import Call, OllamaServer, Reply
from tests.proxy.client import user

READ = Reply(calls=(Call("read_file", {"file_path": "README.md"}),))


@pytest.mark.parametrize("name", ["OllamaToolProxy", "ProxyConfig", "ToolExecutor", "get_tools_array"])
def test_the_names_of_the_older_proxy_are_in_the_package_and_in_its_proxy(name: str):
    assert getattr(ollama_code, name) is getattr(ollama_code.proxy, name)


async def test_a_chat_runs_our_tools(server: OllamaServer, project: Path):
    server.play(READ, Reply(text="It is plum."))
    proxy = OllamaToolProxy(ProxyConfig(ollama_base_url=server.url, working_directory=str(project)))
    result = await proxy.chat_completion(messages=[user("The secret word?")], model="tiny")
    await proxy.close()
    assert result["choices"][0]["message"]["content"] == "It is plum."
    assert "plum" in server.chats[1].json()["messages"][-1]["content"]


async def test_other_fields_of_a_request_are_taken(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    config = ProxyConfig(server.url, project, inject_tools=False, default_model="tiny")
    async with OllamaToolProxy(config) as proxy:
        await proxy.chat_completion([user("Hi.")], more={"temperature": 0.5, "max_tokens": 20})
    sent = server.chats[0].json()
    assert (sent["options"]["temperature"], sent["options"]["num_predict"]) == (0.5, 20)
    assert "tools" not in sent


async def test_commands_stay_within_the_config(server: OllamaServer, project: Path):
    server.play(Reply(calls=(Call("run_command", {"command": "touch made"}),)), Reply(text="No."))
    async with OllamaToolProxy(ProxyConfig(server.url, project, command_allowlist="git status")) as proxy:
        await proxy.chat_completion([user("Go.")], "tiny")
    assert not (project / "made").exists()


@pytest.mark.parametrize(
    ("messages", "model", "error"),
    [
        ([], "tiny", UsageError),
        ([{"role": object()}], "tiny", UsageError),
        ([user("Hi.")], "nope", ModelMissing),
    ],
)
async def test_what_cannot_be_answered_raises(
    server: OllamaServer, project: Path, messages: list, model: str, error: type[Exception]
):
    async with OllamaToolProxy(ProxyConfig(server.url, project)) as proxy:
        with pytest.raises(error):
            await proxy.chat_completion(messages, model)
