"""The texts that the model reads before the conversation. Package data, no code but the reader."""

from importlib.resources import files


def system_prompt() -> str:
    """The system text of a session: short, because a small window pays for each word of it. It names no tool: which
    ones there are depends on the settings and the window."""
    return _text("system.md")


def brief_system_prompt() -> str:
    """The same in a few sentences, for a window in which the other leaves too little room for tools."""
    return _text("system_brief.md")


def _text(name: str) -> str:
    return (files("ollama_code.prompts") / name).read_text(encoding="utf-8").strip()
