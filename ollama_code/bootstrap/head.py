"""The head of a session: the tools and the system text that fit its window, in a form in which its model can call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ollama_code.agent.runtime import ChooseHead
from ollama_code.core.head import Acting, Head
from ollama_code.providers.constrain import HOW, taught
from ollama_code.tools.tiers.choose import Room, Tier, choose_tier
from ollama_code.tools.tiers.form import TextForm
from ollama_code.tools.toolset import Toolset


def head_chooser(toolset: Toolset, directory: Path) -> ChooseHead:
    """Chooses among `toolset`, by what lies in `directory` now."""
    names = _names_in(directory)

    def choose(head: Head, window: int, acting: Acting) -> Head:
        room = Room(window, names)
        if acting == "constrained":
            room = replace(room, reserved_chars=len(HOW), form=TextForm())
        tier = choose_tier(toolset, room)
        told = head.model_copy(
            update={
                "system": tier.system,
                "tools": tier.tools,
                "chosen_for": window if window < head.num_ctx else 0,
            }
        )
        return told if acting == "native" else _constrained(told, tier)

    return choose


def _constrained(head: Head, tier: Tier) -> Head:
    """For a model that cannot call. It does not think: a schema binds its answer from the first token on."""
    return head.model_copy(
        update={
            "think": False,
            "system": taught(head.system, tier.text),
            "tools": (),
            "acting": "constrained",
            "described": tier.names,
        }
    )


def _names_in(directory: Path) -> frozenset[str]:
    """What lies at the top of the project; nothing where it cannot be listed."""
    try:
        return frozenset(entry.name for entry in directory.iterdir())
    except OSError:
        return frozenset()
