"""From a plugin's path to a node, never outside the directory that the path is relative to (§8, R17).

The rules are those of cap-std, which wasmtime's WASI stands on: absolute paths are refused, `..` may not
leave the directory of the descriptor, and symbolic links are followed here, component by component, under the
same two rules. No operating system ever sees a path of a plugin.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.departures.paths import clamped
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.wasi.vfs.tree import Kind, fail

if TYPE_CHECKING:
    from refhost.wasi.vfs.tree import Node

MAX_LINKS = 40
MAX_NAME = 255  # bytes, as on every Linux file system
MAX_PATH = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads.

    Attributes:
        directory: the directory that holds the last component.
        name: the last component; empty if the path ends in `.` or `..` and so names a directory.
        node: what is there; None if nothing is.
        slash: whether the path ends in `/`, and so insists on a directory.
        path: the same place from the root of the VFS.
    """

    directory: Node
    name: str
    node: Node | None
    slash: bool
    path: str


def check_text(path: str) -> None:
    """Refuse what is no path at all."""
    if not path:
        fail(errno.ENOENT)
    if "\0" in path:
        fail(errno.EINVAL, path)
    if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH:
        fail(errno.ENAMETOOLONG)


def resolve(base: Node, path: str, *, follow: bool, switches: Switches = BY_THE_BOOK) -> Place:
    """Find the place that `path`, relative to the directory `base`, leads to.

    Args:
        base: the directory of a descriptor.
        path: as the plugin gave it.
        follow: whether a symbolic link in the last component is followed, too.
        switches: the profile.

    Raises:
        OSError: EPERM for a path that leaves `base`, ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL.
    """
    check_text(path)
    if ".." in path.split("/") and base.path == "/" and switches.departs("D26", "path"):
        path = clamped(path)
    return _Walk(base, path, switches, follow=follow).run()


class _Walk:
    def __init__(self, base: Node, path: str, switches: Switches, *, follow: bool) -> None:
        self._switches = switches
        self._stack = [base]
        self._names: list[str] = []
        self._todo: list[str] = []
        self._follow = follow
        self._text = path
        self._links = 0
        self._push(path)

    def _push(self, path: str) -> None:
        """Put the components of a path before those that are still to come."""
        if path.startswith("/"):
            fail(errno.EPERM, self._text)
        self._todo.extend(reversed(path.split("/")))

    def run(self) -> Place:
        if self._stack[0].removed:
            fail(errno.ENOENT, self._text)
        while self._todo:
            name = self._todo.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                self._up()
                continue
            if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME:
                fail(errno.ENAMETOOLONG, self._text)
            last = not any(self._todo)
            place = self._step(name, last=last)
            if place is not None:
                return place
        node = self._stack[-1]
        return Place(node, "", node, slash=True, path=self._where())

    def _up(self) -> None:
        if self._names and self._names[-1] != "..":
            self._stack.pop()
            self._names.pop()
            return
        outside = self._stack[-1].parent
        if not self._links or outside is None or not self._switches.departs("D22", "path"):
            fail(errno.EPERM, self._text)
        self._stack.append(outside)
        self._names.append("..")

    def _step(self, name: str, *, last: bool) -> Place | None:
        """Go one component further; the place, if that was the last one."""
        directory = self._stack[-1]
        node = directory.child(name)
        slash = bool(self._todo)
        if node is not None and node.kind is Kind.LINK and (self._follow or slash or not last):
            self._links += 1
            if self._links > MAX_LINKS:
                fail(errno.ELOOP, self._text)
            self._push(node.target())
            return None
        if last:
            return Place(directory, name, node, slash=slash, path=self._where(name))
        if node is None:
            fail(errno.ENOENT, self._text)
        if node.kind is not Kind.DIRECTORY:
            fail(errno.ENOTDIR, self._text)
        self._stack.append(node)
        self._names.append(name)
        return None

    def _where(self, name: str = "") -> str:
        names = [*self._names, name] if name else self._names
        return join(self._stack[0].path, "/".join(names))


def join(directory: str, path: str) -> str:
    """A path below a directory, both from the root of the VFS. Nothing is resolved."""
    if not path:
        return directory
    return f"{directory.rstrip('/')}/{path}"


def leaves_root(directory: str, target: str) -> bool:
    """Whether a symbolic link in `directory` (from the root of the VFS) would point out of the VFS."""
    if target.startswith("/"):
        return True
    depth = len([part for part in directory.split("/") if part])
    for part in target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in {"", "."}:
            depth += 1
        if depth < 0:
            return True
    return False
