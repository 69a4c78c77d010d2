"""What a plugin finds as `/` on the server: it depends on when the plugin was enabled (D23, D24)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.memory import memory_tree
from refhost.wasi.vfs.vfs import LAYOUT

if TYPE_CHECKING:
    from refhost.clock import Clock
    from refhost.profiles import Switches
    from refhost.storage import Storage
    from refhost.wasi.vfs import Operation
    from refhost.wasi.vfs.memory import MemoryNode

_TEMPORARY = "temporary"


class Preopens:
    """The trees of one plugin, one for each instance; by the contract it is always the same.

    A plugin is asked for its name with a temporary folder. If it is enabled by then, it keeps that folder, which is
    deleted before it starts (D23). Else a fresh instance finds its own folder once it is enabled, empty (D24).

    Args:
        enabled: whether it is enabled when it is loaded.

    Attributes:
        starts_anew: whether the instance that told the name is not the one that is to be started.
    """

    def __init__(self, storage: Storage, clock: Clock, plugin_id: str, switches: Switches, *, enabled: bool) -> None:
        self._storage = storage
        self._clock = clock
        self._plugin_id = plugin_id
        self._switches = switches
        self._deleted = enabled and switches.has("D23")
        self._bare = not enabled and switches.has("D24")
        self._latest: Vfs | None = None
        self._read_only = False
        self.starts_anew = False

    @cached_property
    def _outside(self) -> MemoryNode:
        """What the temporary folder is in."""
        return memory_tree(root="/server")

    @property
    def shown(self) -> Vfs:
        """The tree that the host's side looks at: what the plugin finds, or will find when it is started."""
        if self._latest is not None and self._deleted:
            return self._latest
        return self._own()

    def following(self, *, granted: bool) -> Vfs | None:
        """The tree of the instance that is made now; None where it is not granted, unless it is there anyway (D16).

        The one of the instance before is of no more use.
        """
        if not granted and not self._switches.has("D16"):
            return None
        asked_only = self._bare and self._latest is None
        self.starts_anew = asked_only
        self._latest = self._temporary() if asked_only or self._deleted else self._own()
        self._latest.read_only = self._read_only
        if not granted and self._note_ungranted not in self._latest.watchers:
            self._latest.watchers.append(self._note_ungranted)
        return self._latest

    @property
    def read_only(self) -> bool:
        """Whether the plugin can change nothing of its files."""
        return self._read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self._read_only = value
        if self._latest is not None:
            self._latest.read_only = value

    def described(self) -> None:
        """The metadata was read: an enabled one loses its folder, and the one that it should have is made."""
        if self._deleted and self._outside.child(_TEMPORARY) is not None:
            self._outside.remove(_TEMPORARY)
            self._storage.vfs(self._plugin_id)

    def _own(self) -> Vfs:
        if not self._bare:
            return self._storage.vfs(self._plugin_id)
        tree = self._storage.vfs(self._plugin_id, layout=())
        if self._note_bare not in tree.watchers:
            tree.watchers.append(self._note_bare)
        return tree

    def _temporary(self) -> Vfs:
        folder = self._outside.child(_TEMPORARY) or self._outside.make_directory(_TEMPORARY)
        tree = Vfs(folder.as_root(), clock=self._clock, layout=(), switches=self._switches)
        tree.watchers.append(self._note_deleted)
        return tree

    def _note_bare(self, operation: Operation) -> None:
        if operation.error == "ENOENT" and operation.path.strip("/").split("/")[0] in LAYOUT:
            self._switches.departs("D24", operation.name)

    def _note_ungranted(self, operation: Operation) -> None:
        self._switches.departs("D16", operation.name)

    def _note_deleted(self, operation: Operation) -> None:
        if operation.error == "ENOENT" and self._deleted:
            self._switches.departs("D23", operation.name)
