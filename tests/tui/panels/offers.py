"""Folders to be trusted or not, as values."""

from __future__ import annotations

from ollama_code.core.trust import Holding, TrustOffer

SETTINGS = Holding(
    kind="settings",
    path=".ollama-code/settings.json",
    name="settings",
    does=('sets permissions.deny to ["read_file(secrets/**)"]', "sets maxSteps to 20"),
    digest="a",
)
SERVER = Holding(
    kind="MCP server",
    path=".mcp.json",
    name="tickets",
    does=('{"command": "npx", "args": ["-y", "@example/tickets-mcp@1.4.2"]}',),
    digest="b",
)
COMMAND = Holding(
    kind="command",
    path=".ollama-code/commands/review.md",
    name="/review",
    does=("Review what changed since the last release", "asks to run: git diff $(git describe --abbrev=0)"),
    digest="c",
)


def offer(*holdings: Holding, **more) -> TrustOffer:
    return TrustOffer(
        directory="/home/ada/src/tidy", holdings=holdings or (SETTINGS, SERVER, COMMAND), **more
    )
