"""The rules of a session, gathered from settings and flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ollama_code.bootstrap.options import Options
from ollama_code.permissions.examples import Examples, check_allowing, check_stopping
from ollama_code.permissions.policy import Policy
from ollama_code.permissions.rules import NETWORK, Rule, parse_rule, require_narrow
from ollama_code.settings.load import Loaded
from ollama_code.settings.model import RuleLine
from ollama_code.tools.builtin import SCOPE_OF
from ollama_code.tools.toolset import Toolset


def gather_policy(options: Options, loaded: Loaded, tools: Toolset, directory: Path) -> Policy:
    """All scopes merged; `directory` is the workspace.
    Raises: UsageError for a rule that cannot be meant or does not hold its own examples."""
    reading = _Reading(tools)
    wishes, project, managed = loaded.settings.permissions, loaded.project, loaded.managed
    said = options.allow if loaded.allows else ()
    excluded = [text for text in loaded.settings.exclude_tools if "(" in text]
    return Policy(
        allow=(
            *reading.allowing(managed.allow, managed.origin),
            *reading.allowing(wishes.allow, "permissions.allow"),
            *reading.allowing(said, "--allow"),
        ),
        ask=(
            *reading.stopping(managed.ask, managed.origin),
            *reading.stopping(wishes.ask, "permissions.ask"),
            *reading.stopping(project.ask, project.origin),
        ),
        deny=(
            *reading.stopping(managed.deny, managed.origin),
            *reading.stopping(wishes.deny, "permissions.deny"),
            *reading.stopping(excluded, "excludeTools"),
            *reading.stopping(project.deny, project.origin),
            *reading.stopping(options.deny, "--deny"),
        ),
        boldest=loaded.boldest,
        boundless=Path.home().resolve().is_relative_to(directory.resolve()),
    )


@dataclass(frozen=True)
class _Reading:
    """Every method raises: UsageError."""

    tools: Toolset

    def allowing(self, lines: Iterable[RuleLine], origin: str) -> Iterator[Rule]:
        for line in lines:
            rule, examples = self._rule(line, origin)
            require_narrow(rule)
            check_allowing(rule, examples)
            yield rule

    def stopping(self, lines: Iterable[RuleLine], origin: str) -> Iterator[Rule]:
        for line in lines:
            rule, examples = self._rule(line, origin)
            check_stopping(rule, examples)
            yield rule

    def _rule(self, line: RuleLine, origin: str) -> tuple[Rule, Examples]:
        if isinstance(line, str):
            return parse_rule(line, origin, self._canonical), Examples()
        return parse_rule(line.rule, origin, self._canonical), Examples(line.match, line.not_match)

    def _canonical(self, name: str) -> str | None:
        if name == NETWORK:
            return name
        found = self.tools.find(name)
        return SCOPE_OF.get(found.tool.name, found.tool.name) if found else None
