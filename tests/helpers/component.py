"""A small honest plugin as a component, in WebAssembly text, and its faulty copies."""

from __future__ import annotations

from honest import NAME, SCHEMA
from wat import compiled, placed, text

from refhost.capabilities import Grants
from refhost.package import PluginPackage

API = "signalk:plugin-api/{}@1.0.0"
SET_STATUS = '(export "set-plugin-status" (func (param "message" string)))'

_DELTA_HANDLER = """
  (type $source (record (field "label" string) (field "type" (option string))))
  (export "source-ref" (type $source-ref (eq $source)))
  (type $pair (record (field "path" string) (field "value" string)))
  (export "path-value" (type $path-value (eq $pair)))
  (type $one (record
    (field "source" $source-ref) (field "timestamp" string) (field "values" (list $path-value))))
  (export "update" (type $update (eq $one)))
  (type $all (record (field "context" string) (field "updates" (list $update))))
  (export "delta" (type $delta (eq $all)))
  (export "handle-message" (func (param "plugin-id" string) (param "delta" $delta)))"""

# Where the module puts what it returns, and the update that it emits.
_RESULT, _UPDATE = 64, 128
_LIBRARY = """(core module $library (memory (export "memory") 4) (global $heap (mut i32) (i32.const 131072))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
    (local.set $p (global.get $heap))
    (global.set $heap
      (i32.and (i32.add (i32.add (local.get $p) (local.get 3)) (i32.const 15)) (i32.const -8)))
    (block $enough (loop $grow
      (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
      (br $grow)))
    (local.get $p)))"""
_ALIASES = """(core instance $library (instantiate $library))
  (alias core export $library "memory" (core memory $memory))
  (alias core export $library "realloc" (core func $realloc))"""
_CANONICAL = "(memory $memory) (realloc $realloc) string-encoding=utf8"
_TEXT = "(result string)"
_ERROR_OR_NOTHING = "(result (result (error string)))"


def _stores(at: int, *pairs: str) -> str:
    """Put pointers and lengths into memory, one pair after the other."""
    code = []
    for pair in pairs:
        pointer, length = pair.removesuffix(")").split(") ")
        code += [f"(i32.store (i32.const {at}) {pointer}))", f"(i32.store (i32.const {at + 4}) {length}))"]
        at += 8
    return " ".join(code)


def fails(message: str) -> str:
    """Return an error from `start` or `stop`."""
    told = _stores(_RESULT + 4, text(message))
    return f"(i32.store8 (i32.const {_RESULT}) (i32.const 1)) {told} (return (i32.const {_RESULT}))"


def binary(
    *,
    name: str = "WIT plugin",
    value: str = "",
    start: str = "",
    stop: str = "",
    refusal: str = "Not an object",
    end: str = "",
    status: str = SET_STATUS,
    schema: str = SCHEMA,
    without: str = "",
) -> bytes:
    """The component.

    Args:
        value: the text of a JSON value, which it then emits when it starts.
        refusal: the error with which it refuses a configuration.
        start, stop, end: code at the beginning of `start` and of `stop`, and at the end of `start`.
        status: the declaration of what it imports of the interface plugin-status.
        without: the function of plugin-interface that is left out.
    """
    main = _main(name=name, schema=schema, value=value, start=start, stop=stop, end=end, refusal=refusal)
    return compiled(
        f"""(component
        (import "{API.format("plugin-status")}" (instance $status {status}))
        (import "{API.format("delta-handler")}" (instance $deltas {_DELTA_HANDLER}))
        {_LIBRARY} {_ALIASES}
        (core func $set_status (canon lower (func $status "set-plugin-status") {_CANONICAL}))
        (core func $emit (canon lower (func $deltas "handle-message") {_CANONICAL}))
        {main}
        (core instance $main (instantiate $main (with "host" (instance
          (export "memory" (memory $memory))
          (export "set_status" (func $set_status)) (export "emit" (func $emit))))))
        {_lifted("id", _TEXT)} {_lifted("name", _TEXT)} {_lifted("schema", _TEXT)}
        {_lifted("start", f'(param "config" string) {_ERROR_OR_NOTHING}')}
        {_lifted("stop", _ERROR_OR_NOTHING)}
        (instance $api {_exports(without)})
        (export "{API.format("plugin-interface")}" (instance $api)))"""
    )


def _main(*, name: str, schema: str, value: str, start: str, stop: str, end: str, refusal: str) -> str:
    emits = value and (
        _stores(_UPDATE, text("source"))
        + _stores(_UPDATE + 20, text(""), f"(i32.const {_UPDATE + 40}) (i32.const 1)")
        + _stores(_UPDATE + 40, text("plugins.wit.starts"), text(value))
        + f"(call $emit {text(NAME)} {text('vessels.self')} (i32.const {_UPDATE}) (i32.const 1))"
    )
    strings = "".join(
        f'(func (export "{export}") (result i32) {_stores(_RESULT, text(given))} (i32.const {_RESULT}))'
        for export, given in (("id", NAME), ("name", name), ("schema", schema))
    )
    refuses = f"(if (i32.ne (i32.load8_u (local.get $config)) (i32.const 123)) (then {fails(refusal)}))"
    body, segments = placed(
        f"""{strings}
        (func (export "start") (param $config i32) (param $length i32) (result i32)
          (i32.store8 (i32.const {_RESULT}) (i32.const 0))
          {start} {refuses} (call $set_status {text("Running")}) {emits} {end} (i32.const {_RESULT}))
        (func (export "stop") (result i32)
          (i32.store8 (i32.const {_RESULT}) (i32.const 0)) {stop} (i32.const {_RESULT}))"""
    )
    return f"""(core module $main (import "host" "memory" (memory 4))
      (import "host" "set_status" (func $set_status (param i32 i32)))
      (import "host" "emit" (func $emit (param i32 i32 i32 i32 i32 i32)))
      {" ".join(segments)} {body})"""


def _lifted(name: str, ty: str) -> str:
    return f'(func ${name} {ty} (canon lift (core func $main "{name}") {_CANONICAL}))'


def _exports(without: str) -> str:
    names = ("id", "name", "schema", "start", "stop")
    return " ".join(f'(export "{name}" (func ${name}))' for name in names if name != without)


def package(component: bytes) -> PluginPackage:
    """A component in a package."""
    manifest = {"name": NAME, "wasmCapabilities": {"dataWrite": True}}
    return PluginPackage(NAME, component, "mutant", Grants.declared({}), manifest)
