"""The command dialect: programs rather than plugins (contract §2, R38)."""

from __future__ import annotations

import pytest
from wat import LOOP, compiled, placed, text

from refhost.errors import PluginTimeout, PluginTrap
from refhost.limits import Limits
from refhost.package import from_bytes
from refhost.plugin import State

WRITE = """(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))"""
EXIT = """(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))"""


def program(code: str, imports: str = "", more: str = "") -> bytes:
    """A program whose `_start` does something; its other exports trap when they are called."""
    others = " ".join(f'(func (export "{name}") unreachable)' for name in ("id", "name", "schema", "start", "stop"))
    body, segments = placed(f'(func (export "_start") {code}) {others} {more}')
    return compiled(f'(module {imports} (memory (export "memory") 4) {" ".join(segments)} {body})')


@pytest.fixture
def load(host):
    return lambda *parts, **more: host.load(from_bytes(program(*parts, **more), name="legacy"))


def test_it_is_loaded_with_the_packages_name_and_none_of_its_exports_is_called(load):
    plugin = load("")
    assert (plugin.id, plugin.name, plugin.schema_text, plugin.schema) == ("legacy", "legacy", "", {})
    assert plugin.start({"a": 1}) is State.RUNNING
    assert plugin.stop() is State.STOPPED


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_its_exit_code_is_the_status(load, code):
    plugin = load(f"(call $proc_exit (i32.const {code}))", EXIT)
    assert plugin.start() is (State.ERROR if code else State.RUNNING)
    assert plugin.status_code == code


def test_what_it_prints_is_in_its_log(load):
    pointer, length = text("hello\nworld\n").removesuffix(")").split(") ")
    vector = f"(i32.store (i32.const 64) {pointer})) (i32.store (i32.const 68) {length}))"
    plugin = load(f"{vector} (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72)))", WRITE)
    plugin.start()
    assert [record.text for record in plugin.log if record.kind == "stdout"] == ["hello", "world"]


def test_a_trap_and_an_endless_loop_name_the_export(load, make_host):
    plugin = load("unreachable")
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginTrap)
    assert plugin.fault.function == "_start"
    plugin = make_host(limits=Limits(call_seconds=0.02)).load(from_bytes(program(LOOP), name="legacy"))
    plugin.start()
    assert isinstance(plugin.fault, PluginTimeout)
    assert plugin.fault.function == "_start"


def test_it_gets_neither_polls_nor_deltas(load):
    more = '(func (export "poll") (result i32) unreachable) (func (export "delta_handler") (param i32 i32) unreachable)'
    plugin = load("", more=more)
    plugin.start()
    plugin.host.publish("a", 1)
    plugin.host.advance(5)
    assert plugin.state is State.RUNNING
    assert not [record for record in plugin.log if record.kind == "fault"]


def test_while_it_is_loaded_nothing_of_it_runs(load):
    plugin = load("unreachable")
    assert plugin.state is State.STOPPED
    assert plugin.fault is None
