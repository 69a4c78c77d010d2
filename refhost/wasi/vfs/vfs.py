"""The VFS as the host and tests see it."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.clock import Clock
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.wasi.vfs.directory import Directory
from refhost.wasi.vfs.journal import Journal
from refhost.wasi.vfs.memory import memory_tree
from refhost.wasi.vfs.quota import UNLIMITED, Limits, Quota
from refhost.wasi.vfs.resolution import MAX_NAME
from refhost.wasi.vfs.tree import Kind, fail
from refhost.wasi.vfs.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refhost.wasi.vfs.journal import Fault, Operation, Watcher
    from refhost.wasi.vfs.tree import Node

LAYOUT = ("data", "config", "tmp")


@dataclass(frozen=True, slots=True)
class Usage:
    """What is stored: bytes of all files (hard links once), and how many names of files there are."""

    bytes: int
    files: int


class Vfs:
    """One file tree that a plugin sees as `/`, in memory unless another root is given, such as `disk_tree(…)`.

    The plugin's side goes through `root_directory`: every operation is recorded in `operations`, can be made
    to fail by `faults`, and is subject to `read_only` and `limits`. The other methods are the host's side:
    they are not recorded, and they never follow a symbolic link, because a plugin may have made it. Paths of
    the host's side are from the root of the VFS, with or without the first slash; `.` and `..` are refused
    with ValueError.

    Args:
        root: the root of a tree: `memory_tree(…)` or `disk_tree(…)`.
        clock: where times come from; a clock of its own by default.
        limits: how much the plugin may store.
        layout: directories to make; those of contract §8 by default.
        switches: the profile.
    """

    def __init__(
        self,
        root: Node | None = None,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        layout: Sequence[str] = LAYOUT,
        switches: Switches = BY_THE_BOOK,
    ) -> None:
        root = root if root is not None else memory_tree()
        self.limits = limits or Limits()
        self._volume = Volume(root, clock or Clock(), Journal(), Quota(self.limits), switches)
        if self.limits != UNLIMITED:
            self._count_what_is_there()
        now = self._volume.clock.now_ns
        root.set_times(atime_ns=now, mtime_ns=now, ctime_ns=now)
        for name in layout:
            if root.child(name) is None:
                self._volume.quota.enter(checked=False)
                self._volume.created(root.make_directory(name), root)

    def _count_what_is_there(self) -> None:
        seen = set()
        for _, node in self._walk():
            stat = node.stat()
            if stat.inode not in seen:
                seen.add(stat.inode)
                size = stat.size if stat.kind is Kind.FILE else 0
                self._volume.quota.enter(size, checked=False)

    # The plugin's side.

    def root_directory(self) -> Directory:
        """The plugin's `/`."""
        return Directory(self._volume, self._volume.root, writable=True)

    @property
    def clock(self) -> Clock:
        """Where the times of files come from."""
        return self._volume.clock

    @property
    def operations(self) -> list[Operation]:
        """What the plugin did, in order; clear it as you like."""
        return self._volume.journal.operations

    @property
    def faults(self) -> list[Fault]:
        """Callables that are asked before each operation of the plugin: an errno makes it fail."""
        return self._volume.journal.faults

    @property
    def watchers(self) -> list[Watcher]:
        """Callables that are told of each operation of the plugin when it is over."""
        return self._volume.journal.watchers

    @property
    def read_only(self) -> bool:
        """Whether everything that would change the tree fails with EROFS."""
        return self._volume.journal.read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self._volume.journal.read_only = value

    # The host's side.

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises:
            OSError: FileNotFoundError, IsADirectoryError, NotADirectoryError; ELOOP for a symbolic link.
        """
        node = self._file(path)
        node.open()
        try:
            return node.read(0, node.stat().size)
        finally:
            node.close()

    def read_text(self, path: str) -> str:
        """The contents of a file, as UTF-8."""
        return self.read(path).decode()

    def write(self, path: str, data: bytes | str) -> None:
        """Make a file, and the directories on its way, or replace its contents. Text becomes UTF-8.

        Raises:
            OSError: as `read` does.
        """
        data = data.encode() if isinstance(data, str) else data
        node = self._volume.root
        parts = _parts(path)
        for name in parts[:-1]:
            node = self._child(node, name, "directory")
            if node.kind is not Kind.DIRECTORY:
                fail(_not_a_directory(node), path)
        if not parts:
            fail(errno.EISDIR, path)
        node = self._regular(self._child(node, parts[-1], "file"), path)
        self._volume.quota.resize(node.stat().size, len(data), checked=False)
        node.open()
        try:
            node.resize(0)
            node.write(0, data)
        finally:
            node.close()
        self._volume.changed(node)

    def exists(self, path: str) -> bool:
        """Whether there is a file, directory or link at a path."""
        try:
            self._find(path)
        except OSError:
            return False
        return True

    def files(self) -> dict[str, bytes]:
        """All regular files: path (`/data/x`) to contents, sorted by path."""
        found = {path: self.read(path) for path, node in self._walk() if node.kind is Kind.FILE}
        return dict(sorted(found.items()))

    def list(self, path: str = "/") -> list[str]:
        """The names in a directory, sorted."""
        node = self._find(path)
        if node.kind is not Kind.DIRECTORY:
            fail(_not_a_directory(node), path)
        return node.names()

    def remove(self, path: str) -> None:
        """Remove a file or link, or a directory and all that is in it."""
        parts = _parts(path)
        if not parts:
            fail(errno.EPERM, path)
        self._find(path)
        self._remove(self._find("/".join(parts[:-1])), parts[-1])

    def _left(self, tmp: Node, name: str) -> bool:
        """Whether it stays when `/tmp` is emptied: a directory does there (TMP)."""
        node = tmp.child(name)
        return node is not None and node.kind is Kind.DIRECTORY and self._volume.switches.departs("TMP", "tmp")

    def clear_tmp(self) -> int:
        """Empty `/tmp` (contract §8) and return how many files went.

        Whatever the plugin put in the place of `/tmp` itself, such as a link to `/data`, becomes a directory.
        """
        root = self._volume.root
        tmp = root.child("tmp")
        if tmp is not None and tmp.kind is not Kind.DIRECTORY:
            self._remove(root, "tmp")
            tmp = None
        if tmp is None:
            self._child(root, "tmp", "directory")
            return 0
        return sum(self._remove(tmp, name) for name in tmp.names() if not self._left(tmp, name))

    def usage(self) -> Usage:
        """How much is stored (contract §8)."""
        total = 0
        count = 0
        seen = set()
        for _, node in self._walk():
            if node.kind is Kind.FILE:
                stat = node.stat()
                count += 1
                total += stat.size if stat.inode not in seen else 0
                seen.add(stat.inode)
        return Usage(total, count)

    def tree_hash(self) -> str:
        """A SHA-256 over names, types and contents, not over times: equal trees have equal hashes."""
        digest = hashlib.sha256()
        for path, node in sorted(self._walk(), key=lambda item: item[0]):
            data = b""
            if node.kind is Kind.FILE:
                data = self.read(path)
            elif node.kind is Kind.LINK:
                data = node.target().encode("utf-8", "surrogateescape")
            head = f"{node.kind.value}\0{path}\0{len(data)}\0"
            digest.update(head.encode("utf-8", "surrogateescape") + data)
        return digest.hexdigest()

    # Helpers of the host's side.

    def _find(self, path: str) -> Node:
        node = self._volume.root
        for name in _parts(path):
            if node.kind is not Kind.DIRECTORY:
                fail(_not_a_directory(node), path)
            child = node.child(name)
            if child is None:
                fail(errno.ENOENT, path)
            node = child
        return node

    def _file(self, path: str) -> Node:
        return self._regular(self._find(path), path)

    def _regular(self, node: Node, path: str) -> Node:
        if node.kind is Kind.DIRECTORY:
            fail(errno.EISDIR, path)
        if node.kind is not Kind.FILE:
            fail(errno.ELOOP if node.kind is Kind.LINK else errno.EACCES, path)
        return node

    def _child(self, directory: Node, name: str, what: str) -> Node:
        """The node of that name, made where nothing is."""
        node = directory.child(name)
        if node is None:
            self._volume.quota.enter(checked=False)
            node = directory.make_file(name) if what == "file" else directory.make_directory(name)
            self._volume.created(node, directory)
        return node

    def _remove(self, directory: Node, name: str) -> int:
        """Remove a name with all that is below it; return how many files and links went.

        Without recursion: a plugin can nest directories deeper than Python its calls.
        """
        count = 0
        waiting = [(directory, name)]
        while waiting:
            parent, name = waiting[-1]
            node = parent.child(name)
            if node is not None and node.kind is Kind.DIRECTORY and (inner := node.names()):
                waiting += [(node, each) for each in inner]
                continue
            waiting.pop()
            if node is not None:
                stat = node.stat()
                parent.remove(name)
                self._volume.quota.unnamed(stat)
                self._volume.changed(parent)
                count += node.kind is not Kind.DIRECTORY
        return count

    def _walk(self) -> Iterator[tuple[str, Node]]:
        """Every node below the root with its path, directories before what is in them."""
        waiting: list[tuple[str, Node]] = [("", self._volume.root)]
        while waiting:
            path, directory = waiting.pop()
            for name in directory.names():
                node = directory.child(name)
                if node is None:
                    continue
                yield f"{path}/{name}", node
                if node.kind is Kind.DIRECTORY:
                    waiting.append((f"{path}/{name}", node))


def _parts(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part]
    for part in parts:
        if part in {".", ".."} or "\0" in part:
            raise ValueError(f"{path!r} is not a plain path from the root of the VFS, such as '/data/x'")
        if len(part.encode("utf-8", "surrogateescape")) > MAX_NAME:
            fail(errno.ENAMETOOLONG, path)
    return parts


def _not_a_directory(node: Node) -> int:
    """The errno for a path through something else: a link is never followed by the host."""
    return errno.ELOOP if node.kind is Kind.LINK else errno.ENOTDIR
