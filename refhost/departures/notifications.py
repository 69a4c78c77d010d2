"""The server's Notifications API: it takes notifications out of deltas, and sends each by itself (NOTIFICATIONS)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from refhost.delta import Delta
    from refhost.profiles import Switches

_FUNCTION = "notifications"
# Of one that came in a delta: the API's user has done nothing with it yet, and cannot clear it.
_STATUS = {"silenced": False, "acknowledged": False, "canSilence": True, "canAcknowledge": True, "canClear": False}
_CLEARED = {"message": "", "method": [], "state": "normal"}


class Notifications:
    """What the API does with deltas on their way to the bus.

    Args:
        switches: the profile, as it meets a plugin; "" for the host's own deltas.
        randomness: for the ids of notifications.
    """

    def __init__(self, switches: Callable[[str], Switches], randomness: random.Random) -> None:
        self._switches = switches
        self._randomness = randomness
        self._ids: dict[tuple[str, str, str], str] = {}

    def parts(self, plugin: str, delta: Delta) -> list[Delta]:
        """The deltas that go over the bus for one: itself, by the contract.

        There, each notification goes first and by itself, with an id and a status; the rest follows, also when nothing
        is left of it.

        Args:
            plugin: that emitted it; "" for the host.
            delta: as it was admitted.
        """
        found = [(update, pair) for update in delta["updates"] for pair in update.get("values", ()) if _is_one(pair)]
        if not found or not self._switches(plugin).departs("NOTIFICATIONS", _FUNCTION):
            return [delta]
        context = delta["context"]
        taken = [{"context": context, "updates": [self._taken(context, update, pair)]} for update, pair in found]
        return [*taken, {**delta, "updates": [rest for update in delta["updates"] if (rest := _without(update))]}]

    def _taken(self, context: str, update: Delta, pair: Delta) -> Delta:
        key = (context, pair["path"], str(update["$source"]))
        if key not in self._ids:
            self._ids[key] = str(uuid.UUID(int=self._randomness.getrandbits(128), version=4))
        value: Any = pair["value"] or _CLEARED
        if isinstance(value, dict):
            value = {**value, "id": self._ids[key], "status": dict(_STATUS)}
        kept = {name: part for name, part in update.items() if name != "source"}
        return {**kept, "values": [{"path": pair["path"], "value": value}], "notificationId": self._ids[key]}


def _is_one(pair: Delta) -> bool:
    path: str = pair["path"]
    return path.startswith("notifications")


def _without(update: Delta) -> Delta | None:
    """An update without its notifications; None when it had nothing else. Metadata beside them goes with them."""
    if "values" not in update:
        return update
    left = [pair for pair in update["values"] if not _is_one(pair)]
    return {**update, "values": left} if left else None
