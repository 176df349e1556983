"""One edit worked out on the bytes of a file, before anything is written. Pure: runs in the worker thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ollama_code.core.display import DiffBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.text import well_formed
from ollama_code.tools.edit.closest import closest_lines
from ollama_code.tools.edit.match import MOST_HITS, Found, Hit, How, find
from ollama_code.tools.files.diff import diff_block
from ollama_code.tools.files.document import Document, Span, to_lf
from ollama_code.tools.files.ledger import digest_of
from ollama_code.tools.files.unseen import newly_hidden

_CONTEXT_LINES = 3
_AROUND_LINES = 10
"""Shown before and after the place of an edit that was refused because the file changed."""
_REGIONS = 3
_REGION_LINES = 60
_LINE_CHARS = 500
"""Told of one line: one of a minified file would take the whole window."""
_LISTED = 10
_TELLING_CHARS = 10
"""A new_string shorter than this may well be in the file for another reason."""


@dataclass(frozen=True)
class Wish:
    """What to replace in the file that people and models know as `shown`. Text has LF line ends."""

    shown: str
    old: str
    new: str
    every: bool

    @classmethod
    def of(cls, shown: str, old: str, new: str, *, every: bool) -> Wish:
        return cls(shown, to_lf(old), to_lf(new), every)


@dataclass(frozen=True)
class Replacement:
    """`before` and `after` are the bytes of the file, `report` what the model is told of the change, `hidden` the
    characters it adds that nobody sees."""

    before: bytes
    after: bytes
    diff: DiffBlock
    report: str
    hidden: tuple[str, ...]


@dataclass(frozen=True)
class Stale:
    """The file is not the one the model has seen; `digest` is of what it is now."""

    digest: str
    error: ToolError


def plan_edit(file: BinaryIO, wish: Wish, changed: Callable[[bytes], bool]) -> Replacement | Stale:
    """`changed` says whether content is not what the model has seen.
    Raises: ToolError(EDIT_NOT_FOUND, EDIT_AMBIGUOUS, EDIT_NO_CHANGE, READ_FAILED) with what is there instead."""
    before = file.read()
    document = Document.of(before)
    if document is None:
        raise ToolError(
            f"{wish.shown} is no text, so there is nothing to match. Use run_shell_command with a fitting program.",
            ErrorType.READ_FAILED,
        )
    found = find(document.body, wish.old, wish.new, every=wish.every)
    if changed(before):
        return Stale(digest_of(before), _stale(wish, document, found))
    if found is None:
        raise _not_found(wish, document)
    if len(found.hits) > 1 and not wish.every:
        raise _ambiguous(wish, document, found.hits)
    spans = [span for hit in found.hits for span in hit.spans]
    after = document.spliced(spans)
    if after == before:
        raise no_change(wish.shown)
    new_body = _replaced(document.body, spans)
    return Replacement(
        before=before,
        after=after,
        diff=diff_block(wish.shown, document.body, new_body),
        report=_report(wish, found, new_body, spans),
        hidden=newly_hidden(
            "".join(document.body[span.start : span.end] for span in spans),
            "".join(span.text for span in spans),
        ),
    )


def no_change(shown: str) -> ToolError:
    return ToolError(
        f"The edit changes nothing: {shown} would read the same. Send a new_string that differs from old_string.",
        ErrorType.EDIT_NO_CHANGE,
    )


def _replaced(body: str, spans: Sequence[Span]) -> str:
    pieces, done = [], 0
    for span in spans:
        pieces += [body[done : span.start], span.text]
        done = span.end
    return "".join([*pieces, body[done:]])


def _report(wish: Wish, found: Found, new_body: str, spans: Sequence[Span]) -> str:
    count = len(found.hits)
    head = f"Edited {wish.shown}: {count} replacement{'s' if count > 1 else ''}."
    if found.how is not How.EXACT:
        head += f" old_string was not exact; it matched one place with {found.how}."
    lines = new_body.split("\n")
    regions = _regions(new_body, spans)
    parts = []
    for first, last in regions[:_REGIONS]:
        shown = [_cut(line) for line in lines[first : min(last, first + _REGION_LINES)]]
        cut = f"\n[{last - first - len(shown)} more lines]" if last - first > len(shown) else ""
        parts.append(f"Lines {first + 1}-{last} now:\n" + "\n".join(shown) + cut)
    if len(regions) > _REGIONS:
        parts.append(f"[{len(regions) - _REGIONS} more regions changed]")
    return well_formed("\n".join([head, *parts]))


def _regions(new_body: str, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Line ranges `[first, last)` of the new text around the changes, with context, merged where they touch."""
    total = new_body.count("\n") + (not new_body.endswith("\n"))
    regions: list[tuple[int, int]] = []
    shift = line = done = 0
    for span in spans:
        start = span.start + shift
        line += new_body.count("\n", done, start)
        end_line = line + span.text.count("\n")
        shift += len(span.text) - (span.end - span.start)
        done, first = start, max(0, line - _CONTEXT_LINES)
        last = min(total, end_line + 1 + _CONTEXT_LINES)
        if regions and first <= regions[-1][1]:
            regions[-1] = (regions[-1][0], max(last, regions[-1][1]))
        else:
            regions.append((first, last))
    return regions


def _not_found(wish: Wish, document: Document) -> ToolError:
    already = ""
    if len(wish.new.strip()) >= _TELLING_CHARS and (at := document.body.find(wish.new)) >= 0:
        already = f" new_string is already there at line {_line(document.body, at)}: the edit may be done."
    exactly = " exactly (replace_all takes nothing else)" if wish.every else ""
    return ToolError(
        well_formed(
            f"old_string is not in {wish.shown}{exactly}.{already} {closest_lines(document.body, wish.old)}"
        ),
        ErrorType.EDIT_NOT_FOUND,
    )


def _ambiguous(wish: Wish, document: Document, hits: Sequence[Hit]) -> ToolError:
    numbers = [str(_line(document.body, hit.start)) for hit in hits[:_LISTED]]
    more = f" and {len(hits) - _LISTED} more" if len(hits) > _LISTED else ""
    least = "at least " if len(hits) == MOST_HITS else ""
    return ToolError(
        f"old_string occurs {least}{len(hits)} times in {wish.shown}, at lines {', '.join(numbers)}{more}."
        " Add lines around it until it is unique, or set replace_all to change every one.",
        ErrorType.EDIT_AMBIGUOUS,
    )


def _stale(wish: Wish, document: Document, found: Found | None) -> ToolError:
    head = f"{wish.shown} changed on disk since you last read it, so nothing was edited."
    if found is None:
        told = closest_lines(document.body, wish.old)
    else:
        lines = document.body.split("\n")
        first = _line(document.body, found.hits[0].start) - 1
        last = first + document.body.count("\n", found.hits[0].start, found.hits[0].end) + 1
        start, end = max(0, first - _AROUND_LINES), min(len(lines), last + _AROUND_LINES)
        if end - start > 2 * _REGION_LINES:
            end = start + 2 * _REGION_LINES
        told = f"Lines {start + 1}-{end} are now:\n---\n" + "\n".join(map(_cut, lines[start:end]))
    return ToolError(
        well_formed(f"{head} Check the change and call edit again. {told}"), ErrorType.FILE_CHANGED
    )


def _cut(line: str) -> str:
    return line if len(line) <= _LINE_CHARS else f"{line[:_LINE_CHARS]}…"


def _line(body: str, position: int) -> int:
    return body.count("\n", 0, position) + 1
