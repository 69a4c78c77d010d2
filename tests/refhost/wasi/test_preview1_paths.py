"""The functions that start with `path_` (§5)."""

from __future__ import annotations

import pytest
from wasi_guest import (
    APPEND,
    BUFFER,
    CREAT,
    DIRECTORY,
    EXCL,
    READ,
    RESULT,
    ROOT,
    TEXT,
    TEXT2,
    TRUNC,
    WRITE,
    DirectGuest,
)

from refhost.wasi.preview1 import Errno

FOLLOW = 1


def test_open_flags(guest, vfs):
    assert guest.open("data/x")[0] == Errno.NOENT
    assert guest.open("data/x", CREAT)[0] == 0
    assert guest.open("data/x", CREAT | EXCL)[0] == Errno.EXIST
    vfs.write("/data/x", b"old")
    assert guest.open("data/x", CREAT)[0] == 0
    assert vfs.read("/data/x") == b"old"
    assert guest.open("data/x", TRUNC, rights=READ)[0] == 0
    assert vfs.read("/data/x") == b""
    assert guest.open("data/x", DIRECTORY)[0] == Errno.NOTDIR
    assert guest.open("data/none", DIRECTORY)[0] == Errno.NOENT
    assert guest.open("data", DIRECTORY, rights=READ)[0] == 0
    assert guest.open("data", rights=READ)[0] == 0
    for flags in (CREAT, EXCL, TRUNC):
        assert guest.open("data", DIRECTORY | flags)[0] == Errno.INVAL
    assert guest.open("data", CREAT, rights=READ)[0] == Errno.ISDIR
    assert guest.open("data", rights=WRITE)[0] == Errno.ISDIR
    assert guest.open("data/x", 16)[0] == Errno.INVAL
    assert guest.open("data/x", fdflags=32)[0] == Errno.INVAL
    assert guest.open("data/x", fdflags=2)[0] == Errno.NOTSUP
    assert guest.open("data/x", fdflags=APPEND | 4)[0] == 0
    assert guest.open("data/x", follow=2)[0] == Errno.INVAL
    assert guest.open("data/x", rights=-1)[0] == Errno.INVAL
    assert guest.open("x", fd=guest.opened("data/x"))[0] == Errno.NOTDIR
    assert guest.open("x", fd=1)[0] == guest.open("x", fd=99)[0] == Errno.BADF


def test_open_through_links(guest, vfs):
    vfs.write("/data/x", b"there")
    guest.symlink("x", "data/l")
    guest.symlink("nowhere", "data/dangling")
    guest.symlink("loop", "data/loop")
    assert guest.open("data/l")[0] == Errno.LOOP
    assert guest.read(guest.opened("data/l", follow=FOLLOW), 9) == (0, b"there")
    assert guest.open("data/dangling")[0] == Errno.LOOP
    assert guest.open("data/dangling", follow=FOLLOW)[0] == Errno.NOENT
    assert guest.open("data/dangling", CREAT | EXCL, follow=FOLLOW)[0] == Errno.EXIST
    assert guest.open("data/dangling", CREAT, follow=FOLLOW)[0] == 0
    assert vfs.exists("/data/nowhere")
    assert guest.open("data/loop", follow=FOLLOW)[0] == Errno.LOOP
    guest.symlink("data", "dir")
    assert guest.open("dir/x")[0] == 0
    assert guest.open("dir/", DIRECTORY, rights=READ)[0] == 0
    assert guest.open("dir", DIRECTORY, rights=READ)[0] == Errno.LOOP


def test_long_chains_of_links_end(guest):
    guest.make("data/0")
    for index in range(50):
        guest.symlink(str(index), f"data/{index + 1}")
    assert guest.open("data/40", follow=FOLLOW)[0] == 0
    assert guest.open("data/41", follow=FOLLOW)[0] == Errno.LOOP


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("", Errno.NOENT),
        ("/data", Errno.PERM),
        ("..", Errno.PERM),
        ("data/../..", Errno.PERM),
        ("data/none/..", Errno.NOENT),
        ("a\0b", Errno.INVAL),
        ("n" * 256, Errno.NAMETOOLONG),
        ("ä" * 128, Errno.NAMETOOLONG),
        ("d/" * 3000, Errno.NAMETOOLONG),
        ("data/file/x", Errno.NOTDIR),
        ("data/file/", Errno.NOTDIR),
        ("data/file/.", Errno.NOTDIR),
        ("data/file/..", Errno.NOTDIR),
        (b"data/\xff", Errno.ILSEQ),
    ],
)
def test_paths_that_lead_nowhere(guest, vfs, path, error):
    vfs.write("/data/file", b"")
    before = vfs.tree_hash()
    for name, arguments in (
        ("path_filestat_get", (0, *guest.text(path), BUFFER)),
        ("path_filestat_set_times", (0, *guest.text(path), 1, 2, 5)),
        ("path_open", (0, *guest.text(path), CREAT, READ, 0, 0, RESULT)),
        ("path_readlink", (*guest.text(path), BUFFER, 9, RESULT)),
        ("path_link", (0, *guest.text(path), ROOT, *guest.text("new", TEXT2))),
    ):
        got = guest.call(name, ROOT, *arguments)
        if name == "path_open" and path == "data/file/":
            assert got == Errno.ISDIR
        else:
            assert got == error, name
    assert vfs.tree_hash() == before


def test_paths_are_out_of_memory(guest):
    assert guest.call("path_create_directory", ROOT, -4, 8) == Errno.FAULT
    assert guest.call("path_create_directory", ROOT, 0, -1) == Errno.FAULT
    assert guest.call("path_create_directory", ROOT, 131_071, 2) == Errno.FAULT


def test_odd_but_good_paths(guest, vfs):
    vfs.write("/data/d/x", b"1")
    for path in ("data//d/./x", "./data/d/../d/x", "data/d/../../data/d/x", "data/d//.///x"):
        assert guest.open(path)[0] == 0, path
    name = "n" * 255
    assert guest.open(f"data/{name}", CREAT)[0] == 0
    assert guest.open("data/Ü ñ 船", CREAT)[0] == 0
    assert vfs.list("/data") == ["d", name, "Ü ñ 船"]


def test_directories(guest, vfs):
    assert guest.mkdir("data/d") == 0
    assert guest.mkdir("data/d") == Errno.EXIST
    assert guest.mkdir("data/e/") == 0
    assert guest.mkdir("data/none/d") == Errno.NOENT
    assert guest.mkdir(".") == Errno.EXIST
    guest.make("data/d/x")
    assert guest.rmdir("data/d") == Errno.NOTEMPTY
    assert guest.rmdir("data/d/x") == Errno.NOTDIR
    assert guest.rmdir("data/none") == Errno.NOENT
    assert guest.unlink("data/d/x") == 0
    assert guest.unlink("data/d") == Errno.ISDIR
    assert guest.rmdir("data/d/") == 0
    assert guest.rmdir("data/e") == 0
    assert guest.rmdir(".") == Errno.INVAL
    assert vfs.list("/data") == []
    guest.symlink("config", "l")
    assert guest.rmdir("l") == guest.rmdir("l/") == Errno.NOTDIR


def test_unlink(guest, vfs):
    guest.make("data/x")
    guest.symlink("x", "data/l")
    assert guest.unlink("data/x/") == Errno.NOTDIR
    assert guest.unlink("data/none") == Errno.NOENT
    assert guest.unlink("data/l") == 0
    assert vfs.list("/data") == ["x"]
    guest.symlink("nowhere", "data/l")
    assert guest.unlink("data/l") == guest.unlink("data/x") == 0


def test_filestat_of_paths(guest, vfs):
    vfs.write("/data/x", b"abc")
    guest.symlink("x", "data/l")
    guest.symlink("../.", "data/up")
    assert guest.filestat_at("data/l")[3:6] == (7, 1, 1)
    assert guest.filestat_at("data/l", FOLLOW)[3:6] == (4, 1, 3)
    assert guest.filestat_at("data/up/data/l", FOLLOW)[2] == guest.filestat_at("data/x")[2]
    assert guest.filestat_at("data/up", FOLLOW)[2] == guest.filestat(ROOT)[2]
    assert guest.filestat_at("data/x/") == (Errno.NOTDIR,)
    assert guest.filestat_at("data/none") == (Errno.NOENT,)
    assert guest.filestat_at("data/x", 2) == (Errno.INVAL,)
    assert guest.filestat_at("data/x", fd=1) == (Errno.BADF,)


def test_set_times_of_paths(guest):
    guest.make("data/x")
    guest.symlink("x", "data/l")
    assert guest.call("path_filestat_set_times", ROOT, 0, *guest.text("data/l"), 1, 2, 5) == 0
    assert guest.filestat_at("data/l")[6:8] == (1, 2)
    assert guest.filestat_at("data/x")[7] != 2
    assert guest.call("path_filestat_set_times", ROOT, FOLLOW, *guest.text("data/l"), 1, 2, 5) == 0
    assert guest.filestat_at("data/x")[6:8] == (1, 2)
    assert guest.call("path_filestat_set_times", ROOT, 0, *guest.text("data/x"), 1, 2, 3) == Errno.INVAL


def test_links_are_the_same_file(guest, vfs):
    guest.make("data/x", b"1")
    assert guest.link("data/x", "tmp/y") == 0
    guest.write(guest.opened("tmp/y"), b"2")
    assert vfs.files() == {"/data/x": b"2", "/tmp/y": b"2"}
    assert guest.filestat_at("data/x")[2] == guest.filestat_at("tmp/y")[2]
    guest.unlink("data/x")
    assert vfs.files() == {"/tmp/y": b"2"}
    assert guest.filestat_at("tmp/y")[4] == 1


def test_link_errors(guest, vfs):
    guest.make("data/x")
    guest.symlink("nowhere", "data/l")
    assert guest.link("data/x", "data/x") == guest.link("data/x", "tmp") == Errno.EXIST
    assert guest.link("data", "tmp/d") == Errno.PERM
    assert guest.link("data/none", "tmp/d") == Errno.NOENT
    assert guest.link("data/x", "tmp/y/") == Errno.NOENT
    assert guest.link("data/x", "tmp/y", follow=FOLLOW) == Errno.INVAL
    assert guest.link("data/x", "data/l") == Errno.EXIST
    assert guest.link("data/l", "tmp/l") == 0
    assert guest.readlink("tmp/l") == (0, b"nowhere")
    assert vfs.list("/tmp") == ["l"]


def test_symlink_and_readlink(guest):
    assert guest.symlink("some/where", "data/l") == 0
    assert guest.readlink("data/l") == (0, b"some/where")
    assert guest.readlink("data/l", size=4) == (0, b"some")
    assert guest.readlink("data/l", size=0) == (0, b"")
    assert guest.readlink("data") == (Errno.INVAL, b"")
    assert guest.readlink("data/none") == (Errno.NOENT, b"")
    assert guest.symlink("x", "data/l") == Errno.EXIST
    assert guest.symlink("x", "data") == Errno.EXIST
    assert guest.symlink("x", "data/m/") == Errno.NOENT
    assert guest.symlink("", "data/m") == Errno.NOENT
    assert guest.symlink("a\0b", "data/m") == Errno.INVAL
    assert guest.symlink("x", "none/m") == Errno.NOENT
    assert guest.call("path_readlink", ROOT, *guest.text("data/l"), -1, 4, RESULT) == Errno.FAULT


def test_rename(guest, vfs):
    guest.make("data/x", b"1")
    guest.make("data/y", b"2")
    assert guest.rename("data/x", "data/y") == 0
    assert vfs.files() == {"/data/y": b"1"}
    assert guest.rename("data/y", "data/y") == 0
    guest.mkdir("data/d")
    guest.mkdir("data/e")
    guest.make("data/d/z")
    assert guest.rename("data/d", "data/e") == 0
    assert vfs.files() == {"/data/e/z": b"", "/data/y": b"1"}
    guest.mkdir("data/d")
    assert guest.rename("data/d/", "data/f/") == 0
    assert guest.rename("data/f", "data/e") == Errno.NOTEMPTY
    assert guest.rename("data/y", "data/f") == Errno.ISDIR
    assert guest.rename("data/f", "data/y") == Errno.NOTDIR
    assert guest.rename("data/e", "data/e/inner") == Errno.INVAL
    assert guest.rename("data/y", "data/new/") == Errno.NOTDIR
    assert guest.rename("data/y/", "data/new") == Errno.NOTDIR
    assert guest.rename("data/none", "data/new") == Errno.NOENT
    assert guest.rename("data/y", "none/new") == Errno.NOENT
    assert guest.rename(".", "data/new") == Errno.BUSY
    assert guest.rename("data/y", ".") == Errno.BUSY
    assert guest.rename("data/y", "") == Errno.NOENT


def test_rename_takes_links_as_they_are_and_keeps_open_files(guest, vfs):
    guest.make("data/x", b"1")
    guest.symlink("x", "data/l")
    assert guest.rename("data/l", "data/m") == 0
    assert guest.readlink("data/m") == (0, b"x")
    fd = guest.opened("data/x")
    assert guest.rename("data/x", "data/m") == 0
    guest.write(fd, b"2")
    assert vfs.files() == {"/data/m": b"2"}
    guest.link("data/m", "data/n")
    assert guest.rename("data/m", "data/n") == 0, "two names of one file: nothing happens"
    assert vfs.list("/data") == ["m", "n"]


def test_paths_are_relative_to_their_descriptor(guest, vfs):
    data, tmp = (guest.opened(name, DIRECTORY, rights=READ) for name in ("data", "tmp"))
    assert guest.open("x", CREAT, fd=data)[0] == 0
    assert guest.rename("x", "y", fd=data, new_fd=tmp) == 0
    assert guest.link("y", "z", fd=tmp, new_fd=data) == 0
    assert sorted(vfs.files()) == ["/data/z", "/tmp/y"]
    assert guest.open("../tmp/y", fd=data)[0] == Errno.PERM
    guest.symlink("../tmp/y", "data/l")
    assert guest.open("data/l", follow=FOLLOW)[0] == 0
    assert guest.open("l", fd=data, follow=FOLLOW)[0] == Errno.PERM


@pytest.mark.parametrize(
    "name",
    [
        "path_create_directory",
        "path_filestat_get",
        "path_filestat_set_times",
        "path_link",
        "path_readlink",
        "path_remove_directory",
        "path_rename",
        "path_symlink",
        "path_unlink_file",
    ],
)
def test_a_file_is_no_directory_to_start_from(guest, name):
    fd = guest.opened("data/x", CREAT)
    arguments = {
        "path_filestat_get": (fd, 0, TEXT, 1, BUFFER),
        "path_filestat_set_times": (fd, 0, TEXT, 1, 0, 0, 0),
        "path_link": (fd, 0, TEXT, 1, ROOT, TEXT, 1),
        "path_readlink": (fd, TEXT, 1, BUFFER, 1, RESULT),
        "path_rename": (fd, TEXT, 1, ROOT, TEXT, 1),
        "path_symlink": (TEXT, 1, fd, TEXT, 1),
    }.get(name, (fd, TEXT, 1))
    assert guest.call(name, *arguments) == Errno.BADF


def test_before_the_memory_is_there_pointers_lead_nowhere(vfs):
    guest = DirectGuest(vfs)
    guest.wasi._guest.memory = None
    assert guest.call("path_create_directory", ROOT, 0, 1) == Errno.FAULT
    assert guest.call("fd_write", 1, 0, 0, 0) == Errno.FAULT
    assert guest.call("sched_yield") == 0
    assert guest.call("fd_close", ROOT) == 0
    guest.close()
