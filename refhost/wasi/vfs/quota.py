"""How much a plugin may store (contract §19)."""

from __future__ import annotations

import errno
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.wasi.vfs.tree import Kind, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.wasi.vfs.tree import Stat

_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of one VFS.

    Attributes:
        total_size: bytes of all files together, those that are removed but still open included (ENOSPC).
        file_size: bytes of one file (EFBIG).
        entries: files, directories and links, hard links counted once (ENOSPC).
    """

    total_size: int = 256 * _MEBIBYTE
    file_size: int = 64 * _MEBIBYTE
    entries: int = 65_536


# What is there already is not even counted: a real directory may be that of a whole machine.
UNLIMITED = Limits(sys.maxsize, sys.maxsize, sys.maxsize)


class Quota:
    """Counts what is stored, so that a plugin's file costs no walk over the tree.

    A file that is removed while it is open still takes its space: otherwise a plugin could fill the host's
    memory with files that have no name.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._bytes = 0
        self._entries = 0
        self._open: Counter[int] = Counter()
        self._nameless: set[int] = set()

    def enter(self, size: int = 0, *, checked: bool = True) -> None:
        """Count a new object; `checked=False` for what the host itself puts there."""
        if checked and self._entries >= self.limits.entries:
            fail(errno.ENOSPC)
        self._entries += 1
        self._bytes += size

    @contextmanager
    def entering(self) -> Iterator[None]:
        """Count the new object that is made inside the block, if it can be made."""
        self.enter()
        try:
            yield
        except BaseException:
            self._forget(0)
            raise

    def resize(self, old: int, new: int, *, checked: bool = True) -> None:
        """Count a file that changes its size."""
        if checked and new > old:
            if new > self.limits.file_size:
                fail(errno.EFBIG)
            if self._bytes + new - old > self.limits.total_size:
                fail(errno.ENOSPC)
        self._bytes += new - old

    def opened(self, inode: int) -> None:
        """A descriptor of a file was made."""
        self._open[inode] += 1

    def closed(self, inode: int, size: int) -> None:
        """A descriptor of a file is gone."""
        self._open[inode] -= 1
        if self._open[inode] > 0:
            return
        del self._open[inode]
        if inode in self._nameless:
            self._nameless.remove(inode)
            self._forget(size)

    def unnamed(self, stat: Stat) -> None:
        """A name has gone; `stat` is from before."""
        if stat.kind is not Kind.DIRECTORY and stat.links > 1:
            return
        if self._open[stat.inode] > 0:
            self._nameless.add(stat.inode)
        else:
            self._open.pop(stat.inode, None)
            self._forget(stat.size if stat.kind is Kind.FILE else 0)

    def _forget(self, size: int) -> None:
        self._entries -= 1
        self._bytes -= size
