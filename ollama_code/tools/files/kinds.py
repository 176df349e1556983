"""What a file is by its first bytes, in words for people and models."""

from __future__ import annotations

from typing import Literal

Family = Literal["image", "pdf", "notebook", "other"]

_MAGIC: tuple[tuple[int, bytes, Family, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image", "PNG image"),
    (0, b"\xff\xd8\xff", "image", "JPEG image"),
    (0, b"GIF87a", "image", "GIF image"),
    (0, b"GIF89a", "image", "GIF image"),
    (8, b"WEBPVP8", "image", "WEBP image"),
    (0, b"II*\0", "image", "TIFF image"),
    (0, b"MM\0*", "image", "TIFF image"),
    (6, b"\0\0\0\0", "image", "BMP image"),  # the reserved field; counts only behind "BM"
    (0, b"\0\0\1\0", "image", "ICO image"),
    (4, b"ftypavif", "image", "AVIF image"),
    (0, b"%PDF-", "pdf", "PDF document"),
    (4, b"ftyp", "other", "MP4 or HEIC media"),
    (0, b"\x1aE\xdf\xa3", "other", "Matroska or WebM media"),
    (0, b"OggS", "other", "Ogg media"),
    (0, b"ID3", "other", "MP3 audio"),
    (8, b"WAVEfmt ", "other", "WAV audio"),
    (0, b"fLaC", "other", "FLAC audio"),
    (0, b"PK\x03\x04", "other", "ZIP archive (also .docx, .xlsx, .jar)"),
    (0, b"\x1f\x8b", "other", "gzip data"),
    (0, b"BZh", "other", "bzip2 data"),
    (0, b"\xfd7zXZ\0", "other", "xz data"),
    (0, b"\x28\xb5\x2f\xfd", "other", "Zstandard data"),
    (0, b"7z\xbc\xaf\x27\x1c", "other", "7-Zip archive"),
    (257, b"ustar", "other", "tar archive"),
    (0, b"\x7fELF", "other", "ELF program or library"),
    (0, b"MZ\x90\0", "other", "Windows program"),
    (0, b"\xcf\xfa\xed\xfe", "other", "Mach-O program or library"),
    (0, b"\0asm", "other", "WebAssembly module"),
    (0, b"SQLite format 3\0", "other", "SQLite database"),
    (0, b"\xd0\xcf\x11\xe0", "other", "old Microsoft Office document"),
    (0, b"wOF2", "other", "WOFF2 font"),
    (0, b"wOFF", "other", "WOFF font"),
    (0, b"\0\1\0\0\0", "other", "TrueType font"),
    (0, b"OTTO", "other", "OpenType font"),
    (0, b"\xca\xfe\xba\xbe", "other", "Java class or Mach-O file"),
)


def kind_of(head: bytes) -> tuple[Family, str] | None:
    """Family and name of a well-known binary format; `None` for text and for everything unknown."""
    for at, magic, family, name in _MAGIC:
        if head.startswith(magic, at) and (name != "BMP image" or head.startswith(b"BM")):
            return family, name
    return None


def human_size(size_bytes: int) -> str:
    """ "12,345 bytes", "3.4 MB": powers of 1,000, as file managers show them."""
    if size_bytes < 100_000:
        return "1 byte" if size_bytes == 1 else f"{size_bytes:,} bytes"
    size = size_bytes / 1000
    for unit in ("kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
