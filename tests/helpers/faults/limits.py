"""Faults of hosts that bound too little, or do not survive."""

from __future__ import annotations

from dataclasses import replace

from faults.fault import add, ends, fault
from refhost.dialects.core import CoreInstance
from refhost.dialects.guard import Guard
from refhost.errors import PluginTimeout
from refhost.host import Host
from refhost.journal import Journal
from refhost.limits import Limits
from refhost.services.status import StatusService
from refhost.subscriptions import Subscriptions

_LONG = 8 * 1024 * 1024
_MANY = 5000


@fault("an endless loop counts as a success", Guard, "run")
def _fine(original, self, export, call):
    try:
        return original(self, export, call)
    except PluginTimeout:
        return 0


_GONE = []  # whether the host that was made last is


@fault("an endless loop ends the host", Host, "__init__")
def _there(original, self, **named):
    _GONE.clear()
    original(self, **named)


@fault("an endless loop ends the host", Guard, "run")
def _gone(original, self, export, call):
    try:
        return original(self, export, call)
    except PluginTimeout:
        _GONE.append(export)
        ends("it hangs")


@fault("an endless loop ends the host", Host, "load")
def _loads_nothing(original, self, package, **named):
    return ends("it hangs") if _GONE else original(self, package, **named)


@fault("memory and tables have no bound", Host, "__init__")
def _unbounded(original, self, *, limits=None, **named):
    free = replace(limits or Limits(), memory_bytes=1 << 40, table_elements=(1 << 32) - 1)
    original(self, limits=free, **named)


@fault("a long text ends the host", CoreInstance, "_bytes")
def _long(original, self, pointer, length, what):
    return original(self, pointer, length, what) if length < _LONG else ends("it ran out of memory")


@fault("a long log ends the host", Journal, "write")
def _long_log(original, self, *arguments, **named):
    self.written = getattr(self, "written", 0) + 1
    return original(self, *arguments, **named) if self.written < _MANY else ends("its log is full")


@fault("stops routing at the first trap", Subscriptions, "route")
def _until_a_trap(_, self, delta, text):
    for name, subscriber in tuple(self._subscribers.items()):
        subscriber.deliver(text)
        if name not in self._subscribers:
            return


_STATUS = [""]


def _set_status(_, text):
    _STATUS[0] = text


add("one status for all", StatusService, "status", property(lambda _: _STATUS[0], _set_status))
