"""Orders of a person, done one after another, with a real conversation behind the bridge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import ModelMissing, ModelUnclear, ServerUnreachable
from ollama_code.core.events import Event, JobChanged, ModeChanged, TurnFinished, TurnStarted
from ollama_code.core.messages import AssistantMessage, ToolMessage, UserMessage
from ollama_code.core.permission import Allowed, Mode
from ollama_code.frontends.tui.bridge import Bridge
from tests.ollama_server import Call, Model, OllamaServer, Pace, Pull, Reply


class Face:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.said: list[str] = []
        self.waiting: tuple[str, ...] = ()
        self.held: tuple[str, ...] = ()
        self.steering: tuple[str, ...] = ()
        self.missed: list[tuple[type, list[str]]] = []
        self.models: list[str] = []
        self.pulls: list[tuple[str, str]] = []
        self.sessions: list[str] = []
        self.clears = self.left = 0
        self.copied = ""
        self.phases: list[str | None] = []

    def opened(self, opened) -> None:
        self.sessions.append(opened.session.id)

    def opening(self, phase) -> None:
        self.phases.append(phase and phase.name)

    def missing(self, error, models=()) -> None:
        self.missed.append((type(error), [model.name for model in models]))

    def show(self, event: Event) -> None:
        self.events.append(event)

    def say(self, text: str, tone: str = "info") -> None:
        self.said.append(text)

    def help(self, commands: str) -> None:
        self.said.append(commands)

    def queued(self, waiting: tuple[str, ...], held: tuple[str, ...], steering: tuple[str, ...]) -> None:
        self.waiting, self.held, self.steering = waiting, held, steering

    def choose_model(self, models, current: str) -> None:
        self.models = [model.name for model in models]

    def pulling(self, model: str, progress) -> None:
        self.pulls.append((model, progress.status))

    def pulled(self, model: str, trouble: str) -> None:
        self.pulls.append((model, trouble or "over"))

    def cleared(self) -> None:
        self.clears += 1

    def copy(self, text: str) -> None:
        self.copied = text

    def leave(self) -> None:
        self.left += 1

    def ends(self) -> list[str]:
        return [event.reason for event in self.events if isinstance(event, TurnFinished)]

    def turns(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, TurnStarted)]


class Yes:
    """Allows everything and answers nothing."""

    async def approve(self, request) -> Allowed:
        return Allowed()

    async def question(self, question) -> str:
        return ""


@pytest.fixture
def server(stage, monkeypatch):
    with OllamaServer() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


@asynccontextmanager
async def bridged(**options) -> AsyncIterator[tuple[Bridge, Face]]:
    face = Face()
    bridge = Bridge(Options(**options), face, Yes())
    running = asyncio.create_task(bridge.run())
    try:
        await until(lambda: face.sessions or face.missed or face.said)
        await until(lambda: not bridge.busy)
        yield bridge, face
    finally:
        running.cancel()
        await asyncio.wait({running})
        await bridge.close()


async def until(seen: Callable[[], object]) -> None:
    for _ in range(4000):
        if seen():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


async def done(bridge: Bridge, face: Face, turns: int) -> None:
    await until(lambda: len(face.ends()) == turns and not bridge.busy)


async def test_while_the_window_is_measured_the_screen_is_told_and_lines_wait(server):
    loads = server.gate()
    server.add_model("tiny:latest", load_hold=loads)
    server.play(Reply(text="Yes."))
    face = Face()
    bridge = Bridge(Options(), face, Yes())
    running = asyncio.create_task(bridge.run())
    await until(lambda: face.phases == ["loading"])
    bridge.submit("hello")
    assert (face.waiting, face.sessions) == (("hello",), [])
    loads.open()
    await until(lambda: face.ends() == ["done"])
    assert face.phases == ["loading", None]
    running.cancel()
    await asyncio.wait({running})
    await bridge.close()


async def test_stopping_while_the_window_is_measured_opens_nothing_and_the_next_line_begins_again(server):
    loads = server.gate()
    server.add_model("tiny:latest", load_hold=loads)
    server.play(Reply(text="Yes."))
    face = Face()
    bridge = Bridge(Options(), face, Yes())
    running = asyncio.create_task(bridge.run())
    await until(lambda: face.phases == ["loading"])
    bridge.stop()
    await until(lambda: not bridge.busy)
    assert (face.phases, face.sessions) == (["loading", None], [])
    loads.open()
    bridge.submit("hello")
    await until(lambda: face.ends() == ["done"])
    running.cancel()
    await asyncio.wait({running})
    await bridge.close()


def history(bridge: Bridge):
    assert bridge._talk is not None and bridge._talk.opened is not None
    return bridge._talk.opened.session.history


async def test_lines_are_answered_one_after_another_and_wait_where_they_can_be_seen(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)), Reply(text="two"), Reply(text="three"))
    async with bridged() as (bridge, face):
        for line in ("a", "b", "c"):
            bridge.submit(line)
        await gate.until_reached()
        assert face.waiting == ("b", "c") and face.turns() == ["a"]
        gate.open()
        await done(bridge, face, 3)
        assert face.turns() == ["a", "b", "c"] and face.waiting == ()


async def test_what_still_waits_is_seen_while_the_next_line_runs(server):
    first, second = server.gate(), server.gate()
    server.play(
        Reply(text="1", pace=Pace(hold=first)), Reply(text="2", pace=Pace(hold=second)), Reply(text="3")
    )
    async with bridged() as (bridge, face):
        for line in ("a", "b", "c"):
            bridge.submit(line)
        first.open()
        await second.until_reached()
        assert face.waiting == ("c",)
        second.open()
        await done(bridge, face, 3)


async def test_the_newest_waiting_line_can_be_taken_back(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)), Reply(text="two"))
    async with bridged() as (bridge, face):
        for line in ("a", "b", "c"):
            bridge.submit(line)
        await gate.until_reached()
        assert bridge.take_back() == "c" and face.waiting == ("b",)
        gate.open()
        await done(bridge, face, 2)
        assert bridge.take_back() == "" and face.turns() == ["a", "b"]


async def test_words_for_the_running_turn_are_heard_before_its_next_step(server):
    gate = server.gate()
    server.play(
        Reply(calls=(Call("list_directory", {"path": "."}),), pace=Pace(hold=gate)),
        Reply(text="Briefly, then."),
    )
    async with bridged() as (bridge, face):
        bridge.submit("look around")
        await gate.until_reached()
        await bridge.steer("be brief")
        assert (face.steering, face.waiting) == (("be brief",), ())
        gate.open()
        await done(bridge, face, 1)
        assert face.steering == () and face.ends() == ["done"]
        assert server.chats[-1].json()["messages"][-1] == {"role": "user", "content": "be brief"}


async def test_a_file_named_in_words_for_the_running_turn_is_attached(server, stage):
    (stage.project / "rules.md").write_text("Never say cheese.\n")
    gate = server.gate()
    server.play(
        Reply(calls=(Call("list_directory", {"path": "."}),), pace=Pace(hold=gate)), Reply(text="I will not.")
    )
    async with bridged() as (bridge, face):
        bridge.submit("look around")
        await gate.until_reached()
        await bridge.steer("mind @rules.md")
        assert face.steering == ("mind @rules.md",)
        gate.open()
        await done(bridge, face, 1)
        heard = server.chats[-1].json()["messages"][-1]["content"]
        assert "Never say cheese." in heard and heard.endswith("mind @rules.md")
        assert history(bridge)[-2].words == ("mind @rules.md",)


async def test_words_that_no_step_heard_are_held(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)), Reply(text="two"))
    async with bridged() as (bridge, face):
        bridge.submit("a")
        await gate.until_reached()
        await bridge.steer("be brief")
        bridge.stop()
        await done(bridge, face, 1)
        assert (face.steering, face.held) == ((), ("be brief",))
        bridge.go_on()
        await done(bridge, face, 2)
        assert face.turns() == ["a", "be brief"]


async def test_words_for_a_turn_can_be_taken_back_the_newest_first(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with bridged() as (bridge, face):
        bridge.submit("a")
        await gate.until_reached()
        for words in ("first", "second"):
            await bridge.steer(words)
        assert bridge.take_back() == "second" and face.steering == ("first",)
        assert (bridge.take_back(), bridge.take_back(), face.steering) == ("first", "", ())
        gate.open()
        await done(bridge, face, 1)
        assert len(server.chats) == 1


@pytest.mark.parametrize("line", ["/compact", "!echo hi"])
async def test_a_command_steers_nothing_and_waits(server, line: str):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with bridged() as (bridge, face):
        bridge.submit("a")
        await gate.until_reached()
        await bridge.steer(line)
        assert (face.steering, face.waiting) == ((), (line,))
        gate.open()


async def test_what_only_shows_something_is_answered_while_the_model_works(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with bridged() as (bridge, face):
        bridge.submit("a")
        await gate.until_reached()
        for line in ("/todos", "/mode plan", "/nosuch"):
            assert bridge.answers_at_once(line)
            await bridge.answer(line)
        assert [text.split(".")[0] for text in face.said] == [
            "There are no todos",
            "The mode is now plan",
            "There is no command /nosuch",
        ]
        assert bridge.busy and face.waiting == ()
        gate.open()
        await done(bridge, face, 1)


@pytest.mark.parametrize("line", ["/clear", "/model other", "/compact", "!ls", "/etc/hosts?", "words"])
async def test_what_changes_the_conversation_waits_for_the_turn(server, line: str):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with bridged() as (bridge, _face):
        bridge.submit("a")
        await gate.until_reached()
        assert not bridge.answers_at_once(line)
        gate.open()


async def test_a_command_that_needs_not_wait_waits_while_there_is_no_session(server):
    loads = server.gate()
    server.add_model("tiny:latest", load_hold=loads)
    face = Face()
    bridge = Bridge(Options(), face, Yes())
    running = asyncio.create_task(bridge.run())
    await until(lambda: face.phases == ["loading"])
    await bridge.answer("/stats")
    assert face.waiting == ("/stats",)
    loads.open()
    await until(lambda: any("tiny" in text for text in face.said))
    running.cancel()
    await asyncio.wait({running})
    await bridge.close()


async def test_without_a_turn_words_that_would_steer_begin_one(server):
    server.play(Reply(text="one"))
    async with bridged() as (bridge, face):
        await bridge.steer("hello")
        await done(bridge, face, 1)
        assert face.turns() == ["hello"]


async def test_a_stopped_turn_tells_its_end_and_leaves_a_history_that_can_go_on(server):
    gate = server.gate()
    server.play(Reply(text="word " * 20, pace=Pace(hold=gate, hold_after=3)), Reply(text="Hello again."))
    async with bridged() as (bridge, face):
        bridge.submit("a")
        await until(lambda: any(event.type == "text_delta" for event in face.events))
        assert bridge.stop()
        await done(bridge, face, 1)
        bridge.submit("b")
        await done(bridge, face, 2)
        assert face.ends() == ["cancelled", "done"]
        roles = [message["role"] for message in server.chats[-1].json()["messages"]]
        assert roles == ["system", "user", "assistant", "user"]


async def test_a_call_that_was_stopped_has_an_answer_in_the_history(server, stage):
    server.play(Reply(calls=(Call("run_shell_command", {"command": "echo on; sleep 60"}),)))
    async with bridged() as (bridge, face):
        bridge.submit("run it")
        await until(lambda: any(event.type == "tool_progressed" for event in face.events))
        for _ in range(5):  # an impatient person
            bridge.stop()
            await asyncio.sleep(0)
        await done(bridge, face, 1)
        asked = [call.id for m in history(bridge) if isinstance(m, AssistantMessage) for call in m.calls]
        assert [m.call_id for m in history(bridge) if isinstance(m, ToolMessage)] == asked != []


async def test_stopping_what_does_not_run_is_no_harm(server):
    async with bridged() as (bridge, _):
        assert not bridge.stop()


async def test_what_waits_when_a_turn_is_stopped_waits_on_until_it_is_let_go(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)), Reply(text="other"), Reply(text="two"))
    async with bridged() as (bridge, face):
        for line in ("a", "b"):
            bridge.submit(line)
        await gate.until_reached()
        bridge.stop()
        await done(bridge, face, 1)
        bridge.submit("rather this")
        await done(bridge, face, 2)
        assert face.held == ("b",) and face.turns() == ["a", "rather this"]
        bridge.go_on()
        await done(bridge, face, 3)
        assert face.held == () and face.turns()[-1] == "b"


async def test_what_waits_when_a_turn_fails_waits_on(server):
    gate = server.gate()
    server.play(
        Reply(text="one", pace=Pace(hold=gate), calls=(Call("run_shell_command", {"command": "ls"}),))
    )
    async with bridged() as (bridge, face):
        for line in ("a", "b"):
            bridge.submit(line)
        await gate.until_reached()
        gate.open()  # the script has no second reply: the server answers 500
        await done(bridge, face, 1)
        assert face.ends() == ["failed"] and face.held == ("b",)


async def test_a_held_line_can_be_taken_back(server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with bridged() as (bridge, face):
        for line in ("a", "b", "c"):
            bridge.submit(line)
        await gate.until_reached()
        bridge.stop()
        await done(bridge, face, 1)
        assert bridge.take_back() == "c" and face.held == ("b",)


async def test_without_a_server_every_line_is_kept_and_sent_when_one_came_up(stage, monkeypatch):
    async with bridged() as (bridge, face):
        bridge.submit("hello")
        bridge.submit("and more")
        await until(lambda: face.held == ("hello", "and more"))
        assert {type for type, _ in face.missed} == {ServerUnreachable}
        with OllamaServer() as server:
            server.play(Reply(text="Hello."), Reply(text="More."))
            monkeypatch.setenv("OLLAMA_HOST", server.url)
            bridge.go_on()
            await done(bridge, face, 2)
            assert face.turns() == ["hello", "and more"] and face.held == ()


async def test_several_models_are_a_choice_and_the_chosen_one_is_used(server):
    server.add_model("other:latest")
    async with bridged() as (bridge, face):
        assert face.missed == [(ModelUnclear, ["tiny:latest", "other:latest"])]
        bridge.use_model("other:latest")
        await until(lambda: face.sessions)
        server.play(Reply(text="Hello."))
        bridge.submit("hi")
        await done(bridge, face, 1)
        assert server.chats[-1].json()["model"] == "other:latest"


async def test_a_model_that_is_not_installed_leaves_the_choice_of_those_that_are(server):
    async with bridged(model="nosuch") as (_, face):
        assert face.missed == [(ModelMissing, ["tiny:latest"])]


async def test_another_model_goes_on_with_the_conversation(server):
    server.add_model("other:latest")
    server.play(Reply(text="It is blue."), Reply(text="As I said."))
    async with bridged(model="tiny:latest") as (bridge, face):
        bridge.submit("what colour?")
        await done(bridge, face, 1)
        bridge.submit("/model other:latest")
        bridge.submit("sure?")
        await done(bridge, face, 2)
        sent = server.chats[-1].json()
        assert sent["model"] == "other:latest" and "It is blue." in str(sent["messages"])


async def test_a_pull_is_seen_and_gives_a_first_model(stage, monkeypatch):
    with OllamaServer(models=()) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        server.set_pull("new", Pull(({"status": "pulling manifest"},), None, Model("new:latest")))
        async with bridged() as (bridge, face):
            bridge.submit("/pull new")
            await until(lambda: face.sessions)
            assert face.pulls[0] == ("new", "asking the server") and face.pulls[-1] == ("new", "over")
            assert ("new", "pulling manifest") in face.pulls


async def test_a_pull_of_what_is_nowhere_says_so_and_nothing_is_used(server):
    async with bridged() as (bridge, face):
        bridge.pull("nosuch")
        await until(lambda: face.pulls and not bridge.busy)
        assert "nosuch" in face.pulls[-1][1] and len(face.sessions) == 1


async def test_the_mode_is_told_between_turns_too(server):
    async with bridged() as (bridge, face):

        def modes() -> list[Mode]:
            return [event.mode for event in face.events if isinstance(event, ModeChanged)]

        bridge.cycle_mode()
        bridge.submit("/mode plan")
        await until(lambda: modes() == [Mode.AUTO_EDIT, Mode.PLAN])


async def test_a_background_job_is_heard_after_its_turn(server, stage):
    command = {"command": "while [ ! -e go ]; do sleep 0.02; done", "is_background": True}
    server.play(Reply(calls=(Call("run_shell_command", command),)), Reply(text="It runs."))
    async with bridged() as (bridge, face):
        bridge.submit("start it")
        await done(bridge, face, 1)
        (stage.project / "go").touch()
        await until(lambda: any(isinstance(e, JobChanged) and e.outcome for e in face.events))


async def test_clear_opens_a_fresh_session_and_empties_the_screen(server):
    server.play(Reply(text="Hello."))
    async with bridged() as (bridge, face):
        bridge.submit("hi")
        await done(bridge, face, 1)
        bridge.submit("/clear")
        await until(lambda: len(set(face.sessions)) == 2 and not bridge.busy)
        assert face.clears == 1 and not history(bridge)


async def test_copy_takes_the_last_answer_and_quit_leaves(server):
    server.play(Reply(text="Forty-two."))
    async with bridged() as (bridge, face):
        bridge.submit("how many?")
        bridge.submit("/copy")
        bridge.submit("/quit")
        await until(lambda: face.left)
        assert face.copied == "Forty-two."


async def test_a_command_of_the_person_is_told_to_the_model_with_the_next_line(server):
    server.play(Reply(text="I see."))
    async with bridged() as (bridge, face):
        bridge.submit("!echo marker-$((6*7))")
        bridge.submit("and now?")
        await done(bridge, face, 2)
        assert any(isinstance(m, UserMessage) and "marker-42" in m.text for m in history(bridge))


async def test_the_end_of_a_turn_is_written_down_however_often_the_screen_cancels(server, stage):
    server.play(Reply(calls=(Call("run_shell_command", {"command": "echo on; sleep 60"}),)))
    face = Face()
    bridge = Bridge(Options(), face, Yes())
    running = asyncio.create_task(bridge.run())
    bridge.submit("run it")
    await until(lambda: any(event.type == "tool_progressed" for event in face.events))
    for _ in range(3):
        running.cancel()
        await asyncio.sleep(0)
    await bridge.close()
    [journal] = stage.state.glob("projects/*/sessions/*/journal.jsonl")
    assert json.loads(journal.read_text().splitlines()[-1])["type"] == "turn_finished"
