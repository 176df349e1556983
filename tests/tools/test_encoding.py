from __future__ import annotations

import pytest

from ollama_code.tools.files.encoding import Encoding, detect, stray_bytes


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        ("plain", "ascii", "utf-8"),
        ("größe 中", "utf-8", "utf-8"),
        ("größe", "utf-8-sig", "utf-8"),
        ("hello\n", "utf-16", "utf-16-le"),
        ("hello\n", "utf-16-be", "utf-16-be"),
        ("hello\n", "utf-16-le", "utf-16-le"),
        ("hello\n", "utf-32", "utf-32-le"),
        ("café déjà vu", "cp1252", "cp1252"),
        ("Die Straße führt über die Brücke.\n", "latin-1", "cp1252"),
        ("Привет, мир! Это обычный русский текст для проверки кодировки.\n", "cp1251", "cp1251"),
        ("こんにちは世界。これは日本語のテキストです。\n", "shift_jis", "cp932"),
        ("你好，世界。这是一个中文文本文件。\n", "gbk", "gb18030"),
    ],
)
def test_the_ladder_finds_the_encoding(text: str, codec: str, expected: str) -> None:
    data = text.encode(codec)
    found = detect(data, complete=True)
    assert found is not None
    assert found.codec == expected
    assert found.decode(data.removeprefix(found.mark)) == text


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 8, b"\x00\x01\x02\x03", b"\xff\x01\x02\x9f\x11\x12 short"]
)
def test_binary_is_no_text(data: bytes) -> None:
    assert detect(data, complete=True) is None


def test_a_character_torn_at_the_end_of_a_sample_is_still_utf8() -> None:
    sample = "ü".encode() * 10 + b"\xc3"
    assert detect(sample, complete=False) == Encoding("utf-8")


def test_one_stray_byte_does_not_make_a_utf8_file_a_legacy_one() -> None:
    data = "größe ".encode() + b"\xe9"
    found = detect(data, complete=True)
    assert found == Encoding("utf-8")
    assert stray_bytes(found.decode(data)) == 1


def test_a_guess_is_called_one() -> None:
    found = detect("é".encode("cp1252"), complete=True)
    assert found is not None
    assert "guess" in found.note
