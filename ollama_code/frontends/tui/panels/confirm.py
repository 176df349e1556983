"""Asks whether a call may run: who wants it, what exactly it does, how far it reaches."""

from __future__ import annotations

from enum import IntEnum

from textual.events import Key
from textual.message import Message

from ollama_code.core.display import CommandBlock, DiffBlock
from ollama_code.core.permission import Allowed, Answer, PermissionRequest, Reach, Refused
from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.asking import AskingPanel, Form
from ollama_code.frontends.tui.panels.preview import preview_rows, spelled
from ollama_code.frontends.tui.panels.rows import Row

_WARNINGS: dict[Reach, tuple[str, str]] = {
    "workspace": ("", ""),
    "unseen": ("The file holds content that the model never read.", "bold $warning"),
    "outside": ("This reaches outside the workspace.", "bold $error"),
    "protected": ("This path is protected: it asks in every mode.", "bold $error"),
}
_WHY = "bold $warning"
_WHY_CHARS = 600
_SCOPE_CHARS = 160
"""Scopes longer than this, together, are spelled out below what would run and not in the option."""


class _Option(IntEnum):
    ONCE = 0
    SESSION = 1
    REJECT = 2
    REASON = 3


class ConfirmPanel(AskingPanel):
    """One request at a time. The only way to allow is option 1 or 2; everything else refuses."""

    class Answered(Message):
        """`request` is the one that was asked: an answer to a withdrawn one must not count for the next."""

        def __init__(self, request: PermissionRequest, answer: Answer) -> None:
            super().__init__()
            self.request = request
            self.answer = answer

    _request: PermissionRequest | None = None

    def ask(self, request: PermissionRequest, *, agent: str = "main") -> None:
        """Show the request and take the focus. `agent` is "main" or the id of a subagent."""
        self._request = request
        self._open(
            Form(
                head=_head(request, agent),
                body=(*preview_rows(request.preview), *_long_scopes(request)),
                options=_options(request),
                lead="1-4, y/n or arrows and Enter  ·  Esc is no",
                placeholder="Why not, or what to do instead",
            )
        )

    def close(self) -> None:
        super().close()
        self._request = None

    def _pick(self, index: int) -> None:
        match _Option(index):
            case _Option.ONCE:
                self._answer(Allowed())
            case _Option.SESSION:
                self._answer(Allowed(remember="session"))
            case _Option.REJECT:
                self._answer(Refused())
            case _Option.REASON:
                self._start_typing()

    def _say(self, text: str) -> None:
        self._answer(Refused(feedback=text))

    def _refuse(self) -> None:
        self._answer(Refused())

    def _press(self, event: Key) -> bool:
        if event.key not in ("y", "n"):
            return False
        self._pick(_Option.ONCE if event.key == "y" else _Option.REJECT)
        return True

    def _answer(self, answer: Answer) -> None:
        request = self._request
        if request is not None:
            self.close()
            self.post_message(self.Answered(request, answer))


def _head(request: PermissionRequest, agent: str) -> tuple[Row, ...]:
    facts = [one_line(request.tool)]
    if agent != "main":
        facts.insert(0, f"subagent {one_line(agent)}")
    match request.preview:
        case DiffBlock(added=added, removed=removed):
            facts.append(f"+{added:,} -{removed:,}")
        case CommandBlock(directory=directory, background=background):
            facts.append(f"in {_on_one_line(directory)}")
            facts += ["in the background"] if background else []
        case _:
            pass
    rows = [Row(one_line(request.title), "bold $strong"), Row(" · ".join(facts), "$dim")]
    warning, style = _WARNINGS[request.reach]
    if warning:
        rows.append(Row(warning, style, "! ", style))
    if request.why:
        rows.append(Row(f"It asks because {one_line(request.why, limit=_WHY_CHARS)}.", _WHY, "! ", _WHY))
    return tuple(rows)


def _options(request: PermissionRequest) -> tuple[Row, ...]:
    scopes = (
        "all that is listed at the end of the text above" if _is_long(request) else _scopes(request, ", ")
    )
    texts = (
        "Yes, once",
        f"Yes, for this session: {scopes}",
        "No, and end the turn",
        "No, and tell the model why",
    )
    return tuple(Row(text, gutter=f"{number} ") for number, text in enumerate(texts, start=1))


def _long_scopes(request: PermissionRequest) -> tuple[Row, ...]:
    if not _is_long(request):
        return ()
    lines = _scopes(request, "\n").split("\n")
    title = f"For this session, {len(request.scopes):,} {'rule' if len(request.scopes) == 1 else 'rules'}:"
    return (Row(""), Row(title, "bold $foreground"), *(Row(line, "$dim") for line in lines))


def _is_long(request: PermissionRequest) -> bool:
    scopes = _scopes(request, ", ")
    return len(scopes) > _SCOPE_CHARS or "\n" in scopes


def _scopes(request: PermissionRequest, joint: str) -> str:
    return joint.join(spelled(scope) for scope in request.scopes)


def _on_one_line(text: str) -> str:
    """All of it, a line feed spelled."""
    return spelled(text.replace("\n", "<U+000A>"))
