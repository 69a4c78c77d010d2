"""An honest plugin in WebAssembly text that uses as much of the API as it can, and its faulty copies.

Every part of it can be changed, one at a time, so that a mutant differs from it in nothing else:

    mutant = Honest(start=TRAP)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wat import HEAP, assemble, call, emit, text, when

from refhost.capabilities import Grants
from refhost.package import PluginPackage, plugin_id

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "wat-plugin"
SCHEMA = (
    '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object",'
    '"properties":{"greeting":{"type":"string","title":"Greeting","default":"hello"}}}'
)
CAPABILITIES: Mapping[str, object] = {
    "dataRead": True,
    "dataWrite": True,
    "storage": "vfs-only",
    "putHandlers": True,
    "httpEndpoints": True,
}


def value(path: str, json: str) -> str:
    """A delta with one value, as text."""
    return f'{{"updates":[{{"values":[{{"path":"{path}","value":{json}}}]}}]}}'


DELTAS: tuple[str | bytes, ...] = (
    value("plugins.wat.starts", "1"),
    (
        '{"context":"vessels.self","updates":[{"timestamp":"2026-01-01T00:00:00.000Z",'
        '"values":[{"path":"","value":{"communication":{"callsignVhf":"OH1234"}}}]}]}'
    ),
    '{"updates":[{"meta":[{"path":"plugins.wat.starts","value":{"description":"Starts"}}]}]}',
    value("notifications.wat.state", '{"state":"normal","method":[],"message":"All is well"}'),
)

ENDPOINTS = (
    '[{"method":"GET","path":"/api/status","handler":"get_status"},'
    '{"method":"GET","path":"/api/items/:id","handler":"get_item"},'
    '{"method":"POST","path":"/api/items","handler":"post_item"}]'
)
ITEM = '{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":{"id":"1"}}'
NO_ITEM = '{"statusCode":404,"headers":{"Content-Type":"application/json"},"body":"{\\"error\\":\\"no such item\\"}"}'
BAD_ITEM = '{"statusCode":400,"body":"an item is a JSON object"}'
SWITCH = "handle_put_vessels_self_plugins_wat_switch"
SWITCHED = '{"state":"COMPLETED","statusCode":200}'
NOT_SWITCHED = '{"state":"COMPLETED","statusCode":400,"message":"The switch is true or false"}'

# Scratch places in its memory.
DESCRIPTOR, COUNT, VECTOR, ANSWER, ANSWER_SIZE, CONTENTS = 64, 68, 72, 1024, 2048, 4096

SPEED = text("navigation.speedOverGround")
ANSWER_BUFFER = f"(i32.const {ANSWER}) (i32.const {ANSWER_SIZE})"
READ_SPEED = call("sk_get_self_path", SPEED, ANSWER_BUFFER)
MAY_READ = f"(call $sk_has_capability {text('dataRead')})"
PUTS = when(
    f"(call $sk_has_capability {text('putHandlers')})",
    call("sk_register_put_handler", text("vessels.self"), text("plugins.wat.switch")),
)
REFUSE = call("sk_set_error", text("The configuration is not a JSON object"))


def config_has(part: str) -> str:
    """Whether the configuration's text holds a part, as a condition in `start`."""
    return f"(call $contains (local.get $config) (local.get $length) {text(part)})"


def delta_has(part: str) -> str:
    """Whether the delta's text holds a part, as a condition in `delta`."""
    return f"(call $contains (local.get $delta) (local.get $length) {text(part)})"


def write_out(value: str | bytes) -> str:
    """The body of an honest `(out, max) -> length`: nothing is written when it does not fit."""
    pointer, _, length = text(value).partition(") ")
    return (
        f"(if (i32.gt_u {length} (local.get $max)) (then (return (i32.const 0)))) "
        f"(memory.copy (local.get $out) {pointer}) {length}) {length}"
    )


def string_out(export: str, body: str) -> str:
    """An export of the form `(out, max) -> length`."""
    return f'(func (export "{export}") (param $out i32) (param $max i32) (result i32) {body})'


def handler(export: str, *code: str) -> dict[str, str]:
    """An export of the form `(text, length, out, max) -> length`, by its name; `$asked` and `$length` are the text."""
    parameters = "(param $asked i32) (param $length i32) (param $out i32) (param $max i32) (result i32)"
    return {export: f'(func (export "{export}") {parameters} (local $i i32) {" ".join(code)})'}


def asked_has(part: str) -> str:
    """Whether the text that a handler was asked with holds a part, as a condition."""
    return f"(call $contains (local.get $asked) (local.get $length) {text(part)})"


def asked_begins(character: str) -> str:
    """Whether it begins with a character."""
    return f"(i32.eq (i32.load8_u (local.get $asked)) (i32.const {ord(character)}))"


def answer(given: str | bytes) -> str:
    """Answer with a text, and return."""
    return f"{write_out(given)} (return)"


# Blocks lie one after the other; once none is in use, the room is used again. The memory grows as it must.
ALLOCATE = f"""
  (local $p i32)
  (if (i32.eqz (global.get $live)) (then (global.set $heap (i32.const {HEAP}))))
  (local.set $p (global.get $heap))
  (if (i32.gt_u (local.get $n) (i32.const 67108864)) (then (return (i32.const 0))))
  (global.set $heap (i32.and (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -8)))
  (block $enough (loop $grow
    (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 0))))
    (br $grow)))
  (global.set $live (i32.add (global.get $live) (i32.const 1)))
  (local.get $p)"""

_HELPERS = f"""
(global $heap (mut i32) (i32.const {HEAP}))
(global $live (mut i32) (i32.const 0))
(global $lives (mut i32) (i32.const 0))
(global $polls (mut i32) (i32.const 0))
(global $heard (mut i32) (i32.const 0))
(global $may (mut i32) (i32.const 0))
(global $flag (mut i32) (i32.const 0))

(func $contains (param $at i32) (param $length i32) (param $part i32) (param $size i32) (result i32)
  (local $end i32) (local $i i32)
  (if (i32.gt_u (local.get $size) (local.get $length)) (then (return (i32.const 0))))
  (local.set $end (i32.sub (i32.add (local.get $at) (local.get $length)) (local.get $size)))
  (loop $next
    (local.set $i (i32.const 0))
    (block $differs
      (loop $same
        (if (i32.eq (local.get $i) (local.get $size)) (then (return (i32.const 1))))
        (br_if $differs (i32.ne
          (i32.load8_u (i32.add (local.get $at) (local.get $i)))
          (i32.load8_u (i32.add (local.get $part) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $same)))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $next (i32.le_u (local.get $at) (local.get $end))))
  (i32.const 0))

(func $is_object (param $at i32) (param $length i32) (result i32)
  (local $end i32)
  (local.set $end (i32.sub (i32.add (local.get $at) (local.get $length)) (i32.const 1)))
  (block $begun (loop $left
    (br_if $begun (i32.ge_u (local.get $at) (local.get $end)))
    (br_if $begun (i32.gt_u (i32.load8_u (local.get $at)) (i32.const 32)))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br $left)))
  (block $ended (loop $right
    (br_if $ended (i32.ge_u (local.get $at) (local.get $end)))
    (br_if $ended (i32.gt_u (i32.load8_u (local.get $end)) (i32.const 32)))
    (local.set $end (i32.sub (local.get $end) (i32.const 1)))
    (br $right)))
  (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const 0))))
  (i32.and
    (i32.eq (i32.load8_u (local.get $at)) (i32.const 123))
    (i32.eq (i32.load8_u (local.get $end)) (i32.const 125))))

(func $open (param $path i32) (param $size i32) (param $how i32) (param $rights i64) (result i32)
  (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $size) (local.get $how)
    (local.get $rights) (i64.const 0) (i32.const 0) (i32.const {DESCRIPTOR})))

(func $move (param $data i32) (param $length i32) (param $write i32) (result i32)
  (local $error i32)
  (i32.store (i32.const {VECTOR}) (local.get $data))
  (i32.store (i32.const {VECTOR + 4}) (local.get $length))
  (local.set $error (if (result i32) (local.get $write)
    (then (call $fd_write
      (i32.load (i32.const {DESCRIPTOR})) (i32.const {VECTOR}) (i32.const 1) (i32.const {COUNT})))
    (else (call $fd_read
      (i32.load (i32.const {DESCRIPTOR})) (i32.const {VECTOR}) (i32.const 1) (i32.const {COUNT})))))
  (drop (call $fd_close (i32.load (i32.const {DESCRIPTOR}))))
  (local.get $error))

(func $write_file (param $path i32) (param $size i32) (param $data i32) (param $length i32) (result i32)
  (local $error i32)
  (local.set $error (call $open (local.get $path) (local.get $size) (i32.const 9) (i64.const 64)))
  (if (local.get $error) (then (return (local.get $error))))
  (call $move (local.get $data) (local.get $length) (i32.const 1)))

(func $read_file (param $path i32) (param $size i32) (result i32)
  (local $error i32)
  (i32.store (i32.const {COUNT}) (i32.const 0))
  (i32.store (i32.const {CONTENTS}) (i32.const 0))
  (local.set $error (call $open (local.get $path) (local.get $size) (i32.const 0) (i64.const 2)))
  (if (local.get $error) (then (return (local.get $error))))
  (call $move (i32.const {CONTENTS}) (i32.const 64) (i32.const 0)))
"""


@dataclass(frozen=True, kw_only=True)
class Honest:
    """A plugin of the buffer dialect; each attribute but the first ones is code that is put in at one place.

    Attributes:
        package_name: of its package.json; "" for a plugin without a package.
        capabilities: its `wasmCapabilities`; None for a package.json without them.
        deltas: what it emits when it starts, if it may.
        begin: the first thing in `plugin_start`, before the configuration is looked at.
        refuse: what it does before it refuses a configuration.
        start: in `plugin_start`, once the configuration is known to be an object.
        read: after `data/note.txt` was read: `$error` is the errno, the contents are at `CONTENTS`.
        written: after `data/note.txt` was written; `$error` is the errno.
        ask: what it does without `dataWrite`.
        may: whether it may emit, as a condition.
        puts: how it registers its PUT handler.
        save: how it saves its configuration.
        status: how it sets its status.
        end: the last thing in `plugin_start`; `return` gives another status than 0.
        endpoints: what `http_endpoints` returns.
        poll, delta, stop: at the beginning of these calls.
        look: how `poll` reads the model.
        exports: whole exports in the place of its own; "" leaves one out.
        imports: more lines of imports.
        more: more fields of the module.
    """

    package_name: str = NAME
    capabilities: Mapping[str, object] | None = field(default_factory=lambda: CAPABILITIES)
    id: str | bytes = NAME
    name: str | bytes = "WAT plugin"
    schema: str | bytes = SCHEMA
    deltas: tuple[str | bytes, ...] = DELTAS
    begin: str = ""
    refuse: str = REFUSE
    start: str = ""
    read: str = ""
    written: str = when("(local.get $error)", call("sk_set_error", text("Cannot write /data/note.txt")))
    ask: str = call("sk_set_error", text("The capability dataWrite is missing: nothing is emitted"))
    may: str = f"(call $sk_has_capability {text('dataWrite')})"
    puts: str = PUTS
    save: str = call("sk_save_config", text('{"greeting":"hello"}'))
    status: str = call("sk_set_status", text("Running"))
    end: str = ""
    poll: str = ""
    endpoints: str = ENDPOINTS
    look: str = READ_SPEED + call("sk_get_path", text("vessels.self.navigation.position"), ANSWER_BUFFER)
    delta: str = ""
    stop: str = ""
    exports: Mapping[str, str] = field(default_factory=dict)
    imports: str = ""
    more: str = ""

    def binary(self) -> bytes:
        """The module."""
        exports = {**self._metadata(), **self._life(), **self._handlers(), **self.exports}
        return assemble("\n".join([_HELPERS, *exports.values(), self.more]), imports=self.imports)

    def package(self) -> PluginPackage:
        """The module in its package."""
        if not self.package_name:
            return PluginPackage("", self.binary(), "mutant.wasm", Grants.declared(self.capabilities or {}))
        manifest: dict[str, object] = {"name": self.package_name, "version": "1.0.0"}
        if self.capabilities is not None:
            manifest["wasmCapabilities"] = dict(self.capabilities)
        return PluginPackage(
            plugin_id(self.package_name),
            self.binary(),
            "mutant",
            Grants.declared(self.capabilities or {}),
            manifest,
        )

    def _metadata(self) -> dict[str, str]:
        return {
            "allocate": f'(func $allocate (export "allocate") (param $n i32) (result i32) {ALLOCATE})',
            "deallocate": '(func (export "deallocate") (param i32 i32) '
            "(global.set $live (i32.sub (global.get $live) (i32.const 1))))",
            "plugin_id": string_out("plugin_id", write_out(self.id)),
            "plugin_name": string_out("plugin_name", write_out(self.name)),
            "plugin_schema": string_out("plugin_schema", write_out(self.schema)),
            "http_endpoints": string_out("http_endpoints", write_out(self.endpoints)),
        }

    def _handlers(self) -> dict[str, str]:
        switched = when(f"(i32.or {asked_begins('t')} {asked_begins('f')})", answer(SWITCHED))
        return {
            **handler(SWITCH, switched, write_out(NOT_SWITCHED)),
            **handler("get_status", write_out('{"statusCode":200,"body":"{}"}')),
            **handler("get_item", when(asked_has('"params":{"id":"1"}'), answer(ITEM)), write_out(NO_ITEM)),
            **handler("post_item", when(asked_has('"body":{'), answer(ITEM)), write_out(BAD_ITEM)),
        }

    def _begin(self) -> str:
        """More that it does in `plugin_start`, before its status is set."""
        return ""

    def _turn(self) -> str:
        """More that it does in `poll`."""
        return ""

    def _end(self) -> str:
        """More that it does in `plugin_stop`."""
        return ""

    def _life(self) -> dict[str, str]:
        heard = emit(value("plugins.wat.heard", "1"))
        notify = call(
            "sk_publish_notification",
            text("notifications.wat.started"),
            text('{"state":"normal","method":[],"message":"Started"}'),
        )
        emits = " ".join(map(emit, self.deltas))
        start = [
            self.begin,
            when(
                "(i32.eqz (call $is_object (local.get $config) (local.get $length)))",
                self.refuse,
                "(return (i32.const 1))",
            ),
            self.start,
            f"(global.set $may {self.may})",
            f"(local.set $error (call $read_file {text('data/note.txt')}))",
            self.read,
            f"(local.set $error (call $write_file {text('data/note.txt')} {text('1')}))",
            self.written,
            f"(drop (call $write_file {text('tmp/cache.txt')} {text('1')}))",
            f"(if (global.get $may) (then {emits} {notify}) (else {self.ask} (nop)))",
            self.puts,
            call("sk_read_config", ANSWER_BUFFER),
            self.save,
            self._begin(),
            self.status,
            "(global.set $lives (i32.add (global.get $lives) (i32.const 1)))",
            self.end,
        ]
        return {
            "plugin_start": '(func (export "plugin_start") (param $config i32) (param $length i32) '
            f"(result i32) (local $i i32) (local $error i32) {' '.join(start)} (i32.const 0))",
            "plugin_stop": f'(func (export "plugin_stop") (result i32) {self.stop} {self._end()} '
            f"{call('sk_set_status', text('Stopped'))} (i32.const 0))",
            "poll": '(func (export "poll") (result i32) (local $i i32) '
            "(global.set $polls (i32.add (global.get $polls) (i32.const 1))) "
            f"{self.poll} {when(MAY_READ, self.look, '(nop)')} {self._turn()} (i32.const 0))",
            "delta_handler": '(func (export "delta_handler") (param $delta i32) (param $length i32) '
            f"(global.set $heard (i32.add (global.get $heard) (i32.const 1))) {self.delta} "
            f"{when(delta_has(_SPEED_ENTRY), when('(global.get $may)', heard))})",
        }


_SPEED_ENTRY = '"path":"navigation.speedOverGround"'
