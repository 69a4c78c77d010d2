"""A VFS in a real directory: the same as in memory, and out of reach of whatever is put into it (§8)."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import Disk, Memory, surroundings
from wasi_guest import CREAT, DIRECTORY, EXCL, READ, ROOT, TRUNC, WRITE, DirectGuest

from refhost.clock import Clock
from refhost.wasi.preview1 import Errno
from refhost.wasi.vfs import Limits, Vfs
from refhost.wasi.vfs.copying import copy_tree
from refhost.wasi.vfs.directory import OpenHow
from refhost.wasi.vfs.disk import disk_tree
from refhost.wasi.vfs.handles import MAX_FOLDERS

CREATE = OpenHow(create=True, write=True)
FOLLOW = OpenHow(follow=True)
REAL_TREE = "plugin/vfs"


@pytest.fixture
def disk(tmp_path):
    trees = Disk(tmp_path)
    yield trees
    trees.close()


@pytest.fixture
def real(tmp_path):
    """The real directory of the first tree."""
    return tmp_path / "around0" / REAL_TREE


@pytest.fixture
def outside(tmp_path):
    """What lies around the first tree."""
    return tmp_path / "around0"


@pytest.fixture
def tree(disk):
    return disk.vfs()


def write(vfs, path, data):
    file = vfs.root_directory().open(path, CREATE)
    file.write(0, data)
    file.close()


def refused(function, *args, **options):
    with pytest.raises(OSError) as caught:
        function(*args, **options)
    return errno.errorcode[caught.value.errno]


# The same as in memory.

NAMES = st.sampled_from(
    ["a", "b", "d", "d/a", "d/e", "d/e/b", "l", "l/a", "d/l", "l/..", "../a", "/a", "d/", "a/", ".", "d/../b", "ä", ""]
)
TARGETS = st.sampled_from(["a", "d", "d/", "l", "nowhere", "e", "./l", "/etc", ".", "d/e/..", "../../canary", ".."])
FDS = st.sampled_from([ROOT, ROOT, ROOT, ROOT, 4, 5, 6])
RIGHTS = st.sampled_from([READ, READ | WRITE, READ | WRITE, WRITE])
FLAGS = st.sampled_from([0, CREAT, CREAT, CREAT | EXCL, CREAT | TRUNC, TRUNC, DIRECTORY])
STEPS = st.one_of(
    st.tuples(st.just("open"), NAMES, FLAGS, RIGHTS, st.sampled_from([0, 0, 1]), st.integers(0, 1), FDS),
    st.tuples(st.just("mkdir"), NAMES, FDS),
    st.tuples(st.just("rmdir"), NAMES, FDS),
    st.tuples(st.just("unlink"), NAMES, FDS),
    st.tuples(st.just("rename"), NAMES, NAMES, FDS),
    st.tuples(st.just("link"), NAMES, NAMES, FDS),
    st.tuples(st.just("symlink"), TARGETS, NAMES, FDS),
    st.tuples(st.just("readlink"), NAMES),
    st.tuples(st.just("filestat_at"), NAMES, st.integers(0, 1), FDS),
    st.tuples(st.just("filestat"), FDS),
    st.tuples(st.just("readdir"), FDS),
    st.tuples(st.just("write"), FDS, st.binary(max_size=9)),
    st.tuples(st.just("write"), FDS, st.binary(max_size=9), st.integers(0, 40)),
    st.tuples(st.just("read"), FDS, st.integers(0, 20)),
    st.tuples(st.just("read"), FDS, st.integers(0, 20), st.integers(0, 40)),
    st.tuples(st.just("call"), st.just("fd_filestat_set_size"), FDS, st.integers(0, 60)),
    st.tuples(st.just("call"), st.just("fd_allocate"), FDS, st.integers(0, 60), st.integers(0, 9)),
    st.tuples(st.just("call"), st.just("fd_filestat_set_times"), FDS, st.just(5), st.just(7), st.sampled_from([5, 10])),
    st.tuples(st.just("call"), st.just("fd_sync"), FDS),
    st.tuples(st.just("call"), st.just("clock_time_get"), st.just(0), st.just(0), st.just(64)),
    st.tuples(st.just("call"), st.just("fd_close"), st.sampled_from([4, 5, 6])),
    st.tuples(st.just("host"), st.sampled_from(["clear_tmp", "usage", "tree_hash", "list"])),
    st.tuples(
        st.just("host"), st.just("write"), st.sampled_from(["a", "d/a", "l/a", "tmp/x/y"]), st.binary(max_size=9)
    ),
    st.tuples(st.just("host"), st.just("remove"), st.sampled_from(["a", "d", "l", "tmp"])),
)


def told(trees, steps):
    """All that a plugin and a host can see of a sequence of operations."""
    vfs = trees.vfs(limits=Limits(total_size=100, file_size=50, entries=12))
    guest = DirectGuest(vfs)
    seen = []
    try:
        for name, *arguments in steps:
            if name == "host":
                try:
                    seen.append(getattr(vfs, arguments[0])(*arguments[1:]))
                except OSError as error:
                    seen.append(errno.errorcode[error.errno])
            else:
                seen.append(getattr(guest, name)(*arguments))
        seen += [vfs.tree_hash(), vfs.files(), vfs.usage(), vfs.clock.now_ns, list(vfs.operations)]
    finally:
        guest.close()
    return seen


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=40))
def test_any_sequence_gives_the_same_on_disk_as_in_memory(steps):
    with tempfile.TemporaryDirectory() as folder:
        disk = Disk(Path(folder))
        try:
            on_disk = told(disk, steps)
        finally:
            disk.close()
    for index, (one, other) in enumerate(zip(on_disk, told(Memory(), steps), strict=True)):
        assert one == other, (index, steps[index] if index < len(steps) else "end")


def test_what_is_written_is_there_and_what_was_there_is_found(tree, real):
    tree.clock.pass_time(5_000_000_000)
    write(tree, "data/x", b"abc")
    assert (real / "data/x").read_bytes() == b"abc"
    assert (real / "data/x").stat().st_mtime_ns == tree.clock.now_ns
    later = Vfs(disk_tree(real))
    assert later.files() == {"/data/x": b"abc"}
    assert later.usage() == tree.usage()
    assert later.tree_hash() == tree.tree_hash()
    stat = later.root_directory().stat_at("data/x", follow=False)
    assert stat.mtime_ns == tree.clock.now_ns, "what the clock said that made it"


def test_two_runs_over_equal_directories_are_told_the_same(tmp_path):
    """Of a directory that was there before, too: neither the machine's inodes nor its order of names show."""

    def run(number, names):
        folder = tmp_path / str(number)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode())
            os.utime(folder / name, ns=(number, 10**9))
        vfs = Vfs(disk_tree(folder), layout=())
        guest = DirectGuest(vfs)
        guest.make("new")
        seen = [guest.readdir(ROOT), guest.filestat_at("b"), guest.filestat_at("d/a"), guest.filestat_at("new")]
        guest.close()
        return seen

    assert run(1, ["b", "a", "d/z", "d/a"]) == run(2, ["d/a", "d/z", "a", "b"])


# Foreign hands.


def test_changes_by_others_are_seen(tree, real):
    write(tree, "data/x", b"abc")
    (real / "data/x").write_bytes(b"other")
    (real / "data/y").write_bytes(b"new")
    os.utime(real / "data/x", ns=(7, 7))
    assert tree.files() == {"/data/x": b"other", "/data/y": b"new"}
    assert tree.root_directory().stat_at("data/x", follow=False).mtime_ns == 7
    (real / "data/x").unlink()
    assert refused(tree.read, "/data/x") == "ENOENT"


@pytest.mark.parametrize("target", ["absolute", "../../../canary", "../../../other"])
def test_a_planted_link_is_never_followed(tree, real, outside, target):
    before = surroundings(outside)
    (real / "data/l").symlink_to(outside / "canary" if target == "absolute" else target)
    root = tree.root_directory()
    inner = "data/l/vfs/data/x" if target.endswith("other") else "data/l"
    assert refused(root.open, inner, FOLLOW) == "EPERM"
    assert refused(root.open, inner, OpenHow(follow=True, create=True, truncate=True, write=True)) == "EPERM"
    assert refused(root.stat_at, inner, follow=True) == "EPERM"
    assert refused(root.set_times_at, inner, 1, 1, follow=True) == "EPERM"
    assert refused(tree.read, "/data/l") == "ELOOP"
    assert refused(tree.write, "/" + inner, b"gone") == "ELOOP"
    assert refused(tree.list, "/data/l") == "ELOOP"
    assert tree.files() == {}
    assert tree.usage().bytes == 0
    tree.tree_hash()
    root.rename("data/l", root, "tmp/l")
    assert tree.clear_tmp() == 1
    assert surroundings(outside) == before


def test_a_root_that_is_a_link_is_not_taken_below_what_the_operator_named(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "base").mkdir()
    (tmp_path / "base/p").symlink_to(tmp_path / "real")
    assert refused(disk_tree, tmp_path / "base", "p", "vfs") in {"ENOTDIR", "ELOOP"}
    assert list((tmp_path / "real").iterdir()) == []


def story(root):
    """Everything a plugin does to a directory `data/d`, step by step; what fails does not stop it."""

    def attempt(function, *args, **options):
        try:
            return function(*args, **options)
        except OSError:
            return None

    for path in ("data/d/x", "data/d/canary"):
        file = attempt(root.open, path, OpenHow(follow=True, create=True, truncate=True, write=True))
        if file:
            attempt(file.write, 0, b"plugin")
            attempt(file.resize, 3)
            attempt(file.set_times, 1, 1)
            attempt(file.close)
        attempt(root.set_times_at, path, 1, 1, follow=True)
    attempt(root.make_directory, "data/d/e")
    attempt(root.symlink, "x", "data/d/s")
    attempt(root.link, "data/d/x", root, "data/d/h")
    attempt(root.rename, "data/d/canary", root, "data/d/y")
    attempt(root.rename, "data/f", root, "data/d/canary")
    attempt(root.unlink, "data/d/canary")
    attempt(root.remove_directory, "data/d/other")


class Swap:
    """A foreign hand that puts links in the place of what is there, right before one call of the operating system."""

    NAMES = ("open", "stat", "mkdir", "symlink", "link", "rename", "unlink", "rmdir", "utime", "readlink", "listdir")
    TRUE = {name: getattr(os, name) for name in NAMES}  # noqa: RUF012 - never changed

    def __init__(self, around, moment, what):
        self.around, self.moment, self.what = around, moment, what
        self.calls = 0

    def install(self, monkeypatch):
        for name in self.NAMES:
            monkeypatch.setattr(os, name, self.wrapped(name, monkeypatch))

    def wrapped(self, name, monkeypatch):
        def call(*args, **options):
            self.calls += 1
            if self.calls == self.moment + 1:
                with monkeypatch.context() as patched:
                    for each, function in self.TRUE.items():
                        patched.setattr(os, each, function)
                    self.swap(self.around / REAL_TREE / "data")
            return self.TRUE[name](*args, **options)

        return call

    def swap(self, data):
        if self.what != "file":
            (data / "d").rename(data / "moved")
            (data / "d").symlink_to(self.around)
        if self.what != "directory":
            for path in (data / ("moved/x" if self.what == "both" else "d/x"), data / "f"):
                path.unlink(missing_ok=True)
                path.symlink_to(self.around / "canary")


@pytest.mark.parametrize("what", ["directory", "file", "both"])
def test_a_link_swapped_in_at_any_moment_leads_nowhere(disk, tmp_path, monkeypatch, what):
    for moment in range(1000):
        vfs = disk.vfs()
        around = tmp_path / f"around{moment}"
        (around / "other2").mkdir()
        disk.made[-1] = (around, disk.made[-1][1], surroundings(around))
        vfs.write("/data/d/x", b"x")
        vfs.write("/data/f", b"f")
        swap = Swap(around, moment, what)
        with monkeypatch.context() as patched:
            swap.install(patched)
            story(vfs.root_directory())
        disk.check()
        if swap.calls <= moment:
            break
    assert 50 < moment < 999


def test_every_call_names_one_component_below_an_open_directory_and_follows_nothing(tree, monkeypatch):
    calls = []

    def recorded(name, true):
        def call(*args, **options):
            calls.append((name, args, options))
            return true(*args, **options)

        return call

    for name, true in Swap.TRUE.items():
        monkeypatch.setattr(os, name, recorded(name, true))
    tree.write("/data/d/e/f", b"1")
    tree.write("/data/f", b"2")
    story(tree.root_directory())
    tree.files(), tree.tree_hash(), tree.usage(), tree.remove("/data/d")
    assert {name for name, _, _ in calls} == {*Swap.NAMES}
    for name, args, options in calls:
        paths = [arg for arg in args if isinstance(arg, str)][
            name == "symlink" :
        ]  # of a link's target, nothing is asked
        assert not [path for path in paths if "/" in path or path in {"", ".", ".."}]
        below = [options[key] for key in ("dir_fd", "src_dir_fd", "dst_dir_fd") if key in options]
        assert len(below) == len(paths)
        assert all(descriptor > 2 for descriptor in below)
        if name == "open":
            assert args[1] & os.O_NOFOLLOW
            assert args[1] & (os.O_DIRECTORY | os.O_NONBLOCK | os.O_EXCL)
        elif name in {"stat", "utime", "link"} and paths:
            assert options["follow_symlinks"] is False


def test_a_hard_link_to_what_was_swapped_in_is_taken_back(tree, real, outside, monkeypatch):
    write(tree, "data/x", b"1")
    true = os.link

    def swapping(*args, **options):
        (real / "data/x").unlink()
        true(outside / "canary", real / "data/x")
        return true(*args, **options)

    monkeypatch.setattr(os, "link", swapping)
    root = tree.root_directory()
    assert refused(root.link, "data/x", root, "data/y") == "ENOENT"
    assert tree.list("/data") == ["x"]
    (real / "data/x").unlink()


def test_a_directory_that_others_move_is_found_where_it_is(tree, real):
    root = tree.root_directory()
    root.make_directory("data/d")
    (real / "data/d").rename(real / "data/e")
    assert root.open("data/e", OpenHow()).path == "/data/e"
    (real / "data/e").rename(real / "tmp/e")
    (real / "data/e").mkdir()
    assert root.open("data/e", OpenHow()).path == "/data/e"
    assert root.open("tmp/e", OpenHow()).path == "/tmp/e"


def test_a_file_is_new_even_if_the_machine_gives_it_an_old_inode(tree, real):
    root = tree.root_directory()
    numbers = []
    for number in range(20):
        write(tree, f"data/{number}", b"")
        numbers.append(root.stat_at(f"data/{number}", follow=False).inode)
        (real / f"data/{number}").unlink()
    assert len(set(numbers)) == 20


def test_what_is_gone_is_forgotten(tree):
    known = tree._volume.root.tree._objects
    root = tree.root_directory()
    before = len(known)
    for number in range(20):
        write(tree, "data/x", b"")
        write(tree, "data/y", b"")
        root.make_directory(f"data/{number}")
        root.rename("data/x", root, "data/y")
        root.unlink("data/y")
        root.remove_directory(f"data/{number}")
    assert len(known) == before


def test_an_open_directory_knows_where_it_was_moved(backend):
    vfs = backend.vfs()
    root = vfs.root_directory()
    root.make_directory("data/d")
    root.make_directory("data/d/e")
    inner = root.open("data/d/e", OpenHow())
    root.rename("data/d", root, "tmp/d")
    assert inner.path == "/tmp/d/e"
    inner.open("x", CREATE).close()
    assert vfs.operations[-2].path == "/tmp/d/e/x"


def test_pipes_and_devices_are_not_opened(tree, real):
    os.mkfifo(real / "data/pipe")
    root = tree.root_directory()
    assert refused(root.open, "data/pipe", OpenHow()) == "EACCES"
    assert refused(tree.read, "/data/pipe") == "EACCES"
    assert tree.files() == {}
    assert [entry.name for entry in root.open("data", OpenHow()).entries()] == ["pipe"]
    tree.remove("/data/pipe")


def test_a_pipe_swapped_in_does_not_block(tree, real, monkeypatch):
    write(tree, "data/x", b"1")
    true = os.open

    def swapping(path, flags, *args, **options):
        if path == "x":
            (real / "data/x").unlink()
            os.mkfifo(real / "data/x")
        return true(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", swapping)
    assert refused(tree.read, "/data/x") in {"ENOENT", "ENXIO"}


def test_files_that_the_machine_lets_us_only_read(tree, monkeypatch):
    write(tree, "data/x", b"1")
    true = os.open

    def only_reading(path, flags, *args, **options):  # by a patch: nothing is forbidden to root
        if path == "x" and flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "forbidden", path)
        return true(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", only_reading)
    file = tree.root_directory().open("data/x", OpenHow(write=True))
    assert file.read(0, 9) == b"1"
    assert refused(file.write, 0, b"2") == "EACCES"
    assert refused(file.resize, 0) == "EACCES"


# The machine's own limits.


def open_descriptors():
    return len(list(Path("/dev/fd").iterdir()))


def test_few_directories_are_open_however_many_there_are(tree):
    root = tree.root_directory()
    before = open_descriptors()
    kept = []
    for number in range(MAX_FOLDERS * 2):
        root.make_directory(f"data/{number}")
        kept.append(root.open(f"data/{number}", OpenHow()))
    for directory in kept:
        directory.open("x", CREATE).close()
    assert len(tree.files()) == MAX_FOLDERS * 2
    assert open_descriptors() - before <= MAX_FOLDERS + 1


def test_two_deep_directories_at_once(tree):
    """Opening the one must not close the other while a name moves between them."""
    deep = "/".join("d" * (MAX_FOLDERS + 10))
    tree.write(f"/data/{deep}/x", b"1")
    tree.write(f"/tmp/{deep}/y", b"2")
    root = tree.root_directory()
    root.rename(f"data/{deep}/x", root, f"tmp/{deep}/x")
    root.link(f"tmp/{deep}/y", root, f"data/{deep}/y")
    assert tree.files() == {f"/data/{deep}/y": b"2", f"/tmp/{deep}/x": b"1", f"/tmp/{deep}/y": b"2"}


def test_everything_is_closed_with_the_last_reference(tmp_path):
    before = open_descriptors()
    vfs = Vfs(disk_tree(tmp_path / "t"))
    write(vfs, "data/x", b"1")
    file = vfs.root_directory().open("data/x", OpenHow())
    assert open_descriptors() > before
    del vfs, file
    assert open_descriptors() == before


def test_a_full_disk_is_counted_right(disk, monkeypatch):
    vfs = disk.vfs(limits=Limits(total_size=10, entries=5))
    file = vfs.root_directory().open("data/x", CREATE)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        assert refused(file.write, 0, b"x" * 10) == "ENOSPC"
        patched.setattr(os, "mkdir", full)
        for _ in range(9):
            assert refused(vfs.root_directory().make_directory, "data/d") == "ENOSPC"
    vfs.root_directory().make_directory("data/d")
    assert file.write(0, b"x" * 10) == 10
    file.close()
    assert vfs.usage().bytes == 10


def test_a_rename_over_a_file_leaves_the_old_one_or_the_new_one(tree, real, monkeypatch):
    write(tree, "data/x", b"old")
    write(tree, "data/new", b"new")
    root = tree.root_directory()
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", lambda *_, **__: fail_with_eio())
        assert refused(root.rename, "data/new", root, "data/x") == "EIO"
    assert (real / "data/x").read_bytes() == b"old"
    root.rename("data/new", root, "data/x")
    assert tree.files() == {"/data/x": b"new"}


def fail_with_eio():
    raise OSError(errno.EIO, "broken")


def test_sync_reaches_the_disk(tree, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    guest = DirectGuest(tree)
    assert guest.call("fd_sync", guest.opened("data/x", CREAT)) == Errno.SUCCESS
    guest.close()
    assert len(synced) == 1


def test_nothing_moves_between_two_trees(disk):
    clock = Clock()
    one, other = disk.vfs(clock=clock), disk.vfs(clock=clock)
    write(one, "data/x", b"1")
    for change in ("link", "rename"):
        assert refused(getattr(one.root_directory(), change), "data/x", other.root_directory(), "x") == "EXDEV"
    assert one.files() == {"/data/x": b"1"}


@pytest.mark.parametrize("there", [Memory, Disk])
def test_a_tree_can_be_copied_to_the_other_backend(tmp_path, backend, there):
    source = backend.vfs()
    source.clock.pass_time(1000)
    source.write("/data/a/b", b"1")
    root = source.root_directory()
    root.link("data/a/b", root, "tmp/same")
    root.symlink("a/b", "data/l")
    root.set_times_at("data/a/b", 5, 7, follow=False)
    trees = there(tmp_path / "there") if there is Disk else there()
    target = trees.root()
    copy_tree(source._volume.root, target)
    copy = Vfs(target, layout=())
    assert copy.tree_hash() == source.tree_hash()
    assert copy.usage() == source.usage()
    stat = copy.root_directory().stat_at("tmp/same", follow=False)
    assert (stat.links, stat.mtime_ns) == (2, 7)
    trees.close()


def test_names_that_are_no_utf_8(tree, real):
    with open(os.path.join(os.fsencode(real), b"data", b"\xff"), "wb") as file:  # noqa: PTH118, PTH123 - bytes
        file.write(b"1")
    assert list(tree.files().values()) == [b"1"]
    tree.tree_hash()
    guest = DirectGuest(tree)
    assert guest.call("fd_readdir", guest.opened("data", DIRECTORY), 1024, 4096, 0, 64) == Errno.ILSEQ
    guest.close()
