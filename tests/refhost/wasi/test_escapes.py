"""No way leads out of a VFS: not for the plugin, and not for the host by what a plugin made (§8, R17)."""

from __future__ import annotations

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem
from trees import Disk, surroundings
from wasi_guest import BUFFER, CREAT, DIRECTORY, RESULT, ROOT, TEXT2, TRUNC, DirectGuest

from refhost.wasi.preview1 import Errno
from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.memory import memory_tree

CANARY = "/srv/canary"
FOLLOW = 1


class OutsideInMemory:
    """A VFS at /srv/plugin/vfs with a canary, the saved configuration and another plugin around it."""

    canary = CANARY

    def __init__(self, _):
        self.filesystem = FakeFilesystem(path_separator="/")
        for path in (CANARY, "/srv/plugin.json", "/srv/other/vfs/data/x", "/srv/plugin/vfs2/x"):
            self.filesystem.create_file(path, contents="untouched")
        self.vfs = Vfs(memory_tree(self.filesystem, "/srv/plugin/vfs"))
        self.before = self.snapshot()

    def snapshot(self):
        """Everything outside the VFS: path, contents, times, links."""
        found, waiting = {}, [self.filesystem.root]
        while waiting:
            node = waiting.pop()
            if node.path == "/srv/plugin/vfs":
                continue
            stat = node.stat_result
            contents = getattr(node, "entries", None)
            found[node.path] = (
                sorted(contents) if contents is not None else node.byte_contents,
                stat.st_mode,
                stat.st_mtime_ns,
                stat.st_nlink,
            )
            waiting += (contents or {}).values()
        return found

    def plant(self, path, target):
        """A link that a foreign hand makes in the VFS."""
        self.filesystem.create_symlink(f"/srv/plugin/vfs/{path}", target)

    def untouched(self):
        return self.snapshot() == self.before


class OutsideOnDisk:
    """The same in a folder of the machine."""

    def __init__(self, folder):
        self.around = folder / "around0"
        self.canary = str(self.around / "canary")
        self.vfs = Disk(folder).vfs()
        self.before = surroundings(self.around)

    def plant(self, path, target):
        (self.around / "plugin/vfs" / path).symlink_to(target)

    def untouched(self):
        return surroundings(self.around) == self.before


@pytest.fixture(params=[OutsideInMemory, OutsideOnDisk])
def outside(request, tmp_path):
    return request.param(tmp_path)


@pytest.fixture
def guest(outside):
    guest = DirectGuest(outside.vfs)
    yield guest
    guest.close()
    assert outside.untouched()


ESCAPES = [
    "../../canary",
    "..",
    "../vfs2/x",
    "data/../../vfs2/x",
    "data/../../../canary",
    "./../../canary",
    "data/./..//../../canary",
    "/srv/canary",
    "//srv/canary",
    "/",
    "/data/x",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_no_function_takes_a_path_that_leaves(guest, path):
    guest.make("data/mine")
    assert guest.open(path)[0] == Errno.PERM
    assert guest.open(path, CREAT | TRUNC)[0] == Errno.PERM
    assert guest.filestat_at(path) == (Errno.PERM,)
    assert guest.filestat_at(path, FOLLOW) == (Errno.PERM,)
    assert guest.call("path_filestat_set_times", ROOT, 0, *guest.text(path), 1, 1, 5) == Errno.PERM
    assert guest.mkdir(path) == Errno.PERM
    assert guest.rmdir(path) == Errno.PERM
    assert guest.unlink(path) == Errno.PERM
    assert guest.readlink(path)[0] == Errno.PERM
    assert guest.symlink("mine", path) == Errno.PERM
    assert guest.link("data/mine", path) == Errno.PERM
    assert guest.link(path, "data/new") == Errno.PERM
    assert guest.rename("data/mine", path) == Errno.PERM
    assert guest.rename(path, "data/new") == Errno.PERM


@pytest.mark.parametrize("target", ["/srv/canary", "/", "//x", "../../canary", "../..", "x/../../../canary", "../../"])
def test_links_that_point_out_are_refused(guest, outside, target):
    assert guest.symlink(target, "data/l") == Errno.PERM
    assert not outside.vfs.exists("/data/l")


@pytest.mark.parametrize("target", [CANARY, "../../../canary", "../../..", "/srv"])
def test_links_that_point_out_are_not_followed_if_they_are_there(guest, outside, target):
    outside.plant("data/l", outside.canary if target == CANARY else target)
    inner = "data/l/canary" if not target.endswith("canary") else "data/l"
    assert guest.open(inner, follow=FOLLOW)[0] == Errno.PERM
    assert guest.open(inner, CREAT | TRUNC, follow=FOLLOW)[0] == Errno.PERM
    assert guest.filestat_at(inner, FOLLOW) == (Errno.PERM,)
    assert guest.link(inner + "/", "data/hard") == Errno.PERM
    for read in (outside.vfs.read, outside.vfs.list):
        with pytest.raises(OSError, match="symbolic links"):
            read("/" + inner if read == outside.vfs.read else "/data/l")
    with pytest.raises(OSError, match="symbolic links"):
        outside.vfs.write("/" + inner, b"gone")
    assert outside.vfs.files() == {}
    outside.vfs.remove("/data/l")


def test_links_moved_so_that_they_point_out_are_not_followed(guest, outside):
    guest.mkdir("data/deep")
    assert guest.symlink("../../../x", "data/deep/l") == Errno.PERM
    assert guest.symlink("../../config", "data/deep/l") == 0
    assert guest.rename("data/deep/l", "l") == 0
    assert guest.open("l", DIRECTORY, follow=FOLLOW)[0] == Errno.PERM
    guest.symlink("deep/..", "data/up")
    assert guest.symlink("up/../../canary", "data/out") == 0, "lexically inside"
    assert guest.open("data/out", follow=FOLLOW)[0] == Errno.PERM
    with pytest.raises(OSError, match="symbolic links"):
        outside.vfs.read("/data/out")


def test_chains_of_links_do_not_add_up_to_a_way_out(guest):
    guest.mkdir("data/a")
    guest.symlink("..", "data/a/up")
    guest.symlink("a/up/a/up/..", "data/root")
    assert guest.open("data/root/data", DIRECTORY)[0] == 0
    assert guest.open("data/root/../canary")[0] == Errno.PERM
    assert guest.open("data/root/..", CREAT)[0] == Errno.PERM


def test_a_descriptor_of_a_subdirectory_confines_to_it(guest):
    fd = guest.opened("data", DIRECTORY)
    assert guest.open("../config", DIRECTORY, fd=fd)[0] == Errno.PERM
    guest.rename("data", "config/data")
    assert guest.open("..", DIRECTORY, fd=fd)[0] == Errno.PERM
    assert guest.link("../../tmp", "x", fd=fd, new_fd=fd) == Errno.PERM


def test_a_rename_of_a_directory_while_it_is_open_leads_nowhere_new(guest, outside):
    guest.mkdir("data/a")
    guest.mkdir("data/a/b")
    fd = guest.opened("data/a/b", DIRECTORY)
    guest.rename("data/a/b", "b")
    assert guest.open("../data", DIRECTORY, fd=fd)[0] == Errno.PERM
    assert guest.open("../../../canary", fd=fd)[0] == Errno.PERM
    guest.rmdir("b")
    assert guest.open(".", DIRECTORY, fd=fd)[0] == Errno.NOENT
    assert outside.vfs.exists("/data/a")


def test_a_nul_does_not_cut_a_path(guest):
    assert guest.open("../../canary\0.txt")[0] == Errno.INVAL
    assert guest.call("path_rename", ROOT, *guest.text("data\0/../.."), ROOT, *guest.text("x", TEXT2)) == Errno.INVAL


def test_hard_links_do_not_reach_over_the_edge(guest, outside):
    outside.plant("data/l", outside.canary)
    assert guest.link("data/l", "data/copy") == 0, "the link itself gets a second name"
    assert guest.open("data/copy", follow=FOLLOW)[0] == Errno.PERM
    assert guest.readlink("data/copy") == (0, outside.canary.encode())
    outside.vfs.remove("/data/l")
    outside.vfs.remove("/data/copy")


def test_listing_the_root_tells_nothing_of_its_parent(guest):
    error, entries = guest.readdir(ROOT)
    assert (error, [name for _, name, _ in entries]) == (0, [b".", b"..", b"config", b"data", b"tmp"])
    own = guest.filestat(ROOT)[2]
    assert guest.call("fd_readdir", ROOT, BUFFER, 4096, 0, RESULT) == 0
    assert int.from_bytes(guest.memory.read(BUFFER + 25 + 8, 8), "little") == own
