"""AssemblyScript objects that a plugin passes by pointer, read within bounds (contract §2, §18, §19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.dialects.memory import U32
from refhost.errors import OutOfBounds

if TYPE_CHECKING:
    from refhost.dialects.memory import GuestMemory
    from refhost.limits import Limits

# An Array is four words: its buffer, where its elements begin, their bytes, and how many there are.
_ARRAY_BYTES = 16
# What a pair costs of the limit beside its texts, so that a million empty ones are too many as well.
_PAIR_BYTES = 32


class TooLong(Exception):  # noqa: N818 - what the argument is
    """It is longer than the host takes; the message has the limit."""


class Objects:
    """Reads the arguments of one request; its texts share one limit."""

    def __init__(self, memory: GuestMemory, limits: Limits) -> None:
        self._memory = memory
        self._left = self._head_bytes = limits.fetch_head_bytes
        self._body_bytes = limits.message_bytes

    def text(self, pointer: int) -> str:
        """A string: UTF-16LE.

        Raises:
            OutOfBounds: it does not lie in memory.
            ValueError: it is null, or not UTF-16.
            TooLong: it is longer than what is left of the limit.
        """
        data = self._block(pointer, self._left, "URL and headers", self._head_bytes)
        self._left -= len(data)
        if len(data) % 2:
            raise ValueError(f"a UTF-16 string cannot have {len(data)} bytes")
        return data.decode("utf-16-le")

    def pairs(self, pointer: int) -> tuple[tuple[str, str], ...]:
        """An array of arrays of two strings; null is none.

        Raises:
            OutOfBounds, ValueError, TooLong: as with `text`; a ValueError also where there are not two.
        """
        if not pointer:
            return ()
        found = []
        for row in self._elements(pointer):
            self._take(_PAIR_BYTES)
            texts = self._elements(row)
            if len(texts) != 2:
                raise ValueError(f"a header is a name and a value, and this one has {len(texts)} parts")
            found.append((self.text(texts[0]), self.text(texts[1])))
        return tuple(found)

    def body(self, pointer: int) -> bytes:
        """An ArrayBuffer; null is empty.

        Raises:
            OutOfBounds: it does not lie in memory.
            TooLong: it is longer than the limit.
        """
        return self._block(pointer, self._body_bytes, "body", self._body_bytes) if pointer else b""

    def _elements(self, pointer: int) -> list[int]:
        """The pointers in an array."""
        pointer = _address(pointer)
        self._memory.check(pointer, _ARRAY_BYTES)  # a word behind the last address would be the first one again
        start = self._memory.read_u32(pointer + 4)
        length = self._memory.read_u32(pointer + _ARRAY_BYTES - 4)
        if length * 4 > self._head_bytes:
            raise TooLong(f"an array of {length} elements is more than the host takes for headers (§19)")
        data = self._memory.read(start, length * 4)
        return [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooLong(f"URL and headers have more than the limit of {self._head_bytes} bytes (§19)")

    def _block(self, pointer: int, limit: int, what: str, named: int) -> bytes:
        """The bytes of an object, whose number stands in the word before it."""
        pointer = _address(pointer)
        if pointer < 4:
            raise OutOfBounds(pointer, 4, self._memory.size)
        length = self._memory.read_u32(pointer - 4)
        self._memory.check(pointer, length)
        if length > limit:
            raise TooLong(f"{what} have more than the limit of {named} bytes (§19)")
        return self._memory.read(pointer, length)


def _address(pointer: int) -> int:
    if not pointer:
        raise ValueError("it is null")
    return pointer & U32
