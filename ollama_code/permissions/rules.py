"""Rules a person writes: `Tool` or `Tool(pattern)`.

A pattern for a command is a list of words; ` *` at its end stands for more words. It is compared with the words of
one command, never with the text of a line, so a rule for `git status` says nothing about `git status; rm -rf ~`. A
line that only bash can take apart is matched by its exact text alone. A pattern for a path is a gitignore pattern
relative to the workspace, or after `//` from the root of the disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from pathspec import GitIgnoreSpec

from ollama_code.core.errors import UsageError
from ollama_code.permissions.shell.analysis import Plain, analyse, words_of
from ollama_code.permissions.shell.guard import started

_RULE = re.compile(r"^([A-Za-z_][A-Za-z0-9_-]*)(?:\((.+)\))?$", re.DOTALL)
_SIMPLE = re.compile(r"[A-Za-z0-9_./+-]+(?: +[A-Za-z0-9_./:=@%+,^-]+)*")
"""A pattern that is words and nothing else: most are, and reading those needs no grammar."""
_MORE = " *"
_RUNNERS = frozenset(
    ". sh bash dash zsh fish ksh env xargs sudo doas su runuser pkexec nohup timeout time nice ionice setsid stdbuf"
    " watch unshare chroot flock strace python node perl ruby php lua awk gawk mawk eval exec source command builtin"
    " ssh find parallel busybox script expect entr npx bunx uvx csh tcsh mksh rbash nu pwsh elvish xonsh tclsh julia"
    " Rscript osascript toybox systemd-run systemd-inhibit at batch taskset chrt prlimit setpriv nsenter runcon bwrap"
    " start-stop-daemon firejail fakeroot proot dbus-run-session xvfb-run ltrace gdb lldb perf valgrind tmux screen"
    " rlwrap unbuffer run-parts gosu su-exec hyperfine direnv nix-shell ts-node tsx pipx setarch linux32 linux64"
    " choom uclampset coresched sg newgrp capsh run0 faketime eatmydata catchsegv torsocks torify proxychains"
    " proxychains4 waypipe chronic ifne ts sem nodemon cargo-watch ld.so irb guile sbcl ghci runghc runhaskell ocaml"
    " scala groovy jshell".split()
)
COMMAND_TOOL = "run_shell_command"
NETWORK = "network"
"""What a command asks for beside being run, when it is to reach beyond its sandbox: `network(npm install)`."""
_SPEAK_OF_COMMANDS = frozenset({COMMAND_TOOL, NETWORK})


@dataclass(frozen=True)
class Rule:
    """`origin` tells a person where the rule comes from, such as "--allow"."""

    tool: str
    pattern: str
    origin: str

    def matches(self, scope: str) -> bool:
        """Whether this rule covers a scope such as `edit(src/a.py)`; a path in any case, for on some disks it is the
        same file."""
        return self._covers(scope, str.casefold)

    def allows(self, scope: str) -> bool:
        """The same for a rule that allows: a path as it is written, for on other disks it is another file."""
        return self._covers(scope, str)

    def _covers(self, scope: str, fold: Callable[[str], str]) -> bool:
        tool, subject = parse_scope(scope)
        if tool != self.tool:
            return False
        if not self.pattern:
            return True
        if tool in _SPEAK_OF_COMMANDS:
            return _command_matches(self.pattern, subject)
        return _path_matches(fold(self.pattern), fold(subject))

    @property
    def words(self) -> int:
        """How many words of a command its pattern names."""
        return len(self.pattern.removesuffix(_MORE).split())

    @property
    def wide(self) -> bool:
        """Whether it covers commands by how they begin."""
        return self.tool in _SPEAK_OF_COMMANDS and self.pattern.endswith(_MORE)

    def cannot_tell(self, scope: str) -> bool:
        """Whether this rule is about some commands, and `scope` is a line in which bash or another program may find
        one of them: `rm x` is in `$y rm x`, in `sudo rm x` and `vim -c '!rm x'`, and is `/bin/rm x`. With other
        options it may be the same: `git push` is in `git -C . push`, and `rm -rf x` is `rm x -fr`."""
        tool, line = parse_scope(scope)
        if tool != self.tool or tool not in _SPEAK_OF_COMMANDS or not self.pattern:
            return False
        words = words_of(line)
        if words is None or "/" in words[0] or _runs_others(words[0]):
            return True
        return self._is_with_options(words) or any(self._named.search(word) for word in words[1:])

    def _is_with_options(self, words: tuple[str, ...]) -> bool:
        """Whether `words` run the program of the rule with options where the rule has other words."""
        program, *more = self.pattern.removesuffix(_MORE).split()
        if program != words[0] or not more:
            return False
        places = words[1:] if more[0].startswith("-") else words[1:2]
        return any(word.startswith("-") for word in places)

    @property
    def _named(self) -> re.Pattern[str]:
        """Finds the program of the rule in a word that another program may run: `-c '!rm x'`."""
        return re.compile(rf"(?<![\w.-]){re.escape(self.pattern.split()[0])}(?![\w.-])")

    def reaches_below(self, scope: str) -> bool:
        """Whether this rule may be about a file below the folder of a scope such as `read_file(src)`. A pattern that
        begins with names is about no other folder; any other pattern may be about each."""
        tool, folder = parse_scope(scope)
        if tool != self.tool:
            return False
        if not self.pattern or "/" not in self.pattern.rstrip("/"):
            return True
        if folder.startswith("/") != self.pattern.startswith("//"):
            return False
        return all(one == other for one, other in zip(_names(self.pattern), _names(folder), strict=False))

    def __str__(self) -> str:
        return f"{self.tool}({self.pattern})" if self.pattern else self.tool


def is_about_commands(tool: str) -> bool:
    return tool in _SPEAK_OF_COMMANDS


def parse_scope(scope: str) -> tuple[str, str]:
    tool, _, rest = scope.partition("(")
    return tool, rest.removesuffix(")")


def parse_rule(text: str, origin: str, canonical: Callable[[str], str | None]) -> Rule:
    """`canonical` gives a tool's own name for a name or alias, `None` for no tool.
    Raises: UsageError saying what is wrong with the rule and how to write it."""
    found = _RULE.match(text.strip())
    tool = canonical(found.group(1)) if found else None
    if found is None or tool is None:
        right = "A rule is the name of a tool, or a name and a pattern: run_shell_command(git status), edit(src/**)."
        raise UsageError(f'The rule "{text}" ({origin}) names no tool. {right}')
    if found.group(2) is None:
        return Rule(tool, "", origin)
    pattern = found.group(2).strip()
    if tool == COMMAND_TOOL and pattern == "*":
        return Rule(tool, "", origin)
    if not pattern:
        raise UsageError(
            f'The rule "{text}" ({origin}) has an empty pattern. Write {tool} alone to mean every use.'
        )
    if tool in _SPEAK_OF_COMMANDS:
        _check_command_pattern(pattern, text, origin)
    else:
        _check_path_pattern(pattern, text, origin)
    return Rule(tool, pattern, origin)


def require_narrow(rule: Rule) -> None:
    """For a rule that allows. Raises: UsageError when it would allow every command without saying so."""
    if not rule.wide:
        return
    words = tuple(rule.pattern.removesuffix(_MORE).split())
    inner = started(words)
    if not inner or _runs_others(inner[0].rsplit("/", 1)[-1]):
        runner = words[: len(words) - len(inner[1:])]
        reason = f"{' '.join(runner)} runs any other program, so it would allow every command"
        raise UsageError(
            f'The rule "{rule}" ({rule.origin}) is refused: {reason}. Name the exact command instead.'
        )


def _command_matches(pattern: str, line: str) -> bool:
    if line.strip() == pattern:
        return True
    wanted, words = _pattern_words(pattern.removesuffix(_MORE)), words_of(line)
    if wanted is None or words is None:
        return False
    return words[: len(wanted)] == wanted if pattern.endswith(_MORE) else words == wanted


@cache
def _pattern_words(pattern: str) -> tuple[str, ...] | None:
    """`None` when only a line with this very text is meant."""
    if _SIMPLE.fullmatch(pattern):
        return tuple(pattern.split())
    found = analyse(pattern)
    return found.commands[0].argv if isinstance(found, Plain) else None


def _path_matches(pattern: str, subject: str) -> bool:
    """A path outside the workspace starts with `/`; only a pattern that starts with `//` speaks of those."""
    outside = subject.startswith("/")
    if outside != pattern.startswith("//"):
        return False
    return _spec(pattern.removeprefix("/")).match_file(subject.removeprefix("/"))


def _names(path: str) -> list[str]:
    """The parts of a path, up to the first that may stand for several."""
    parts = [part for part in path.casefold().split("/") if part not in ("", ".")]
    return list(takewhile(lambda part: not set(part) & set("*?[\\"), parts))


@cache
def _spec(line: str) -> GitIgnoreSpec:
    """Built once: a search asks about every file."""
    return GitIgnoreSpec.from_lines([line])


def _check_path_pattern(pattern: str, text: str, origin: str) -> None:
    """A pattern that can match no path would forbid nothing without a word."""
    if pattern.startswith(("!", "#", "~", "./", "../")):
        raise UsageError(
            f'The rule "{text}" ({origin}) would match no path. A path begins in the workspace (src/**), or with // '
            "at the root of the disk (//home/me/notes/**)."
        )


def _check_command_pattern(pattern: str, text: str, origin: str) -> None:
    start = pattern.removesuffix(_MORE)
    if _SIMPLE.fullmatch(start):
        return
    if "*" in re.sub(r"'[^']*'", "", start):
        raise UsageError(
            f'The rule "{text}" ({origin}) has a * that does not stand alone at the end; it may only be there.'
        )
    found = analyse(start)
    if isinstance(found, Plain) and len(found.commands) > 1:
        raise UsageError(
            f'The rule "{text}" ({origin}) holds several commands. Write one rule for each of them.'
        )
    if pattern != start and not isinstance(found, Plain):
        raise UsageError(
            f'The rule "{text}" ({origin}) would match no command: {found.reason}. Before the * stand plain words.'
        )


def _runs_others(program: str) -> bool:
    """`python3.12` is `python`."""
    return program in _RUNNERS or program.rstrip("0123456789.") in _RUNNERS
