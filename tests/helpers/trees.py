"""Fresh trees for the tests of the VFS: in memory, or in a real directory with canaries around it."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.disk import disk_tree
from refhost.wasi.vfs.memory import memory_tree

if TYPE_CHECKING:
    from pathlib import Path

    from refhost.wasi.vfs.tree import Node

CANARIES = ("canary", "plugin.json", "other/vfs/data/x", "plugin/vfs2/x")


class Memory:
    """Trees in memory."""

    name = "memory"

    def root(self) -> Node:
        return memory_tree()

    def vfs(self, **options) -> Vfs:
        return Vfs(self.root(), **options)

    def check(self) -> None:
        """Nothing is around them."""

    def close(self) -> None:
        """Nothing is open."""


class Disk:
    """Trees in folders of the machine, each with canaries around it that nobody may touch."""

    name = "disk"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[tuple[Path, Node, dict]] = []

    def root(self) -> Node:
        around = self.folder / f"around{len(self.made)}"
        for name in CANARIES:
            (around / name).parent.mkdir(parents=True, exist_ok=True)
            (around / name).write_bytes(b"untouched")
        (around / "plugin/vfs").mkdir()
        root = disk_tree(around / "plugin/vfs")
        self.made.append((around, root, surroundings(around)))
        return root

    vfs = Memory.vfs

    def check(self) -> None:
        for around, _, before in self.made:
            assert surroundings(around) == before

    def close(self) -> None:
        for _, root, _ in self.made:
            root.close_tree()
        try:
            self.check()
        finally:
            self.made.clear()


def surroundings(around: Path) -> dict[str, tuple]:
    """Everything around `plugin/vfs`: type, mode, links, size, mtime and contents."""
    found = {}
    for folder, names, files in os.walk(around):
        if folder == f"{around}/plugin" and "vfs" in names:
            names.remove("vfs")
        for name in [*names, *files]:
            path = os.path.join(folder, name)  # noqa: PTH118 - os.walk gives strings
            status = os.lstat(path)
            facts = [status.st_mode, status.st_nlink, status.st_size, status.st_mtime_ns]
            if name in files and not os.path.islink(path):  # noqa: PTH114 - the same
                with open(path, "rb") as file:  # noqa: PTH123 - the same
                    facts.append(hashlib.sha256(file.read()).hexdigest())
            found[os.path.relpath(path, around)] = tuple(facts)
    return found
