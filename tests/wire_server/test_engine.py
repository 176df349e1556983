"""The engine's memory and time: loads, the kept prefix, windows, gates and clients that leave."""

import asyncio
import json

import httpx
import pytest

from tests.ollama_server import Model, OllamaServer, Pace, Reply
from tests.wire_server.asking import READ, USER, chat, spoken

THINKER = Model("thinker:latest", capabilities=("completion", "tools", "thinking"))


class TestEngine:
    def test_another_window_or_shift_or_batch_loads_again(self, server: OllamaServer) -> None:
        server.play(*[Reply("ok")] * 5)
        chat(server, options={"num_ctx": 8192})
        chat(server, options={"num_ctx": 8192, "temperature": 0})
        chat(server, options={"num_ctx": 4096})
        chat(server, options={"num_ctx": 4096, "num_batch": 64})
        chat(server, shift=False, options={"num_ctx": 4096, "num_batch": 64})
        assert server.loads == 4

    def test_extended_conversation_reads_only_what_is_new(self, server: OllamaServer) -> None:
        server.play(Reply("Looking.", calls=(READ,)), Reply("Done."))
        long = {"role": "user", "content": "word " * 400}
        call = {"function": {"name": "read_file", "arguments": {"absolute_path": "/a"}}}
        first = chat(server, long)[-1]
        said = {"role": "assistant", "content": "Looking.", "tool_calls": [call]}
        last = chat(server, long, said, {"role": "tool", "content": "text"})[-1]
        assert server.read_tokens[0] == first["prompt_eval_count"] > 400
        assert server.read_tokens[1] < 20
        assert last["prompt_eval_duration"] < first["prompt_eval_duration"] / 10

    def test_changed_front_is_read_again(self, server: OllamaServer) -> None:
        server.play(Reply("a"), Reply("b"))
        for clock in ("10:01", "10:02"):
            chat(
                server,
                {"role": "system", "content": f"It is {clock}."},
                {"role": "user", "content": "word " * 400},
            )
        assert min(server.read_tokens) > 400

    def test_past_thinking_costs_a_seam_when_a_new_turn_begins(self) -> None:
        said = {"role": "assistant", "content": "Yes.", "thinking": "Hm " * 200}
        with OllamaServer(models=[THINKER]) as server:
            server.play(Reply("Yes.", thinking="Hm " * 200), Reply("b"))
            chat(server, USER)
            last = chat(server, USER, said, USER)[-1]
        assert last["prompt_eval_count"] < 60

    def test_window_is_clamped_and_shown_by_ps(self) -> None:
        model = Model("m", context_length=2048, num_ctx=1024, size=100, size_vram=60)
        with OllamaServer(models=[model]) as server:
            server.play(Reply("a"), Reply("b"))
            chat(server)
            [modelfile] = httpx.get(f"{server.url}/api/ps").json()["models"]
            chat(server, options={"num_ctx": 999_999}, keep_alive=-1)
            [clamped] = httpx.get(f"{server.url}/api/ps").json()["models"]
        assert (modelfile["context_length"], clamped["context_length"]) == (1024, 2048)
        assert (clamped["size"], clamped["size_vram"]) == (100, 60)
        assert clamped["expires_at"] > "2100"

    def test_keep_alive_zero_unloads_after_the_answer(self, server: OllamaServer) -> None:
        server.play(Reply("ok"))
        chat(server, keep_alive=0)
        assert httpx.get(f"{server.url}/api/ps").json() == {"models": []}

    def test_window_the_machine_cannot_hold_fails_to_load(self) -> None:
        with OllamaServer(models=[Model("m", fits_num_ctx=8192)]) as server:
            server.play(Reply("ok"), Reply("ok"))
            [refused] = chat(server, options={"num_ctx": 16384})
            fits = chat(server, options={"num_ctx": 8192})
        assert "out of memory" in refused["error"]
        assert spoken(fits) == "ok"

    def test_without_shift_the_reply_ends_at_the_window(self, server: OllamaServer) -> None:
        server.play(Reply("word " * 100))
        last = chat(server, shift=False, options={"num_ctx": 64})[-1]
        assert (last["done_reason"], last["prompt_eval_count"] + last["eval_count"]) == ("length", 64)


class TestServerThatIgnoresTruncate:
    """Lengths as in the recordings of a real server with `truncate:true`."""

    def ask(self, *messages: dict[str, object]) -> tuple[dict[str, object], list[bool]]:
        with OllamaServer(models=[Model("m", ignores_truncate=True)]) as server:
            server.play(Reply("ok"))
            last = chat(server, *messages, truncate=False, options={"num_ctx": 2048})[-1]
            return last, server.cut

    def test_drops_messages_from_the_front_until_the_rest_fits(self) -> None:
        long = {"role": "user", "content": "word " * 1000}
        last, cut = self.ask(
            long, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "word " * 1500}
        )
        assert cut == [True] and 1500 < last["prompt_eval_count"] < 1530

    def test_cuts_the_middle_of_one_message_to_the_known_length(self) -> None:
        last, cut = self.ask({"role": "user", "content": "word " * 5900})
        assert (cut, last["prompt_eval_count"]) == ([True], 1026)

    def test_leaves_alone_what_fits(self) -> None:
        last, cut = self.ask({"role": "user", "content": "word " * 100})
        assert (cut, last["done"]) == ([False], True)


class TestTiming:
    async def test_nothing_is_sent_before_the_gate_opens(
        self, server: OllamaServer, client: httpx.AsyncClient
    ) -> None:
        gate = server.gate()
        server.play(Reply("Hello", pace=Pace(hold=gate)))
        body = {"model": "tiny", "messages": [USER]}
        asking = asyncio.create_task(client.post(f"{server.url}/api/chat", json=body))
        await gate.until_reached()
        assert not asking.done()
        gate.open()
        assert "Hello" in (await asking).text

    async def test_gate_in_the_middle_holds_the_rest(
        self, server: OllamaServer, client: httpx.AsyncClient
    ) -> None:
        gate = server.gate()
        server.play(Reply("one two three", pace=Pace(hold=gate, hold_after=2)))
        body = {"model": "tiny", "messages": [USER]}
        async with client.stream("POST", f"{server.url}/api/chat", json=body) as answer:
            lines = answer.aiter_lines()
            seen = [json.loads(await anext(lines))["message"]["content"] for _ in range(2)]
            await gate.until_reached()
            gate.open()
            rest = [json.loads(line)["message"]["content"] async for line in lines]
        assert (seen, rest) == (["one", " two"], [" three", ""])

    async def test_client_that_leaves_is_noticed_and_frees_the_slot(
        self, server: OllamaServer, client: httpx.AsyncClient
    ) -> None:
        gate = server.gate()
        server.play(Reply("one two", pace=Pace(hold=gate, hold_after=1)), Reply("next"))
        body = {"model": "tiny", "messages": [USER]}
        async with client.stream("POST", f"{server.url}/api/chat", json=body) as answer:
            await anext(answer.aiter_lines())
        [left] = server.requests
        assert await asyncio.to_thread(left.gone.wait, 10)
        assert left.gone_at is not None and left.gone_at > left.received_at
        assert "next" in (await client.post(f"{server.url}/api/chat", json=body)).text

    async def test_interrupted_reading_keeps_what_was_read(self, client: httpx.AsyncClient) -> None:
        with OllamaServer(models=[Model("m", read_token_s=0.02)]) as server:
            server.play(Reply("a"), Reply("b"))
            body = {"model": "m", "messages": [{"role": "user", "content": "word " * 4000}]}
            with pytest.raises(httpx.ReadTimeout):
                await client.post(f"{server.url}/api/chat", json=body, timeout=0.2)
            await asyncio.to_thread(server.requests[0].gone.wait, 10)
            server.add_model("m", context_length=32768)
            answer = await client.post(f"{server.url}/api/chat", json=body | {"stream": False})
        assert 0 < server.read_tokens[0] < answer.json()["prompt_eval_count"]

    async def test_second_request_waits_for_the_only_slot(
        self, server: OllamaServer, client: httpx.AsyncClient
    ) -> None:
        gate = server.gate()
        server.play(Reply("first", pace=Pace(hold=gate)), Reply("second"))
        url, body = f"{server.url}/api/chat", {"model": "tiny", "messages": [USER]}
        first = asyncio.create_task(client.post(url, json=body))
        await gate.until_reached()
        second = asyncio.create_task(client.post(url, json=body))
        await asyncio.to_thread(server.wait_for_requests, 2)
        assert not second.done()
        gate.open()
        assert "first" in (await first).text and "second" in (await second).text

    async def test_two_requests_at_once_launch_one_engine(self, client: httpx.AsyncClient) -> None:
        with OllamaServer(models=[Model("m", load_s=0.05)]) as server:
            server.play(Reply("a"), Reply("b"))
            body = {"model": "m", "messages": [USER]}
            await asyncio.gather(*(client.post(f"{server.url}/api/chat", json=body) for _ in range(2)))
            assert server.loads == 1

    async def test_any_path_can_be_held(self, server: OllamaServer, client: httpx.AsyncClient) -> None:
        gate = server.gate()
        server.hold("/api/tags", gate)
        asking = asyncio.create_task(client.get(f"{server.url}/api/tags"))
        await gate.until_reached()
        assert server.requests[0].path == "/api/tags"
        gate.open()
        assert (await asking).status_code == 200
