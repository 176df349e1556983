"""Asks whether a folder is trusted: what is in it for this program, what that would set and what it would run."""

from __future__ import annotations

from collections.abc import Iterator

from textual.message import Message

from ollama_code.core.text import one_line
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.frontends.tui.panels.asking import AskingPanel, Form
from ollama_code.frontends.tui.panels.preview import spelled
from ollama_code.frontends.tui.panels.rows import Row

_WARNING = "bold $warning"


class TrustPanel(AskingPanel):
    """One folder at a time. The first option, which a stray Enter takes, trusts nothing."""

    class Answered(Message):
        """`offer` is the one that was asked: an answer to a withdrawn one must not count for the next."""

        def __init__(self, offer: TrustOffer, answer: TrustAnswer) -> None:
            super().__init__()
            self.offer = offer
            self.answer = answer

    _offer: TrustOffer | None = None

    def ask(self, offer: TrustOffer) -> None:
        """Show what the folder holds and take the focus."""
        self._offer = offer
        self._open(
            Form(
                head=tuple(_head(offer)),
                body=tuple(_body(offer)),
                options=tuple(
                    Row(text, gutter=f"{n} ") for n, (_, text) in enumerate(offer.answers, start=1)
                ),
                lead=f"1-{len(offer.answers)} or arrows and Enter  ·  Esc decides later",
                placeholder="",
            )
        )

    def close(self) -> None:
        super().close()
        self._offer = None

    def _pick(self, index: int) -> None:
        assert self._offer is not None
        self._answer(self._offer.answers[index][0])

    def _refuse(self) -> None:
        self._answer("later")

    def _answer(self, answer: TrustAnswer) -> None:
        offer = self._offer
        if offer is not None:
            self.close()
            self.post_message(self.Answered(offer, answer))


def _head(offer: TrustOffer) -> Iterator[Row]:
    yield Row(offer.title, "bold $strong")
    yield Row(one_line(offer.directory, limit=2000), "$dim")
    if offer.warning:
        yield Row(offer.warning, _WARNING, "! ", _WARNING)


def _body(offer: TrustOffer) -> Iterator[Row]:
    for holding in sorted(offer.holdings, key=lambda one: one.id not in offer.changed):
        changed = holding.id in offer.changed
        mark = "* " if changed else "  "
        yield Row(holding.title + ("  new or changed" if changed else ""), "bold", mark, _WARNING)
        for line in holding.does:
            yield from (Row(one, "$foreground", "    ") for one in spelled(line).split("\n"))
    for trouble in offer.troubles:
        yield Row(spelled(trouble), "$warning", "! ", _WARNING)
