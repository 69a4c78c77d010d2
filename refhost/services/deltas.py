"""Emitting: deltas and notifications on their way from a plugin to the bus (contract §10, §16)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refhost.delta import kind_of
from refhost.jsontext import NotJson, loads
from refhost.meta import ALARM_STATES
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.bus import Bus
    from refhost.delta import Delta, DeltaProblem


@dataclass(frozen=True)
class Claim:
    """A delta as a plugin gave it, before anything was checked.

    Attributes:
        text: the JSON that it gave, or what its record amounts to.
        version: as it gave it; 1 where it gave none.
    """

    text: str
    version: int = 1


# A flood of emitted text must not fill the machine's memory (contract §19): the latest are kept.
_MAX_CLAIMS = 100_000


class DeltaService:
    """One plugin's door to the bus.

    Attributes:
        claims: the latest deltas that came to `handle_message`, as they came, in order: what checks judge.
    """

    def __init__(self, plugin: Callable[[], str], bus: Bus, log: Callable[[str, str], None]) -> None:
        self._plugin = plugin
        self._bus = bus
        self._log = log
        self.claims: deque[Claim] = deque(maxlen=_MAX_CLAIMS)

    def handle_message(self, text: str, version: int = 1) -> None:
        """Emit a delta given as JSON; version 2 keeps it out of the v1 model.

        Raises:
            Refused: it is not JSON, not a delta, or none of its updates is in order.
        """
        self.claims.append(Claim(text, version))
        try:
            claimed = loads(text)
        except NotJson as error:
            raise Refused(f"the delta is not JSON: {error}") from None
        self._emit(claimed, 2 if version == 2 else 1)

    def handle_record(self, plugin_id: str, claimed: Delta, text: str) -> None:
        """Emit a delta that a component gave as a record; it speaks as itself, whatever `plugin_id` says (§10)."""
        self.claims.append(Claim(text))
        if plugin_id != self._plugin():
            self._log("warning", f"handle-message was called with the plugin-id {plugin_id!r}: it is ignored")
        self._emit(claimed, 1)

    def _emit(self, claimed: object, version: int) -> None:
        admission = self._bus.admit(claimed, self._plugin())
        if admission.delta is None:
            raise Refused(f"the delta is refused: {_listed(admission.problems) or 'it has no updates'}")
        refused = [problem for problem in admission.problems if problem.shape]
        if refused:
            self._log("refused", f"part of the delta is refused: {_listed(tuple(refused))}")
        self._bus.emit(self._plugin(), admission.delta, version)

    def on_delta(self, *_: Any) -> None:  # noqa: ANN401 - whatever the component passed is ignored
        """A component called the import that is meant for the other direction: nothing happens (R3)."""
        self._log("warning", "on-delta goes from the server to the plugin: calling it does nothing (R3)")

    def publish_notification(self, path: str, text: str) -> None:
        """Put a notification on a path below `notifications.`; JSON `null` clears it (§16, R12).

        Raises:
            Refused: the path is another one, or the value is no notification.
        """
        if not path.startswith("notifications.") or path.endswith("."):
            raise Refused(f'the path of a notification starts with "notifications.": {path!r} (R12)')
        try:
            value = loads(text)
        except NotJson as error:
            raise Refused(f"the notification is not JSON: {error}") from None
        if value is not None:
            _check_notification(value)
        self._emit({"updates": [{"values": [{"path": path, "value": value}]}]}, 1)


def _check_notification(value: object) -> None:
    if not isinstance(value, dict):
        raise Refused(f"a notification is an object or null, not {kind_of(value)}")
    if value.get("state") not in ALARM_STATES:
        raise Refused(f"state is one of {', '.join(ALARM_STATES)}, not {value.get('state')!r}")
    if not isinstance(value.get("method"), list):
        raise Refused("a notification needs a method: a list of visual and sound")
    if not isinstance(value.get("message"), str):
        raise Refused("a notification needs a message")


def _listed(problems: tuple[DeltaProblem, ...]) -> str:
    shown = "; ".join(str(problem) for problem in problems[:3])
    return f"{shown}; and {len(problems) - 3} more" if len(problems) > 3 else shown
