"""A host's growing list in the words of the driver interface: each item is rewritten once, however often it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Made = TypeVar("Made")


class Rewritten(Generic[Item, Made]):
    """The list; it may begin anew, and lose what was first.

    Args:
        make: rewrites an item.
    """

    def __init__(self, make: Callable[[Item], Made]) -> None:
        self._make = make
        self._made: list[Made] = []
        self._last: Item | None = None

    def of(self, items: Sequence[Item]) -> list[Made]:
        """All that the host's list holds now, rewritten."""
        known = len(items)
        while known and items[known - 1] is not self._last:
            known -= 1
        self._made = [*self._made[len(self._made) - known :], *map(self._make, items[known:])]
        self._last = items[-1] if items else None
        return list(self._made)
