"""Real directories and files that are held open, so that none is ever looked up by a path from the root."""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from refhost.wasi.vfs.tree import Kind, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FOLDERS = 64  # open at the same time; a plugin can nest more than a process may open
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# A pipe or a device that a foreign hand puts in the place of a file must not block the host.
_FILE = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ETXTBSY})


def kind_of(status: os.stat_result) -> Kind:
    """The kind of a node, of what `lstat` says."""
    if stat.S_ISDIR(status.st_mode):
        return Kind.DIRECTORY
    if stat.S_ISREG(status.st_mode):
        return Kind.FILE
    return Kind.LINK if stat.S_ISLNK(status.st_mode) else Kind.OTHER


@dataclass(slots=True, eq=False)
class Object:
    """One inode of the machine, and what the plugin is told of it.

    Attributes:
        key: device and inode, by which it is known again.
        kind: its type.
        number: the inode number that the plugin sees.
        parent: the directory where it was seen last; None for the root.
        name: its name there.
        atime_ns: virtual times.
        mtime_ns: the same.
        ctime_ns: the same; the machine's own cannot be set.
        stamped_ns: the machine's mtime after the last change by this host: another one is a foreign hand's.
        removed: whether a directory is gone.
        users: how often a file is open.
    """

    key: tuple[int, int]
    kind: Kind
    number: int
    parent: Object | None
    name: str
    atime_ns: int
    mtime_ns: int
    ctime_ns: int
    stamped_ns: int
    removed: bool = False
    users: int = 0


class Handles:
    """The descriptors of one tree: its root, the directories that were used last, and every open file.

    A directory whose descriptor was given up is opened again from the nearest one above it that is open, one
    component at a time, no link followed, and each must be the very inode that it was before.
    """

    def __init__(self, root: Object, descriptor: int) -> None:
        self._root = root
        self._folders: OrderedDict[Object, int] = OrderedDict()
        self._files: dict[Object, int] = {}
        self._root_descriptor = descriptor

    def folder(self, folder: Object) -> int:
        """The descriptor of a directory, valid until the next call."""
        missing = []
        at = folder
        while at is not self._root and at not in self._folders:
            if at.removed or at.parent is None:
                fail(errno.ENOENT, at.name)
            missing.append(at)
            at = at.parent
        descriptor = self._root_descriptor if at is self._root else self._folders[at]
        if not missing and at is not self._root:
            self._folders.move_to_end(at)
        for each in reversed(missing):
            descriptor = self._folders[each] = self._opened(descriptor, each, _FOLDER)
            if len(self._folders) > MAX_FOLDERS:
                os.close(self._folders.popitem(last=False)[1])
        return descriptor

    @contextmanager
    def two_folders(self, one: Object, other: Object) -> Iterator[tuple[int, int]]:
        """The descriptors of two directories, valid inside the block."""
        with ExitStack() as held:  # copies: opening the one may give up the other
            descriptors = []
            for folder in (one, other):
                descriptors.append(os.dup(self.folder(folder)))
                held.callback(os.close, descriptors[-1])
            yield descriptors[0], descriptors[1]

    def forget(self, folder: Object) -> None:
        """Give up a directory that is gone."""
        descriptor = self._folders.pop(folder, None)
        if descriptor is not None:
            os.close(descriptor)

    def open(self, folder: Object, name: str, file: Object) -> None:
        """Open a file, once for all its users."""
        if file not in self._files:
            above = self.folder(folder)
            try:
                descriptor = self._opened(above, file, os.O_RDWR | _FILE, name)
            except OSError as error:
                if error.errno not in _READ_ONLY:
                    raise
                descriptor = self._opened(above, file, os.O_RDONLY | _FILE, name)
            self._files[file] = descriptor
        file.users += 1

    def close(self, file: Object) -> None:
        """Take one `open` back."""
        file.users -= 1
        if file.users == 0:
            os.close(self._files.pop(file))

    def file(self, file: Object) -> int | None:
        """The descriptor of a file, if it is open."""
        return self._files.get(file)

    @staticmethod
    def _opened(folder: int, wanted: Object, flags: int, name: str = "") -> int:
        """Open a name in a directory, and see that it is still the same inode."""
        name = name or wanted.name
        descriptor = os.open(name, flags, dir_fd=folder)
        try:
            status = os.fstat(descriptor)
            if (status.st_dev, status.st_ino) != wanted.key or kind_of(status) is not wanted.kind:
                fail(errno.ENOENT, name)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def close_all(self) -> None:
        """Give up everything: the tree cannot be used any more."""
        open_ones = [*self._files.values(), *self._folders.values()]
        self._files.clear()
        self._folders.clear()
        if self._root_descriptor >= 0:
            open_ones.append(self._root_descriptor)
            self._root_descriptor = -1
        for descriptor in open_ones:
            os.close(descriptor)


def open_root(start: str | os.PathLike[str] | int, *below: str) -> int:
    """A descriptor of the directory `start` (a path or a descriptor), or of one below it, made where it is missing.

    A path is the operator's and taken as it is, links and all; the names below it are not: none is followed.
    """
    if isinstance(start, int):
        descriptor = os.dup(start)
    else:
        Path(start).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(start, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0))
    for name in below:
        above = descriptor
        try:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
            descriptor = os.open(name, _FOLDER, dir_fd=above)
        finally:
            os.close(above)
    return descriptor
