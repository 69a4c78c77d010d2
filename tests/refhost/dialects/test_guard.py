"""Whatever a host function raises arrives as itself after the call, in both worlds, and disturbs no other call."""

from __future__ import annotations

import threading

import pytest
import wasmtime._func as core_calls
from wasmtime.component import _enter as component_calls
from wat import LOOP, text

from refhost.dialects.guard import Guard
from refhost.errors import PluginError, PluginExit, PluginTimeout, PluginTrap
from refhost.functions import ENV, WIT
from refhost.limits import Limits
from refhost.plugin import State
from refhost.services.config import ConfigService
from refhost.services.runtime import RuntimeService
from refhost.services.status import StatusService


class UnforeseenError(Exception):
    """Of no kind that the host knows."""


RAISED = [
    KeyboardInterrupt("stop"),
    SystemExit(3),
    pytest.fail.Exception("an assertion of a test"),
    pytest.skip.Exception("a skip"),
    MemoryError("no more"),
    GeneratorExit(),
    UnforeseenError("what"),
    StopIteration("done"),
    RecursionError("deep"),
]


@pytest.fixture(params=RAISED, ids=lambda error: type(error).__name__)
def error(request):
    return request.param


@pytest.fixture
def status_raises(error, monkeypatch):
    def boom(*_):
        raise error

    monkeypatch.setattr(StatusService, "set_status", boom)


@pytest.fixture(params=["core", "component"])
def world(request, core, component, package):
    """A maker of plugins that set their status wherever they are told to."""

    def make(where: str = "start", name: str = "probe"):
        if request.param == "core":
            code = f"(call $sk_set_status {text('hello')})"
            result = {"start": " (i32.const 0)", "stop": " (i32.const 0)"}.get(where, "")
            return package(core(**{where: f"{code}{result}"}), name=name)
        row = WIT["plugin-status.set-plugin-status"]
        return package(component([row], **{where: f"(call $set-plugin-status {text('hello')})"}), name=name)

    return make


@pytest.mark.parametrize("where", ["start", "stop"])
def test_it_arrives_as_itself_and_a_later_plugin_is_not_affected(
    world, where, host, error, status_raises, package, core
):
    plugin = host.load(world(where))
    with pytest.raises(type(error)) as caught:
        plugin.start() and plugin.stop()
    assert caught.value is error
    assert core_calls.LAST_EXCEPTION is component_calls.LAST_EXCEPTION is None
    other = host.load(package(core(), name="other"))
    assert other.start() is State.RUNNING
    assert other.fault is None


def test_a_plugin_can_be_started_again_after_it(world, host, error, monkeypatch):
    plugin = host.load(world())

    def boom(*_):
        raise error

    with monkeypatch.context() as patched:
        patched.setitem(plugin._runtime.gate._operations, "status.set_status", boom)
        with pytest.raises(type(error)):
            plugin.start()
    assert plugin.start() is State.RUNNING
    assert plugin.status == "hello"


def test_the_bus_goes_on_after_it(host, core, component, package, error):
    plugin = host.load(package(core(delta=f"(call $sk_set_status {text('heard')})")))
    plugin.start()

    def boom(*_):
        raise error

    plugin._runtime.gate._operations["status.set_status"] = boom
    with pytest.raises(type(error)):
        host.publish("a.b", 1)
    heard = []
    plugin._runtime.gate._operations["status.set_status"] = heard.append
    plugin.stop()
    assert plugin.start() is State.RUNNING
    host.publish("a.b", 2)
    assert heard == ["heard"]
    assert host.model.self_path("a.b")["value"] == 2


def test_it_arrives_as_itself_from_a_start_function(host, core, component, package, error, monkeypatch):
    def boom(*_):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(RuntimeService, "seed", boom)
        patched.setattr(ConfigService, "data_dir_path", boom)
        more = "(func $begin (drop (call $seed))) (start $begin)"
        row = WIT["plugin-config.get-data-dir-path"]
        for binary in (core(more=more), component([row], begin="(call $get-data-dir-path (i32.const 68))")):
            with pytest.raises(type(error)) as caught:
                host.load(package(binary))
            assert caught.value is error
            assert core_calls.LAST_EXCEPTION is component_calls.LAST_EXCEPTION is None
            assert not host.plugins
    assert host.load(package(core(more=more))).start() is State.RUNNING


def test_a_start_function_that_traps_names_the_instantiation(host, core, component, package):
    core_binary = core(more="(func $begin (unreachable)) (start $begin)")
    for binary in (core_binary, component([], begin="(unreachable)")):
        with pytest.raises(PluginTrap, match="instantiation trapped: unreachable"):
            host.load(package(binary))
    assert host.load(package(core())).start() is State.RUNNING


def test_a_start_function_may_call_the_host_and_finds_no_memory_yet(host, core, package):
    plugin = host.load(package(core(more=f"(func $begin (call $sk_debug {text('early')})) (start $begin)")))
    assert [r.function for r in plugin.log if r.kind == "refused"] == ["sk_debug"]


# Each way in which WebAssembly itself ends a call.
TRAPS = {
    "unreachable": "(unreachable)",
    "out of bounds memory access": "(drop (i32.load (i32.const -1)))",
    "integer divide by zero": "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
    "integer overflow": "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "invalid conversion to integer": "(drop (i32.trunc_f64_s (f64.const nan)))",
    "undefined element": "(call_indirect $t (i32.const 9))",
    "uninitialized element": "(call_indirect $t (i32.const 0))",
    "indirect call type mismatch": "(call_indirect $t (param i32) (i32.const 0) (i32.const 1))",
    "stack overflow": "(call $deep)",
}
TABLE = "(table $t 2 funcref) (elem (i32.const 1) $deep) (func $deep (call $deep))"


@pytest.mark.parametrize("word", TRAPS)
def test_a_trap_names_the_export_and_webassemblys_word(word, host, core, package):
    plugin = host.load(package(core(f"{TRAPS[word]} (i32.const 0)", more=TABLE)))
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginTrap)
    assert (plugin.fault.function, plugin.fault.trap) == ("plugin_start", word)
    assert plugin.fault.message == f"plugin_start trapped: {word}"


def test_a_trap_in_a_component_names_the_function(host, component, package):
    plugin = host.load(package(component([], "(unreachable)")))
    plugin.start()
    assert (plugin.fault.function, plugin.fault.trap) == ("start", "unreachable")


def test_proc_exit_ends_the_call_with_its_code(host, core, package):
    plugin = host.load(package(core("(call $proc_exit (i32.const 7)) (i32.const 0)")))
    plugin.start()
    assert isinstance(plugin.fault, PluginExit)
    assert plugin.fault.code == 7


def test_a_trap_deep_inside_is_told_with_the_names_of_the_functions(host, core, package):
    plugin = host.load(package(core("(call $outer) (i32.const 0)", more="(func $outer (unreachable))")))
    plugin.start()
    assert "outer" in plugin.fault.hint


def test_host_functions_in_the_middle_of_a_trapping_call_keep_their_effect(host, core, package):
    plugin = host.load(package(core(f"(call $sk_set_status {text('so far')}) (unreachable)")))
    plugin.start()
    assert plugin.status == "so far"


def test_after_a_timeout_the_same_process_runs_another_plugin(make_host, core, package):
    host = make_host(limits=Limits(call_seconds=0.02))
    plugin = host.load(package(core(f"{LOOP} (i32.const 0)")))
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginTimeout)
    assert host.load(package(core(), name="other")).start() is State.RUNNING


def test_an_error_of_a_call_is_not_seen_by_a_call_of_another_thread(host, core, package, monkeypatch):
    monkeypatch.setattr(RuntimeService, "seed", lambda _: 1 / 0)
    failing = core("(drop (call $seed)) (i32.const 0)")
    working = core()
    failed, outcomes = [], []

    def fail() -> None:
        for _ in range(20):
            try:
                host_of["fail"].plugins["probe"].start()
            except ZeroDivisionError as error:
                failed.append(error)

    def work() -> None:
        plugin = host_of["work"].plugins["probe"]
        for _ in range(20):
            outcomes.append(plugin.start())
            plugin.stop()

    host_of = {"fail": type(host)(), "work": type(host)()}
    host_of["fail"].load(package(failing))
    host_of["work"].load(package(working))
    threads = [threading.Thread(target=target) for target in (fail, work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in host_of.values():
        one.close()
    assert len(failed) == 20
    assert outcomes == [State.RUNNING] * 20


def test_a_call_from_within_a_call_is_under_the_outer_deadline(core, package, host):
    guard = Guard(host.load(package(core())).instance.store, 1.0)
    assert guard.run("outer", lambda: guard.run("inner", lambda: 5)) == 5


def test_an_error_of_a_plugin_is_always_a_plugin_error(host, core, package):
    for code in (*TRAPS.values(), "(call $proc_exit (i32.const 0))"):
        plugin = host.load(package(core(f"{code} (i32.const 0)", more=TABLE)))
        plugin.start()
        assert isinstance(plugin.fault, PluginError)
        host.unload(plugin)


def test_env_has_what_these_tests_patch():
    assert ENV["seed"].operation == "runtime.seed"
    assert WIT["plugin-config.get-data-dir-path"].operation == "config.data_dir_path"
