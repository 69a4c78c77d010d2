"""Plugins in WebAssembly text, made to order: an honest one, and with a word changed a broken one.

    binary = plugin(start=emit('{"updates":[]}') + OK)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import wasmtime

TYPES = {
    "abort": "i32 i32 i32 i32",
    "sk_debug": "i32 i32",
    "sk_set_status": "i32 i32",
    "sk_set_error": "i32 i32",
    "sk_get_self_path": "i32 i32 i32 i32 -> i32",
    "sk_get_path": "i32 i32 i32 i32 -> i32",
    "sk_handle_message": "i32 i32 i32",
    "sk_publish_notification": "i32 i32 i32 i32 -> i32",
    "sk_read_config": "i32 i32 -> i32",
    "sk_save_config": "i32 i32 -> i32",
    "sk_has_capability": "i32 i32 -> i32",
    "sk_register_put_handler": "i32 i32 i32 i32 -> i32",
    "sk_register_resource_provider": "i32 i32 -> i32",
}
WASI_TYPES = {
    "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32 -> i32",
    "path_symlink": "i32 i32 i32 i32 i32 -> i32",
    "path_create_directory": "i32 i32 i32 -> i32",
    "fd_write": "i32 i32 i32 i32 -> i32",
    "fd_read": "i32 i32 i32 i32 -> i32",
    "fd_close": "i32 -> i32",
    "random_get": "i32 i32 -> i32",
    "clock_time_get": "i32 i64 i32 -> i32",
    "proc_exit": "i32",
}

OK = "(i32.const 0)"
TRAP = "(unreachable)"
LOOP = "(loop $forever (br $forever))"


@dataclass
class Text:
    """The data segments of a plugin that is being put together."""

    segments: list[str] = field(default_factory=list)
    end: int = 4096

    def place(self, data: bytes) -> tuple[int, int]:
        """Put bytes into the plugin's memory; where they are, and how many."""
        at, self.end = self.end, self.end + len(data) + (-len(data)) % 8
        escaped = "".join(f"\\{byte:02x}" for byte in data)
        self.segments.append(f'(data (i32.const {at}) "{escaped}")')
        return at, len(data)


_TEXT = Text()


def text(value: str | bytes) -> str:
    """Pointer and length of a text, as two arguments of a call."""
    data = value.encode() if isinstance(value, str) else value
    pointer, length = _TEXT.place(data)
    return f"(i32.const {pointer}) (i32.const {length})"


def call(name: str, *arguments: str) -> str:
    """A call of a host function whose result, if any, is dropped."""
    invoked = f"(call ${name} {' '.join(arguments)})"
    types = {**TYPES, **WASI_TYPES}[name]
    return f"(drop {invoked})" if "->" in types else invoked


def emit(delta: str | bytes, version: int = 1) -> str:
    """Emit a text as a delta."""
    return call("sk_handle_message", text(delta), f"(i32.const {version})")


def value(path: str, json: str) -> str:
    """A delta with one value, as text."""
    return f'{{"updates":[{{"values":[{{"path":"{path}","value":{json}}}]}}]}}'


def status(message: str | bytes) -> str:
    """Set the status."""
    return call("sk_set_status", text(message))


def _import(module: str, name: str, types: str) -> str:
    parameters, _, result = types.partition("->")
    wasm = f"(param {parameters.strip()})" if parameters.strip() else ""
    wasm += f" (result {result.strip()})" if result.strip() else ""
    return f'(import "{module}" "{name}" (func ${name} {wasm}))'


def _string_out(export: str, body: str) -> str:
    return f'(func (export "{export}") (param $out i32) (param $max i32) (result i32) {body})'


def write_out(value: str | bytes) -> str:
    """The body of an honest `(out, max) -> length`: nothing is written when it does not fit."""
    pointer, length = _TEXT.place(value.encode() if isinstance(value, str) else value)
    return (
        f"(if (i32.gt_u (i32.const {length}) (local.get $max)) (then (return (i32.const 0)))) "
        f"(memory.copy (local.get $out) (i32.const {pointer}) (i32.const {length})) (i32.const {length})"
    )


def module(
    *,
    id: str | bytes | None = "wat-plugin",  # noqa: A002 - the field's own word
    name: str | bytes = "WAT plugin",
    schema: str | bytes = '{"type":"object","properties":{}}',
    start: str = "",
    stop: str = "",
    poll: str | None = None,
    delta: str | None = None,
    imports: str = "",
    functions: str = "",
    allocate: str = "",
    replace: dict[str, str] | None = None,
    memory: str = '(memory (export "memory") 4)',
) -> str:
    """The text of a buffer plugin. Bodies leave an i32; those of start, stop and poll default to 0 at the end.

    Args:
        replace: whole functions by export name, instead of the ones made here; "" leaves one out.
        imports: import names, known ones, separated by blanks; only what is called is imported by default.
    """
    exports = {
        "allocate": f'(func $allocate (export "allocate") (param $n i32) (result i32) {allocate or _ALLOCATE})',
        "deallocate": '(func (export "deallocate") (param i32 i32))',
        "plugin_name": _string_out("plugin_name", write_out(name)),
        "plugin_schema": _string_out("plugin_schema", write_out(schema)),
        "plugin_start": '(func (export "plugin_start") (param $config i32) (param $length i32) (result i32) '
        f"(local $i i32) {start} {OK})",
        "plugin_stop": f'(func (export "plugin_stop") (result i32) {stop} {OK})',
    }
    if id is not None:
        exports["plugin_id"] = _string_out("plugin_id", write_out(id))
    if poll is not None:
        exports["poll"] = f'(func (export "poll") (result i32) {poll} {OK})'
    if delta is not None:
        exports["delta_handler"] = (
            f'(func (export "delta_handler") (param $delta i32) (param $length i32) (local $i i32) {delta})'
        )
    exports.update(replace or {})
    body = "\n".join([*exports.values(), functions])
    wanted = set(imports.split())
    lines = [_import("env", n, t) for n, t in TYPES.items() if n in wanted or f"${n} " in body]
    lines += [
        _import("wasi_snapshot_preview1", n, t)
        for n, t in WASI_TYPES.items()
        if n in wanted or f"${n} " in body
    ]
    segments = "\n".join(_TEXT.segments)
    return f"(module\n{chr(10).join(lines)}\n{memory}\n(global $heap (mut i32) (i32.const 131072))\n{segments}\n{body})"


# A bump allocator that begins again once it is far up: enough for calls that never keep what they get.
_ALLOCATE = """
  (local $p i32)
  (if (i32.gt_u (local.get $n) (i32.const 16777216)) (then (return (i32.const 0))))
  (local.set $p (global.get $heap))
  (global.set $heap (i32.and (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -8)))
  (block $enough (loop $grow
    (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
    (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (return (i32.const 0))))
    (br $grow)))
  (if (i32.gt_u (global.get $heap) (i32.const 1048576)) (then (global.set $heap (i32.const 131072))))
  (local.get $p)"""


def plugin(**parts: object) -> bytes:
    """The binary of `module(…)`. Texts placed since the last plugin go into this one."""
    try:
        return bytes(wasmtime.wat2wasm(module(**parts)))  # type: ignore[arg-type]
    finally:
        _TEXT.segments.clear()
        _TEXT.end = 4096
