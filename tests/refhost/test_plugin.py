"""A plugin's life: start, poll, deltas, stop, crashes and back-off (contract §9, R10, R14, R21, R26, R27, R44)."""

from __future__ import annotations

import pytest
from component import binary as component_binary
from honest import Honest
from wat import TRAP, call, text

from refhost.delta import pairs
from refhost.errors import PluginTrap, StateError
from refhost.limits import Limits
from refhost.plugin import State, schema_problem

COUNT = "(i32.store (i32.const {0}) (i32.add (i32.load (i32.const {0})) (i32.const 1)))"
POLLS, HEARD = 512, 516


def count(at: int) -> str:
    return COUNT.format(at)


def counted(plugin, at: int) -> int:
    return int.from_bytes(plugin.instance.memory.read(at, 4), "little")


def emits(path: str, json: str = "1") -> str:
    delta = f'{{"updates":[{{"values":[{{"path":"{path}","value":{json}}}]}}]}}'
    return call("sk_handle_message", text(delta), "(i32.const 1)")


@pytest.fixture
def load(host, core, package, everything):
    def load(start: str = "", *, name: str = "probe", capabilities=everything, status: int = 0, **parts):
        return host.load(package(core(f"{start} (i32.const {status})", **parts), capabilities, name))

    return load


def states(plugin) -> list[str]:
    return [record.text for record in plugin.log if record.kind == "state"]


def faults(plugin) -> list[str]:
    return [record.text for record in plugin.log if record.kind == "fault"]


def paths(deltas) -> list[str]:
    return [path for delta in deltas for path, _ in pairs(delta)]


# -- starting and stopping


def test_a_loaded_plugin_is_stopped_and_says_what_it_is(host):
    plugin = host.load(Honest().package())
    assert plugin.state is State.STOPPED
    assert (plugin.id, plugin.name) == ("wat-plugin", "WAT plugin")
    assert plugin.schema["properties"]["greeting"]["type"] == "string"
    assert not plugin.is_running
    assert plugin.why() == "its state is stopped"
    assert plugin.memory_bytes == plugin.instance.memory_bytes() > 0


def test_from_start_to_stop(load):
    plugin = load()
    assert plugin.start() is State.RUNNING
    assert plugin.is_running
    assert plugin.stop() is State.STOPPED
    assert states(plugin) == ["stopped → starting", "starting → running", "running → stopped"]


def test_starting_what_runs_and_stopping_what_stopped_changes_nothing(load):
    plugin = load(count(POLLS), stop=f"{count(HEARD)} (i32.const 0)")
    assert plugin.stop() is State.STOPPED
    plugin.start({"a": 1})
    assert plugin.start({"a": 2}) is State.RUNNING
    assert counted(plugin, POLLS) == 1
    assert plugin.config.configuration == {"a": 1}
    plugin.stop()
    plugin.stop()
    assert counted(plugin, HEARD) == 1


def test_after_a_stop_it_can_be_started_again(load):
    plugin = load(count(POLLS))
    for _ in range(3):
        assert plugin.start() is State.RUNNING
        assert plugin.stop() is State.STOPPED
    assert counted(plugin, POLLS) == 3


def test_the_configuration_is_the_saved_one_with_enable_debug_at_its_root(load):
    keep = "(memory.copy (i32.const 600) (local.get $config) (local.get $length)) "
    keep += "(i32.store (i32.const 596) (local.get $length))"
    plugin = load(keep)

    def given() -> str:
        return plugin.instance.memory.read(600, counted(plugin, 596)).decode()

    plugin.start()
    assert given() == '{"enableDebug":false}'
    plugin.stop()
    plugin.preset({"a": [1]})
    plugin.start(enable_debug=True)
    assert given() == '{"a":[1],"enableDebug":true}'
    plugin.stop()
    plugin.start({"enableDebug": "mine", "b": 2})
    assert given() == '{"enableDebug":true,"b":2}'
    assert plugin.config.enabled
    assert plugin.config.configuration == {"enableDebug": "mine", "b": 2}
    plugin.stop()
    plugin.start_with("anything")
    assert given() == "anything"
    assert plugin.config.configuration == {"enableDebug": "mine", "b": 2}


@pytest.mark.parametrize("status", [1, -1, 255, -0x80000000])
def test_a_start_that_returns_another_status_is_an_error(load, status):
    plugin = load(call("sk_set_error", text("No greeting")), status=status, poll="unreachable", delta="unreachable")
    assert plugin.start() is State.ERROR
    assert plugin.status_code == status
    assert plugin.error == "No greeting"
    assert plugin.why() == f"start returned {status}, and said 'No greeting'"
    assert states(plugin)[-1] == "starting → error"
    plugin.host.publish("a", 1)
    plugin.host.advance(10)
    assert plugin.state is State.ERROR
    assert plugin.fault is None


def test_what_a_failed_start_registered_ends_with_it(load):
    plugin = load(f"(drop (call $sk_register_resource_provider {text('routes')}))", status=1)
    plugin.start()
    assert not any(plugin.providers.values())


def test_a_start_that_traps_is_an_error_and_the_next_one_has_a_fresh_instance(load):
    plugin = load(f"{count(POLLS)} (if (i32.eq (local.get $length) (i32.const 21)) (then unreachable))")
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginTrap)
    assert plugin.instance is None
    assert plugin.memory_bytes == 0
    assert "plugin_start trapped: unreachable" in plugin.why()
    plugin.host.advance(100)
    assert plugin.state is State.ERROR
    assert plugin.start({"longer": 1}) is State.RUNNING
    assert plugin.fault is None
    assert counted(plugin, POLLS) == 1


@pytest.mark.parametrize("status", [1, -5])
def test_a_stop_that_returns_another_status_is_logged_and_stopped(load, status):
    plugin = load(stop=f"(i32.const {status})")
    plugin.start()
    assert plugin.stop() is State.STOPPED
    assert plugin.status_code == status
    assert faults(plugin) == [f"stop returned {status}"]


def test_a_stop_that_traps_leaves_it_in_error_and_startable(load):
    plugin = load(stop="unreachable")
    plugin.start()
    assert plugin.stop() is State.ERROR
    assert isinstance(plugin.fault, PluginTrap)
    plugin.host.advance(60)
    assert plugin.state is State.ERROR
    assert plugin.start() is State.RUNNING


def test_a_stop_ends_polls_deltas_and_registrations(load):
    plugin = load(
        f"(drop (call $sk_register_weather_provider {text('w')}))"
        f"(drop (call $sk_register_put_handler {text('vessels.self')} {text('a')}))",
        poll=f"{count(POLLS)} (i32.const 0)",
        delta=count(HEARD),
    )
    plugin.start()
    assert plugin.puts == [("vessels.self", "a")]
    before = counted(plugin, HEARD)
    plugin.stop()
    assert plugin.puts == []
    assert not any(plugin.providers.values())
    plugin.host.publish("x", 1)
    plugin.host.advance(5)
    assert (counted(plugin, POLLS), counted(plugin, HEARD)) == (0, before)


def test_running_is_a_block(load):
    plugin = load()
    with plugin.running({"a": 1}) as same:
        assert same is plugin
        assert plugin.is_running
    assert plugin.state is State.STOPPED
    with pytest.raises(ZeroDivisionError), plugin.running():
        _ = 1 / 0
    assert plugin.state is State.STOPPED
    with (
        pytest.raises(StateError, match="wrong did not start: start returned 3"),
        load(status=3, name="wrong").running(),
    ):
        pass


def test_closing_twice_changes_nothing(load):
    plugin = load(stop=f"{call('sk_set_status', text('bye'))} (i32.const 0)")
    plugin.start()
    plugin.close()
    plugin.close()
    assert plugin.instance is None
    assert [record.text for record in plugin.log if record.kind == "status"] == ["bye"]


# -- the schema


@pytest.mark.parametrize(
    ("given", "problem"), [("", ""), ("  ", ""), ("{}", ""), ("[]", "not an object"), ("{", "not JSON")]
)
def test_a_schema_is_an_object_or_empty(given, problem):
    assert problem in schema_problem(given)
    assert bool(problem) == bool(schema_problem(given))


@pytest.mark.parametrize("given", ["", "nope", "[1]", "NaN", '{"a":'])
def test_an_unusable_schema_stands_for_an_empty_one(host, given):
    plugin = host.load(Honest(schema=given).package())
    assert plugin.schema == {}
    assert plugin.schema_text == given
    assert bool(plugin.schema_problem) == bool(given)


# -- poll


def test_poll_comes_once_a_second_while_it_runs(load):
    plugin = load(poll=f"{count(POLLS)} (i32.const 0)")
    plugin.host.advance(3)
    assert counted(plugin, POLLS) == 0
    plugin.start()
    for seconds, polls in ((0.999, 0), (0.001, 1), (0.5, 1), (3.5, 5)):
        plugin.host.advance(seconds)
        assert counted(plugin, POLLS) == polls
    plugin.stop()
    plugin.start()
    plugin.host.advance(1)
    assert counted(plugin, POLLS) == 6


def test_a_poll_that_returns_another_status_is_logged_and_it_goes_on(load):
    plugin = load(poll="(i32.const 7)")
    plugin.start()
    plugin.host.advance(2)
    assert faults(plugin) == ["poll returned 7"] * 2
    assert plugin.is_running


# -- deltas


def test_deltas_reach_it_only_while_it_runs(load):
    plugin = load(delta=count(HEARD))
    plugin.host.publish("a", 1)
    plugin.start()
    plugin.host.publish("a", 2)
    plugin.stop()
    plugin.host.publish("a", 3)
    assert counted(plugin, HEARD) == 1


def test_without_data_read_no_delta_is_delivered(load):
    plugin = load(delta=count(HEARD), capabilities={"dataRead": False})
    plugin.start()
    plugin.host.publish("a", 1)
    assert counted(plugin, HEARD) == 0


KEEP = "(memory.copy (i32.const 4096) (local.get $delta) (local.get $length)) "
KEEP += "(i32.store (i32.const 4092) (local.get $length))"


def test_a_delivered_delta_is_as_the_bus_carries_it(load):
    plugin = load(delta=KEEP)
    plugin.start()
    plugin.host.publish_delta({"updates": [{"values": [{"path": "a", "value": "ä"}]}]})
    assert plugin.instance.memory.read(4096, counted(plugin, 4092)).decode() == (
        f'{{"context":"{plugin.host.self_context}","updates":[{{"$source":"test",'
        '"timestamp":"2026-01-01T00:00:00.000Z","values":[{"path":"a","value":"ä"}]}]}'
    )


def test_its_own_deltas_are_delivered_to_it_and_to_the_others(load):
    ear = load(delta=count(HEARD), name="ear")
    mouth = load(emits("a"), delta=count(HEARD), name="mouth")
    ear.start()
    mouth.start()
    assert (counted(ear, HEARD), counted(mouth, HEARD)) == (1, 1)


def test_what_is_emitted_in_start_and_stop_counts(load):
    plugin = load(emits("in.start"), stop=f"{emits('in.stop')} (i32.const 0)")
    ear = load(delta=count(HEARD), name="ear")
    ear.start()
    plugin.start()
    assert paths(plugin.emitted) == ["in.start"]
    plugin.stop()
    assert paths(plugin.emitted) == ["in.start", "in.stop"]
    assert counted(ear, HEARD) == 2


@pytest.mark.parametrize("end", ["(return (i32.const 1))", "unreachable"])
def test_what_was_emitted_before_the_start_failed_stays_emitted(load, end):
    ear = load(delta=count(HEARD), name="ear")
    ear.start()
    plugin = load(f"{emits('a.b')} {end}")
    assert plugin.start() is State.ERROR
    assert paths(plugin.emitted) == ["a.b"]
    assert plugin.host.model.self_path("a.b.value") == 1
    assert counted(ear, HEARD) == 1


def test_a_delta_emitted_in_the_handler_comes_after_it_returned(load):
    """`$depth` is 1 inside the handler: were it called again from within, it would trap."""
    inside = "(if (i32.load (i32.const 520)) (then unreachable)) (i32.store (i32.const 520) (i32.const 1))"
    once = f"(if (i32.eq (i32.load (i32.const {HEARD})) (i32.const 1)) (then {emits('x.one')} {emits('x.two')}))"
    plugin = load(delta=f"{inside} {count(HEARD)} {once} (i32.store (i32.const 520) (i32.const 0))")
    order = []
    plugin.host.bus.subscriptions.subscribe("ear", order.append)
    plugin.start()
    plugin.host.publish("x.first", 0)
    assert plugin.is_running, plugin.why()
    assert counted(plugin, HEARD) == 3
    assert [part for line in order for part in ("x.first", "x.one", "x.two") if part in line] == [
        "x.first",
        "x.one",
        "x.two",
    ]


@pytest.fixture
def bounded(make_host, core, package, everything):
    host = make_host(limits=Limits(deltas_per_tick=20))
    return host, lambda name, **parts: host.load(package(core(**parts), everything, name))


def test_an_echo_of_itself_is_cut_off_logged_and_the_others_are_served(bounded):
    host, load = bounded
    echo, ear = load("echo", delta=emits("again")), load("ear", delta=count(HEARD))
    echo.start()
    ear.start()
    host.publish("first", 1)
    assert len(echo.emitted) == 20
    assert counted(ear, HEARD) == 21
    (record,) = [record for record in echo.log if record.kind == "refused"]
    assert "R21" in record.text
    assert echo.is_running
    host.publish("second", 1)
    assert len(echo.emitted) == 40
    assert counted(ear, HEARD) == 42


def test_a_flood_in_one_call_is_cut_off(bounded):
    _, load = bounded
    more = f"(i32.lt_u (i32.load (i32.const {POLLS})) (i32.const 500))"
    loop = f"(loop $on {count(POLLS)} {emits('flood')} (br_if $on {more}))"
    plugin = load("flood", start=f"{loop} (i32.const 0)")
    plugin.start()
    assert counted(plugin, POLLS) == 500
    assert len(plugin.emitted) == 20
    assert len([record for record in plugin.log if record.kind == "refused"]) == 1


def test_registering_in_the_handler_is_cut_off_too(bounded):
    """Each registration puts metadata on the bus, which calls the handler again."""
    host, load = bounded
    put = f"(drop (call $sk_register_put_handler {text('vessels.self')} {text('a.b')}))"
    plugin = load("put", delta=f"{count(HEARD)} {put}")
    plugin.start()
    host.publish("first", 1)
    assert counted(plugin, HEARD) == 21
    assert plugin.is_running
    assert host.model.self_path("a.b.meta") == {"supportsPut": True}


# -- crashes


def test_a_crash_is_followed_by_a_restart_with_a_fresh_instance(load):
    trap = "(if (i32.load (i32.const 600)) (then unreachable)) (i32.store (i32.const 600) (i32.const 1))"
    plugin = load(poll=f"{trap} (i32.const 0)")
    plugin.start({"kept": 1})
    plugin.host.advance(2)
    assert plugin.state is State.CRASHED
    assert plugin.instance is None
    assert isinstance(plugin.fault, PluginTrap)
    plugin.host.advance(1)
    assert plugin.state is State.RUNNING
    assert plugin.fault is None
    assert plugin.config.configuration == {"kept": 1}
    plugin.host.advance(1)
    assert counted(plugin, 600) == 1


def test_three_crashes_are_followed_by_restarts_after_1_2_and_4_seconds_and_the_fourth_disables(load, host):
    plugin = load(delta="unreachable")
    plugin.start()
    for wait in (1, 2, 4):
        host.publish("a", 1)
        assert plugin.state is State.CRASHED
        host.advance(wait - 0.01)
        assert plugin.state is State.CRASHED
        host.advance(0.01)
        assert plugin.state is State.RUNNING
    host.publish("a", 1)
    assert plugin.state is State.ERROR
    assert faults(plugin)[-1] == "crashed 4 times in a row: it is not restarted any more"
    host.advance(100)
    assert plugin.state is State.ERROR


@pytest.mark.parametrize(("quiet", "wait"), [(29.9, 2), (30, 1)])
def test_after_30_seconds_without_a_crash_the_back_off_begins_anew(load, host, quiet, wait):
    plugin = load(delta="unreachable")
    plugin.start()
    host.publish("a", 1)
    host.advance(1)
    host.advance(quiet)
    host.publish("a", 1)
    host.advance(wait - 0.01)
    assert plugin.state is State.CRASHED
    host.advance(0.01)
    assert plugin.state is State.RUNNING


def test_a_crash_every_30_seconds_never_disables(load, host):
    plugin = load(delta="unreachable")
    plugin.start()
    for _ in range(10):
        host.publish("a", 1)
        host.advance(31)
        assert plugin.state is State.RUNNING


def test_a_quiet_time_that_ended_in_a_crash_counts_for_nothing(load, host):
    plugin = load(delta="unreachable")
    plugin.start()
    host.publish("a", 1)
    host.advance(1)  # restarted, and on its way to 30 quiet seconds
    host.advance(20)
    host.publish("a", 1)
    host.advance(2)
    host.advance(15)  # 37 seconds after the first restart, 15 after the second
    host.publish("a", 1)
    host.advance(3.99)
    assert plugin.state is State.CRASHED
    host.advance(0.01)
    assert plugin.state is State.RUNNING


def test_a_restart_that_was_due_does_not_shorten_the_next_wait(load, host):
    plugin = load(delta="unreachable")
    plugin.start()
    host.publish("a", 1)
    host.advance(0.5)
    plugin.start()
    host.publish("a", 1)
    host.advance(0.99)
    assert plugin.state is State.CRASHED
    host.advance(0.01)
    assert plugin.state is State.RUNNING


def test_a_start_by_hand_makes_an_end_of_the_count_and_of_the_restart(load, host):
    plugin = load(delta="unreachable")
    plugin.start()
    for _ in range(3):
        host.publish("a", 1)
        assert plugin.start() is State.RUNNING
    host.advance(20)
    host.publish("a", 1)
    assert plugin.state is State.CRASHED
    host.advance(1)
    assert plugin.state is State.RUNNING
    assert states(plugin).count("crashed → starting") == 4


def test_stopping_a_crashed_plugin_takes_the_restart_back(load, host):
    plugin = load(delta="unreachable", stop="unreachable")
    plugin.start()
    host.publish("a", 1)
    assert plugin.stop() is State.STOPPED
    host.advance(60)
    assert plugin.state is State.STOPPED


def test_closing_a_crashed_plugin_takes_the_restart_back(load, host):
    plugin = load(delta="unreachable")
    plugin.start()
    host.publish("a", 1)
    host.unload(plugin)
    host.advance(60)
    assert plugin.instance is None


def test_a_restart_that_does_not_start_is_an_error(load, host):
    once = "(if (i32.ne (local.get $length) (i32.const 21)) (then unreachable))"
    plugin = load(once, delta="unreachable")
    plugin.start()
    plugin.preset({"now": "longer"})
    host.publish("a", 1)
    host.advance(1)
    assert plugin.state is State.ERROR
    assert plugin.fault.function == "plugin_start"
    host.advance(60)
    assert plugin.state is State.ERROR


def test_a_crash_costs_the_others_nothing(load, host):
    load(delta="unreachable", name="bad").start()
    before = load(delta=count(HEARD), poll=f"{count(POLLS)} (i32.const 0)", name="before")
    before.start()
    bad = load(delta="unreachable", name="bad2")
    bad.start()
    after = load(delta=count(HEARD), name="after")
    after.start()
    for _ in range(3):
        host.publish("a", 1)
    host.advance(2)
    assert counted(before, HEARD) == counted(after, HEARD) == 3
    assert counted(before, POLLS) == 2


def test_what_it_registered_ends_with_the_crashed_instance(load, host):
    plugin = load(f"(drop (call $sk_register_radar_provider {text('r')}))", delta="unreachable")
    plugin.start()
    host.publish("a", 1)
    assert not any(plugin.providers.values())
    host.advance(1)
    assert plugin.providers["radar"] == ["r"]


def test_what_it_emitted_before_the_trap_goes_out_after_it(load, host):
    plugin = load(poll=f"{emits('last.words')} unreachable")
    plugin.start()
    host.advance(1)
    assert plugin.state is State.CRASHED
    assert host.model.self_path("last.words.value") == 1


def test_a_component_crashes_and_restarts_too(host, component, package):
    plugin = host.load(package(component([], heard="(unreachable)")))
    plugin.start()
    for wait in (1, 2, 4):
        host.publish("a", 1)
        assert plugin.state is State.CRASHED
        host.advance(wait)
        assert plugin.state is State.RUNNING
    host.publish("a", 1)
    assert plugin.state is State.ERROR


def test_a_component_that_traps_in_start_can_be_started_again(host, package):
    plugin = host.load(package(component_binary(start=TRAP)))
    for _ in range(3):
        assert plugin.start() is State.ERROR
        assert isinstance(plugin.fault, PluginTrap)


# -- reading its log


def test_denials_and_words_are_told_apart(load):
    plugin = load(f"{emits('a')} {call('sk_debug', text('hello'))}", capabilities={"dataWrite": False})
    plugin.start()
    assert [record.function for record in plugin.denials] == ["sk_handle_message"]
    assert [record.text for record in plugin.log if record.kind == "debug"] == ["hello"]
    assert all(record.plugin == "probe" for record in plugin.log)


def test_what_it_gave_to_be_emitted_is_kept_as_it_was(load):
    plugin = load(f"{emits('a', '1.50')} {emits('b', 'NaN')}")
    plugin.start()
    assert [("1.50" in c.text, "NaN" in c.text) for c in plugin.claims] == [(True, False), (False, True)]
    assert paths(plugin.emitted) == ["a"]
