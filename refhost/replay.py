"""Many deltas, one after the other: what `Host.publish_delta` does with each, in a fraction of the time.

Where one plugin gets everything, and nobody else looks on, batches of deltas are written as JSON by orjson, checked and
delivered by the pump (`refhost/dialects/pump.py`), and written into the model only when somebody reads it. Whatever is
out of the ordinary goes the way that a single delta goes: `tests/refhost/test_replay.py` holds both side by side.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import orjson

from refhost.dialects.pump import BATCH, CHECKED, ROOM
from refhost.errors import HostError
from refhost.jsontext import PLAIN, dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refhost.delta import Delta
    from refhost.dialects.door import LetThrough
    from refhost.dialects.pump import Pump
    from refhost.host import Host
    from refhost.lifecycle import Lifecycle

# How many deltas are read ahead and written at once.
_CHUNK = 400


def replay(host: Host, deltas: Iterable[Delta | str]) -> None:
    """Put deltas on the bus of a host; see `Host.replay`."""
    source = iter(deltas)
    while chunk := list(itertools.islice(source, _CHUNK)):
        done, checked = 0, False
        while done < len(chunk):
            life = _listener(host)
            pump = life.pump() if life else None
            if life is not None and pump is not None:
                rest = chunk[done:] if done else chunk
                text = _checked(host, rest) if checked else _written(rest)
                if text:
                    count, checked = _Batch(host, life, pump, text, checked=checked).deliver()
                    done += count
                    continue
                if not checked:
                    checked = True
                    continue
            host.publish_delta(chunk[done])
            done += 1


def _listener(host: Host) -> Lifecycle | None:
    """The life of the one plugin that gets everything, while nothing else is to be done with a delta."""
    only = host.bus.subscriptions.only() if host.bus.is_idle else None
    plugin = host.plugins.get(only[0]) if only else None
    return plugin.life if only and plugin and only[1] == plugin.life.deliver else None


def _written(deltas: Sequence[Delta | str]) -> bytes:
    """As many of some deltas as there is room for, as a JSON array; nothing where one cannot be written."""
    try:
        text = orjson.dumps(deltas, option=PLAIN)
    except TypeError:
        return b""
    if len(text) <= ROOM:
        return text
    return _written(deltas[: len(deltas) // 2]) if len(deltas) > 1 else b""


def _checked(host: Host, deltas: Sequence[Delta | str]) -> bytes:
    """The same, each checked and completed as a single delta is, a line each; up to the first that is none."""
    lines: list[bytes] = []
    size = 0
    for delta in deltas:
        try:
            text = dumps(host.carried(delta)).encode()
        except (HostError, TypeError, ValueError):
            break
        size += len(text) + 2
        if size > ROOM:
            break
        lines += CHECKED, text, b"\n"
    return b"[" + b"".join(lines) if lines else b""


class _Forwarded(NamedTuple):
    """An emission on its way through the pump: behind the delta that ends at `place`; it ends itself at `end`."""

    place: int
    end: int
    text: bytes
    delta: Delta
    version: int


class _Batch:
    """Some deltas on their way, and what the plugin emits meanwhile; the `Relay` of the bus.

    Args:
        host: of the bus.
        life: of the plugin that gets them.
        pump: of the instance that runs.
        text: the deltas, behind a bracket.
        checked: whether they are lines, and were checked.
    """

    def __init__(self, host: Host, life: Lifecycle, pump: Pump, text: bytes, *, checked: bool) -> None:
        self._host = host
        self._life = life
        self._pump = pump
        self._text = text
        self._checked = checked
        self._learned = BATCH  # up to here the model has them
        self._forwarded: deque[_Forwarded | LetThrough] = deque()
        self._place = 0  # of the delta behind which the last emission came
        self._timestamp = host.clock.timestamp()

    def deliver(self) -> tuple[int, bool]:
        """Deliver as many as go this way.

        Returns:
            How many those were; and whether the next one has to be checked.
        """
        pump, at, end, done = self._pump, BATCH, BATCH - 1 + len(self._text), 0
        pump.put(BATCH - 1, self._text)
        while at < end:
            unchecked = self._run(at, end)
            at = pump.next
            done += pump.delivered
            crashed = unchecked is None
            self._learn(pump.end + 1 if crashed else at, pump.begun)
            self._hand_over()
            self._host.bus.drain()
            if crashed or unchecked:
                return done + crashed, bool(unchecked)
            if not self._goes_on():
                break
        return done, False

    def _run(self, at: int, end: int) -> bool | None:
        self._place, self._host.bus.relay = 0, self
        try:
            return self._life.pumped(functools.partial(self._step, at, end))
        finally:
            self._host.bus.relay = None

    def _step(self, at: int, end: int) -> bool:
        self._pump.open(self._life.runtime.terms())
        try:
            return self._pump.run(at, end, self._looks, self._catch_up)
        finally:  # afterwards the pump may be gone
            self._catch_up()
            self._pump.open(None)

    def _goes_on(self) -> bool:
        """Whether all is still as it was when the lines were written, whatever the plugin has done since."""
        as_before = self._life.pump() is self._pump and _listener(self._host) is self._life
        return as_before and self._host.clock.timestamp() == self._timestamp

    # While the pump runs.

    def moved_on(self) -> bool:
        """Whether the plugin is with another delta of the batch than when this was asked last."""
        place, self._place = self._place, self._pump.under_way
        return place != self._place

    def takes(self, delta: Delta, version: int) -> bool:
        """Have an emission delivered by the pump, unless it is to end with this delta, or has no room for it."""
        try:
            text = dumps(delta).encode()
        except UnicodeEncodeError:
            end = 0
        else:
            end = self._pump.forward(text)
        if end:
            self._forwarded.append(_Forwarded(self._place, end, text, delta, version))
        else:
            self._pump.end_soon()
        return bool(end)

    def _looks(self) -> None:
        """The plugin calls the host, which knows of all deltas up to the one that the plugin has got."""
        self._catch_up()
        self._learn(self._pump.under_way + 1, self._pump.take_back())
        self._hand_over()

    def _catch_up(self) -> None:
        """What the pump has let through becomes known, as if it had come to the host."""
        emissions = self._pump.let_through()
        if emissions:
            place, self._place = self._place, emissions[-1].place
            if place != self._place:
                self._host.bus.end_tick()
            in_tick = [len(each.claim) for each in emissions if each.place == self._place]
            self._host.bus.count(self._life.runtime.plugin_id, in_tick)
            self._life.runtime.let_through(emissions)
            self._forwarded += emissions

    def _hand_over(self) -> None:
        """What was emitted, and the pump did not get to, is for the bus to deliver."""
        while self._forwarded:
            left = self._forwarded.popleft()
            self._host.bus.queue(left.delta, left.version)

    def _learn(self, end: int, begun: int) -> None:
        """Let the model have what was delivered, in order.

        Args:
            end: up to this place in the pump's memory the deltas of the batch.
            begun: up to this place what was forwarded behind the last of them.
        """
        parts: list[bytes] = []
        last = self._place
        while self._forwarded and (self._forwarded[0].place != last or self._forwarded[0].end <= begun):
            emitted = self._forwarded.popleft()
            self._up_to(emitted.place + 1, parts)
            if emitted.version == 1:
                parts.append(emitted.text)
        self._up_to(end, parts)
        if parts:
            self._host.model.later(b"[" + b",".join(parts) + b"]")

    def _up_to(self, end: int, parts: list[bytes]) -> None:
        if end > self._learned:
            # A bracket or the end of another is before each; no JSON has a byte 1 in it.
            text = self._text[self._learned - BATCH + 1 : end - BATCH]
            parts.append(text.replace(b"\n" + CHECKED, b",").replace(CHECKED, b"") if self._checked else text)
            self._learned = end
