"""Commands that need no session: help, models, leaving."""

from __future__ import annotations

from ollama_code.commands.base import (
    FreeCommand,
    Outcome,
    PickModel,
    PullModel,
    Quit,
    Reconsider,
    Say,
    Serve,
    SwitchModel,
)


def _model(words: str) -> Outcome:
    return SwitchModel(words) if words else PickModel()


def _pull(words: str) -> Outcome:
    return PullModel(words) if words else Say("Name the model: /pull qwen3-coder:30b")


def _trust(words: str) -> Outcome:
    return Reconsider()


def _serve(words: str) -> Outcome:
    return Serve(words)


def _quit(words: str) -> Outcome:
    return Quit()


FREE_COMMANDS = (
    FreeCommand("model", "choose a model, or go on with the one named", _model, "[NAME]"),
    FreeCommand("pull", "install a model", _pull, "NAME"),
    FreeCommand("trust", "decide again whether this folder is trusted", _trust),
    FreeCommand("serve", "lend models and tools to other programs", _serve, "[PORT | stop]"),
    FreeCommand("quit", "leave", _quit),
)
