"""A plugin's life there: D28 to D44."""

from __future__ import annotations

import pytest
from departing import IN, OUT, PROVIDES, REGISTER, SWITCH, answering, departure, endpoints, noted, said, says_if, value
from wat import LOOP, TRAP, call, emit, text

from refhost.delta import pairs
from refhost.errors import PluginError
from refhost.host import Host
from refhost.limits import Limits
from refhost.plugin import State
from refhost.profiles import Profile


@departure("D28")
def test_a_reloaded_plugin_is_cut_off(host, load, on):
    config = says_if("(call $sk_read_config (i32.const 1024) (i32.const 1024))", "configured")
    plugin = load(emit(value("a.b")) + config + REGISTER + call("sk_set_status", text("here")))
    plugin.start()
    plugin.reload()
    assert plugin.state is State.RUNNING
    assert len(plugin.emitted) == (1 if on else 2)
    assert said(plugin) == ["configured"] * (1 if on else 2)
    assert len(plugin.puts) == (not on)
    assert noted(host) == ({"D28"} if on else set())


@departure("D29")
@pytest.mark.parametrize("name", ["@sc/x", "plain"])
def test_a_scoped_plugin_cannot_be_reloaded(host, load, on, name):
    plugin = load(name=name)
    plugin.start()
    departs = on and name == "@sc/x"
    assert plugin.reload() is (State.ERROR if departs else State.RUNNING)
    assert ("Plugin _sc_x not loaded" in " ".join(said(plugin, "fault"))) is departs
    assert noted(host) == ({"D29"} if departs else set())


@departure("D30")
@pytest.mark.parametrize("stop", ["", TRAP])
def test_a_reload_stops_twice(host, load, on, stop):
    plugin = load(stop=f"{call('sk_debug', text('stop'))} {stop} (i32.const 0)")
    plugin.start()
    plugin.reload()
    assert said(plugin) == (["stop", "stop"] if on and not stop else ["stop"])
    assert plugin.state is State.RUNNING
    assert noted(host) == ({"D30"} if on else set())


@departure("D32")
def test_deltas_are_lost_during_a_reload(host, load, on):
    plugin = load(delta=call("sk_debug", text("heard")))
    plugin.start()
    plugin.begin_reload()
    host.publish("a.b", 1)
    plugin.finish_reload()
    assert said(plugin) == ([] if on else ["heard"])
    host.publish("a.b", 1)
    assert len(said(plugin)) == (1 if on else 2)
    assert noted(host) == ({"D32"} if on else set())


@departure("D34")
@pytest.mark.parametrize("where", ["delta", "poll", "handler"])
def test_a_trap_has_no_consequence(host, load, on, where):
    code = {"delta": {"delta": TRAP}, "poll": {"poll": f"{IN} {TRAP} (i32.const 0)"}, "handler": {}}[where]
    plugin = load(exports={**endpoints(), **answering("get_x", "{}", TRAP)}, **code)
    plugin.start()
    instance = plugin.instance
    does = {
        "delta": lambda: host.publish("a.b", 1),
        "poll": lambda: host.advance(1),
        "handler": lambda: host.http.get("/plugins/probe/x").status_code,
    }[where]
    assert does() in (None, 500)
    assert plugin.state is (State.RUNNING if on else State.CRASHED)
    assert (plugin.instance is instance) is on
    assert "trapped: unreachable" in str(plugin.fault)
    if on:
        assert does() in (None, 500)
        assert plugin.instance is instance
        assert said(plugin) == (["in", "in"] if where == "poll" else [])
    assert noted(host) == ({"D34"} if on else set())


@departure("D34")
def test_a_call_that_takes_too_long_is_a_crash_all_the_same(make, load):
    host = make(limits=Limits(call_seconds=0.2))
    plugin = load(delta=LOOP, into=host)
    plugin.start()
    host.publish("a.b", 1)
    assert plugin.state is State.CRASHED
    assert noted(host) == set()


@departure("D35")
def test_the_waits_after_a_crash_are_others(host, load, on):
    plugin = load(delta=TRAP)
    plugin.start()
    waits = []
    while plugin.state is not State.ERROR:
        host.publish("a.b", 1)
        waited = 0
        while plugin.state is State.CRASHED:
            host.advance(0.5)
            waited += 0.5
        waits.append(waited)
    assert waits == ([2, 4, 0] if on else [1, 2, 4, 0])
    assert noted(host) == ({"D35"} if on else set())


@departure("D36")
def test_a_restart_after_a_crash_does_not_start(host, load, on):
    plugin = load(delta=TRAP)
    plugin.start()
    host.publish("a.b", 1)
    host.advance(60)
    assert plugin.state is (State.CRASHED if on else State.RUNNING)
    assert plugin.status == ("Recovered from crash" if on else "")
    assert noted(host) == ({"D36"} if on else set())


@departure("D38")
def test_a_stopped_plugin_still_answers(host, load, on):
    completed = '{"state":"COMPLETED","statusCode":200}'
    exports = {
        **endpoints(),
        **answering(SWITCH, completed),
        **answering("resources_list_resources", '{"x":{}}'),
    }
    plugin = load(REGISTER + PROVIDES, exports=exports)

    def asked():
        return (
            host.http.get("/plugins/probe/x").status_code,
            host.put("a.b", 1).status_code,
            host.resources("routes").list(),
        )

    assert asked() == (404, 405, {})
    plugin.start()
    assert asked() == (200, 200, {"x": {}})
    plugin.stop()
    assert asked() == ((200, 200, {"x": {}}) if on else (404, 405, {}))
    assert noted(host) == ({"D38"} if on else set())


@departure("D38")
def test_a_plugin_that_refused_to_start_answers_too(host, load, on):
    load(status=1, exports=endpoints()).start()
    assert host.http.get("/plugins/probe/x").status_code == (200 if on else 404)
    assert noted(host) == ({"D38"} if on else set())


@departure("D38")
def test_a_trap_of_a_stopped_plugin_does_not_bring_it_back(host, load, on):
    plugin = load(exports={**endpoints(), **answering("get_x", "{}", TRAP)})
    plugin.start()
    plugin.stop()
    assert host.http.get("/plugins/probe/x").status_code == (500 if on else 404)
    host.advance(60)
    assert plugin.state is (State.ERROR if on else State.STOPPED)


@departure("D39")
def test_a_disabled_plugin_can_act(host, load, on):
    plugin = load(named=emit(value("a.b")))
    assert len(plugin.emitted) == on
    assert plugin.state is State.STOPPED
    assert noted(host) == ({"D39"} if on else set())


@departure("D40")
def test_saving_does_not_start_again_what_failed_to_start(host, load, on):
    plugin = load(call("sk_debug", text("start")), status=1)
    url = "/plugins/probe/config"

    def post(**change):
        host.http.post(url, json=change)
        return len(said(plugin))

    assert post(enabled=True) == 1
    assert post(enabled=True) == (1 if on else 2)
    assert plugin.state is State.ERROR
    begun = len(said(plugin))
    assert post(enabled=False) == begun
    assert post(enabled=True) == begun + 1
    assert noted(host) == ({"D40"} if on else set())


@departure("D40")
def test_a_running_plugin_is_restarted_all_the_same(host, load):
    plugin = load(call("sk_debug", text("start")))
    plugin.start()
    host.http.post("/plugins/probe/config", json={"configuration": {"a": 1}})
    assert said(plugin) == ["start", "start"]
    assert noted(host) == set()


INITIALIZE = '(func (export "_initialize") (global.set $begun (i32.add (global.get $begun) (i32.const 1))))'


@departure("D41")
def test_initialize_is_called_twice(host, load, on):
    begun = "(global $begun (mut i32) (i32.const 0))"
    plugin = load(
        says_if("(i32.eq (global.get $begun) (i32.const 2))", "twice"), exports={"_initialize": INITIALIZE}, more=begun
    )
    plugin.start()
    assert said(plugin) == (["twice"] if on else [])
    assert noted(host) == ({"D41"} if on else set())


@departure("D41")
def test_a_module_that_dies_of_it_is_told_why(load, on):
    guarded = f"(if (global.get $begun) (then {TRAP})) (global.set $begun (i32.const 1))"
    parts = {
        "exports": {"_initialize": f'(func (export "_initialize") {guarded})'},
        "more": "(global $begun (mut i32) (i32.const 0))",
    }
    if on:
        with pytest.raises(PluginError, match=r"_initialize trapped: unreachable(?s:.*)\(D41: _initialize is called"):
            load(**parts)
    else:
        assert load(**parts).start() is State.RUNNING


@departure("D42")
def test_deltas_come_back_while_the_plugin_is_still_running(host, load, on):
    once = (
        f"(if (i32.eqz (i32.load (i32.const 512))) (then (i32.store (i32.const 512) (i32.const 1)) {emit(value('a'))}))"
    )
    plugin = load(delta=f"{IN} {once} {OUT}")
    plugin.start()
    host.publish("a.b", 1)
    assert said(plugin) == (["in", "in", "out", "out"] if on else ["in", "out", "in", "out"])
    assert [path for delta in plugin.emitted for path, _ in pairs(delta)] == ["a"]
    assert noted(host) == ({"D42"} if on else set())


@departure("D42")
def test_what_is_emitted_is_in_the_model_at_once(host, load, on):
    length = f"(call $sk_get_self_path {text('a.b')} (i32.const 1024) (i32.const 1024))"
    plugin = load(emit(value("a.b")) + says_if(length, "there"))
    plugin.start()
    assert said(plugin) == (["there"] if on else [])


@departure("D42")
@pytest.mark.parametrize("other", [False, True])
def test_an_echo_ends(make, load, on, other):
    host = make(limits=Limits(deltas_per_tick=50))
    plugin = load(delta=emit(value("a")), into=host)
    plugin.start()
    if other:
        load(delta=emit(value("b")), name="other", into=host).start()
    host.publish("a.b", 1)
    assert plugin.is_running
    assert plugin.fault is None
    counts = [len(one.emitted) for one in host.plugins.values()]
    assert counts == ([50] if not on else [17]) if not other else max(counts) <= 50
    assert any("deep in itself" in line for line in said(plugin, "fault")) is on


@pytest.mark.parametrize("inner", [TRAP, "(call $deeper)"], ids=["a trap", "a stack that is full"])
def test_a_trap_in_a_call_within_a_call_ends_that_one_alone(core, package, everything, inner):
    """D34 and D42 together: the inner call is lost, and the outer one goes on."""
    nested = f"(if (i32.load (i32.const 512)) (then {IN} {inner}))"
    outer = (
        f"(i32.store (i32.const 512) (i32.const 1)) {emit(value('a'))} {OUT} (i32.store (i32.const 512) (i32.const 0))"
    )
    with Host(profile=Profile("two", frozenset({"D34", "D42"}))) as host:
        binary = core(delta=f"{nested} {outer}", more="(func $deeper (call $deeper))")
        plugin = host.load(package(binary, everything))
        plugin.start()
        for _ in range(2):
            host.publish("a.b", 1)
        assert said(plugin) == ["in", "out", "in", "out"]
        assert plugin.is_running
        assert len(said(plugin, "fault")) == 2
        assert noted(host) == {"D34", "D42"}


def test_without_d34_a_trap_in_a_call_within_a_call_is_a_crash(core, package, everything):
    nested = f"(if (i32.load (i32.const 512)) (then {TRAP}))"
    outer = f"(i32.store (i32.const 512) (i32.const 1)) {emit(value('a'))} {OUT}"
    with Host(profile=Profile("one", frozenset({"D42"}))) as host:
        plugin = host.load(package(core(delta=f"{nested} {outer}"), everything))
        plugin.start()
        host.publish("a.b", 1)
        assert plugin.state is State.CRASHED
        assert said(plugin) == []
        host.advance(1)
        assert plugin.is_running


@departure("D44")
def test_what_a_plugin_says_of_itself_does_not_show(host, load, on):
    plugin = load(call("sk_set_status", text("fine")))
    plugin.start()
    assert host.http.get("/skServer/plugins").json()[0]["statusMessage"] == ("" if on else "fine")
    assert plugin.status == "fine"
    assert noted(host) == ({"D44"} if on else set())
