"""A command line of bash, taken apart into the programs it runs, or not at all.

Allows what it knows, never forbids what it knows: a node, a token or a character that is not understood here makes
the line opaque. Every byte is accounted for: what lies between two known tokens must be blank, because the grammar
drops a joined line silently where bash joins the words around it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from ollama_code.core.commandline import Joiner, Redirect, SimpleCommand, Step
from ollama_code.permissions.shell.grammar import NoGrammar, tree
from ollama_code.permissions.shell.words import Uncertain, decoded

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_BYTES = 8 * 1024
MAX_COMMANDS = 16

_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
"""Controls, spaces that are none to bash, and what a person cannot see in a prompt."""
_NAME = re.compile(r"[A-Za-z0-9_./+-]+")
_RESERVED = frozenset(
    "if then else elif fi case esac for select while until do done in function time coproc".split()
)
"""Reserved words of bash that the grammar may take for a program."""

_STRUCTURE = frozenset({"program", "list", "pipeline", "redirected_statement"})
_WORDS = frozenset({"word", "number", "string", "raw_string", "concatenation"})
_IN_WORDS = _WORDS | {"string_content", '"'}
_BESIDE_WORDS = frozenset({"variable_assignment", "file_redirect"})
_OPERATORS = frozenset({"&&", "||", ";", "|"})


@dataclass(frozen=True)
class Plain:
    """A line of which it is certain what it runs: these words, in this order, and nothing else."""

    steps: tuple[Step, ...]

    @property
    def commands(self) -> tuple[SimpleCommand, ...]:
        return tuple(command for step in self.steps for command in step.pipeline)


@dataclass(frozen=True)
class Opaque:
    """A line only bash itself can tell about. `reason` is a clause: "bash interprets the *".

    `seen` are the words of commands that are surely in it, perhaps among others; a word of them that is not
    certain stands there as it is written, and in `unclear`. `inputs` are the files it surely reads by `<`. Where it
    is `torn`, words may be other ones than those that were seen."""

    reason: str
    seen: tuple[tuple[str, ...], ...] = ()
    unclear: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = ()
    torn: bool = False


def analyse(line: str) -> Plain | Opaque:
    """What `line` runs. Pure, in well below a millisecond but for the first time."""
    try:
        source = line.encode()
    except UnicodeEncodeError:
        return Opaque("it is not well-formed text", torn=True)
    if len(source) > MAX_BYTES:
        return Opaque(f"it is longer than {MAX_BYTES // 1024} KiB", torn=True)
    try:
        root = tree(source)
    except NoGrammar as e:
        return Opaque(str(e), torn=True)
    try:
        _check_text(line, root)
        return Plain(_Reading(source, root).steps())
    except Uncertain as e:
        return _opaque(str(e), source, root)


def words_of(line: str) -> tuple[str, ...] | None:
    """The words of a line that is one command and nothing else, or `None`."""
    found = analyse(line)
    if isinstance(found, Opaque) or len(found.commands) != 1 or found.commands[0].redirects:
        return None
    return found.commands[0].argv


def spelled(argv: tuple[str, ...]) -> str:
    """The line that `words_of` reads back as `argv`."""
    return shlex.join(argv)


def _check_text(line: str, root: Node) -> None:
    if odd := _ODD.search(line):
        raise Uncertain(f"it holds the invisible character U+{ord(odd.group()):04X}")
    if root.has_error:
        raise Uncertain("its syntax is not clear")


@dataclass
class _Reading:
    """One walk through the tree, in the order of the source. Bash binds `|` tighter than `&&` and `||`, and these
    tighter than `;`, so the order of the operators alone says what belongs together."""

    source: bytes
    root: Node
    _steps: list[Step] = field(default_factory=list)
    _pipeline: list[SimpleCommand] = field(default_factory=list)
    _joiner: Joiner = ";"
    _open: bool = True
    """Whether a command has to come next."""

    def steps(self) -> tuple[Step, ...]:
        end = 0
        for node in _elements(self.root):
            gap = self._gap(end, node.start_byte)
            self._take(node, gap)
            end = node.end_byte
        self._gap(end, len(self.source))
        if self._open and (self._pipeline or self._joiner != ";"):
            raise Uncertain("its last command is missing")
        self._close(";")
        if not 0 < sum(len(step.pipeline) for step in self._steps) <= MAX_COMMANDS:
            raise Uncertain(f"it holds no command, or more than {MAX_COMMANDS}")
        return tuple(self._steps)

    def _take(self, node: Node, gap: bytes) -> None:
        kind = node.type
        if kind == "command":
            if not self._open:
                if b"\n" not in gap:
                    raise Uncertain("two commands stand beside each other")
                self._close(";")
            self._pipeline.append(self._command(node))
            self._open = False
        elif self._open or b"\n" in gap:
            raise Uncertain(f"a command is missing before {self._text(node)}")
        elif kind == "file_redirect":
            last = self._pipeline[-1]
            redirects = (*last.redirects, *self._redirects(node, gap))
            self._pipeline[-1] = SimpleCommand(argv=last.argv, redirects=redirects)
        elif kind == "|":
            self._open = True
        else:
            self._close(cast(Joiner, kind))
            self._open = True

    def _close(self, joiner: Joiner) -> None:
        """End the pipeline; `joiner` stands before the next one."""
        if self._pipeline:
            self._steps.append(Step(pipeline=tuple(self._pipeline), joiner=self._joiner))
        self._pipeline.clear()
        self._joiner = joiner

    def _command(self, node: Node) -> SimpleCommand:
        argv: list[str] = []
        end = node.start_byte
        for child in node.children:
            self._blank(end, child.start_byte, least=0 if child is node.children[0] else 1)
            argv.append(self._name(child) if child.type == "command_name" else self._word(child))
            end = child.end_byte
        if end != node.end_byte or not _NAME.fullmatch(argv[0]) or node.children[0].type != "command_name":
            raise Uncertain("the name of a program is not plain")
        if argv[0] in _RESERVED:
            raise Uncertain(f"{argv[0]} is a word of bash itself")
        return SimpleCommand(argv=tuple(argv))

    def _name(self, node: Node) -> str:
        if [child.type for child in node.children] != ["word"]:
            raise Uncertain("the name of a program is not plain")
        return self._text(node)

    def _word(self, node: Node) -> str:
        for part in _every(node):
            if part.type not in _IN_WORDS:
                raise Uncertain(f"bash interprets {self._text(part)}")
        return decoded(self._text(node))

    def _redirects(self, node: Node, gap: bytes) -> tuple[Redirect, ...]:
        """Those that write no file and read none; anything else is for bash."""
        descriptor = next((self._text(c) for c in node.children if c.type == "file_descriptor"), "")
        operator, *destinations = [c for c in node.children if c.type != "file_descriptor"]
        written = f"{descriptor}{self._text(operator)}"
        if len(destinations) != 1 or not self._text(node).startswith(written) or (descriptor and not gap):
            raise Uncertain(f"it redirects with {self._text(node)}")
        self._blank(operator.end_byte, destinations[0].start_byte, least=0)
        target = self._word(destinations[0])
        redirects = _KNOWN_REDIRECTS.get((written, target))
        if redirects is None:
            raise Uncertain(f"it redirects with {self._text(node)}")
        return redirects

    def _gap(self, start: int, end: int) -> bytes:
        gap = self.source[start:end]
        if gap.strip(b" \t\n"):
            raise Uncertain("a backslash joins two lines")
        return gap

    def _blank(self, start: int, end: int, *, least: int) -> None:
        gap = self.source[start:end]
        if gap.strip(b" \t") or len(gap) < least:
            raise Uncertain("its words are not clear")

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode()


def _known_redirects() -> Iterator[tuple[tuple[str, str], tuple[Redirect, ...]]]:
    for arrow in (">", ">>"):
        yield (arrow, "/dev/null"), (Redirect(descriptor=1, to="null"),)
        yield (f"1{arrow}", "/dev/null"), (Redirect(descriptor=1, to="null"),)
        yield (f"2{arrow}", "/dev/null"), (Redirect(descriptor=2, to="null"),)
        yield (f"&{arrow}", "/dev/null"), (Redirect(descriptor=1, to="null"), Redirect(descriptor=2, to=1))
    yield ("<", "/dev/null"), (Redirect(descriptor=0, to="null"),)
    yield ("2>&", "1"), (Redirect(descriptor=2, to=1),)
    yield (">&", "2"), (Redirect(descriptor=1, to=2),)
    yield ("1>&", "2"), (Redirect(descriptor=1, to=2),)


_KNOWN_REDIRECTS = dict(_known_redirects())


def _elements(root: Node) -> Iterator[Node]:
    """Commands, redirects and operators in the order of the source. Raises: Uncertain for anything else."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_missing:
            raise Uncertain("its syntax is not clear")
        if node.type in _STRUCTURE:
            stack.extend(reversed(node.children))
        elif node.type in ("command", "file_redirect") or node.type in _OPERATORS:
            yield node
        else:
            raise Uncertain(_what_is(node))


def _what_is(node: Node) -> str:
    text = (node.text or b"").decode(errors="replace").split("\n")[0][:60].strip()
    return f"only bash can tell what {text} does" if text else "only bash can tell what it does"


def _every(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _opaque(reason: str, source: bytes, root: Node) -> Opaque:
    """With the commands anywhere in the line, also inside substitutions, as well as they can be read."""
    seen: list[tuple[str, ...]] = []
    inputs: list[str] = []
    unclear: set[str] = set()
    for node in _every(root):
        if node.type in ("command", "declaration_command", "unset_command"):
            words = [child for child in node.children if child.type not in _BESIDE_WORDS]
            if argv := tuple(
                _as_read(source, word, unclear) for word in words if word.end_byte > word.start_byte
            ):
                seen.append(argv)
        elif node.type == "file_redirect" and any(child.type == "<" for child in node.children):
            inputs.append(_as_read(source, node.children[-1], unclear))
    torn = root.has_error or b"\\\n" in source
    return Opaque(reason, tuple(seen), frozenset(unclear), tuple(inputs), torn)


def _as_read(source: bytes, node: Node, unclear: set[str]) -> str:
    raw = source[node.start_byte : node.end_byte].decode(errors="replace")
    try:
        return decoded(raw)
    except Uncertain:
        unclear.add(raw)
        return raw
