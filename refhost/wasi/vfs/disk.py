"""A tree in a real directory of the machine.

Every call of the operating system names one component below a directory that is held open, and none follows a
link. So whatever a plugin, or a foreign hand, puts into the tree, nothing outside of it is touched. What the
machine would decide differently each time is the host's own here: times come from the virtual clock, inode
numbers are given out in the order in which they are seen, names are sorted.
"""

# ruff: noqa: D102 - the methods of a node are documented where Node declares them

from __future__ import annotations

import errno
import os
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from refhost.wasi.vfs.handles import Handles, Object, kind_of, open_root
from refhost.wasi.vfs.tree import Kind, Node, Stat, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_NUMBER = 2  # that of the root, as in memory


def disk_tree(directory: str | os.PathLike[str] | int, *below: str) -> DiskNode:
    """The root node of a tree in a real directory (its path or a descriptor), or in one below it.

    Directories that are missing are made.

    Raises:
        OSError: it cannot be opened, or a name below it is a link.
    """
    return _Tree(open_root(directory, *below)).root


class _Tree:
    """One real directory: its inodes, and what is open of it."""

    def __init__(self, descriptor: int) -> None:
        self._number = _FIRST_NUMBER - 1
        self._objects: dict[tuple[int, int], Object] = {}
        status = os.fstat(descriptor)
        self._top = self.seen(status, None, "")
        self.handles = Handles(self._top, descriptor)
        self.close = weakref.finalize(self, self.handles.close_all)

    @property
    def root(self) -> DiskNode:
        return DiskNode(self, self._top, self._top, "")

    def seen(self, status: os.stat_result, parent: Object | None, name: str, *, new: bool = False) -> Object:
        """The object of an inode, known by now at that place; `new`: it was just made, whatever had its number."""
        key, kind = (status.st_dev, status.st_ino), kind_of(status)
        known = self._objects.get(key)
        if known is not None and known.kind is kind and not new:
            if known is not self._top:
                known.parent, known.name = parent, name
            return known
        self._number += 1
        mtime = _written(status)
        found = Object(key, kind, self._number, parent, name, mtime, mtime, mtime, mtime)
        self._objects[key] = found
        return found

    def gone(self, known: Object) -> None:
        """The last name of an inode was removed: the machine may give its number to another."""
        if self._objects.get(known.key) is known:
            del self._objects[known.key]
        if known.kind is Kind.DIRECTORY:
            known.removed = True
            self.handles.forget(known)


class DiskNode(Node):
    """A name in a real directory, with the inode that it stood for when it was looked up."""

    __slots__ = ("folder", "known", "name", "tree")

    def __init__(self, tree: _Tree, known: Object, folder: Object, name: str) -> None:
        self.tree = tree
        self.known = known
        self.folder = folder
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiskNode) and other.known is self.known

    def __hash__(self) -> int:
        return hash(self.known.key)

    @property
    def kind(self) -> Kind:
        return self.known.kind

    @property
    def path(self) -> str:
        names = []
        known: Object | None = self.known
        while known is not None and known.parent is not None:
            names.append(known.name)
            known = known.parent
        return "/" + "/".join(reversed(names))

    def close_tree(self) -> None:
        self.tree.close()

    def status(self) -> os.stat_result:
        """What the machine says of the inode; ENOENT if its name is another's by now."""
        handles, known = self.tree.handles, self.known
        if known.kind is Kind.DIRECTORY:
            return os.fstat(handles.folder(known))
        descriptor = handles.file(known)
        if descriptor is not None:
            return os.fstat(descriptor)
        status = os.stat(self.name, dir_fd=handles.folder(self.folder), follow_symlinks=False)
        if (status.st_dev, status.st_ino) != known.key:
            fail(errno.ENOENT, self.name)
        return status

    def stat(self) -> Stat:
        known = self.known
        links, size = 1, 0
        if not known.removed:
            status = self.status()
            written = _written(status)
            if written != known.stamped_ns:  # somebody else changed it
                known.mtime_ns = known.ctime_ns = known.stamped_ns = written
            if known.kind is not Kind.DIRECTORY:
                links, size = status.st_nlink, status.st_size
        return Stat(known.kind, known.number, links, size, known.atime_ns, known.mtime_ns, known.ctime_ns)

    def set_times(
        self, *, atime_ns: int | None = None, mtime_ns: int | None = None, ctime_ns: int | None = None
    ) -> None:
        known = self.known
        known.atime_ns = known.atime_ns if atime_ns is None else atime_ns
        known.mtime_ns = known.mtime_ns if mtime_ns is None else mtime_ns
        known.ctime_ns = known.ctime_ns if ctime_ns is None else ctime_ns
        if known.removed or (atime_ns is None and mtime_ns is None):
            return
        # The plugin is told what the host remembers; a machine that cannot keep it, or must not, is no fault.
        with suppress(OSError):
            self._stamp((known.atime_ns, known.mtime_ns))
        with suppress(OSError):
            known.stamped_ns = _written(self.status())

    def _stamp(self, times: tuple[int, int]) -> None:
        handles, known = self.tree.handles, self.known
        if known.kind is Kind.DIRECTORY:
            os.utime(handles.folder(known), ns=times)
            return
        descriptor = handles.file(known)
        if descriptor is not None:
            os.utime(descriptor, ns=times)
            return
        self.status()  # is it still the same?
        os.utime(self.name, ns=times, dir_fd=handles.folder(self.folder), follow_symlinks=False)

    # Directories.

    def _descriptor(self) -> int:
        if self.known.kind is not Kind.DIRECTORY:
            fail(errno.ENOTDIR, self.name)
        return self.tree.handles.folder(self.known)

    @property
    def removed(self) -> bool:
        return self.known.removed

    def names(self) -> list[str]:
        return [] if self.known.removed else sorted(os.listdir(self._descriptor()))  # noqa: PTH208 - no path

    def child(self, name: str) -> DiskNode | None:
        try:
            return self._at(name)
        except FileNotFoundError:
            return None

    def _at(self, name: str, *, new: bool = False) -> DiskNode:
        """The node of a name that is there."""
        status = os.stat(_component(name), dir_fd=self._descriptor(), follow_symlinks=False)
        known = self.tree.seen(status, self.known, name, new=new)
        return DiskNode(self.tree, known, self.known, name)

    def make_file(self, name: str) -> DiskNode:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(_component(name), flags, 0o666, dir_fd=self._descriptor()))
        return self._at(name, new=True)

    def make_directory(self, name: str) -> DiskNode:
        os.mkdir(_component(name), dir_fd=self._descriptor())
        return self._at(name, new=True)

    def make_link(self, name: str, target: str) -> DiskNode:
        os.symlink(target, _component(name), dir_fd=self._descriptor())
        return self._at(name, new=True)

    def add(self, name: str, node: Node) -> None:
        node = _disk(node)
        with self.tree.handles.two_folders(node.folder, self.known) as (source, target):
            node.status()  # is it still the same?
            os.link(node.name, _component(name), src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        if self._at(name) != node:
            os.unlink(name, dir_fd=self._descriptor())
            fail(errno.ENOENT, node.name)

    def remove(self, name: str) -> None:
        node = self._at(name)
        last = node.kind is Kind.DIRECTORY or node.status().st_nlink == 1
        if node.kind is Kind.DIRECTORY:
            os.rmdir(name, dir_fd=self._descriptor())
        else:
            os.unlink(name, dir_fd=self._descriptor())
        if last:
            self.tree.gone(node.known)

    def move(self, name: str, directory: Node, new_name: str) -> None:
        target = _disk(directory)
        node, replaced = self._at(name), target.child(new_name)
        last = replaced is not None and (replaced.kind is Kind.DIRECTORY or replaced.status().st_nlink == 1)
        with self.tree.handles.two_folders(self.known, target.known) as (source, into):
            os.rename(name, _component(new_name), src_dir_fd=source, dst_dir_fd=into)
        if replaced is not None and last:
            self.tree.gone(replaced.known)
        node.known.parent, node.known.name = target.known, new_name

    # Links and files.

    def target(self) -> str:
        return os.readlink(self.name, dir_fd=self.tree.handles.folder(self.folder))

    def open(self) -> None:
        self.tree.handles.open(self.folder, self.name, self.known)

    def close(self) -> None:
        self.tree.handles.close(self.known)

    @contextmanager
    def _contents(self) -> Iterator[int]:
        """A descriptor of the file, which is open only inside the block unless it was before."""
        self.open()
        try:
            descriptor = self.tree.handles.file(self.known)
            assert descriptor is not None
            yield descriptor
        except OSError as error:
            if error.errno == errno.EBADF:  # the machine lets us only read it
                fail(errno.EACCES, self.name)
            raise
        finally:
            self.close()

    def read(self, offset: int, length: int) -> bytes:
        parts = []
        with self._contents() as descriptor:
            while length and (part := os.pread(descriptor, length, offset)):
                parts.append(part)
                offset += len(part)
                length -= len(part)
        return b"".join(parts)

    def write(self, offset: int, data: bytes) -> None:
        rest = memoryview(data)
        with self._contents() as descriptor:
            while rest:
                count = os.pwrite(descriptor, rest, offset)
                offset += count
                rest = rest[count:]

    def resize(self, size: int) -> None:
        with self._contents() as descriptor:
            try:
                os.ftruncate(descriptor, size)
            except OSError as error:
                if error.errno == errno.EINVAL:  # how a descriptor for reading only is refused
                    fail(errno.EACCES, self.name)
                raise

    def sync(self) -> None:
        if self.known.removed:
            return
        if self.known.kind is Kind.DIRECTORY:
            os.fsync(self._descriptor())
            return
        with self._contents() as descriptor:
            os.fsync(descriptor)


def _written(status: os.stat_result) -> int:
    """When it was written, in nanoseconds since 1970: an earlier moment, of a clock that was wrong, cannot be told."""
    return max(0, status.st_mtime_ns)


def _component(name: str) -> str:
    """A name that is one component and nothing else. Path resolution has seen to it; here it is the last gate."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        fail(errno.EINVAL, name)
    return name


def _disk(node: Node) -> DiskNode:
    """A node of another backend in this tree would be a mistake of the host."""
    if not isinstance(node, DiskNode):
        raise TypeError(f"{node!r} is not part of a tree on disk")
    return node
