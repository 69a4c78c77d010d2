"""HPROV: resources, weather and radars, asked of the host and answered by a plugin."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.host_checks.registry import host_check
from conformance.host_trial import answer, kept, line, text
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.interface import ProviderReply
    from conformance.host_trial import HostTrial, Probe

# A type of its own: of the standard types a host may know more than the contract says, such as what their ids are like.
_TYPE = "tides"
_HELD = {"resourceProvider": True, "weatherProvider": True, "radarProvider": True}
_REGISTER = (
    line("sk_register_resource_provider", text(_TYPE)),
    line("sk_register_weather_provider", text("Clouds")),
    line("sk_register_radar_provider", text("Halo")),
)
_POSITION = '{"position":{"latitude":54.5,"longitude":10.5},"options":{}}'
_API = f"/signalk/v2/api/resources/{_TYPE}"
_JSON = {"Content-Type": "application/json"}


@contextmanager
def _providing(trial: HostTrial, *lines: str) -> Iterator[Probe]:
    with trial.probe(capabilities=_HELD) as probe:
        probe.run(*_REGISTER, *lines)
        yield probe


def _asked(probe: Probe, export: str) -> dict[str, Any]:
    """What the plugin was asked last, by a handler."""
    said = [entry for entry in probe.said if entry.startswith(f"{export}\t")]
    require(said, f"{export} was not called")
    found: dict[str, Any] = loads(said[-1].partition("\t")[2])
    return found


def _has(found: dict[str, Any], wanted: dict[str, Any], export: str) -> None:
    require({key: found.get(key) for key in wanted} == wanted, f"{export} got {dumps(found)}, without {dumps(wanted)}")


def _resources(probe: Probe, op: str, arguments: str = "{}") -> ProviderReply:
    return probe.home.provide("resource", _TYPE, op, arguments)


def _value(reply: ProviderReply, wanted: object, what: str) -> None:
    found = loads(reply.value_text) if reply.value_text else reply.value_text
    require(found == wanted, f"{what} gave {reply.value_text!r}, not {dumps(wanted)}")


@host_check("HPROV-001")
def lists(trial: HostTrial) -> None:
    """With a query."""
    with _providing(trial) as probe:
        _value(_resources(probe, "list", '{"distance":"1000"}'), {"one": {"name": "One"}}, "a list")
        export = "resources_list_resources"
        _has(_asked(probe, export), {"resourceType": _TYPE, "distance": "1000"}, export)


@host_check("HPROV-002")
def gets(trial: HostTrial) -> None:
    """By its id."""
    with _providing(trial) as probe:
        _value(_resources(probe, "get", '{"id":"one"}'), {"name": "One"}, "one resource")
        export = "resources_get_resource"
        _has(_asked(probe, export), {"id": "one", "resourceType": _TYPE}, export)


@host_check("HPROV-003")
def sets(trial: HostTrial) -> None:
    """An object."""
    with _providing(trial) as probe:
        reply = _resources(probe, "set", '{"id":"two","value":{"name":"Ærø"}}')
        require(not reply.error, f"setting one failed: {reply.error!r}")
        export = "resources_set_resource"
        wanted = {"id": "two", "value": {"name": "Ærø"}, "resourceType": _TYPE}
        _has(_asked(probe, export), wanted, export)


@host_check("HPROV-004")
def deletes(trial: HostTrial) -> None:
    """By its id."""
    with _providing(trial) as probe:
        reply = _resources(probe, "delete", '{"id":"one"}')
        require(not reply.error, f"deleting one failed: {reply.error!r}")
        export = "resources_delete_resource"
        _has(_asked(probe, export), {"id": "one", "resourceType": _TYPE}, export)


@host_check("HPROV-005")
def refuses(trial: HostTrial) -> None:
    """Both."""
    with _providing(trial, answer("the disk is full")) as probe:
        for op, arguments in (("set", '{"id":"two","value":{}}'), ("delete", '{"id":"two"}')):
            reply = _resources(probe, op, arguments)
            require("the disk is full" in reply.error, f"{op} answered a text, and its error is {reply.error!r}")


@host_check("HPROV-006")
def nobody(trial: HostTrial) -> None:
    """A plugin runs, and registers nothing."""
    with trial.probe(capabilities=_HELD) as probe:
        probe.run()
        _value(_resources(probe, "list"), {}, "a list of nobody")
        require(
            not any(told[0].startswith("resources_") for told in probe.told), "a plugin was asked that provides none"
        )


@host_check("HPROV-007")
def traps(trial: HostTrial) -> None:
    """Listing."""
    with _providing(trial, kept("resource", "trap")) as probe:
        _value(_resources(probe, "list"), {}, "a provider that traps")
        found = [r for r in probe.log if r.kind not in {"debug", "state"} and r.text]
        require(found, "a provider trapped, and nothing is logged")
        other = trial.load(probe.home, package="another")
        require(other.start() == "running", "afterwards a plugin in order does not run")


@host_check("HPROV-008")
def not_json(trial: HostTrial) -> None:
    """Words, half, and another kind."""
    for given in ("words", '{"one":', "[1]"):
        with _providing(trial, answer(given)) as probe:
            before = len(probe.log)
            _value(_resources(probe, "list"), {}, f"the answer {given!r}")
            found = [r for r in probe.log[before:] if r.kind not in {"debug", "state"} and r.text]
            require(found, f"the provider answered {given!r}, and nothing is logged")


@host_check("HPROV-009")
def over_http(trial: HostTrial) -> None:
    """All, and one."""
    with _providing(trial) as probe:
        reply = probe.home.request("GET", _API)
        require(reply.status == 200 and loads(reply.body) == {"one": {"name": "One"}}, f"GET {_API} answered {reply}")
        reply = probe.home.request("GET", f"{_API}/one")
        require(reply.status == 200 and loads(reply.body) == {"name": "One"}, f"GET {_API}/one answered {reply}")


@host_check("HPROV-010")
def creates(trial: HostTrial) -> None:
    """Twice."""
    with _providing(trial) as probe:
        ids = []
        for _ in range(2):
            reply = probe.home.request("POST", _API, body='{"name":"New"}', headers=_JSON)
            require(reply.status in {200, 201}, f"POST {_API} answered {reply.status}: {reply.body[:200]}")
            ids.append(_asked(probe, "resources_set_resource")["id"])
        require(ids[0] != ids[1], f"two new resources have the id {ids[0]}")
        require(all(len(found) == 36 and found.count("-") == 4 for found in ids), f"the new ids are {ids}, no UUIDs")


@host_check("HPROV-011")
def changes(trial: HostTrial) -> None:
    """PUT, DELETE, and an error."""
    with _providing(trial) as probe:
        reply = probe.home.request("PUT", f"{_API}/two", body='{"name":"Two"}', headers=_JSON)
        require(200 <= reply.status < 300, f"PUT answered {reply.status}: {reply.body[:200]}")
        _has(_asked(probe, "resources_set_resource"), {"id": "two", "value": {"name": "Two"}}, "resources_set_resource")
        reply = probe.home.request("DELETE", f"{_API}/two")
        require(200 <= reply.status < 300, f"DELETE answered {reply.status}: {reply.body[:200]}")
        _has(_asked(probe, "resources_delete_resource"), {"id": "two"}, "resources_delete_resource")
        probe.do(answer("the disk is full"))
        reply = probe.home.request("PUT", f"{_API}/two", body='{"name":"Two"}', headers=_JSON)
        require(
            reply.status == 400 and "the disk is full" in reply.body, f"an error answered {reply.status}: {reply.body}"
        )


@host_check("HPROV-012")
def weather(trial: HostTrial) -> None:
    """Both."""
    with _providing(trial) as probe:
        for op, kind in (("observations", "observation"), ("warnings", "warning")):
            _value(probe.home.provide("weather", "Clouds", op, _POSITION), [{"kind": kind}], op)
            export = f"weather_get_{op}"
            _has(_asked(probe, export), {"position": {"latitude": 54.5, "longitude": 10.5}}, export)


@host_check("HPROV-013")
def forecasts(trial: HostTrial) -> None:
    """Both types."""
    with _providing(trial) as probe:
        for kind in ("daily", "point"):
            arguments = dumps({**loads(_POSITION), "type": kind})
            _value(probe.home.provide("weather", "Clouds", "forecasts", arguments), [{"kind": "forecast"}], kind)
            wanted = {"position": {"latitude": 54.5, "longitude": 10.5}, "type": kind}
            _has(_asked(probe, "weather_get_forecasts"), wanted, "weather_get_forecasts")


@host_check("HPROV-014")
def no_weather(trial: HostTrial) -> None:
    """Nobody, an object, a trap."""
    with _providing(trial) as probe:
        _value(probe.home.provide("weather", "Sun", "observations", _POSITION), [], "a provider that there is not")
    for line_ in (answer('{"kind":1}'), kept("resource", "trap")):
        with _providing(trial, line_) as probe:
            _value(probe.home.provide("weather", "Clouds", "observations", _POSITION), [], line_)


@host_check("HPROV-015")
def radars(trial: HostTrial) -> None:
    """One."""
    with _providing(trial) as probe:
        _value(probe.home.provide("radar", "Halo", "get_radars"), ["radar-1"], "the radars")


@host_check("HPROV-016")
def radar(trial: HostTrial) -> None:
    """To see, and to set."""
    with _providing(trial) as probe:
        reply = probe.home.provide("radar", "Halo", "get_radar_info", '{"radarId":"radar-1"}')
        _value(reply, {"name": "Radar"}, "a radar's information")
        _has(_asked(probe, "radar_get_radar_info"), {"radarId": "radar-1"}, "radar_get_radar_info")
        reply = probe.home.provide("radar", "Halo", "set_power", '{"radarId":"radar-1","state":"transmit"}')
        _value(reply, {"success": True}, "a radar's power")
        _has(_asked(probe, "radar_set_power"), {"radarId": "radar-1", "state": "transmit"}, "radar_set_power")


@host_check("HPROV-017")
def no_radar(trial: HostTrial) -> None:
    """Nobody, and a trap."""
    with _providing(trial) as probe:
        _value(probe.home.provide("radar", "Quantum", "get_radars"), [], "a provider that there is not")
    with _providing(trial, kept("resource", "trap")) as probe:
        _value(probe.home.provide("radar", "Halo", "get_radar_info", '{"radarId":"radar-1"}'), {}, "a trap")


@host_check("HPROV-018")
def its_type(trial: HostTrial) -> None:
    """Charts of a provider of tides."""
    with _providing(trial) as probe:
        _value(probe.home.provide("resource", "charts", "list"), {}, "a type that was not registered")
        require(
            not any(told[0].startswith("resources_") for told in probe.told), "a plugin was asked that provides none"
        )


@host_check("HPROV-019")
def nameless(trial: HostTrial) -> None:
    """Each kind."""
    with trial.probe(capabilities=_HELD) as probe:
        for kind in ("resource", "weather", "radar"):
            function = f"sk_register_{kind}_provider"
            result = probe.result(line(function, text("")))
            require(result == 0, f"{function} of an empty name answered {result}")


@host_check("HPROV-020")
def posts(trial: HostTrial) -> None:
    """Below the type."""
    with _providing(trial) as probe:
        reply = probe.home.request("POST", f"{_API}/two", body='{"name":"Two"}', headers=_JSON)
        require(200 <= reply.status < 300, f"POST {_API}/two answered {reply.status}: {reply.body[:200]}")
        _has(_asked(probe, "resources_set_resource"), {"id": "two", "value": {"name": "Two"}}, "resources_set_resource")
