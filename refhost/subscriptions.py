"""Who gets which delta: subscriptions by path, and the buffer that bridges a reload (contract §9, §11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refhost.network.waiting import Waiting
from refhost.patterns import PathPattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from refhost.delta import Delta

# Deltas kept for one plugin while it is reloaded; of more, the oldest go first (§9, §11).
BUFFER_SIZE = 1000
BUFFER_BYTES = 64 * 1024 * 1024  # §19

EVERYTHING = ("*",)


@dataclass(frozen=True)
class Statistics:
    """The figures of contract §11.

    Attributes:
        subscriptions: patterns, over all plugins.
        active: plugins that get deltas now.
        buffering: plugins whose deltas are kept for later.
        buffered: deltas that are kept.
    """

    subscriptions: int
    active: int
    buffering: int
    buffered: int


@dataclass
class _Subscriber:
    patterns: tuple[PathPattern, ...]
    deliver: Callable[[str], None]
    buffer: Waiting[str] | None = None
    all: bool = field(init=False)

    def __post_init__(self) -> None:
        self.all = any(pattern.text == "*" for pattern in self.patterns)

    def wants(self, paths: list[str]) -> bool:
        """Whether any pattern matches any path: a delta comes once, however many do."""
        return self.all or any(pattern.matches(path) for pattern in self.patterns for path in paths)


class Subscriptions:
    """The subscribers of one bus, by name, in the order in which they came."""

    def __init__(self) -> None:
        self._subscribers: dict[str, _Subscriber] = {}

    def subscribe(self, name: str, deliver: Callable[[str], None], patterns: Iterable[str] = EVERYTHING) -> None:
        """Have deltas delivered. Subscribing again replaces patterns and receiver; a buffer stays as it is."""
        fresh = _Subscriber(tuple(PathPattern(text) for text in patterns), deliver)
        before = self._subscribers.get(name)
        if before is not None:
            fresh.buffer = before.buffer
        self._subscribers[name] = fresh

    def unsubscribe(self, name: str) -> None:
        """Deliver no more, unless deltas are being kept: then they go on being kept for whoever subscribes next."""
        subscriber = self._subscribers.get(name)
        if subscriber is not None and subscriber.buffer is None:
            del self._subscribers[name]

    def start_buffering(self, name: str) -> None:
        """Keep from here on what `name` would get, at most `BUFFER_SIZE` deltas of `BUFFER_BYTES`."""
        subscriber = self._subscribers.get(name)
        if subscriber is not None and subscriber.buffer is None:
            subscriber.buffer = Waiting(BUFFER_SIZE, BUFFER_BYTES, len)

    def stop_buffering(self, name: str) -> tuple[list[str], int]:
        """What was kept, in order, and how many were dropped; the buffer is gone then."""
        subscriber = self._subscribers.get(name)
        if subscriber is None or subscriber.buffer is None:
            return [], 0
        kept, subscriber.buffer = subscriber.buffer, None
        return list(kept), kept.dropped

    def route(self, delta: Delta, text: str) -> None:
        """Hand a delta to everyone who wants it. A receiver keeps its own failures to itself."""
        paths = [
            entry["path"] for update in delta["updates"] for key in ("values", "meta") for entry in update.get(key, ())
        ]
        for name, subscriber in tuple(self._subscribers.items()):
            if self._subscribers.get(name) is not subscriber or not subscriber.wants(paths):
                continue
            if subscriber.buffer is None:
                subscriber.deliver(text)
            else:
                subscriber.buffer.push(text)

    def only(self) -> tuple[str, Callable[[str], None]] | None:
        """The one subscriber, its name and receiver, where there is just one, and it gets everything at once."""
        if len(self._subscribers) != 1:
            return None
        ((name, subscriber),) = self._subscribers.items()
        return (name, subscriber.deliver) if subscriber.all and subscriber.buffer is None else None

    def statistics(self) -> Statistics:
        """How many there are of everything."""
        every = self._subscribers.values()
        buffers = [subscriber.buffer for subscriber in every if subscriber.buffer is not None]
        return Statistics(
            subscriptions=sum(len(subscriber.patterns) for subscriber in every),
            active=len(every) - len(buffers),
            buffering=len(buffers),
            buffered=sum(map(len, buffers)),
        )
