"""A plugin's linear memory, read and written only after a check of every pointer (contract §4, R5)."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from refhost.dialects.foreign import foreign
from refhost.errors import OutOfBounds

if TYPE_CHECKING:
    from wasmtime import Memory, Store

U32 = 0xFFFFFFFF


# wasmtime-py's own make several objects each time.
_size = foreign("wasmtime_memory_data_size", ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)
_data = foreign("wasmtime_memory_data", ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)


class GuestMemory:
    """Bounds-checked access to an exported memory.

    wasmtime-py hands i32 values over as signed numbers, and its own `Memory.read` clips silently; so pointers
    and lengths are taken as unsigned 32-bit numbers here, and a range that leaves the memory raises
    `OutOfBounds` before a byte is touched.
    """

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self._memory = memory  # owns the place
        self._place = ctypes.addressof(memory._memory)  # noqa: SLF001 - as wasmtime-py's own functions pass it

    @property
    def exported(self) -> Memory:
        """The memory itself, for another module to import."""
        return self._memory

    @property
    def size(self) -> int:
        """The memory's present size in bytes."""
        size: int = _size(self._store._context(), self._place)  # noqa: SLF001 - as above
        return size

    def _address(self, pointer: int, length: int) -> int:
        context = self._store._context()  # noqa: SLF001 - as above
        size: int = _size(context, self._place)
        if pointer + length > size:
            raise OutOfBounds(pointer, length, size)
        start: int = _data(context, self._place)
        return start + pointer

    def check(self, pointer: int, length: int) -> None:
        """Raise `OutOfBounds` unless all `length` bytes at `pointer` lie in the memory."""
        self._address(pointer & U32, length & U32)

    def read(self, pointer: int, length: int) -> bytes:
        """The `length` bytes at `pointer`."""
        pointer, length = pointer & U32, length & U32
        address = self._address(pointer, length)
        return ctypes.string_at(address, length) if length else b""

    def write(self, pointer: int, data: bytes) -> None:
        """Put `data` at `pointer`: all of it or nothing."""
        pointer &= U32
        address = self._address(pointer, len(data))
        if data:
            ctypes.memmove(address, data, len(data))

    def read_u32(self, pointer: int) -> int:
        """The little-endian u32 at `pointer`."""
        return int.from_bytes(self.read(pointer, 4), "little")

    def write_u32(self, pointer: int, value: int) -> None:
        """Put a little-endian u32 at `pointer`."""
        self.write(pointer, (value & U32).to_bytes(4, "little"))
