"""What all descriptors of one VFS share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
