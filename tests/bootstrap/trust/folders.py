"""Project folders with something in them, and a person who is asked whether to trust them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from ollama_code.core.trust import TrustAnswer, TrustOffer
from tests.agent.rig import Fixed


@dataclass
class Guest(Fixed):
    """Gives the same answer to every offer and keeps the offers."""

    trusts: TrustAnswer = "later"
    offers: list[TrustOffer] = field(default_factory=list)

    async def trust(self, offer: TrustOffer) -> TrustAnswer:
        self.offers.append(offer)
        return self.trusts


def put(folder: Path, path: str, content: object) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def settings(folder: Path, **keys: object) -> Path:
    return put(folder, ".ollama-code/settings.json", keys)
