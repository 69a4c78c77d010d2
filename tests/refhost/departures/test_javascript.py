"""What is otherwise since the server is JavaScript: types, JSON, answers, and programs."""

from __future__ import annotations

import pytest
from departing import PROVIDES, answering, departure, endpoints, failed, noted, said, value
from wat import call, compiled, emit, placed, text

from refhost.delta import pairs
from refhost.errors import LinkError, PluginTrap, StateError
from refhost.jsontext import dumps
from refhost.package import from_bytes
from refhost.plugin import State

EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
DEBUG = '(import "env" "sk_debug" (func $sk_debug (param i32 i32)))'


def program(code: str) -> bytes:
    others = " ".join(f'(func (export "{name}") unreachable)' for name in ("id", "name", "schema", "start", "stop"))
    body, segments = placed(f'(func (export "_start") {call("sk_debug", text("ran"))} {code}) {others}')
    return compiled(f'(module {EXIT} {DEBUG} (memory (export "memory") 4) {" ".join(segments)} {body})')


@departure("COMMANDS")
@pytest.mark.parametrize("code", ["", "(call $exit (i32.const 0))", "(call $exit (i32.const 3))"])
def test_a_command_runs_while_it_is_loaded(host, on, code):
    plugin = host.load(from_bytes(program(code), name="legacy"))
    assert said(plugin) == (["ran"] if on else [])
    assert plugin.start() is (State.ERROR if on or "32.const 3" in code else State.RUNNING)
    assert said(plugin) == ["ran"]
    assert noted(host) == ({"COMMANDS"} if on else set())


@departure("COMMANDS")
def test_a_command_that_traps_is_not_loaded_there(host, on):
    package = from_bytes(program("(unreachable)"), name="legacy")
    if on:
        with pytest.raises(PluginTrap):
            host.load(package)
    else:
        assert host.load(package).start() is State.ERROR


def declared(types: str, *arguments: str) -> dict[str, str]:
    """A module that declares sk_set_status in another way."""
    return {"start": f"(call $sk_set_status {' '.join(arguments)}) (i32.const 0)", "types": {"sk_set_status": types}}


@departure("TYPES")
@pytest.mark.parametrize(
    ("types", "arguments"),
    [
        ("i32", ["(i32.const 7)"]),
        ("f64 f32", ["(f64.const nan)", "(f32.const 0.5)"]),
        ("i32 i32 i32", ["(i32.const 0)", "(i32.const 0)", "(i32.const 9)"]),
    ],
)
def test_what_is_imported_may_be_of_any_type(host, load, core, on, types, arguments):
    binary = core(**declared(types, *arguments))
    if on:
        plugin = load(binary=binary)
        assert plugin.start() is State.RUNNING
    else:
        with pytest.raises(LinkError, match=r"env\.sk_set_status"):
            load(binary=binary)
    assert noted(host) == ({"TYPES"} if on else set())


@departure("TYPES")
@pytest.mark.parametrize(
    ("parameters", "ends"),
    [("", State.RUNNING), ("(param i32 i32 i32 f64)", State.RUNNING), ("(param i64)", State.ERROR)],
)
def test_what_is_exported_may_take_anything(host, load, core, on, parameters, ends):
    exports = {"plugin_start": f'(func (export "plugin_start") {parameters} (result i32) (i32.const 0))'}
    binary = core(exports=exports)
    if on:
        assert load(binary=binary).start() is ends
    else:
        with pytest.raises(LinkError, match="plugin_start"):
            load(binary=binary)
    assert noted(host) == ({"TYPES"} if on else set())


@departure("TYPES")
def test_another_result_is_refused_everywhere(load, core):
    exports = {"plugin_stop": '(func (export "plugin_stop") (result f64) (f64.const 0))'}
    with pytest.raises(LinkError, match="plugin_stop"):
        load(binary=core(exports=exports))


@departure("CASE")
def test_paths_are_matched_whatever_their_case(host, load, on):
    load(exports=endpoints()).start()
    assert host.http.get("/plugins/probe/x").status_code == 200
    assert host.http.get("/plugins/probe/y").status_code == 404
    assert noted(host) == set()
    assert host.http.get("/plugins/probe/X").status_code == (200 if on else 404)
    assert noted(host) == ({"CASE"} if on else set())


ECHO = (
    '(func (export "get_x") (param $p i32) (param $n i32) (param $out i32) (param $max i32) (result i32)'
    " (call $sk_debug (local.get $p) (local.get $n)) (i32.const 0))"
)
LISTED = '[{"method":"POST","path":"/x","handler":"get_x"}]'


@departure("BODIES")
@pytest.mark.parametrize(
    ("kind", "sent", "there"),
    [
        ("text/plain", "words", "{}"),
        ("application/x-www-form-urlencoded", "a=1&b=x", '{"a":"1","b":"x"}'),
        ("application/json", "[1]", "[1]"),
    ],
)
def test_a_body_that_is_not_json_does_not_arrive(host, load, on, kind, sent, there):
    plugin = load(exports={**endpoints(LISTED), "get_x": ECHO})
    plugin.start()
    host.http.post("/plugins/probe/x", content=sent, headers={"Content-Type": kind})
    by_the_book = sent if "json" in kind else f'"{sent}"'
    assert f'"body":{there if on else by_the_book}' in said(plugin)[0]
    assert noted(host) == ({"BODIES"} if on and "json" not in kind else set())


@departure("ANSWERS")
@pytest.mark.parametrize(
    ("given", "there"),
    [("[]", 200), ("7", 200), ('{"statusCode":0}', 200), ("null", 500), ('{"statusCode":99}', 500), ("words", 500)],
)
def test_an_answer_is_taken_as_far_as_it_goes(host, load, on, given, there):
    load(exports={**endpoints(), **answering("get_x", given)}).start()
    answer = host.http.get("/plugins/probe/x")
    assert answer.status_code == (there if on else 500)
    assert noted(host) == ({"ANSWERS"} if on and there == 200 else set())


@departure("CONFIG")
@pytest.mark.parametrize("sent", [[], {"enabled": "yes"}, {"configuration": [1]}, {"other": 1}])
def test_any_configuration_is_taken(host, load, on, sent):
    plugin = load()
    plugin.preset({"kept": 1})
    assert host.http.post("/plugins/probe/config", json=sent).status_code == (200 if on else 400)
    assert (plugin.config.enabled, plugin.config.configuration) == (False, {"kept": 1})
    assert noted(host) == ({"CONFIG"} if on else set())


@departure("CONFIG")
@pytest.mark.parametrize("sent", ["null", "7", "{"])
def test_what_is_neither_object_nor_array_is_refused_everywhere(host, load, sent):
    load()
    assert host.http.post("/plugins/probe/config", content=sent).status_code == 400
    assert noted(host) == set()


@departure("NOBODY")
def test_what_nobody_provides_is_an_error(host, on):
    asked = (
        (lambda: host.resources("charts").list(), {}),
        (lambda: host.weather("Sun").ask("observations", {"latitude": 0, "longitude": 0}), []),
        (lambda: host.radars("Halo").ids(), []),
        (lambda: host.radars("Halo").ask("get_state", "one"), {}),
    )
    for ask, empty in asked:
        if on:
            with pytest.raises(StateError, match="Nobody provides"):
                ask()
        else:
            assert ask() == empty
    url = "/signalk/v2/api/weather/observations?lat=1&lon=2&provider=Sun"
    assert host.http.get(url).status_code == (404 if on else 200)
    assert noted(host) == ({"NOBODY"} if on else set())


@departure("DEFAULTS")
@pytest.mark.parametrize(
    ("name", "kind", "query", "there"),
    [
        ("probe", "routes", "", False),
        ("probe", "routes", "?provider=probe", True),
        ("resources-provider", "routes", "", True),
        ("probe", "fishes", "", True),
    ],
)
def test_a_new_resource_goes_to_the_default_provider(host, load, on, name, kind, query, there):
    provides = call("sk_register_resource_provider", text(kind))
    load(provides, name=name, exports=answering("resources_set_resource", "")).start()
    answer = host.http.post(f"/signalk/v2/api/resources/{kind}{query}", json={})
    assert answer.status_code == (201 if there or not on else 404)
    assert noted(host) == (set() if there or not on else {"DEFAULTS"})


@departure("SILENCE")
@pytest.mark.parametrize("given", ["words", "[1]"])
def test_an_answer_that_cannot_be_read_is_dropped_without_a_word(host, load, on, given):
    plugin = load(PROVIDES, exports=answering("resources_list_resources", given))
    plugin.start()
    assert host.resources("routes").list() == {}
    assert bool(said(plugin, "fault")) is not on
    assert noted(host) == ({"SILENCE"} if on else set())


SPOKES = failed("sk_radar_emit_spokes", text("halo"), text("data"))
RADAR = call("sk_register_radar_provider", text("Halo"))


@departure("RADARS")
def test_radars_count_late(host, load, on):
    plugin = load(RADAR + call("sk_radar_emit_spokes", text("halo"), text("data")), poll=f"{SPOKES} (i32.const 0)")
    plugin.start()
    assert len(host.streams.messages) == (not on)
    host.advance(1)
    assert len(host.streams.messages) == (1 if on else 2)
    assert noted(host) == ({"RADARS"} if on else set())


@departure("RADARS")
@pytest.mark.parametrize(("given", "there"), [('{"success":true}', {"success": False}), ("true", True)])
def test_a_change_of_a_radar_is_answered_with_true(host, load, on, given, there):
    load(RADAR, exports=answering("radar_set_power", given)).start()
    found = host.radars("Halo").ask("set_power", "one", state="on")
    assert found == (there if on or given == "true" else {"success": True})
    assert noted(host) == ({"RADARS"} if on and given != "true" else set())


DEEP = '{"a":' * 250 + "1" + "}" * 250


@departure("PARSED")
@pytest.mark.parametrize(
    ("json", "carried"),
    [
        ("1e999", None),
        ("-1" + "0" * 400, None),
        ('"\\ud800x"', "\N{REPLACEMENT CHARACTER}x"),
        ('{"\\udead":[1.5,-2]}', {"\N{REPLACEMENT CHARACTER}": [1.5, -2]}),
    ],
)
def test_a_delta_is_what_javascript_makes_of_it(host, load, on, json, carried):
    plugin = load(emit(value("a.b", json)))
    plugin.start()
    assert [pairs(delta) for delta in plugin.emitted] == ([[("a.b", carried)]] if on else [])
    assert noted(host) == ({"PARSED"} if on else set())


@departure("PARSED")
def test_a_delta_may_be_deep(host, load, on):
    plugin = load(emit(value("a.b", DEEP)))
    plugin.start()
    assert len(plugin.emitted) == on
    assert noted(host) == ({"PARSED"} if on else set())


@departure("PARSED")
@pytest.mark.parametrize("json", ["NaN", "Infinity", '{"a":' * 500 + "1" + "}" * 500, '{"a":' * 100_000, "1."])
def test_what_is_no_json_is_none_there_either(host, load, json):
    plugin = load(emit(value("a.b", json[:4000])))
    plugin.start()
    assert plugin.emitted == []
    assert noted(host) == set()


ALARM = {"state": "alarm", "method": [], "message": "Deep"}


@departure("NOTIFICATIONS")
@pytest.mark.parametrize("of", ["a plugin", "the host"])
def test_notifications_are_taken_out_of_every_delta(host, load, on, of):
    values = [{"path": "a.b", "value": 1}, {"path": "notifications.a", "value": ALARM}]
    delta = {"updates": [{"$source": "probe", "values": values}, {"$source": "probe", "values": values[1:]}]}
    carried = []
    host.bus.watchers.append(lambda delta, *_: carried.append(delta))
    plugin = load(emit(dumps(delta)))
    if of == "a plugin":
        plugin.start()
        assert plugin.emitted == carried
    else:
        host.publish_delta(delta)
    found = [[(pair["path"], pair["value"]) for u in one["updates"] for pair in u["values"]] for one in carried]
    if on:
        number = carried[0]["updates"][0]["notificationId"]
        status = dict.fromkeys(("silenced", "acknowledged"), False)
        status |= {"canSilence": True, "canAcknowledge": True, "canClear": False}
        alone = [("notifications.a", {**ALARM, "id": number, "status": status})]
        assert len(number) == 36
        assert found == [alone, alone, [("a.b", 1)]]
    else:
        assert found == [[("a.b", 1), ("notifications.a", ALARM), ("notifications.a", ALARM)]]
    assert noted(host) == ({"NOTIFICATIONS"} if on else set())


@departure("NOTIFICATIONS")
def test_a_notification_that_is_cleared_is_normal(host, on):
    carried = []
    host.bus.watchers.append(lambda delta, *_: carried.append(delta))
    host.publish("notifications.a", None)
    value = carried[0]["updates"][0]["values"][0]["value"]
    assert (value and value["state"]) == ("normal" if on else None)
    assert [len(delta["updates"]) for delta in carried] == ([1, 0] if on else [1])


@departure("NOTIFICATIONS")
def test_other_deltas_stay_as_they_are(host):
    carried = []
    host.bus.watchers.append(lambda delta, *_: carried.append(delta))
    host.publish("a.b", 1)
    assert len(carried) == 1
    assert noted(host) == set()
