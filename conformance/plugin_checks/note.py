"""NOTE: notifications, however they were emitted (contract §16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.plugin_checks.registry import check
from conformance.trial import require
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.delta import pairs
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from conformance.trial import Trial

_METHODS = ("visual", "sound")
_RAISED = ("alert", "warn", "alarm", "emergency")
# So often in a row one and the same notification may come in twenty seconds.
_MOST_REPEATS = 5


def _notifications(trial: Trial) -> list[tuple[str, Any]]:
    """Each notification that the bus carried of it, in order.

    Raises:
        NotApplicable: there was none.
    """
    emitted = [pair for delta in trial.lived().emitted for pair in pairs(delta)]
    found = [(path, value) for path, value in emitted if path.startswith("notifications.")]
    if not found:
        raise NotApplicable("the plugin emits no notification in an ordinary run")
    return found


def _emitted(path: str, value: Any) -> str:  # noqa: ANN401 - JSON
    return f"it emitted {path}: {dumps(value)}"


def _state(value: Any) -> str:  # noqa: ANN401 - JSON
    return str(value.get("state", "")) if isinstance(value, dict) else ""


@check("NOTE-001")
def names_methods(trial: Trial) -> None:
    """`visual` and `sound`; there are no others."""
    for path, value in _notifications(trial):
        method = value.get("method") if isinstance(value, dict) else None
        if not isinstance(method, list):
            continue  # none is needed to clear one, and of another type it is DELTA-011's business
        wrong = [one for one in method if one not in _METHODS]
        if wrong:
            seen = f"{path} has the method {dumps(wrong[0])}; there are visual and sound"
            raise Violation(seen, case=_emitted(path, value))


@check("NOTE-002")
def clears_what_it_raised(trial: Trial) -> None:
    """Stopped, it leaves no alarm that nobody would end."""
    trial.survived()
    last = dict(_notifications(trial))
    if trial.observation.failed_at:
        raise NotJudged(f"the plugin did not stop well: {trial.observation.failure}")
    raised = [path for path, value in _notifications(trial) if _state(value) in _RAISED]
    if not raised:
        raise NotApplicable("the plugin raises no notification above normal in an ordinary run")
    for path in raised:
        state = _state(last[path])
        require(state not in _RAISED, f"it was stopped, and left {path} with the state {state}")


@check("NOTE-003")
def does_not_repeat(trial: Trial) -> None:
    """A notification tells of a change."""
    latest: dict[str, tuple[str, int]] = {}
    for path, value in _notifications(trial):
        text, before = dumps(value), latest.get(path, ("", 0))
        count = before[1] + 1 if text == before[0] else 1
        latest[path] = text, count
        if count > _MOST_REPEATS:
            raise Violation(f"it emitted {path} {count} times in a row with the same value", case=_emitted(path, value))


@check("NOTE-004")
def tells_what_is_wrong(trial: Trial) -> None:
    """What is raised says why."""
    raised = [(path, value) for path, value in _notifications(trial) if _state(value) in _RAISED]
    if not raised:
        raise NotApplicable("the plugin raises no notification above normal in an ordinary run")
    for path, value in raised:
        message = value.get("message")
        told = isinstance(message, str) and message.strip()
        require(told, f"{path} has the state {_state(value)}, and its message is empty", case=_emitted(path, value))
