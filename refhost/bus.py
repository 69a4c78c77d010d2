"""The bus: every delta goes over it, in order, to the model and to every plugin that listens (contract §10)."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from refhost.departures.deltas import admit_there
from refhost.jsontext import dumps, loads
from refhost.limits import DEFAULTS, Limits
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from refhost.clock import Clock
    from refhost.delta import Admission, Delta
    from refhost.journal import Journal
    from refhost.model import Model


class Emission:
    """One delta that a plugin emitted, as the bus carried it.

    Attributes:
        time: virtual time of the emission.
        plugin: the plugin's id.
        version: 1, or 2 for an event that does not enter the v1 model.
    """

    __slots__ = ("_delta", "plugin", "time", "version")

    def __init__(self, time: str, plugin: str, delta: Delta | bytes, version: int) -> None:
        self.time = time
        self.plugin = plugin
        self.version = version
        self._delta = delta

    @property
    def delta(self) -> Delta:
        """The delta, with context, `$source` and timestamps; what came as text is read when somebody asks."""
        if isinstance(self._delta, bytes):
            read: Delta = loads(self._delta.decode())
            self._delta = read
        return self._delta

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Emission) and self._all() == other._all()

    __hash__ = None  # type: ignore[assignment]  # a delta has none

    def __repr__(self) -> str:
        return "Emission(time={!r}, plugin={!r}, delta={!r}, version={!r})".format(*self._all())

    def _all(self) -> tuple[str, str, Delta, int]:
        return self.time, self.plugin, self.delta, self.version


class Terms(NamedTuple):
    """On what terms deltas of a plugin come onto the bus behind one of the host's (contract §10, §19).

    Attributes:
        context: what stands for none, and for `vessels.self`.
        source: what replaces their `$source`.
        moment: what stands for a missing timestamp.
        deltas: how many may come.
        size: their bytes.
        longest: the bytes of each.
        parts: of a path.
    """

    context: str
    source: str
    moment: str
    deltas: int
    size: int
    longest: int
    parts: int


class Relay(Protocol):
    """Who delivers what is emitted in the place of the bus, while it delivers many deltas (`refhost/replay.py`)."""

    def moved_on(self) -> bool:
        """Whether another delta of the host's is being delivered than when this was asked last: a tick is over."""

    def takes(self, delta: Delta, version: int) -> bool:
        """Take an emission, to be delivered before anything else; it may decline."""


class Bus:
    """Delivers deltas one after the other, never by recursion (R21).

    Args:
        self_context: `vessels.<selfId>`.
        limits: how many deltas of how many bytes one plugin may emit before the host takes its next step: more are
            dropped and logged, so that a plugin that answers its own deltas does not stop the rest (R21, §19); and how
            many are remembered.
        reentrant: deliver what a plugin emits while it is still running (D42).
        parts: the deltas that go over it for one of a plugin's, or of the host's own, whose name is ""; None
            for that one alone.

    Attributes:
        emissions: what plugins emitted, in order: the latest (§19).
        forgotten: how many were before them.
        subscriptions: who gets what.
        relay: takes emissions in the place of the queue.
        watchers: called with every delta that goes over it, its text and its version, before anybody gets it.
    """

    def __init__(
        self,
        self_context: str,
        model: Model,
        clock: Clock,
        journal: Journal,
        *,
        limits: Limits = DEFAULTS,
        reentrant: bool = False,
        parts: Callable[[str, Delta], list[Delta]] | None = None,
    ) -> None:
        self._parts = parts or (lambda _, delta: [delta])
        self._simple = parts is None and not reentrant
        self._self_context = self_context
        self._model = model
        self._clock = clock
        self._journal = journal
        self._limits = limits
        self._reentrant = reentrant
        self._queue: deque[tuple[Delta, int]] = deque()
        self._delivering = False
        self._emitted_in_tick: Counter[str] = Counter()
        self._bytes_in_tick: Counter[str] = Counter()
        self._sizes: deque[int] = deque()  # of the emissions
        self._kept_bytes = 0
        self._held = 0
        self.subscriptions = Subscriptions()
        self.emissions: list[Emission] = []
        self.forgotten = 0
        self.relay: Relay | None = None
        self.watchers: list[Callable[[Delta, str, int], None]] = []

    def admit(self, claimed: object, source: str, switches: Switches = BY_THE_BOOK) -> Admission:
        """What the bus would carry of a delta that a plugin claims."""
        return admit_there(
            claimed, switches, source=source, self_context=self._self_context, timestamp=self._clock.timestamp()
        )

    def emit(self, plugin: str, delta: Delta, version: int, size: int = 0) -> None:
        """Queue a delta that a plugin emitted; it is delivered once no plugin is running.

        Args:
            plugin: its id.
            delta: as it is carried.
            version: 1 or 2.
            size: its bytes, as the plugin gave it.
        """
        if self._may_queue(plugin, "sk_handle_message", size):
            for part in self._parts(plugin, delta):
                self._keep([Emission(self._clock.timestamp(), plugin, part, version)], [size])
                self._put(part, version)

    def terms(self, source: str) -> Terms:
        """On what terms it takes deltas of a plugin, at this moment."""
        limits = self._limits
        return Terms(
            self._self_context,
            source,
            self._clock.timestamp(),
            limits.deltas_per_tick,
            limits.delta_bytes_per_tick,
            limits.message_bytes,
            limits.path_parts,
        )

    def has_room(self, count: int, size: int) -> bool:
        """Whether so many emissions of so many bytes can be remembered, and none is forgotten."""
        limits = self._limits
        return len(self._sizes) + count <= limits.kept_deltas and self._kept_bytes + size <= limits.kept_delta_bytes

    def carried(self, plugin: str, texts: Iterable[bytes], sizes: Sequence[int]) -> None:
        """Remember deltas of a plugin that were put on their way by these terms.

        Args:
            plugin: its id.
            texts: each as it is carried.
            sizes: their bytes, as the plugin gave them.
        """
        time = self._clock.timestamp()
        self._keep([Emission(time, plugin, text, 1) for text in texts], sizes)

    def count(self, plugin: str, sizes: Sequence[int]) -> None:
        """Count deltas of a plugin, of so many bytes each, as those of this tick."""
        self._emitted_in_tick[plugin] += len(sizes)
        self._bytes_in_tick[plugin] += sum(sizes)

    def announce(self, plugin: str, delta: Delta, size: int = 0) -> None:
        """Queue a delta of the host's own about a plugin, such as `supportsPut`, under the same bounds."""
        if self._may_queue(plugin, "sk_register_put_handler", size):
            self._put(delta, 1)

    def emission(self, number: int) -> Emission | None:
        """The emission of this number, from 0 on: None when it is forgotten, or has not been yet."""
        at = number - self.forgotten
        return self.emissions[at] if 0 <= at < len(self.emissions) else None

    def _keep(self, emissions: Iterable[Emission], sizes: Iterable[int]) -> None:
        self.emissions += emissions
        self._sizes += sizes
        self._kept_bytes += sum(sizes)
        if not self.has_room(0, 0):
            self._forget()

    def _forget(self) -> None:
        """Forget the oldest emissions: an eighth of what may be kept, since each time all others are moved."""
        if not self.forgotten:
            message = (
                f"of what plugins emitted, the latest {self._limits.kept_deltas} deltas or "
                f"{self._limits.kept_delta_bytes} bytes are remembered: older ones are forgotten from here on (§19)"
            )
            self._journal.write("", "warning", message)
        count, most = 0, self._limits.kept_deltas * 7 // 8
        most_bytes = self._limits.kept_delta_bytes * 7 // 8
        while self._sizes and (len(self._sizes) > most or self._kept_bytes > most_bytes):
            self._kept_bytes -= self._sizes.popleft()
            count += 1
        del self.emissions[:count]
        self.forgotten += count

    def _put(self, delta: Delta, version: int) -> None:
        if self._reentrant:
            self._deliver(delta, version)
        elif self.relay is None or not self.relay.takes(delta, version):
            self.queue(delta, version)

    def queue(self, delta: Delta, version: int) -> None:
        """Have a delta that is on the bus already delivered behind all that waits."""
        self._queue.append((delta, version))

    def _may_queue(self, plugin: str, function: str, size: int) -> bool:
        """Whether a plugin has caused no more deltas in this tick than it may; the first one over it is logged."""
        if self.relay is not None and self.relay.moved_on():
            self.end_tick()
        most, most_bytes = self._limits.deltas_per_tick, self._limits.delta_bytes_per_tick
        if self._emitted_in_tick[plugin] > most:  # said already
            return False
        self.count(plugin, (size,))
        if self._emitted_in_tick[plugin] > most:
            over = f"more than {most} deltas in one tick"
        elif self._bytes_in_tick[plugin] > most_bytes:
            over = f"more than {most_bytes} bytes of deltas in one tick"
            self._emitted_in_tick[plugin] = most + 1
        else:
            return True
        self._journal.write(plugin, "refused", f"{over}: the rest of this tick is dropped (R21)", function=function)
        return False

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

    @property
    def is_idle(self) -> bool:
        """Whether a delta of the host's own would go to the model and to subscribers at once, and nowhere else."""
        waiting = self._queue or self._delivering or self._held
        return self._simple and not waiting and not self.watchers

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
            self.end_tick()

    def end_tick(self) -> None:
        """Another delta of the host's is under way: what plugins may emit is counted anew."""
        self._emitted_in_tick.clear()
        self._bytes_in_tick.clear()

    def _deliver(self, delta: Delta, version: int) -> None:
        text = dumps(delta)
        if version == 1:
            self._model.later(text.encode("utf-8", "surrogatepass"))
        for watch in self.watchers:
            watch(delta, text, version)
        self.subscriptions.route(delta, text)
