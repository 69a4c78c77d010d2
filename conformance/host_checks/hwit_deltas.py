"""HWIT, the second half: what components emit, and what is delivered to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_checks.component_code import HEARD_CONTEXT, Code, heard, heard_value
from conformance.host_checks.hlink import accepted
from conformance.host_checks.hstr import WORDS
from conformance.host_checks.hwit import PLAIN, goes_on, runs
from conformance.host_checks.registry import host_check
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

_AT = "navigation.depth"


def _delta(value: object, **update: object) -> str:
    return dumps({"updates": [{"$source": "gps.1", **update, "values": [{"path": _AT, "value": value}]}]})


def _emitted(trial: HostTrial, *pairs: tuple[str, str], **more: str) -> list[dict[str, Any]]:
    """The deltas that come of one that a component emits when it starts; it runs then."""
    code = Code()
    with trial.probe(PLAIN, changes=code.changes(start=code.emit(*pairs, **more))) as probe:
        runs(probe)
        return [loads(delta.text) for delta in probe.emitted]


def _one(trial: HostTrial, *pairs: tuple[str, str], **more: str) -> dict[str, Any]:
    deltas = _emitted(trial, *pairs, **more)
    require(len(deltas) == 1, f"one delta was emitted, and {len(deltas)} were carried")
    return deltas[0]


@host_check("HWIT-029")
def values(trial: HostTrial) -> None:
    """Of every kind."""
    given = {"a.number": 3.5, "a.text": WORDS, "a.flag": True, "a.place": {"latitude": 60.1}, "a.nothing": None}
    delta = _one(trial, *((path, dumps(value)) for path, value in given.items()))
    found = {pair["path"]: pair["value"] for update in delta["updates"] for pair in update["values"]}
    require(found == given, f"{given} was emitted, and {found} was carried")


@host_check("HWIT-030")
def source(trial: HostTrial) -> None:
    """By its label, and by the parameter."""
    delta = _one(trial, (_AT, "1"), label="another", plugin="another")
    found = delta["updates"][0]["$source"]
    require(found == "probe", f"a component with the id probe said that it is another, and the source is {found!r}")
    require("another" not in dumps(delta), f"what it said that it is was carried: {delta}")


@host_check("HWIT-031")
def timestamps(trial: HostTrial) -> None:
    """None, and one."""
    given = "2020-02-02T02:02:02.020Z"
    found = _one(trial, (_AT, "1"), timestamp=given)["updates"][0]["timestamp"]
    require(found == given, f"the timestamp {given} became {found}")
    filled = _one(trial, (_AT, "1"))["updates"][0]["timestamp"]
    require(len(filled) == len(given) and filled.endswith("Z"), f"an empty timestamp became {filled!r}")


@host_check("HWIT-032")
def bad_timestamp(trial: HostTrial) -> None:
    """Words."""
    code = Code()
    with trial.probe(PLAIN, changes=code.changes(start=code.emit((_AT, "1"), timestamp="yesterday"))) as probe:
        runs(probe)
        require(not probe.emitted, f"with the timestamp 'yesterday' came {[delta.text for delta in probe.emitted]}")
        require([r for r in probe.log if r.kind not in {"debug", "state"}], "nothing was logged of it")


@host_check("HWIT-033")
def bad_value(trial: HostTrial) -> None:
    """Words, half of an object, an array, and no number."""
    for bad in ("words", '{"one":', "[1]", "NaN", ""):
        code = Code()
        with trial.probe(PLAIN, changes=code.changes(start=code.emit((_AT, bad)))) as probe:
            runs(probe)
            require(not probe.emitted, f"the value {bad!r} was carried: {[delta.text for delta in probe.emitted]}")
            require([r for r in probe.log if r.kind not in {"debug", "state"}], "nothing was logged of it")


@host_check("HWIT-034")
def contexts(trial: HostTrial) -> None:
    """The own vessel's by its name, and another."""
    own = _one(trial, (_AT, "1"))["context"]
    require(own.startswith("vessels.") and own != "vessels.self", f"the context vessels.self became {own!r}")
    other = "vessels.urn:mrn:imo:mmsi:230099999"
    found = _one(trial, (_AT, "1"), context=other)["context"]
    require(found == other, f"the context {other} became {found}")


@host_check("HWIT-035")
def delivered(trial: HostTrial) -> None:
    """Each part of one."""
    says = f"{HEARD_CONTEXT} {heard(0, 20)} {heard_value(0, 8)}"
    value = {"name": WORDS, "at": [1, None]}
    time = "2020-02-02T02:02:02.020Z"
    with trial.probe(PLAIN, changes={"(; delta ;)": says}) as probe:
        runs(probe)
        probe.home.inject(_delta(value, timestamp=time))
        require(len(probe.said) == 5, f"of one delta it said {probe.said}")
        context, label, timestamp, path, text = probe.said
        require(context.startswith("vessels.") and context != "vessels.self", f"its context is {context!r}")
        require((label, timestamp, path) == ("gps.1", time, _AT), f"it is {(label, timestamp, path)}")
        require(loads(text) == value, f"the value {dumps(value)} arrived as {text}")


@host_check("HWIT-036")
def only_while_running(trial: HostTrial) -> None:
    """Before start, and after stop."""
    with trial.probe(PLAIN, changes={"(; delta ;)": HEARD_CONTEXT}) as probe:
        probe.home.inject(_delta(1))
        runs(probe)
        require(not probe.said, "a delta from before start was delivered")
        probe.session.stop()
        probe.home.inject(_delta(2))
        require(not probe.said, "a delta was delivered after stop")


@host_check("HWIT-037")
def deaf(trial: HostTrial) -> None:
    """Without the export."""
    changes = {'(export "signalk:plugin-api/delta-handler@1.0.0" (instance $hearing))': ""}
    with trial.host() as home:
        probe = accepted(trial, home, PLAIN, changes=changes)
        runs(probe)
        home.inject(_delta(1))
        home.advance(3)
        require(probe.session.state == "running", f"it is {probe.session.state}: {probe.session.why()}")
        goes_on(trial, home)


@host_check("HWIT-038")
def metadata_alone(trial: HostTrial) -> None:
    """And then a value."""
    with trial.probe(PLAIN, changes={"(; delta ;)": HEARD_CONTEXT}) as probe:
        runs(probe)
        meta = {"path": _AT, "value": {"units": "m"}}
        probe.home.inject(dumps({"updates": [{"$source": "gps.1", "meta": [meta]}]}))
        require(not probe.said, "a delta of metadata alone was delivered")
        probe.home.inject(_delta(1))
        require(len(probe.said) == 1, f"afterwards one delta was delivered {len(probe.said)} times")


@host_check("HWIT-039")
def wrong_way(trial: HostTrial) -> None:
    """With a delta of its own."""
    code = Code()
    call = code.emit((_AT, "1"))
    emits = call[call.rindex("(call $emit") :]
    arguments = emits.removeprefix("(call $emit").split(")", 2)[2]  # without the plugin's id
    calls = f"{call[: -len(emits)]} (call $on_delta {arguments} {code.say('after')}"
    with trial.probe(PLAIN, changes=code.changes(start=calls)) as probe:
        runs(probe)
        require(probe.said == ["after"], f"after calling on-delta it said {probe.said}")
        require(not probe.emitted, "what it gave to on-delta was emitted")
        told = any("on-delta" in f"{record.function} {record.text}" for record in probe.log)
        require(told, "nothing was logged of it")


@host_check("HWIT-040")
def crashes(trial: HostTrial) -> None:
    """And it is restarted."""
    with trial.probe(PLAIN, changes={"(; delta ;)": "unreachable"}) as probe:
        runs(probe)
        probe.home.inject(_delta(1))
        require(probe.session.state == "crashed", f"after a trap in on-delta it is {probe.session.state}")
        probe.home.advance(1.5)
        require(probe.session.state == "running", f"1.5 s after a crash it is {probe.session.state}")


@host_check("HWIT-041")
def without_leave(trial: HostTrial) -> None:
    """Its own vessel's."""
    with trial.probe(PLAIN, changes={"(; delta ;)": HEARD_CONTEXT}, capabilities={"dataRead": False}) as probe:
        runs(probe)
        probe.home.inject(_delta(1))
        require(not probe.said, "without dataRead a delta was delivered")


@host_check("HWIT-042")
def answers_deltas(trial: HostTrial) -> None:
    """One delta, which comes back to it."""
    code = Code()
    # Only a delta of another source is answered.
    others = "(i32.eq (i32.load8_u (i32.load (local.get $updates))) (i32.const 103))"
    answers = f"(if {others} (then {code.emit(('plain.answer', '1'))}))"
    with trial.probe(PLAIN, changes=code.changes(delta=f"{heard(0)} {answers} {code.say('end')}")) as probe:
        runs(probe)
        probe.home.inject(_delta(1))
        require(probe.session.state == "running", f"it is {probe.session.state}: {probe.session.why()}")
        require(probe.values("plain.answer") == [1], f"its answers are {probe.values('plain.answer')}")
        wanted = ["gps.1", "end", "probe", "end"]
        require(probe.said == wanted, f"it said {probe.said}, not {wanted}: its own delta came at the wrong time")
