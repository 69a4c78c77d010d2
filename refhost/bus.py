"""The bus: every delta goes over it, in order, to the model and to every plugin that listens (contract §10)."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.departures.deltas import admit_there
from refhost.jsontext import dumps
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Clock
    from refhost.delta import Admission, Delta
    from refhost.journal import Journal
    from refhost.model import Model


@dataclass(frozen=True)
class Emission:
    """One delta that a plugin emitted, as the bus carried it.

    Attributes:
        time: virtual time of the emission.
        plugin: the plugin's id.
        delta: with context, `$source` and timestamps.
        version: 1, or 2 for an event that does not enter the v1 model.
    """

    time: str
    plugin: str
    delta: Delta
    version: int


class Bus:
    """Delivers deltas one after the other, never by recursion (R21).

    Args:
        self_context: `vessels.<selfId>`.
        max_per_tick: how many deltas one plugin may emit before the host takes its next step; more are dropped and
            logged, so that a plugin that answers its own deltas does not stop the rest (R21, §19).
        reentrant: deliver what a plugin emits while it is still running (D42).
        parts: the deltas that go over it for one of a plugin's, or of the host's own, whose name is ""; None
            for that one alone.

    Attributes:
        emissions: what plugins emitted, in order.
        subscriptions: who gets what.
        watchers: called with every delta that goes over it, its text and its version, before anybody gets it.
    """

    def __init__(
        self,
        self_context: str,
        model: Model,
        clock: Clock,
        journal: Journal,
        *,
        max_per_tick: int,
        reentrant: bool = False,
        parts: Callable[[str, Delta], list[Delta]] | None = None,
    ) -> None:
        self._parts = parts or (lambda _, delta: [delta])
        self._self_context = self_context
        self._model = model
        self._clock = clock
        self._journal = journal
        self._max_per_tick = max_per_tick
        self._reentrant = reentrant
        self._queue: deque[tuple[Delta, int]] = deque()
        self._delivering = False
        self._emitted_in_tick: Counter[str] = Counter()
        self._held = 0
        self.subscriptions = Subscriptions()
        self.emissions: list[Emission] = []
        self.watchers: list[Callable[[Delta, str, int], None]] = []

    def admit(self, claimed: object, source: str, switches: Switches = BY_THE_BOOK) -> Admission:
        """What the bus would carry of a delta that a plugin claims."""
        return admit_there(
            claimed, switches, source=source, self_context=self._self_context, timestamp=self._clock.timestamp()
        )

    def emit(self, plugin: str, delta: Delta, version: int) -> None:
        """Queue a delta that a plugin emitted; it is delivered once no plugin is running."""
        if self._may_queue(plugin, "sk_handle_message"):
            for part in self._parts(plugin, delta):
                self.emissions.append(Emission(self._clock.timestamp(), plugin, part, version))
                self._put(part, version)

    def announce(self, plugin: str, delta: Delta) -> None:
        """Queue a delta of the host's own about a plugin, such as `supportsPut`, under the same bound."""
        if self._may_queue(plugin, "sk_register_put_handler"):
            self._put(delta, 1)

    def _put(self, delta: Delta, version: int) -> None:
        if self._reentrant:
            self._deliver(delta, version)
        else:
            self._queue.append((delta, version))

    def _may_queue(self, plugin: str, function: str) -> bool:
        """Whether a plugin has caused no more deltas in this tick than it may; the first one over it is logged."""
        self._emitted_in_tick[plugin] += 1
        if self._emitted_in_tick[plugin] == self._max_per_tick + 1:
            message = f"more than {self._max_per_tick} deltas in one tick: the rest of this tick is dropped (R21)"
            self._journal.write(plugin, "refused", message, function=function)
        return self._emitted_in_tick[plugin] <= self._max_per_tick

    def publish(self, delta: Delta, version: int = 1) -> None:
        """Put a delta of the host itself on the bus, and deliver all that is queued unless a plugin is running."""
        self._queue.extend((part, version) for part in self._parts("", delta))
        self.drain()

    def hold(self) -> None:
        """A call into a plugin begins: nothing is delivered until `release`."""
        self._held += 1

    def release(self) -> None:
        """The call has ended."""
        self._held -= 1

    def drain(self) -> None:
        """Deliver what is queued, in order, until nothing is left; then the tick is over."""
        if self._delivering or self._held:
            return
        self._delivering = True
        try:
            while self._queue:
                self._deliver(*self._queue.popleft())
        finally:
            self._delivering = False
            self._emitted_in_tick.clear()

    def _deliver(self, delta: Delta, version: int) -> None:
        if version == 1:
            self._model.apply(delta)
        text = dumps(delta)
        for watch in self.watchers:
            watch(delta, text, version)
        self.subscriptions.route(delta, text)
