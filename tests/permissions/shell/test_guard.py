"""What a rule ending in * covers of a known program, and which programs need no rule."""

from __future__ import annotations

import shlex

import pytest

from ollama_code.permissions.shell.guard import (
    git_elsewhere,
    git_looks,
    objection,
    of_the_system,
    only_reads,
    paths,
)


def argv(line: str) -> tuple[str, ...]:
    return tuple(shlex.split(line))


@pytest.mark.parametrize(
    "line",
    ["git status -s", "git log --oneline -5 -n3 -S text", "git diff --stat HEAD~1 -- a",
    "git commit -am 'x y'", "git push -u origin main",
     "npm test -- --watch=false", "npm run build", "go test -v -run TestX ./...",
     "cargo test --release -- --nocapture", "make -j4 test",
     "pytest -q -k 'a or b' --maxfail=1 tests", "grep -rn --include '*.py' x .", "rg -n -tpy x",
     "sort -t, -k2 -rn a", "sed -n 1,5p a",
     "uniq -c a", "mytool --anything=x", "docker ps -a"],
)  # fmt: skip
def test_a_wide_rule_covers_what_is_known_to_be_harmless(line: str):
    assert objection(argv(line)) == ""


@pytest.mark.parametrize(
    "line",
    ["git diff --output=x", "git diff --outpu=x", "git log --output x", "git grep -Oless x",
    "git -c a=b status", "git -cx=y status",
     "git --exec-path=. status", "git ls-remote --upload-pack=x .", "git push --receive-pack=x",
     "git push ext::x", "git push origin +main",
     "git rebase -x x", "git config --list", "git status --upload-pack=x", "git diff --no-index a b", "git",
     "git log --ext-diff",
     "rg --pre=x y", "rg --hostname-bin=x y", "rg -z x", "sort -o a b", "sort -ro a b",
     "sort --compress-prog=x a", "sed 's/a/b/e' f",
     "sed -n 'w x' f", "sed -n 1p -e 'w x' f", "sed -n '1p\nw x' f", "sed -i 1p f", "uniq a b", "uniq -- a b",
     "tree -o x", "file -C -m x",
     "npm test --prefix x", "npm test --script-sh=x", "npm exec x", "go test -exec x", "go test --exec=x",
     "go test -toolexec=x", "go run x@y",
     "pytest -p x", "pytest -c x", "pytest -o x=y", "pytest --rootdir=x", "cargo test --config=x",
     "make SHELL=x a", "make -f x", "make -- A=b",
     "curl x", "wget x", "tar -tf x", "less x", "man x", "rsync a b", "docker run x", "docker -H x ps",
     "grep -f x y", "tail -f x", "ls --foo", "uv run x", "poetry run", "pnpm dlx x", "fd -x x", "split --filter=x f"],
)  # fmt: skip
def test_a_wide_rule_covers_no_option_that_does_more(line: str):
    assert objection(argv(line))


def test_a_rule_that_names_what_is_started_covers_that_with_its_own_options():
    assert objection(argv("uv run pytest -q tests"), named=3) == ""
    assert objection(argv("uv run pytest -p evil"), named=3)
    assert objection(argv("uv sync")) == ""


@pytest.mark.parametrize(
    "line",
    ["ls -la src", "cat -n a", "head -5 a", "tail -n 5 a", "wc -l a", "file -b a", "pwd", "echo -n $x"],
)
def test_a_reader_needs_no_rule(line: str):
    assert only_reads(argv(line))


@pytest.mark.parametrize(
    "line", ["git status", "find .", "rg x", "grep x a", "sed -n 1p a", "sort a", "env", "touch a",
    "ls --foo", "tail -f a", "./ls a", "mytool"]
)  # fmt: skip
def test_anything_else_needs_one(line: str):
    assert not only_reads(argv(line))


@pytest.mark.parametrize(
    "line,expected",
    [
        ("cat a ../b -n", ("a", "../b")),
        ("cut -d/ -f1 a", ("a",)),
        ("echo /etc /x", ()),
        ("grep -f/etc/x -e /y z", ("/etc/x", "z")),
        ("grep --file=/etc/x z", ("/etc/x", "z")),
        ("git commit -m /etc", ()),
        ("git commit --file=/etc/x", ("/etc/x",)),
        ("mytool -I/usr a", ("/usr", "a")),
        ("mytool out=/etc/x", ("out=/etc/x", "/etc/x")),
        ("mytool @/etc/x", ("@/etc/x", "/etc/x")),
        ("mytool --mount=a:/etc,../b", ("a:/etc,../b", "/etc", "../b")),
        ("mytool file:///etc/x", ("file:///etc/x", "///etc/x")),
        ("mytool --url=http://a.test/x", ("http://a.test/x",)),
    ],
)  # fmt: skip
def test_every_word_that_may_be_a_path_is_named(line: str, expected: tuple[str, ...]):
    assert paths(argv(line)) == expected


def test_git_runs_no_hook_when_it_only_looks():
    assert git_looks(argv("git status")) and git_looks(argv("git log -5"))
    assert (
        not git_looks(argv("git commit")) and not git_looks(argv("git")) and not git_looks(argv("ls status"))
    )


@pytest.mark.parametrize(
    "line", ["git -C x status", "git -c a=b log", "git --git-dir=x log", "git -P -C x log"]
)
def test_git_sent_elsewhere_is_told(line: str):
    assert git_elsewhere(argv(line))


@pytest.mark.parametrize("line", ["git status -C", "git --no-pager log -c", "git", "ls -C"])
def test_git_that_stays_here_is_not(line: str):
    assert not git_elsewhere(argv(line))


def test_names_of_the_system_are_told_from_those_of_a_project():
    assert all(of_the_system(name) for name in ("ls", "git", "grep", "sort"))
    assert not any(of_the_system(name) for name in ("pytest", "make", "mytool"))
