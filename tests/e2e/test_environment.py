"""What a command of the model knows of the person's environment, in the real program."""

from __future__ import annotations

from tests.e2e.program import Program, messages_of
from tests.ollama_server import Call, OllamaServer, Reply

SAY = Call("run_shell_command", {"command": "echo [$FLAVOUR][$SHOP_TOKEN][$OTHER]"})


def test_a_command_gets_the_variables_that_the_settings_name_and_no_secret(
    program: Program, server: OllamaServer
) -> None:
    program.settings('{"sandbox": {"environment": ["FLAVOUR", "SHOP_TOKEN"]}}')
    server.play(Reply(calls=[SAY]), Reply(text="done"))
    program.run("-p", "go", "--mode", "yolo", FLAVOUR="mint", SHOP_TOKEN="s3cret", OTHER="x")
    assert str(messages_of(server.chats[-1])[-1]["content"]).startswith("[mint][][]\n")
