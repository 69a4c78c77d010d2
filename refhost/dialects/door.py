"""The door between a plugin and the pump: what a plugin emits while the pump runs need not leave WebAssembly.

Each emission costs Python ten times what the plugin needs for it. So the plugin's import of `sk_handle_message` is
bound to a small module of the host's own in the same store, the door. It leads to the host; but once there is a pump,
it asks that first. While the pump delivers many deltas it lets through what is plain (`door.wat`): a delta that the
host, had it read and checked it, would put on the bus with the same bytes but for context, `$source` and timestamp,
which the pump fills in as the host would. Such an emission is kept beside the claim that it was, and delivered behind
the delta that is under way; Python is told of all of them when it is asked for anything else, or when the pump ends.

What a plugin can tell it by: nothing. Whatever is not plain, or over a bound, or comes while anybody has to know at
once, goes to the host.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import wasmtime

from refhost.dialects.assembled import assembled
from refhost.dialects.crossing import export_of
from refhost.dialects.linking import Linked
from refhost.engine import COMPILER
from refhost.jsontext import loads

if TYPE_CHECKING:
    from refhost.delta import Delta

# The import that it stands for, and the types that this has (R4).
IMPORT = ("env", "sk_handle_message")
TYPES = ("(i32, i32)", "(i32, i32, i32)")

_TEXT = """
(module
  (import "host" "emit" (func $host (param i32 i32 {{version type}})))
  (table (export "pump") 1 1 funcref)
  (func (export "emit") (param $at i32) (param $length i32) {{version parameter}}
    (block $host
      {{other version}}
      (br_if $host (ref.is_null (table.get (i32.const 0))))
      (br_if $host (i32.eqz
        (call_indirect (param i32 i32) (result i32) (local.get $at) (local.get $length) (i32.const 0))))
      (return))
    (call $host (local.get $at) (local.get $length) {{version}})))
"""
_VERSION = {
    "version type": "i32",
    "version parameter": "(param $version i32)",
    "other version": "(br_if $host (i32.ne (local.get $version) (i32.const 1)))",
    "version": "(local.get $version)",
}


class LetThrough(NamedTuple):
    """An emission that the pump let through.

    Attributes:
        claim: as the plugin gave it.
        place: where the delta ends behind which it came.
        end: where it ends itself, as it is delivered.
        text: as the bus carries it.
    """

    claim: str
    place: int
    end: int
    text: bytes

    @property
    def delta(self) -> Delta:
        """The delta; nobody has read it before."""
        read: Delta = loads(self.text.decode())
        return read

    @property
    def version(self) -> int:
        """No other is let through."""
        return 1


@functools.cache
def _binary(signature: str) -> bytes:
    return assembled(_TEXT, _VERSION if signature == TYPES[1] else dict.fromkeys(_VERSION, ""))


def door(signature: str, number: int) -> Linked:
    """The door for all instances of a plugin, of which `Door` makes that of one.

    Args:
        signature: one of `TYPES`.
        number: of the plugin's import, by which its `Hosts` know the host's function.
    """
    return Linked(COMPILER.module(_binary(signature)), [("host", "emit", signature)], first=number)


class Door:
    """The door of one instance of a plugin, which is made before the instance is.

    Args:
        store: of the plugin, with the host functions in it.
        linked: made by `door`.

    Attributes:
        function: what the plugin calls.

    Raises:
        wasmtime.WasmtimeError: the store has no room for it.
    """

    def __init__(self, store: wasmtime.Store, linked: Linked) -> None:
        self._store = store
        self._instance = linked.instantiated(store)
        function = export_of(store, self._instance, "emit")
        assert isinstance(function, wasmtime.Func)
        self.function = function

    def lead_to(self, pump: wasmtime.Func) -> None:
        """Ask a pump first, from here on."""
        table = self._instance.exports(self._store)["pump"]
        assert isinstance(table, wasmtime.Table)
        table.set(self._store, 0, pump)
