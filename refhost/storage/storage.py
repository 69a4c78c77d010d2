"""The storage of one host.

The configuration file lies beside the plugin's folder, not in it (R2): no path of a plugin leads there.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from refhost.profiles import BY_THE_BOOK
from refhost.storage.config_file import ConfigFile
from refhost.storage.folder import FRESH, DiskFolder, MemoryFolder
from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.vfs import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from refhost.clock import Clock
    from refhost.profiles import Switches
    from refhost.storage.folder import Folder
    from refhost.wasi.vfs.tree import Node

DIRECTORY = "plugin-config-data"
ROOT = f"/{DIRECTORY}"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class Storage:
    """The files of all plugins of a host: in memory, or in `plugin-config-data` of a real directory.

    Args:
        clock: where the times of files come from.
        directory: the server's configuration directory; made where it is missing. None for memory.
        switches: the profile, as it meets the plugin of an id.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        directory: Path | None = None,
        switches: Callable[[str], Switches] = lambda _: BY_THE_BOOK,
    ) -> None:
        self._clock = clock
        self._switches = switches
        self._folder: Folder = MemoryFolder(ROOT) if directory is None else DiskFolder(directory / DIRECTORY)
        self._roots: dict[str, Node] = {}
        self._trees: dict[str, Vfs] = {}

    def vfs(self, plugin_id: str, *, layout: Sequence[str] = LAYOUT) -> Vfs:
        """The file tree of a plugin, made at first with `data`, `config` and `tmp`; the same one ever after.

        Args:
            plugin_id: of the plugin.
            layout: the directories that it is made with.

        Raises:
            OSError: a real directory cannot be made or opened, or a link lies in its place.
        """
        if plugin_id not in self._trees:
            root = self._roots[plugin_id] = self._folder.tree(folder_name(plugin_id))
            self._trees[plugin_id] = Vfs(root, clock=self._clock, layout=layout, switches=self._switches(plugin_id))
        return self._trees[plugin_id]

    def config_file(self, plugin_id: str) -> ConfigFile:
        """The server's file about a plugin."""
        return ConfigFile(self._folder, f"{folder_name(plugin_id)}.json")

    def close(self) -> None:
        """Give up what is open of a real directory; whoever asks next opens it again. Memory stays as it is."""
        if isinstance(self._folder, DiskFolder):
            for root in self._roots.values():
                root.close_tree()
            self._roots.clear()
            self._trees.clear()
        self._folder.close()


def folder_name(plugin_id: str) -> str:
    """A plugin's id as one name of a folder, and of no other plugin's: an id comes from the plugin, and may be a path.

    Plain ids stand for themselves, unless they would look like the file of another (`a` has `a.json`).
    """
    if _PLAIN.fullmatch(plugin_id) and not plugin_id.endswith((".json", FRESH)):
        return plugin_id
    readable = _UNSAFE.sub("_", plugin_id)[:100]
    return f"{readable}#{hashlib.sha256(plugin_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
