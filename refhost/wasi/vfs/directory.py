"""An open directory of a plugin: every operation on a path starts from one."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.wasi.vfs.file import File
from refhost.wasi.vfs.resolution import Place, check_text, join, leaves_root
from refhost.wasi.vfs.tree import Kind, Stat, fail

if TYPE_CHECKING:
    from refhost.wasi.vfs.journal import Attempt
    from refhost.wasi.vfs.tree import Node
    from refhost.wasi.vfs.volume import Volume


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory."""

    name: str
    kind: Kind
    inode: int


@dataclass(frozen=True, slots=True)
class OpenHow:
    """What a path is to be opened for; the names are those of the flags of `open`."""

    follow: bool = False
    create: bool = False
    exclusive: bool = False
    truncate: bool = False
    directory: bool = False
    read: bool = True
    write: bool = False


class Directory:
    """A directory as a descriptor holds it. Paths are relative to it and cannot leave it.

    Attributes:
        writable: whether the descriptor was asked for with the right to write; told, never enforced.
    """

    kind = Kind.DIRECTORY

    def __init__(self, volume: Volume, node: Node, *, writable: bool = False) -> None:
        self._volume = volume
        self.node = node
        self.writable = writable

    @property
    def path(self) -> str:
        """Where the directory is now, from the root of the VFS."""
        return self.node.path

    def close(self) -> None:
        """Give the directory up: nothing to do."""

    def _attempt(self, name: str, path: str, detail: str | int = "") -> Attempt:
        return self._volume.journal.attempt(name, join(self.path, path), detail)

    # The directory itself.

    def stat(self) -> Stat:
        """Size, times and so on of the directory."""
        return self.node.stat()

    def set_times(self, atime_ns: int | None, mtime_ns: int | None) -> None:
        """Set the times of the directory; None leaves one as it is."""
        with self._volume.journal.attempt("set_times", self.path) as attempt:
            attempt.at(self.path)
            self.node.set_times(atime_ns=atime_ns, mtime_ns=mtime_ns)
            self._volume.touched(self.node)

    def entries(self) -> list[Entry]:
        """What is in the directory, sorted by name, without `.` and `..`."""
        with self._volume.journal.attempt("list", self.path) as attempt:
            attempt.at(self.path)
            self._volume.accessed(self.node)
            found = []
            for name in self.node.names():
                node = self.node.child(name)
                if node is not None:
                    found.append(Entry(name, node.kind, node.stat().inode))
            return found

    def sync(self) -> None:
        """Like `File.sync`."""
        with self._volume.journal.attempt("sync", self.path) as attempt:
            attempt.at(self.path)
            self.node.sync()

    # What paths lead to.

    def stat_at(self, path: str, *, follow: bool) -> Stat:
        """Size, times and so on of what is at a path."""
        with self._attempt("stat", path) as attempt:
            place = self._existing(path, follow=follow)
            attempt.at(place.path)
            return _there(place).stat()

    def set_times_at(self, path: str, atime_ns: int | None, mtime_ns: int | None, *, follow: bool) -> None:
        """Set the times of what is at a path; None leaves one as it is."""
        with self._attempt("set_times", path) as attempt:
            place = self._existing(path, follow=follow)
            attempt.at(place.path)
            node = _there(place)
            node.set_times(atime_ns=atime_ns, mtime_ns=mtime_ns)
            self._volume.touched(node)

    def readlink(self, path: str) -> str:
        """What a symbolic link says; EINVAL for anything else."""
        with self._attempt("readlink", path) as attempt:
            place = self._existing(path, follow=False)
            attempt.at(place.path)
            node = _there(place)
            if node.kind is not Kind.LINK:
                fail(errno.EINVAL, path)
            return node.target()

    def open(self, path: str, how: OpenHow) -> File | Directory:
        """Open or create what is at a path.

        Raises:
            OSError: as POSIX's `openat` has it; EPERM for a path that leaves the directory.
        """
        mode = ("r" if how.read else "") + ("w" if how.write else "")
        with self._attempt("open", path, mode) as attempt:
            follow = how.follow and not (how.create and how.exclusive)
            if how.create and path.endswith("/") and self._volume.resolve(self.node, _strip(path), follow=False).name:
                fail(errno.EISDIR, path)
            place = self._volume.resolve(self.node, path, follow=follow)
            if place.node is None:
                return self._create(place, how, attempt)
            attempt.path = place.path
            if how.create and how.exclusive:
                fail(errno.EEXIST, path)
            return self._open_existing(place, place.node, how, attempt)

    def _create(self, place: Place, how: OpenHow, attempt: Attempt) -> File:
        attempt.path = place.path
        if not how.create:
            fail(errno.ENOENT, place.path)
        attempt.name = "create"
        attempt.at(place.path)
        node = self._enter(place, "file")
        return File(self._volume, node, place.path, readable=how.read, writable=how.write)

    def _open_existing(self, place: Place, node: Node, how: OpenHow, attempt: Attempt) -> File | Directory:
        if node.kind is Kind.DIRECTORY:
            if how.write or how.create or how.truncate:
                fail(errno.EISDIR, place.path)
            attempt.at(place.path)
            return Directory(self._volume, node, writable=how.write)
        if place.slash:
            fail(errno.ENOTDIR, place.path)
        if node.kind is Kind.LINK:
            fail(errno.ELOOP, place.path)
        if how.directory:
            fail(errno.ENOTDIR, place.path)
        if node.kind is not Kind.FILE:
            fail(errno.EACCES, place.path)
        if (how.write or how.truncate) and self._volume.journal.read_only:
            fail(errno.EROFS, place.path)
        attempt.at(place.path)
        if how.truncate:
            with self._volume.journal.attempt("truncate", place.path, 0) as truncation:
                truncation.at(place.path)
                self._volume.quota.resize(node.stat().size, 0)
                node.resize(0)
                self._volume.changed(node)
        return File(self._volume, node, place.path, readable=how.read, writable=how.write)

    # What changes the tree.

    def make_directory(self, path: str) -> None:
        """Create a directory."""
        with self._attempt("mkdir", path) as attempt:
            place = self._free(path)
            attempt.at(place.path)
            self._enter(place, "directory")

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory."""
        with self._attempt("rmdir", path) as attempt:
            place = self._existing(path, follow=False, strip=True)
            attempt.path = place.path
            node = _there(place)
            if not place.name:
                fail(errno.EINVAL, path)
            if node.kind is not Kind.DIRECTORY:
                fail(errno.ENOTDIR, path)
            if node.names():
                fail(errno.ENOTEMPTY, path)
            attempt.at(place.path)
            self._leave(place.directory, place.name, node)

    def unlink(self, path: str) -> None:
        """Remove a name of a file or a symbolic link."""
        with self._attempt("unlink", path) as attempt:
            place = self._existing(path, follow=False, strip=True)
            attempt.path = place.path
            node = _there(place)
            if node.kind is Kind.DIRECTORY:
                fail(errno.EISDIR, path)
            if place.slash:
                fail(errno.ENOTDIR, path)
            attempt.at(place.path)
            self._leave(place.directory, place.name, node)

    def symlink(self, target: str, path: str) -> None:
        """Create a symbolic link; one that points out of the VFS is refused (R17).

        Raises:
            OSError: EPERM for such a target, else as POSIX's `symlinkat` has it.
        """
        with self._attempt("symlink", path, target) as attempt:
            if target.startswith("/"):
                fail(errno.EPERM, target)
            self._volume.resolve(self.node, _strip(path), follow=False)  # a way out is refused before all else
            check_text(target)
            place = self._free(path, file=True)
            if leaves_root(place.directory.path, target) and not self._volume.may_be_left():
                fail(errno.EPERM, target)
            attempt.at(place.path)
            with self._volume.quota.entering():
                node = place.directory.make_link(place.name, target)
            self._volume.created(node, place.directory)

    def link(self, path: str, directory: Directory, new_path: str) -> None:
        """Give a file, or a symbolic link itself, another name."""
        with self._attempt("link", path, join(directory.path, new_path)) as attempt:
            source = self._volume.resolve(self.node, path, follow=False)
            attempt.path = source.path
            self._volume.resolve(directory.node, _strip(new_path), follow=False)  # a way out is refused before all else
            node = _there(source)
            if source.slash and node.kind is not Kind.DIRECTORY:
                fail(errno.ENOTDIR, path)
            target = directory._free(new_path, file=True)
            attempt.detail = target.path
            if node.kind is Kind.DIRECTORY:
                fail(errno.EPERM, path)
            self._check_same_tree(directory, path)
            attempt.at(source.path)
            target.directory.add(target.name, node)
            self._volume.touched(node)
            self._volume.changed(target.directory)

    def rename(self, path: str, directory: Directory, new_path: str) -> None:
        """Move what is at a path, in the place of what is at the new one."""
        with self._attempt("rename", path, join(directory.path, new_path)) as attempt:
            source = self._volume.resolve(self.node, _strip(path), follow=False)
            target = self._volume.resolve(directory.node, _strip(new_path), follow=False)
            attempt.path, attempt.detail = source.path, target.path
            if not source.name or not target.name:
                fail(errno.EBUSY, path)
            node = _there(source)
            if node.kind is not Kind.DIRECTORY and (path.endswith("/") or new_path.endswith("/")):
                fail(errno.ENOTDIR, path)
            self._check_same_tree(directory, path)
            if not _may_replace(source, node, target):
                return
            attempt.at(source.path)
            replaced = target.node.stat() if target.node is not None else None
            source.directory.move(source.name, target.directory, target.name)
            if target.node is not None and replaced is not None:
                self._volume.quota.unnamed(replaced)
                self._volume.touched(target.node)
            self._volume.changed(source.directory)
            self._volume.changed(target.directory)
            self._volume.touched(node)

    # Helpers.

    def _check_same_tree(self, other: Directory, path: str) -> None:
        """Nothing moves between two preopened directories, nor is in both."""
        if other._volume is not self._volume:
            fail(errno.EXDEV, path)

    def _existing(self, path: str, *, follow: bool, strip: bool = False) -> Place:
        """Resolve a path to something that is there; `strip`: a slash at the end does not follow a link."""
        place = self._volume.resolve(self.node, _strip(path) if strip else path, follow=follow)
        node = place.node
        if node is None:
            fail(errno.ENOENT, path)
        slash = path.endswith("/")
        if slash and not strip and node.kind is not Kind.DIRECTORY:
            fail(errno.ENOTDIR, path)
        if slash and not place.slash:
            return Place(place.directory, place.name, node, slash=True, path=place.path)
        return place

    def _free(self, path: str, *, file: bool = False) -> Place:
        """Resolve a path where nothing is yet; `file`: what is to come is no directory."""
        place = self._volume.resolve(self.node, _strip(path), follow=False)
        slash = path.endswith("/")
        if place.node is not None:
            if file and slash and place.node.kind is not Kind.DIRECTORY:
                fail(errno.ENOTDIR, path)
            fail(errno.EEXIST, path)
        if file and slash:
            fail(errno.ENOENT, path)
        return place

    def _enter(self, place: Place, what: str) -> Node:
        make = place.directory.make_file if what == "file" else place.directory.make_directory
        with self._volume.quota.entering():
            node = make(place.name)
        self._volume.created(node, place.directory)
        return node

    def _leave(self, directory: Node, name: str, node: Node) -> None:
        stat = node.stat()
        directory.remove(name)
        self._volume.quota.unnamed(stat)
        self._volume.touched(node)
        self._volume.changed(directory)


def _strip(path: str) -> str:
    """The path without slashes at its end, so that a link in the last component stays unfollowed."""
    return path.rstrip("/") or path


def _there(place: Place) -> Node:
    """The node of a place; ENOENT where nothing is."""
    if place.node is None:
        fail(errno.ENOENT, place.path)
    return place.node


def _may_replace(source: Place, node: Node, target: Place) -> bool:
    """Whether a rename has anything to do; raise where it is not allowed."""
    directory = node.kind is Kind.DIRECTORY
    if directory and f"{target.path}/".startswith(f"{source.path}/") and target.path != source.path:
        fail(errno.EINVAL, target.path)
    other = target.node
    if other is None:
        return True
    if other == node:
        return False
    if other.kind is Kind.DIRECTORY and not directory:
        fail(errno.EISDIR, target.path)
    if directory and other.kind is not Kind.DIRECTORY:
        fail(errno.ENOTDIR, target.path)
    if directory and other.names():
        fail(errno.ENOTEMPTY, target.path)
    return True
