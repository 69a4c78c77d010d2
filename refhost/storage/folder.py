"""The folder that holds all plugins' files of one host: in memory, or a real directory. One interface for both."""

# ruff: noqa: D102 - the methods of a folder are documented where Folder declares them

from __future__ import annotations

import os
import stat
import weakref
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from pyfakefs.fake_filesystem import FakeFilesystem

from refhost.wasi.vfs.disk import disk_tree
from refhost.wasi.vfs.handles import open_root
from refhost.wasi.vfs.memory import memory_tree

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
    """A folder of a pyfakefs file system: nothing of it is ever on the machine's disk."""

    def __init__(self, root: str) -> None:
        self.files = FakeFilesystem(path_separator="/")
        self.files.is_windows_fs = False
        self.files.is_case_sensitive = True  # as on no machine in particular
        self.files.create_dir(root)
        self._root = root

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def exists(self, name: str) -> bool:
        return bool(self.files.exists(self._path(name)))

    def read(self, name: str) -> bytes:
        return self.files.get_object(self._path(name)).byte_contents or b""

    def replace(self, name: str, data: bytes) -> None:
        fresh = self._path(f"{name}{FRESH}")
        if self.files.exists(fresh):
            self.files.remove_object(fresh)
        self.files.create_file(fresh, contents=data)
        self.files.rename(fresh, self._path(name), force_replace=True)

    def tree(self, name: str) -> Node:
        return memory_tree(self.files, self._path(f"{name}/vfs"))


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
