"""The real program as a process of its own: its own home, its own project folder, one server it may know."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ollama_code.workspace.tree import MARK_VARIABLE
from tests.ollama_server import Recorded

ROOT = Path(__file__).parents[2]
WITHIN_S = 40.0
NOWHERE = "http://127.0.0.1:1"
"""Port 1 is nobody's: a test that forgets its server fails loudly instead of finding a real one."""

_WATCH = """
import json, sys
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[1] if event == "socket.connect" else list(arguments[:2])
        with open({log!r}, "a") as file:
            file.write(json.dumps([event, address]) + "\\n")
sys.addaudithook(hook)
"""
"""The interpreter itself tells of every connection and every name looked up."""

Event = dict[str, object]


@dataclass(frozen=True)
class Ran:
    """How a run ended, with everything it wrote."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, object]:
        """The answer of `--output-format json`: one object on one line."""
        [line] = self.out.splitlines()
        return json.loads(line)

    @property
    def events(self) -> list[Event]:
        """The answer of `--output-format stream-json`."""
        return [json.loads(line) for line in self.out.splitlines()]


RunInside = Callable[..., Ran]
"""Takes the words of the command line; see the fixture `run`."""


@dataclass
class Program:
    """`folder` gets a `home` and a `project`. `url` is what OLLAMA_HOST says."""

    folder: Path
    url: str = NOWHERE
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project.mkdir(exist_ok=True)
        self.home.mkdir(exist_ok=True)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def state(self) -> Path:
        return self.home / ".ollama-code"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "ollama_code", *arguments]

    def all_environment(self, **more: str) -> dict[str, str]:
        """Nothing of the test run's own but PATH, so that no setting of a developer leaks in."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "OLLAMA_CODE_HOME": str(self.state),
            "OLLAMA_HOST": self.url,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.folder),
            "LANG": "C.UTF-8",
            **self.environment,
            **more,
        }

    def run(self, *arguments: str, stdin: bytes | int = subprocess.DEVNULL, **environment: str) -> Ran:
        """To its end. `stdin` is what is piped in, or a descriptor."""
        given: Mapping[str, object] = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.project,
            env=self.all_environment(**environment),
            capture_output=True,
            check=False,
            timeout=WITHIN_S,
            **given,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """While it runs; whatever happens, it is gone afterwards."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.project,
            env=self.all_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield Running(process)
        finally:
            process.kill()
            process.communicate()

    def settings(self, text: str) -> None:
        self.state.mkdir(exist_ok=True)
        (self.state / "settings.json").write_text(text)

    def journals(self) -> list[Path]:
        """Of every session of every folder, the oldest first."""
        found = self.state.glob("projects/*/sessions/*/journal.jsonl")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def journal(self) -> list[Event]:
        """The events of the only session there is."""
        [path] = self.journals()
        return [json.loads(line) for line in path.read_bytes().splitlines()]


@dataclass
class Running:
    process: subprocess.Popen[bytes]

    def lines(self) -> Iterator[bytes]:
        """What it prints, as it prints it."""
        assert self.process.stdout is not None
        return iter(self.process.stdout.readline, b"")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.communicate()

    def ended(self) -> Ran:
        out, err = self.process.communicate(timeout=WITHIN_S)
        return Ran(self.process.returncode, out.decode(), err.decode())


def watched(program: Program) -> Path:
    """A file that gets a line of JSON, `[event, address]`, for each connection of `program` from now on."""
    log, watch = program.folder / "connections", program.folder / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(_WATCH.format(log=str(log)))
    program.environment["PYTHONPATH"] = f"{watch}:{ROOT}"
    return log


def living(pids: Path) -> list[int]:
    """Processes of commands that were started in the folder of this file, into which they wrote numbers: those are
    of the sandbox they ran in. A zombie runs no more."""
    assert pids.read_text().split() != [], "no command ran"
    found = []
    for process in psutil.process_iter(["cwd", "environ", "status"]):
        facts = process.info
        ours = facts["cwd"] == str(pids.parent) and MARK_VARIABLE in (facts["environ"] or {})
        if ours and facts["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def held_open(path: Path) -> Callable[[], bool]:
    """Whether any process still has the pipe at `path` open for writing, wherever it runs."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def held() -> bool:
        try:
            return os.read(reader, 1) != b""
        except BlockingIOError:
            return True

    return held


def messages_of(request: Recorded) -> list[dict[str, object]]:
    messages = request.json()["messages"]
    assert isinstance(messages, list)
    return messages


def told(request: Recorded) -> list[str]:
    """What the tools answered so far, as this request tells the model."""
    return [str(message["content"]) for message in messages_of(request) if message["role"] == "tool"]


def unanswered(events: list[Event]) -> set[object]:
    """Ids of calls in the history of a journal that no tool message answers."""
    messages = [event["message"] for event in events if event["type"] == "message_added"]
    asked = {call["id"] for message in messages for call in message.get("calls", ())}
    return asked - {message["call_id"] for message in messages if message["role"] == "tool"}
