"""Endless loops, memory without end, deep recursion; and what is compiled, once (contract §19)."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from assemblyscript import binary as assemblyscript
from component import binary as component_binary
from honest import Honest
from wat import LOOP, text

from refhost import engine
from refhost.dialects import guard
from refhost.engine import COMPILER, WATCHDOG, Compiler, ticks
from refhost.errors import BinaryError, PluginError, PluginTimeout, PluginTrap
from refhost.limits import Limits
from refhost.plugin import State

SHORT = Limits(call_seconds=0.05)
PAGE = 65536


@pytest.fixture
def limited(make_host, package):
    """Load a binary in a host with limits."""

    def load(binary: bytes, limits: Limits = SHORT, capabilities=None):
        return make_host(limits=limits).load(package(binary, capabilities))

    return load


def out(name: str) -> dict[str, str]:
    return {name: f'(func (export "{name}") (param i32 i32) (result i32) {LOOP} (i32.const 0))'}


def assert_ended(error: PluginError | None, export: str) -> None:
    assert isinstance(error, PluginTimeout)
    assert error.function == export
    assert error.message == f"{export} did not return within 0.05 s"
    assert "endless loop" in error.hint


# -- time


@pytest.mark.parametrize("export", ["plugin_name", "plugin_schema"])
def test_an_endless_loop_while_metadata_is_read(limited, core, export):
    with pytest.raises(PluginTimeout) as caught:
        limited(core(exports=out(export)))
    assert_ended(caught.value, export)


def test_an_endless_loop_in_the_start_function(limited, core):
    with pytest.raises(PluginTimeout) as caught:
        limited(core(more=f"(func $begin {LOOP}) (start $begin)"))
    assert_ended(caught.value, "instantiation")


def test_an_endless_loop_in_initialize_and_in_allocate(limited, core):
    for name, code in (("_initialize", ""), ("allocate", "(param i32) (result i32)")):
        looping = f'(func (export "{name}") {code} {LOOP} {"(i32.const 0)" if code else ""})'
        with pytest.raises(PluginTimeout) as caught:
            limited(core(exports={name: looping}))
        assert_ended(caught.value, name)


def test_an_endless_loop_in_start_and_stop(limited, core):
    plugin = limited(core(f"{LOOP} (i32.const 0)"))
    assert plugin.start() is State.ERROR
    assert_ended(plugin.fault, "plugin_start")
    plugin = limited(core(stop=f"{LOOP} (i32.const 0)"))
    plugin.start()
    plugin.stop()
    assert_ended(plugin.fault, "plugin_stop")


def test_an_endless_loop_in_poll_and_in_the_delta_handler_is_a_crash(limited, core):
    plugin = limited(core(poll=f"{LOOP} (i32.const 0)"))
    plugin.start()
    plugin.host.advance(1)
    assert plugin.state is State.CRASHED
    assert_ended(plugin.fault, "poll")
    plugin = limited(core(delta=LOOP))
    plugin.start()
    plugin.host.publish("a", 1)
    assert plugin.state is State.CRASHED
    assert_ended(plugin.fault, "delta_handler")


def test_an_endless_loop_in_assemblyscript(limited):
    plugin = limited(assemblyscript(start=LOOP), capabilities={})
    assert plugin.start() is State.ERROR
    assert_ended(plugin.fault, "plugin_start")
    plugin = limited(assemblyscript(delta=LOOP))
    plugin.start()
    assert plugin.state is State.CRASHED  # it hears its own delta of start (R11)
    assert_ended(plugin.fault, "delta_handler")


@pytest.mark.parametrize("export", ["start", "stop"])
def test_an_endless_loop_in_a_component(limited, export):
    plugin = limited(component_binary(**{export: LOOP}))
    plugin.start()
    plugin.stop()
    assert_ended(plugin.fault, export)


def test_an_endless_loop_in_on_delta_and_in_a_components_start_function(limited, component):
    plugin = limited(component([], heard=LOOP))
    plugin.start()
    plugin.host.publish("a", 1)
    assert plugin.state is State.CRASHED
    assert_ended(plugin.fault, "on-delta")
    with pytest.raises(PluginTimeout) as caught:
        limited(component([], begin=LOOP))
    assert_ended(caught.value, "instantiation")


def test_a_loop_of_host_calls_is_ended_too(limited, core):
    name = text("dataRead")
    plugin = limited(core(f"(loop $on (drop (call $sk_has_capability {name})) (br $on)) (i32.const 0)"))
    plugin.start()
    assert_ended(plugin.fault, "plugin_start")


def test_each_call_has_its_time_anew(limited, core, monkeypatch):
    plugin = limited(core(poll="(i32.const 0)"))
    plugin.start()
    deadlines = []
    monkeypatch.setattr(guard, "_set_deadline", lambda _, given: deadlines.append(given))
    plugin.host.advance(3)
    assert deadlines == [ticks(0.05)] * 3


@pytest.mark.parametrize(("seconds", "count"), [(0, 2), (0.001, 2), (0.05, 6), (10, 1001)])
def test_a_limit_is_at_least_one_whole_tick(seconds, count):
    assert ticks(seconds) == count


# -- memory


def test_memory_beyond_the_limit_is_not_given_and_the_plugin_goes_on(limited, core):
    limits = Limits(memory_bytes=8 * PAGE)
    grow = "(i32.store (i32.const 512) (memory.grow (i32.const {})))"
    code = (
        f"{grow.format(5)} {grow.format(4).replace('512', '516')} {grow.format(1).replace('512', '520')} (i32.const 0)"
    )
    plugin = limited(core(code), limits)
    assert plugin.start() is State.RUNNING
    answers = [int.from_bytes(plugin.instance.memory.read(at, 4), "little", signed=True) for at in (512, 516, 520)]
    assert answers == [-1, 4, -1]
    assert plugin.memory_bytes == 8 * PAGE


def test_memory_without_end_ends_at_the_limit(limited, core):
    code = "(block $full (loop $on (br_if $full (i32.eq (memory.grow (i32.const 16)) (i32.const -1))) (br $on)))"
    plugin = limited(core(f"{code} (i32.const 0)"), Limits(memory_bytes=256 * PAGE))
    assert plugin.start() is State.RUNNING
    assert plugin.memory_bytes <= 256 * PAGE


def test_a_module_that_begins_with_more_than_the_limit_is_refused(limited, core):
    with pytest.raises(PluginError, match="instantiation"):
        limited(core(memory='(memory (export "memory") 100)'), Limits(memory_bytes=8 * PAGE))


def test_memory_of_a_component_is_limited_too(limited, component):
    grown = "(i32.store8 (i32.const 64) (i32.ne (memory.grow (i32.const 100)) (i32.const -1)))"
    plugin = limited(component([], grown), Limits(memory_bytes=8 * PAGE))
    assert plugin.start() is State.RUNNING
    assert plugin.memory_bytes == 0


def test_tables_are_limited(limited, core):
    code = "(i32.store (i32.const 512) (table.grow $t (ref.null func) (i32.const 1000))) (i32.const 0)"
    plugin = limited(core(code, more="(table $t 1 funcref)"), Limits(table_elements=100))
    plugin.start()
    assert plugin.instance.memory.read(512, 4) == b"\xff\xff\xff\xff"


# -- the stack


@pytest.mark.parametrize(
    "code",
    ["(func $deep (call $deep))", "(func $deep (call $other)) (func $other (call $deep))"],
)
def test_recursion_without_end_is_a_trap(limited, core, code):
    plugin = limited(core("(call $deep) (i32.const 0)", more=code))
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginTrap)
    assert plugin.fault.trap == "stack overflow"


def test_recursion_in_a_component_is_a_trap(limited, component):
    plugin = limited(component([], "(call $deep)", begin="(nop)) (func $deep (call $deep)"))
    plugin.start()
    assert plugin.fault.trap == "stack overflow"


# -- the compiler


def test_the_same_bytes_are_compiled_once(core, component):
    compiler = Compiler()
    assert compiler.module(core()) is compiler.module(bytes(core()))
    assert compiler.component(component([])) is compiler.component(component([]))
    first = compiler.module(core())
    compiler.clear()
    assert compiler.module(core()) is not first
    compiler.clear()


def test_what_does_not_validate_is_refused_each_time(core):
    for _ in range(2):
        with pytest.raises(BinaryError, match=r"The binary \(20 bytes\) is not valid WebAssembly"):
            COMPILER.module(core()[:20])


def test_plugins_of_one_binary_share_nothing_but_the_code(make_host, core, package):
    binary = core("(i32.store (i32.const 512) (i32.add (i32.load (i32.const 512)) (i32.const 1))) (i32.const 0)")
    one, other = (make_host().load(package(binary)) for _ in range(2))
    one.start()
    assert one.instance.memory.read(512, 1) == b"\1"
    assert other.instance.memory.read(512, 1) == b"\0"


# -- the watchdog


def test_the_watchdog_is_idle_when_nothing_runs(limited, core):
    plugin = limited(core(f"{LOOP} (i32.const 0)"))
    plugin.start()
    assert WATCHDOG._active == 0
    watchdogs = [thread for thread in threading.enumerate() if thread.name == "refhost-watchdog"]
    assert len(watchdogs) <= 1
    assert all(thread.daemon for thread in watchdogs)


def test_the_watchdog_ends_itself_once_it_was_idle_for_a_while(monkeypatch):
    from refhost import engine  # noqa: PLC0415 - its constants are changed

    monkeypatch.setattr(engine, "TICK_SECONDS", 0.0005)
    monkeypatch.setattr(engine, "_IDLE_TICKS", 3)
    before = set(threading.enumerate())
    watchdog = engine.Watchdog()
    with watchdog:
        (thread,) = set(threading.enumerate()) - before
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert not watchdog._ticking
    with watchdog:  # and begins anew
        assert watchdog._ticking
        (thread,) = set(threading.enumerate()) - before
    thread.join(timeout=10)  # the others count the watchdogs that there are


def test_the_watchdog_makes_up_for_turns_that_it_did_not_get(monkeypatch):
    """A host function that is at work keeps it waiting, and the deadline of the call comes no later for that."""
    from refhost import engine  # noqa: PLC0415 - its constants are changed

    monkeypatch.setattr(engine, "_IDLE_TICKS", 3)
    for thread in threading.enumerate():
        if thread.name == "refhost-watchdog":  # one that runs on for a while would take part
            thread.join(timeout=10)
            assert not thread.is_alive()
    times = iter([100.0, 100.01, 100.5, 100.501])
    turns = []

    class Epoch:
        def increment_epoch(self):
            turns[-1] += 1

    class Pause:
        def wait(self, seconds):
            turns.append(0)

    monkeypatch.setattr(engine, "engine", Epoch)
    monkeypatch.setattr(engine.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(engine.threading, "Event", Pause)
    engine.Watchdog()._tick()
    assert turns == [1, 49, 1]


HELD_UNTIL_THE_END = """
import atexit
held = []
@atexit.register  # before refhost registers what it does at the end, and so run after it
def look():
    try:
        held[0].ptr()
    except ValueError as error:
        print(error)
from refhost.engine import new_store
held.append(new_store())
"""


def test_no_store_outlives_the_end_of_the_program():
    """Freed later, it would call back into what is gone: pytest ended by a signal after all tests had passed."""
    done = subprocess.run([sys.executable, "-c", HELD_UNTIL_THE_END], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("already closed\n", "")


def test_a_second_memory_would_be_as_large_again(limited):
    more = '(memory $second 1) (func (export "second") (result i32) (memory.size $second))'
    with pytest.raises(PluginTrap, match="memory count too high"):
        limited(Honest(more=more).binary())


def test_tables_are_limited_in_number(limited):
    assert limited(Honest(more="(table 1 funcref) " * 4).binary()).start() is State.RUNNING
    with pytest.raises(PluginTrap, match="table count too high"):
        limited(Honest(more="(table 1 funcref) " * 5).binary())


def test_of_very_many_binaries_those_used_last_are_remembered(monkeypatch, core):
    monkeypatch.setattr(engine, "MOST_REMEMBERED", 2)
    compiler = Compiler()
    one, two, three = (core(more=f";; {number}") + bytes([0, 2, 1, number]) for number in range(3))
    first = compiler.module(one)
    compiler.module(two)
    assert compiler.module(one) is first
    compiler.module(three)  # in the place of the second
    assert compiler.module(one) is first
    assert compiler.compiled == 3
    compiler.module(two)
    assert compiler.compiled == 4
