"""What a person allowed beyond a single call: for this session, or for good in this folder.

A grant is the exact scope that was shown, with every caution that stood beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Protocol


class Keeper(Protocol):
    """Where grants for a folder outlive the session. Blocks."""

    def read(self) -> tuple[str, ...]: ...

    def add(self, terms: Collection[str]) -> None:
        """Raises: SessionError."""

    def remove(self, terms: Collection[str]) -> None:
        """Raises: SessionError."""


class Grants:
    """Without a keeper nothing outlives the session."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self._keeper = keeper
        self._session: dict[str, None] = {}
        self._kept = dict.fromkeys(keeper.read()) if keeper else {}

    @property
    def session(self) -> Collection[str]:
        return self._session.keys()

    @property
    def kept(self) -> Collection[str]:
        """Those of the folder, also of earlier sessions."""
        return self._kept.keys()

    @property
    def keeps(self) -> bool:
        """Whether `keep` can keep anything."""
        return self._keeper is not None

    def give(self, terms: Collection[str]) -> None:
        """For this session."""
        self._session |= dict.fromkeys(terms)

    async def keep(self, terms: Collection[str]) -> None:
        """For this folder. Raises: SessionError when it cannot be kept; then it holds for the session."""
        self.give(terms)
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.add, terms)
            self._kept |= dict.fromkeys(terms)

    async def take_back(self, scope: str) -> None:
        """`scope` and what was granted about it, or a caution alone.
        Raises: SessionError when it stays in the file; for this session it is gone even so."""
        given = (*self._session, *self._kept)
        gone = [term for term in given if term == scope or term.startswith(f"{scope}: ")]
        lasting = [term for term in gone if term in self._kept]
        for term in gone:
            self._session.pop(term, None)
            self._kept.pop(term, None)
        if self._keeper is not None and lasting:
            await asyncio.to_thread(self._keeper.remove, lasting)
