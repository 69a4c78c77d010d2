"""The component dialect: records, options and results over the canonical ABI (contract §3, R3, R25, R41)."""

from __future__ import annotations

import json

import pytest
from component import binary as honest
from component import fails
from hypothesis import given
from hypothesis import strategies as st
from wat import text

from conformance.strategies import deltas, values
from refhost.delta import Unreadable, pairs
from refhost.dialects.component import delta_of, record_of, text_of
from refhost.errors import DeniedError, PluginTrap
from refhost.functions import WIT
from refhost.jsontext import dumps, loads
from refhost.package import from_bytes
from refhost.plugin import State

EMIT, STATUS = WIT["delta-handler.handle-message"], WIT["plugin-status.set-plugin-status"]
NOW = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def emit(host, component, package, record):
    """Load and start a component that emits one delta when it starts."""

    def emit(*given_pairs, speaker="probe", more: str = "", rows=(EMIT,), **parts):
        build, delta = record(*given_pairs, **parts)
        code = f"{build} (call $handle-message {text(speaker)} {delta}) {more}"
        plugin = host.load(package(component(rows, code)))
        plugin.start()
        return plugin

    return emit


def test_an_honest_component_starts_emits_and_stops(host):
    plugin = host.load(from_bytes(honest(value="1"), name="x"))
    assert plugin.name == "WIT plugin"
    assert plugin.start({}) is State.RUNNING
    assert [pairs(delta) for delta in plugin.emitted] == [[("plugins.wit.starts", 1)]]
    assert plugin.stop() is State.STOPPED


def test_errors_of_start_and_stop_are_texts(host):
    plugin = host.load(from_bytes(honest(start=fails("Größe fehlt")), name="x"))
    assert plugin.start() is State.ERROR
    assert plugin.status_code == "Größe fehlt"
    assert plugin.fault is None
    plugin = host.load(from_bytes(honest(stop=fails("not now")), name="y"))
    plugin.start()
    assert plugin.stop() is State.STOPPED
    assert plugin.status_code == "not now"
    assert [r.text for r in plugin.log if r.kind == "fault"] == ["stop returned 'not now'"]


def test_without_a_package_its_own_id_counts(host, component):
    assert host.load(from_bytes(component([]))).id == "probe"


# -- emitting


def test_values_are_json_texts(emit):
    plugin = emit(("a.b", '{"x":[1]}'), ("a.c", "null"), ("", '{"name":"x"}'))
    assert pairs(plugin.emitted[0]) == [("a.b", {"x": [1]}), ("a.c", None), ("", {"name": "x"})]
    assert plugin.emitted[0]["updates"][0]["timestamp"] == NOW


@pytest.mark.parametrize("value", ["", "nope", "NaN", "[1]", "1,", '"\\ud800"'])
def test_a_value_that_cannot_be_refuses_the_update_and_is_no_trap(emit, value):
    plugin = emit(("a.b", value))
    assert plugin.state is State.RUNNING
    assert plugin.emitted == []
    (record,) = [r for r in plugin.log if r.kind == "refused"]
    assert record.function == EMIT.name


@pytest.mark.parametrize("timestamp", ["now", "2026-01-01", "2026-01-01T00:00:00", " "])
def test_a_timestamp_that_is_none_refuses_the_update(emit, timestamp):
    plugin = emit(("a", "1"), timestamp=timestamp)
    assert plugin.emitted == []
    assert ["timestamp" in record.text for record in plugin.log if record.kind == "refused"] == [True]


def test_a_timestamp_of_its_own_is_kept(emit):
    plugin = emit(("a", "1"), timestamp="2020-02-03T04:05:06Z")
    assert plugin.emitted[0]["updates"][0]["timestamp"] == "2020-02-03T04:05:06Z"


def test_it_speaks_as_itself_whatever_it_claims(emit):
    plugin = emit(("a", "1"), speaker="other-plugin", label="gps.1")
    assert plugin.emitted[0]["updates"][0]["$source"] == "probe"
    (warning,) = [r for r in plugin.log if r.kind == "warning"]
    assert "'other-plugin'" in warning.text


@pytest.mark.parametrize(("context", "means"), [("", None), ("vessels.self", None), ("atons.x", "atons.x")])
def test_its_context(emit, context, means):
    plugin = emit(("a", "1"), context=context)
    assert plugin.emitted[0]["context"] == (means or plugin.host.self_context)


def test_what_it_gave_is_kept_as_text(emit):
    (claim,) = emit(("a", "1.50"), ("b", "nope")).claims
    assert (
        claim.text
        == '{"context":"vessels.self","updates":[{"values":[{"path":"a","value":1.50},{"path":"b","value":nope}]}]}'
    )


def test_a_denied_emission_traps(host, component, package, record):
    build, delta = record(("a", "1"))
    code = f"{build} (call $handle-message {text('probe')} {delta}) (call $set-plugin-status {text('ran on')})"
    plugin = host.load(package(component([EMIT, STATUS], code), {"dataWrite": False}))
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, DeniedError)
    assert plugin.fault.message == "plugin probe lacks dataWrite capability"
    assert plugin.status == ""
    assert plugin.emitted == []


@pytest.mark.parametrize("count", [2**28, 0xFFFFFFFF, 100_000])
def test_a_list_that_cannot_be_is_a_trap(host, component, package, count):
    code = f"(call $handle-message {text('p')} {text('c')} (i32.const 128) (i32.const {count}))"
    plugin = host.load(package(component([EMIT], code)))
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginTrap)
    assert plugin.emitted == []


# -- hearing

KEEP = "(call $set-plugin-status (local.get $context) (local.get $size))"


@pytest.fixture
def ear(host, component, package):
    """A component that sets its status to the context of what it hears."""

    def ear(heard: str = KEEP, **capabilities):
        plugin = host.load(package(component([STATUS], heard=heard), capabilities))
        plugin.start()
        return plugin

    return ear


def test_a_delta_is_delivered_with_the_context_of_the_own_vessel(ear, host):
    plugin = ear()
    host.publish("a", 1)
    assert plugin.status == host.self_context
    host.publish("a", 1, context="atons.x")
    assert plugin.status == "atons.x"


def first_value(offset: int) -> str:
    """Set the status to a text of the first update: 0 the label, 20 the timestamp."""
    at = f"(i32.add (local.get $updates) (i32.const {offset}))"
    return f"(call $set-plugin-status (i32.load {at}) (i32.load (i32.add {at} (i32.const 4))))"


def of_pair(offset: int) -> str:
    """Set the status to a text of the first value: 0 the path, 8 the value."""
    at = f"(i32.add (i32.load (i32.add (local.get $updates) (i32.const 28))) (i32.const {offset}))"
    return f"(call $set-plugin-status (i32.load {at}) (i32.load (i32.add {at} (i32.const 4))))"


@pytest.mark.parametrize(
    ("code", "expected"),
    [(first_value(0), "gps.1"), (first_value(20), NOW), (of_pair(0), "a.b"), (of_pair(8), '{"x":["ä",null]}')],
    ids=["label", "timestamp", "path", "value"],
)
def test_every_part_of_a_delta_arrives(ear, host, code, expected):
    plugin = ear(code)
    host.publish("a.b", {"x": ["ä", None]}, source="gps.1")
    assert plugin.status == expected


def test_metadata_alone_is_not_delivered_and_beside_values_left_out(ear, host):
    plugin = ear()
    meta = [{"path": "a", "value": {"description": ""}}]
    host.publish_delta({"updates": [{"meta": meta}]})
    assert plugin.status == ""
    host.publish_delta({"updates": [{"meta": meta}, {"values": [{"path": "a", "value": 1}]}]})
    assert plugin.status == host.self_context
    assert plugin.state is State.RUNNING


def test_without_data_read_nothing_is_delivered(ear, host):
    plugin = ear(dataRead=False)
    host.publish("a", 1)
    assert plugin.status == ""


def test_only_while_it_runs(ear, host):
    plugin = ear()
    plugin.stop()
    host.publish("a", 1)
    assert plugin.status == ""


def test_a_trap_in_on_delta_is_a_crash(ear, host):
    plugin = ear("(unreachable)")
    host.publish("a", 1)
    assert plugin.state is State.CRASHED
    assert plugin.fault.function == "on-delta"
    host.advance(1)
    assert plugin.state is State.RUNNING


def test_without_the_export_nothing_is_delivered(host, component, package):
    plugin = host.load(package(component([])))
    assert not plugin.instance.has_delta_handler
    plugin.start()
    host.publish("a", 1)
    host.advance(3)
    assert plugin.state is State.RUNNING


# -- records


@given(deltas())
def test_a_delta_and_its_record_mean_the_same(delta):
    carried = {
        "context": delta.get("context", "vessels.self"),
        "updates": [{**update, "timestamp": NOW} for update in delta["updates"]],
    }
    back = delta_of(record_of(carried))
    assert back["context"] == carried["context"]
    assert pairs(back) == pairs(carried)
    assert loads(text_of(record_of(carried))) == back


@given(st.lists(st.tuples(st.text(), st.one_of(st.text(), values().map(dumps))), max_size=4), st.text())
def test_any_record_can_be_read_and_told(given_pairs, timestamp):
    class Fields:
        def __init__(self, **fields):
            self.__dict__ = fields

    update = Fields(
        source=Fields(label="", type=None),
        timestamp=timestamp,
        values=[Fields(path=p, value=v) for p, v in given_pairs],
    )
    record = Fields(context="c", updates=[update])
    delta = delta_of(record)
    assert isinstance(text_of(record), str)
    assert ("timestamp" in delta["updates"][0]) == bool(timestamp)
    for (path, value), (_, raw) in zip(pairs(delta), given_pairs, strict=True):
        assert isinstance(path, str)
        if not isinstance(value, Unreadable):
            assert value == json.loads(raw.removeprefix("\ufeff"))
