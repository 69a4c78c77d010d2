"""The events of a host in this process: what is new in the lists that its sessions show."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.drivers.interface import HostSession, Session

Message = dict[str, Any]
Item = TypeVar("Item")


class Told:
    """What of one host has been told already."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], tuple[int, object]] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def news(self, host: HostSession, sessions: Mapping[str, Session]) -> Iterator[Message]:
        """An event for everything that is new."""
        for plugin, session in sessions.items():
            for message in self._of_plugin(plugin, session):
                yield {"event": message.pop("event"), "plugin": plugin, **message}
        for delta in self._new("delta", "", host.deltas):
            yield {"event": "delta", "plugin": delta.source, "text": delta.text, "version": delta.version}
        for session in list(sessions.values())[:1]:  # these are of the whole host
            for emitted in self._new("stream", "", session.streams):
                data = base64.b64encode(emitted.data).decode("ascii")
                yield {"event": "stream", "stream": emitted.stream, "data_b64": data}
            for made in self._new("fetch", "", session.requests):
                yield {"event": "fetch", "method": made.method, "url": made.url, "status": made.status}

    def _of_plugin(self, plugin: str, session: Session) -> Iterator[Message]:
        for record in self._new("log", plugin, session.log):
            yield {"event": "log", "kind": record.kind, "function": record.function, "text": record.text}
        for kind, text in (("status", session.status), ("error", session.error)):
            if self._texts.get((kind, plugin), "") != text:
                self._texts[kind, plugin] = text
                yield {"event": kind, "text": text}
        for claim in self._new("claim", plugin, session.claims):
            yield {"event": "claim", "text": claim.text, "version": claim.version}
        for done in self._new("file", plugin, session.file_operations):
            yield {"event": "file", "name": done.name, "path": done.path, "error": done.error}

    def _new(self, kind: str, plugin: str, items: Sequence[Item]) -> Sequence[Item]:
        """What is new in a list, which may have begun anew or lost what was first."""
        count, last = self._lists.get((kind, plugin), (0, None))
        self._lists[kind, plugin] = (len(items), items[-1] if items else None)
        if count <= len(items):
            if not count or items[count - 1] == last:
                return items[count:]
        else:
            count = len(items)
        known = next((number for number in range(count, 0, -1) if items[number - 1] == last), 0)
        return items[known:]
