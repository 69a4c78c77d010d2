"""The sockets of a whole host: what D20 lets any plugin use, and D21 leaves open."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING

from refhost.network.interface import NetworkError

if TYPE_CHECKING:
    from refhost.network.queued import QueuedTcp, QueuedUdp

    Table = dict[int, QueuedUdp | QueuedTcp]


class OpenSockets:
    """Knows in which plugin's table each open socket is."""

    def __init__(self) -> None:
        self._tables: dict[int, Table] = {}
        self._tcp = itertools.count(1)

    def tcp_number(self) -> int:
        """The next one where TCP sockets are numbered apart (NUMBERS)."""
        return next(self._tcp)

    def add(self, number: int, table: Table) -> None:
        """A socket was opened, and is in this table."""
        self._tables[number] = table

    def find(self, number: int) -> QueuedUdp | QueuedTcp | None:
        """The open socket of this id, whichever plugin's it is."""
        return self._tables.get(number, {}).get(number)

    def remove(self, number: int) -> None:
        """Take it out of the table that it is in."""
        self._tables.pop(number, {}).pop(number, None)

    def close(self) -> None:
        """The host is closed: whatever is still open is closed now."""
        for number in list(self._tables):
            one = self.find(number)
            self.remove(number)
            if one is not None:
                with suppress(NetworkError):
                    one.close()
