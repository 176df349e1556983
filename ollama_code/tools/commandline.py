"""A command line before it runs: the facts a decision needs, and how it is run. A line of which every word is
certain runs without a shell, so that what was judged is what runs; any other line is for bash, as it is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Caution, Reach
from ollama_code.core.text import one_line
from ollama_code.permissions.rules import parse_scope
from ollama_code.permissions.shell.analysis import Opaque, Plain, analyse, spelled
from ollama_code.permissions.shell.guard import (
    GIT,
    enters_hidden,
    follows_links,
    git_elsewhere,
    git_looks,
    leaves_the_index,
    of_the_system,
    only_reads,
    paths,
    reads_operands,
    shows_content,
    sweeps,
)
from ollama_code.permissions.shell.own import carried_out_by_bash, entered
from ollama_code.ports import Place, Workspace
from ollama_code.workspace.bash import Line
from ollama_code.workspace.beneath import Manner, secrets_beneath
from ollama_code.workspace.direct import Direct, find_program
from ollama_code.workspace.process import Command
from ollama_code.workspace.repo import audit

MAX_PATHS = 256
"""More words of a command than this are not looked up on the disk: it asks."""

Argv = tuple[str, ...]
_NOTHING_MORE = Opaque("")
_GOES_ELSEWHERE = frozenset({"cd", "pushd", "popd"})


@dataclass(frozen=True)
class Intent:
    """What a line means here. `steps` are what is run without a shell; a line for bash says why in `reason`."""

    line: Line
    plain: Plain | None
    directory: str
    """Where its commands run; with `cd x &&` at its beginning, x."""
    seen: tuple[Argv, ...]
    """Commands in it beside those of `plain`."""
    reason: str = ""
    opaque: Opaque = _NOTHING_MORE
    """What else is known of a line that only bash can take apart."""

    @property
    def commands(self) -> tuple[Argv, ...]:
        """Each once, in their order."""
        found = [command.argv for command in self.plain.commands] if self.plain else []
        return tuple(dict.fromkeys(found))

    @property
    def ends_in(self) -> str:
        """The directory a line leaves its shell in that no shell runs; empty when only bash can tell."""
        return self.directory if self.plain else ""

    def command(self, root: str) -> Command:
        """`root` is the workspace: nothing in there passes for a program of the system."""
        if self.plain is None:
            return self.line.command()
        found = {argv[0]: self.program(argv[0], root)[0] for argv in self.commands}
        programs = {name: path for name, path in found.items() if path}
        environment, timeout_s = self.line.environment, self.line.timeout_s
        return Direct(self.plain.steps, programs, self.directory, environment, timeout_s).command()

    def program(self, name: str, root: str) -> tuple[str, bool]:
        """The file `name` stands for, and whether that is one of the workspace in place of the system's."""
        path = self.line.environment.get("PATH", os.defpath)  # as the system itself looks
        outside = root if of_the_system(name) else ""
        found = find_program(name, self.directory, path, outside=outside)
        if found or not outside:
            return found, False
        inside = find_program(name, self.directory, path)
        return inside, bool(inside)


@dataclass(frozen=True)
class Facts:
    """In rule form, for a `PermissionRequest`."""

    scopes: tuple[str, ...]
    seen: tuple[str, ...]
    cautions: tuple[Caution, ...]
    reach: Reach
    sweeps: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()

    def scopes_of(self, tool: str) -> tuple[str, ...]:
        """The same commands as another tool's scopes."""
        return tuple(f"{tool}({parse_scope(scope)[1]})" for scope in self.scopes)


async def intent(line: Line, workspace: Workspace) -> Intent:
    """Raises: ToolError when it changes to a directory that cannot be entered."""
    found = analyse(line.text)
    if isinstance(found, Opaque):
        return Intent(line, None, line.directory, found.seen, found.reason, found)
    plain, directory = found, line.directory
    if begins := entered(found):
        place = workspace.locate(_joined(directory, begins[0]))
        stat = await workspace.stat(place) if place.inside and ".." not in begins[0] else None
        if stat is not None and stat.kind == "directory":
            directory, plain = place.path, begins[1]
    everything = tuple(command.argv for command in found.commands)
    if own := carried_out_by_bash(plain):
        return Intent(line, None, line.directory, everything, f"{own} is a command of bash itself")
    return Intent(line, plain, directory, everything[:1] if plain is not found else ())


def for_bash(line: Line) -> Intent:
    """What a person typed for their shell."""
    return Intent(line, None, line.directory, ())


async def facts(intent: Intent, tool: str, workspace: Workspace) -> Facts:
    """What rules and a person are told before it runs. Runs nothing of it."""
    start = workspace.locate(intent.directory)
    looked = _Look(intent, tool, workspace)
    cautions = [*looked.about_start(inside=start.inside), *looked.about_words()]
    cautions += [*await looked.about_git(), *await looked.about_sweeps()]
    return Facts(
        scopes=looked.scopes,
        seen=tuple(dict.fromkeys((*looked.seen(), *looked.read()))),
        cautions=tuple(dict.fromkeys(cautions)),
        reach="workspace" if start.inside else "outside",
        sweeps=tuple(dict.fromkeys(looked.swept())),
        named=tuple(dict.fromkeys(looked.named())),
        rests_on=(start.path, *looked.programs()),
    )


class _Look:
    def __init__(self, intent: Intent, tool: str, workspace: Workspace) -> None:
        self._intent = intent
        self._tool = tool
        self._workspace = workspace
        self._of = {argv: f"{tool}({spelled(argv)})" for argv in intent.commands}
        self.scopes = tuple(self._of.values()) or (f"{tool}({intent.line.text})",)

    def seen(self) -> Iterator[str]:
        for argv in self._intent.seen:
            yield f"{self._tool}({spelled(argv)})"

    def read(self) -> Iterator[str]:
        """The files a command shows: what may not be read is not read in this way either."""
        for argv in (*self._of, *self._intent.seen):
            if reads_operands(argv):
                yield from self._readings(paths(argv))
        yield from self._readings(self._intent.opaque.inputs)

    def named(self) -> Iterator[str]:
        """The files that stand in the words of a command of which it is not known what it does with them."""
        for argv in (*self._of, *self._intent.seen):
            if not reads_operands(argv) and argv[0] != GIT:
                yield from self._readings(paths(argv))

    def _readings(self, found: Iterable[str]) -> Iterator[str]:
        for path in found:
            with suppress(ToolError):
                yield f"read_file({self._located(path).shown})"

    def swept(self) -> Iterator[str]:
        """The folders of which a command shows what lies below, and the workspace where one of them holds it."""
        if self._reads_what_only_bash_knows():
            yield from ("read_file(.)", "read_file(/)")
        for argv in (*self._of, *self._intent.seen):
            for path in sweeps(argv):
                try:
                    place = self._located(path)
                except ToolError:
                    yield "read_file(.)"
                    continue
                yield f"read_file({place.shown})"
                if f"{self._workspace.root}/".startswith(f"{place.path.rstrip('/')}/"):
                    yield "read_file(.)"

    def _reads_what_only_bash_knows(self) -> bool:
        """Whether any file may be meant by a word that bash replaces: `cat $x`, `cat *`, `cat < $x`; or by any word
        after it went to another folder: `cd x; cat a`."""
        if self._intent.plain is None and any(argv[0] in _GOES_ELSEWHERE for argv in self._intent.seen):
            return True
        opaque = self._intent.opaque
        words = [word for argv in opaque.seen if shows_content(argv) for word in argv[1:]]
        return opaque.torn or not opaque.unclear.isdisjoint((*words, *opaque.inputs))

    def programs(self) -> Iterator[str]:
        """The file of each command that runs without a shell."""
        for argv in self._of:
            yield self._intent.program(argv[0], self._workspace.root)[0]

    def about_start(self, *, inside: bool) -> Iterator[Caution]:
        for scope in self.scopes:
            if not inside:
                directory = one_line(self._intent.directory)
                yield Caution(
                    scope=scope, text=f"it starts outside of the workspace, in {directory}", against="any"
                )
            if self._intent.reason:
                yield Caution(scope=scope, text=one_line(self._intent.reason), against="wide")

    def about_words(self) -> Iterator[Caution]:
        root, directory = self._workspace.root, self._intent.directory
        for argv, scope in self._of.items():
            name = argv[0]
            if self._intent.program(name, root)[1]:
                yield Caution(scope=scope, text=f"{name} is a file of the workspace here", against="pattern")
            if "/" in name and not name.startswith("/") and directory != root:
                yield Caution(
                    scope=scope, text=f"{name} is another file in {one_line(directory)}", against="pattern"
                )
            for text in self._about_paths(argv):
                yield Caution(scope=scope, text=text, against="wide")

    def _about_paths(self, argv: Argv) -> Iterator[str]:
        found = paths(argv)
        if len(found) > MAX_PATHS:
            yield f"{argv[0]} is given more than {MAX_PATHS} paths"
            return
        for path in found:
            if text := self._about_path(path, writes=not only_reads(argv) and argv[0] != GIT):
                yield f"{one_line(path)} {text}"

    def _about_path(self, path: str, *, writes: bool) -> str:
        parts = path.split("/")
        inner = parts.index("..") if ".." in parts else len(parts)
        if any(part not in ("", ".", "..") for part in parts[:inner]) and inner < len(parts):
            return "goes through a folder and back, which may be a link"
        if not path:
            return ""
        try:
            place = self._located(path)
        except ToolError:
            return "cannot be looked up as a path"
        if not place.readable:
            return "leads outside of the workspace"
        guard = place.read_guard or (place.write_guard if writes else "")
        return f"is guarded: {guard}" if guard else ""

    async def about_git(self) -> list[Caution]:
        commands = self._of or dict.fromkeys(self._intent.seen, self.scopes[0])
        gits = {argv: scope for argv, scope in commands.items() if argv[0] == GIT}
        if not gits:
            return []
        program, brought = self._intent.program(GIT, self._workspace.root)
        if brought or not program:
            text = "there is no git here but one of the workspace" if brought else "there is no git here"
            return [Caution(scope=scope, text=text, against="pattern") for scope in gits.values()]
        found = await audit(program, self._intent.directory, self._intent.line.environment)
        cautions = []
        for argv, scope in gits.items():
            texts = list(found.settings)
            if option := git_elsewhere(argv):
                texts.append(f"{one_line(option)} sends git elsewhere, where nobody looked")
            if found.hooks and not git_looks(argv):
                texts.append(f"it runs hooks of this repository: {', '.join(found.hooks)}")
            cautions += [Caution(scope=scope, text=text, against="pattern") for text in texts]
        return cautions

    async def about_sweeps(self) -> list[Caution]:
        """What a rule was not meant for: whoever allows a search does not think of the secrets it may meet."""
        cautions = []
        for argv, scope in self._of.items():
            manner = Manner(enters_hidden(argv), follows_links(argv))
            for path in () if argv[0] == GIT and not leaves_the_index(argv) else sweeps(argv):
                with suppress(ToolError):  # what is no path is told of already
                    place = self._located("." if argv[0] == GIT else path)
                    if text := await secrets_beneath(place.path, manner) if place.inside else "":
                        cautions.append(
                            Caution(scope=scope, text=f"{one_line(place.shown)} {text}", against="wide")
                        )
        return cautions

    def _located(self, path: str) -> Place:
        return self._workspace.locate(_joined(self._intent.directory, path))


def _joined(directory: str, path: str) -> str:
    return path if path.startswith("/") else f"{directory}/{path}"
