"""Every row of the table of host functions, in both worlds: done, refused, denied, and refused for its moment."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from wat import string, text

from refhost.capabilities import Grants
from refhost.errors import DeniedError, PluginAbort, PluginTrap
from refhost.functions import COMMON_SLIPS, ENV, SERVICES, TABLE, WIT, HostFunction, Kind, Result, describe
from refhost.limits import Limits
from refhost.plugin import State

SERVED = [row for row in TABLE if row.operation.partition(".")[0] in SERVICES]
CORE = [row.env for row in SERVED if row.env]
WITS = [row.wit for row in SERVED if row.wit]

RESULT, ANSWER, ANSWER_BYTES, MEMORY = 512, 1024, 2048, 4 * 65536
# Where an address and a port are written, and how many bytes that takes (§4).
OUT = {Kind.ADDRESS_OUT: (3100, 46), Kind.PORT_OUT: (3200, 2)}
SPEED = {"value": 3.5, "$source": "test", "timestamp": "2026-01-01T00:00:00.000Z"}
SAVED = {"greeting": "hello"}
DELTA = '{"updates":[{"values":[{"path":"a.b","value":1}]}]}'
STATE = {"state": "normal", "method": [], "message": "All is well"}


def _told(kind: str, *more: tuple[str, Any]) -> dict[str, Any]:
    return {"words": [(kind, "hello")], **dict(more)}


def _carried(host, path: str, value: Any) -> list[Any]:
    update = {"$source": "probe", "timestamp": host.clock.timestamp(), "values": [{"path": path, "value": value}]}
    return [({"context": host.self_context, "updates": [update]}, 1)]


def _supports_put(seen: dict[str, Any]) -> bool:
    ((_, vessel),) = seen["model"]["vessels"].items()
    return vessel["a"]["b"] == {"meta": {"supportsPut": True}}


@dataclass(frozen=True)
class Case:
    """One call that succeeds.

    Attributes:
        arguments: a text for each text and bytes, a number for each number, in order.
        result: what the function answers with.
        changes: what differs afterwards; a value may be a function of the host that gives it, or a condition.
        before: code that the plugin runs before, in `plugin_start`.
        arrives: what a device that it has connected to sends between that and the call.
    """

    arguments: tuple[str | int, ...] = ()
    result: float | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    before: str = ""
    arrives: bytes = b""


def _answer(value: Any) -> dict[str, bytes]:
    return {"answer": json.dumps(value, separators=(",", ":")).encode()}


def _speed_answer() -> tuple[int, dict[str, Any]]:
    answer = _answer(SPEED)
    return len(answer["answer"]), answer


def _then(*calls: str) -> str:
    return " ".join(f"(drop {call})" for call in calls)


# The first socket of a host is number 1; a device listens at 10.0.1.8.
PORT, DEVICE = 5000, ("10.0.1.8", 2000)
UDP = "(call $sk_udp_create (i32.const 0))"
BIND = f"(call $sk_udp_bind (i32.const 1) (i32.const {PORT}))"
GROUP = "239.1.2.3"
JOIN = f"(call $sk_udp_join_multicast (i32.const 1) {text(GROUP)} {text('')})"
SEND = f"(call $sk_udp_send (i32.const 1) {text('127.0.0.1')} (i32.const {PORT}) {text('data')})"
TCP = "(call $sk_tcp_create)"
CONNECT = f"(call $sk_tcp_connect (i32.const 1) {text(DEVICE[0])} (i32.const {DEVICE[1]}))"
RAW = "(call $sk_tcp_set_line_buffering (i32.const 1) (i32.const 0))"

CASES: dict[str, Case] = {
    "abort": Case(("why", "file.ts", 7, 9)),
    "seed": Case(),
    "console.log": Case(("hello",), None, _told("console")),
    "sk_debug": Case(("hello",), None, _told("debug")),
    "sk_set_status": Case(("hello",), None, _told("status", ("status", "hello"))),
    "sk_set_error": Case(("hello",), None, _told("error", ("error", "hello"))),
    "sk_get_self_path": Case(("navigation.speedOverGround",), *_speed_answer()),
    "sk_get_path": Case(("vessels.self.navigation.speedOverGround",), *_speed_answer()),
    "sk_handle_message": Case((DELTA, 1), None, {"emitted": lambda host: _carried(host, "a.b", 1)}),
    "sk_publish_notification": Case(
        ("notifications.x", json.dumps(STATE)), 0, {"emitted": lambda host: _carried(host, "notifications.x", STATE)}
    ),
    "sk_read_config": Case((), len(_answer(SAVED)["answer"]), _answer(SAVED)),
    "sk_save_config": Case(('{"a":[1]}',), 0, {"config": {"a": [1]}}),
    "sk_has_capability": Case(("rawSockets",), 1),
    "sk_register_put_handler": Case(
        ("vessels.self", "a.b"), 1, {"puts": [("vessels.self", "a.b")], "model": _supports_put}
    ),
    "sk_register_resource_provider": Case(("routes",), 1, {"resource": ["routes"]}),
    "sk_register_weather_provider": Case(("w",), 1, {"weather": ["w"]}),
    "sk_register_radar_provider": Case(("r",), 1, {"radar": ["r"]}),
    "sk_radar_emit_spokes": Case(
        ("radar-1", "data"),
        1,
        {"streams": {"radars/radar-1": [b"data"]}},
        before=_then(f"(call $sk_register_radar_provider {text('r')})"),
    ),
    "sk_emit_binary_stream": Case(("plugins/probe/x", "data"), 1, {"streams": {"plugins/probe/x": [b"data"]}}),
    "sk_udp_create": Case((0,), 1, {"sockets": [(1, "udp")]}),
    "sk_udp_bind": Case((1, PORT), 0, before=_then(UDP)),
    "sk_udp_join_multicast": Case((1, GROUP, ""), 0, before=_then(UDP, BIND)),
    "sk_udp_leave_multicast": Case((1, GROUP, ""), 0, before=_then(UDP, BIND, JOIN)),
    "sk_udp_set_multicast_ttl": Case((1, 4), 0, before=_then(UDP, BIND)),
    "sk_udp_set_multicast_loopback": Case((1, 1), 0, before=_then(UDP)),
    "sk_udp_set_broadcast": Case((1, 1), 0, before=_then(UDP)),
    "sk_udp_send": Case((1, "127.0.0.1", PORT, "data"), 4, before=_then(UDP, BIND)),
    "sk_udp_recv": Case((1,), 4, {"answer": b"data"}, before=_then(UDP, BIND, SEND)),
    "sk_udp_pending": Case((1,), 2, before=_then(UDP, BIND, SEND, SEND)),
    "sk_udp_close": Case((1,), None, {"sockets": []}, before=_then(UDP)),
    "sk_tcp_create": Case((), 1, {"sockets": [(1, "tcp")]}),
    "sk_tcp_connect": Case((1, *DEVICE), 0, before=_then(TCP)),
    "sk_tcp_connected": Case((1,), 1, before=_then(TCP, CONNECT)),
    "sk_tcp_set_line_buffering": Case((1, 0), 0, before=_then(TCP)),
    "sk_tcp_send": Case((1, "data"), 4, before=_then(TCP, CONNECT)),
    "sk_tcp_recv_line": Case((1,), 2, {"answer": b"ab"}, before=_then(TCP, CONNECT), arrives=b"ab\r\ncd"),
    "sk_tcp_recv_raw": Case((1,), 6, {"answer": b"ab\r\ncd"}, before=_then(TCP, CONNECT, RAW), arrives=b"ab\r\ncd"),
    "sk_tcp_pending": Case((1,), 2, before=_then(TCP, CONNECT), arrives=b"ab\r\ncd\nef"),
    "sk_tcp_close": Case((1,), None, {"sockets": []}, before=_then(TCP)),
}


def seen(plugin) -> dict[str, Any]:
    """All that a host function can have an effect on."""
    words = [(r.kind, r.text) for r in plugin.log if r.kind in ("debug", "console", "status", "error", "log-error")]
    emitted = [(emission.delta, emission.version) for emission in plugin.emissions]
    model = {} if emitted else copy.deepcopy(plugin.host.model.root)  # what an emitted delta writes is the model's test
    instance = plugin.instance
    answer = instance.memory.read(ANSWER, ANSWER_BYTES) if hasattr(instance, "memory") else b""
    return {
        "words": words,
        "status": plugin.status,
        "error": plugin._runtime.status.error,
        "emitted": emitted,
        "model": model,
        "puts": plugin.puts,
        **plugin.providers,
        "config": plugin.config.configuration,
        "sockets": [(one.number, one.kind) for one in plugin.open_sockets],
        "streams": dict(plugin.host.streams),
        "answer": answer.rstrip(b"\0"),
    }


def untouched(host) -> dict[str, Any]:
    return {
        "words": [],
        "status": "",
        "error": "",
        "emitted": [],
        "model": copy.deepcopy(host.model.root),
        "puts": [],
        "resource": [],
        "weather": [],
        "radar": [],
        "config": SAVED,
        "sockets": [],
        "streams": {},
        "answer": b"",
    }


def assert_changed(plugin, before: dict[str, Any], changes: dict[str, Any]) -> None:
    after = seen(plugin)
    if "emitted" in changes:
        after["model"] = before["model"]
    for key, value in changes.items():
        if key == "model":
            assert value(after)
            after["model"] = before["model"]
        else:
            before[key] = value(plugin.host) if callable(value) else value
    assert after == before


def wire(row: HostFunction, arguments: tuple[str | int | bytes, ...], **instead: str) -> str:
    """The arguments of a call as WebAssembly text; `instead` has code for a parameter by name."""
    given, code = list(arguments), []
    for parameter in row.parameters:
        if parameter.kind in (Kind.BUFFER, Kind.ROOM):
            own = f"(i32.const {ANSWER}) (i32.const {ANSWER_BYTES})"
        elif parameter.kind in OUT:
            own = f"(i32.const {OUT[parameter.kind][0]})"
        else:
            value = given.pop(0)
            own = f"(i32.const {value})" if parameter.kind is Kind.NUMBER else text(value)
            own = string(value) if parameter.kind is Kind.STRING else own
        code.append(instead.get(parameter.name, own))
    return " ".join(code)


def invoke(row: HostFunction, arguments: str) -> str:
    """Code that calls a function and keeps its result at `RESULT`."""
    called = f"(call ${row.env} {arguments})"
    store = {Result.NONE: called, Result.FLOAT: f"(f64.store (i32.const {RESULT}) {called})"}
    return store.get(row.result, f"(i32.store (i32.const {RESULT}) {called})")


@pytest.fixture
def boat(host):
    host.publish("navigation.speedOverGround", 3.5)
    return host


@pytest.fixture
def call(core, package, everything):
    """Have a plugin call a function in `poll`, after what comes before it; the plugin, and what was seen before."""

    def call(host, row: HostFunction, arguments: str, grants: Grants | None = None, *, prepared: bool = True):
        case = CASES[row.env]
        device = host.network.listen(*DEVICE)
        start = case.before if prepared else ""
        binary = core(f"{start} (i32.const 0)", poll=f"{invoke(row, arguments)} (i32.const 0)")
        made = package(binary, everything)
        plugin = host.load(made.with_grants(grants) if grants else made)
        plugin.start(SAVED)
        if prepared and case.arrives:
            device.accept().send(case.arrives)
        before = seen(plugin)
        host.advance(1)
        assert plugin.state is State.RUNNING, plugin.why()
        return plugin, before

    return call


@pytest.fixture
def run(boat, core, package, everything):
    """Load a plugin that does something in `plugin_start`, and start it."""

    def run(code: str, grants: Grants | None = None, **parts: str):
        made = package(core(f"{code} (i32.const 0)", **parts), everything)
        plugin = boat.load(made.with_grants(grants) if grants else made)
        plugin.preset(SAVED)
        plugin.start()
        return plugin

    return run


def result_of(plugin) -> int:
    return int.from_bytes(plugin.instance.memory.read(RESULT, 4), "little", signed=True)


def only_record(plugin, kind: str, function: str) -> str:
    """The text of the one record that the host wrote about a call."""
    (record,) = [r for r in plugin.log if r.kind in ("denied", "refused", "fault")]
    assert (record.plugin, record.kind, record.function) == ("probe", kind, function)
    return record.text


# -- the table itself


def test_every_function_that_is_served_has_a_case():
    assert set(CASES) == set(CORE)
    assert set(WIT_CASES) == set(WITS)


def test_every_service_of_the_table_is_known_and_each_name_stands_once():
    assert {row.operation.partition(".")[0] for row in TABLE} >= SERVICES
    assert len(ENV) == len([row for row in TABLE if row.env])
    assert len(WIT) == len([row for row in TABLE if row.wit])
    assert all(row.env or row.wit or row.as_fetch or row.wasi for row in TABLE)


def test_common_slips_lead_from_unknown_names_to_known_ones():
    assert not set(COMMON_SLIPS) & set(ENV)
    assert set(COMMON_SLIPS.values()) <= set(ENV)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_failure_value_is_there_exactly_where_a_result_is(row):
    if row.result is not Result.FLOAT:
        assert (row.failure is None) == (row.result is Result.NONE)
    assert not row.wit or row.wit_type


def test_an_optional_parameter_gives_two_signatures():
    assert ENV["sk_handle_message"].signatures() == [(("i32", "i32", "i32"), ()), (("i32", "i32"), ())]
    assert ENV["seed"].signatures() == [((), ("f64",))]
    assert describe(("i32", "i32"), ("i32",)) == "(i32, i32) -> i32"
    assert describe([], []) == "()"


# -- core modules

PLAIN = [name for name in CORE if name != "abort"]


@pytest.mark.parametrize("name", PLAIN)
def test_it_does_what_it_says(name, call, boat):
    row, case = ENV[name], CASES[name]
    plugin, before = call(boat, row, wire(row, case.arguments))
    assert_changed(plugin, before, case.changes)
    if case.result is not None:
        assert result_of(plugin) == case.result
    assert not [r for r in plugin.log if r.kind in ("denied", "refused", "fault")]


def _bad_places(row: HostFunction, kind: Kind) -> dict[str, str]:
    if kind in OUT:
        ends = MEMORY - OUT[kind][1] + 1
        return {"pointer -1": "(i32.const 0xFFFFFFFF)", "past the end": f"(i32.const {ends})"}
    places = {
        "pointer -1": "(i32.const 0xFFFFFFFF) (i32.const 1)",
        "pointer -1, nothing": "(i32.const 0xFFFFFFFF) (i32.const 0)",
        "past the end": f"(i32.const {MEMORY - 3}) (i32.const 4)",
        "length -1": "(i32.const 8) (i32.const 0xFFFFFFFF)",
        "sum wraps": "(i32.const 0xFFFFFFF0) (i32.const 0x20)",
    }
    if kind is Kind.TEXT:
        places |= {"no UTF-8": text(b"a\xff"), "cut character": text("ä".encode()[:1])}
        places |= {"surrogate": text(b"\xed\xa0\x80")}
    if kind is Kind.BUFFER:
        places |= {"too small": f"(i32.const {ANSWER}) (i32.const {CASES[row.env].result - 1})"}
    if kind in (Kind.BUFFER, Kind.ROOM):
        places |= {"no room": f"(i32.const {ANSWER}) (i32.const 0)"}
    return places


BAD = [
    pytest.param(row.env, parameter.name, code, id=f"{row.env}-{parameter.name}-{how}")
    for row in SERVED
    for parameter in row.parameters
    if row.env in CASES and parameter.kind not in (Kind.NUMBER, Kind.STRING)
    for how, code in _bad_places(row, parameter.kind).items()
]


@pytest.mark.parametrize(("name", "parameter", "code"), BAD)
def test_what_it_cannot_read_or_write_is_a_failure_value_and_a_record(name, parameter, code, call, boat):
    row, case = ENV[name], CASES[name]
    plugin, before = call(boat, row, wire(row, case.arguments, **{parameter: code}))
    if row.failure is not None:
        assert result_of(plugin) == row.failure
    assert seen(plugin) == before
    assert only_record(plugin, "refused", name)


@pytest.mark.parametrize("name", [name for name in CORE if ENV[name].capability])
def test_without_its_capability_nothing_happens(name, call, boat, everything):
    row, case = ENV[name], CASES[name]
    grants = Grants.declared(everything).without(row.capability)
    plugin, before = call(boat, row, wire(row, case.arguments), grants, prepared=False)
    if row.failure is not None:
        assert result_of(plugin) == row.failure
    assert seen(plugin) == before
    assert only_record(plugin, "denied", name) == f"plugin probe lacks {row.capability} capability"
    assert len(plugin.denials) == 1


@pytest.mark.parametrize("name", [name for name in CORE if ENV[name].capability])
def test_a_denied_call_is_not_even_decoded(name, call, boat, everything):
    row = ENV[name]
    double = {p.name: "(i32.const -1) " * len(p.kind.wire) for p in row.parameters if p.kind is not Kind.NUMBER}
    grants = Grants.declared(everything).without(row.capability)
    plugin, _ = call(boat, row, wire(row, CASES[name].arguments, **double), grants, prepared=False)
    assert only_record(plugin, "denied", name)


@pytest.mark.parametrize("name", [name for name in CORE if ENV[name].effect])
def test_what_has_an_effect_is_refused_while_metadata_is_read(name, run, boat):
    row = ENV[name]
    before = untouched(boat)
    plugin = run("", name=invoke(row, wire(row, CASES[name].arguments)))
    if row.failure is not None:
        assert result_of(plugin) == row.failure
    assert seen(plugin) == before
    assert "R19" in only_record(plugin, "refused", name)


@pytest.mark.parametrize("name", [name for name in PLAIN if not ENV[name].effect])
def test_what_has_none_is_served_while_metadata_is_read(name, run):
    row = ENV[name]
    plugin = run("", name=invoke(row, wire(row, CASES[name].arguments)))
    assert not [r for r in plugin.log if r.kind == "refused"]
    assert plugin.name == "Probe"


READS = {
    row.env: next(p.name for p in row.parameters if p.kind in (Kind.TEXT, Kind.BYTES))
    for row in SERVED
    if row.env and any(p.kind in (Kind.TEXT, Kind.BYTES) for p in row.parameters)
}


@pytest.mark.parametrize("name", READS)
def test_a_text_over_the_limit_is_refused(name, make_host, call):
    row, case = ENV[name], CASES[name]
    host = make_host(limits=Limits(message_bytes=1000))
    code = wire(row, case.arguments, **{READS[name]: "(i32.const 8) (i32.const 1001)"})
    plugin, before = call(host, row, code)
    assert seen(plugin) == before
    assert "the limit is 1000 (§19)" in only_record(plugin, "refused", name)


def test_abort_ends_the_running_call(run):
    code = wire(ENV["abort"], CASES["abort"].arguments)
    plugin = run(f"(call $abort {code}) (call $sk_debug {text('ran on')})")
    assert plugin.state is State.ERROR
    assert isinstance(plugin.fault, PluginAbort)
    assert plugin.fault.message == "plugin_start aborted: 'why' (in 'file.ts', line 7, column 9)"
    assert not plugin._runtime.journal.of("probe", "debug")


@pytest.mark.parametrize("pointer", [0, 3, -1, MEMORY + 1, MEMORY + 4])
def test_abort_with_unreadable_strings_still_aborts(pointer, run):
    plugin = run(f"(call $abort (i32.const {pointer}) (i32.const {pointer}) (i32.const 1) (i32.const 2))")
    assert isinstance(plugin.fault, PluginAbort)
    assert f"unreadable string at {pointer & 0xFFFFFFFF:#x}" in plugin.fault.message


def test_the_seed_is_the_hosts_and_the_same_in_every_run(core, package, make_host):
    code = core(invoke(ENV["seed"], "") + "(i32.const 0)")

    def seed(number: int) -> bytes:
        plugin = make_host(seed=number).load(package(code))
        plugin.start()
        return plugin.instance.memory.read(RESULT, 8)

    assert seed(1) == seed(1) != seed(2)


@pytest.mark.parametrize("version", [0, 1, 2, 3, -1])
def test_version_2_of_a_delta_stays_out_of_the_model(version, run):
    plugin = run(f"(call $sk_handle_message {text(DELTA)} (i32.const {version}))")
    (emission,) = plugin.emissions
    assert emission.version == (2 if version == 2 else 1)
    assert (plugin.host.model.self_path("a.b") is None) == (version == 2)


def test_a_delta_may_be_emitted_with_two_parameters(run):
    plugin = run(f"(call $sk_handle_message {text(DELTA)})", types={"sk_handle_message": "i32 i32"})
    assert [emission.version for emission in plugin.emissions] == [1]


@pytest.mark.parametrize("name", ["", "nonsense", "DataRead", "__class__", "dataRead "])
def test_no_other_name_is_a_capability(name, run):
    row = ENV["sk_has_capability"]
    plugin = run(invoke(row, wire(row, (name,))))
    assert result_of(plugin) == 0


def test_every_name_of_the_contract_is_answered_as_granted(run, everything):
    for name in everything:
        plugin = run(invoke(ENV["sk_has_capability"], text(name)), Grants.declared({name: True}))
        assert result_of(plugin) == 1
        plugin.host.unload(plugin)
        plugin = run(invoke(ENV["sk_has_capability"], text(name)), Grants.declared({}).without(name))
        assert result_of(plugin) == 0
        plugin.host.unload(plugin)


# -- components


@dataclass(frozen=True)
class WitCase:
    """A call in a component: its arguments, the text that it answers with if any, and what differs afterwards."""

    argument: str = ""
    answer: str = ""
    changes: dict[str, Any] = field(default_factory=dict)


WIT_CASES: dict[str, WitCase] = {
    "plugin-status.debug": WitCase("hello", changes=_told("debug")),
    "plugin-status.error": WitCase("hello", changes=_told("log-error")),
    "plugin-status.set-plugin-status": WitCase("hello", changes=_told("status", ("status", "hello"))),
    "plugin-status.set-plugin-error": WitCase("hello", changes=_told("error", ("error", "hello"))),
    "full-model.get-self-path": WitCase("navigation.speedOverGround", _answer(SPEED)["answer"].decode()),
    "full-model.get-path": WitCase("vessels.self.navigation.speedOverGround", _answer(SPEED)["answer"].decode()),
    "delta-handler.handle-message": WitCase(changes={"emitted": lambda host: _carried(host, "a.b", 1)}),
    "delta-handler.on-delta": WitCase(),
    "plugin-config.read-plugin-options": WitCase(answer='{"greeting":"hello"}'),
    "plugin-config.save-plugin-options": WitCase('{"a":[1]}', changes={"config": {"a": [1]}}),
    "plugin-config.get-data-dir-path": WitCase(answer="/"),
}
RETURNS_STRING = "func() -> string"


def wit_code(row: HostFunction, argument: str | bytes, record) -> str:
    """Code that calls a row of the WIT and has `start` return what it answered."""
    label = row.wit.partition(".")[2]
    if row.wit.startswith("delta-handler."):
        build, delta = record(("a.b", "1"))
        speaker = text("probe") if label == "handle-message" else ""
        return f"{build} (call ${label} {speaker} {delta})"
    if row.wit_type == RETURNS_STRING:
        return f"(call ${label} (i32.const 68)) (i32.store8 (i32.const 64) (i32.const 1))"
    place = "(i32.const 64)" if "->" in row.wit_type else ""
    return f"(call ${label} {text(argument)} {place})"


@pytest.fixture
def run_wit(boat, component, package, everything, record):
    def run(
        name: str, grants: Grants | None = None, *, argument: str | bytes | None = None, code: str = "", where="start"
    ):
        row = WIT[name]
        given = WIT_CASES[name].argument if argument is None else argument
        done = code or wit_code(row, given, record)
        made = package(component([row], **{where: done}), everything)
        plugin = boat.load(made.with_grants(grants) if grants else made)
        plugin.preset(SAVED)
        plugin.start()
        return plugin

    return run


@pytest.mark.parametrize("name", WITS)
def test_wit_it_does_what_it_says(name, run_wit, boat):
    case, before = WIT_CASES[name], untouched(boat)
    plugin = run_wit(name)
    assert plugin.fault is None
    assert plugin.status_code == (case.answer or 0)
    assert_changed(plugin, before, case.changes)
    assert not [r for r in plugin.log if r.kind in ("denied", "refused")]


@pytest.mark.parametrize("name", [name for name in WITS if WIT[name].capability])
def test_wit_without_its_capability_nothing_happens(name, run_wit, boat, everything):
    row, before = WIT[name], untouched(boat)
    plugin = run_wit(name, Grants.declared(everything).without(row.capability))
    told = f"plugin probe lacks {row.capability} capability"
    assert seen(plugin) == before
    (denial,) = plugin.denials
    assert (denial.plugin, denial.function, denial.text) == ("probe", row.name, told)
    if "result<" in row.wit_type:
        assert plugin.status_code == told
    else:
        assert isinstance(plugin.fault, DeniedError)
        assert plugin.fault.message == told
        assert plugin.state is State.ERROR


def test_wit_a_denial_is_the_error_of_a_function_that_returns_a_result(run_wit, boat, monkeypatch):
    """No row of the contract is of this kind yet (§7): one is made so."""
    name = "plugin-config.save-plugin-options"
    monkeypatch.setitem(WIT, name, replace(WIT[name], capability="network"))
    before = untouched(boat)
    plugin = run_wit(name, Grants.declared({}))
    assert plugin.status_code == "plugin probe lacks network capability"
    assert plugin.fault is None
    assert len(plugin.denials) == 1
    assert seen(plugin) == before


@pytest.mark.parametrize("name", [name for name in WITS if WIT[name].effect])
def test_wit_what_has_an_effect_is_refused_while_metadata_is_read(name, run_wit, boat):
    before = untouched(boat)
    plugin = run_wit(name, where="name")
    assert plugin.name == "Probe"
    assert seen(plugin) == before
    assert "R19" in only_record(plugin, "refused", WIT[name].name)


@pytest.mark.parametrize("name", [name for name in WITS if "string)" in WIT[name].wit_type])
@pytest.mark.parametrize("bad", ["utf8", "past the end"])
def test_wit_a_string_that_is_none_traps_and_nothing_happens(name, bad, run_wit, boat, record):
    row, before = WIT[name], untouched(boat)
    code = wit_code(row, b"\xff", record)
    if bad == "past the end":
        code = code.replace(text(b"\xff"), f"(i32.const {MEMORY - 1}) (i32.const 4)")
    plugin = run_wit(name, code=code)
    assert isinstance(plugin.fault, PluginTrap)
    assert plugin.state is State.ERROR
    assert seen(plugin) == before


def test_wit_nothing_at_a_path_is_none(run_wit):
    assert run_wit("full-model.get-path", argument="vessels.self.nothing").status_code == 0


def test_wit_a_refused_configuration_is_the_error_of_the_result(run_wit, boat):
    plugin = run_wit("plugin-config.save-plugin-options", argument="{")
    assert "the configuration is not JSON" in plugin.status_code
    assert plugin.config.configuration == SAVED


def test_wit_on_delta_is_linked_and_only_logged(run_wit):
    plugin = run_wit("delta-handler.on-delta")
    assert plugin.state is State.RUNNING
    assert ["R3" in record.text for record in plugin.log if record.kind == "warning"] == [True]
