"""HMODEL: what a plugin reads of the data model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_checks.registry import host_check
from conformance.host_trial import emit, line, text
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial, Probe

_OTHER = "vessels.urn:mrn:imo:mmsi:230099999"
_SPEED = "navigation.speedOverGround"


def _put(home: HostSession, *values: tuple[str, object], context: str = "vessels.self", **update: object) -> None:
    pairs = [{"path": path, "value": value} for path, value in values]
    refused = home.inject(dumps({"context": context, "updates": [{"$source": "gps", "values": pairs, **update}]}))
    require(not refused, f"the host refused a delta that is in order: {refused}")


def _reads(probe: Probe, path: str, *, full: bool = False) -> Any:  # noqa: ANN401 - JSON
    """What a plugin reads at a path; None where it is told that nothing is there."""
    told = probe.do(line("sk_get_path" if full else "sk_get_self_path", text(path), "b:20000"))
    require(told and len(told[0]) > 2, f"reading {path!r} told {told}")
    return loads(told[0][2]) if told[0][1] != "0" else None


@host_check("HMODEL-001")
def leaf(trial: HostTrial) -> None:
    """All three."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5), timestamp="2020-02-02T02:02:02.222Z")
        found = _reads(probe, _SPEED)
        wanted = {"value": 3.5, "$source": "gps", "timestamp": "2020-02-02T02:02:02.222Z"}
        require(found and wanted.items() <= found.items(), f"the leaf is {found}, and should have {wanted}")


@host_check("HMODEL-002")
def node(trial: HostTrial) -> None:
    """Two leaves."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5), ("navigation.position", {"latitude": 54.5, "longitude": 10.5}))
        found = _reads(probe, "navigation")
        require(found and found["speedOverGround"]["value"] == 3.5, f"the node is {found}")
        require(found["position"]["value"]["latitude"] == 54.5, f"the node is {found}")


@host_check("HMODEL-003")
def latest(trial: HostTrial) -> None:
    """Two values, of two sources."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5))
        _put(probe.home, (_SPEED, 4.5))
        found = _reads(probe, _SPEED)
        require(found and found["value"] == 4.5, f"3.5 and then 4.5 came, and the leaf is {found}")


@host_check("HMODEL-004")
def metadata(trial: HostTrial) -> None:
    """Before its value, and after it."""
    with trial.probe() as probe:
        probe.run()
        meta = dumps({"updates": [{"$source": "gps", "meta": [{"path": _SPEED, "value": {"units": "furlong"}}]}]})
        probe.home.inject(meta)
        _put(probe.home, (_SPEED, 3.5))
        found = _reads(probe, _SPEED)
        require(found and found.get("meta", {}).get("units") == "furlong", f"the leaf is {found}")


@host_check("HMODEL-005")
def bare_value(trial: HostTrial) -> None:
    """A number, and an object's part."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5))
        found = _reads(probe, f"{_SPEED}.value")
        require(found == 3.5, f"the value is 3.5, and {_SPEED}.value is {found!r}")


def _full(trial: HostTrial, context: str, *paths: str) -> Iterator[Any]:
    with trial.probe("probe-path") as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5), context=context)
        for path in paths:
            yield path, _reads(probe, path, full=True)


@host_check("HMODEL-006")
def own_vessel(trial: HostTrial) -> None:
    """The id is what a delta has as its context."""
    with trial.probe("probe-path") as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5))
        own = loads(probe.home.deltas[-1].text)["context"]
        for context in ("vessels.self", own):
            found = _reads(probe, f"{context}.{_SPEED}", full=True)
            require(found and found["value"] == 3.5, f"{context}.{_SPEED} is {found}")


@host_check("HMODEL-007")
def other_vessel(trial: HostTrial) -> None:
    """And it is not the own one."""
    for path, found in _full(trial, _OTHER, f"{_OTHER}.{_SPEED}", f"vessels.self.{_SPEED}"):
        wanted = 3.5 if path.startswith(_OTHER) else None
        require((found or {}).get("value") == wanted, f"{path} is {found}")


@host_check("HMODEL-008")
def plain_names(trial: HostTrial) -> None:
    """Where nothing is, and where something is."""
    names = ("__proto__", "constructor", "constructor.name", "toString", "hasOwnProperty", "__proto__.polluted")
    with trial.probe() as probe:
        probe.run()
        for name in names:
            found = _reads(probe, name)
            require(found is None, f"nothing is at {name!r}, and {found} was read")
        _put(probe.home, ("__proto__.polluted", 1), ("constructor.prototype.polluted", 1))
        found = _reads(probe, "navigation.polluted")
        require(found is None, f"a value at __proto__.polluted is read at navigation.polluted: {found}")
        require(_reads(probe, "polluted") is None, "a value at __proto__.polluted is read at polluted")
        for name in ("__proto__.polluted", "constructor.prototype.polluted"):
            found = _reads(probe, name)
            require(found is not None and found["value"] == 1, f"the value at {name} is 1, and {found} was read")


@host_check("HMODEL-009")
def whole(trial: HostTrial) -> None:
    """All that is known of it."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5))
        found = _reads(probe, "")
        require(found and found["navigation"]["speedOverGround"]["value"] == 3.5, f"the own vessel is {found}")


@host_check("HMODEL-010")
def of_others(trial: HostTrial) -> None:
    """One emits, one reads."""
    with trial.host() as home:
        trial.load(home, package="emits").run(emit("probe.value", 7))
        reader = trial.load(home, package="reads")
        reader.run()
        found = _reads(reader, "probe.value")
        require(found and (found["value"], found["$source"]) == (7, "emits"), f"another plugin reads {found}")


@host_check("HMODEL-011")
def as_clients(trial: HostTrial) -> None:
    """The same value and source."""
    with trial.probe() as probe:
        probe.run(emit("probe.value", 7))
        given = probe.home.read("vessels.self.probe.value")
        client, plugin = loads(given or "null"), _reads(probe, "probe.value")
        require(client and plugin, f"a client reads {client}, the plugin {plugin}")
        for key in ("value", "$source", "timestamp"):
            require(client[key] == plugin[key], f"a client reads {client}, the plugin {plugin}")


@host_check("HMODEL-012")
def below_a_value(trial: HostTrial) -> None:
    """Below a number, and below a text."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5), ("name", "Ærø"))
        for path in (f"{_SPEED}.value.more", "name.value.length", "name.value.0", f"{_SPEED}..value", "."):
            found = _reads(probe, path)
            require(found is None, f"nothing is at {path!r}, and {found!r} was read")


@host_check("HMODEL-013")
def null(trial: HostTrial) -> None:
    """After a number."""
    with trial.probe() as probe:
        probe.run()
        _put(probe.home, (_SPEED, 3.5))
        _put(probe.home, (_SPEED, None))
        found = _reads(probe, _SPEED)
        require(found is not None and found.get("value", 0) is None, f"the value is null, and {found} was read")
