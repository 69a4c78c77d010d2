"""An open file of a plugin."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from refhost.wasi.vfs.tree import Kind, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.wasi.vfs.tree import Node, Stat
    from refhost.wasi.vfs.volume import Volume

_MAX_OFFSET = 1 << 63


class File:
    """A file as a descriptor holds it: it stays usable when its name is removed or taken by another.

    Attributes:
        path: where the file was when it was opened, from the root of the VFS.
        readable: whether it was opened for reading.
        writable: whether it was opened for writing.
    """

    kind = Kind.FILE

    def __init__(self, volume: Volume, node: Node, path: str, *, readable: bool, writable: bool) -> None:
        self._volume = volume
        self.node = node
        self.path = path
        self.readable = readable
        self.writable = writable
        self._users = 1
        node.open()
        volume.quota.opened(node.stat().inode)

    def share(self) -> Self:
        """The same open file for a further user, who closes it, too: it stays open for the last one."""
        self._users += 1
        return self

    def close(self) -> None:
        """Give the file up; closing once more changes nothing."""
        self._users -= 1
        if self._users:
            self._users = max(self._users, 0)
            return
        with self._volume.journal.attempt("close", self.path):
            stat = self.node.stat()
            self._volume.quota.closed(stat.inode, stat.size)
            self.node.close()

    def stat(self) -> Stat:
        """Size, times and so on."""
        return self.node.stat()

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer, or none, at the end of the file.

        Raises:
            OSError: EBADF if the file is not open for reading, EINVAL for an impossible offset, or a fault.
        """
        with self._volume.journal.attempt("read", self.path, length) as attempt:
            if offset >= _MAX_OFFSET:
                fail(errno.EINVAL, self.path)
            if not self.readable:
                fail(errno.EBADF, self.path)
            if offset + length >= _MAX_OFFSET:
                fail(errno.EINVAL, self.path)
            attempt.at(self.path)
            self._volume.accessed(self.node)
            return self.node.read(offset, length)

    def write(self, offset: int | None, data: bytes) -> int:
        """Put `data` at `offset`, or at the end where that is None; return where the written bytes end.

        Raises:
            OSError: EBADF if the file is not open for writing, EINVAL, EFBIG, ENOSPC, EROFS, or a fault.
        """
        with self._volume.journal.attempt("write", self.path, len(data)) as attempt:
            if not self.writable:
                fail(errno.EBADF, self.path)
            size = self.node.stat().size
            start = size if offset is None else offset
            if start + len(data) >= _MAX_OFFSET:
                fail(errno.EINVAL, self.path)
            attempt.at(self.path)
            if data:
                with self._counted(size, max(size, start + len(data))):
                    self.node.write(start, data)
                self._volume.changed(self.node)
            return start + len(data)

    def resize(self, size: int) -> None:
        """Cut the file or lengthen it with zeros.

        Raises:
            OSError: EINVAL if the file is not open for writing or the size is impossible, EFBIG, ENOSPC,
                EROFS.
        """
        with self._volume.journal.attempt("truncate", self.path, size) as attempt:
            if not self.writable or size >= _MAX_OFFSET:
                fail(errno.EINVAL, self.path)
            attempt.at(self.path)
            self._resize(size)

    def allocate(self, offset: int, length: int) -> None:
        """See that the file is at least `offset + length` bytes long.

        Raises:
            OSError: EBADF if the file is not open for writing, EINVAL, EFBIG, ENOSPC, EROFS.
        """
        with self._volume.journal.attempt("allocate", self.path, offset + length) as attempt:
            if not self.writable:
                fail(errno.EBADF, self.path)
            if length == 0:
                fail(errno.EINVAL, self.path)
            attempt.at(self.path)
            if offset + length > self.node.stat().size:
                self._resize(offset + length)

    def _resize(self, size: int) -> None:
        with self._counted(self.node.stat().size, size):
            self.node.resize(size)
        self._volume.changed(self.node)

    @contextmanager
    def _counted(self, old: int, new: int) -> Iterator[None]:
        """Count the new size of the file, or what came of it if the machine's disk is full before the quota is."""
        self._volume.quota.resize(old, new)
        try:
            yield
        except OSError:
            self._volume.quota.resize(new, self.node.stat().size, checked=False)
            raise

    def set_times(self, atime_ns: int | None, mtime_ns: int | None) -> None:
        """Set the times of the file; None leaves one as it is."""
        with self._volume.journal.attempt("set_times", self.path) as attempt:
            attempt.at(self.path)
            self.node.set_times(atime_ns=atime_ns, mtime_ns=mtime_ns)
            self._volume.touched(self.node)

    def sync(self) -> None:
        """What a plugin asks for before it relies on a file."""
        with self._volume.journal.attempt("sync", self.path) as attempt:
            attempt.at(self.path)
            self.node.sync()
