"""Cases of the area proxy_http: the real proxy as a process of its own, before an Ollama that does as it is told.

Each case has a server of its own, and so takes as long as its start."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ollama_code.core.error_type import ErrorType
from ollama_code.paths import Home
from tests.ollama_server import Call, Model, OllamaServer, Reply
from tests.security.checks import Seen as GenerallySeen
from tests.security.checks import changed, states
from tests.security.checks import faults as generally_judged
from tests.security.corpus import Case, Ground, Unplayable, World
from tests.security.disk import encoded, put

ROOT = Path(__file__).parents[3]
MODEL = "m"
_WITHIN_S = 20.0
_GONE_WITHIN_S = 3.0
"""What the corpus grants a command after its client has left."""
_QUIET_S = 3.0
"""After this long without a byte more the answer is whole, where the connection stays open."""
_CHECKS = frozenset(
    "http_status upstream_calls upstream_only no_pull max_seconds max_tool_rounds no_survivors output_excludes "
    "response_headers_exclude log_excludes mode".split()
)
"""What is judged here; other keys mean what they mean in every area."""


@dataclass
class Plan:
    """What `setup` asks for."""

    flags: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    calls_for_ever: bool = False
    starts: bool = False


@dataclass
class Seen:
    """All that can be judged."""

    statuses: list[int] = field(default_factory=list)
    heads: str = ""
    text: str = ""
    took_s: float = 0.0
    log: str = ""
    survivors: list[int] = field(default_factory=list)


def play(case: Case, world: World) -> list[str]:
    ground = Ground(world, world.workspace)
    try:
        return _played(case, _planned(case.setup, ground), world)
    finally:
        ground.tidy()


def _played(case: Case, plan: Plan, world: World) -> list[str]:
    given = case.input.get("http")
    if not plan.starts or not isinstance(given, dict) or set(case.input) != {"http"}:
        raise Unplayable(f"unknown input {sorted(case.input)}")
    with OllamaServer(models=[Model(f"{MODEL}:latest")]) as server:
        _script(server, plan)
        own = [] if "op" in given else [f"--auth-token={world.token}"]
        before = states(case.check)
        with _proxy(server, world, [*plan.flags, *own], plan.variables) as proxy:
            seen = _asked(proxy, given, world)
            modes = _token_modes(world)
            faults = _untold(server, plan, given) + _shown(proxy)
        seen.log = proxy.log()
        after = _World(world, server, modes, before)
        return [*faults, *_judged(case.check, seen, after)]


def _planned(setup: Sequence[Mapping[str, Any]], ground: Ground) -> Plan:
    plan = Plan()
    for op in setup:
        match op:
            case {"op": "policy", **rules}:
                _set(rules, ground.world)
            case {"op": "env", **variables}:
                plan.variables |= variables
            case {"op": "proxy" | "proxy_start", "args": list(args), **rest} if not rest:
                plan.flags += args
                plan.starts = True
            case {"op": "model", "tool_calls": list(calls), **rest} if not rest:
                plan.calls = tuple(Call(call["name"], call["arguments"]) for call in calls)
            case {"op": "model", "loop": "always_tool_call", **rest} if not rest:
                plan.calls_for_ever = True
            case _:
                put(ground, op)
    return plan


def _set(rules: Mapping[str, Any], world: World) -> None:
    """The rules are in the person's own settings, which hold for the proxy too; a mode or trust does not."""
    if unknown := set(rules) - {"allow", "ask", "deny", "mode", "trust"}:
        raise Unplayable(f"unknown policy {sorted(unknown)}")
    settings = {"permissions": {name: rules[name] for name in ("allow", "ask", "deny") if rules.get(name)}}
    home = world.home / ".ollama-code"
    home.mkdir(exist_ok=True)
    (home / "settings.json").write_text(json.dumps(settings))


def _script(server: OllamaServer, plan: Plan) -> None:
    if plan.calls_for_ever:  # each call another one: the same again would end by the guard against circles
        looks = [Call("glob_files", {"pattern": f"*.{number}"}) for number in range(50)]
        server.play(*(Reply(calls=(look,)) for look in looks))
        return
    if plan.calls:
        server.play(Reply(calls=plan.calls))
    server.play(*[Reply(text="Done.")] * 400)


class Proxy:
    """A running one, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, written: Path) -> None:
        self.process = process
        self.port = port
        self._written = written

    def log(self) -> str:
        return self._written.read_text(errors="replace")

    def children(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]


@contextmanager
def _proxy(
    server: OllamaServer, world: World, flags: Sequence[str], variables: Mapping[str, str]
) -> Iterator[Proxy]:
    command = [sys.executable, "-m", "ollama_code", "--serve", "-p", str(world.port), *flags]
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(world.home),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "OLLAMA_HOST": server.url,
        **variables,
    }
    written = world.outside / "log"
    with written.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=world.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _until_up(process, world.port, written)
            yield Proxy(process, world.port, written)
        finally:
            process.terminate()
            process.wait(_WITHIN_S)


def _until_up(process: subprocess.Popen[bytes], port: int, written: Path) -> None:
    """Its last printed line is there, and so is the token file."""
    deadline = time.monotonic() + _WITHIN_S
    while "export " not in written.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the proxy does not start: {written.read_text()}")
        time.sleep(0.02)


def _asked(proxy: Proxy, given: Mapping[str, Any], world: World) -> Seen:
    match given:
        case {"op": "list_files", **rest} if not rest:
            return Seen()
        case {"concurrent": int(count), "request": dict(request), **rest} if not rest:
            with ThreadPoolExecutor(count) as pool:
                answers = list(pool.map(lambda _: _exchanged(proxy, request), range(count)))
            return Seen(statuses=[status for answer in answers for status in answer.statuses])
        case {"raw": str()} | {"method": str(), "path": str()}:
            return _exchanged(proxy, given)
    raise Unplayable(f"unknown request {sorted(given)}")


def _exchanged(proxy: Proxy, given: Mapping[str, Any]) -> Seen:
    """One request as it stands, byte for byte, and everything that comes back."""
    leaves_after_s = given.get("disconnect_after")
    if unknown := set(given) - {"method", "path", "headers", "body", "raw", "disconnect_after"}:
        raise Unplayable(f"unknown request {sorted(unknown)}")
    data = encoded(given["raw"]) if "raw" in given else _written_out(given)
    seen, began = Seen(), time.monotonic()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=_WITHIN_S) as link:
        answer = b""
        try:
            link.sendall(data)
            if leaves_after_s is not None:
                _until_working(proxy)
            else:
                while piece := link.recv(65536):
                    answer += piece
                    link.settimeout(_QUIET_S if b"\r\n\r\n" in answer else _WITHIN_S)
        except TimeoutError:
            pass  # the connection stays open, or nothing was ever said
        except (ConnectionError, BrokenPipeError):
            answer += _rest_of(link)
    if leaves_after_s is not None:
        seen.survivors = _survivors(proxy)
    seen.took_s = time.monotonic() - began
    seen.heads, _, seen.text = answer.decode("utf-8", "replace").partition("\r\n\r\n")
    seen.statuses = [
        int(found) for found in re.findall(r"^HTTP/1\.\d (\d{3})", answer.decode("latin-1"), re.M)
    ]
    return seen


def _rest_of(link: socket.socket) -> bytes:
    """What had come before the server hung up on a body that it did not want."""
    try:
        return link.recv(65536)
    except OSError:
        return b""


def _written_out(given: Mapping[str, Any]) -> bytes:
    body = given.get("body") if given.get("body") is not None else ""
    data = encoded(body if isinstance(body, str) else json.dumps(body))
    headers = dict(given.get("headers", {}))
    named = {name.lower() for name in headers}
    if not named & {"content-length", "transfer-encoding"}:
        headers["Content-Length"] = str(len(data))
    if "connection" not in named:
        headers["Connection"] = "close"
    lines = [
        f"{given['method']} {given['path']} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return encoded("\r\n".join([*lines, "", ""])) + data


def _until_working(proxy: Proxy) -> None:
    """The command runs."""
    deadline = time.monotonic() + _WITHIN_S
    while not _sleepers(proxy):
        if time.monotonic() > deadline:
            raise RuntimeError("the command never ran")
        time.sleep(0.02)


def _survivors(proxy: Proxy) -> list[int]:
    deadline = time.monotonic() + _GONE_WITHIN_S
    while (left := _sleepers(proxy)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _sleepers(proxy: Proxy) -> list[int]:
    """Processes of a command, wherever the sandbox has put them."""
    found = []
    for pid in proxy.children():
        try:
            if "sleep" in psutil.Process(pid).name():
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def _untold(server: OllamaServer, plan: Plan, given: Mapping[str, Any]) -> list[str]:
    """A proxy that never runs a tool must not pass: the model hears what became of its call, refused or not."""
    bodies = [request.json() for request in server.chats]
    body = given.get("body")
    if not plan.calls or "disconnect_after" in given or not isinstance(body, dict) or "tools" in body:
        return []
    told = [message for message in bodies[-1]["messages"] if message["role"] == "tool"] if bodies else []
    return [] if len(told) == len(plan.calls) else ["the model was not told what became of its call"]


@dataclass(frozen=True)
class _World:
    world: World
    server: OllamaServer
    modes: Mapping[str, str]
    before: Mapping[str, object]


def _token_modes(world: World) -> dict[str, str]:
    """Of the file that holds the token, and of its folder."""
    path = Home.of({"OLLAMA_CODE_HOME": str(world.home / ".ollama-code")}).token_at(world.port)
    if not path.is_file():
        return {}
    modes = {"token": path.stat().st_mode, "folder": path.parent.stat().st_mode}
    return {name: f"{mode & 0o777:04o}" for name, mode in modes.items()}


def _shown(proxy: Proxy) -> list[str]:
    """A token that the proxy made must not be in its arguments, which every user of the machine can read."""
    made = re.search(r"OPENAI_API_KEY=(\S+)", proxy.log())
    arguments = " ".join(psutil.Process(proxy.process.pid).cmdline())
    return ["the token is in the arguments"] if made and made.group(1) in arguments else []


def _judged(check: Mapping[str, Any], seen: Seen, after: _World) -> list[str]:
    here = {key: value for key, value in check.items() if key in _CHECKS}
    elsewhere = {key: value for key, value in check.items() if key not in _CHECKS}
    found = [fault for key, value in here.items() if (fault := _fault(key, value, seen, after))]
    return [*found, *generally_judged(_generally(seen, after), elsewhere)]


def _generally(seen: Seen, after: _World) -> GenerallySeen:
    """In the words of every area. A call of the model is refused when it hears so, or nobody hears of it."""
    heard = [request.json() for request in after.server.chats]
    told = [
        message["content"] for body in heard[-1:] for message in body["messages"] if message["role"] == "tool"
    ]
    refused = set(seen.statuses) != {200} or any(text.startswith("Error") for text in told)
    return GenerallySeen(
        error=ErrorType.DENIED if refused else "",
        output=json.dumps(heard, ensure_ascii=False) + seen.text,
        warnings=seen.log,
        marker=after.world.mark.exists(),
        changed=changed(after.before),
    )


def _fault(key: str, value: Any, seen: Seen, after: _World) -> str:
    chats = len(after.server.chats)
    paths = [request.path for request in after.server.requests]
    match key:
        case "http_status" if not seen.statuses or not set(seen.statuses) <= _several(value):
            return f"status {sorted(set(seen.statuses))}, not {value}"
        case "upstream_calls" if chats != value:
            return f"{chats} calls of the model, not {value}"
        case "upstream_only" if not chats:
            return "the configured server was not asked"
        case "no_pull" if "/api/pull" in paths:
            return "a model was pulled"
        case "max_seconds" if seen.took_s > value:
            return f"took {seen.took_s:.1f} s"
        case "max_tool_rounds" if chats != value + 1 or seen.statuses != [200]:
            return f"{chats} calls of the model after {value} rounds of tools"
        case "no_survivors" if seen.survivors:
            return f"{len(seen.survivors)} processes live on"
        case "output_excludes":
            told = json.dumps([request.json() for request in after.server.chats]) + seen.text
            return next((f"the output has {text!r}" for text in value if text in told), "")
        case "response_headers_exclude":
            return next((f"the answer has {name!r}" for name in value if name in seen.heads.lower()), "")
        case "log_excludes":
            logs = seen.log + "".join(path.read_text() for path in after.world.home.rglob("*.jsonl"))
            return next((f"a log has {text!r}" for text in value if text in logs), "")
        case "mode" if {name: after.modes.get(name) for name in value} != value:
            return f"modes {after.modes}, not {value}"
        case "mode" if after.modes["folder"] != "0700":
            return f"the folder of the token has mode {after.modes['folder']}"
    return ""


def _several(status: int | list[int]) -> set[int]:
    return {status} if isinstance(status, int) else set(status)
