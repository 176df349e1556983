import pytest

from ollama_code.core.trust import Holding, Kind

HOOKS = ".ollama-code/hooks.json"


@pytest.mark.parametrize(
    ("kind", "name", "path", "title"),
    [
        ("command", "/review", "commands/review.md", "command /review  commands/review.md"),
        ("settings", "settings", "settings.json", "settings  settings.json"),
        ("MCP server", "", ".mcp.json", "MCP server  .mcp.json"),
        ("hook", "a\nb", HOOKS, f"hook a b  {HOOKS}"),
    ],
)
def test_a_holding_is_told_in_one_line(kind: Kind, name: str, path: str, title: str):
    assert Holding(kind=kind, path=path, name=name, does=(), digest="").title == title
