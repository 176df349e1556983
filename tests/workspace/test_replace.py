from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_code.workspace.confine import Anchor, Slot
from ollama_code.workspace.replace import claim_new_name, give_new_name


@pytest.fixture
def slot(tmp_path: Path) -> Iterator[Slot]:
    (tmp_path / "spare").write_text("new")
    anchor = Anchor(str(tmp_path))
    with anchor.slot("name") as slot:
        yield slot
    anchor.close()


@pytest.mark.parametrize("publish", [give_new_name, claim_new_name])
class TestTakingAFreeName:
    def test_gives_it_the_content(self, publish, slot: Slot, tmp_path: Path) -> None:
        publish(slot, "spare")

        assert (tmp_path / "name").read_text() == "new"

    @pytest.mark.parametrize("taken_by", ["file", "link", "directory"])
    def test_never_takes_one_in_use(self, publish, slot: Slot, tmp_path: Path, taken_by: str) -> None:
        name = tmp_path / "name"
        if taken_by == "file":
            name.write_text("there")
        elif taken_by == "link":
            name.symlink_to("nowhere")
        else:
            name.mkdir()
        before = os.lstat(name)

        with pytest.raises(FileExistsError):
            publish(slot, "spare")

        assert os.path.samestat(os.lstat(name), before)
        assert not (tmp_path / "nowhere").exists()
