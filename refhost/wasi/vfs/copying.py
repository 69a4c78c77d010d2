"""Copying a tree from one backend to another."""

from __future__ import annotations

from refhost.wasi.vfs.tree import Kind, Node


def copy_tree(source: Node, target: Node) -> None:
    """Copy all that is below the directory `source` into the empty directory `target`, times and hard links too.

    Links are copied as they are and never followed; sockets, devices and pipes are left out.
    """
    copied: dict[int, Node] = {}
    waiting = [(source, target)]
    while waiting:
        one, other = waiting.pop()
        for name in one.names():
            node = one.child(name)
            if node is None or node.kind is Kind.OTHER:
                continue
            stat = node.stat()
            if stat.inode in copied:
                other.add(name, copied[stat.inode])
                continue
            copy = _copied(node, other, name)
            copy.set_times(atime_ns=stat.atime_ns, mtime_ns=stat.mtime_ns, ctime_ns=stat.ctime_ns)
            if node.kind is Kind.DIRECTORY:
                waiting.append((node, copy))
            else:
                copied[stat.inode] = copy


def _copied(node: Node, folder: Node, name: str) -> Node:
    if node.kind is Kind.DIRECTORY:
        return folder.make_directory(name)
    if node.kind is Kind.LINK:
        return folder.make_link(name, node.target())
    copy = folder.make_file(name)
    node.open()
    try:
        copy.write(0, node.read(0, node.stat().size))
    finally:
        node.close()
    return copy
