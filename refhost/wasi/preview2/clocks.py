"""`wasi:clocks`: virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.clock import NANOSECONDS
from refhost.wasi.preview1.process import LOOK_NS
from refhost.wasi.preview2.registry import wasi
from refhost.wasi.preview2.streams import Pollable
from refhost.wasi.preview2.values import record

if TYPE_CHECKING:
    from wasmtime import component as wc

    from refhost.clock import Clock

_MONOTONIC = "wasi:clocks/monotonic-clock"
_WALL = "wasi:clocks/wall-clock"
_ZONE = "wasi:clocks/timezone"


def datetime_of(nanoseconds: int) -> wc.Record:
    """The record `datetime` for nanoseconds since 1970."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    return record(seconds=seconds, nanoseconds=rest)


class ClockFunctions:
    """The clocks of a component. A look at one moves the time on, as in preview 1."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @wasi(_WALL, "now")
    def wall_now(self) -> wc.Record:
        """The virtual date."""
        self._clock.pass_time(LOOK_NS)
        return datetime_of(self._clock.now_ns)

    @wasi(_WALL, "resolution")
    def wall_resolution(self) -> wc.Record:
        """What a look costs."""
        return datetime_of(LOOK_NS)

    @wasi(_MONOTONIC, "now")
    def now(self) -> int:
        """Nanoseconds since the host began."""
        self._clock.pass_time(LOOK_NS)
        return self._clock.elapsed_ns

    @wasi(_MONOTONIC, "resolution")
    def resolution(self) -> int:
        """What a look costs."""
        return LOOK_NS

    @wasi(_MONOTONIC, "subscribe-instant")
    def subscribe_instant(self, when: int) -> Pollable:
        """A timer for a moment."""
        return Pollable(when)

    @wasi(_MONOTONIC, "subscribe-duration")
    def subscribe_duration(self, duration: int) -> Pollable:
        """A timer for some nanoseconds from now."""
        return Pollable(self._clock.elapsed_ns + duration)

    @wasi(_ZONE, "display")
    def display(self, _when: wc.Record) -> wc.Record:
        """The host lives in UTC."""
        return record(utc_offset=0, name="UTC", in_daylight_saving_time=False)

    @wasi(_ZONE, "utc-offset")
    def utc_offset(self, _when: wc.Record) -> int:
        """The host lives in UTC."""
        return 0
