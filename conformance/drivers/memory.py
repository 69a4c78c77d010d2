"""Looks into a core module's memory in the reference host: what no client of a host can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.dialects.buffer import BufferInstance
from refhost.dialects.core import CoreInstance
from refhost.errors import OutOfBounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def core(instance: object) -> CoreInstance:
    """The instance, if it has a memory.

    Raises:
        TypeError: it is of a component.
    """
    if isinstance(instance, CoreInstance):
        return instance
    raise TypeError("only a core module has a memory that can be looked into")


def strings_out(instance: CoreInstance, size: int) -> Mapping[str, tuple[int, int]]:
    """Call each text export with a small buffer, fenced by bytes that must stay as they are."""
    fence = b"\xa5" * 64
    found = {}
    for export in ("plugin_id", "plugin_name", "plugin_schema"):
        pointer = instance.number("allocate", size + len(fence))
        instance.memory.write(pointer, b"\0" * size + fence)
        length = instance.number(export, pointer, size)
        after = instance.memory.read(pointer + size, len(fence))
        found[export] = (length, sum(a != b for a, b in zip(after, fence, strict=True)))
    return found


def allocations(instance: CoreInstance, sizes: Sequence[int]) -> Sequence[str]:
    """Allocate, fill with a pattern of its own, and read everything back."""
    name, extra = ("allocate", ()) if isinstance(instance, BufferInstance) else ("__new", (0,))
    blocks: list[tuple[int, bytes]] = []
    for number, size in enumerate(sizes):
        pointer = instance.number(name, size, *extra)
        pattern = bytes([number + 1]) * size
        if name == "__new" and "__pin" in instance.exported:
            instance.call("__pin", pointer)
        try:
            instance.memory.write(pointer, pattern)
        except OutOfBounds as error:
            return [f"{name}({size}) returned a place outside the memory: {error}"]
        if not pointer:
            return [f"{name}({size}) returned 0, though there is memory left"]
        blocks.append((pointer, pattern))
    return [
        f"the block of {len(pattern)} byte{'' if len(pattern) == 1 else 's'} at {pointer:#x} was overwritten by another"
        for pointer, pattern in blocks
        if instance.memory.read(pointer, len(pattern)) != pattern
    ]
