"""What a command can do on each rung of the ladder: every effect is looked for on the disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.workspace.process import run
from ollama_code.workspace.sandbox.sandbox import Wishes
from tests.workspace.sandbox.yard import Yard, listener, on_walls, put, repository, there


async def test_the_project_and_the_temporary_folder_can_be_written(yard: Yard) -> None:
    text = 'echo a > made && mkdir -p sub && mv made sub/ && echo b > "$TMPDIR/b" && cat sub/made "$TMPDIR/b"'
    assert await yard.said(text) == "a\nb\n"
    assert (yard.project / "sub" / "made").read_text() == "a\n"


async def test_nothing_outside_is_written_moved_or_deleted(yard: Yard) -> None:
    victim = put(yard.elsewhere / "victim", "whole")
    out, project = yard.elsewhere, yard.project
    await yard.ran(f"cd {out}; echo x > new; echo x > victim; rm -f victim; mv victim gone; mkdir sub")
    await yard.ran(
        f"ln -s {out} way; echo x > way/other; ln {victim} hard && echo x > hard; mv {out} {project}/taken"
    )
    assert [path.name for path in yard.elsewhere.iterdir()] == ["victim"] and victim.read_text() == "whole"


@on_walls
async def test_modes_and_times_outside_stay(yard: Yard) -> None:
    victim = put(yard.elsewhere / "victim")
    before = victim.stat()
    await yard.ran(f"chmod 777 {victim}; touch {victim}; setfattr -n user.x -v y {victim}")
    assert (victim.stat().st_mode, victim.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


async def test_the_home_directory_keeps_its_secrets(yard: Yard) -> None:
    for name in (
        ".ssh/id_ed25519",
        ".config/app/token",
        "notes.txt",
        ".ollama-code/settings.json",
        ".new-tool",
    ):
        put(yard.home / name)
    assert "secret" not in await yard.said(f"cat $(find {yard.home} -type f); grep -rs secret {yard.home}")


async def test_programs_installed_in_the_home_directory_run_and_stay_as_they_are(yard: Yard) -> None:
    program = put(yard.home / ".cargo" / "bin" / "tool", "#!/bin/sh\necho works\n")
    program.chmod(0o755)
    put(yard.home / ".cargo" / "credentials.toml")
    said = await yard.said(
        f"{program}; echo echo evil >> {program}; cat {program.parent.parent}/credentials.toml"
    )
    assert said.startswith("works\n") and program.read_text().endswith("works\n")


@on_walls
async def test_credentials_among_installed_programs_are_masked(yard: Yard) -> None:
    put(yard.home / ".cargo" / "credentials.toml")
    assert await yard.said("cat ~/.cargo/credentials.toml") == ""


@on_walls
async def test_the_home_directory_can_be_used_within_the_session_and_is_not_the_real_one(yard: Yard) -> None:
    await yard.ran("mkdir -p ~/.cache/x && echo kept > ~/.cache/x/y; echo evil >> ~/.bashrc")
    assert await yard.said("cat ~/.cache/x/y") == "kept\n"
    assert list(yard.home.iterdir()) == []


@on_walls
async def test_the_temporary_folder_is_private_and_lasts(
    yard: Yard, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strange = put(tmp_path_factory.mktemp("strange") / "file")
    mine = f"/tmp/mine-{tmp_path.name}-{os.getpid()}"
    assert await yard.said(f"echo here > {mine}; cat {strange}; [ -e {strange} ] || echo none") != "secret"
    assert await yard.said(f"cat {mine}") == "here\n"
    assert not there(mine)


@on_walls
async def test_a_service_of_this_machine_is_out_of_reach(yard: Yard) -> None:
    with listener() as port:
        knock = f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo reached || echo shut"
        assert await yard.said(knock) == "shut\n"
        assert await yard.said(knock, network=True) == "reached\n"


@on_walls
async def test_a_command_can_talk_to_itself(yard: Yard) -> None:
    text = """import socket; s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname())
s.accept()[0].send(b"hello"); print(c.recv(9).decode())"""
    put(yard.project / "talk.py", text)
    assert await yard.said("/usr/bin/env python3 talk.py") == "hello\n"


@on_walls
async def test_datagrams_do_not_leave(yard: Yard) -> None:
    text = 'import socket; s = socket.socket(2, 2); s.connect(("192.0.2.1", 53)); print("sent", s.send(b"x"))'
    put(yard.project / "send.py", text)
    assert "Network is unreachable" in await yard.said("/usr/bin/env python3 send.py")


@on_walls
async def test_what_git_obeys_stays_and_commits_work(yard: Yard) -> None:
    repository(yard.project)
    before = (yard.project / ".git" / "config").read_text()
    said = await yard.said(
        "echo evil >> .git/config; echo evil > .git/hooks/pre-commit; rm -rf .git/hooks .git/config; mv .git other"
        "; echo a > a; git add a && git -c user.name=a -c user.email=a@b commit -q -m first && git log --format=%s"
    )
    assert said.endswith("first\n") and (yard.project / ".git" / "config").read_text() == before
    assert (
        not (yard.project / ".git" / "hooks" / "pre-commit").exists()
        and not (yard.project / "other").exists()
    )


@on_walls
@pytest.mark.parametrize("name", ["hooks/pre-commit", "commondir", "config.worktree"])
async def test_what_git_would_obey_cannot_be_made_and_no_stand_in_stays(yard: Yard, name: str) -> None:
    repository(yard.project)
    git = yard.project / ".git"
    shutil.rmtree(git / "hooks")
    before = sorted(path.name for path in git.iterdir())
    said = await yard.said(
        f"mkdir -p .git/hooks; rm -f .git/{name}; echo ../evil > .git/{name}; git status -sb"
    )
    assert said.endswith("## No commits yet on master\n")
    assert "evil" not in "".join(path.read_text() for path in (git / "commondir", git / "config.worktree"))
    await yard.sandbox.close()
    assert sorted(path.name for path in git.iterdir()) == before


@on_walls
async def test_what_a_killed_session_left_in_a_repository_is_taken_away_by_the_next(yard: Yard) -> None:
    repository(yard.project)
    left = put(yard.project / ".git" / "commondir", ".\n")
    await yard.ran("true")
    await yard.sandbox.close()
    assert not left.exists()


@on_walls
async def test_a_repository_that_one_command_makes_is_held_for_the_next(yard: Yard) -> None:
    await yard.ran("git init -q -b master")
    await yard.ran(
        "echo ../evil > .git/commondir; echo evil > .git/hooks/pre-commit; echo evil >> .git/config"
    )
    await yard.sandbox.close()
    git = yard.project / ".git"
    assert not (git / "commondir").exists() and not (git / "hooks" / "pre-commit").exists()
    assert "evil" not in (git / "config").read_text()


@on_walls
@pytest.mark.parametrize("place", ["modules/deep/inner", "worktrees/other"])
async def test_what_git_obeys_of_a_submodule_or_another_work_tree_stays(yard: Yard, place: str) -> None:
    repository(yard.project)
    for name in ("HEAD", "config", "commondir"):
        put(yard.project / ".git" / place / name, "mine")
    await yard.ran(f"cd .git/{place}; echo evil > config; rm commondir; echo evil > commondir")
    folder = yard.project / ".git" / place
    assert [(folder / name).read_text() for name in ("config", "commondir")] == ["mine", "mine"]


@on_walls
@pytest.mark.parametrize(
    "name",
    [
        ".envrc",
        ".vscode/tasks.json",
        ".github/workflows/ci.yml",
        ".mcp.json",
        ".devcontainer/devcontainer.json",
        ".cargo/config.toml",
    ],
)
async def test_what_other_programs_obey_stays(yard: Yard, name: str) -> None:
    obeyed = put(yard.project / name, "mine")
    await yard.ran(f"echo evil > {name}; rm -f {name}; sed -i s/mine/evil/ {name}")
    assert obeyed.read_text() == "mine"


@on_walls
async def test_a_command_cannot_make_the_settings_of_this_program(yard: Yard) -> None:
    await yard.ran(
        "mkdir .ollama-code; echo '{}' > .ollama-code/settings.json; mv .ollama-code x; rmdir .ollama-code"
    )
    await yard.sandbox.close()
    assert list(yard.project.iterdir()) == []


@on_walls
async def test_a_folder_of_the_project_that_became_a_link_shows_nothing_of_the_home_directory(
    yard: Yard,
) -> None:
    put(yard.home / "private" / "note")
    (yard.project / "sub").symlink_to(yard.home / "private")
    line = replace(yard.line("cat note"), directory=str(yard.project / "sub"))
    outcome = await run(await yard.sandbox.confined(line), lambda _: None)
    assert "secret" not in outcome.output and outcome.returncode != 0


@on_walls
async def test_with_the_home_directory_as_project_the_secrets_are_masked(rung, tmp_path: Path) -> None:
    yard = Yard(tmp_path, rung)
    yard.home.rmdir()
    yard.home.symlink_to(yard.project)  # also: by another name
    for name in (".ssh/id_rsa", ".aws/credentials", ".netrc", "server.pem", ".ollama-code/state.json"):
        put(yard.project / name)
    yard = Yard(tmp_path, rung)
    said = await yard.said("echo ok > fine; cat fine; grep -rs secret . ; cat server.pem .netrc")
    await yard.sandbox.close()
    assert said == "ok\n"


async def test_folders_of_the_settings_are_opened(rung, tmp_path: Path) -> None:
    cache = put(tmp_path / "cache" / "old", "old").parent
    notes = put(tmp_path / "home" / "notes" / "a", "note").parent
    yard = Yard(tmp_path, rung, Wishes(readable=(str(notes),), writable=(str(cache),)))
    said = await yard.said(f"echo new > {cache}/new; cat {notes}/a; echo x > {notes}/a")
    await yard.sandbox.close()
    assert (
        said.startswith("note")
        and (cache / "new").read_text() == "new\n"
        and (notes / "a").read_text() == "note"
    )


async def test_all_that_was_laid_out_is_put_away(yard: Yard) -> None:
    private = (await yard.said('echo "$TMPDIR"; mkdir -m 0500 "$TMPDIR/shut" ~/shut; true')).strip()
    await yard.sandbox.close()
    assert private and not (Path(private) / "shut").exists()
    assert not [path for path in yard.project.iterdir() if path.name == ".ollama-code"]


@on_walls
@pytest.mark.skipif(os.geteuid() != 0, reason="only root could undo a mount")
async def test_root_cannot_take_the_walls_down(yard: Yard) -> None:
    put(yard.home / "notes")
    text = f"umount {yard.home}; mount -o remount,rw /; mknod disk b 254 0; echo x > /etc/made"
    outcome = await yard.ran(f"({text}) 2>/dev/null; cat {yard.home}/notes")
    assert "secret" not in outcome.output
    assert not there("/etc/made") and not (yard.project / "disk").exists()
