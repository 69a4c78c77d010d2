"""The same calls of one WebAssembly module give the same results here and with wasmtime's own WASI (§5).

What differs on purpose is left out: links that point out of the root (refused here, R17), pointers out of
range and unknown flags (wasmtime traps), `fd_allocate` (not supported there), what events of `poll_oneoff`
announce, and slashes behind links to nowhere, where several errors would do.
"""

from __future__ import annotations

import random

import pytest
from wasi_guest import APPEND, CREAT, DIRECTORY, EXCL, READ, ROOT, TRUNC, WRITE, ModuleGuest

NAMES = [
    *("a", "b", "d", "d/x", "d/e", "d/e/y", "l", "d/l", "a/x", "l/x", "l/e"),
    *("d//x", "./a", "d/..", "d/../a", "d/e/../x", "d/l/../x", "l/..", ".", "a/.", "d/.", "d/./", "d/e/"),
    *("..", "../a", "d/../../a", "/a", ""),
]
TARGETS = ["a", "d", "d/", "l", "nowhere", "e", "x", "d/e", "./l", "/etc", ".", "e/../x"]
DESCRIPTORS = [ROOT, ROOT, ROOT, 4, 5, 6, 7, 0, 1, 99]
FOLLOW = 1


def visible(stat):
    """What both hosts can agree on: no inode, no times, no size or links of a directory."""
    error, *rest = stat
    return (error, rest[0], rest[2], *([] if rest[2] == 3 else rest[3:5])) if rest else (error,)


class Walk:
    """A random walk over the functions; the same seed takes the same steps."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def steps(self, count):
        kinds = sorted(name[3:] for name in dir(self) if name.startswith("do_"))
        kinds += ["open"] * 5 + ["mkdir", "rename", "symlink", "write"]
        for _ in range(count):
            kind = self._random.choice(kinds)
            yield kind, getattr(self, f"do_{kind}")()

    def _name(self):
        return self._random.choice(NAMES)

    def _fd(self):
        return self._random.choice(DESCRIPTORS)

    def _number(self):
        return self._random.choice([0, 1, 5, 100, -1, -5, 2**62, 2**63 - 1])

    def do_open(self):
        name, flags, fd = self._name(), self._random.randrange(16), self._fd()
        rights, fdflags = (
            self._random.choice([0, READ, WRITE, READ | WRITE]),
            self._random.choice([0, 0, 1, 4]),
        )
        follow = self._random.randrange(2)
        return lambda guest: guest.open(name, flags, rights, fdflags, follow, fd)

    def do_mkdir(self):
        name, fd = self._name(), self._fd()
        return lambda guest: guest.mkdir(name, fd)

    def do_rmdir(self):
        name, fd = self._name().rstrip("/"), self._fd()
        return lambda guest: guest.rmdir(name, fd)

    def do_unlink(self):
        name, fd = self._name(), self._fd()
        return lambda guest: guest.unlink(name, fd)

    def do_rename(self):
        name, new, fd = self._name(), self._name(), self._fd()
        return lambda guest: guest.rename(name, new, fd)

    def do_link(self):
        name, new, fd = self._name(), self._name(), self._fd()
        follow = self._random.randrange(4) == 0
        return lambda guest: guest.link(name, new, fd, ROOT, int(follow))

    def do_symlink(self):
        name, target, fd = self._name(), self._random.choice(TARGETS), self._fd()
        return lambda guest: guest.symlink(target, name, fd)

    def do_stat(self):
        name, follow, fd = self._name(), self._random.randrange(2), self._fd()
        return lambda guest: visible(guest.filestat_at(name, follow, fd))

    def do_stat_fd(self):
        fd = self._fd()
        return lambda guest: visible(guest.filestat(fd))

    def do_fdstat(self):
        fd = self._fd()
        return lambda guest: guest.fdstat(fd)

    def do_readlink(self):
        name, size, fd = self._name(), self._random.choice([0, 1, 3, 4096]), self._fd()
        return lambda guest: guest.readlink(name, size, fd)

    def do_readdir(self):
        fd = self._fd()
        return lambda guest: sorted(entry[1:] for entry in guest.readdir(fd)[1])

    def do_write(self):
        fd, data = self._random.choice([ROOT, 4, 5, 6, 7, 0]), b"abc" * self._random.randrange(4)
        return lambda guest: guest.write(fd, data)

    def do_read(self):
        fd, size = self._fd(), self._random.choice([0, 1, 10, 100])
        return lambda guest: guest.read(fd, size)

    def do_pread(self):
        fd, offset = self._fd(), self._number()
        return lambda guest: guest.read(fd, 10, offset)

    def do_pwrite(self):
        fd, offset = self._fd(), self._random.choice([0, 5, 100, -1, -5])
        return lambda guest: guest.write(fd, b"xy", offset)

    def do_seek(self):
        fd, offset, whence = self._fd(), self._number(), self._random.randrange(3)
        return lambda guest: guest.seek(fd, offset, whence)

    def do_set_size(self):
        fd, size = self._fd(), self._random.choice([0, 1, 100, -1])
        return lambda guest: guest.call("fd_filestat_set_size", fd, size)

    def do_set_flags(self):
        fd, flags = self._fd(), self._random.choice([0, 1, 2, 4])
        return lambda guest: guest.call("fd_fdstat_set_flags", fd, flags)

    def do_set_times(self):
        fd, flags = self._fd(), self._random.choice([0, 1, 3, 5, 9, 12])
        return lambda guest: guest.call("fd_filestat_set_times", fd, 10**9, 2 * 10**9, flags)

    def do_set_times_at(self):
        name, follow, flags, fd = (
            self._name(),
            self._random.randrange(2),
            self._random.choice([1, 3, 5]),
            self._fd(),
        )
        return lambda guest: guest.call(
            "path_filestat_set_times", fd, follow, *guest.text(name), 10**9, 2 * 10**9, flags
        )

    def do_close(self):
        fd = self._random.choice([4, 5, 6, 7, 99])
        return lambda guest: guest.call("fd_close", fd)

    def do_renumber(self):
        one, two = self._random.choice([4, 5, 6, 99]), self._random.choice([4, 5, 6, 99])
        return lambda guest: guest.call("fd_renumber", one, two)

    def do_advise(self):
        fd, offset, length = self._fd(), self._number(), self._number()
        return lambda guest: guest.call("fd_advise", fd, offset, length, 1)


@pytest.fixture
def both(backend, tmp_path):
    (tmp_path / "theirs").mkdir()
    guests = ModuleGuest(tmp_path / "theirs"), ModuleGuest(backend.vfs(layout=()))
    yield guests
    for guest in guests:
        guest.close()


@pytest.mark.parametrize("seed", range(60))
def test_random_walks(both, seed):
    theirs, ours = both
    for index, (kind, step) in enumerate(Walk(seed).steps(60)):
        assert (index, kind, step(ours)) == (index, kind, step(theirs))


STORY = [
    ("make a directory", lambda g: g.mkdir("d")),
    ("make a file in it", lambda g: g.open("d/x", CREAT)),
    ("write", lambda g: g.write(4, b"hello")),
    ("tell", lambda g: (g.call("fd_tell", 4, 64), g.result64())),
    ("stat", lambda g: visible(g.filestat(4))),
    ("rights", lambda g: g.fdstat(4)),
    ("rights of the root", lambda g: g.fdstat(ROOT)),
    ("rights of a stream", lambda g: (g.fdstat(0), g.fdstat(1))),
    ("close", lambda g: g.call("fd_close", 4)),
    ("number is given out again", lambda g: g.open("d", DIRECTORY, READ)),
    ("list", lambda g: g.readdir(4)),
    ("list the rest", lambda g: g.readdir(4, cookie=2)),
    ("list in a short buffer", lambda g: g.readdir(4, 30)),
    ("relative to a directory", lambda g: g.open("x", 0, READ, fd=4)),
    ("out of that directory", lambda g: g.open("../d/x", 0, READ, fd=4)),
    ("append", lambda g: g.open("d/x", 0, READ | WRITE, APPEND)),
    ("write at the end", lambda g: g.write(6, b"!")),
    ("read at the start", lambda g: g.read(6, 9, 0)),
    ("exclusively", lambda g: g.open("d/x", CREAT | EXCL)),
    ("cut", lambda g: g.open("d/x", TRUNC, READ)),
    ("read nothing", lambda g: g.read(6, 9, 0)),
    ("hard link", lambda g: g.link("d/x", "y")),
    ("links", lambda g: visible(g.filestat_at("y"))),
    ("onto itself", lambda g: g.rename("y", "d/x")),
    ("symbolic link", lambda g: g.symlink("d/x", "l")),
    ("not followed", lambda g: g.open("l")),
    ("followed", lambda g: g.open("l", follow=FOLLOW)),
    ("read link", lambda g: g.readlink("l", 2)),
    ("loop", lambda g: (g.symlink("m", "m"), g.open("m", follow=FOLLOW))),
    ("full directory", lambda g: g.rmdir("d")),
    ("unlink a directory", lambda g: g.unlink("d")),
    ("no such file", lambda g: g.unlink("none")),
    ("slash behind a file", lambda g: g.open("y/")),
    ("slash behind a link to come", lambda g: g.symlink("x", "n/")),
    ("absolute", lambda g: g.open("/d/x")),
    ("absolute target", lambda g: g.symlink("/etc", "etc")),
    ("NUL", lambda g: g.open("d\0x")),
    ("not UTF-8", lambda g: g.open(b"\xff")),
    ("long name", lambda g: g.mkdir("n" * 256)),
    ("sync flag", lambda g: g.open("y", 0, READ, 2)),
    ("set rights", lambda g: g.call("fd_fdstat_set_rights", ROOT, 0, 0)),
    ("name of the root", lambda g: (g.call("fd_prestat_dir_name", ROOT, 1024, 1), g.memory.read(1024, 1))),
    ("its name in a short buffer", lambda g: g.call("fd_prestat_dir_name", ROOT, 1024, 0)),
    (
        "name of another",
        lambda g: (g.call("fd_prestat_get", 4, 64), g.call("fd_prestat_dir_name", 4, 1024, 9)),
    ),
    ("processor time", lambda g: g.call("clock_time_get", 2, 0, 64)),
    ("unknown clock", lambda g: g.call("clock_res_get", 0, 64)),
    ("no subscription", lambda g: g.call("poll_oneoff", 1024, 8192, 0, 64)),
    ("signal", lambda g: g.call("proc_raise", 6)),
    ("socket", lambda g: [g.call("sock_shutdown", fd, 1) for fd in (1, ROOT, 99)]),
    ("yield", lambda g: g.call("sched_yield")),
    ("arguments", lambda g: (g.call("args_sizes_get", 64, 68), g.memory.read(64, 8))),
    ("environment", lambda g: (g.call("environ_sizes_get", 64, 68), g.memory.read(64, 8))),
    ("renumber", lambda g: (g.call("fd_renumber", 5, 6), g.fdstat(5), g.fdstat(6))),
    ("seek before the start", lambda g: g.seek(6, -1, 0)),
]


def test_a_story(both):
    theirs, ours = both
    for what, step in STORY:
        assert (what, step(ours)) == (what, step(theirs))
