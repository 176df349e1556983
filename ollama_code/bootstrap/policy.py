"""The rules of a session, gathered from settings and flags."""

from __future__ import annotations

from collections.abc import Iterable

from ollama_code.bootstrap.options import Options
from ollama_code.permissions.policy import Policy
from ollama_code.permissions.rules import NETWORK, Rule, parse_rule, require_narrow
from ollama_code.settings.load import Loaded
from ollama_code.tools.builtin import SCOPE_OF
from ollama_code.tools.toolset import Toolset


def gather_policy(options: Options, loaded: Loaded, tools: Toolset) -> Policy:
    """All scopes merged. Raises: UsageError for a rule that cannot be meant."""

    def canonical(name: str) -> str | None:
        if name == NETWORK:
            return name
        found = tools.find(name)
        return SCOPE_OF.get(found.tool.name, found.tool.name) if found else None

    def rules(texts: Iterable[str], origin: str) -> tuple[Rule, ...]:
        return tuple(parse_rule(text, origin, canonical) for text in texts)

    wishes, project = loaded.settings.permissions, loaded.project
    excluded = [text for text in loaded.settings.exclude_tools if "(" in text]
    allow = rules(wishes.allow, "permissions.allow") + rules(options.allow, "--allow")
    for rule in allow:
        require_narrow(rule)
    return Policy(
        allow=allow,
        ask=rules(wishes.ask, "permissions.ask") + rules(project.ask, project.origin),
        deny=(
            rules(wishes.deny, "permissions.deny")
            + rules(excluded, "excludeTools")
            + rules(project.deny, project.origin)
            + rules(options.deny, "--deny")
        ),
    )
