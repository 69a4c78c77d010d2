"""The record of what a plugin did with its files, and the faults that a test asks for."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from refhost.wasi.vfs.tree import fail

if TYPE_CHECKING:
    from types import TracebackType

MUTATING = frozenset(
    {
        "allocate",
        "create",
        "link",
        "mkdir",
        "rename",
        "rmdir",
        "set_times",
        "symlink",
        "truncate",
        "unlink",
        "write",
    }
)
_MAX_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a plugin did, or tried to do.

    Attributes:
        name: `open`, `create`, `close`, `read`, `write`, `truncate`, `allocate`, `sync`, `stat`, `set_times`,
            `list`, `mkdir`, `rmdir`, `unlink`, `rename`, `symlink`, `link` or `readlink`.
        path: the file from the root of the VFS, such as `/data/x`, links on the way resolved. Of a path that
            leads nowhere: as the plugin wrote it, behind the directory that it is relative to. Of a very long
            one, the end.
        detail: bytes asked for (`read`, `write`), the new size (`truncate`, `allocate`), the new path
            (`rename`, `link`), the target (`symlink`), what a file is opened for (`open`, `create`: `r`, `w`,
            `rw`), else empty.
        error: the errno that the plugin got, such as `ENOENT`; empty when it worked.
    """

    name: str
    path: str
    detail: str | int = ""
    error: str = ""


Fault = Callable[[Operation], int | str | None]
Watcher = Callable[[Operation], None]


class Journal:
    """Every operation of a plugin passes through here, in order.

    Attributes:
        operations: what was done; nothing is added beyond `limit`, then `dropped` counts on.
        faults: asked before each operation; one that returns an errno (`errno.EIO` or `"EIO"`) makes it fail.
        watchers: told of each operation that is over.
        read_only: whatever would change the tree fails with EROFS.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self.operations: list[Operation] = []
        self.faults: list[Fault] = []
        self.watchers: list[Watcher] = []
        self.read_only = False
        self.dropped = 0
        self._limit = limit

    def record(self, operation: Operation) -> None:
        """Note an operation that is over."""
        for watcher in self.watchers:
            watcher(operation)
        if len(self.operations) < self._limit:
            self.operations.append(operation)
        else:
            self.dropped += 1

    def check(self, operation: Operation) -> None:
        """Fail where the tree is read-only or a test wants a fault."""
        if self.read_only and operation.name in MUTATING:
            fail(errno.EROFS, operation.path)
        for fault in self.faults:
            number = fault(operation)
            if isinstance(number, str):
                number = int(getattr(errno, number))
            if number:
                fail(number, operation.path)

    def attempt(self, name: str, path: str, detail: str | int = "") -> Attempt:
        """A context manager around one operation, which records how it ended."""
        return Attempt(self, name, path, detail)


class Attempt:
    """An operation that is under way. Its path is a guess until `at` says where it really leads."""

    __slots__ = ("_journal", "detail", "name", "path")

    def __init__(self, journal: Journal, name: str, path: str, detail: str | int) -> None:
        self._journal = journal
        self.name = name
        self.path = path
        self.detail = detail

    def at(self, path: str) -> None:
        """The path is resolved and the operation about to happen: the moment for faults."""
        self.path = path
        self._journal.check(Operation(self.name, path, self.detail))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        name = ""
        if isinstance(error, OSError):
            name = errno.errorcode.get(error.errno or 0, "EIO")
        detail = _shortened(self.detail) if isinstance(self.detail, str) else self.detail
        self._journal.record(Operation(self.name, _shortened(self.path), detail, name))


def _shortened(text: str) -> str:
    """The end of a long path: a plugin can nest directories without end, and the journal keeps every path."""
    return text if len(text) <= _MAX_TEXT else "…" + text[1 - _MAX_TEXT :]
