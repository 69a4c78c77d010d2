"""HDELTA: notifications of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_checks.hdelta import own_context
from conformance.host_checks.hfun import NOTIFICATION, is_notification
from conformance.host_checks.registry import host_check
from conformance.host_trial import line, text
from conformance.trial import require
from refhost.jsontext import loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial


def _notify(trial: HostTrial, path: str, value: str) -> tuple[int, list[Any]]:
    with trial.probe() as probe:
        result = probe.result(line("sk_publish_notification", text(path), text(value)))
        values = [pair for delta in probe.emitted for pair in loads(delta.text)["updates"][0]["values"]]
        return result, values


def _no_notification(trial: HostTrial, path: str, value: str) -> None:
    result, values = _notify(trial, path, value)
    require(result == -1, f"{value!r} at {path!r} answered {result}, not -1")
    require(not values, f"{value!r} at {path!r} is refused, and the host carried {values}")


@host_check("HDELTA-029")
def notification(trial: HostTrial) -> None:
    """An alarm."""
    with trial.probe() as probe:
        probe.run(line("sk_publish_notification", text("notifications.anchor.drag"), text(NOTIFICATION)))
        found = [delta for delta in (loads(delta.text) for delta in probe.emitted) if delta["updates"]]
        require(len(found) == 1, f"of one notification came {len(found)} deltas")
        update = found[0]["updates"][0]
        carried = {entry["path"]: entry["value"] for entry in update["values"]}
        require(
            list(carried) == ["notifications.anchor.drag"] and is_notification(carried["notifications.anchor.drag"]),
            f"the host carried {update['values']}",
        )
        require(update["$source"] == "probe", f"its $source is {update['$source']!r}")
        own_context(found[0]["context"])


@host_check("HDELTA-030")
def cleared(trial: HostTrial) -> None:
    """By a null."""
    found = _notify(trial, "notifications.anchor", "null")
    require(found == (0, [{"path": "notifications.anchor", "value": None}]), f"null gave {found}")


@host_check("HDELTA-031")
def notification_path(trial: HostTrial) -> None:
    """Elsewhere, nearly there, and nowhere."""
    for path in ("environment.depth", "notifications", "notifications.", "", "xnotifications.a", "Notifications.a"):
        _no_notification(trial, path, NOTIFICATION)


@host_check("HDELTA-032")
def notification_state(trial: HostTrial) -> None:
    """All that there are, and some that there are not."""
    for state in ("nominal", "normal", "alert", "warn", "alarm", "emergency"):
        result, _ = _notify(trial, "notifications.a", NOTIFICATION.replace("alarm", state))
        require(result == 0, f"the state {state} answered {result}")
    for state in ("ALARM", "panic", ""):
        _no_notification(trial, "notifications.a", NOTIFICATION.replace("alarm", state))
    _no_notification(trial, "notifications.a", '{"method":[],"message":""}')


@host_check("HDELTA-033")
def notification_parts(trial: HostTrial) -> None:
    """Each left out."""
    _no_notification(trial, "notifications.a", '{"state":"alarm","message":"x"}')
    _no_notification(trial, "notifications.a", '{"state":"alarm","method":["visual"]}')
    for value in ("{}", "[]", "1", '"alarm"', "true"):
        _no_notification(trial, "notifications.a", value)


@host_check("HDELTA-034")
def notification_text(trial: HostTrial) -> None:
    """Nothing, half, more."""
    for value in ("", "{", NOTIFICATION[:-1], f"{NOTIFICATION}}}", "nul"):
        _no_notification(trial, "notifications.a", value)
