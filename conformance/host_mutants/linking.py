"""Mutants: faults in what is made of a binary before anything of it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, mutant, nothing
from conformance.host_trial import binary as probe
from refhost import binary, runtime
from refhost.dialects.buffer import BufferInstance
from refhost.dialects.core import CoreInstance
from refhost.errors import BinaryError, HostError, LinkError
from refhost.functions import ENV
from refhost.host import Host
from refhost.lifecycle import Lifecycle
from refhost.services.deltas import DeltaService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.host_mutants.mutant import Original

nothing("names no near function", binary, "nearest", "")
add("names no near function", binary, "COMMON_SLIPS", {})
add("lacks sk_tcp_pending", binary, "ENV", {name: row for name, row in ENV.items() if name != "sk_tcp_pending"})


@mutant("tells no signature", binary, "_env_problems")
def _untold(original: Original, entry: Any) -> Iterator[Any]:
    for problem in original(entry):
        yield replace(problem, message="its type is another one", hint="")


def _curt(name: str, error: type[HostError]) -> None:
    """Why a binary is refused is not said."""

    @mutant(name, runtime, "linkable")
    def linkable(original: Original, *arguments: Any) -> Any:
        try:
            return original(*arguments)
        except error:
            raise error("it cannot be used") from None


_curt("says only that it cannot be linked", LinkError)
_curt("says only that it is no binary", BinaryError)


@mutant("loads something else instead", Host, "load")
def _another(original: Original, self: Any, package: Any, **named: Any) -> Any:
    try:
        return original(self, package, **named)
    except HostError:
        return original(self, replace(package, binary=probe("probe")), **named)


@mutant("a refused plugin stops the others", Host, "load")
def _stops_all(original: Original, self: Any, package: Any, **named: Any) -> Any:
    try:
        return original(self, package, **named)
    except HostError:
        for plugin in self.plugins.values():
            plugin.stop()
        raise


@mutant("goes by the file's name", Host, "load")
def _by_name(original: Original, self: Any, package: Any, **named: Any) -> Any:
    if not str(package.manifest.get("wasmManifest", ".wasm")).endswith(".wasm"):
        raise BinaryError("its name does not end in .wasm")
    return original(self, package, **named)


@mutant("polls whatever is there", Lifecycle, "_run")
def _polls(original: Original, self: Any, instance: Any) -> None:
    instance.has_poll = True
    original(self, instance)


@mutant("initializes nothing", CoreInstance, "call")
def _not_initialized(original: Original, self: Any, export: Any, *arguments: Any) -> Any:
    return None if export == "_initialize" else original(self, export, *arguments)


@mutant("requires deallocate", BufferInstance, "_free")
def _frees(_: Any, self: Any, pointer: Any, length: Any) -> None:
    self.call("deallocate", pointer, length)


@mutant("every delta is v1", DeltaService, "handle_message")
def _v1(original: Original, self: Any, text: Any, version: Any = 1) -> None:
    original(self, text, 1)


@mutant("every delta is v2", DeltaService, "handle_message")
def _v2(original: Original, self: Any, text: Any, version: Any = 1) -> None:
    original(self, text, 2)
