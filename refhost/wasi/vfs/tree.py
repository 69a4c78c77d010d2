"""What a file tree is made of, whichever backend keeps it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn


def fail(number: int, path: str = "") -> NoReturn:
    """Raise the `OSError` for an errno of Python's `errno` module."""
    raise OSError(number, os.strerror(number), path)


class Kind(Enum):
    """The type of a node."""

    DIRECTORY = "directory"
    FILE = "file"
    LINK = "link"
    OTHER = "other"  # sockets, devices, pipes: only a real directory can hold them


@dataclass(frozen=True, slots=True)
class Stat:
    """What is known of a node; times are nanoseconds since 1970 of the virtual clock."""

    kind: Kind
    inode: int
    links: int
    size: int
    atime_ns: int
    mtime_ns: int
    ctime_ns: int


class Node(ABC):
    """One file, directory or symbolic link. Two nodes are equal if they are the same object of the tree.

    No method follows a link, and every name is a single component that was checked before: path resolution
    stands above this class and is the same for all backends. Methods raise `OSError`.
    """

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """The type."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Where it is, from the root of the VFS, such as `/data/x`. Of a hard link: one of its names."""

    @property
    def parent(self) -> Node | None:
        """The directory that holds this one; None for the highest, and always on a real disk."""
        return None

    @abstractmethod
    def stat(self) -> Stat:
        """Size, times and so on."""

    @abstractmethod
    def set_times(
        self, *, atime_ns: int | None = None, mtime_ns: int | None = None, ctime_ns: int | None = None
    ) -> None:
        """Stamp the node; None leaves a time as it is."""

    def open(self) -> None:  # noqa: B027 - only backends with something to hold on to override it
        """Keep the contents of a file reachable until `close`, also when its name is removed."""

    def close(self) -> None:  # noqa: B027 - see `open`
        """Take one `open` back."""

    def sync(self) -> None:  # noqa: B027 - see `open`
        """See that what was written outlives the machine's next power cut."""

    def close_tree(self) -> None:  # noqa: B027 - see `open`
        """Give up whatever is open of the whole tree: it cannot be used any more."""

    # Directories.

    @property
    @abstractmethod
    def removed(self) -> bool:
        """Whether this directory was removed, and lives on only in an open descriptor."""

    @abstractmethod
    def names(self) -> list[str]:
        """The names in a directory, sorted."""

    @abstractmethod
    def child(self, name: str) -> Node | None:
        """The node of that name in a directory."""

    @abstractmethod
    def make_file(self, name: str) -> Node:
        """Create an empty file."""

    @abstractmethod
    def make_directory(self, name: str) -> Node:
        """Create an empty directory."""

    @abstractmethod
    def make_link(self, name: str, target: str) -> Node:
        """Create a symbolic link."""

    @abstractmethod
    def add(self, name: str, node: Node) -> None:
        """Give a file or link another name: a hard link."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a name; of a directory only when it is empty."""

    @abstractmethod
    def move(self, name: str, directory: Node, new_name: str) -> None:
        """Move a name of this directory to `directory`; what has the new name there, if anything, is replaced.

        The caller has seen to it that it may be: a directory that is replaced is empty. Where the backend
        outlives the process, there is no moment without either.
        """

    # Links and files.

    @abstractmethod
    def target(self) -> str:
        """What a symbolic link says."""

    @abstractmethod
    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes of a file."""

    @abstractmethod
    def write(self, offset: int, data: bytes) -> None:
        """Put all of `data` into a file, with zeros before it where the file is shorter."""

    @abstractmethod
    def resize(self, size: int) -> None:
        """Cut a file, or lengthen it with zeros."""
