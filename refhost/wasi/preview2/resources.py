"""The resources of one component instance: Python objects behind numbers."""

from __future__ import annotations

from typing import Protocol

from wasmtime import component as wc

from refhost.wasi.preview2.registry import misuse
from refhost.wasi.preview2.wit import resources

MAX_RESOURCES = 4096


class Resource(Protocol):
    """What stands behind a handle.

    Attributes:
        open_child: what must be dropped before it, while that is there; else "".
    """

    resource: str
    open_child: str

    def close(self) -> None:
        """The component dropped its handle."""


def _number(resource: str) -> int:
    """The number by which wasmtime knows the host's type of that resource, the same in every interface."""
    return resources().index(resource)


def resource_type(resource: str) -> wc.ResourceType:
    """The type that a component's import of that resource is linked to."""
    return wc.ResourceType.host(_number(resource))


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
        return wc.ResourceHost.own(self._last, _number(thing.resource))

    def get(self, number: int) -> Resource:
        """The object behind a handle."""
        return self._objects[number]

    def take(self, number: int) -> Resource:
        """The object behind a handle that the component handed over: it is the host's now."""
        return self._objects.pop(number)

    def drop(self, number: int) -> None:
        """The component gave its handle up.

        Raises:
            PluginTrap: something that belongs to it is still there.
        """
        thing = self._objects.pop(number, None)
        if thing is not None:
            child = thing.open_child
            thing.close()
            if child:
                raise misuse(thing.resource, f"dropped before {child}")

    def close(self) -> None:
        """Drop everything."""
        while self._objects:
            _, thing = self._objects.popitem()
            thing.close()
