"""The facts of a command line, what is decided on them, and what really runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ollama_code.core.display import TextBlock
from ollama_code.core.permission import Kind, Mode, PermissionRequest
from ollama_code.permissions.policy import Decision, Policy, decide
from ollama_code.permissions.rules import Rule, parse_rule
from ollama_code.tools.commandline import Facts, Intent, facts, intent
from ollama_code.workspace.bash import BASH, Line
from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.local import LocalWorkspace
from ollama_code.workspace.process import run

TOOL = "run_shell_command"


class Bench:
    """A workspace with two files, `beside` it nothing belongs to it."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "project"
        self.beside = tmp_path / "beside"
        for folder in (self.root / "src", self.beside):
            folder.mkdir(parents=True)
        (self.root / "a.txt").write_text("one\n")
        (self.beside / "secret").write_text("s3cret\n")
        self.workspace = LocalWorkspace(self.root)
        self.environment = child_environment(os.environ, ())

    async def intent(self, line: str, directory: str = "") -> Intent:
        start = str(self.root / directory)
        return await intent(Line(line, start, self.environment, 30.0), self.workspace)

    async def facts(self, line: str, directory: str = "") -> Facts:
        return await facts(await self.intent(line, directory), TOOL, self.workspace)

    async def request(self, line: str, directory: str = "") -> PermissionRequest:
        found = await self.facts(line, directory)
        return PermissionRequest(
            call_id="c", tool=TOOL, kind=Kind.EXECUTE, title="t", scopes=found.scopes, preview=TextBlock(text=""),
            reach=found.reach, seen=found.seen, cautions=found.cautions, sweeps=found.sweeps, named=found.named,
        )  # fmt: skip

    async def decided(
        self, line: str, *allow: str, directory: str = "", deny: tuple[str, ...] = ()
    ) -> Decision:
        request = await self.request(line, directory)
        return decide(request, Mode.DEFAULT, Policy(allow=_rules(allow), deny=_rules(deny)), ())

    async def verdict_of_yolo(self, line: str, *deny: str) -> str:
        return decide(await self.request(line), Mode.YOLO, Policy(deny=_rules(deny)), ()).verdict

    async def verdict(self, line: str, *allow: str, directory: str = "") -> str:
        return (await self.decided(line, *allow, directory=directory)).verdict

    async def output(self, line: str) -> str:
        command = (await self.intent(line)).command(str(self.root))
        return (await run(command, lambda text: None)).output

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True)

    def program(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)


def _rules(patterns: tuple[str, ...]) -> tuple[Rule, ...]:
    """Each is the pattern of a rule for commands, or a whole rule for reading."""
    texts = (text if text.startswith("read_file") else f"{TOOL}({text})" for text in patterns)
    return tuple(parse_rule(text, "--allow", lambda name: name) for text in texts)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.workspace.close()


@pytest.fixture
async def repository(bench: Bench) -> AsyncIterator[Bench]:
    bench.git("init", "-q")
    yield bench


# --- which parts there are ---------------------------------------------------------------------------------


async def test_each_command_of_a_plain_line_is_a_scope_of_its_own(bench: Bench):
    found = await bench.facts("git status && npm test 2>&1 | tail -5; git status")
    assert found.scopes == (f"{TOOL}(git status)", f"{TOOL}(npm test)", f"{TOOL}(tail -5)")


async def test_a_line_for_bash_is_one_scope_with_what_is_seen_in_it(bench: Bench):
    found = await bench.facts("make > log; rm -r x")
    assert found.scopes == (f"{TOOL}(make > log; rm -r x)",)
    assert found.seen == (f"{TOOL}(make)", f"{TOOL}(rm -r x)")


@pytest.mark.parametrize(
    "line", ["git status && cat a.txt", "git status; npm test", "npm test 2>&1 | head -5"]
)
async def test_rules_for_every_part_allow_the_whole(bench: Bench, line: str):
    assert await bench.verdict(line, "git status", "npm test") == "allow"


@pytest.mark.parametrize(
    "line",
    ["git status; touch x", "git status && touch x", "git status || touch x", "git status & touch x",
    "git status\ntouch x",
     "git status | tee x", "git status $(touch x)", "git status > x", "git status 2> x", "X=1 git status",
     "! git status",
     "(git status)", "git status --porcelain", "./git status", "GIT status", "export A=b; git status",
     "eval git status",
     "exec git status", ". a.txt", "cd src; git status", "command git status", "git status #"],
)  # fmt: skip
async def test_a_rule_for_a_part_never_allows_another(bench: Bench, line: str):
    assert await bench.verdict(line, "git status", "npm test") == "ask"


@pytest.mark.parametrize(
    "line", ["x=1; rm a", "ls && rm a", "(rm a)", "ls $(rm a)", "cd src && rm a", "export A=b; rm a"]
)
async def test_a_forbidden_part_forbids_the_whole(bench: Bench, line: str):
    assert (await bench.decided(line, "ls *", deny=("rm *",))).verdict == "deny"


# --- what holds a rule back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["cat {beside}/secret", "cat ../beside/secret", "cat link", "cat src/../../beside/secret",
    "cat .env",
             "grep -r x {beside}", "grep --exclude-from={beside}/secret x a.txt", "mytool -I{beside}",
             "mytool out={beside}/x",
             "mytool .git/hooks/pre-commit", "cat dir/secret", "cd src && cat ../link"],
)  # fmt: skip
async def test_a_wide_rule_does_not_lead_outside_or_to_what_is_guarded(bench: Bench, line: str):
    (bench.root / "link").symlink_to(bench.beside / "secret")
    (bench.root / "dir").symlink_to(bench.beside)
    (bench.root / ".env").write_text("K=s3cret")
    line = line.format(beside=bench.beside)
    assert await bench.verdict(line, "cat *", "grep *", "mytool *") == "ask"


async def test_a_rule_that_names_the_very_path_is_enough(bench: Bench):
    assert await bench.verdict("cat ../beside/secret", "cat ../beside/secret") == "allow"


async def test_inside_nothing_holds_a_wide_rule_back(bench: Bench):
    assert await bench.verdict("mytool src a.txt -x --out=src/y key=src", "mytool *") == "allow"
    assert await bench.verdict("cd src && cat ../a.txt", "cat *") == "allow"


async def test_no_rule_reaches_a_directory_outside(bench: Bench):
    everything = "*"
    assert await bench.verdict("ls", "ls *", everything, directory="../beside") == "ask"


async def test_a_program_of_the_project_is_another_one_in_another_directory(bench: Bench):
    assert await bench.verdict("./run", "./run") == "allow"
    assert await bench.verdict("./run", "./run", directory="src") == "ask"


async def test_a_file_of_the_workspace_is_not_the_program_a_rule_means(bench: Bench):
    bench.program("bin/uniq", "echo another")
    bench.environment["PATH"] = f"{bench.root}/bin:/nowhere"
    decision = await bench.decided("uniq a.txt", "uniq *")
    assert (decision.verdict, decision.reason) == ("ask", "uniq is a file of the workspace here")


@pytest.mark.parametrize(
    "line", ["cat secrets/a", "cat ./secrets/../secrets/a", "cat -n a.txt secrets/a | head -5",
    "cd src && cat ../secrets/a",
             "grep x secrets/a", "head -c9 secrets/a > copy", "cat link", "x=1; cat secrets/a"],
)  # fmt: skip
async def test_a_file_that_must_not_be_read_is_not_shown_by_a_command_either(bench: Bench, line: str):
    (bench.root / "secrets").mkdir()
    (bench.root / "secrets" / "a").write_text("s3cret")
    (bench.root / "link").symlink_to("secrets/a")
    found = await bench.facts(line)
    assert "read_file(secrets/a)" in found.seen


LOCKED = ("read_file(secrets/a)",)


@pytest.mark.parametrize(
    "line", ["head -c9 < secrets/a", 'echo "$(<secrets/a)"', "while read l; do echo x; done < secrets/a"]
)
async def test_what_bash_reads_for_a_command_is_read(bench: Bench, line: str):
    assert (await bench.decided(line, "head *", deny=LOCKED)).verdict == "deny"


async def test_no_number_of_other_paths_hides_one_that_must_not_be_read(bench: Bench):
    others = " ".join(f"x{number}" for number in range(500))
    assert (await bench.decided(f"cat {others} secrets/a", deny=LOCKED)).verdict == "deny"


@pytest.mark.parametrize(
    "line", ["cat sec*/a", "x=secrets; cat $x/a", "cat secret{s,}/a", "cat secre\\\nts/a", "cat < $x",
             "bash -c 'cat secre''ts/a'", "ls | xargs cat", "base64 secrets/a", "cp secrets/a b", "env cat secrets/a",
             "dd if=secrets/a", "cat secrets/a\nfi", "head <<< $(cat a.txt\\\n)", "echo " + "x" * 9000],
)  # fmt: skip
async def test_a_line_that_may_read_what_must_not_be_read_asks_in_every_mode(bench: Bench, line: str):
    assert await bench.verdict_of_yolo(line, *LOCKED) in ("ask", "deny")


@pytest.mark.parametrize(
    "line", ["make > log; rm -r x", "for f in *; do echo $f; done", "ls *.py", "cat a.txt > b", "X=1 npm test",
    "cat << E\nx\nE", "git commit -m \"$x\""],
)  # fmt: skip
async def test_other_lines_for_bash_run_beside_what_must_not_be_read(bench: Bench, line: str):
    assert await bench.verdict_of_yolo(line, *LOCKED) == "allow"


# --- git ---------------------------------------------------------------------------------------------------


async def test_git_runs_by_rule_where_the_repository_starts_nothing(repository: Bench):
    assert await repository.verdict("git status", "git status") == "allow"


async def test_a_git_that_the_project_brings_is_not_asked_about_the_repository(repository: Bench):
    repository.program("bin/git", f"touch {repository.root}/ran")
    repository.environment["PATH"] = f"{repository.root}/bin:{repository.environment['PATH']}"
    assert await repository.verdict("git status", "git status") == "allow"
    repository.environment["PATH"] = f"{repository.root}/bin"
    assert await repository.verdict("git status", "git status") == "ask"
    assert not (repository.root / "ran").exists()


@pytest.mark.parametrize(
    "line", ["git status", "cat a.txt && git status", "git status | cat", "cd src && git status"]
)
async def test_git_asks_and_names_the_setting_that_starts_a_program(repository: Bench, line: str):
    repository.git("config", "filter.x.clean", "touch ran")
    decision = await repository.decided(line, "git *")
    assert decision.verdict == "ask"
    assert "filter.x.clean of this repository says: touch ran" in decision.reason


async def test_git_that_is_sent_elsewhere_asks_even_by_its_own_rule(repository: Bench):
    decision = await repository.decided("git -C src status", "git -C src status")
    assert (decision.verdict, decision.reason) == ("ask", "-C sends git elsewhere, where nobody looked")


async def test_git_asks_before_it_runs_a_hook(repository: Bench):
    repository.program(".git/hooks/pre-commit", "touch ran")
    assert await repository.verdict("git status", "git status") == "allow"
    decision = await repository.decided("git commit -m x", "git commit *")
    assert (decision.verdict, decision.reason) == ("ask", "it runs hooks of this repository: pre-commit")


# --- how it runs -------------------------------------------------------------------------------------------


async def test_a_plain_line_runs_without_a_shell(bench: Bench):
    for line in ("cat a.txt", "cat a.txt | wc -l && echo done"):
        assert BASH not in (await bench.intent(line)).command(str(bench.root)).argv
    assert await bench.output("cat a.txt | wc -l && echo done") == "1\ndone\n"


@pytest.mark.parametrize(
    "line", ["cat *.txt", "cd src", "export A=b && cat a.txt", "cd nowhere && cat a.txt", "cd .. && ls"]
)
async def test_any_other_line_is_for_bash_as_it_is_written(bench: Bench, line: str):
    assert (await bench.intent(line)).command(str(bench.root)).argv[-2:] == ("-c", line)


async def test_a_line_that_enters_a_directory_runs_there(bench: Bench):
    assert (await bench.intent("cd src && pwd; cat ../a.txt")).directory == str(bench.root / "src")
    assert await bench.output("cd src && pwd; cat ../a.txt") == f"{bench.root}/src\none\n"


async def test_what_runs_is_the_system_s_program_whatever_lies_in_the_workspace(bench: Bench):
    bench.program("bin/cat", "echo another")
    bench.environment["PATH"] = f"{bench.root}/bin:{bench.environment['PATH']}"
    assert await bench.output("cat a.txt") == "one\n"
    assert await bench.verdict("cat a.txt") == "allow"


async def test_a_line_the_environment_could_change_is_not_touched_by_it(bench: Bench):
    bench.environment = {
        **bench.environment,
        "BASH_ENV": str(bench.root / "evil"),
        "CDPATH": str(bench.beside),
    }
    (bench.root / "evil").write_text("cat() { echo another; }\n")
    assert await bench.output("cat a.txt; cat a.txt") == "one\none\n"


async def test_more_paths_than_are_looked_up_ask(bench: Bench):
    assert await bench.verdict("cat " + " ".join(f"a{number}" for number in range(300)), "cat *") == "ask"


@pytest.mark.parametrize(
    "line",
    ["grep -r x .", "grep -rn x src ..", "grep -nR x src", "grep --recurs x", "grep -d recurse x .", "rg x",
     "git grep x", "diff -r . src", "git diff", "git diff a b", "git show HEAD src", "ls && grep -r x ."],
)  # fmt: skip
async def test_what_reads_whole_folders_asks_where_a_rule_keeps_a_file_below_from_being_read(
    bench: Bench, line: str
) -> None:
    allow = ("grep *", "rg *", "git *", "diff *")
    decision = await bench.decided(line, *allow, deny=("read_file(secrets/**)",))
    assert (decision.verdict, "read_file(secrets/**)" in decision.reason) == ("ask", True)


@pytest.mark.parametrize(
    "line", ["grep -r x src", "grep -rn x src/sub", "grep x a.txt", "rg x src", "git status"]
)
async def test_a_folder_that_the_rule_is_not_about_is_read_as_before(bench: Bench, line: str) -> None:
    allow = ("grep *", "rg *", "git *")
    assert (await bench.decided(line, *allow, deny=("read_file(secrets/**)",))).verdict == "allow"


@pytest.mark.parametrize("rule", [".env", "*.pem", "src/**", "src/sub/key", "**/key", "secrets/", ""])
async def test_a_rule_that_may_be_about_a_file_of_the_folder_asks(bench: Bench, rule: str) -> None:
    deny = f"read_file({rule})" if rule else "read_file"
    assert (await bench.decided("grep -r x src", "grep *", deny=(deny,))).verdict != "allow"


async def test_a_yes_to_all_commands_does_not_cover_it_either(bench: Bench) -> None:
    assert (await bench.decided("grep -r x .", "*", deny=("read_file(.env)",))).verdict == "ask"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("grep -r x .", "ask"), ("grep -rn x", "ask"), ("rg --hidden x", "ask"), ("rg -uu x", "ask"),
        ("git grep --untracked x", "ask"), ("grep -R x src", "ask"),
        ("grep -r x src", "allow"), ("rg x", "allow"), ("git grep x", "allow"), ("grep x a.txt", "allow"),
    ],
)  # fmt: skip
async def test_a_rule_for_a_search_is_not_one_for_the_secrets_it_meets(bench: Bench, line: str, verdict: str):
    (bench.root / ".env").write_text("K=s3cret\n")
    (bench.root / "src" / "link").symlink_to(bench.beside)

    assert await bench.verdict(line, "grep *", "rg *", "git grep *") == verdict
