from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ollama_code.workspace.confine import Anchor, WrongKind
from tests.workspace.descriptors import open_descriptors
from tests.workspace.swapping import swapping


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (root / "d" / "x").write_text("inside")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("SECRET")
    return root


@pytest.fixture(params=[False, True], ids=["openat2", "portable"])
def anchor(request: pytest.FixtureRequest, root: Path) -> Iterator[Anchor]:
    anchor = Anchor(str(root), portable=request.param)
    yield anchor
    anchor.close()


def content(anchor: Anchor, relative: str) -> str:
    with anchor.slot(relative) as slot, os.fdopen(slot.open_file()) as file:
        return file.read()


def refusal(anchor: Anchor, relative: str) -> int | None:
    with pytest.raises(OSError) as refused:
        content(anchor, relative)
    return refused.value.errno


def test_a_file_beneath_is_opened(anchor: Anchor) -> None:
    assert content(anchor, "d/x") == "inside"


def test_a_link_on_the_way_is_not_followed(anchor: Anchor, root: Path) -> None:
    (root / "out").symlink_to("../outside")
    (root / "in").symlink_to("d")

    assert refusal(anchor, "out/x") == errno.ELOOP
    assert refusal(anchor, "in/x") == errno.ELOOP


def test_a_link_at_the_end_is_not_followed(anchor: Anchor, root: Path) -> None:
    (root / "out").symlink_to("../outside/x")

    assert refusal(anchor, "out") == errno.ELOOP


@pytest.mark.parametrize("path", ["../outside/x", "d/../../outside/x", "/etc/passwd", "", "d//x"])
def test_a_path_that_is_not_beneath_is_refused(anchor: Anchor, path: str) -> None:
    assert refusal(anchor, path) == errno.EXDEV


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_magic_link_of_proc_is_not_followed() -> None:
    anchor = Anchor(f"/proc/{os.getpid()}")

    assert refusal(anchor, "root/etc/passwd") == errno.ELOOP


def test_a_file_on_the_way_is_no_directory(anchor: Anchor) -> None:
    assert refusal(anchor, "d/x/y") == errno.ENOTDIR


def test_a_named_pipe_is_refused_without_blocking(anchor: Anchor, root: Path) -> None:
    os.mkfifo(root / "pipe")

    with anchor.slot("pipe") as slot, pytest.raises(WrongKind) as refused:
        slot.open_file()

    assert refused.value.kind == "fifo"


def test_a_socket_is_refused(anchor: Anchor, root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))

        with anchor.slot("socket") as slot, pytest.raises(WrongKind) as refused:
            slot.open_file()

    assert refused.value.kind == "socket"


@pytest.mark.parametrize("device", ["zero", "null", "tty"])
def test_a_device_is_refused(device: str) -> None:
    with Anchor("/dev").slot(device) as slot, pytest.raises(WrongKind) as refused:
        slot.open_file()

    assert refused.value.kind == "device"


def test_missing_parents_are_made_on_request_only(anchor: Anchor, root: Path) -> None:
    assert refusal(anchor, "a/b/c") == errno.ENOENT

    with anchor.slot("a/b/c", make_parents=True):
        assert (root / "a" / "b").is_dir()


def test_parents_are_not_made_through_a_link(anchor: Anchor, root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to("../outside")

    with pytest.raises(OSError), anchor.slot("out/new/c", make_parents=True):
        pass

    assert not (tmp_path / "outside" / "new").exists()


def test_a_directory_that_turns_into_a_link_never_leaks(anchor: Anchor, root: Path) -> None:
    (root / "evil").symlink_to("../outside")
    seen: list[str] = []

    with swapping(root / "d", root / "evil"):
        for _ in range(4000):
            with suppress(OSError):
                seen.append(content(anchor, "d/x"))

    assert set(seen) == {"inside"}


def test_a_file_that_turns_into_a_link_never_leaks(anchor: Anchor, root: Path) -> None:
    (root / "evil").symlink_to(root.parent / "outside" / "x")
    seen: list[str] = []

    with swapping(root / "d" / "x", root / "evil"):
        for _ in range(4000):
            with suppress(OSError):
                seen.append(content(anchor, "d/x"))

    assert set(seen) == {"inside"}


def test_a_file_that_turns_into_a_pipe_is_never_opened(anchor: Anchor, root: Path) -> None:
    os.mkfifo(root / "evil")
    kinds: set[int] = set()

    with swapping(root / "d" / "x", root / "evil"):
        for _ in range(4000):
            with suppress(OSError, WrongKind), anchor.slot("d/x") as slot:
                fd = slot.open_file()
                kinds.add(stat.S_IFMT(os.fstat(fd).st_mode))
                os.close(fd)

    assert kinds == {stat.S_IFREG}


def test_no_descriptor_is_left_behind(anchor: Anchor, root: Path) -> None:
    (root / "out").symlink_to("../outside")
    os.mkfifo(root / "pipe")
    before = open_descriptors()

    for path in ("d/x", "out/x", "pipe", "d", "d/x/y", "none/x", "../x"):
        with suppress(OSError, WrongKind):
            content(anchor, path)

    assert open_descriptors() == before


def test_an_anchor_that_nobody_holds_lets_go_of_its_directory(root: Path) -> None:
    before = open_descriptors()

    Anchor(str(root))

    assert open_descriptors() == before


def test_a_replaced_directory_is_gone(anchor: Anchor, root: Path) -> None:
    assert not anchor.gone

    root.rename(root.with_name("moved"))
    root.mkdir()

    assert anchor.gone


FILTERED = """
import ctypes, struct, sys

# A system call filter as containers have them: openat2 (437) answers with an errno, all else is allowed.
def instruction(code, jump_if_not, value):
    return struct.pack("=HBBI", code, 0, jump_if_not, value)

program = b"".join([
    instruction(0x20, 0, 0),                                 # load the number of the call
    instruction(0x15, 1, 437),                               # is it 437?
    instruction(0x06, 0, 0x00050000 | int(sys.argv[2])),     # return the errno
    instruction(0x06, 0, 0x7FFF0000),                        # allow
])
held = ctypes.create_string_buffer(program)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0                       # PR_SET_NO_NEW_PRIVS
length_and_program = ctypes.create_string_buffer(struct.pack("=H6xQ", 4, ctypes.addressof(held)))
assert libc.prctl(22, 2, length_and_program, 0, 0) == 0      # PR_SET_SECCOMP, filter

from ollama_code.workspace.confine import Anchor
with Anchor(sys.argv[1]).slot("d/x") as slot:
    print(slot.look().size_bytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="system call filters are Linux's")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_a_system_that_refuses_openat2_is_served_by_the_walk(root: Path, number: int) -> None:
    child = [sys.executable, "-c", FILTERED, str(root), str(number)]

    done = subprocess.run(child, capture_output=True, text=True, check=False, timeout=30)

    assert (done.stdout, done.stderr) == ("6\n", "")
