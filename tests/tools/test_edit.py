from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.core.display import DiffBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Mode
from ollama_code.permissions.policy import Policy, decide
from ollama_code.tools.files.document import Document, Span
from tests.tools.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_an_edit_replaces_and_reports_the_lines_around(desk: Desk) -> None:
    (desk.root / "a.py").write_text("".join(f"line {n}\n" for n in range(1, 21)))
    result = await desk.edit("a.py", "line 10", "LINE TEN")
    assert "LINE TEN" in (desk.root / "a.py").read_text()
    assert "1 replacement" in result.llm_content
    assert (
        "Lines 7-13 now:\nline 7\nline 8\nline 9\nLINE TEN\nline 11\nline 12\nline 13" in result.llm_content
    )
    assert isinstance(result.return_display, DiffBlock)
    assert (result.return_display.added, result.return_display.removed) == (1, 1)


async def test_asking_shows_the_diff_and_touches_nothing(desk: Desk) -> None:
    file = desk.root / "a.py"
    file.write_text("one\ntwo\n")
    request = await desk.ask_edit("a.py", "two", "2")
    assert file.read_text() == "one\ntwo\n"
    assert isinstance(request.preview, DiffBlock)
    assert request.preview.patch == "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert request.scopes == ("edit(a.py)",)


@pytest.mark.parametrize(
    "before", [b"a\r\nb\r\nc\r\n", b"\xef\xbb\xbfa\r\nb\nc\r\n", b"a\nb\r\nc", "a\r\nb\nc".encode("utf-16")]
)
async def test_line_ends_mark_and_encoding_survive(desk: Desk, before: bytes) -> None:
    file = desk.root / "f.txt"
    file.write_bytes(before)
    await desk.edit("f.txt", "b", "B")
    wide = before.startswith(b"\xff\xfe")
    old, new = ("b".encode("utf-16-le"), "B".encode("utf-16-le")) if wide else (b"b", b"B")
    assert file.read_bytes() == before.replace(old, new)


async def test_new_lines_end_like_their_neighbours(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_bytes(b"a\r\nb\r\nc\nd\n")
    await desk.edit("f.txt", "a\nb", "a\nnew\nb")
    await desk.edit("f.txt", "d\n", "d\nend\n")
    assert file.read_bytes() == b"a\r\nnew\r\nb\r\nc\nd\nend\n"


async def test_stray_bytes_in_a_utf8_file_survive(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_bytes("größe = 1\n".encode() + b"# caf\xe9\nx = 1\n")
    await desk.edit("f.txt", "x = 1", "x = 'ü'")
    assert file.read_bytes() == "größe = 1\n".encode() + b"# caf\xe9\n" + "x = 'ü'\n".encode()


async def test_a_legacy_file_is_matched_as_read_file_shows_it(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_bytes("déjà vu\nx\n".encode("cp1252"))
    assert "déjà vu" in (await desk.read("f.txt")).llm_content
    await desk.edit("f.txt", "déjà", "Déjà")
    assert file.read_bytes() == "Déjà vu\nx\n".encode("cp1252")


async def test_a_character_the_encoding_lacks_is_refused(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_bytes("déjà vu\n".encode("cp1252"))
    with pytest.raises(ToolError, match="cp1252, which has no character '→'"):
        await desk.edit("f.txt", "vu", "→")


@pytest.mark.parametrize(
    ("before", "old", "new", "every", "after"),
    [
        ("keep\ndrop\nkeep\n", "drop", "", False, "keep\n\nkeep\n"),
        ("x, x\nx", "x", "", True, ", \n"),
        ("a-b", "-", "$1\\1$&$$", False, "a$1\\1$&$$b"),
        ("end", "end", "end  ", False, "end  "),
        ("a\nb", "b", "c", False, "a\nc"),
    ],
)
async def test_replacement_and_deletion_are_literal(
    desk: Desk, before: str, old: str, new: str, every: bool, after: str
) -> None:
    file = desk.root / "f.txt"
    file.write_text(before)
    await desk.edit("f.txt", old, new, every=every)
    assert file.read_text() == after


async def test_an_inexact_match_is_named(desk: Desk) -> None:
    (desk.root / "f.txt").write_text("def f():  \n    pass\n")
    result = await desk.edit("f.txt", "def f():\n    pass", "def f():\n    return")
    assert "other trailing whitespace" in result.llm_content


@pytest.mark.parametrize(
    ("old", "new", "type", "words"),
    [
        ("nothing like it", "x", ErrorType.EDIT_NOT_FOUND, "Nothing in the file is similar"),
        ("beta = 22", "x", ErrorType.EDIT_NOT_FOUND, "The closest line 2 is:\n---\nbeta = 2\n---"),
        ("alpha", "x", ErrorType.EDIT_AMBIGUOUS, "occurs 2 times in f.txt, at lines 1, 3"),
        ("beta", "beta", ErrorType.EDIT_NO_CHANGE, "changes nothing"),
        ("", "x", ErrorType.FILE_EXISTS, "exists already"),
        ("gamma", "alpha = 1\nbeta", ErrorType.EDIT_NOT_FOUND, "new_string is already there at line 1"),
        ("beta", "\ud800", ErrorType.INVALID_PARAMS, "lone surrogate"),
    ],
)
async def test_an_edit_that_cannot_work_is_refused_before_anybody_is_asked(
    desk: Desk, old: str, new: str, type: ErrorType, words: str
) -> None:
    (desk.root / "f.txt").write_text("alpha = 1\nbeta = 2\nalpha = 3\n")
    with pytest.raises(ToolError) as caught:
        await desk.ask_edit("f.txt", old, new)
    assert caught.value.type is type
    assert words in str(caught.value)


async def test_a_missing_file_is_reported_with_its_neighbours(desk: Desk) -> None:
    (desk.root / "settings.py").write_text("x")
    with pytest.raises(ToolError, match=r"settings\.py") as caught:
        await desk.edit("setings.py", "x", "y")
    assert caught.value.type is ErrorType.FILE_NOT_FOUND


async def test_an_empty_old_string_creates_the_file_and_its_directories(desk: Desk) -> None:
    result = await desk.edit("new/dir/a.py", "", "x = 1\n")
    assert (desk.root / "new/dir/a.py").read_text() == "x = 1\n"
    assert "Created new/dir/a.py (1 lines)" in result.llm_content
    assert desk.asked[0].title == "Create new/dir/a.py"


async def test_two_edits_of_a_file_that_was_read_both_work(desk: Desk) -> None:
    (desk.root / "f.txt").write_text("a\nb\n")
    await desk.read("f.txt")
    await desk.edit("f.txt", "a", "A")
    await desk.edit("f.txt", "b", "B")
    assert (desk.root / "f.txt").read_text() == "A\nB\n"


async def test_a_file_changed_since_it_was_read_is_shown_afresh_and_then_editable(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_text("a = 1\nb = 2\n")
    await desk.read("f.txt")
    file.write_text("a = 1\nb = 3\n")
    with pytest.raises(ToolError, match="b = 3") as caught:
        await desk.edit("f.txt", "a = 1", "a = 2")
    assert caught.value.type is ErrorType.FILE_CHANGED
    await desk.edit("f.txt", "a = 1", "a = 2")
    assert file.read_text() == "a = 2\nb = 3\n"


async def test_a_file_changed_while_the_person_thinks_is_not_overwritten(desk: Desk) -> None:
    file = desk.root / "f.txt"
    file.write_text("a\n")
    call = desk.new_call()
    await desk.edit_tool.permission(desk.edit_params("f.txt", "a", "b"), call)
    file.write_text("a\nmine\n")
    with pytest.raises(ToolError) as caught:
        await desk.edit_tool.run(desk.edit_params("f.txt", "a", "b"), call)
    assert caught.value.type is ErrorType.FILE_CHANGED
    assert file.read_text() == "a\nmine\n"


async def test_what_is_outside_stays_unknown_until_somebody_agrees(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("outside") / "key"
    secret.write_text("secret = 1\n")
    request = await desk.ask_edit(str(secret), "secret = 2", "x")
    assert request.reach == "outside"
    assert "secret = 1" not in request.model_dump_json()


async def test_a_binary_file_is_refused(desk: Desk) -> None:
    (desk.root / "f.bin").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ToolError, match="is no text"):
        await desk.edit("f.bin", "a", "b")


EOL_TEXT = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "bb ", "é", "\ufeff", "a\rb", "中"]), st.sampled_from(["\n", "\r\n"])
    ),
    max_size=8,
).map(lambda lines: "".join(text + end for text, end in lines))


async def test_an_edit_takes_what_reading_takes_because_its_failure_tells_what_is_there(desk: Desk) -> None:
    (desk.root / ".env").write_text("PASSWORD=hunter2 is long\n")
    request = await desk.ask_edit(".env", "PASSWORD=zzz is long", "x")
    assert (request.reach, request.seen) == ("protected", ("read_file(.env)",))


@given(
    head=EOL_TEXT,
    middle=EOL_TEXT,
    tail=EOL_TEXT,
    new=EOL_TEXT,
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_bytes_outside_the_replaced_span_never_change(
    head: str, middle: str, tail: str, new: str, codec: str
) -> None:
    left, right = f"x{head}<", f">{tail}"
    document = Document.of(f"{left}{middle}{right}".encode(codec))
    assert document is not None
    start = len(left.replace("\r\n", "\n"))
    end = start + len(middle.replace("\r\n", "\n"))
    after = document.spliced([Span(start, end, new.replace("\r\n", "\n"))]).decode(codec)
    assert after.startswith(left) and after.endswith(right)
    assert after[len(left) : len(after) - len(right)].replace("\r\n", "\n") == new.replace("\r\n", "\n")


@given(st.binary(max_size=300))
def test_any_bytes_taken_for_text_are_written_back_unchanged(data: bytes) -> None:
    document = Document.of(data)
    assert document is None or document.spliced([]) == data


async def test_a_very_long_line_is_not_told_as_a_whole(desk: Desk) -> None:
    (desk.root / "min.js").write_text("a" * 5000 + "MARK" + "b" * 5000)
    told = (await desk.edit("min.js", "MARK", "DONE")).llm_content
    assert len(told) < 1000
    assert told.endswith("…")


@pytest.mark.parametrize("text", ["ok\u202e \u2066# safe\u2069", "o\u200bk", "ok\x1b[2K", "tag\U000e0041"])
async def test_characters_that_nobody_sees_ask_where_edits_run_by_themselves(desk: Desk, text: str) -> None:
    (desk.root / "f.txt").write_text("if ok:\n")
    for request in (await desk.ask_edit("f.txt", "ok", text), await desk.ask_write("new.txt", text)):
        assert request is not None
        decision = decide(request, Mode.AUTO_EDIT, Policy(), ())
        assert (decision.verdict, "<U+" in decision.reason) == ("ask", True)


async def test_those_that_were_there_already_ask_nobody(desk: Desk) -> None:
    (desk.root / "f.txt").write_text("a\u200bb\n")
    request = await desk.ask_edit("f.txt", "a\u200bb", "c\u200bd\u00e9")
    assert decide(request, Mode.AUTO_EDIT, Policy(), ()).verdict == "allow"


async def test_they_are_found_where_the_diff_is_too_long_to_be_shown(desk: Desk) -> None:
    (desk.root / "f.txt").write_text("x")
    request = await desk.ask_edit("f.txt", "x", "line\n" * 3000 + "\u202e")
    assert decide(request, Mode.AUTO_EDIT, Policy(), ()).verdict == "ask"


async def test_an_approval_does_not_cover_a_file_that_changed_elsewhere_since(desk: Desk) -> None:
    (desk.root / "f.txt").write_text("first\n" + "\n" * 50 + "tail\n")
    before = await desk.ask_edit("f.txt", "first", "b")
    (desk.root / "f.txt").write_text("first\n" + "\n" * 50 + "other\n")
    after = await desk.ask_edit("f.txt", "first", "b")
    assert before.preview == after.preview
    assert before.digest("{}") != after.digest("{}")
