"""The resources of one component instance: Python objects behind numbers."""

from __future__ import annotations

from typing import Protocol

from wasmtime import component as wc

from refhost.wasi.preview2.registry import misuse

MAX_RESOURCES = 4096

# wasmtime tells the resource types of a host apart by a number, which must be the same in every interface.
_NAMES = (
    "error",
    "pollable",
    "input-stream",
    "output-stream",
    "descriptor",
    "directory-entry-stream",
    "terminal-input",
    "terminal-output",
    "network",
    "tcp-socket",
    "udp-socket",
    "incoming-datagram-stream",
    "outgoing-datagram-stream",
    "resolve-address-stream",
)
_IDS = {name: number for number, name in enumerate(_NAMES, start=1)}


class Resource(Protocol):
    """What stands behind a handle."""

    resource: str

    def close(self) -> None:
        """The component dropped its handle."""


def is_resource(name: str) -> bool:
    """Whether WASI 0.2 has a resource of that name."""
    return name in _IDS


def resource_type(name: str) -> wc.ResourceType:
    """The type that a component's import of that name is linked to."""
    return wc.ResourceType.host(_IDS[name])


class Table:
    """Objects by the number that wasmtime keeps for them."""

    def __init__(self) -> None:
        self._objects: dict[int, Resource] = {}
        self._last = 0

    def own(self, thing: Resource) -> wc.ResourceHost:
        """A new handle, which the component will own."""
        if len(self._objects) >= MAX_RESOURCES:
            thing.close()
            raise misuse(thing.resource, f"more than {MAX_RESOURCES} resources at once")
        self._last += 1
        self._objects[self._last] = thing
        return wc.ResourceHost.own(self._last, _IDS[thing.resource])

    def get(self, number: int) -> Resource:
        """The object behind a handle."""
        return self._objects[number]

    def drop(self, number: int) -> None:
        """The component gave its handle up."""
        thing = self._objects.pop(number, None)
        if thing is not None:
            thing.close()

    def close(self) -> None:
        """Drop everything."""
        for number in list(self._objects):
            self.drop(number)
