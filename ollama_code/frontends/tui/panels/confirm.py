"""Asks whether a call may run: who wants it, what exactly it does, how far it reaches."""

from __future__ import annotations

from enum import IntEnum
from typing import assert_never

from textual.events import Key
from textual.message import Message

from ollama_code.core.display import CommandBlock, DiffBlock
from ollama_code.core.permission import Allowed, Answer, PermissionRequest, Reach, Refused
from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.asking import AskingPanel, Form
from ollama_code.frontends.tui.panels.preview import preview_rows, spelled, telling
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
    """By the digit that means it, also where one is not offered."""

    ONCE = 1
    SESSION = 2
    PROJECT = 3
    REJECT = 4
    REASON = 5


class ConfirmPanel(AskingPanel):
    """One request at a time. The only way to allow is option 1, 2 or 3; everything else refuses."""

    class Answered(Message):
        """`request` is the one that was asked: an answer to a withdrawn one must not count for the next."""

        def __init__(self, request: PermissionRequest, answer: Answer) -> None:
            super().__init__()
            self.request = request
            self.answer = answer

    _request: PermissionRequest | None = None
    _offered: tuple[_Option, ...] = ()

    def ask(self, request: PermissionRequest, *, agent: str = "main") -> None:
        """Show the request and take the focus. `agent` is "main" or the id of a subagent."""
        self._request = request
        self._offered = offered = _offered(request)
        preview = preview_rows(request.preview)
        begin, end = telling(preview)
        self._open(
            Form(
                head=_head(request, agent),
                body=(*preview, *_long_scopes(request)),
                begin=begin,
                end=end,
                options=tuple(Row(_text(option, request), gutter=f"{option} ") for option in offered),
                lead="1-5, y/n or arrows and Enter  ·  Esc is no",
                placeholder="Why not, or what to do instead",
                numbers=tuple(offered),
            )
        )

    def close(self) -> None:
        super().close()
        self._request = None

    def _pick(self, index: int) -> None:
        self._choose(self._offered[index])

    def _choose(self, option: _Option) -> None:
        match option:
            case _Option.ONCE:
                self._answer(Allowed())
            case _Option.SESSION:
                self._answer(Allowed(remember="session"))
            case _Option.PROJECT:
                self._answer(Allowed(remember="project"))
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
        self._choose(_Option.ONCE if event.key == "y" else _Option.REJECT)
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


def _offered(request: PermissionRequest) -> tuple[_Option, ...]:
    return tuple(option for option in _Option if request.keepable or option is not _Option.PROJECT)


def _text(option: _Option, request: PermissionRequest) -> str:
    match option:
        case _Option.ONCE:
            return "Yes, once"
        case _Option.SESSION:
            long = _is_long(request)
            scopes = "all that is listed at the end of the text above" if long else _scopes(request, ", ")
            return f"Yes, for this session: {scopes}"
        case _Option.PROJECT:
            return "Yes, always in this folder: the same"
        case _Option.REJECT:
            return "No, and end the turn"
        case _Option.REASON:
            return "No, and tell the model why"
        case _:
            assert_never(option)


def _long_scopes(request: PermissionRequest) -> tuple[Row, ...]:
    if not _is_long(request):
        return ()
    lines = _scopes(request, "\n").split("\n")
    title = f"For this session or folder, {len(request.scopes):,} {'rule' if len(request.scopes) == 1 else 'rules'}:"
    return (Row(""), Row(title, "bold $foreground"), *(Row(line, "$dim") for line in lines))


def _is_long(request: PermissionRequest) -> bool:
    scopes = _scopes(request, ", ")
    return len(scopes) > _SCOPE_CHARS or "\n" in scopes


def _scopes(request: PermissionRequest, joint: str) -> str:
    return joint.join(spelled(scope) for scope in request.scopes)


def _on_one_line(text: str) -> str:
    """All of it, a line feed spelled."""
    return spelled(text.replace("\n", "<U+000A>"))
