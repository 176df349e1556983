"""The texts that the model reads before the conversation. Package data, no code but the reader."""

from importlib.resources import files


def system_prompt() -> str:
    """The system text of every session: short, because a small window pays for each word of it."""
    return (files("ollama_code.prompts") / "system.md").read_text(encoding="utf-8").strip()
