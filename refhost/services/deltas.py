"""Emitting: deltas and notifications on their way from a plugin to the bus (contract §10, §16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from refhost.delta import deepest_path, kind_of
from refhost.departures.deltas import notification_problem, parsed_there
from refhost.jsontext import NotJson, loads
from refhost.limits import DEFAULTS, Limits
from refhost.meta import ALARM_STATES
from refhost.network.waiting import Waiting
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from refhost.bus import Bus
    from refhost.delta import Admission, Delta, DeltaProblem


class Claim(NamedTuple):
    """A delta as a plugin gave it, before anything was checked.

    Attributes:
        text: the JSON that it gave, or what its record amounts to.
        version: as it gave it; 1 where it gave none.
    """

    text: str
    version: int = 1


class DeltaService:
    """One plugin's door to the bus.

    Args:
        plugin: its id.
        admit: what the bus would carry of a claimed delta.
        switches: the profile.
        limits: how many claims of how many bytes are kept, and how deep a path may be (§19).

    Attributes:
        claims: the latest deltas that came to `handle_message`, as they came, in order: what checks judge.
    """

    def __init__(
        self,
        plugin: Callable[[], str],
        bus: Bus,
        log: Callable[[str, str], None],
        admit: Callable[[object], Admission] | None = None,
        switches: Switches = BY_THE_BOOK,
        limits: Limits = DEFAULTS,
    ) -> None:
        self._plugin = plugin
        self._limits = limits
        self._bus = bus
        self._log = log
        self._admit = admit or (lambda claimed: bus.admit(claimed, plugin()))
        self._switches = switches
        self.claims: Waiting[Claim] = Waiting(
            limits.kept_deltas, limits.kept_delta_bytes, lambda claim: len(claim.text)
        )

    def handle_message(self, text: str, version: int = 1) -> None:
        """Emit a delta given as JSON; version 2 keeps it out of the v1 model.

        Raises:
            Refused: it is not JSON, not a delta, or none of its updates is in order.
        """
        self.remember((Claim(text, version),), len(text))
        try:
            claimed = self._parsed(text)
        except NotJson as error:
            raise Refused(f"the delta is not JSON: {error}") from None
        self._emit(claimed, 2 if version == 2 else 1, len(text))

    def remember(self, claims: Iterable[Claim], size: int) -> None:
        """Remember what the plugin gave, of so many characters."""
        complete = not self.claims.dropped
        self.claims.extend(claims, size)
        if complete and self.claims.dropped:
            most = f"the latest {self._limits.kept_deltas} deltas or {self._limits.kept_delta_bytes} bytes"
            self._log("warning", f"of what it gave to be emitted, {most} are kept: older ones are forgotten (§19)")

    def _parsed(self, text: str) -> object:
        try:
            return loads(text)
        except NotJson:
            if not self._switches.has("PARSED"):
                raise
        found: object = parsed_there(text)
        self._switches.departs("PARSED", "sk_handle_message")
        return found

    def handle_record(self, plugin_id: str, claimed: Delta, text: str) -> None:
        """Emit a delta that a component gave as a record; it speaks as itself, whatever `plugin_id` says (§10)."""
        self.remember((Claim(text),), len(text))
        if plugin_id != self._plugin():
            self._log("warning", f"handle-message was called with the plugin-id {plugin_id!r}: it is ignored")
        self._emit(claimed, 1, len(text))

    def _emit(self, claimed: object, version: int, size: int = 0) -> None:
        admission = self._admit(claimed)
        if admission.delta is None:
            raise Refused(f"the delta is refused: {_listed(admission.problems) or 'it has no updates'}")
        # Each part is a node of the model within the last: whoever writes the model down goes as deep.
        parts = deepest_path(admission.delta) if size > 2 * self._limits.path_parts else 0
        if parts > self._limits.path_parts:
            raise Refused(
                f"the delta is refused: a path has {parts} parts; the limit is {self._limits.path_parts} (§19)"
            )
        refused = [problem for problem in admission.problems if problem.shape]
        if refused:
            self._log("refused", f"part of the delta is refused: {_listed(tuple(refused))}")
        self._bus.emit(self._plugin(), admission.delta, version, size)

    def on_delta(self, *_: Any) -> None:  # noqa: ANN401 - whatever the component passed is ignored
        """A component called the import that is meant for the other direction: nothing happens (R3)."""
        self._log("warning", "on-delta goes from the server to the plugin: calling it does nothing (R3)")

    def publish_notification(self, path: str, text: str) -> None:
        """Put a notification on a path below `notifications.`; JSON `null` clears it (§16, R12).

        Raises:
            Refused: the path is another one, or the value is no notification.
        """
        try:
            value = loads(text)
        except NotJson as error:
            raise Refused(_path_problem(path) or f"the notification is not JSON: {error}") from None
        problem, there = _path_problem(path) or _notification_problem(value), notification_problem(value)
        if bool(problem) != bool(there) and self._switches.departs("D13", "sk_publish_notification"):
            problem = there
        if problem:
            raise Refused(problem)
        self._emit({"updates": [{"values": [{"path": path, "value": value}]}]}, 1, len(path) + len(text))


def _path_problem(path: str) -> str:
    if path.startswith("notifications.") and not path.endswith("."):
        return ""
    return f'the path of a notification starts with "notifications.": {path!r} (R12)'


def _notification_problem(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return f"a notification is an object or null, not {kind_of(value)}"
    if value.get("state") not in ALARM_STATES:
        return f"state is one of {', '.join(ALARM_STATES)}, not {value.get('state')!r}"
    if not isinstance(value.get("method"), list):
        return "a notification needs a method: a list of visual and sound"
    return "" if isinstance(value.get("message"), str) else "a notification needs a message"


def _listed(problems: tuple[DeltaProblem, ...]) -> str:
    shown = "; ".join(str(problem) for problem in problems[:3])
    return f"{shown}; and {len(problems) - 3} more" if len(problems) > 3 else shown
