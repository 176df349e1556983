"""The text of a PDF, page by page. Nothing is drawn: a page that is a picture has no text."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.tools.files.parts import Parts

if TYPE_CHECKING:
    from pypdf import PdfReader

T = TypeVar("T")

_NO_TEXT = "(no text on this page; it may be a scan)"
_STUMBLES = (
    AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError, RecursionError, AssertionError,
    NotImplementedError, OSError, struct.error, zlib.error,
)  # fmt: skip
"""What pypdf lets through, beside its own errors, when a file breaks the format in a way it did not expect."""


def pdf_parts(data: bytes, shown: str) -> Parts:
    """Raises: ToolError(READ_FAILED) when the document is locked or broken."""

    # Imported here: 65 ms that only a PDF costs.
    from pypdf import PdfReader

    def opened() -> PdfReader:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            reader.decrypt("")  # many are locked against printing only, with an empty password
        return reader

    reader = _guarded(opened, shown)
    count = _guarded(lambda: len(reader.pages), shown)

    def render(number: int) -> str:
        try:
            return _guarded(lambda: reader.pages[number].extract_text().strip(), shown) or _NO_TEXT
        except ToolError as e:
            return f"(this page cannot be read: {e})"

    return Parts("page", count, render)


def _guarded(work: Callable[[], T], shown: str) -> T:
    from pypdf.errors import (
        DependencyError,
        FileNotDecryptedError,
        PyPdfError,
        WrongPasswordError,
    )  # as above

    try:
        return work()
    except (DependencyError, FileNotDecryptedError, WrongPasswordError) as e:
        raise ToolError(
            f"{shown} is an encrypted PDF that needs a password. Ask for a copy without one, or for its text.",
            ErrorType.READ_FAILED,
        ) from e
    except (PyPdfError, *_STUMBLES) as e:
        reason = str(e) or type(e).__name__
        raise ToolError(
            f"{shown} is not a readable PDF: {reason}. It may be damaged or incomplete.",
            ErrorType.READ_FAILED,
        ) from e
