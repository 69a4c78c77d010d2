"""The delta pump: many deltas into a plugin in one call from Python.

A call into WebAssembly costs Python ten times what a plugin needs for a delta. So a small module of the host's own
(`pump.wat`), in the store of the plugin, calls the plugin's allocator and `delta_handler` for delta after delta, until
something happens that only the host can deal with.

What a plugin can tell it by: nothing. Each of its functions has its whole time limit, since the pump asks for it anew
at each tick; whatever it calls of the host, the host knows which delta it is with. What the plugin emits, the host
forwards to the pump, which delivers it before the next delta; with anything else that the plugin calls the pump ends
with that delta, so that all that follows from it comes before the next.
"""

from __future__ import annotations

import ctypes
import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

import wasmtime

from refhost.dialects.crossing import exported, imported
from refhost.engine import COMPILER, WATCHDOG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.dialects.guard import Guard
    from refhost.dialects.memory import GuestMemory

# Two halves of a mebibyte: for a batch of deltas, and for single ones that come while the batch waits.
PAGES = 32
_HALF = PAGES * 65536 // 2
BATCH, SINGLE = 64, _HALF
# What a half has room for; the pump reads up to 16 bytes behind the last line.
ROOM = _HALF - 64 - 32

# With this byte a delta begins that the pump need not check; it ends with a line feed.
CHECKED = b"\x01"

# The functions of each dialect, in the order in which the pump calls them, with their types.
BUFFER = {"allocate": "(i32) -> i32", "delta_handler": "(i32, i32)", "deallocate": "(i32, i32)"}
ASSEMBLYSCRIPT = {
    "__new": "(i32, i32) -> i32",
    "__pin": "(i32) -> i32",
    "delta_handler": "(i32)",
    "__unpin": "(i32)",
}

# What the pump answers, beside 0.
_UNCHECKED, _NO_PLACE = 1, 2

PUMPED = {"buffer": BUFFER, "assemblyscript": ASSEMBLYSCRIPT}

_PASS = {
    "buffer": """
  (func $pass (param $from i32) (param $length i32) (result i32) (local $place i32)
    (i32.store $own (i32.const 12) (i32.const 0))
    (local.set $place (call $allocate (local.get $length)))
    (call $breathe)
    (i32.store $own (i32.const 16) (local.get $place))
    (if (call $outside (local.get $place) (local.get $length)) (then (return (i32.const 1))))
    (memory.copy $plugin $own (local.get $place) (local.get $from) (local.get $length))
    (i32.store $own (i32.const 12) (i32.const 1))
    (call $delta_handler (local.get $place) (local.get $length))
    (call $breathe)
    (i32.store $own (i32.const 12) (i32.const 2))
    (call $deallocate (local.get $place) (local.get $length))
    (call $breathe)
    (i32.const 0))""",
    "assemblyscript": """
  ;; How many bytes a text has in UTF-16.
  (func $size (param $p i32) (param $length i32) (result i32) (local $end i32) (local $units i32) (local $c i32)
    (local.set $end (i32.add (local.get $p) (local.get $length)))
    (local.set $units (local.get $length))
    (block $out (loop $on
      (br_if $out (i32.ge_u (local.get $p) (local.get $end)))
      (if (i32.eqz (i8x16.bitmask (v128.load $own (local.get $p)))) (then
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $on)))
      (local.set $c (i32.load8_u $own (local.get $p)))
      ;; A byte that goes on with a character is no unit of its own, but that of the last two of four.
      (if (i32.eq (i32.and (local.get $c) (i32.const 0xc0)) (i32.const 0x80))
        (then (local.set $units (i32.sub (local.get $units) (i32.const 1)))))
      (if (i32.ge_u (local.get $c) (i32.const 0xf0))
        (then (local.set $units (i32.add (local.get $units) (i32.const 1)))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $on)))
    (i32.shl (local.get $units) (i32.const 1)))

  (func $widen (param $p i32) (param $length i32) (param $to i32) (local $end i32) (local $c i32) (local $block v128)
    (local.set $end (i32.add (local.get $p) (local.get $length)))
    (block $out (loop $on
      (br_if $out (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $block (v128.load $own (local.get $p)))
      (if (i32.and
            (i32.ge_u (i32.sub (local.get $end) (local.get $p)) (i32.const 16))
            (i32.eqz (i8x16.bitmask (local.get $block))))
        (then
          (v128.store $plugin (local.get $to) (i16x8.extend_low_i8x16_u (local.get $block)))
          (v128.store $plugin offset=16 (local.get $to) (i16x8.extend_high_i8x16_u (local.get $block)))
          (local.set $p (i32.add (local.get $p) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 32)))
          (br $on)))
      (local.set $c (i32.load8_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (if (i32.ge_u (local.get $c) (i32.const 0xf0)) (then
        (local.set $c (i32.sub
          (i32.or (i32.or
            (i32.shl (i32.and (local.get $c) (i32.const 7)) (i32.const 18))
            (i32.shl (i32.and (i32.load8_u $own (local.get $p)) (i32.const 63)) (i32.const 12)))
            (i32.or
              (i32.shl (i32.and (i32.load8_u $own offset=1 (local.get $p)) (i32.const 63)) (i32.const 6))
              (i32.and (i32.load8_u $own offset=2 (local.get $p)) (i32.const 63))))
          (i32.const 0x10000)))
        (local.set $p (i32.add (local.get $p) (i32.const 3)))
        (i32.store16 $plugin (local.get $to) (i32.or (i32.const 0xd800) (i32.shr_u (local.get $c) (i32.const 10))))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))
        (local.set $c (i32.or (i32.const 0xdc00) (i32.and (local.get $c) (i32.const 0x3ff)))))
      (else (if (i32.ge_u (local.get $c) (i32.const 0xe0)) (then
        (local.set $c (i32.or (i32.or
          (i32.shl (i32.and (local.get $c) (i32.const 15)) (i32.const 12))
          (i32.shl (i32.and (i32.load8_u $own (local.get $p)) (i32.const 63)) (i32.const 6)))
          (i32.and (i32.load8_u $own offset=1 (local.get $p)) (i32.const 63))))
        (local.set $p (i32.add (local.get $p) (i32.const 2))))
      (else (if (i32.ge_u (local.get $c) (i32.const 0xc0)) (then
        (local.set $c (i32.or
          (i32.shl (i32.and (local.get $c) (i32.const 31)) (i32.const 6))
          (i32.and (i32.load8_u $own (local.get $p)) (i32.const 63))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))))))))
      (i32.store16 $plugin (local.get $to) (local.get $c))
      (local.set $to (i32.add (local.get $to) (i32.const 2)))
      (br $on))))

  (func $pass (param $from i32) (param $length i32) (result i32) (local $place i32) (local $size i32)
    (local.set $size (call $size (local.get $from) (local.get $length)))
    (i32.store $own (i32.const 12) (i32.const 0))
    (local.set $place (call $__new (local.get $size) (i32.const 2)))
    (call $breathe)
    (i32.store $own (i32.const 16) (local.get $place))
    (if (call $outside (local.get $place) (local.get $size)) (then (return (i32.const 1))))
    (call $widen (local.get $from) (local.get $length) (local.get $place))
    (i32.store $own (i32.const 12) (i32.const 1))
    (drop (call $__pin (local.get $place)))
    (call $breathe)
    (i32.store $own (i32.const 12) (i32.const 2))
    (call $delta_handler (local.get $place))
    (call $breathe)
    (i32.store $own (i32.const 12) (i32.const 3))
    (call $__unpin (local.get $place))
    (call $breathe)
    (i32.const 0))""",
}

_OUTSIDE = """
  ;; Whether a place for what is delivered is none: 0, or not wholly within the plugin's memory.
  (func $outside (param $place i32) (param $size i32) (result i32)
    (i32.or (i32.eqz (local.get $place))
      (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $place)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $plugin)) (i64.const 16)))))"""

_WORD = re.compile(r"\{\{([248]):(.+?)\}\}(?=[ )])")


@functools.cache
def _binary(dialect: str) -> bytes:
    """The module for a dialect. Its names are taken out: a trap inside of a plugin must not show the pump's."""
    functions = PUMPED[dialect]
    lines = []
    for name, signature in functions.items():
        taken, _, given = signature.partition(" -> ")
        result = f"(result {given})" if given else ""
        lines.append(f'(import "plugin" "{name}" (func ${name} (param {taken[1:-1].replace(",", "")}) {result}))')
    text = resources.files("refhost.dialects").joinpath("pump.wat").read_text("utf-8")
    text = text.replace("{{imports}}", "\n  ".join(lines)).replace("{{pages}}", str(PAGES))
    text = text.replace("{{pass}}", _OUTSIDE + _PASS[dialect])
    return _without_names(bytes(wasmtime.wat2wasm(_WORD.sub(_number, text))))


def _number(match: re.Match[str]) -> str:
    """Characters as the number that they are in memory."""
    size, number = int(match[1]), int.from_bytes(match[2].encode(), "little")
    return f"({'i64' if size == 8 else 'i32'}.const {number:#x})"


def _without_names(binary: bytes) -> bytes:
    """A module without its custom sections, of which that with the names of functions is one."""
    kept, at = [binary[:8]], 8
    while at < len(binary):
        section, size, behind = binary[at], 0, at + 1
        for shift in range(0, 35, 7):  # LEB128
            size |= (binary[behind] & 127) << shift
            behind += 1
            if binary[behind - 1] < 128:
                break
        if section:
            kept.append(binary[at : behind + size])
        at = behind + size
    return b"".join(kept)


class Pump:
    """The pump of one instance of a plugin.

    Args:
        store: of the plugin.
        guard: the way into it.
        memory: of the plugin.
        functions: those that `BUFFER` or `ASSEMBLYSCRIPT` name, in that order.
        dialect: `buffer` or `assemblyscript`.
        allocated: says what is wrong with a place that is none, given the allocator's name, the place and the data.

    Attributes:
        delivered: how many deltas the last run delivered; one more was begun if it ended badly.
        next: where the one begins that is next, or in which it ended badly.
        end: where the one ends that was begun last.
        begun: up to where what was forwarded has been begun.

    Raises:
        wasmtime.WasmtimeError: the store has no room for it.
    """

    def __init__(
        self,
        store: wasmtime.Store,
        guard: Guard,
        memory: GuestMemory,
        functions: Mapping[str, wasmtime.Func],
        dialect: str,
        allocated: Callable[[str, int, bytes], int],
    ) -> None:
        self._allocated = allocated
        self._wide = dialect == "assemblyscript"
        self._store = store
        self._guard = guard
        self._names = tuple(functions)
        self.delivered, self.next, self.end, self.begun = 0, 0, 0, SINGLE
        module = COMPILER.module(_binary(dialect))
        tick = imported(store, "()", self._tick)
        instance = wasmtime.Instance(store, module, [memory.exported, tick, *functions.values()])
        exports = instance.exports(store)
        own, run = exports["memory"], exports["pump"]
        assert isinstance(own, wasmtime.Memory)
        assert isinstance(run, wasmtime.Func)
        self._own = own  # owns the place
        self._run = exported(run, "(i32, i32) -> i32")
        # It can never grow, so it stays where it is.
        address = ctypes.addressof(own.data_ptr(store).contents)
        self._address = address
        self._ticked = ctypes.c_uint32.from_address(address)
        self._stop = ctypes.c_uint32.from_address(address + 4)
        self._said = (ctypes.c_uint32 * 6).from_address(address + 8)
        self._forwarded = ctypes.c_uint32.from_address(address + 32)
        self._text = (ctypes.c_uint32 * 2).from_address(address + 36)

    def _tick(self) -> None:
        self._ticked.value = 0
        self._guard.renew(1)

    def put(self, at: int, deltas: bytes) -> None:
        """Put deltas into one of the halves, or one byte before it: at most `ROOM` bytes, as pump.wat has it."""
        ctypes.memmove(self._address + at, deltas, len(deltas))

    def deliver(self, text: str) -> bool:
        """Deliver one delta that is checked, while a batch may be waiting; whether there is room for it."""
        try:
            line = text.encode()
        except UnicodeEncodeError:
            return False
        if len(line) > ROOM - 2:
            return False
        self.put(SINGLE, CHECKED + line + b"\n")
        self.run(SINGLE, SINGLE + len(line) + 2)
        return True

    def forward(self, text: bytes, *, anew: bool) -> int:
        """Have a delta that is checked delivered next, while the pump runs.

        Args:
            text: the delta.
            anew: whether all that was forwarded before it has been delivered.

        Returns:
            The place where it ends, to be compared with `begun`; 0 where there is no room, or the pump is to end.
        """
        at = SINGLE if anew else self._forwarded.value
        end = at + len(text) + 2
        if self._stop.value or end > SINGLE + ROOM:
            return 0
        self.put(at, CHECKED + text + b"\n")
        if anew:
            self._said[5] = at
        self._forwarded.value = end
        return end

    def end_soon(self) -> None:
        """End with the delta that is under way."""
        self._guard.watched()

    def take_back(self) -> int:
        """Deliver nothing of what was forwarded and has not been begun; `begun`, as it is now."""
        begun: int = self._said[5]
        self._forwarded.value = begun
        return begun

    def run(self, start: int, end: int, called: Callable[[], None] | None = None) -> bool:
        """Deliver what was put, until one has to be checked, or one was delivered in which the plugin called the host.

        Args:
            start: where the next one begins.
            end: where the last one ends.
            called: is called before anything else when the plugin calls the host.

        Returns:
            Whether the next one has to be checked first.

        Raises:
            PluginError: as `Guard.run`; it names the function of the plugin.
        """

        def first() -> None:
            self._stop.value = 1
            if called:
                called()

        self._stop.value = 0
        self._said[5] = self._forwarded.value = SINGLE
        self._guard.watch = first
        WATCHDOG.tell(self._ticked)
        try:
            code: int = self._guard.run(self._running, lambda: self._run(self._store, start, end))
        finally:
            WATCHDOG.forget(self._ticked)
            self._guard.watch = None
            # Whoever learns of an error may free the memory.
            self.delivered, _, place, self.next, self.end, self.begun = self._said
        if code == _NO_PLACE:
            text = ctypes.string_at(self._address + self._text[0], self._text[1])
            self._allocated(self._names[0], place, text.decode().encode("utf-16-le") if self._wide else text)
        return code == _UNCHECKED

    def _running(self) -> str:
        return self._names[self._said[1]]

    @property
    def under_way(self) -> int:
        """Where the delta ends that is being delivered."""
        return self._said[4]
