"""The host's side of a VFS, and what plugins do seen from there (§8)."""

from __future__ import annotations

import errno
from datetime import UTC, datetime

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.fake_open import FakeFileOpen

from refhost.clock import Clock
from refhost.wasi.vfs import Kind, Limits, Operation, Usage, Vfs
from refhost.wasi.vfs.directory import OpenHow
from refhost.wasi.vfs.memory import memory_tree

CREATE = OpenHow(create=True, write=True)


def write(vfs, path, data):
    file = vfs.root_directory().open(path, CREATE)
    file.write(0, data)
    file.close()


def refused(function, *args, **options):
    with pytest.raises(OSError) as caught:
        function(*args, **options)
    return errno.errorcode[caught.value.errno]


def test_new_tree_has_the_layout_of_the_contract(vfs):
    assert vfs.list() == ["config", "data", "tmp"]
    assert vfs.usage() == Usage(0, 0)


def test_write_makes_parents_and_replaces(vfs):
    vfs.write("/data/a/b/c.txt", "müde")
    vfs.write("data/a/b/c.txt", b"wach")
    assert vfs.read("/data/a/b/c.txt") == b"wach"
    assert vfs.read_text("data/a/b/c.txt") == "wach"
    assert vfs.list("/data/a") == ["b"]
    assert vfs.usage() == Usage(4, 1)


def test_files_are_listed_with_full_paths_in_order(vfs):
    for path in ("/tmp/z", "/data/x", "/config/a"):
        vfs.write(path, path)
    assert vfs.files() == {"/config/a": b"/config/a", "/data/x": b"/data/x", "/tmp/z": b"/tmp/z"}
    assert list(vfs.files()) == sorted(vfs.files())


def test_host_reads_what_the_plugin_wrote_and_the_other_way_round(vfs):
    write(vfs, "data/x", b"from the plugin")
    assert vfs.read("/data/x") == b"from the plugin"
    vfs.write("/data/x", b"from the host")
    assert vfs.root_directory().open("data/x", OpenHow()).read(0, 99) == b"from the host"


def test_host_side_is_not_recorded(vfs):
    vfs.write("/data/x", b"1")
    vfs.read("/data/x")
    vfs.remove("/data/x")
    assert vfs.operations == []


@pytest.mark.parametrize("path", ["../x", "/data/../../x", ".", "data/./x", "a\0b"])
def test_host_side_takes_plain_paths_only(vfs, path):
    with pytest.raises(ValueError, match="plain path"):
        vfs.read(path)
    with pytest.raises(ValueError, match="plain path"):
        vfs.write(path, b"")


def test_host_side_errors_are_those_of_python(vfs):
    vfs.write("/data/x", b"")
    with pytest.raises(FileNotFoundError):
        vfs.read("/data/none")
    with pytest.raises(IsADirectoryError):
        vfs.read("/data")
    with pytest.raises(NotADirectoryError):
        vfs.read("/data/x/y")
    with pytest.raises(NotADirectoryError):
        vfs.list("/data/x")
    with pytest.raises(FileNotFoundError):
        vfs.remove("/data/none")
    assert refused(vfs.remove, "/") == "EPERM"
    assert refused(vfs.write, "/", b"") == "EISDIR"
    assert refused(vfs.write, "/data/" + "n" * 256, b"") == "ENAMETOOLONG"


def test_host_side_never_follows_a_link(vfs):
    write(vfs, "data/secret", b"s")
    root = vfs.root_directory()
    root.symlink("secret", "data/file")
    root.symlink("data", "dir")
    for path in ("/data/file", "/dir/secret"):
        assert refused(vfs.read, path) == "ELOOP"
        assert refused(vfs.write, path, b"changed") == "ELOOP"
    assert refused(vfs.list, "/dir") == "ELOOP"
    assert vfs.files() == {"/data/secret": b"s"}
    assert vfs.exists("/data/file")
    assert not vfs.exists("/dir/secret")
    vfs.remove("/dir")
    assert vfs.read("/data/secret") == b"s"


def test_clear_tmp_leaves_data(vfs):
    vfs.write("/tmp/a/b", b"1")
    vfs.write("/tmp/c", b"2")
    vfs.write("/data/x", b"3")
    vfs.root_directory().link("data/x", vfs.root_directory(), "tmp/hard")
    vfs.root_directory().symlink("../data", "tmp/soft")
    assert vfs.clear_tmp() == 4
    assert vfs.list("/tmp") == []
    assert vfs.files() == {"/data/x": b"3"}


def test_clear_tmp_replaces_what_a_plugin_put_in_its_place(vfs):
    vfs.write("/data/x", b"3")
    root = vfs.root_directory()
    root.remove_directory("tmp")
    root.symlink("data", "tmp")
    assert vfs.clear_tmp() == 0
    assert vfs.files() == {"/data/x": b"3"}
    assert vfs.root_directory().stat_at("tmp", follow=False).kind is Kind.DIRECTORY
    root.remove_directory("tmp")
    vfs.clear_tmp()
    assert vfs.exists("/tmp")


def test_usage_counts_bytes_of_hard_links_once(vfs):
    vfs.write("/data/x", b"12345")
    vfs.root_directory().link("data/x", vfs.root_directory(), "data/y")
    assert vfs.usage() == Usage(5, 2)


def test_tree_hash_is_of_names_types_and_contents(backend):
    def made(*actions):
        vfs = backend.vfs()
        for path, data in actions:
            vfs.clock.pass_time(5)
            vfs.write(path, data)
        return vfs.tree_hash()

    assert made(("/data/a", "1"), ("/data/b", "2")) == made(("/data/b", "2"), ("/data/a", "1"))
    assert len({made(), made(("/data/a", "")), made(("/data/a", "1")), made(("/data/b", "1"))}) == 4
    one, other = backend.vfs(), backend.vfs()
    one.root_directory().symlink("a", "data/l")
    other.root_directory().symlink("b", "data/l")
    assert one.tree_hash() != other.tree_hash()


def test_operations_tell_what_a_plugin_did(vfs):
    root = vfs.root_directory()
    write(vfs, "data/../data/x", b"abc")
    root.make_directory("data/d")
    root.rename("data/x", root, "data/d/y")
    root.symlink("d/y", "data/l")
    root.open("data/l", OpenHow(follow=True, truncate=True, write=True)).close()
    root.unlink("data/l")
    with pytest.raises(OSError, match="No such file"):
        root.open("data/none", OpenHow())
    with pytest.raises(OSError, match="not permitted"):
        root.open("../canary", OpenHow())
    assert vfs.operations == [
        Operation("create", "/data/x", "rw"),
        Operation("write", "/data/x", 3),
        Operation("close", "/data/x"),
        Operation("mkdir", "/data/d"),
        Operation("rename", "/data/x", "/data/d/y"),
        Operation("symlink", "/data/l", "d/y"),
        Operation("truncate", "/data/d/y", 0),
        Operation("open", "/data/d/y", "rw"),
        Operation("close", "/data/d/y"),
        Operation("unlink", "/data/l"),
        Operation("open", "/data/none", "r", "ENOENT"),
        Operation("open", "/../canary", "r", "EPERM"),
    ]


def test_faults_fail_the_operations_they_name(vfs):
    asked = []

    def full(operation):
        asked.append(operation.name)
        return "ENOSPC" if operation.name == "write" and operation.path.startswith("/data/") else None

    vfs.faults.append(full)
    vfs.faults.append(lambda operation: errno.EIO if operation.name == "mkdir" else None)
    write(vfs, "tmp/x", b"1")
    file = vfs.root_directory().open("data/x", CREATE)
    assert refused(file.write, 0, b"1") == "ENOSPC"
    assert refused(vfs.root_directory().make_directory, "data/d") == "EIO"
    assert vfs.files() == {"/data/x": b"", "/tmp/x": b"1"}
    assert asked[:2] == ["create", "write"]
    assert vfs.operations[-1] == Operation("mkdir", "/data/d", error="EIO")


def test_read_only_refuses_every_change_and_nothing_else(vfs):
    vfs.write("/data/x", b"old")
    root = vfs.root_directory()
    file = root.open("data/x", OpenHow(write=True))
    before = vfs.tree_hash()
    vfs.read_only = True
    for call in (
        lambda: file.write(0, b"new"),
        lambda: file.resize(0),
        lambda: file.allocate(0, 10),
        lambda: file.set_times(1, 1),
        lambda: root.open("data/x", OpenHow(write=True)),
        lambda: root.open("data/x", OpenHow(truncate=True)),
        lambda: root.open("data/y", CREATE),
        lambda: root.make_directory("d"),
        lambda: root.remove_directory("tmp"),
        lambda: root.unlink("data/x"),
        lambda: root.rename("data/x", root, "data/y"),
        lambda: root.symlink("x", "data/l"),
        lambda: root.link("data/x", root, "data/h"),
        lambda: root.set_times_at("data/x", 1, 1, follow=False),
    ):
        assert refused(call) == "EROFS"
    assert root.open("data/x", OpenHow()).read(0, 9) == b"old"
    vfs.read_only = False
    assert vfs.tree_hash() == before


def test_times_come_from_the_virtual_clock(backend):
    clock = Clock(datetime(2026, 5, 1, tzinfo=UTC))
    vfs = backend.vfs(clock=clock)
    start = clock.now_ns
    root = vfs.root_directory()
    assert root.stat_at("data", follow=False).mtime_ns == start
    clock.pass_time(10)
    file = root.open("data/x", CREATE)
    clock.pass_time(10)
    file.write(0, b"1")
    clock.pass_time(10)
    file.read(0, 1)
    stat = file.stat()
    assert (stat.atime_ns, stat.mtime_ns, stat.ctime_ns) == (start + 30, start + 20, start + 20)
    assert root.stat_at("data", follow=False).mtime_ns == start + 10
    file.set_times(5, None)
    stat = file.stat()
    assert (stat.atime_ns, stat.mtime_ns, stat.ctime_ns) == (5, start + 20, start + 30)


def test_quota_bounds_bytes_files_and_entries(backend):
    vfs = backend.vfs(limits=Limits(total_size=100, file_size=60, entries=6))
    root = vfs.root_directory()
    one, two = root.open("data/1", CREATE), root.open("data/2", CREATE)
    assert refused(one.resize, 61) == "EFBIG"
    one.resize(60)
    assert refused(two.write, 0, b"x" * 41) == "ENOSPC"
    assert two.write(0, b"x" * 40) == 40
    root.make_directory("d")
    assert refused(root.make_directory, "e") == "ENOSPC"
    assert refused(root.symlink, "x", "l") == "ENOSPC"
    root.remove_directory("d")
    root.symlink("x", "l")


def test_removed_files_take_space_as_long_as_they_are_open(backend):
    vfs = backend.vfs(limits=Limits(total_size=10))
    root = vfs.root_directory()
    file = root.open("data/1", CREATE)
    file.write(0, b"x" * 10)
    root.unlink("data/1")
    other = root.open("data/2", CREATE)
    assert refused(other.write, 0, b"1") == "ENOSPC"
    assert file.read(0, 3) == b"xxx"
    file.close()
    file.close()
    assert other.write(0, b"1" * 10) == 10


def test_hard_links_give_space_back_with_the_last_name(backend):
    vfs = backend.vfs(limits=Limits(total_size=10))
    root = vfs.root_directory()
    write(vfs, "data/1", b"x" * 10)
    root.link("data/1", root, "data/2")
    root.unlink("data/1")
    assert refused(write, vfs, "data/3", b"1") == "ENOSPC"
    root.rename("data/3", root, "data/2")
    write(vfs, "data/4", b"x" * 10)


def test_a_tree_in_a_file_system_that_is_there_already():
    filesystem = FakeFilesystem(path_separator="/")
    filesystem.create_file("/srv/vfs/data/old", contents="12345")
    vfs = Vfs(memory_tree(filesystem, "/srv/vfs"), limits=Limits(total_size=8))
    assert vfs.files() == {"/data/old": b"12345"}
    file = vfs.root_directory().open("data/old", OpenHow(write=True))
    assert file.write(7, b"!") == 8
    assert refused(file.write, 8, b"!") == "ENOSPC"
    file.resize(2)
    assert vfs.read("/data/old") == b"12"


def test_pyfakefs_sees_what_the_plugin_wrote():
    filesystem = FakeFilesystem(path_separator="/")
    vfs = Vfs(memory_tree(filesystem))
    write(vfs, "data/x", b"plugin")
    fake_open = FakeFileOpen(filesystem)
    with fake_open("/vfs/data/x", "r+b") as file:
        assert file.read() == b"plugin"
        file.seek(0)
        file.write(b"PLUG")
    assert vfs.read("/data/x") == b"PLUGin"


def test_writing_line_by_line_is_not_quadratic(vfs):
    file = vfs.root_directory().open("data/log", CREATE)
    for _ in range(20_000):
        file.write(None, b"x" * 200)
    assert file.stat().size == 4_000_000


def test_trees_deeper_than_pythons_stack(vfs):
    directory = vfs.root_directory().open("tmp", OpenHow())
    for _ in range(2000):
        directory.make_directory("d")
        directory = directory.open("d", OpenHow())
    directory.open("x", CREATE).close()
    assert len(vfs.operations[-1].path) == 1024
    assert vfs.usage().files == 1
    vfs.tree_hash()
    assert vfs.clear_tmp() == 1
    assert vfs.list("/tmp") == []


def test_operations_are_bounded(vfs):
    vfs._volume.journal._limit = 2
    for _ in range(4):
        vfs.root_directory().entries()
    assert len(vfs.operations) == 2
    assert vfs._volume.journal.dropped == 2
