"""The window of a session: measured once on the wire, remembered, pinned; the same on every request."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.serving import Serving, serving_backend
from ollama_code.bootstrap.session import open_session
from ollama_code.bootstrap.workbench import Bounds
from ollama_code.core.errors import ModelLoadFailed
from ollama_code.core.phase import Phase
from ollama_code.providers.ollama import OllamaProvider
from ollama_code.storage.profiles import Profiles
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import Program, RunInside
from tests.ollama_server import Model, OllamaServer, Reply
from tests.tui.test_bridge import Yes

__all__ = ["program", "run", "server"]

GB = 1_000_000_000
CODER = {"size": GB // 10, "token_bytes": 9_600, "gpu_bytes": 6 * GB // 10, "context_length": 262144}
"""On this card 49,152 tokens fit."""


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


async def opened(options: Options | None = None, **more) -> Opened:
    """Closed at once: what was chosen stays to be seen."""
    one = await open_session(options or Options(), asker=more.pop("asker", None), **more)
    await one.close()
    return one


def loaded(server: OllamaServer) -> list[int]:
    """The windows that were tried."""
    return [request.json()["options"]["num_ctx"] for request in server.load_requests]


async def test_the_largest_window_that_fits_is_measured_in_two_loads_and_remembered(
    server: OllamaServer, program: Program
) -> None:
    server.add_model("tiny", **CODER)
    first = await opened()
    second = await opened()
    assert loaded(server) == [131072, 49152]
    assert first.session.head.num_ctx == second.session.head.num_ctx == 49152
    known = Profiles(program.state / "profiles.json").of(server.url, Model("tiny").weights)
    assert known.fit == 49152 and known.load_s > 0


async def test_another_machine_or_another_model_is_measured_anew(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER)
    await opened()
    server.add_model("tiny", **CODER, digest="f" * 64)
    await opened()
    assert loaded(server) == [131072, 49152] * 2


async def test_every_request_of_the_session_finds_the_engine_that_was_measured(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER)
    server.play(Reply(text="One."), Reply(text="Two."))
    one = await open_session(Options(), asker=None)
    one.session.warm_up()
    await one.session.settled()
    for text in ("one", "two"):
        async with aclosing(one.session.prompt(text)) as events:
            assert [event async for event in events][-1].type == "turn_finished"
    await one.close()
    assert len(server.warmups) == 1 and len(server.chats) == 2
    asked = [request.json()["options"]["num_ctx"] for request in (*server.warmups, *server.chats)]
    assert (set(asked), server.loads) == ({49152}, 2)


async def test_a_continued_session_keeps_its_window_and_measures_nothing(server: OllamaServer) -> None:
    server.play(Reply(text="One."))
    one = await open_session(Options(num_ctx=4096), asker=None)
    async with aclosing(one.session.prompt("one")) as events:
        assert [event async for event in events]
    await one.close()
    again = await opened(Options(resume=True))
    assert (again.session.head.num_ctx, loaded(server)) == (4096, [])


async def test_a_model_that_another_program_loaded_large_enough_is_not_loaded_again(
    server: OllamaServer,
) -> None:
    server.add_model("tiny", context_length=32768)
    other = OllamaProvider(server.url)
    await other.load("tiny", 32768, "5m")
    await other.close()
    assert (await opened()).session.head.num_ctx == 32768
    assert server.loads == 1


async def test_without_a_gpu_a_window_is_chosen_that_a_processor_can_read(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER | {"gpu_bytes": 0})
    one = await opened(asker=Yes())
    assert one.session.head.num_ctx == 16384
    assert "without a GPU" in "\n".join(one.notices)


async def test_what_does_not_load_makes_the_search_step_down(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER | {"gpu_bytes": None}, fits_num_ctx=20000)
    assert (await opened()).session.head.num_ctx == 16384
    assert len(loaded(server)) <= 4


async def test_a_model_that_never_loads_is_a_sentence_with_a_way_out(server: OllamaServer) -> None:
    server.add_model("tiny", load_error="error: unable to allocate CPU buffer: out of memory")
    with pytest.raises(ModelLoadFailed, match="smaller"):
        await opened()


@pytest.mark.parametrize(
    ("options", "modelfile", "num_ctx", "why"),
    [
        (Options(num_ctx=4096), 8192, 4096, "--num-ctx"),
        (Options(), 8192, 8192, "Modelfile"),
        (Options(num_ctx=999_999), None, 262144, "trained"),
    ],
)
async def test_a_wish_is_followed_without_a_load_and_said(
    server: OllamaServer, options: Options, modelfile: int | None, num_ctx: int, why: str
) -> None:
    server.add_model("tiny", **CODER, num_ctx=modelfile)
    one = await opened(options, asker=Yes())
    assert (one.session.head.num_ctx, loaded(server)) == (num_ctx, [])
    [said] = [notice for notice in one.notices if notice.startswith("Context window")]
    assert f"{num_ctx:,} tokens" in said and why in said


async def test_a_pin_is_taken_by_the_next_session(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER)
    one = await open_session(Options(), asker=None)
    one.session.pin_window(32768)
    await one.close()
    assert (await opened()).session.head.num_ctx == 32768
    assert (await opened(Options(num_ctx=8192))).session.head.num_ctx == 8192


async def test_the_cloud_is_not_measured(server: OllamaServer) -> None:
    server.add_model("big:cloud", context_length=200_000)
    one = await opened(Options(model="big:cloud"))
    assert (one.session.head.num_ctx, loaded(server)) == (200_000, [])


async def test_what_is_waited_for_is_told_until_it_is_over(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER)
    heard: list[Phase | None] = []
    await opened(tell=heard.append)
    assert [phase.detail for phase in heard if phase] == [
        "tiny:latest with 131,072 tokens",
        "tiny:latest with 49,152 tokens",
    ]
    assert heard[-1] is None


async def test_the_proxy_serves_with_the_window_that_a_session_measured(server: OllamaServer) -> None:
    server.add_model("tiny", **CODER)
    async with serving_backend(Serving(Bounds(Path.cwd()), Options())) as backend:
        first = await backend.model("tiny")
    await opened()
    async with serving_backend(Serving(Bounds(Path.cwd()), Options())) as backend:
        second = await backend.model("tiny")
    assert (first.num_ctx, second.num_ctx) == (16384, 49152)
    assert loaded(server) == [131072, 49152]
