"""One plugin, one log of deltas, two ways: one by one, and at once. What can be seen of both must be the same."""

from __future__ import annotations

import json

import wat

from refhost.errors import ConfigurationError
from refhost.host import Host

CONTEXT = "vessels.urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"
NOW = "2024-01-15T12:30:00.000Z"


def delta(value, path="navigation.speedOverGround", context=CONTEXT, **more):
    update = {"$source": "n2k.43", "timestamp": NOW, "values": [{"path": path, "value": value}]}
    return {"context": context, "updates": [{**update, **more}]}


def deliver(host, deltas, *, at_once):
    """Put deltas on the bus of a host, the one way or the other."""
    if at_once:
        host.replay(deltas)
    else:
        for each in deltas:
            host.publish_delta(each)


def written(emissions):
    """All that there is about emissions, with the order of keys."""
    return [(each.time, each.plugin, each.version, json.dumps(each.delta)) for each in emissions]


def outcome(package, deltas, *, at_once, limits=None, config=None):
    """All that can be seen of a host in which a plugin has got deltas."""
    raised = ""
    with Host(limits=limits) as host:
        plugin = host.load(package)
        plugin.start(config or {})
        try:
            deliver(host, deltas, at_once=at_once)
        except (ConfigurationError, ValueError, TypeError) as error:
            raised = f"{type(error).__name__}: {error}"
        instance = plugin.instance
        seen = {
            "raised": raised,
            "log": [str(record) for record in host.log],
            "emissions": written(host.bus.emissions),
            "claims": plugin.claims,
            "model": json.dumps(host.model.root),
            "state": str(plugin.state),
            "fault": repr(plugin.fault) + str(plugin.fault and (plugin.fault.function, plugin.fault.hint)),
            "memory": instance.memory.read(0, instance.memory_bytes()) if instance else None,
            "status": (plugin.status, plugin.error),
            "time": host.clock.now_ns,
        }
        host.advance(40)
        return {**seen, "later": [str(record) for record in host.log]}


def same(package, deltas, **more):
    """Both ways end alike; what they ended as."""
    one_by_one = outcome(package, deltas, at_once=False, **more)
    assert outcome(package, deltas, at_once=True, **more) == one_by_one
    return one_by_one


# A plugin that keeps what it gets, one text behind the other, and does something with the third of them.
LIFE = """
    (global $n (mut i32) (i32.const 0))
    (global $kept (mut i32) (i32.const 131072))
    (global $looks (mut i32) (i32.const 0))
    (func $three (result i32) (i32.eq (global.get $n) (i32.const 3)))
    (func (export "plugin_start") (param i32 i32) (result i32) (i32.const 0))
    (func (export "plugin_stop") (result i32) (i32.const 0))"""
KEEP = """
    (memory.copy (global.get $kept) (local.get 0) (local.get $length))
    (global.set $kept (i32.add (global.get $kept) (local.get $length)))"""
_CLOCK = '(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))'


def buffer(handler="", allocate="", deallocate="", always=""):
    return wat.assemble(
        f"""{LIFE}
    (func $say (param i32 i32) (result i32) (i32.store16 (local.get 0) (i32.const 0x7d7b)) (i32.const 2))
    (func (export "plugin_id") (param i32 i32) (result i32) (call $say (local.get 0) (local.get 1)))
    (func (export "plugin_name") (param i32 i32) (result i32) (call $say (local.get 0) (local.get 1)))
    (func (export "plugin_schema") (param i32 i32) (result i32) (call $say (local.get 0) (local.get 1)))
    (func (export "allocate") (param i32) (result i32) {allocate} (i32.const 65536))
    (func (export "deallocate") (param i32 i32) {deallocate})
    (func $deep (call $deep))
    (func (export "delta_handler") (param i32) (param $length i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      {KEEP} {always} (if (call $three) (then {handler})))""",
        imports=_CLOCK,
        memory='(memory (export "memory") 16)',
    )


def assemblyscript(handler="", allocate="", deallocate="", always=""):
    return wat.assemble(
        f"""{LIFE}
    (func (export "plugin_name") (result i32) {wat.string("p")})
    (func (export "plugin_schema") (result i32) {wat.string("{}")})
    (func (export "plugin_id") (result i32) {wat.string("p")})
    (func (export "__new") (param $size i32) (param i32) (result i32)
      (i32.store (i32.const 65532) (local.get $size)) {allocate} (i32.const 65536))
    (func (export "__pin") (param i32) (result i32) (local.get 0))
    (func (export "__unpin") (param i32) {deallocate})
    (func $deep (call $deep))
    (func (export "delta_handler") (param i32) (local $length i32)
      (local.set $length (i32.load (i32.const 65532)))
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      {KEEP} {always} (if (call $three) (then {handler})))""",
        imports=_CLOCK,
        memory='(memory (export "memory") 16)',
    )
