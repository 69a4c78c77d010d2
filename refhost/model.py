"""The full data model: what deltas have written, read back by path (contract §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refhost.jsontext import dumps, read_back

if TYPE_CHECKING:
    from refhost.delta import Delta

Node = dict[str, Any]

# How much may wait to be written.
_MAX_LATER = 16 * 1024 * 1024


class Model:
    """One tree of plain dictionaries: names such as `__proto__` are plain names.

    Args:
        self_context: `vessels.<selfId>`, which `vessels.self` stands for.
    """

    def __init__(self, self_context: str) -> None:
        self._self = self_context.split(".", 1)
        self._root: Node = {}
        self._later: list[bytes] = []
        self._later_bytes = 0

    @property
    def root(self) -> Node:
        """The whole tree."""
        if self._later:
            self._catch_up()
        return self._root

    def later(self, text: bytes) -> None:
        """Take a delta as the bus carries it, in JSON, or an array of them, to be written once somebody looks.

        A later delta may write below a value, and must not change what was emitted: the text is a copy of it.
        """
        self._later.append(text)
        self._later_bytes += len(text)
        if self._later_bytes > _MAX_LATER:
            self._catch_up()

    def _catch_up(self) -> None:
        texts, self._later, self._later_bytes = self._later, [], 0
        for text in texts:
            found = read_back(text)
            for delta in found if isinstance(found, list) else (found,):
                self._apply(delta)

    def apply(self, delta: Delta) -> None:
        """Write a well-formed v1 delta, as the bus carries it, into the tree."""
        self.later(dumps(delta).encode("utf-8", "surrogatepass"))

    def _apply(self, delta: Delta) -> None:
        """Write a delta that nobody else holds."""
        context = self._context(delta["context"])
        for update in delta["updates"]:
            for entry in update.get("values", ()):
                self._write(context, entry["path"], entry["value"], update)
            for entry in update.get("meta", ()):
                if entry["path"] and isinstance(entry["value"], dict):
                    node = _descend(context, entry["path"])
                    known = node.get("meta")
                    node["meta"] = {**known, **entry["value"]} if isinstance(known, dict) else entry["value"]

    def _context(self, name: str) -> Node:
        group, _, identity = name.partition(".")
        node: Node = self._root.setdefault(group, {})
        return _child(node, identity) if identity else node

    @staticmethod
    def _write(context: Node, path: str, value: object, update: Delta) -> None:
        if not path:
            if isinstance(value, dict):
                _merge(context, value)
            return
        node = _descend(context, path)
        node["value"] = value
        node["$source"] = update["$source"]
        node["timestamp"] = update["timestamp"]

    def self_path(self, path: str) -> object | None:
        """What is at a path below the own vessel; the whole vessel for "" (R31); None where nothing is."""
        vessel = self.root.get(self._self[0], {}).get(self._self[1])
        return _lookup(vessel, path)

    def path(self, path: str) -> object | None:
        """What is at a path below the root, `vessels.self` standing for the own vessel; None where nothing is."""
        parts = path.split(".", 2)
        if parts[:2] == ["vessels", "self"]:
            return self.self_path(parts[2] if len(parts) == 3 else "")
        return _lookup(self.root, path)


def _descend(node: Node, path: str) -> Node:
    """The node at a path, made where there is none, and put in place of anything that is no node."""
    for part in path.split("."):
        node = _child(node, part)
    return node


def _child(node: Node, name: str) -> Node:
    child = node.get(name)
    if not isinstance(child, dict):
        child = node[name] = {}
    return child


def _lookup(node: object, path: str) -> object | None:
    for part in path.split(".") if path else ():
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[part]
    return node


def _merge(node: Node, value: Node) -> None:
    for key, child in value.items():
        here = node.get(key)
        if isinstance(child, dict) and isinstance(here, dict):
            _merge(here, child)
        else:
            node[key] = child
