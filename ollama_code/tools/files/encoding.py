"""Which encoding a file is in, and a decoding that gives every byte back.

The ladder: byte order mark, strict UTF-8, UTF-16 by its NUL pattern, then a guess that is always called one.
Bytes that do not fit their encoding ride along as lone surrogates, so encoding restores them unchanged."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STRAY = re.compile("[\udc80-\udcff]")
_WIDE = re.compile("[^\x00-\x7f\udc80-\udcff]")
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_GUESS_BYTES = 16 * 1024
"""How much of a file the guess looks at: enough for letter statistics, cheap enough to do on every read."""
_CONTROL_SHARE = 0.05
"""Above this share of control bytes it is no text. Legacy text has none, random bytes have 11 %."""
_SURE = 0.5
"""charset-normalizer's coherence from which its choice of a single-byte alphabet is right in our tests."""
_MULTI_BYTE = frozenset(
    "big5 big5hkscs cp932 cp949 cp950 euc_jp euc_kr gb18030 gb2312 gbk hz shift_jis".split()
)
_ALPHABETS = frozenset(
    "cp1251 cp1253 cp1255 cp1256 cp866 iso8859_5 iso8859_6 iso8859_7 iso8859_8 koi8_r koi8_u mac_cyrillic".split()
)


@dataclass(frozen=True)
class Encoding:
    """A Python codec, the mark in front of the text (maybe empty) and whether it was only guessed."""

    codec: str
    mark: bytes = b""
    guessed: bool = False

    @property
    def bytewise(self) -> bool:
        """Whether a line feed is always the byte 0x0A and nothing else."""
        return not self.codec.startswith(("utf-16", "utf-32"))

    @property
    def note(self) -> str:
        """What a reader should know of the decoding, as a sentence, or empty."""
        if self.guessed:
            return f"Not UTF-8: decoded as {self.codec}, a guess."
        return "" if self.bytewise else f"Decoded from {self.codec.upper()}."

    def decode(self, data: bytes) -> str:
        """`data` is without the mark. Raises: UnicodeDecodeError for UTF-16 or UTF-32 that ends in a half."""
        return data.decode(self.codec, self._errors)

    def encode(self, text: str) -> bytes:
        """Without the mark. Raises: UnicodeEncodeError for a character the encoding does not have."""
        return text.encode(self.codec, self._errors)

    @property
    def _errors(self) -> str:
        return "surrogateescape" if self.bytewise else "surrogatepass"


UTF8 = Encoding("utf-8")


def detect(sample: bytes, *, complete: bool) -> Encoding | None:
    """The encoding of a file that begins with `sample` (or is it, when `complete`); `None` when it is no text."""
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            return Encoding(codec, mark)
    if b"\0" in sample:
        return _wide(sample)
    if _is_utf8(sample, complete=complete):
        return UTF8
    if not _texty(sample):
        return None
    text = sample.decode("utf-8", "surrogateescape")
    if len(_WIDE.findall(text)) >= len(_STRAY.findall(text)):
        return UTF8  # some bytes went astray in a file that otherwise is UTF-8
    return _guess(sample)


def stray_bytes(text: str) -> int:
    """How many bytes of a decoded text did not fit its encoding."""
    return len(_STRAY.findall(text))


def _wide(sample: bytes) -> Encoding | None:
    """UTF-16 without a mark: in mostly Latin text every other byte is NUL."""
    half = len(sample) // 2
    for codec, zeros, others in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if sample[zeros::2].count(0) > 0.4 * half and sample[others::2].count(0) < 0.05 * half:
            text = sample[: 2 * half].decode(codec, "replace").encode("utf-8", "replace")
            return Encoding(codec) if _texty(text) else None
    return None


def _texty(data: bytes) -> bool:
    return len(_CONTROLS.findall(data)) <= _CONTROL_SHARE * len(data)


def _is_utf8(sample: bytes, *, complete: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample, final=complete)
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes) -> Encoding:
    # Imported here: 20 ms that only files of another age cost.
    from charset_normalizer import from_bytes

    best = from_bytes(sample[:_GUESS_BYTES]).best()
    if best and (best.encoding in _MULTI_BYTE or (best.encoding in _ALPHABETS and best.coherence >= _SURE)):
        return Encoding(best.encoding, guessed=True)
    return Encoding("cp1252", guessed=True)
