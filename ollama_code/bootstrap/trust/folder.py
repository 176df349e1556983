"""Decides whether a folder may configure the program: remembered for what it holds now, or asked, or not."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ollama_code.bootstrap.trust.holdings import holdings
from ollama_code.core.trust import Holding, TrustAnswer, TrustOffer
from ollama_code.paths import Home
from ollama_code.ports import Truster
from ollama_code.storage.trust import Kept, TrustStore
from ollama_code.workspace.belongings import Belongings, read_belongings

log = logging.getLogger(__name__)

Verdict = Literal["nothing", "trusted", "untrusted"]


@dataclass(frozen=True)
class Folder:
    """A folder as it was when it was decided on. What is used of it is what was read then.

    `nothing`: it holds nothing that would need trust."""

    verdict: Verdict
    found: Belongings
    holdings: tuple[Holding, ...] = ()

    @property
    def trusted(self) -> Belongings:
        """What may be used: nothing of a folder that is not trusted."""
        return self.found if self.verdict == "trusted" else Belongings()

    @property
    def digests(self) -> dict[str, str]:
        return {holding.id: holding.digest for holding in self.holdings}


EMPTY = Folder("nothing", Belongings())


class FolderTrust:
    """Asks at most once for the same content while the program runs. `truster` is `None` where nobody can answer:
    then only what was trusted before, and is the same, is trusted."""

    def __init__(self, home: Home, truster: Truster | None) -> None:
        self._home = home
        self._truster = truster
        self._store = TrustStore(home.trust)
        self._answered: dict[str, tuple[Mapping[str, str], Verdict]] = {}

    async def of(self, directory: Path, *, again: bool = False) -> Folder:
        """The folder as it is now. With `again` it asks whatever was decided. Cancelling withdraws the question."""
        real, found = await asyncio.to_thread(self._look, directory)
        folder = Folder("untrusted", found, holdings(found))
        if not folder.holdings:
            return Folder("nothing", found)
        kept = await asyncio.to_thread(self._kept, real)
        verdict = None if again else self._known(real, folder, kept)
        if verdict is None:
            verdict = await self._asked(real, folder, kept)
        return Folder(verdict, found, folder.holdings)

    def _look(self, directory: Path) -> tuple[str, Belongings]:
        return str(directory.resolve()), read_belongings(directory, apart_from=self._home.root)

    def _known(self, real: str, folder: Folder, kept: Kept | None) -> Verdict | None:
        """What was decided of all that is there: what is gone since then needs no new decision."""
        digests, verdict = self._answered.get(real, ({}, "untrusted"))
        if folder.digests.items() <= digests.items():
            return verdict
        if kept is not None and folder.digests.items() <= kept.digests.items():
            return "trusted" if kept.trusted and lasting(real) else "untrusted"
        return None

    async def _asked(self, real: str, folder: Folder, kept: Kept | None) -> Verdict:
        if self._truster is None:
            return "untrusted"
        answer = await self._truster.trust(_offer(real, folder, kept))
        verdict: Verdict = "trusted" if answer in ("always", "session") else "untrusted"
        self._answered[real] = (folder.digests, verdict)
        await asyncio.to_thread(self._keep, real, folder, answer)
        return verdict

    def _kept(self, real: str) -> Kept | None:
        try:
            return self._store.decision(real)
        except OSError as e:
            log.warning("Which folders are trusted cannot be read from %s: %s", self._home.trust, e)
            return None

    def _keep(self, real: str, folder: Folder, answer: TrustAnswer) -> None:
        if answer not in ("always", "never") or not lasting(real):
            return
        try:
            self._store.keep(real, Kept(answer == "always", folder.digests))
        except OSError as e:
            log.warning("The answer holds for now, but cannot be written to %s: %s", self._home.trust, e)


def lasting(real: str) -> bool:
    """Whether trust in the folder may be remembered: not where anybody, or any download, puts files."""
    path = Path(real)
    shared = {
        Path("/"),
        Path.home().resolve(),
        Path(tempfile.gettempdir()).resolve(),
        Path("/tmp"),
        Path("/var/tmp"),
    }
    return path not in shared and path not in Path.home().resolve().parents


def _offer(real: str, folder: Folder, kept: Kept | None) -> TrustOffer:
    before = kept.digests if kept is not None and kept.trusted else {}
    changed = [
        holding.id for holding in folder.holdings if before and before.get(holding.id) != holding.digest
    ]
    return TrustOffer(
        directory=real,
        holdings=folder.holdings,
        changed=tuple(changed),
        troubles=folder.found.troubles,
        lasting=lasting(real),
    )
