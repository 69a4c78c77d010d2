"""`poll_oneoff`: waiting, without a moment going by outside the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.dialects.memory import U32
from refhost.wasi.preview1.descriptors import Input, OpenFile, Output
from refhost.wasi.preview1.errno import Errno, WasiError
from refhost.wasi.preview1.layout import ABSTIME, EVENT, HANGUP, SUBSCRIPTION, SUBSCRIPTION_CLOCK, Clockid

if TYPE_CHECKING:
    from refhost.clock import Clock
    from refhost.wasi.preview1.descriptors import Guest

_MAX_SUBSCRIPTIONS = 4096
_CLOCK, _READ, _WRITE = 0, 1, 2


class PollFunctions:
    """The one function that waits."""

    def __init__(self, guest: Guest, clock: Clock) -> None:
        self._guest = guest
        self._clock = clock

    def poll_oneoff(self, subscriptions: int, events: int, count: int, result: int) -> None:
        """Wait for the first of several things: files and streams are always ready, timers move the clock."""
        count &= U32
        if count == 0 or count > _MAX_SUBSCRIPTIONS:
            raise WasiError(Errno.INVAL)
        data = self._guest.read(subscriptions, count * SUBSCRIPTION.size)
        self._guest.check(events, count * EVENT.size)
        self._guest.check(result, 4)
        ready: list[tuple[int, bytes]] = []
        timers: list[tuple[int, int, bytes]] = []
        for index, (userdata, tag, body) in enumerate(SUBSCRIPTION.iter_unpack(data)):
            if tag == _CLOCK:
                timers.append((self._wait(body), index, EVENT.pack(userdata, 0, _CLOCK, 0, 0)))
            elif tag in {_READ, _WRITE}:
                fd = int.from_bytes(body[:4], "little")
                available, flags = self._readiness(fd, tag)
                ready.append((index, EVENT.pack(userdata, 0, tag, available, flags)))
            else:
                raise WasiError(Errno.INVAL)
        ready += self._due(timers, wait=not ready)
        self._guest.write(events, b"".join(event for _, event in sorted(ready)))
        self._guest.write_u32(result, len(ready))

    def _due(self, timers: list[tuple[int, int, bytes]], *, wait: bool) -> list[tuple[int, bytes]]:
        """The timers that are due now, or at the first moment when one is."""
        first = min((delay for delay, _, _ in timers), default=0) if wait else 0
        self._clock.wait(first)
        return [(index, event) for delay, index, event in timers if delay <= first]

    def _wait(self, body: bytes) -> int:
        """How many nanoseconds from now a timer falls due."""
        clock, timeout, _precision, flags = SUBSCRIPTION_CLOCK.unpack(body)
        timeout = int(timeout)
        if flags & ~ABSTIME or clock not in {Clockid.REALTIME, Clockid.MONOTONIC}:
            raise WasiError(Errno.INVAL)
        if not flags & ABSTIME:
            return timeout
        now = self._clock.now_ns if clock == Clockid.REALTIME else self._clock.elapsed_ns
        return max(0, timeout - now)

    def _readiness(self, fd: int, tag: int) -> tuple[int, int]:
        """How many bytes a descriptor has to give or takes, and the flags of the event."""
        descriptor = self._guest.descriptors.get(fd)
        if tag == _READ and isinstance(descriptor, Input):
            available = descriptor.available()
            return available, 0 if available else HANGUP
        if tag == _READ and isinstance(descriptor, OpenFile):
            available = max(0, descriptor.file.stat().size - descriptor.position)
            return available, 0 if available else HANGUP
        if tag == _WRITE and isinstance(descriptor, OpenFile | Output):
            return 1, 0
        raise WasiError(Errno.BADF)
