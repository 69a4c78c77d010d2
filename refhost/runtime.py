"""What one plugin runs in: its services, its gate, and fresh instances of its binary."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refhost.binary import CoreBinary, Dialect, is_component, read_core
from refhost.dialects.assemblyscript import AssemblyScriptInstance
from refhost.dialects.buffer import STRING_BYTES, BufferInstance
from refhost.dialects.command import CommandInstance
from refhost.dialects.component import ComponentInstance
from refhost.errors import LinkError
from refhost.functions import SERVICES, TABLE
from refhost.services.config import ConfigService
from refhost.services.deltas import DeltaService
from refhost.services.fetch import FetchService
from refhost.services.gate import Gate, Phase
from refhost.services.http import Endpoint, parse_endpoints
from refhost.services.reading import ReadingService
from refhost.services.registrations import RegistrationService
from refhost.services.runtime import RuntimeService
from refhost.services.sockets import SocketService
from refhost.services.status import StatusService
from refhost.services.streams import StreamService
from refhost.wasi.preview1 import Preview1
from refhost.wasi.preview2 import Preview2
from refhost.world import ComponentBinary, read_component

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.dialects.instance import Instance
    from refhost.host import Host
    from refhost.journal import Journal
    from refhost.model import Model
    from refhost.package import PluginPackage

_CORE: dict[Dialect, type[BufferInstance | AssemblyScriptInstance | CommandInstance]] = {
    Dialect.BUFFER: BufferInstance,
    Dialect.ASSEMBLYSCRIPT: AssemblyScriptInstance,
    Dialect.COMMAND: CommandInstance,
}


@dataclass(frozen=True)
class Metadata:
    """What a plugin says about itself when it is loaded; `endpoints_text` is None where it was not asked (R9)."""

    name: str
    schema: str
    endpoints_text: str | None
    endpoints: list[Endpoint]


def read_binary(binary: bytes) -> CoreBinary | ComponentBinary:
    """Compile a binary of any dialect and look it through; nothing of it runs.

    Raises:
        BinaryError: no dialect takes it.
    """
    return read_component(binary) if is_component(binary) else read_core(binary)


def linkable(package: PluginPackage) -> CoreBinary | ComponentBinary:
    """The binary of a package, once everything in it fits.

    Raises:
        BinaryError: no dialect takes it.
        LinkError: imports or exports do not fit, or lack the capability to be linked; all of them are named.
    """
    binary = read_binary(package.binary)
    found = list(binary.problems())
    if isinstance(binary, CoreBinary):
        found += binary.ungranted(package.grants)
    if found:
        lines = [f"  {p.kind} {p.name}: {p.message}. {p.hint} ({p.section})" for p in found]
        raise LinkError("\n".join([f"{package.origin} cannot be linked:", *lines]))
    return binary


class PluginRuntime:
    """The surroundings of one plugin; it outlives its instances."""

    def __init__(self, plugin_id: str, package: PluginPackage, host: Host, *, seed: int) -> None:
        self.plugin_id = plugin_id
        self.package = package
        self.grants = package.grants
        self.bus = host.bus
        self.clock = host.clock
        self.journal = host.journal
        self.storage = host.storage
        self._limits = host.limits
        self._binary = linkable(package)
        self._randomness = random.Random(f"{seed} {plugin_id}")
        self.config_file = host.storage.config_file(plugin_id)
        self.status = StatusService(self._id, self.grants, host.journal)
        self.deltas = DeltaService(self._id, host.bus, self._log)
        self.registrations = RegistrationService(self._announce_put)
        self.streams = StreamService(self._id, self.grants, self.registrations, host.streams)
        self.sockets = SocketService(host.interface, host.socket_ids, host.limits, self.note)
        self.fetch = FetchService(self._id, host.responder, host.clock, host.limits, self._log_fetch)
        self.gate = Gate(self._id, self.grants, host.journal, self._operations(host.model))

    def _id(self) -> str:
        return self.plugin_id

    def _log(self, kind: str, text: str) -> None:
        self.note(kind, text, "sk_handle_message")

    def _log_fetch(self, kind: str, text: str) -> None:
        self.note(kind, text, "as-fetch")

    def note(self, kind: str, text: str, function: str = "") -> None:
        """Write a record about this plugin."""
        self.journal.write(self.plugin_id, kind, text, function=function)

    def replace_binary(self, package: PluginPackage) -> None:
        """Take the binary of another package from the next instance on; id and capabilities stay.

        Raises:
            BinaryError: no dialect takes it.
            LinkError: imports or exports do not fit.
        """
        self._binary = linkable(package)
        self.package = package

    def instance_over(self) -> None:
        """The instance has stopped or is gone: what it registered and opened ends with it."""
        self.registrations.clear()
        self.sockets.close()

    def _operations(self, model: Model) -> dict[str, Any]:
        """Each operation of the table with the method that carries it out."""
        services = {
            "runtime": RuntimeService(self._randomness),
            "status": self.status,
            "model": ReadingService(model),
            "deltas": self.deltas,
            "config": ConfigService(self.config_file),
            "registrations": self.registrations,
            "streams": self.streams,
            "sockets": self.sockets,
            "fetch": self.fetch,
        }
        operations = {}
        for operation in {name for f in TABLE for name in (f.operation, f.wit_operation) if name}:
            service, _, method = operation.partition(".")
            if service in SERVICES:
                operations[operation] = getattr(services[service], method)
        return operations

    def _announce_put(self, context: str, path: str) -> None:
        """A PUT handler shows in the path's metadata (contract §13)."""
        meta = [{"path": path, "value": {"supportsPut": True}}]
        claimed = {"context": context, "updates": [{"meta": meta}]}
        delta = self.bus.admit(claimed, self.plugin_id).delta
        if delta is not None:
            self.bus.announce(self.plugin_id, delta)

    def enter(self, phase: Phase) -> None:
        """Say what the plugin is called for from here; while metadata is read it changes nothing (R19)."""
        self.gate.phase = phase
        if self.grants.has("storage"):
            self.storage.vfs(self.plugin_id).read_only = phase is Phase.METADATA

    @contextmanager
    def bus_held(self) -> Iterator[None]:
        """A call into the plugin: what it emits waits until the call is over (R21)."""
        self.bus.hold()
        try:
            yield
        finally:
            self.bus.release()

    def load(self) -> tuple[Instance, Metadata]:
        """A fresh instance, and what it says about itself (contract §9: load).

        Raises:
            PluginError: it ended badly while it was asked.
        """
        instance = self.instantiate()
        try:
            name = instance.name() or self.package.name
            schema = instance.schema()
            text = self._endpoints_text(instance)
            return instance, Metadata(name, schema, text, self._endpoints(text))
        except BaseException:
            instance.close()
            raise

    def _endpoints_text(self, instance: Instance) -> str | None:
        """What it says of its HTTP endpoints; without the capability it is not even asked (R9)."""
        asked = self.grants.has("httpEndpoints") and instance.has_endpoints
        return instance.text("http_endpoints", STRING_BYTES) if asked else None

    def _endpoints(self, text: str | None) -> list[Endpoint]:
        if text is None:
            return []
        endpoints, problems = parse_endpoints(text)
        for problem in problems:
            self.note("fault", problem, "http_endpoints")
        return endpoints

    def instantiate(self) -> Instance:
        """A fresh instance, in the phase of metadata.

        Raises:
            PluginError: its start function or `_initialize` ended badly.
        """
        self.enter(Phase.METADATA)
        if not isinstance(self._binary, CoreBinary):
            return ComponentInstance(self._binary, self.gate, Preview2(**self._surroundings()), self._limits)
        kind = _CORE[self._binary.dialect]
        return kind(self._binary, self.gate, Preview1(**self._surroundings()), self._limits)

    def _surroundings(self) -> dict[str, Any]:
        """All that WASI of either version shows of the machine: nothing of the real one (contract §5)."""
        return {
            "vfs": self.storage.vfs(self.plugin_id) if self.grants.has("storage") else None,
            "clock": self.clock,
            "random": random.Random(self._randomness.random()),
            "env": {"PLUGIN_ID": self.plugin_id},
            "stdout": _Lines(self.journal, self.plugin_id, "stdout").write,
            "stderr": _Lines(self.journal, self.plugin_id, "stderr").write,
        }


class _Lines:
    """Turns what a plugin writes to a stream into records, one a line."""

    _LONGEST = 64 * 1024

    def __init__(self, journal: Journal, plugin: str, kind: str) -> None:
        self._journal = journal
        self._plugin = plugin
        self._kind = kind
        self._rest = b""

    def write(self, data: bytes) -> None:
        """Take what was written; a line without an end is kept until it has one, or grows too long."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > self._LONGEST:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._journal.write(self._plugin, self._kind, line.decode("utf-8", "replace"))
