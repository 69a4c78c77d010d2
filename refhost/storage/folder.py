"""The folder that holds all plugins' files of one host: in memory, or a real directory. One interface for both."""

# ruff: noqa: D102 - the methods of a folder are documented where Folder declares them

from __future__ import annotations

import errno
import os
import stat
import weakref
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from refhost.wasi.vfs.disk import disk_tree
from refhost.wasi.vfs.handles import open_root
from refhost.wasi.vfs.memory import MemoryNode, memory_tree
from refhost.wasi.vfs.tree import fail

if TYPE_CHECKING:
    from pathlib import Path

    from refhost.wasi.vfs.tree import Node

FRESH = ".new"  # what a file is called while it is written
_NOT_FOLLOWED = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


class Folder(ABC):
    """Files, each replaced as a whole, and trees of files beside them; a name is a single component."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether anything has this name."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The contents of a file; no link is followed.

        Raises:
            OSError: it is missing or cannot be read.
        """

    @abstractmethod
    def replace(self, name: str, data: bytes) -> None:
        """Write a file, so that whatever happens on the way leaves all of the old one or all of the new one.

        Raises:
            OSError: it cannot be written; the old one is there still.
        """

    @abstractmethod
    def tree(self, name: str) -> Node:
        """The tree at `name/vfs`, made where it is missing."""

    def close(self) -> None:  # noqa: B027 - in memory nothing is open
        """Give up what is open; whoever asks next opens it again."""


class MemoryFolder(Folder):
    """A folder in memory: nothing of it is ever on the machine's disk. Trees lie in one file system, side by side."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, bytes] = {}
        self._trees: MemoryNode | None = None

    @property
    def trees(self) -> MemoryNode:
        """The directory that holds the trees; made when it is first needed."""
        self._trees = self._trees or memory_tree(root=self._root)
        return self._trees

    def exists(self, name: str) -> bool:
        return name in self._files or (self._trees is not None and self._trees.child(name) is not None)

    def read(self, name: str) -> bytes:
        if name not in self._files:
            fail(errno.ENOENT, name)
        return self._files[name]

    def replace(self, name: str, data: bytes) -> None:
        self._files[name] = data

    def tree(self, name: str) -> Node:
        folder = self.trees.child(name) or self.trees.make_directory(name)
        return (folder.child("vfs") or folder.make_directory("vfs")).as_root()


class DiskFolder(Folder):
    """A real directory, held open: it is looked up by its path once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: list[int] = []
        weakref.finalize(self, _close, self._opened)

    @property
    def _descriptor(self) -> int:
        if not self._opened:
            self._opened.append(open_root(self._path))
        return self._opened[0]

    def close(self) -> None:
        _close(self._opened)

    def exists(self, name: str) -> bool:
        try:
            os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return False
        return True

    def read(self, name: str) -> bytes:
        flags = os.O_RDONLY | _NOT_FOLLOWED | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(name, flags, dir_fd=self._descriptor), "rb") as file:  # noqa: PTH123 - no path
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"{self._path / name} is no file")
            return file.read()

    def replace(self, name: str, data: bytes) -> None:
        folder, fresh = self._descriptor, f"{name}{FRESH}"
        with suppress(FileNotFoundError):
            os.unlink(fresh, dir_fd=folder)  # a crash left it, or somebody put a link there
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOT_FOLLOWED, 0o666, dir_fd=folder)
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=folder)
            raise
        os.fsync(folder)

    def tree(self, name: str) -> Node:
        return disk_tree(self._descriptor, name, "vfs")


def _close(opened: list[int]) -> None:
    while opened:
        os.close(opened.pop())
