"""Faults in what is made of a binary before anything of it runs."""

from __future__ import annotations

from dataclasses import replace

from conformance.host_trial import binary as probe
from faults.fault import add, fault, nothing
from refhost import binary, runtime
from refhost.dialects.buffer import BufferInstance
from refhost.dialects.core import CoreInstance
from refhost.errors import BinaryError, HostError, LinkError
from refhost.functions import ENV
from refhost.host import Host
from refhost.lifecycle import Lifecycle
from refhost.services.deltas import DeltaService

nothing("names no near function", binary, "nearest", "")
add("names no near function", binary, "COMMON_SLIPS", {})
add("lacks sk_tcp_pending", binary, "ENV", {name: row for name, row in ENV.items() if name != "sk_tcp_pending"})


@fault("tells no signature", binary, "_env_problems")
def _untold(original, entry):
    for problem in original(entry):
        yield replace(problem, message="its type is another one", hint="")


@fault("says only that it cannot be linked", runtime, "linkable")
def _curt(original, *arguments):
    try:
        return original(*arguments)
    except LinkError:
        raise LinkError("it cannot be used") from None


@fault("says only that it is no binary", runtime, "linkable")
def _curter(original, *arguments):
    try:
        return original(*arguments)
    except BinaryError:
        raise BinaryError("it cannot be used") from None


@fault("loads something else instead", Host, "load")
def _another(original, self, package, **named):
    try:
        return original(self, package, **named)
    except HostError:
        return original(self, replace(package, binary=probe("probe")), **named)


@fault("a refused plugin stops the others", Host, "load")
def _stops_all(original, self, package, **named):
    try:
        return original(self, package, **named)
    except HostError:
        for plugin in self.plugins.values():
            plugin.stop()
        raise


@fault("goes by the file's name", Host, "load")
def _by_name(original, self, package, **named):
    if not str(package.manifest.get("wasmManifest", ".wasm")).endswith(".wasm"):
        raise BinaryError("its name does not end in .wasm")
    return original(self, package, **named)


@fault("polls whatever is there", Lifecycle, "_run")
def _polls(original, self, instance):
    instance.has_poll = True
    original(self, instance)


@fault("initializes nothing", CoreInstance, "call")
def _not_initialized(original, self, export, *arguments):
    return None if export == "_initialize" else original(self, export, *arguments)


@fault("requires deallocate", BufferInstance, "_free")
def _frees(_, self, pointer, length):
    self.call("deallocate", pointer, length)


@fault("every delta is v1", DeltaService, "handle_message")
def _v1(original, self, text, version=1):
    original(self, text, 1)


@fault("every delta is v2", DeltaService, "handle_message")
def _v2(original, self, text, version=1):
    original(self, text, 2)
