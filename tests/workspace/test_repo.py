"""Which settings and hooks of a repository are found before git is let near it, and that finding runs none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.repo import Audit, audit

ENVIRONMENT = child_environment(os.environ, ())


class Repository:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = path.parent / "ran"
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q")
        self.git("config", "user.name", "a")
        self.git("config", "user.email", "a@b.test")

    def git(self, *words: str) -> None:
        done = subprocess.run(["git", *words], cwd=self.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def hook(self, name: str) -> None:
        hook = self.path / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {self.mark}\n")
        hook.chmod(0o755)

    async def found(self) -> Audit:
        found = await audit("git", str(self.path), ENVIRONMENT)
        assert not self.mark.exists()
        return found


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "project")


async def test_a_fresh_repository_runs_nothing(repository: Repository):
    assert await repository.found() == Audit()


async def test_no_repository_runs_nothing(tmp_path: Path):
    assert await audit("git", str(tmp_path), ENVIRONMENT) == Audit()


@pytest.mark.parametrize(
    "key",
    [
        "core.fsmonitor", "core.hooksPath", "core.sshCommand", "core.pager", "core.editor",
        "core.attributesFile", "alias.st",
        "filter.x.clean", "filter.x.process", "diff.external", "diff.x.textconv", "diff.x.command",
        "merge.x.driver",
        "remote.origin.uploadpack", "credential.helper", "credential.https://a.test.helper", "gpg.program",
        "url.x.insteadOf",
        "protocol.ext.allow", "pager.log", "sequence.editor", "submodule.x.update",
        "extensions.worktreeConfigX", "lfs.extension.x.clean", "lfs.customtransfer.x.path",
        "hook.x.command", "guitool.x.cmd", "imap.tunnel",
    ],
)  # fmt: skip
async def test_a_setting_that_starts_a_program_is_named_and_not_obeyed(repository: Repository, key: str):
    repository.git("config", key, f"touch {repository.mark}")
    (setting,) = (await repository.found()).settings
    assert setting.lower() == f"{key.lower()} of this repository says: touch {repository.mark}".lower()


async def test_a_setting_of_an_included_file_is_found(repository: Repository):
    (repository.path / "more").write_text(f"[core]\n\tfsmonitor = touch {repository.mark}\n")
    repository.git("config", "include.path", "../more")
    keys = {text.split(" ")[0] for text in (await repository.found()).settings}
    assert keys == {"include.path", "core.fsmonitor"}


async def test_a_setting_of_one_work_tree_is_found(repository: Repository):
    repository.git("config", "extensions.worktreeConfig", "true")
    repository.git("config", "--worktree", "diff.external", "x")
    assert [text.split(" ")[0] for text in (await repository.found()).settings] == ["diff.external"]


async def test_a_setting_of_a_submodule_is_found(repository: Repository):
    inner = Repository(repository.path / "deep" / "inner")
    inner.git("commit", "-q", "--allow-empty", "-m", "x")
    repository.git("add", "deep/inner")
    inner.git("config", "filter.x.clean", "touch x")
    (setting,) = (await repository.found()).settings
    assert setting == "filter.x.clean of this repository says: touch x"


async def test_the_built_in_monitor_and_samples_of_hooks_are_harmless(repository: Repository):
    repository.git("config", "core.fsmonitor", "true")
    repository.hook("pre-commit.sample")
    assert await repository.found() == Audit()


async def test_hooks_are_named(repository: Repository):
    repository.hook("pre-commit")
    assert await repository.found() == Audit(hooks=("pre-commit",))


async def test_a_bare_repository_among_the_files_is_refused(repository: Repository):
    bare = repository.path / "vendor"
    repository.git("init", "-q", "--bare", str(bare))
    found = await audit("git", str(bare), ENVIRONMENT)
    assert len(found.settings) == 1 and "git refuses this repository" in found.settings[0]


async def test_a_folder_that_only_looks_like_git_s_own_is_named(repository: Repository):
    (repository.path / ".git").rename(repository.path / "other")
    (repository.path / ".git").write_text("gitdir: other\n")
    assert (await repository.found()).settings == ("the repository lies among the files of another folder",)


async def test_a_broken_repository_is_no_harmless_one(repository: Repository):
    (repository.path / ".git" / "config").write_text("[core\n")
    assert (await repository.found()).settings


async def test_the_persons_own_settings_do_not_count(repository: Repository, tmp_path: Path):
    (tmp_path / ".gitconfig").write_text('[core]\n\tpager = less\n[filter "lfs"]\n\tclean = x\n')
    found = await audit("git", str(repository.path), {**ENVIRONMENT, "HOME": str(tmp_path)})
    assert found == Audit()


async def test_a_value_with_control_characters_is_shown_without_them(repository: Repository):
    repository.git("config", "alias.x", "a\x1b[2J\nb")
    (setting,) = (await repository.found()).settings
    assert "\x1b" not in setting and "\n" not in setting
