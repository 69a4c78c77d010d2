"""The functions that start with `fd_` (§5)."""

from __future__ import annotations

import struct

import pytest
from wasi_guest import APPEND, BUFFER, CREAT, DIRECTORY, READ, RESULT, ROOT, TRUNC, VECTOR, WRITE, DirectGuest

from refhost.wasi.preview1 import Errno
from refhost.wasi.preview1.layout import ALL_RIGHTS, PREOPEN_INHERITING, PREOPEN_RIGHTS, Rights
from refhost.wasi.vfs import Limits

HUGE = 2**63 - 1
BIG = 8192


def test_read_write_seek_tell(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    assert fd == 4
    assert guest.write(fd, b"hello world") == (0, 11)
    assert guest.call("fd_tell", fd, RESULT) == 0
    assert guest.result64() == 11
    assert guest.seek(fd, -5, 2) == (0, 6)
    assert guest.read(fd, 100) == (0, b"world")
    assert guest.read(fd, 100) == (0, b"")
    assert guest.seek(fd, 2, 0) == (0, 2)
    assert guest.seek(fd, 3, 1) == (0, 5)
    assert guest.seek(fd, -6, 1)[0] == Errno.INVAL
    assert guest.seek(fd, 0, 3)[0] == Errno.INVAL
    assert guest.seek(fd, 20, 0) == (0, 20)
    assert guest.write(fd, b"!") == (0, 1)
    assert vfs.read("/data/x") == b"hello world" + bytes(9) + b"!"
    assert guest.call("fd_close", fd) == 0
    assert guest.call("fd_close", fd) == Errno.BADF


def test_pread_and_pwrite_leave_the_position(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    guest.write(fd, b"hello")
    assert guest.write(fd, b"J", at=0) == (0, 1)
    assert guest.read(fd, 2, at=3) == (0, b"lo")
    assert guest.seek(fd, 0, 1) == (0, 5)
    assert vfs.read("/data/x") == b"Jello"
    assert guest.read(fd, 2, at=-1)[0] == Errno.INVAL
    assert guest.write(fd, b"x", at=HUGE)[0] == Errno.INVAL
    assert guest.write(fd, b"x", at=HUGE >> 1)[0] == Errno.FBIG


def test_append(guest, vfs):
    vfs.write("/data/x", b"start")
    fd = guest.opened("data/x", fdflags=APPEND)
    assert guest.write(fd, b"-end") == (0, 4)
    assert guest.seek(fd, 0, 1) == (0, 9)
    assert guest.write(fd, b"!", at=0) == (0, 1), "as on Linux, pwrite appends"
    assert guest.call("fd_fdstat_set_flags", fd, 0) == 0
    guest.seek(fd, 0, 0)
    guest.write(fd, b"S")
    assert vfs.read("/data/x") == b"Start-end!"


def test_vectors_are_gathered_and_scattered(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    guest.memory.write(BUFFER, b"abcdef")
    guest.memory.write(VECTOR, struct.pack("<6I", BUFFER + 4, 2, 0, 0, BUFFER, 4))
    assert guest.call("fd_write", fd, VECTOR, 3, RESULT) == 0
    assert guest.result() == 6
    assert vfs.read("/data/x") == b"efabcd"
    guest.seek(fd, 0, 0)
    guest.memory.write(VECTOR, struct.pack("<4I", BUFFER + 10, 1, BUFFER, 9))
    assert guest.call("fd_read", fd, VECTOR, 2, RESULT) == 0
    assert guest.result() == 6
    assert guest.memory.read(BUFFER, 11) == b"fabcd" + b"f" + bytes(4) + b"e"
    assert guest.call("fd_read", fd, VECTOR, 1025, RESULT) == Errno.INVAL
    guest.memory.write(VECTOR, struct.pack("<4I", BUFFER, 1, 131_072, 1))
    assert guest.call("fd_write", fd, VECTOR, 2, RESULT) == Errno.FAULT
    assert guest.call("fd_read", fd, VECTOR, 2, RESULT) == Errno.FAULT


def test_a_call_that_fails_for_its_result_pointer_has_no_effect(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    guest.memory.write(VECTOR, struct.pack("<II", BUFFER, 4))
    assert guest.call("fd_write", fd, VECTOR, 1, -1) == Errno.FAULT
    assert vfs.read("/data/x") == b""
    assert guest.call("path_open", ROOT, 0, *guest.text("data/y"), CREAT, READ, 0, 0, -2) == Errno.FAULT
    assert not vfs.exists("/data/y")
    assert guest.call("fd_seek", fd, 5, 0, -1) == Errno.FAULT
    assert guest.seek(fd, 0, 1) == (0, 0)


def test_one_call_transfers_no_more_than_its_limit(guest):
    fd = guest.opened("data/x", CREAT)
    guest.memory.write(BIG, struct.pack("<II", 0, 131_072) * 1000)
    assert guest.call("fd_write", fd, BIG, 1000, RESULT) == 0
    assert guest.result() == 1 << 24


def test_standard_output_takes_so_much_in_one_call(guest):
    guest.memory.write(BIG, struct.pack("<II", 0, 100_000))
    assert guest.call("fd_write", 1, BIG, 1, RESULT) == 0
    assert guest.result() == 1 << 16


def test_rights_to_read_and_to_write(guest, vfs):
    vfs.write("/data/x", b"old")
    reader = guest.opened("data/x", rights=READ)
    writer = guest.opened("data/x", rights=WRITE)
    assert guest.write(reader, b"x")[0] == Errno.BADF
    assert guest.read(writer, 1)[0] == Errno.BADF
    assert guest.call("fd_filestat_set_size", reader, 0) == Errno.INVAL
    assert guest.call("fd_allocate", reader, 0, 9) == Errno.BADF
    assert vfs.read("/data/x") == b"old"
    assert not guest.fdstat(reader)[3] & Rights.FD_WRITE
    assert not guest.fdstat(writer)[3] & Rights.FD_READ


def test_fdstat(guest):
    assert guest.fdstat(0) == (0, 0, 0, Rights.FD_READ, Rights.FD_READ)
    assert guest.fdstat(1) == guest.fdstat(2) == (0, 0, 0, Rights.FD_WRITE, Rights.FD_WRITE)
    assert guest.fdstat(ROOT) == (0, 3, 0, PREOPEN_RIGHTS, PREOPEN_INHERITING)
    fd = guest.opened("data/x", CREAT, fdflags=APPEND | 4)
    assert guest.fdstat(fd) == (0, 4, APPEND | 4, ALL_RIGHTS, ALL_RIGHTS)
    directory = guest.opened("data", DIRECTORY, rights=READ)
    error, filetype, flags, base, inheriting = guest.fdstat(directory)
    assert (error, filetype, flags, base) == (0, 3, 0, inheriting)
    assert not base & (Rights.FD_SEEK | Rights.FD_WRITE | Rights.FD_FILESTAT_SET_SIZE)
    assert guest.fdstat(99) == (Errno.BADF,)


def test_fdstat_set_flags_and_rights(guest):
    fd = guest.opened("data/x", CREAT)
    assert guest.call("fd_fdstat_set_flags", fd, 2) == Errno.INVAL
    assert guest.call("fd_fdstat_set_flags", fd, 32) == Errno.INVAL
    assert guest.call("fd_fdstat_set_flags", fd, -1) == Errno.INVAL
    assert guest.call("fd_fdstat_set_flags", ROOT, 0) == Errno.BADF
    assert guest.call("fd_fdstat_set_rights", fd, READ, 0) == Errno.NOTSUP
    assert guest.call("fd_fdstat_set_rights", fd, -1, 0) == Errno.INVAL
    assert guest.call("fd_fdstat_set_rights", 1, 0, 0) == Errno.BADF


def test_filestat(guest, vfs):
    vfs.clock.pass_time(77)
    now = vfs.clock.now_ns
    fd = guest.opened("data/x", CREAT)
    guest.write(fd, b"abc")
    error, device, inode, *rest = guest.filestat(fd)
    assert (error, device, rest) == (0, 1, [4, 1, 3, now, now, now])
    guest.link("data/x", "data/y")
    assert guest.filestat(fd)[1:5] == (1, inode, 4, 2)
    assert guest.filestat(ROOT)[3] == 3
    assert guest.filestat(1) == (0, 0, 0, 0, 0, 0, 0, 0, 0)


def test_filestat_set_times(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    vfs.clock.pass_time(5)
    assert guest.call("fd_filestat_set_times", fd, 7, 8, 1 | 4) == 0
    assert guest.filestat(fd)[6:8] == (7, 8)
    assert guest.call("fd_filestat_set_times", fd, 0, 0, 2) == 0
    assert guest.filestat(fd)[6:8] == (vfs.clock.now_ns, 8)
    assert guest.call("fd_filestat_set_times", fd, -1, -1, 1) == 0
    assert guest.filestat(fd)[6] == 2**64 - 1
    for flags in (3, 12, 16, -1):
        assert guest.call("fd_filestat_set_times", fd, 0, 0, flags) == Errno.INVAL
    assert guest.call("fd_filestat_set_times", ROOT, 1, 2, 5) == 0
    assert guest.filestat(ROOT)[6:8] == (1, 2)
    assert guest.call("fd_filestat_set_times", 1, 1, 2, 5) == Errno.BADF


def test_sizes(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    assert guest.call("fd_filestat_set_size", fd, 4) == 0
    assert vfs.read("/data/x") == bytes(4)
    assert guest.call("fd_filestat_set_size", fd, 2) == 0
    assert guest.call("fd_filestat_set_size", fd, -1) == Errno.INVAL
    assert guest.call("fd_filestat_set_size", fd, HUGE) == Errno.FBIG
    assert guest.call("fd_allocate", fd, 1, 9) == 0
    assert guest.call("fd_allocate", fd, 0, 3) == 0
    assert vfs.read("/data/x") == bytes(10)
    assert guest.call("fd_allocate", fd, 0, 0) == Errno.INVAL
    assert guest.call("fd_allocate", fd, HUGE, HUGE) == Errno.FBIG
    assert guest.call("fd_allocate", fd, -1, -1) == Errno.FBIG
    for name in ("fd_filestat_set_size", "fd_allocate"):
        arguments = (1,) if name == "fd_filestat_set_size" else (1, 1)
        assert guest.call(name, ROOT, *arguments) == Errno.BADF


def test_total_size_is_bounded(backend):
    guest = DirectGuest(backend.vfs(limits=Limits(total_size=1 << 20)))
    fd = guest.opened("data/x", CREAT)
    assert guest.call("fd_filestat_set_size", fd, 1 << 20) == 0
    other = guest.opened("data/y", CREAT)
    assert guest.write(other, b"1")[0] == Errno.NOSPC
    guest.close()


def test_advise_and_sync(guest):
    fd = guest.opened("data/x", CREAT)
    assert guest.call("fd_advise", fd, 0, 0, 5) == 0
    assert guest.call("fd_advise", fd, 0, 0, 6) == Errno.INVAL
    assert guest.call("fd_advise", fd, 0, -1, 0) == Errno.INVAL
    assert guest.call("fd_advise", ROOT, 0, 0, 0) == Errno.BADF
    assert guest.call("fd_sync", fd) == guest.call("fd_datasync", fd) == 0
    assert guest.call("fd_sync", 1) == Errno.BADF


def test_directories_and_streams_are_no_files(guest):
    for name, fd in (("directory", ROOT), ("none", 99)):
        assert guest.read(fd, 1)[0] == Errno.BADF, name
        assert guest.write(fd, b"x")[0] == Errno.BADF, name
        assert guest.read(fd, 1, at=0)[0] == Errno.BADF, name
        assert guest.write(fd, b"x", at=0)[0] == Errno.BADF, name
        assert guest.seek(fd, 0, 0)[0] == Errno.BADF, name
        assert guest.call("fd_tell", fd, RESULT) == Errno.BADF, name
    assert guest.seek(1, 0, 0)[0] == Errno.SPIPE
    assert guest.read(0, 1, at=0)[0] == Errno.SPIPE
    assert guest.write(1, b"x", at=0)[0] == Errno.SPIPE
    assert guest.write(0, b"x")[0] == Errno.BADF
    assert guest.read(1, 1)[0] == Errno.BADF


def test_streams(guest):
    assert guest.write(1, b"out") == (0, 3)
    assert guest.write(2, b"err") == (0, 3)
    assert guest.write(1, b"") == (0, 0)
    assert (guest.out, guest.err) == (b"out", b"err")
    assert guest.read(0, 3) == (0, b"typ")
    assert guest.read(0, 99) == (0, b"ed")
    assert guest.read(0, 99) == (0, b"")


def test_prestat(guest):
    assert guest.call("fd_prestat_get", ROOT, BUFFER) == 0
    assert struct.unpack("<BxxxI", guest.memory.read(BUFFER, 8)) == (0, 1)
    assert guest.call("fd_prestat_dir_name", ROOT, BUFFER, 1) == 0
    assert guest.memory.read(BUFFER, 1) == b"/"
    assert guest.call("fd_prestat_dir_name", ROOT, BUFFER, 0) == Errno.NAMETOOLONG
    fd = guest.opened("data", DIRECTORY)
    assert guest.call("fd_prestat_get", fd, BUFFER) == Errno.BADF
    assert guest.call("fd_prestat_dir_name", fd, BUFFER, 9) == Errno.NOTDIR
    assert guest.call("fd_prestat_get", 4 + 1, BUFFER) == Errno.BADF


def test_without_a_vfs_nothing_is_preopened():
    guest = DirectGuest(None)
    assert guest.call("fd_prestat_get", ROOT, BUFFER) == Errno.BADF
    assert guest.open("data/x", CREAT)[0] == Errno.BADF
    assert guest.write(1, b"still there") == (0, 11)
    guest.close()


def test_readdir_lists_itself_its_parent_and_the_rest_in_order(guest, vfs):
    vfs.write("/data/b", b"")
    vfs.write("/data/a/x", b"")
    guest.symlink("b", "data/c")
    fd = guest.opened("data", DIRECTORY)
    error, entries = guest.readdir(fd)
    assert error == 0
    assert entries == [(1, b".", 3), (2, b"..", 3), (3, b"a", 3), (4, b"b", 4), (5, b"c", 7)]
    assert guest.readdir(fd, cookie=3) == (0, [(4, b"b", 4), (5, b"c", 7)])
    assert guest.readdir(fd, cookie=5) == (0, [])
    assert guest.readdir(fd, cookie=-1) == (0, [])
    assert guest.readdir(1)[0] == guest.readdir(99)[0] == Errno.BADF


@pytest.mark.parametrize("size", [0, 1, 23, 24, 25, 60, 75, 76])
def test_readdir_cuts_the_last_entry_at_the_end_of_the_buffer(guest, vfs, size):
    vfs.write("/data/file", b"")
    fd = guest.opened("data", DIRECTORY)
    guest.memory.write(BUFFER, b"\xaa" * 200)
    assert guest.call("fd_readdir", fd, BUFFER, size, 0, RESULT) == 0
    whole = 25 + 26 + 28
    assert guest.result() == min(size, whole)
    assert guest.memory.read(BUFFER + size, 8) == b"\xaa" * 8


def test_readdir_of_what_is_deleted_on_the_way_misses_nothing(guest, vfs):
    for index in range(20):
        vfs.write(f"/data/{index:02}", b"")
    fd = guest.opened("data", DIRECTORY)
    cookie, found = 0, []
    while True:
        _, entries = guest.readdir(fd, 60, cookie)
        if not entries:
            break
        for following, name, _ in entries:
            if name not in {b".", b".."}:
                found.append(name)
                assert guest.unlink(b"data/" + name) == 0
            cookie = following
    assert len(found) == 20
    assert guest.readdir(fd)[1][2:] == []


def test_listings_that_are_kept_are_bounded(guest, vfs):
    vfs.write("/data/x", b"")
    fds = [guest.opened("data", DIRECTORY) for _ in range(40)]
    for fd in fds:
        assert guest.readdir(fd, 30)[1] == [(1, b".", 3)]
    assert len([fd for fd in fds if guest.wasi._guest.descriptors.get(fd).listing is not None]) == 16
    assert guest.readdir(fds[0], cookie=2) == (0, [(3, b"x", 4)])


def test_renumber(guest, vfs):
    one, two = guest.opened("data/1", CREAT), guest.opened("data/2", CREAT)
    assert guest.call("fd_renumber", one, two) == 0
    guest.write(two, b"one")
    assert vfs.files() == {"/data/1": b"one", "/data/2": b""}
    assert guest.call("fd_close", one) == Errno.BADF
    assert guest.call("fd_renumber", two, one) == Errno.BADF
    assert guest.call("fd_renumber", 99, two) == Errno.BADF
    assert guest.call("fd_renumber", two, two) == 0
    assert guest.opened("data/3", CREAT) == one, "the freed number is given out again"


def test_the_preopened_directory_can_be_closed_and_replaced(guest):
    fd = guest.opened("data", DIRECTORY)
    assert guest.call("fd_renumber", fd, ROOT) == 0
    assert guest.opened("x", CREAT) == 4
    assert guest.call("fd_close", ROOT) == 0
    assert guest.open("x")[0] == Errno.BADF


def test_descriptors_are_bounded(guest, monkeypatch):
    monkeypatch.setattr("refhost.wasi.preview1.descriptors.MAX_DESCRIPTORS", 6)
    for _ in range(2):
        guest.opened("data", DIRECTORY)
    assert guest.open("data/x", CREAT)[0] == Errno.MFILE
    assert not guest.vfs.exists("/data/x")


def test_a_file_outlives_its_name(guest, vfs):
    fd = guest.opened("data/x", CREAT)
    assert guest.unlink("data/x") == 0
    assert guest.write(fd, b"abc") == (0, 3)
    assert guest.read(fd, 3, at=0) == (0, b"abc")
    assert guest.filestat(fd)[4] == 0
    assert vfs.files() == {}


def test_a_removed_directory_takes_no_files(guest):
    guest.mkdir("data/d")
    fd = guest.opened("data/d", DIRECTORY)
    assert guest.rmdir("data/d") == 0
    assert guest.open("x", CREAT, fd=fd)[0] == Errno.NOENT
    assert guest.readdir(fd)[0] == 0
    assert guest.mkdir("e", fd=fd) == Errno.NOENT


def test_an_open_directory_follows_its_renaming(guest, vfs):
    guest.mkdir("data/d")
    fd = guest.opened("data/d", DIRECTORY)
    guest.rename("data/d", "config/e")
    assert guest.open("x", CREAT | TRUNC, fd=fd)[0] == 0
    assert vfs.files() == {"/config/e/x": b""}
    assert vfs.operations[-1].path == "/config/e/x"


def test_close_closes_files(guest, vfs):
    guest.opened("data/x", CREAT)
    guest.wasi.close()
    assert vfs.operations[-1].name == "close"
    assert guest.call("fd_close", 1) == Errno.BADF
