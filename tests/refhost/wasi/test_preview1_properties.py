"""What holds whatever a plugin calls, and in whatever order (§5)."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyfakefs.fake_filesystem import FakeFilesystem
from wasi_guest import CREAT, DirectGuest

from refhost.errors import GuestExit
from refhost.wasi.preview1 import FUNCTIONS, Errno
from refhost.wasi.vfs import Limits, Vfs
from refhost.wasi.vfs.memory import memory_tree

I32 = st.one_of(
    st.integers(0, 8),
    st.integers(0, 131_072),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([-1, -(2**31), 2**31 - 1, 131_071, 131_072]),
)
I64 = st.one_of(st.integers(0, 70), st.integers(-(2**63), 2**63 - 1), st.sampled_from([-1, 2**63 - 1, -(2**63)]))
TYPES = {"i32": I32, "i64": I64}
WORDS = [b"data", b"tmp", b"x", b"l", b"..", b".", b"/", b"a/b", b"\0", b"\xff", b"../../canary", b"/canary"]


@st.composite
def calls(draw):
    function = draw(st.sampled_from(sorted(FUNCTIONS)))
    return function, tuple(draw(TYPES[name]) for name in FUNCTIONS[function].params)


MEMORY = st.lists(st.sampled_from(WORDS), max_size=12).map(b"/".join)


def outside(filesystem):
    return [
        (path, filesystem.get_object(path).byte_contents, filesystem.get_object(path).st_mtime)
        for path in ("/canary", "/srv/canary")
    ] + [sorted(filesystem.listdir("/")), sorted(filesystem.listdir("/srv"))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(calls(), min_size=1, max_size=25), MEMORY, st.integers(0, 2**32))
def test_any_call_ends_in_an_errno_and_leaves_the_outside_alone(sequence, words, seed):
    filesystem = FakeFilesystem(path_separator="/")
    filesystem.create_file("/canary", contents="untouched")
    filesystem.create_file("/srv/canary", contents="untouched")
    vfs = Vfs(memory_tree(filesystem, "/srv/vfs"), limits=Limits(total_size=1 << 20, file_size=1 << 19))
    before = outside(filesystem)
    guest = DirectGuest(vfs, stdin=b"input")
    try:
        guest.make("data/x", b"contents")
        guest.symlink("x", "data/l")
        guest.opened("data/x", CREAT)
        noise = random.Random(seed).randbytes(200)
        guest.memory.write(0, struct.pack("<6I", 100, 4, 200, 6, 0, 9) + words + noise)
        for name, arguments in sequence:
            if name == "proc_exit":
                with pytest.raises(GuestExit):
                    guest.call(name, *arguments)
            else:
                assert guest.call(name, *arguments) in list(Errno)
        assert vfs.usage().bytes <= 1 << 20
        vfs.files(), vfs.tree_hash(), vfs.clear_tmp()
        assert outside(filesystem) == before
    finally:
        guest.close()


def run(sequence):
    """Everything that can be seen of a sequence of calls."""
    vfs = Vfs()
    guest = DirectGuest(vfs, stdin=b"input")
    guest.make("data/x", b"contents")
    guest.memory.write(0, struct.pack("<6I", 100, 4, 200, 6, 0, 9) + b"data/x/../l")
    seen = []
    for name, arguments in sequence:
        if name != "proc_exit":
            seen.append(guest.call(name, *arguments))
    memory = guest.memory.read(0, guest.memory.size)
    guest.close()
    return seen, memory, vfs.operations, vfs.tree_hash(), vfs.clock.now_ns, guest.out


@settings(max_examples=30, deadline=None)
@given(st.lists(calls(), max_size=20))
def test_the_same_calls_give_the_same_bytes(sequence):
    assert run(sequence) == run(sequence)


def test_the_same_calls_give_the_same_bytes_with_inodes_and_times(backend):
    def story():
        vfs = backend.vfs()
        guest = DirectGuest(vfs)
        guest.make("data/x", b"1")
        guest.symlink("x", "data/l")
        guest.rename("data/x", "tmp/y")
        guest.call("clock_time_get", 0, 0, 64)
        guest.make("data/z", b"2")
        seen = [guest.filestat_at(path) for path in (".", "data", "data/l", "data/z", "tmp/y")]
        guest.call("random_get", 1024, 64)
        seen += [guest.memory.read(1024, 64), guest.readdir(3), list(vfs.operations)]
        guest.close()
        return seen

    assert story() == story()


@pytest.mark.parametrize("number", range(3))
def test_faults_become_errors_of_wasi(guest, vfs, number):
    error, expected = [("EDQUOT", Errno.DQUOT), ("ENOTCONN", Errno.NOTCONN), ("E2BIG", Errno.TOOBIG)][number]
    vfs.faults.append(lambda operation: error)
    assert guest.open("data/x", CREAT)[0] == expected
    vfs.faults[:] = [lambda operation: 9999]
    assert guest.open("data/x", CREAT)[0] == Errno.IO
    assert replace(vfs.operations[-1], error="").name == "create"
