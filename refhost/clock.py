"""Virtual time: nothing here looks at the machine's clock, and nothing sleeps."""

from __future__ import annotations

import functools
import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from refhost.errors import PluginTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

NANOSECONDS = 1_000_000_000
DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The end of the year 9999: no later moment can be written, and a plugin may sleep as long and as often as it likes.
_LAST_NS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) * 1000


@dataclass(order=True)
class Timer:
    """A call that is due at a moment of virtual time; `cancel` takes it back."""

    due_ns: int
    order: int
    action: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Never call the action. Cancelling twice, or after it ran, changes nothing."""
        self.cancelled = True


def in_nanoseconds(seconds: float) -> int:
    """So many seconds in nanoseconds; what is longer than all of time is as long as that."""
    return round(min(seconds * NANOSECONDS, _LAST_NS))


@functools.lru_cache(maxsize=64)
def _written(milliseconds: int) -> str:
    """A moment as text; a host asks for the same one many times while its clock stands still."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


class Clock:
    """The time of one host. It moves when `advance` is called, and a little whenever a plugin looks at it.

    Args:
        start: the first moment, with a time zone; 1970 when it is earlier.
    """

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        # A machine whose clock is wrong may say an earlier moment; no plugin can be told of one.
        self._start_ns = max(0, round((start - _EPOCH) / timedelta(microseconds=1)) * 1000)
        self._elapsed_ns = 0
        self._timers: list[Timer] = []
        self._order = 0
        self._patience_ns: int | None = None

    @property
    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z."""
        return self._start_ns + self._elapsed_ns

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since this clock began: the monotonic clock."""
        return self._elapsed_ns

    def timestamp(self) -> str:
        """Now, as Signal K writes it: ISO 8601, UTC, milliseconds, `Z` (contract §10)."""
        return _written(self.now_ns // 1_000_000)

    def pass_time(self, nanoseconds: int) -> None:
        """Let time go by without running timers: a plugin looked at the clock, or the network was slow."""
        self._elapsed_ns = min(self._elapsed_ns + nanoseconds, _LAST_NS - self._start_ns)

    def begin_call(self, nanoseconds: int) -> None:
        """A call into a plugin begins, which may wait so long: the time that a sleep takes is that of everybody."""
        self._patience_ns = nanoseconds

    def wait(self, nanoseconds: int) -> None:
        """Let time go by without running timers: a plugin sleeps.

        Raises:
            PluginTimeout: longer than its call may take; the time of the call goes by.
        """
        if self._patience_ns is None:  # no plugin is called: a program, which may sleep as it likes
            self.pass_time(nanoseconds)
            return
        waited = min(nanoseconds, self._patience_ns)
        self.pass_time(waited)
        self._patience_ns -= waited
        if waited < nanoseconds:
            raise PluginTimeout(
                "",
                f"waited for {nanoseconds / NANOSECONDS:g} s, longer than a call may take (§19)",
                hint="A host that is waited in stands still: return, and go on in poll.",
            )

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Have `action` called once, `seconds` from now, when `advance` gets there."""
        self._order += 1
        timer = Timer(self._elapsed_ns + in_nanoseconds(seconds), self._order, action)
        heapq.heappush(self._timers, timer)
        return timer

    def advance(self, seconds: float) -> None:
        """Move time forward, running each timer that falls due, in order, at its own moment."""
        end = min(self._elapsed_ns + in_nanoseconds(seconds), _LAST_NS - self._start_ns)
        while self._timers and self._timers[0].due_ns <= end:
            timer = heapq.heappop(self._timers)
            if timer.cancelled:
                continue
            self._elapsed_ns = max(self._elapsed_ns, timer.due_ns)
            timer.action()
        self._elapsed_ns = max(self._elapsed_ns, end)
