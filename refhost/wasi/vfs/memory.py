"""A tree in memory: a part of a standalone pyfakefs file system. Nothing of Python is patched."""

# ruff: noqa: D102 - the methods of a node are documented where Node declares them

from __future__ import annotations

import errno
import stat
from dataclasses import dataclass
from typing import Any

from pyfakefs.fake_file import FakeDirectory, FakeFile
from pyfakefs.fake_filesystem import FakeFilesystem

from refhost.wasi.vfs.tree import Kind, Node, Stat, fail


class _GrowingFile(FakeFile):
    """A pyfakefs file whose contents are a bytearray.

    pyfakefs keeps `bytes` and copies them whole on every write, which makes a log file of n lines cost n².
    """

    def __init__(self, name: str, filesystem: FakeFilesystem) -> None:
        super().__init__(name, stat.S_IFREG | 0o666, "", filesystem=filesystem)
        self.buffer = bytearray()

    @property
    def byte_contents(self) -> bytes:
        return bytes(self.buffer)

    @property
    def size(self) -> int:
        return len(self.buffer)

    @size.setter
    def size(self, st_size: int) -> None:
        self.filesystem.change_disk_usage(st_size - len(self.buffer), self.name, self.st_dev)
        if st_size < len(self.buffer):
            del self.buffer[st_size:]
        else:
            self.buffer.extend(bytes(st_size - len(self.buffer)))
        self.st_size = st_size
        self.epoch += 1  # tells pyfakefs' own open files to read again

    def set_initial_contents(self, contents: Any) -> bool:  # noqa: ANN401 - pyfakefs' own signature
        """Replace everything, as pyfakefs does when somebody writes through its `open`."""
        data = contents.encode() if isinstance(contents, str) else bytes(contents or b"")
        changed = data != self.buffer
        self.size = len(data)
        self.buffer[:] = data
        return changed


def memory_tree(filesystem: FakeFilesystem | None = None, root: str = "/vfs") -> MemoryNode:
    """The root node of a tree at `root` of a pyfakefs file system: the given one, or a new one."""
    if filesystem is None:
        filesystem = FakeFilesystem(path_separator="/")
        filesystem.is_windows_fs = False
        filesystem.is_case_sensitive = True
    node = MemoryNode(filesystem.root, _Tree(filesystem, filesystem.root))
    for name in root.strip("/").split("/"):  # by name: looking up whole paths costs pyfakefs ten times as much
        node = node.child(name) or node.make_directory(name)
    return node.as_root()


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    """What keeps a tree alive: the objects of pyfakefs know their file system only by a weak reference."""

    filesystem: FakeFilesystem
    root: FakeFile


@dataclass(frozen=True, slots=True)
class MemoryNode(Node):
    """An object of a pyfakefs file system."""

    file: FakeFile
    tree: _Tree

    def as_root(self) -> MemoryNode:
        """The same directory as the root of a tree of its own."""
        return MemoryNode(self.file, _Tree(self.tree.filesystem, self.file))

    @property
    def kind(self) -> Kind:
        if isinstance(self.file, FakeDirectory):
            return Kind.DIRECTORY
        mode = self.file.st_mode
        if stat.S_ISLNK(mode):
            return Kind.LINK
        return Kind.FILE if stat.S_ISREG(mode) else Kind.OTHER

    @property
    def path(self) -> str:
        names = []
        file: FakeFile | None = self.file
        while file is not None and file is not self.tree.root:
            names.append(str(file.name))
            file = file.parent_dir() if file.parent_dir else None
        return "/" + "/".join(reversed(names))

    @property
    def parent(self) -> MemoryNode | None:
        above = self.file.parent_dir() if self.file.parent_dir else None
        return None if above is None else MemoryNode(above, self.tree)

    def stat(self) -> Stat:
        result = self.file.stat_result
        kind = self.kind
        if kind is Kind.DIRECTORY:
            links, size = 1, 0  # pyfakefs counts files as links too
        else:
            links = result.st_nlink
            size = len(self.target().encode()) if kind is Kind.LINK else self.file.size
        return Stat(
            kind=kind,
            inode=result.st_ino or 0,
            links=links,
            size=size,
            atime_ns=result.st_atime_ns,
            mtime_ns=result.st_mtime_ns,
            ctime_ns=result.st_ctime_ns,
        )

    def set_times(
        self, *, atime_ns: int | None = None, mtime_ns: int | None = None, ctime_ns: int | None = None
    ) -> None:
        result = self.file.stat_result
        if atime_ns is not None:
            result.st_atime_ns = atime_ns
        if mtime_ns is not None:
            result.st_mtime_ns = mtime_ns
        if ctime_ns is not None:
            result.st_ctime_ns = ctime_ns

    @property
    def _directory(self) -> FakeDirectory:
        if not isinstance(self.file, FakeDirectory):
            fail(errno.ENOTDIR, self.path)
        return self.file

    @property
    def removed(self) -> bool:
        parent = self.file.parent_dir() if self.file.parent_dir else None
        return parent is not None and parent.entries.get(self.file.name) is not self.file

    def names(self) -> list[str]:
        return sorted(self._directory.entries)

    def child(self, name: str) -> MemoryNode | None:
        file = self._directory.entries.get(name)
        return None if file is None else MemoryNode(file, self.tree)

    def _enter(self, file: FakeFile) -> MemoryNode:
        self._directory.add_entry(file)
        return MemoryNode(file, self.tree)

    def make_file(self, name: str) -> MemoryNode:
        return self._enter(_GrowingFile(name, self.tree.filesystem))

    def make_directory(self, name: str) -> MemoryNode:
        return self._enter(FakeDirectory(name, 0o777, filesystem=self.tree.filesystem))

    def make_link(self, name: str, target: str) -> MemoryNode:
        mode = stat.S_IFLNK | 0o777
        return self._enter(FakeFile(name, mode, target, filesystem=self.tree.filesystem, encoding="utf-8"))

    def add(self, name: str, node: Node) -> None:
        file = _memory(node).file
        _name(file, name)
        self._directory.add_entry(file)

    def remove(self, name: str) -> None:
        self._directory.remove_entry(name, recursive=False)

    def move(self, name: str, directory: Node, new_name: str) -> None:
        file = self._directory.entries[name]
        target = _memory(directory)._directory  # noqa: SLF001 - of this class
        if new_name in target.entries:
            target.remove_entry(new_name, recursive=False)
        self._directory.remove_entry(name, recursive=False)
        _name(file, new_name)
        target.add_entry(file)

    def target(self) -> str:
        return (self.file.byte_contents or b"").decode("utf-8", "surrogateescape")

    def read(self, offset: int, length: int) -> bytes:
        file = self.file
        if isinstance(file, _GrowingFile):
            return bytes(file.buffer[offset : offset + length])
        return (file.byte_contents or b"")[offset : offset + length]

    def write(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        file = self.file
        if not isinstance(file, _GrowingFile):  # somebody made it through pyfakefs' own interface
            old = file.byte_contents or b""
            file.set_initial_contents(old[:offset].ljust(offset, b"\0") + data + old[end:])
            return
        if end > len(file.buffer):
            file.size = end
        file.buffer[offset:end] = data
        file.epoch += 1

    def resize(self, size: int) -> None:
        file = self.file
        if isinstance(file, _GrowingFile):
            file.size = size
        else:
            file.set_initial_contents((file.byte_contents or b"")[:size].ljust(size, b"\0"))


def _name(file: FakeFile, name: str) -> None:
    """Name a file for `add_entry`. pyfakefs keeps one name per object: the latest of its hard links."""
    file.name = name  # type: ignore[assignment] # declared as AnyStr, which no attribute can be


def _memory(node: Node) -> MemoryNode:
    """A node of another backend in this tree would be a mistake of the host."""
    if not isinstance(node, MemoryNode):
        raise TypeError(f"{node!r} is not part of a tree in memory")
    return node
