"""A small honest plugin of the AssemblyScript dialect, in WebAssembly text, and its faulty copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from honest import NAME, REFUSE, SCHEMA, value
from wat import HEAP, assemble, call, emit, string, text, when

from refhost.capabilities import Grants
from refhost.package import PluginPackage

if TYPE_CHECKING:
    from collections.abc import Mapping

# Like runtime "stub": objects are never freed, but for a delta, whose place is used again. Their size stands in the
# four bytes before them.
NEW = """
  (local $p i32)
  (local.set $p (i32.add (global.get $heap) (i32.const 16)))
  (global.set $heap
    (i32.and (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -16)))
  (block $enough (loop $grow
    (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
    (br $grow)))
  (i32.store (i32.sub (local.get $p) (i32.const 4)) (local.get $n))
  (local.get $p)"""
_GLOBALS = f"(global $heap (mut i32) (i32.const {HEAP}))"
_IS_OBJECT = (
    "(i32.and (i32.gt_u (local.get $length) (i32.const 1)) (i32.and"
    " (i32.eq (i32.load8_u (local.get $config)) (i32.const 123))"
    " (i32.eq (i32.load8_u (i32.sub (i32.add (local.get $config) (local.get $length)) (i32.const 1)))"
    " (i32.const 125))))"
)


def binary(
    *,
    name: str | bytes = "AS plugin",
    start: str = "",
    delta: str = "",
    exports: Mapping[str, str] | None = None,
) -> bytes:
    """The module.

    Args:
        name: what it calls itself; bytes are taken as the UTF-16 that they should be.
        start: code at the beginning of `plugin_start`.
        delta: code in `delta_handler`; the local `$delta` points to the string.
        exports: whole exports in the place of its own; "" leaves one out.
    """
    emitted = emit(value("plugins.as.starts", "1"))
    complaint = call("sk_set_error", text("The capability dataWrite is missing"))
    begun = [
        start,
        when(f"(i32.eqz {_IS_OBJECT})", REFUSE, "(return (i32.const 1))"),
        call("sk_set_status", text("Running")),
        f"(if (call $sk_has_capability {text('dataWrite')}) (then {emitted}) (else {complaint}))",
    ]
    functions = {
        "__new": f'(func (export "__new") (param $n i32) (param i32) (result i32) {NEW})',
        "plugin_id": f'(func (export "plugin_id") (result i32) {string(NAME)})',
        "plugin_name": f'(func (export "plugin_name") (result i32) {string(name)})',
        "plugin_schema": f'(func (export "plugin_schema") (result i32) {string(SCHEMA)})',
        "plugin_start": '(func (export "plugin_start") (param $config i32) (param $length i32) (result i32) '
        f"{' '.join(begun)} (i32.const 0))",
        "plugin_stop": '(func (export "plugin_stop") (result i32) (i32.const 0))',
        "delta_handler": f'(func (export "delta_handler") (param $delta i32) {delta} '
        f"(global.set $heap (i32.sub (local.get $delta) (i32.const 16))))",
        **(exports or {}),
    }
    return assemble("\n".join([_GLOBALS, *functions.values()]))


def package() -> PluginPackage:
    """The honest module in a package."""
    manifest = {"name": NAME, "wasmCapabilities": {"dataRead": True}}
    return PluginPackage(NAME, binary(), "mutant", Grants.declared({}), manifest)
