"""What the proxy says is there, and who answers to which name."""

from __future__ import annotations

from pathlib import Path

import pytest
from openai import NotFoundError

from tests.ollama_server import OllamaServer, Reply
from tests.proxy.client import Wish, running, user


async def test_the_version_and_the_models_are_those_of_ollama(server: OllamaServer, project: Path):
    server.set_version("0.33.7")
    server.add_model("other:7b")
    async with running(server.url, project) as proxy, proxy.raw() as client:
        version = (await client.get("/api/version")).json()
        tags = (await client.get("/api/tags")).json()["models"]
        listed = (await client.get("/v1/models")).json()["data"]
    assert version == {"version": "0.33.7"}
    assert [tag["name"] for tag in tags] == [one["id"] for one in listed] == ["tiny:latest", "other:7b"]
    assert all(tag["modified_at"].endswith("Z") and tag["model"] == tag["name"] for tag in tags)


@pytest.mark.parametrize("path", ["/", "/api/hello", "/api/version", "/api/tags"])
async def test_clients_may_look_with_head_and_only_with_the_token(
    server: OllamaServer, project: Path, path: str
):
    async with running(server.url, project) as proxy, proxy.raw() as client:
        head, got = await client.head(path), await client.get(path)
        refused = await client.get(path, headers={"authorization": ""})
    assert (head.status_code, head.content, got.status_code, refused.status_code) == (200, b"", 200, 401)
    assert head.headers["content-length"] == got.headers["content-length"]


async def test_without_ollama_the_version_is_an_error_that_may_pass(project: Path):
    async with running("http://127.0.0.1:1", project) as proxy, proxy.raw() as client:
        answer = await client.get("/api/version")
    assert (answer.status_code, answer.headers["x-should-retry"]) == (503, "true")


async def test_a_vendors_model_is_answered_by_the_default_one_which_says_its_name(
    server: OllamaServer, project: Path
):
    server.add_model("other:7b")
    server.play(Reply(text="A title."))
    async with running(server.url, project, Wish(model="other:7b")) as proxy, proxy.anthropic() as client:
        answer = await client.messages.create(model="claude-sonnet-5", max_tokens=50, messages=[user("Hi.")])
        found = await client.models.retrieve("claude-sonnet-5")
    assert (answer.content[0].text, answer.model, found.id) == ("A title.", "other:7b", "other:7b")
    assert server.chats[0].json()["model"] == "other:7b"


async def test_without_a_default_model_a_vendors_name_is_404(server: OllamaServer, project: Path):
    server.add_model("other:7b")
    async with running(server.url, project) as proxy, proxy.openai() as client:
        with pytest.raises(NotFoundError, match="--default-model"):
            await client.chat.completions.create(model="gpt-4o", messages=[user("Hi.")])
        with pytest.raises(NotFoundError, match="tiny:latest, other:7b"):
            await client.models.retrieve("gpt-4o")


async def test_an_unknown_local_name_is_404_with_the_list(server: OllamaServer, project: Path):
    async with running(server.url, project) as proxy, proxy.openai() as client:
        for asked in (
            client.chat.completions.create(model="nope:7b", messages=[user("Hi.")]),
            client.models.retrieve("nope:7b"),
        ):
            with pytest.raises(NotFoundError, match="tiny:latest") as caught:
                await asked
            assert caught.value.code == "model_not_found"
    assert server.chats == []
