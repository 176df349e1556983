"""What root says in /etc/ollama-code holds for a session, whatever its person says. The program gets an /etc of its
own to look at: the machine's is not touched."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.program import WITHIN_S, Program, Ran
from tests.ollama_server import Call, OllamaServer, Reply

_INSIDE = """
mount --make-rprivate / && mount -t overlay -o "lowerdir=$1:/etc" none /etc || exit 125
shift
exec "$@"
"""


@dataclass
class Machine:
    """A program, and what its /etc holds more."""

    program: Program
    etc: Path

    def manages(self, **settings: object) -> None:
        folder = self.etc / "ollama-code"
        folder.mkdir(mode=0o755, parents=True)
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "settings.json").chmod(0o644)

    def run(self, *arguments: str) -> Ran:
        inside = ["unshare", "-m", "bash", "-c", _INSIDE, "bash", str(self.etc)]
        done = subprocess.run(
            [*inside, *self.program.command(*arguments)],
            cwd=self.program.project,
            env=self.program.all_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )
        if done.returncode == 125 or "unshare failed" in done.stderr:
            pytest.skip(f"no /etc of its own can be mounted here: {done.stderr.strip()}")
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def machine(program: Program) -> Machine:
    if os.geteuid() != 0:
        pytest.skip("only root can make files that are root's")
    etc = program.folder / "etc"
    etc.mkdir(mode=0o755)
    return Machine(program, etc)


def results(server: OllamaServer) -> str:
    messages = server.chats[-1].json()["messages"]
    assert isinstance(messages, list)
    return "\n".join(str(message.get("content")) for message in messages if message["role"] == "tool")


def shell(command: str) -> Call:
    return Call("run_shell_command", {"command": command})


def test_a_rule_of_the_machine_denies_what_person_and_flags_allow(
    machine: Machine, server: OllamaServer
) -> None:
    machine.manages(permissions={"deny": ["run_shell_command(touch *)"]})
    machine.program.settings('{"permissions": {"allow": ["run_shell_command(touch a)"]}}')
    server.play(Reply(calls=(shell("touch a"), shell("cp /dev/null b"))), Reply(text="Done."))
    machine.run("-p", "go", "--yolo", "--allow", "run_shell_command(touch *)")
    assert [path.name for path in machine.program.project.iterdir()] == ["b"]
    assert "/etc/ollama-code/settings.json" in results(server)


def test_no_mode_is_bolder_than_the_machine_lets_it_be(machine: Machine, server: OllamaServer) -> None:
    machine.manages(approvalMode="default")
    server.play(Reply(calls=(shell("touch a"),)), Reply(text="No."))
    ran = machine.run("-p", "go", "--yolo")
    assert not (machine.program.project / "a").exists()
    assert "--mode is not followed as given: /etc/ollama-code/settings.json" in ran.err


def test_a_sandbox_that_the_machine_requires_cannot_be_waived(machine: Machine, server: OllamaServer) -> None:
    machine.manages(sandbox={"required": True, "enabled": False})
    machine.program.settings('{"sandbox": {"required": false, "enabled": false}}')
    server.play(Reply(calls=(shell("touch a"),)), Reply(text="No."))
    machine.run("-p", "go", "--yolo")
    assert not (machine.program.project / "a").exists() and "sandbox.required" in results(server)


def test_a_file_that_others_may_write_allows_nothing(machine: Machine, server: OllamaServer) -> None:
    machine.manages(permissions={"allow": ["run_shell_command"]})
    (machine.etc / "ollama-code").chmod(0o777)
    server.play(Reply(calls=(shell("touch a"),)), Reply(text="No."))
    ran = machine.run("-p", "go", "--yolo")
    assert not (machine.program.project / "a").exists()
    assert "is not used, because others than root may write its folder" in ran.err
    assert "is not followed" not in ran.err  # by what is not used
