"""Binary streams: what plugins emit for clients that read bytes, such as the spokes of a radar (contract §16, R7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.departures.streams import is_taken_there
from refhost.network.waiting import Waiting
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Lacking, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.capabilities import Grants
    from refhost.clock import Clock
    from refhost.journal import Journal
    from refhost.services.registrations import RegistrationService

# What the host remembers of all streams together: the latest.
MAX_MESSAGES, MAX_BYTES = 100_000, 64 * 1024 * 1024
# A name is part of a URL; longer ones are nobody's.
MAX_NAME = 256
_RADAR_ID = re.compile(r"[A-Za-z0-9_-]+")
_UNFIT = re.compile(r"[\x00-\x1f\x7f]")

Receiver = Callable[[str, bytes], None]


@dataclass(frozen=True)
class StreamMessage:
    """One emission.

    Attributes:
        time: virtual time, ISO 8601.
        plugin: that emitted it.
        stream: `radars/{radar}` or `plugins/{plugin}/{name}`.
        data: as it was emitted.
    """

    time: str
    plugin: str
    stream: str
    data: bytes


class Streams(Mapping[str, list[bytes]]):
    """The streams of one host, each with what was emitted on it: `streams["radars/x"]` is a list of bytes.

    It is empty for a stream that nobody has emitted on. Of all streams together the oldest goes when there is too much.
    """

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._receivers: list[Receiver] = []
        self._messages: Waiting[StreamMessage] = Waiting(MAX_MESSAGES, MAX_BYTES, lambda m: len(m.data))

    def __getitem__(self, stream: str) -> list[bytes]:
        return [message.data for message in self._messages if message.stream == stream]

    def __contains__(self, stream: object) -> bool:
        return any(message.stream == stream for message in self._messages)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(message.stream for message in self._messages))

    def __len__(self) -> int:
        return len({message.stream for message in self._messages})

    @property
    def messages(self) -> list[StreamMessage]:
        """Every emission that is remembered, in order."""
        return list(self._messages)

    @property
    def dropped(self) -> int:
        """How many are remembered no more."""
        return self._messages.dropped

    def subscribe(self, receiver: Receiver) -> Callable[[], None]:
        """Have `receiver(stream, data)` called with every emission, while the plugin is still in its call.

        It must only pass the bytes on, never call a plugin. What it raises is logged, and costs nobody else anything.

        Returns:
            What ends the subscription.
        """
        self._receivers.append(receiver)
        return lambda: self._receivers.remove(receiver) if receiver in self._receivers else None

    def emit(self, plugin: str, stream: str, data: bytes) -> None:
        """Put data on a stream."""
        self._messages.push(StreamMessage(self._clock.timestamp(), plugin, stream, data))
        for receiver in tuple(self._receivers):
            try:
                receiver(stream, data)
            except Exception as error:  # noqa: BLE001 - whatever it is, the plugin and the other receivers go on
                self._journal.write("", "warning", f"a receiver of streams failed on {stream}: {error!r}")

    def end(self, plugin: str) -> None:
        """The plugin is unloaded: its streams are gone (contract §9)."""
        others = [message for message in self._messages if message.plugin != plugin]
        self._messages.clear()
        for message in others:
            self._messages.push(message)


class StreamService:
    """One plugin's door to the streams."""

    def __init__(
        self,
        plugin: Callable[[], str],
        grants: Grants,
        registrations: RegistrationService,
        streams: Streams,
        name: Callable[[], str] | None = None,
        switches: Switches = BY_THE_BOOK,
        starting: Callable[[], bool] = lambda: False,
    ) -> None:
        self._plugin = plugin
        self._starting = starting
        self._name = name or plugin  # what its streams are called after
        self._switches = switches
        self._grants = grants
        self._registrations = registrations
        self._streams = streams

    def emit(self, stream: str, data: bytes) -> None:
        """Emit on a stream of its own, or of a radar.

        Raises:
            Refused: it is neither.
            Lacking: the capability that the stream needs (R7).
        """
        try:
            self._check(stream)
        except (Refused, Lacking):
            if not is_taken_there(stream, self._name()) or not self._switches.departs("D18", "sk_emit_binary_stream"):
                raise
        self._streams.emit(self._plugin(), stream, data)

    def _check(self, stream: str) -> None:
        capability = "dataWrite"
        if stream.startswith("radars/"):
            _check_radar(stream.removeprefix("radars/"))
            capability = "radarProvider"
        else:
            self._check_own(stream)
        if not self._grants.has(capability):
            raise Lacking(capability)

    def emit_spokes(self, radar: str, data: bytes) -> None:
        """Emit spokes of a radar, which go to the stream `radars/{radar}`.

        Raises:
            Refused: the plugin has not registered as a radar provider, or that is no id of a radar.
        """
        if not self._registrations.providers["radar"]:
            raise Refused("the plugin has not registered as a radar provider: sk_register_radar_provider comes first")
        if self._starting() and self._switches.departs("RADARS", "sk_radar_emit_spokes"):
            raise Refused("what is registered in start counts once start has returned (RADARS)")
        _check_radar(radar)
        self._streams.emit(self._plugin(), f"radars/{radar}", data)

    def _check_own(self, stream: str) -> None:
        own = f"plugins/{self._name()}/"
        parts = stream.split("/")
        if not stream.startswith(own) or ".." in parts:
            raise Refused(
                f"a stream is radars/{{id}} or {own}{{name}}, without a part `..`: {stream[:MAX_NAME]!r} (§16)"
            )
        name = stream.removeprefix(own)
        # Part of a URL: an empty part or `.` would make another name of it.
        if len(name) > MAX_NAME or _UNFIT.search(name) or {"", "."} & set(name.split("/")):
            raise Refused(f"{name[:MAX_NAME]!r} cannot be the name of a stream")


def _check_radar(radar: str) -> None:
    if not _RADAR_ID.fullmatch(radar) or len(radar) > MAX_NAME:
        raise Refused(f"the id of a radar has letters, digits, _ and -, not {radar[:MAX_NAME]!r} (§16)")
