"""Mutants: faults of hosts that bound too little, or do not survive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, ends, mutant
from refhost.dialects.core import CoreInstance
from refhost.dialects.guard import Guard
from refhost.errors import PluginTimeout
from refhost.host import Host
from refhost.journal import Journal
from refhost.limits import Limits
from refhost.services.status import StatusService
from refhost.subscriptions import Subscriptions

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original

_LONG = 8 * 1024 * 1024
_MANY = 5000


@mutant("an endless loop counts as a success", Guard, "run")
def _fine(original: Original, self: Any, export: Any, call: Any) -> Any:
    try:
        return original(self, export, call)
    except PluginTimeout:
        return 0


_GONE: list[str] = []  # whether the host that was made last is


@mutant("an endless loop ends the host", Host, "__init__")
def _there(original: Original, self: Any, **named: Any) -> None:
    _GONE.clear()
    original(self, **named)


@mutant("an endless loop ends the host", Guard, "run")
def _gone(original: Original, self: Any, export: Any, call: Any) -> Any:
    try:
        return original(self, export, call)
    except PluginTimeout:
        _GONE.append(export)
        ends("it hangs")


@mutant("an endless loop ends the host", Host, "load")
def _loads_nothing(original: Original, self: Any, package: Any, **named: Any) -> Any:
    return ends("it hangs") if _GONE else original(self, package, **named)


@mutant("memory and tables have no bound", Host, "__init__")
def _unbounded(original: Original, self: Any, *, limits: Any = None, **named: Any) -> None:
    free = replace(limits or Limits(), memory_bytes=1 << 40, table_elements=(1 << 32) - 1)
    original(self, limits=free, **named)


@mutant("a long text ends the host", CoreInstance, "_bytes")
def _long(original: Original, self: Any, pointer: Any, length: Any, what: Any) -> Any:
    return original(self, pointer, length, what) if length < _LONG else ends("it ran out of memory")


@mutant("a long log ends the host", Journal, "write")
def _long_log(original: Original, self: Any, *arguments: Any, **named: Any) -> Any:
    self.written = getattr(self, "written", 0) + 1
    return original(self, *arguments, **named) if self.written < _MANY else ends("its log is full")


@mutant("stops routing at the first trap", Subscriptions, "route")
def _until_a_trap(_: Any, self: Any, delta: Any, text: Any) -> None:
    for name, subscriber in tuple(self._subscribers.items()):
        subscriber.deliver(text)
        if name not in self._subscribers:
            return


_STATUS = [""]


def _set_status(_: Any, text: str) -> None:
    _STATUS[0] = text


add("one status for all", StatusService, "status", property(lambda _: _STATUS[0], _set_status))
