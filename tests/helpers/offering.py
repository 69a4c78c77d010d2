"""The honest plugin with all that a plugin can offer: resources, weather, a radar, streams, sockets, an alarm.

mutant = Offering(exports=handler("weather_get_warnings", TRAP))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from honest import CAPABILITIES, COUNT, NAME, Honest, answer, asked_has, handler, string_out, write_out
from wat import call, text, when

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFERED: Mapping[str, object] = {
    **CAPABILITIES,
    "rawSockets": True,
    "resourceProvider": True,
    "weatherProvider": True,
    "radarProvider": True,
}
KIND, WEATHER, RADARS, RADAR = "waypoints", "WAT weather", "WAT radars", "wat-1"
UDP_PORT, DEVICE, TCP_PORT = 10110, "10.0.0.9", 10111
ALARM = "notifications.wat.anchor"
RAISED = '{"state":"alert","method":["visual"],"message":"The anchor drags"}'
WEATHER_NOW = '[{"date":"2026-01-01T00:00:00.000Z","type":"observation","outside":{"temperature":280}}]'
INFO = '{"id":"wat-1","name":"WAT radar"}'

# Places below the heap: its resources, each an entry of two lengths, an id and a value; then what sockets receive.
STORE, ENTRY, ENTRIES, MOST_ID, VALUE_AT, MOST_VALUE = 98_304, 3072, 8, 1000, 1024, 2040
STORED = ENTRY * ENTRIES
RECEIVED, ROOM, ADDRESS, PORT = STORE + STORED, 4096, STORE + STORED + 4096, STORE + STORED + 4160

_GLOBALS = " ".join(
    f"(global ${name} (mut i32) (i32.const 0))" for name in ("udp", "tcp", "quiet", "radar", "id", "size")
)
_ENTRY_LOOP = """
  (local $e i32)
  (local.set $e (i32.const {store}))
  (block $none (loop $next
    (br_if $none (i32.ge_u (local.get $e) (i32.const {end})))
    {body}
    (local.set $e (i32.add (local.get $e) (i32.const {entry})))
    (br $next)))"""


def _each_entry(body: str) -> str:
    return _ENTRY_LOOP.format(store=STORE, end=STORE + STORED, entry=ENTRY, body=body)


_BAD_ENTRY = (
    f"(i32.or (i32.gt_u (i32.load (local.get $e)) (i32.const {MOST_ID}))"
    f" (i32.gt_u (i32.load offset=4 (local.get $e)) (i32.const {MOST_VALUE})))"
)
_STORE = f"""
{_GLOBALS}

(func $string_end (param $at i32) (param $end i32) (result i32) (local $c i32)
  (loop $next
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (local.get $end))))
    (local.set $c (i32.load8_u (local.get $at)))
    (if (i32.eq (local.get $c) (i32.const 92)) (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
    (br_if $next (i32.ne (local.get $c) (i32.const 34))))
  (i32.add (local.get $at) (i32.const 1)))

;; Keeps where the id of a request is, with its quotes: as JSON, so that it never has to be escaped again.
(func $find_id (param $at i32) (param $length i32) (result i32) (local $end i32)
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (block $none (loop $next
    (br_if $none (i32.gt_u (i32.add (local.get $at) (i32.const 6)) (local.get $end)))
    (if (call $contains (local.get $at) (i32.const 6) {text('"id":"')}) (then
      (global.set $id (i32.add (local.get $at) (i32.const 5)))
      (global.set $size (i32.sub (call $string_end (global.get $id) (local.get $end)) (global.get $id)))
      (return (i32.le_u (global.get $size) (i32.const {MOST_ID})))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br $next)))
  (i32.const 0))

(func $entry (result i32) {
    _each_entry('''
    (if (i32.eq (i32.load (local.get $e)) (global.get $size)) (then
      (if (call $contains (i32.add (local.get $e) (i32.const 8)) (global.get $size) (global.get $id) (global.get $size))
        (then (return (local.get $e))))))''')
}
  (i32.const 0))

(func $free (result i32) {_each_entry("(if (i32.eqz (i32.load (local.get $e))) (then (return (local.get $e))))")}
  (i32.const 0))

(func $keep (drop (call $write_file {text("data/resources")} (i32.const {STORE}) (i32.const {STORED}))))

;; What was kept is read as a whole, or not at all.
(func $remember (local $bad i32) (local $error i32)
  (i32.store (i32.const {COUNT}) (i32.const 0))
  (if (call $open {text("data/resources")} (i32.const 0) (i64.const 2)) (then (return)))
  (local.set $error (call $move (i32.const {STORE}) (i32.const {STORED}) (i32.const 0)))
  (local.set $bad (i32.or (local.get $error) (i32.ne (i32.load (i32.const {COUNT})) (i32.const {STORED}))))
  (if (i32.or (local.get $bad) (call $damaged))
    (then (memory.fill (i32.const {STORE}) (i32.const 0) (i32.const {STORED})))))

(func $damaged (result i32) {_each_entry(f"(if {_BAD_ENTRY} (then (return (i32.const 1))))")}
  (i32.const 0))

(func $copy (param $to i32) (param $from i32) (param $size i32) (result i32)
  (memory.copy (local.get $to) (local.get $from) (local.get $size))
  (i32.add (local.get $to) (local.get $size)))

(func $list (param $out i32) (result i32) (local $at i32) {
    _each_entry(f'''
    (if (i32.load (local.get $e)) (then
      (i32.store8 (local.get $at) (select (i32.const 44) (i32.const 123) (i32.gt_u (local.get $at) (local.get $out))))
      (local.set $at (call $copy (i32.add (local.get $at) (i32.const 1))
        (i32.add (local.get $e) (i32.const 8)) (i32.load (local.get $e))))
      (i32.store8 (local.get $at) (i32.const 58))
      (local.set $at (call $copy (i32.add (local.get $at) (i32.const 1))
        (i32.add (local.get $e) (i32.const {VALUE_AT})) (i32.load offset=4 (local.get $e))))))''').replace(
        f"(local.set $e (i32.const {STORE}))", f"(local.set $e (i32.const {STORE})) (local.set $at (local.get $out))", 1
    )
}
  (if (i32.eq (local.get $at) (local.get $out)) (then
    (i32.store8 (local.get $at) (i32.const 123))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))))
  (i32.store8 (local.get $at) (i32.const 125))
  (i32.sub (i32.add (local.get $at) (i32.const 1)) (local.get $out)))
"""
# The value of a request to set: from behind the id to the type, which the host writes last.
_TYPE = ',"resourceType":'
_LAST = f"""
  (local.set $i (i32.add (local.get $asked) (local.get $length)))
  (block $found (loop $back
    (br_if $found (call $contains (local.get $i) (i32.const {len(_TYPE)}) {text(_TYPE)}))
    (local.set $i (i32.sub (local.get $i) (i32.const 1)))
    (br_if $back (i32.gt_u (local.get $i) (local.get $asked)))))"""
_MEMBER = ',"value":'
_VALUE = f"(i32.add (i32.add (global.get $id) (global.get $size)) (i32.const {len(_MEMBER)}))"
_FOUND = "(local.tee $i (call $entry))"

LISTED = "(call $list (local.get $out))"
NEEDS_ID = when("(i32.eqz (call $find_id (local.get $asked) (local.get $length)))", answer("The id is not one of mine"))
NEEDS_OBJECT = when(f"(i32.ne (i32.load8_u {_VALUE}) (i32.const 123))", answer("A resource is an object"))
KEEP = "(call $keep)"


def setting(*, needs: str = NEEDS_ID + NEEDS_OBJECT, keep: str = KEEP, result: str = "(i32.const 0)") -> dict[str, str]:
    """`resources_set_resource`: what it needs, how it keeps it, and what it answers."""
    long = when(f"(i32.gt_u (global.get $kept) (i32.const {MOST_VALUE}))", answer("The resource is too large"))
    full = when(
        "(i32.eqz (local.tee $i (select (call $entry) (call $free) (call $entry))))", answer("There is no room")
    )
    return handler(
        "resources_set_resource",
        needs,
        _LAST,
        f"(global.set $kept (i32.sub (local.get $i) {_VALUE}))",
        long,
        full,
        "(i32.store (local.get $i) (global.get $size))",
        "(i32.store offset=4 (local.get $i) (global.get $kept))",
        "(drop (call $copy (i32.add (local.get $i) (i32.const 8)) (global.get $id) (global.get $size)))",
        f"(drop (call $copy (i32.add (local.get $i) (i32.const {VALUE_AT})) {_VALUE} (global.get $kept)))",
        keep,
        result,
    )


def getting(*, missing: str = answer("{}"), found: str = "") -> dict[str, str]:
    """`resources_get_resource`: what it answers for what is not there, and in the place of what is."""
    value = f"(local.get $out) (i32.add (local.get $i) (i32.const {VALUE_AT})) (i32.load offset=4 (local.get $i))"
    return handler(
        "resources_get_resource",
        when("(i32.eqz (call $find_id (local.get $asked) (local.get $length)))", missing),
        when(f"(i32.eqz {_FOUND})", missing),
        found,
        f"(i32.sub (call $copy {value}) (local.get $out))",
    )


def deleting(
    *, delete: str = "(i32.store (local.get $i) (i32.const 0))", result: str = "(i32.const 0)"
) -> dict[str, str]:
    """`resources_delete_resource`: what it does with the entry, and what it answers."""
    return handler("resources_delete_resource", NEEDS_ID, when(_FOUND, delete, KEEP), result)


def resources() -> dict[str, str]:
    """The four handlers."""
    return {**handler("resources_list_resources", LISTED), **getting(), **setting(), **deleting()}


def registers(function: str, name: str, capability: str) -> str:
    """Register as a provider, if it may."""
    return when(f"(call $sk_has_capability {text(capability)})", call(function, text(name)))


BIND = when(
    f"(i32.ne (call $sk_udp_bind (global.get $udp) (i32.const {UDP_PORT})) (i32.const 0))",
    call("sk_udp_close", "(global.get $udp)"),
    "(global.set $udp (i32.const 0))",
)
DIAL = when(
    f"(i32.ne (call $sk_tcp_connect (global.get $tcp) {text(DEVICE)} (i32.const {TCP_PORT})) (i32.const 0))",
    call("sk_tcp_close", "(global.get $tcp)"),
    "(global.set $tcp (i32.const 0))",
)
RECEIVE = (
    f"(call $sk_udp_recv (global.get $udp) (i32.const {RECEIVED}) (i32.const {ROOM})"
    f" (i32.const {ADDRESS}) (i32.const {PORT}))"
)
READ_LINE = f"(call $sk_tcp_recv_line (global.get $tcp) (i32.const {RECEIVED}) (i32.const {ROOM}))"
HANG_UP = call("sk_tcp_close", "(global.get $tcp)") + "(global.set $tcp (i32.const 0))"
SPOKES = call("sk_radar_emit_spokes", text(RADAR), text("spokes"))
STREAM = call("sk_emit_binary_stream", text(f"plugins/{NAME}/raw"), text("bytes"))
RAISE = call("sk_publish_notification", text(ALARM), text(RAISED))
CLEAR = call("sk_publish_notification", text(ALARM), text("null"))


@dataclass(frozen=True, kw_only=True)
class Offering(Honest):
    """The honest plugin, with more to change.

    Attributes:
        resource, weather, radar: how it registers as a provider.
        made: how it looks at the id of a socket that it has made, as a condition on `$n`.
        bind, dial: what it does with a new UDP, or TCP, socket.
        receive: how it reads its datagrams, in `poll`.
        datagram, line: what it does with each; `$n` is its length.
        silent: what it does when a connection was not there for five seconds.
        stream: what it emits on streams, in `poll`, while it may.
        alarm: the notification that it raises in `plugin_start`, if it may.
        clear: how it clears it in `plugin_stop`.
        close: how it closes its sockets there.
    """

    capabilities: Mapping[str, object] | None = field(default_factory=lambda: OFFERED)
    resource: str = registers("sk_register_resource_provider", KIND, "resourceProvider")
    weather: str = registers("sk_register_weather_provider", WEATHER, "weatherProvider")
    radar: str = registers("sk_register_radar_provider", RADARS, "radarProvider")
    made: str = "(i32.gt_s (local.get $n) (i32.const 0))"
    bind: str = BIND
    dial: str = DIAL
    receive: str = "(br_if $more (i32.gt_s (local.get $n) (i32.const 0)))"
    datagram: str = ""
    line: str = ""
    silent: str = HANG_UP
    stream: str = SPOKES + STREAM
    alarm: str = RAISE
    clear: str = CLEAR
    close: str = when(
        "(global.get $udp)", call("sk_udp_close", "(global.get $udp)"), "(global.set $udp (i32.const 0))"
    ) + when("(global.get $tcp)", HANG_UP)

    def _handlers(self) -> dict[str, str]:
        weather = [f"weather_get_{what}" for what in ("observations", "forecasts", "warnings")]
        known = asked_has(f'"radarId":"{RADAR}"')
        return {
            **super()._handlers(),
            "$store": "(global $kept (mut i32) (i32.const 0))" + _STORE,
            "$sockets": self._sockets(),
            **resources(),
            **{name: entry for each in weather for name, entry in handler(each, write_out(WEATHER_NOW)).items()},
            "radar_get_radars": string_out("radar_get_radars", write_out(f'["{RADAR}"]')),
            **handler("radar_get_radar_info", when(known, answer(INFO)), write_out("null")),
            **handler("radar_set_power", when(known, answer("true")), write_out("false")),
        }

    def _sockets(self) -> str:
        heard = "(i32.gt_s (local.get $n) (i32.const 0))"
        return f"""
        (func $open_udp (local $n i32)
          (local.set $n (call $sk_udp_create (i32.const 0)))
          {when(self.made, "(global.set $udp (local.get $n))", self.bind)})
        (func $open_tcp (local $n i32)
          (local.set $n (call $sk_tcp_create))
          {when(self.made, "(global.set $tcp (local.get $n))", self.dial)})
        (func $hear (local $n i32)
          (if (global.get $udp) (then (loop $more
            (local.set $n {RECEIVE}) {when(heard, self.datagram, "(nop)")} {self.receive})))
          (if (i32.eqz (global.get $tcp)) (then (call $open_tcp))
          (else (if (call $sk_tcp_connected (global.get $tcp))
            (then (global.set $quiet (i32.const 0)) (loop $more
              (local.set $n {READ_LINE}) {when(heard, self.line, "(br $more)")}))
            (else
              (global.set $quiet (i32.add (global.get $quiet) (i32.const 1)))
              (if (i32.gt_u (global.get $quiet) (i32.const 5)) (then
                (global.set $quiet (i32.const 0)) {self.silent})))))))"""

    def _begin(self) -> str:
        may_open = f"(call $sk_has_capability {text('rawSockets')})"
        return " ".join(
            [
                f"(global.set $radar (call $sk_has_capability {text('radarProvider')}))",
                "(call $remember)",
                self.resource,
                self.weather,
                self.radar,
                when(may_open, "(call $open_udp) (call $open_tcp)"),
                when("(global.get $may)", self.alarm, "(nop)"),
            ]
        )

    def _turn(self) -> str:
        may_open = f"(call $sk_has_capability {text('rawSockets')})"
        may_stream = "(i32.and (global.get $may) (global.get $radar))"
        return when(may_open, "(call $hear)") + when(may_stream, self.stream, "(nop)")

    def _end(self) -> str:
        return self.close + when("(global.get $may)", self.clear, "(nop)")
