"""Full outputs kept beside the journal."""

import stat
from pathlib import Path

import pytest

from ollama_code.core.errors import SessionError
from ollama_code.storage.outputs import LIMIT_BYTES, Outputs
from tests.unprivileged import folder_of_nobody, run_as_nobody


def test_the_text_is_kept_whole_and_private(tmp_path: Path) -> None:
    path = Outputs(tmp_path / "outputs").keep("call_1", "line\r\n\u2028end")
    assert path == tmp_path / "outputs/call_1.txt"
    assert path.read_bytes() == "line\r\n\u2028end".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "id", ["../../etc/passwd", "/abs", "a/b", "..", "", "\0", "é" * 300, "x" * 300, "\ud800"]
)
def test_no_call_id_leads_out_of_the_folder(tmp_path: Path, id: str) -> None:
    path = Outputs(tmp_path / "outputs").keep(id, "x")
    assert path.resolve().parent == tmp_path / "outputs"
    assert path.read_text() == "x"


def test_an_id_seen_before_gets_another_file(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path)
    paths = [outputs.keep("same", text) for text in ("one", "two", "three")]
    assert [path.read_text() for path in paths] == ["one", "two", "three"]
    assert [path.name for path in paths] == ["same.txt", "same-2.txt", "same-3.txt"]


def test_a_link_with_the_name_of_a_call_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "call.txt").symlink_to("elsewhere")
    assert Outputs(tmp_path).keep("call", "x").name == "call-2.txt"
    assert not (tmp_path / "elsewhere").exists()


def test_a_text_over_the_limit_keeps_both_ends_and_says_so(tmp_path: Path) -> None:
    text = "start" + "é" * LIMIT_BYTES + "end"
    kept = Outputs(tmp_path).keep("big", text).read_text(encoding="utf-8")
    assert len(kept.encode()) < LIMIT_BYTES + 200
    assert kept.startswith("starté")
    assert kept.endswith("éend")
    assert f"[... {len(text.encode()) - LIMIT_BYTES:,} bytes left out" in kept


def test_half_of_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    assert Outputs(tmp_path).keep("x", "a\ud800b").read_text(encoding="utf-8") == "a\ufffdb"


def test_a_folder_without_write_access_is_said_in_a_sentence() -> None:
    code = """
import os
from pathlib import Path
from ollama_code.core.errors import SessionError
from ollama_code.storage.outputs import Outputs
def main(folder):
    os.chmod(folder, 0o500)
    try:
        Outputs(Path(folder) / "outputs").keep("call", "x")
    except SessionError as e:
        print(e)
"""
    with folder_of_nobody() as folder:
        assert run_as_nobody(code, folder).strip().endswith("outputs: Permission denied.")


def test_a_name_that_cannot_be_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("in the way")
    with pytest.raises(SessionError, match="cannot be kept"):
        Outputs(tmp_path / "outputs").keep("call", "x")


def test_what_must_not_be_on_the_disk_is_not_kept(tmp_path: Path) -> None:
    path = Outputs(tmp_path, lambda text: text.replace("plum", "***")).keep("call", "a plum")
    assert path.read_text() == "a ***"
