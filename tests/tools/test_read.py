from __future__ import annotations

import asyncio
import base64
import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image as Pillow
from pypdf import PdfWriter

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.results import ToolResult
from tests.tools.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def picture_of(result: ToolResult) -> Pillow.Image:
    return Pillow.open(io.BytesIO(base64.b64decode(result.images[0].data)))


async def test_a_whole_file_is_shown_exactly_as_it_is(desk: Desk) -> None:
    (desk.root / "a.txt").write_bytes(b"one  \n\ttwo\t\n\n  three")
    result = await desk.read("a.txt")
    assert result.llm_content == "one  \n\ttwo\t\n\n  three"
    assert (desk.asked[0].scopes, desk.asked[0].reach) == (("read_file(a.txt)",), "workspace")


async def test_line_ends_of_windows_are_shown_as_line_feeds(desk: Desk) -> None:
    (desk.root / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    assert (await desk.read("a.txt")).llm_content == "one\ntwo\n"


async def test_a_page_says_where_it_is_and_how_to_go_on(desk: Desk) -> None:
    (desk.root / "a.txt").write_text("".join(f"{n}\n" for n in range(100)))
    result = await desk.read("a.txt", offset=10, limit=2)
    assert (
        result.llm_content == "Showing lines 11-12 of 100 (offset 10). Go on with offset 12.\n---\n10\n11\n"
    )
    last = await desk.read("a.txt", offset=98)
    assert last.llm_content.startswith("Showing lines 99-100 of 100 (offset 98). This is the end.\n---\n")


async def test_a_result_stays_within_the_budget(desk: Desk) -> None:
    desk.budget_chars = 2000
    (desk.root / "a.txt").write_text("some words\n" * 10_000)
    assert len((await desk.read("a.txt")).llm_content) <= 2000


async def test_an_offset_past_the_end_says_how_many_lines_there_are(desk: Desk) -> None:
    (desk.root / "a.txt").write_text("1\n2\n3\n")
    with pytest.raises(ToolError, match=r"has 3 lines.*last line is at offset 2"):
        await desk.read("a.txt", offset=3)


async def test_an_empty_file_is_called_empty(desk: Desk) -> None:
    (desk.root / "a.txt").touch()
    assert (await desk.read("a.txt")).llm_content == "a.txt is empty."


async def test_a_line_of_a_megabyte_is_cut_with_a_note(desk: Desk) -> None:
    (desk.root / "min.js").write_text("x" * 1_000_000)
    text = (await desk.read("min.js")).llm_content
    assert len(text) <= desk.budget_chars
    assert "Line 1 is longer than fits" in text


async def test_a_guessed_encoding_is_noted(desk: Desk) -> None:
    (desk.root / "a.txt").write_bytes("déjà vu\n".encode("cp1252"))
    text = (await desk.read("a.txt")).llm_content
    assert text == "Not UTF-8: decoded as cp1252, a guess.\n---\ndéjà vu\n"


async def test_binary_is_described_in_a_sentence(desk: Desk) -> None:
    (desk.root / "a.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    result = await desk.read("a.gz")
    assert result.error is None
    assert "gzip data, 102 bytes" in result.llm_content


async def test_a_text_that_begins_like_a_binary_format_is_text(desk: Desk) -> None:
    (desk.root / "a.txt").write_text("ID3 is a tag format\n")
    assert (await desk.read("a.txt")).llm_content == "ID3 is a tag format\n"


async def test_a_missing_file_names_its_neighbours(desk: Desk) -> None:
    (desk.root / "src").mkdir()
    (desk.root / "src/Main.py").touch()
    with pytest.raises(ToolError, match=r"In the same directory: Main\.py") as caught:
        await desk.read("src/main.py")
    assert caught.value.type is ErrorType.FILE_NOT_FOUND


async def test_a_directory_and_a_pipe_are_refused_without_waiting(desk: Desk) -> None:
    os.mkfifo(desk.root / "pipe")
    for path, type in ((".", ErrorType.IS_DIRECTORY), ("pipe", ErrorType.PERMISSION_DENIED)):
        with pytest.raises(ToolError) as caught:
            async with asyncio.timeout(10):
                await desk.read(path)
        assert caught.value.type is type


async def test_reading_outside_asks_without_looking(desk: Desk) -> None:
    request = await desk.ask_read("/nowhere/at/all")
    assert (request.reach, request.scopes) == ("outside", ("read_file(/nowhere/at/all)",))


async def test_a_png_goes_to_a_model_that_sees_as_it_is(tmp_path: Path) -> None:
    Pillow.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    result = await Desk(tmp_path, sees_images=True).read("a.png")
    assert result.images[0].media_type == "image/png"
    assert base64.b64decode(result.images[0].data) == (tmp_path / "a.png").read_bytes()
    assert "PNG image, 30 x 20 pixels" in result.llm_content


@pytest.mark.parametrize("suffix", ["gif", "bmp", "tiff", "ico"])
async def test_other_formats_become_png(tmp_path: Path, suffix: str) -> None:
    Pillow.new("RGB", (32, 32), "blue").save(tmp_path / f"a.{suffix}")
    result = await Desk(tmp_path, sees_images=True).read(f"a.{suffix}")
    assert picture_of(result).format == "PNG"


async def test_a_large_photo_is_shrunk_and_turned_upright(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.new("RGB", (4000, 2000)).save(tmp_path / "a.jpg", exif=exif)
    result = await Desk(tmp_path, sees_images=True).read("a.jpg")
    assert picture_of(result).size == (768, 1536)


async def test_only_the_first_frame_of_an_animation_is_sent(tmp_path: Path) -> None:
    frames = [Pillow.new("RGB", (10, 10), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    picture = picture_of(await Desk(tmp_path, sees_images=True).read("a.webp"))
    assert picture.format == "PNG"
    assert picture.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


async def test_without_vision_a_picture_is_a_sentence(desk: Desk) -> None:
    Pillow.new("RGB", (30, 20)).save(desk.root / "a.png")
    result = await desk.read("a.png")
    assert result.images == ()
    assert "30 x 20 pixels" in result.llm_content and "cannot see pictures" in result.llm_content


async def test_an_svg_is_text(desk: Desk) -> None:
    (desk.root / "a.svg").write_text("<svg/>\n")
    assert (await desk.read("a.svg")).llm_content == "<svg/>\n"


@pytest.mark.parametrize(
    ("side", "type"), [(8000, ErrorType.FILE_TOO_LARGE), (20_000, ErrorType.FILE_TOO_LARGE)]
)
async def test_a_decompression_bomb_is_not_decoded(tmp_path: Path, side: int, type: ErrorType) -> None:
    Pillow.new("1", (side, side)).save(tmp_path / "bomb.png")
    with pytest.raises(ToolError, match="too many to decode safely") as caught:
        await Desk(tmp_path, sees_images=True).read("bomb.png")
    assert caught.value.type is type


async def test_a_damaged_picture_is_said_to_be_damaged(tmp_path: Path) -> None:
    Pillow.effect_noise((200, 200), 50).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ToolError, match="damaged or incomplete"):
        await Desk(tmp_path, sees_images=True).read("a.png")


def pdf_of(*texts: str) -> bytes:
    """A PDF with one line of text a page, written by hand: there is no library here that draws text."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(texts)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(texts)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(texts):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents {5 + 2 * n} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        stream = f"BT /F1 12 Tf 10 50 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = "%PDF-1.4\n", []
    for n, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{n} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{tail}".encode("ascii")


async def test_a_pdf_is_read_page_by_page(desk: Desk) -> None:
    (desk.root / "a.pdf").write_bytes(pdf_of("first", "second", "third"))
    assert "--- page 1 of 3 ---\nfirst\n--- page 2 of 3 ---\nsecond" in (await desk.read("a.pdf")).llm_content
    one = (await desk.read("a.pdf", offset=1, limit=1)).llm_content
    assert one.startswith(
        "Showing page 2 of 3 (offset 1). Go on with offset 2.\n---\n--- page 2 of 3 ---\nsecond"
    )


async def test_an_encrypted_pdf_says_that_it_needs_a_password(desk: Desk) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(desk.root / "a.pdf")
    with pytest.raises(ToolError, match="needs a password"):
        await desk.read("a.pdf")


async def test_a_broken_pdf_is_said_to_be_broken(desk: Desk) -> None:
    (desk.root / "a.pdf").write_bytes(b"%PDF-1.7\nnot really\n")
    with pytest.raises(ToolError, match="not a readable PDF"):
        await desk.read("a.pdf")


def notebook(*outputs: dict[str, object]) -> str:
    code = {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": list(outputs)}
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# Title"}, code]})


async def test_a_notebook_is_shown_as_cells_with_short_outputs(desk: Desk) -> None:
    plot = {"output_type": "display_data", "data": {"text/plain": "<plot>", "image/png": "A" * 50_000}}
    stream = {"output_type": "stream", "text": ["y\n" * 5000]}
    (desk.root / "a.ipynb").write_text(notebook(plot, stream))
    text = (await desk.read("a.ipynb")).llm_content
    assert "--- cell 1 of 2 ---\n[markdown]\n# Title" in text
    assert "[code]\nx = 1\nx\n[output]\n<plot>\n(image/png, 50,000 characters)" in text
    assert len(text) < 3000


@pytest.mark.parametrize("text", ["{not json", "[1, 2]", '{"cells": 3}'])
async def test_a_notebook_that_is_none_is_shown_as_text(desk: Desk, text: str) -> None:
    (desk.root / "a.ipynb").write_text(text)
    assert (await desk.read("a.ipynb")).llm_content == text


async def test_a_file_that_is_read_through_a_big_stream_is_remembered_too(desk: Desk) -> None:
    log = desk.root / "big.log"
    log.write_bytes(b"a line of a log\n" * 600_000)
    await desk.read("big.log", limit=1)
    with log.open("ab") as file:
        file.write(b"more\n")
    with pytest.raises(ToolError) as caught:
        await desk.edit("big.log", "more", "less")
    assert caught.value.type is ErrorType.FILE_CHANGED
