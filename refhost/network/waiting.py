"""A queue with bounds: what waits to be fetched never fills the machine's memory (contract §17, §19)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


class Waiting(Generic[Item]):
    """Items in the order in which they came; the oldest are dropped when there are too many, or they are too large.

    Args:
        most: items that wait at most.
        most_bytes: their bytes together.
        size: the bytes of one item.

    Attributes:
        dropped: how many were.
    """

    def __init__(self, most: int, most_bytes: int, size: Callable[[Item], int]) -> None:
        self._items: deque[Item] = deque()
        self._most = most
        self._most_bytes = most_bytes
        self._size = size
        self.bytes = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def has_room(self, count: int, size: int) -> bool:
        """Whether so many items of so many bytes can be added, and none is dropped."""
        return len(self._items) + count <= self._most and self.bytes + size <= self._most_bytes

    def push(self, item: Item) -> None:
        """Add one behind all others."""
        self.extend((item,), self._size(item))

    def extend(self, items: Iterable[Item], size: int) -> None:
        """Add some, of so many bytes together."""
        self._items.extend(items)
        self.bytes += size
        while not self.has_room(0, 0):
            self.pop()
            self.dropped += 1

    def push_front(self, item: Item) -> None:
        """Put back what is left of an item that was taken."""
        self._items.appendleft(item)
        self.bytes += self._size(item)

    def pop(self) -> Item | None:
        """Take the oldest; None when there is none."""
        if not self._items:
            return None
        item = self._items.popleft()
        self.bytes -= self._size(item)
        return item

    def clear(self) -> None:
        """Drop everything, which is not counted."""
        self._items.clear()
        self.bytes = 0
