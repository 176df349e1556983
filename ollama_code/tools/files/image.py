"""Pictures made fit for a model: PNG, JPEG or WEBP, one frame, at most 1,536 pixels on a side.

Ollama decodes these three formats only. A picture that is not fit as it is becomes a PNG."""

from __future__ import annotations

import base64
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Image

if TYPE_CHECKING:
    from PIL import Image as Pillow

_MOST_PIXELS_A_SIDE = 1536
"""What vision encoders of local models take in at most; a longer side only costs tokens."""
_MOST_PIXELS = 50_000_000
"""Decoded this is 200 MB. Beyond it a small file can fill the memory of the machine."""
_MOST_BYTES_AS_IS = 4_000_000
_MEDIA = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_ORIENTATION = 0x0112
"""The EXIF tag; cameras store a turned picture upright and only say so here, which models do not read."""


@dataclass(frozen=True)
class Size:
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height} pixels"


def measure(data: bytes) -> Size | None:
    """Read from the header alone; `None` when the picture is broken or of a format we do not know."""
    try:
        with _opened(data, "") as picture:
            return Size(*picture.size)
    except ToolError:
        return None


def prepare(data: bytes, shown: str) -> tuple[Image, Size]:
    """The picture for the model and its size as it is in the file.
    Raises: ToolError(READ_FAILED) when it is broken, (FILE_TOO_LARGE) when decoding it would not be safe."""
    with _opened(data, shown) as picture:
        size = Size(*picture.size)
        if size.width * size.height > _MOST_PIXELS:
            raise _too_large(shown)
        media_type = _MEDIA.get(picture.format or "", "")
        if media_type and _fit_as_is(picture, len(data)):
            picture.load()  # a broken picture is our error, not the server's
            return Image(media_type=media_type, data=_base64(data)), size
        return Image(media_type="image/png", data=_base64(_png(picture))), size


@contextmanager
def _opened(data: bytes, shown: str) -> Iterator[Pillow.Image]:
    """A picture to work with. Whatever Pillow raises then becomes a ToolError about the file `shown`."""
    # Imported here: 20 ms that only a picture costs.
    from PIL import Image as Pillow

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data)) as picture:
                yield picture
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as e:
        raise _too_large(shown) from e
    except (OSError, SyntaxError, ValueError, struct.error) as e:
        raise ToolError(
            f"{shown} looks like a picture but cannot be decoded: {e}. It may be damaged or incomplete.",
            ErrorType.READ_FAILED,
        ) from e


def _fit_as_is(picture: Pillow.Image, size_bytes: int) -> bool:
    return (
        max(picture.size) <= _MOST_PIXELS_A_SIDE
        and size_bytes <= _MOST_BYTES_AS_IS
        and getattr(picture, "n_frames", 1) == 1
        and picture.getexif().get(_ORIENTATION, 1) == 1
    )


def _png(picture: Pillow.Image) -> bytes:
    from PIL import ImageOps  # here for the same reason as its parent below

    if picture.format == "JPEG":
        picture.draft(None, (_MOST_PIXELS_A_SIDE, _MOST_PIXELS_A_SIDE))  # decode small at once
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.thumbnail((_MOST_PIXELS_A_SIDE, _MOST_PIXELS_A_SIDE))
    buffer = io.BytesIO()
    plain.save(buffer, "PNG")
    return buffer.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _too_large(shown: str) -> ToolError:
    return ToolError(
        f"{shown} has more than {_MOST_PIXELS:,} pixels, too many to decode safely. Make it smaller first.",
        ErrorType.FILE_TOO_LARGE,
    )
