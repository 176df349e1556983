"""What a model gets to see of one file: the text of a page, or a picture, or a sentence about what it is.

Works on an open file in a worker thread; knows nothing of permissions, tools or the event loop."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Image
from ollama_code.core.text import well_formed
from ollama_code.tools.files.encoding import Encoding, detect, stray_bytes
from ollama_code.tools.files.image import measure, prepare
from ollama_code.tools.files.kinds import human_size, kind_of
from ollama_code.tools.files.ledger import digest_of
from ollama_code.tools.files.notebook import notebook_parts
from ollama_code.tools.files.pages import Page, Window, read_page
from ollama_code.tools.files.parts import Parts, read_parts
from ollama_code.tools.files.pdf import pdf_parts

_WHOLE_BYTES = 8 * 1024 * 1024
"""Files up to this size are read at once and known by their content; longer ones are streamed."""
_SAMPLE_BYTES = 64 * 1024
_DOCUMENT_BYTES = 100 * 1024 * 1024
"""Pictures and PDFs must be in memory as a whole to be decoded."""
_HEADER_CHARS = 250
"""Kept free of the budget for the lines above the text."""


@dataclass(frozen=True)
class Wanted:
    """`shown` is the path as people and models see it; `size_bytes` comes from `stat`."""

    shown: str
    size_bytes: int
    window: Window
    sees_images: bool


@dataclass(frozen=True)
class View:
    """`text` is for the model, `summary` one line for people. `digest` is empty when the file was too big to
    be read as a whole."""

    text: str
    summary: str
    images: tuple[Image, ...] = ()
    digest: str = ""


def view(file: BinaryIO, wanted: Wanted) -> View:
    """Raises: ToolError(INVALID_PARAMS) for an offset past the end, (READ_FAILED) for a broken document,
    (FILE_TOO_LARGE) for one that cannot be decoded safely."""
    data = file.read(_WHOLE_BYTES + 1)
    complete = len(data) <= _WHOLE_BYTES
    digest = digest_of(data) if complete else ""
    family, name = kind_of(data) or ("other", "")
    if family in ("image", "pdf"):
        data += _rest(file, wanted)
        if family == "image":
            return _picture(data, name, wanted, digest)
        return _document(pdf_parts(data, wanted.shown), wanted, digest, "")
    sample = data if complete else data[:_SAMPLE_BYTES]
    encoding = detect(sample, complete=complete)
    if encoding is None or (name and encoding.guessed):  # some magic is plain letters a text may begin with
        return _binary(name, wanted, digest)
    if complete and wanted.shown.endswith(".ipynb") and (cells := notebook_parts(_decoded(data, encoding))):
        return _document(cells, wanted, digest, "A notebook, shown as cells; the file itself is JSON.")
    if complete:
        return _text(io.BytesIO(data), encoding, wanted, digest)
    file.seek(0)
    return _text(file, encoding, wanted, digest)


def _text(file: BinaryIO, encoding: Encoding, wanted: Wanted, digest: str) -> View:
    page = read_page(file, encoding, _roomy(wanted.window))
    if page.total == 0:
        return View(f"{wanted.shown} is empty.", f"{wanted.shown} is empty", digest=digest)
    _require_lines(page, wanted, "line")
    notes = [encoding.note]
    if stray := stray_bytes(page.text):
        notes.append(f"{stray} bytes here are not {encoding.codec.upper()} and shown as \ufffd.")
    if page.torn:
        notes.append(
            f"Line {page.offset + 1} is longer than fits and cut after {len(page.text):,} characters;"
            " search it with grep_search or cut it with a shell command."
        )
    return _shown(page, wanted, "line", notes, digest)


def _document(parts: Parts, wanted: Wanted, digest: str, note: str) -> View:
    page = read_parts(parts, _roomy(wanted.window))
    if page.total == 0:
        return View(f"{wanted.shown} has no {parts.unit}s.", f"{wanted.shown} is empty", digest=digest)
    _require_lines(page, wanted, parts.unit)
    return _shown(page, wanted, parts.unit, [note], digest)


def _shown(page: Page, wanted: Wanted, unit: str, notes: list[str], digest: str) -> View:
    """The text alone when it is the whole file and nothing is to be said of it, else below a header."""
    total = "more" if page.total is None else str(page.total)
    first, last = page.offset + 1, page.end
    part = f"{unit}s {first}-{last} of {total}" if last > first else f"{unit} {first} of {total}"
    header = [note for note in notes if note]
    if not page.whole:
        more = f" Go on with offset {page.end}." if page.end != page.total else " This is the end."
        header.insert(0, f"Showing {part} (offset {page.offset}).{more}")
    text = well_formed(page.text)
    counted = f"{page.total} {unit}s" if page.total != 1 else f"1 {unit}"
    summary = f"Read {counted if page.whole else part} of {wanted.shown}"
    return View("\n".join([*header, "---", text]) if header else text, summary, digest=digest)


def _picture(data: bytes, name: str, wanted: Wanted, digest: str) -> View:
    described = f"{wanted.shown} is a {name}, "
    if wanted.sees_images:
        image, size = prepare(data, wanted.shown)
        described += f"{size}, {human_size(len(data))}"
        return View(f"{described}. It is attached.", described, images=(image,), digest=digest)
    measured = measure(data)
    described += f"{measured}, {human_size(len(data))}" if measured else human_size(len(data))
    return View(f"{described}. The model in use cannot see pictures.", described, digest=digest)


def _binary(name: str, wanted: Wanted, digest: str) -> View:
    suffix = PurePosixPath(wanted.shown).suffix
    what = name or (f"binary {suffix} data" if suffix else "binary data")
    sentence = f"{wanted.shown} is no text: {what}, {human_size(wanted.size_bytes)}"
    return View(f"{sentence}. Use run_shell_command with a program that reads it.", sentence, digest=digest)


def _require_lines(page: Page, wanted: Wanted, unit: str) -> None:
    if page.lines or page.total is None:
        return
    counted = f"{page.total} {unit}s" if page.total != 1 else f"only 1 {unit}"
    raise ToolError(
        f"{wanted.shown} has {counted}, so there is nothing at offset {page.offset}."
        f" Offsets count from 0; the last {unit} is at offset {(page.total or 1) - 1}.",
        ErrorType.INVALID_PARAMS,
    )


def _roomy(window: Window) -> Window:
    return Window(window.offset, window.limit, max(_HEADER_CHARS, window.budget_chars - _HEADER_CHARS))


def _rest(file: BinaryIO, wanted: Wanted) -> bytes:
    rest = file.read(_DOCUMENT_BYTES + 1)
    if len(rest) > _DOCUMENT_BYTES:
        raise ToolError(
            f"{wanted.shown} is {human_size(wanted.size_bytes)}, too large to decode"
            f" (at most {human_size(_DOCUMENT_BYTES)}). Split it or make it smaller first.",
            ErrorType.FILE_TOO_LARGE,
        )
    return rest


def _decoded(data: bytes, encoding: Encoding) -> str:
    return data.removeprefix(encoding.mark).decode(encoding.codec, "replace")
