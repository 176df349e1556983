"""A key that was stored with `--store-key` goes to its server, and to no other."""

from __future__ import annotations

import stat

from tests.e2e.program import Program
from tests.e2e.terminal import Terminal, terminal
from tests.ollama_server import OllamaServer, Reply

KEY = "sk-a-key-that-nobody-sees"


def storing(program: Program):
    return terminal(program.command("--store-key"), program.project, program.all_environment())


def store(screen: Terminal) -> None:
    screen.until("API key for", "removes it): ")
    screen.enter(KEY)
    screen.until("[y/N]")
    screen.enter("y")
    screen.until("The key is in ~/.ollama-code/secrets.json.")
    assert screen.ended() == 0
    assert KEY not in screen.text


def sent(server: OllamaServer) -> set[str]:
    return {request.headers.get("authorization", "") for request in server.requests}


def test_a_key_is_typed_unseen_kept_for_its_owner_alone_and_sent(
    program: Program, server: OllamaServer
) -> None:
    with storing(program) as screen:
        store(screen)
    assert stat.S_IMODE((program.state / "secrets.json").stat().st_mode) == 0o600
    server.play(Reply(text="Hello."))
    ran = program.run("-p", "hi")
    assert ran.out == "Hello.\n"
    assert sent(server) == {f"Bearer {KEY}"}
    assert KEY not in ran.err


def test_another_server_never_gets_it(program: Program, server: OllamaServer) -> None:
    with storing(program) as screen:
        store(screen)
    with OllamaServer() as other:
        other.play(Reply(text="Hello."))
        program.run("-p", "hi", "--ollama-url", other.url)
        assert sent(other) == {""}


def test_a_no_keeps_nothing_and_an_empty_key_removes(program: Program, server: OllamaServer) -> None:
    with storing(program) as screen:
        screen.until("removes it): ")
        screen.enter(KEY)
        screen.until("[y/N]")
        screen.enter("")
        screen.until("was not kept")
    assert not (program.state / "secrets.json").exists()
    with storing(program) as screen:
        store(screen)
    with storing(program) as screen:
        screen.until("removes it): ")
        screen.enter("")
        screen.until("The key is removed.")
    assert KEY not in (program.state / "secrets.json").read_text()


def test_a_key_that_is_piped_in_is_refused(program: Program) -> None:
    ran = program.run("--store-key", stdin=KEY.encode())
    assert (ran.code, (program.state / "secrets.json").exists()) == (2, False)
