"""Facts that change (date, folder, mode): they ride in the user message at the tail, never in the head, because
one changed word at the front makes the engine read everything again."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from ollama_code.core.permission import Mode

_PREFACE = re.compile(r"<surroundings>\n.*?\n</surroundings>\n\n", re.DOTALL)
_MODES = {
    Mode.PLAN: "plan (only read; then present a plan)",
    Mode.DEFAULT: "default (edits and commands are shown to the person first)",
    Mode.AUTO_EDIT: "auto-edit (edits run at once, commands are shown first)",
    Mode.YOLO: "yolo (everything runs at once)",
}


@dataclass(frozen=True)
class Surroundings:
    """`date` as YYYY-MM-DD: no clock time, which would change with every message."""

    date: str
    folder: str
    system: str
    mode: Mode
    person: bool
    """Whether somebody can answer a question or approve a call."""

    def lines(self) -> dict[str, str]:
        person = "is here" if self.person else "is not here: nobody can answer or approve"
        return {
            "date": f"Date: {self.date}",
            "folder": f"Folder: {self.folder}",
            "system": f"System: {self.system}",
            "mode": f"Mode: {_MODES[self.mode]}",
            "person": f"The person {person}.",
        }


def preface(told: Surroundings | None, now: Surroundings) -> str:
    """The lines that are new since the model was last told; empty when nothing changed."""
    changed = [f.name for f in fields(now) if told is None or getattr(told, f.name) != getattr(now, f.name)]
    lines = now.lines()
    return (
        "\n".join(["<surroundings>", *(lines[name] for name in changed), "</surroundings>"])
        if changed
        else ""
    )


def without_preface(text: str) -> str:
    """A message of the history as a person wants to read it again."""
    found = _PREFACE.match(text)
    return text[found.end() :] if found else text
