"""The delta pump: many deltas into a plugin in one call from Python.

A call into WebAssembly costs Python ten times what a plugin needs for a delta. So a small module of the host's own
(`pump.wat`), in the store of the plugin, calls the plugin's allocator and `delta_handler` for delta after delta, until
something happens that only the host can deal with.

What a plugin can tell it by: nothing. Each of its functions has its whole time limit, since the pump asks for it anew
at each tick; whatever it calls of the host, the host knows which delta it is with. What the plugin emits is delivered
before the next delta: the pump lets it through by itself (`door.py`), or the host forwards it to the pump. With
anything else that the plugin calls the pump ends with that delta, so that all that follows comes before the next.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
from typing import TYPE_CHECKING

import wasmtime

from refhost.dialects.assembled import assembled, text_of
from refhost.dialects.crossing import exported, imported
from refhost.dialects.door import LetThrough
from refhost.engine import COMPILER, WATCHDOG
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.bus import Terms
    from refhost.dialects.door import Door
    from refhost.dialects.guard import Guard
    from refhost.dialects.memory import GuestMemory

# The pump's memory. Two parts of a mebibyte: for a batch of deltas, behind its words to and from the host, and for what
# comes while the batch waits.
_PART = 0x100000
BATCH, SINGLE = 128, _PART
# What each has room for; the pump reads up to 16 bytes behind the last line.
ROOM = _PART - BATCH - 32
# A third: what the pump puts in where an emission lacks it, the keys of the object that it reads, and of what it let
# through the places and the claims.
_CONTEXT, _SOURCE, _NOW, _KEYS = 0x200000, 0x200800, 0x201000, 0x201020
_MOST_KEYS = 8
_LET, _CLAIMS = 0x202000, 0x212000
PAGES = 0x2A
# Of 2026-01-01T00:00:00.000Z.
_MOMENT = 24
# The longest emission that the pump looks at, the longest source that it puts in, and the room that it takes then at
# most: a source and a moment for every 23 bytes.
_LONGEST, _LONGEST_SOURCE = 4096, 128
_LONGEST_CARRIED = _SOURCE - _CONTEXT + _LONGEST + _LONGEST // 23 * (_LONGEST_SOURCE + 32)

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

# The most that a bound can be here.
_MOST = 2**32 - 1

# What the pump answers, beside 0.
_UNCHECKED, _NO_PLACE = 1, 2

PUMPED = {"buffer": BUFFER, "assemblyscript": ASSEMBLYSCRIPT}

_MODULE = {
    "pages": PAGES,
    "context": _CONTEXT,
    "source": _SOURCE,
    "now": _NOW,
    "keys": _KEYS,
    "keys end": _KEYS + 4 * _MOST_KEYS,
    "let end": _CLAIMS,
    "last claim": PAGES * 65536 - _LONGEST - 64,
}


@functools.cache
def _binary(dialect: str) -> bytes:
    functions = PUMPED[dialect]
    lines = []
    for name, signature in functions.items():
        taken, _, given = signature.partition(" -> ")
        result = f"(result {given})" if given else ""
        lines.append(f'(import "plugin" "{name}" (func ${name} (param {taken[1:-1].replace(",", "")}) {result}))')
    parts = {"imports": "\n  ".join(lines), "pass": text_of(f"pump_{dialect}.wat"), "door": text_of("door.wat")}
    return assembled(text_of("pump.wat"), {**_MODULE, **parts})


class _Words(ctypes.Structure):
    """What the host and the pump say to each other, as pump.wat has it."""

    _fields_ = tuple(
        (name, ctypes.c_uint32)
        for name in (
            "ticked", "stop", "delivered", "running", "place", "next", "end", "begun", "forwarded", "text", "length",
            "deltas_left", "bytes_left", "deltas", "bytes", "let", "claims", "longest", "context", "source", "path",
            "last", "ended",
        )
    )  # fmt: skip


class Pump:
    """The pump of one instance of a plugin.

    Args:
        store: of the plugin.
        guard: the way into it.
        memory: of the plugin.
        functions: those that `BUFFER` or `ASSEMBLYSCRIPT` name, in that order.
        dialect: `buffer` or `assemblyscript`.
        allocated: says what is wrong with a place that is none, given the allocator's name, the place and the data.
        door: what the plugin emits by; None where it emits nothing, or by a function of an unusual type.

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
        door: Door | None = None,
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
        own, run, emitted = exports["memory"], exports["pump"], exports["emitted"]
        assert isinstance(own, wasmtime.Memory)
        assert isinstance(run, wasmtime.Func)
        assert isinstance(emitted, wasmtime.Func)
        self._own = own  # owns the place
        self._run = exported(run, "(i32, i32) -> i32")
        # It can never grow, so it stays where it is.
        address = ctypes.addressof(own.data_ptr(store).contents)
        self._address = address
        self._words = _Words.from_address(address)
        self._ticked = ctypes.c_uint32.from_address(address)
        self._known = SINGLE  # up to here the host knows of what was forwarded
        self._terms: Terms | None = None
        if door:
            door.lead_to(emitted)

    def _tick(self) -> None:
        self._words.ticked = 0
        self._guard.renew(1)

    def put(self, at: int, deltas: bytes) -> None:
        """Put deltas into one of the parts, or one byte before it: at most `ROOM` bytes, as pump.wat has it."""
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

    # What is emitted while it runs.

    def open(self, terms: Terms | None) -> None:
        """Let through what is plain of what is emitted from the next run on; nothing with None."""
        words = self._words
        if terms and terms != self._terms:
            terms = self._terms = terms if self._agree_on(terms) else None
        words.deltas = min(terms.deltas, _MOST) if terms else 0
        words.bytes = min(terms.size, _MOST) if terms else 0

    def _agree_on(self, terms: Terms) -> bool:
        """Put down what the pump puts in; whether there is room for it, as there is but for strange names."""
        context, source = '{"context":' + dumps(terms.context), '{"$source":' + dumps(terms.source) + ',"timestamp":"'
        fits = len(context) <= _SOURCE - _CONTEXT and len(source) <= _LONGEST_SOURCE and len(terms.moment) == _MOMENT
        if not fits or not (context + source).isascii():
            return False
        words = self._words
        words.context, words.source = len(context), len(source)
        # A path of so many characters, and its quote, has no more parts.
        words.longest, words.path = min(terms.longest, _LONGEST), terms.parts
        words.last = SINGLE + ROOM - _LONGEST_CARRIED
        for at, text in ((_CONTEXT, context), (_SOURCE, source), (_NOW, terms.moment)):
            self.put(at, text.encode())
        return True

    def let_through(self) -> list[LetThrough]:
        """What was let through since this was asked last, in order; nothing more is behind the delta under way."""
        words = self._words
        words.deltas_left = 0
        count = (words.let - _LET) // 8
        if not count:
            return []
        at, known = self._address, self._known
        places = (ctypes.c_uint32 * (2 * count)).from_address(at + _LET)[:]
        claims = ctypes.string_at(at + _CLAIMS, words.claims - 1 - _CLAIMS).decode("ascii").split("\n")
        texts = ctypes.string_at(at + known + 1, words.forwarded - known - 2).split(b"\n" + CHECKED)
        words.let, words.claims, self._known = _LET, _CLAIMS, words.forwarded
        return list(itertools.starmap(LetThrough, zip(claims, places[::2], places[1::2], texts, strict=True)))

    def forward(self, text: bytes) -> int:
        """Have a delta that is checked delivered next, while the pump runs, and nothing is let through unknown.

        Args:
            text: the delta.

        Returns:
            The place where it ends, to be compared with `begun`; 0 where there is no room, or the pump is to end.
        """
        words = self._words
        at: int = words.forwarded
        end = at + len(text) + 2
        if words.stop or end > SINGLE + ROOM:
            return 0
        self.put(at, CHECKED + text + b"\n")
        words.forwarded = self._known = end
        return end

    def end_soon(self) -> None:
        """End with the delta that is under way."""
        self._guard.watched()

    def take_back(self) -> int:
        """Deliver nothing of what was forwarded and has not been begun; `begun`, as it is now."""
        begun: int = self._words.begun
        self._words.forwarded = begun
        return begun

    # Running.

    def run(
        self, start: int, end: int, called: Callable[[], None] | None = None, emits: Callable[[], None] | None = None
    ) -> bool:
        """Deliver what was put, until one has to be checked, or one was delivered in which the plugin called the host.

        Args:
            start: where the next one begins.
            end: where the last one ends.
            called: is called before anything else when the plugin calls the host.
            emits: is called before anything else when the plugin emits what is not let through.

        Returns:
            Whether the next one has to be checked first.

        Raises:
            PluginError: as `Guard.run`; it names the function of the plugin.
        """
        words = self._words

        def first() -> None:
            words.stop = 1
            if called:
                called()

        words.stop = 0
        words.begun = words.forwarded = self._known = SINGLE
        words.let, words.claims = _LET, _CLAIMS
        self._guard.watch, self._guard.before = first, emits
        WATCHDOG.tell(self._ticked)
        try:
            code: int = self._guard.run(self._running, lambda: self._run(self._store, start, end))
        finally:
            WATCHDOG.forget(self._ticked)
            self._guard.watch = self._guard.before = None
            # Whoever learns of an error may free the memory.
            place = words.place
            self.delivered, self.next, self.end, self.begun = words.delivered, words.next, words.end, words.begun
        if code == _NO_PLACE:
            text = ctypes.string_at(self._address + words.text, words.length)
            self._allocated(self._names[0], place, text.decode().encode("utf-16-le") if self._wide else text)
        return code == _UNCHECKED

    def _running(self) -> str:
        return self._names[int(self._words.running)]

    @property
    def under_way(self) -> int:
        """Where the delta ends that is being delivered."""
        return int(self._words.end)
