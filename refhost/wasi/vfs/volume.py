"""What all descriptors of one VFS share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.profiles import BY_THE_BOOK, Switches
from refhost.wasi.vfs.resolution import Place, resolve

if TYPE_CHECKING:
    from refhost.clock import Clock
    from refhost.wasi.vfs.journal import Journal
    from refhost.wasi.vfs.quota import Quota
    from refhost.wasi.vfs.tree import Node


@dataclass(frozen=True, slots=True)
class Volume:
    """The tree and the books that are kept on it. Times come from the virtual clock."""

    root: Node
    clock: Clock
    journal: Journal
    quota: Quota
    switches: Switches = BY_THE_BOOK

    def resolve(self, base: Node, path: str, *, follow: bool) -> Place:
        """Where a path leads from a directory of this volume; see `resolution.resolve`."""
        return resolve(base, path, follow=follow, switches=self.switches)

    def may_be_left(self) -> bool:
        """Whether a link may lead out of it (D22): out of memory into memory, never on a real disk."""
        return self.root.parent is not None and self.switches.departs("D22", "symlink")

    def created(self, node: Node, parent: Node) -> None:
        """Stamp a new node and the directory it is in."""
        now = self.clock.now_ns
        node.set_times(atime_ns=now, mtime_ns=now, ctime_ns=now)
        self.changed(parent)

    def changed(self, node: Node) -> None:
        """Stamp a node whose contents changed."""
        now = self.clock.now_ns
        node.set_times(mtime_ns=now, ctime_ns=now)

    def touched(self, node: Node) -> None:
        """Stamp a node of which only names, links or times changed."""
        node.set_times(ctime_ns=self.clock.now_ns)

    def accessed(self, node: Node) -> None:
        """Stamp a node that was read."""
        node.set_times(atime_ns=self.clock.now_ns)
