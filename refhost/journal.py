"""What happened in a host, in order: the log that a person reads and that checks are made against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refhost.clock import Clock

# A plugin that logs without end must not fill the machine's memory, nor the log of others (contract §19): the bounds
# are of each plugin, and of the host itself.
_MAX_RECORDS = 200_000
_MAX_CHARACTERS = 64 * 1024 * 1024


@dataclass(frozen=True)
class Record:
    """One line of the journal.

    Attributes:
        time: virtual time, ISO 8601.
        plugin: the plugin's id; "" for the host itself.
        kind: `debug`, `console`, `stdout`, `stderr`, `status`, `error` and `log-error` are the plugin's own words;
            `denied` (no capability), `refused` (malformed, out of range, wrong moment), `fault` (a call that ended
            badly), `state` (a transition), `departure` (here the host's profile is not the contract) and `warning` are
            the host's.
        function: the host function or export concerned; "" where none is.
        text: for a person. A plugin's words are kept as they came: whoever shows them escapes them.
    """

    time: str
    plugin: str
    kind: str
    function: str
    text: str

    def __str__(self) -> str:
        where = f" {self.function}:" if self.function else ""
        return f"{self.time} {self.plugin or 'host'} [{self.kind}]{where} {self.text}"


class Journal:
    """The records of one host. Those about one plugin are bounded: after the bound one says so, later ones are counted.

    Attributes:
        records: in order.
        dropped: how many were counted only.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._written: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._full: set[str] = set()
        self.records: list[Record] = []
        self.dropped = 0

    def write(self, plugin: str, kind: str, text: str, *, function: str = "") -> None:
        """Add a record at the present virtual time."""
        if plugin in self._full:
            self.dropped += 1
            return
        count = self._written[plugin]
        self._characters[plugin] += len(text)
        if count >= _MAX_RECORDS or self._characters[plugin] > _MAX_CHARACTERS:
            self.dropped += 1
            self._full.add(plugin)
            kind, function = "warning", ""
            text = f"the log is full after {count} records; later ones are only counted (§19)"
        self._written[plugin] = count + 1
        self.records.append(Record(self._clock.timestamp(), plugin, kind, function, text))

    def of(self, plugin: str, *kinds: str) -> list[Record]:
        """The records of one plugin, of these kinds or, with none named, of all."""
        return [r for r in self.records if r.plugin == plugin and (not kinds or r.kind in kinds)]
