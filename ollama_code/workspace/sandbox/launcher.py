"""Becomes a command inside walls of the kernel's own: namespaces, mounts, Landlock. A program of its own, for none of
this can be taken back; it imports nothing of the project, so that it starts within a few milliseconds.

Arguments: `--user --mounts --no-network --bind SOURCE TARGET --ro-bind SOURCE TARGET --tmpfs TARGET --read PATH
--write PATH --unset NAME --tasks NUMBER --directory PATH -- PROGRAM ARGUMENT...`. It ends with
code 126 when a wall cannot be built, and nothing has run then."""

import ctypes
import os
import resource
import signal
import stat
import struct

CANNOT_CONFINE = 126

_MOUNT_SETATTR, _OPEN_TREE, _MOVE_MOUNT = 442, 428, 429
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
"""Numbers of system calls, the same on every architecture since Linux 5."""
_NEW_NS, _NEW_IPC, _NEW_USER, _NEW_NET = 0x20000, 0x8000000, 0x10000000, 0x40000000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MS_NOSUID, _MS_NODEV = 2, 4
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_CLONE_TREE = 1 | os.O_CLOEXEC
_FROM_DESCRIPTOR = 4
_READ_ONLY = 1
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x41

_KEPT_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7})
"""What root needs among files and processes of its own: chown, dac_override, fowner, fsetid, kill, setgid, setuid."""
_LAST_CAPABILITY = 40

_FILE_RIGHTS = 0b111 | 1 << 14 | 1 << 15
"""Of a right on a path that is no folder: execute, write, read, truncate, ioctl."""
_READING = 0b1101
"""Execute, read files, read folders."""

_NODES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}

_libc = ctypes.CDLL(None, use_errno=True)


class Plan:
    """What the arguments ask for."""

    def __init__(self, arguments: list[str]) -> None:
        self.flags: set[str] = set()
        self.mounts: list[tuple[str, str, str]] = []
        self.read: list[str] = []
        self.write: list[str] = []
        self.unset: list[str] = []
        self.directory = "/"
        self.tasks = 0
        rest = iter(arguments)
        for word in rest:
            if word == "--":
                break
            match word:
                case "--bind" | "--ro-bind":
                    self.mounts.append((word[2:], next(rest), next(rest)))
                case "--tmpfs":
                    self.mounts.append(("tmpfs", "", next(rest)))
                case "--read":
                    self.read.append(next(rest))
                case "--write":
                    self.write.append(next(rest))
                case "--unset":
                    self.unset.append(next(rest))
                case "--tasks":
                    self.tasks = int(next(rest))
                case "--directory":
                    self.directory = next(rest)
                case _:
                    self.flags.add(word)
        self.argv = list(rest)


def main(arguments: list[str]) -> None:
    plan = Plan(arguments)
    try:
        _unshare(plan)
        if "--mounts" in plan.flags:
            _build_view(plan.mounts)
        if "--no-network" in plan.flags and "--mounts" in plan.flags:
            _raise_loopback()
        os.chdir(plan.directory)
        _limit_tasks(plan.tasks)
        _give_up_power()
        _landlock(plan)
    except OSError as e:
        _fail(f"{e.filename or 'the system'}: {e.strerror}")
    try:
        _forget_python(plan.unset)
        os.execve(plan.argv[0], plan.argv, os.environ)
    except OSError as e:
        _fail(f"{plan.argv[0]}: {e.strerror}")


def _forget_python(names: list[str]) -> None:
    """What this interpreter set for itself and a program would inherit: ignored signals, a locale."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    for name in names:
        os.environ.pop(name, None)


def _fail(reason: str) -> None:
    os.write(2, os.fsencode(f"The sandbox could not be built: {reason}\n"))
    os._exit(CANNOT_CONFINE)


# --- namespaces and mounts -------------------------------------------------------------------------------


def _unshare(plan: Plan) -> None:
    if "--mounts" not in plan.flags:
        return
    uid, gid = os.getuid(), os.getgid()
    wanted = _NEW_NS | _NEW_IPC
    wanted |= _NEW_USER if "--user" in plan.flags else 0
    wanted |= _NEW_NET if "--no-network" in plan.flags else 0
    _must(_libc.unshare(wanted), "unshare")
    if "--user" in plan.flags:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            _write(f"/proc/self/{name}", text)


def _build_view(mounts: list[tuple[str, str, str]]) -> None:
    """Everything read-only, then the mounts on top, whose sources were taken hold of before."""
    _mount(None, "/", None, _MS_REC_PRIVATE)
    trees = [_clone(source) if source else -1 for _, source, _ in mounts]
    nodes = {name: _clone(f"/dev/{name}") for name in _NODES if os.path.exists(f"/dev/{name}")}
    _set_read_only(_AT_FDCWD, "/")
    _build_dev(nodes)
    for (kind, _, target), tree in zip(mounts, trees, strict=True):
        if kind == "tmpfs":
            os.makedirs(target, exist_ok=True)
            _mount("tmpfs", target, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755")
            continue
        if kind == "ro-bind":
            _set_read_only(tree, "")
        _make_room(target, folder=_is_folder(tree))
        _attach(tree, target)


def _build_dev(nodes: dict[str, int]) -> None:
    _mount("tmpfs", "/dev", "tmpfs", _MS_NOSUID, "mode=0755")
    for name, tree in nodes.items():
        _make_room(f"/dev/{name}", folder=False)
        _attach(tree, f"/dev/{name}")
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"/dev/{name}")
    os.chmod("/dev/shm", 0o1777)
    options = b"newinstance,ptmxmode=0666,mode=620"
    _libc.mount(
        b"devpts", b"/dev/pts", b"devpts", 0, options
    )  # some containers refuse it, and few commands miss it


def _make_room(target: str, *, folder: bool) -> None:
    """A place to mount on, where there is none: only what was mounted before lets itself be written."""
    if os.path.lexists(target):
        return
    os.makedirs(target if folder else os.path.dirname(target), exist_ok=True)
    if not folder:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def _clone(path: str) -> int:
    number = _libc.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(path), _CLONE_TREE | _AT_RECURSIVE)
    return _must(number, path)


def _attach(tree: int, target: str) -> None:
    done = _libc.syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _FROM_DESCRIPTOR)
    _must(done, target)
    os.close(tree)


def _set_read_only(descriptor: int, path: str) -> None:
    attributes = struct.pack("QQQQ", _READ_ONLY, 0, 0, 0)
    flags = _AT_RECURSIVE | (0 if path else _AT_EMPTY_PATH)
    name = os.fsencode(path)
    done = _libc.syscall(
        _MOUNT_SETATTR, descriptor, name, flags, attributes, ctypes.c_size_t(len(attributes))
    )
    _must(done, path)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    names = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _must(_libc.mount(*names, ctypes.c_ulong(flags), os.fsencode(data)), target)


def _raise_loopback() -> None:
    """A new network has its own loopback, which is down: tests that talk to themselves need it."""
    import _socket  # the module behind `socket`, which takes as long to import as all the rest
    import fcntl

    handle = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(handle.fileno(), _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))
    handle.close()


# --- power -----------------------------------------------------------------------------------------------


def _give_up_power() -> None:
    """No program started from here on gains rights by being started, and root keeps its rights over files alone."""
    _must(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if os.geteuid() == 0:
        for number in range(_LAST_CAPABILITY + 1):
            if number not in _KEPT_CAPABILITIES:
                _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


def _limit_tasks(most: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    if most and (hard == resource.RLIM_INFINITY or most < hard):
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def _landlock(plan: Plan) -> None:
    version = _must(_libc.syscall(_LANDLOCK_CREATE, None, 0, 1), "Landlock")
    every = (1 << 13) - 1
    for since, right in ((2, 13), (3, 14), (5, 15)):
        every |= 1 << right if version >= since else 0
    network = 3 if version >= 4 and "--no-network" in plan.flags else 0
    scope = (2 | (1 if "--no-network" in plan.flags else 0)) if version >= 6 else 0
    words = 1 if version < 4 else 2 if version < 6 else 3
    if "--mounts" in plan.flags:
        network = 0  # the network is one of our own, where loopback may be used
    attributes = struct.pack("QQQ", every, network, scope)[: 8 * words]
    size = ctypes.c_size_t(len(attributes))
    rules = _must(_libc.syscall(_LANDLOCK_CREATE, attributes, size, 0), "Landlock")
    for path in plan.read:
        _allow(rules, path, _READING)
    for path in plan.write:
        _allow(rules, path, every)
    _must(_libc.syscall(_LANDLOCK_RESTRICT, rules, 0), "Landlock")
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not _is_folder(place):
        rights &= _FILE_RIGHTS
    rule = struct.pack("=Qi", rights, place)
    _must(_libc.syscall(_LANDLOCK_ADD, rules, 1, rule, 0), path)
    os.close(place)


# --- the kernel ------------------------------------------------------------------------------------------


def _must(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode("ascii"))
    finally:
        os.close(handle)
