"""What one plugin runs in: its services, its gate, and fresh instances of its binary."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refhost.binary import CoreBinary, is_component, read_core
from refhost.clock import in_nanoseconds
from refhost.departures.config import RememberedConfig, SwitchedConfigService
from refhost.departures.linking import link_problems
from refhost.departures.storage import Preopens
from refhost.dialects.assemblyscript import AssemblyScriptInstance
from refhost.dialects.buffer import STRING_BYTES, BufferInstance
from refhost.dialects.command import CommandInstance
from refhost.dialects.component import ComponentInstance
from refhost.errors import LinkError
from refhost.exports import Dialect
from refhost.functions import ENV, SERVICES, TABLE
from refhost.printing import printable
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.randomness import Randomness
from refhost.services.deltas import Claim, DeltaService
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
    from collections.abc import Callable, Mapping, Sequence

    from refhost.bus import Terms
    from refhost.delta import Admission
    from refhost.dialects.door import LetThrough
    from refhost.dialects.instance import Instance
    from refhost.host import Host
    from refhost.journal import Journal
    from refhost.model import Model
    from refhost.package import PluginPackage
    from refhost.wasi.vfs import Vfs

_CORE: dict[Dialect, type[BufferInstance | AssemblyScriptInstance | CommandInstance]] = {
    Dialect.BUFFER: BufferInstance,
    Dialect.ASSEMBLYSCRIPT: AssemblyScriptInstance,
    Dialect.COMMAND: CommandInstance,
}


# Each operation of the table that a service carries out, with the service and its method.
_OPERATIONS = {
    operation: (service, method)
    for operation in {name for f in TABLE for name in (f.operation, f.wit_operation) if name}
    for service, _, method in [operation.partition(".")]
    if service in SERVICES
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


def linkable(package: PluginPackage, switches: Switches = BY_THE_BOOK) -> CoreBinary | ComponentBinary:
    """The binary of a package, once everything in it fits a host of a profile.

    Raises:
        BinaryError: no dialect takes it.
        LinkError: imports or exports do not fit, or lack the capability to be linked; all of them are named.
    """
    binary = read_binary(package.binary)
    found = link_problems(binary, switches)
    if isinstance(binary, CoreBinary):
        found += binary.ungranted(package.grants)
    if found:
        # A name that holds a line end must not look like a line of the host's.
        lines = [
            printable(f"  {p.kind} {p.name}: {p.message}. {p.hint} ({p.section})", limit=4000, lines=False)
            for p in found
        ]
        raise LinkError("\n".join([f"{package.origin} cannot be linked:", *lines]))
    return binary


class PluginRuntime:
    """The surroundings of one plugin; it outlives its instances."""

    def __init__(self, plugin_id: str, package: PluginPackage, host: Host, *, seed: int) -> None:
        self.plugin_id = plugin_id
        self.starting = False  # whether its start is running
        self.package = package
        self.grants = package.grants
        self.bus = host.bus
        self.clock = host.clock
        self.journal = host.journal
        self.storage = host.storage
        self.switches = host.switches(plugin_id)
        # Whether its id is another than its package's name: the server mistakes one for the other in several places.
        self.scoped = bool(package.id) and package.manifest.get("name") not in (None, plugin_id)
        self._limits = host.limits
        self._call_ns = in_nanoseconds(host.limits.call_seconds)
        self._binary = linkable(package, self.switches)
        self._randomness = random.Random(f"{seed} {plugin_id}")
        self.config_file = host.storage.config_file(plugin_id)
        self.server_config = RememberedConfig(self.config_file, self.switches)
        self._files = Preopens(
            host.storage, host.clock, plugin_id, self.switches, enabled=self.config_file.read().enabled
        )
        self.status = StatusService(self._id, self.grants, host.journal, self.switches)
        self.deltas = DeltaService(self._id, host.bus, self._log, self._admit, self.switches, host.limits)
        self.registrations = RegistrationService(self._announce_put, self.switches, host.limits)
        self.streams = StreamService(
            self._id, self.grants, self.registrations, host.streams, self._speaker, self.switches, lambda: self.starting
        )
        self.sockets = SocketService(
            host.interface, host.socket_ids, host.limits, self.note, host.sockets, self.switches, scoped=self.scoped
        )
        self.fetch = FetchService(self._id, host.responder, host.clock, host.limits, self.note)
        self.gate = Gate(self._id, self.grants, host.journal, self._operations(host.model), self.switches)

    def _id(self) -> str:
        return self.plugin_id

    def _speaker(self) -> str:
        """The name under which it speaks on the bus: its id, by the contract."""
        return self.package.name if self.scoped and self.switches.departs("D4", "$source") else self.plugin_id

    def terms(self) -> Terms | None:
        """On what terms the pump may let through what it emits (`refhost/dialects/door.py`); None where it may not."""
        return self.bus.terms(self._speaker()) if self.gate.is_open(ENV["sk_handle_message"]) else None

    def let_through(self, emissions: Sequence[LetThrough]) -> None:
        """Remember what the pump let through, as if it had come to the host."""
        sizes = [len(each.claim) for each in emissions]
        fits = self.deltas.claims.has_room(len(sizes), sum(sizes)) and self.bus.has_room(len(sizes), sum(sizes))
        # Where some are forgotten, it is said behind the one for which they were.
        several = len(sizes) if fits else 1
        for at in range(0, len(sizes), several):
            some, their = emissions[at : at + several], sizes[at : at + several]
            self.deltas.remember([Claim(each.claim) for each in some], sum(their))
            self.bus.carried(self.plugin_id, (each.text for each in some), their)

    def _admit(self, claimed: object) -> Admission:
        return self.bus.admit(claimed, self._speaker(), self.switches)

    @property
    def vfs(self) -> Vfs:
        """Its file tree."""
        return self._files.shown

    def _abort_logged(self, text: str) -> None:
        self.note("fault", text, "abort")

    def _log(self, kind: str, text: str) -> None:
        self.note(kind, text, "sk_handle_message")

    def note(self, kind: str, text: str, function: str = "") -> None:
        """Write a record about this plugin."""
        self.journal.write(self.plugin_id, kind, text, function=function)

    def replace_binary(self, package: PluginPackage) -> None:
        """Take the binary of another package from the next instance on; id and capabilities stay.

        Raises:
            BinaryError: no dialect takes it.
            LinkError: imports or exports do not fit.
        """
        self._binary = linkable(package, self.switches)
        self.package = package

    def instance_stopped(self) -> None:
        """The instance has stopped: what it registered and opened ends with that."""
        if not self.switches.has("D38"):
            self.registrations.clear()
        self.sockets.close()

    def instance_gone(self) -> None:
        """The instance is gone: what it registered and opened ends with it."""
        self.registrations.clear()
        self.sockets.close()

    def _operations(self, model: Model) -> _Operations:
        services = {
            "runtime": RuntimeService(self._randomness, self._abort_logged, self.switches),
            "status": self.status,
            "model": ReadingService(model, self.switches),
            "deltas": self.deltas,
            "config": SwitchedConfigService(self.config_file, self.switches, scoped=self.scoped),
            "registrations": self.registrations,
            "streams": self.streams,
            "sockets": self.sockets,
            "fetch": self.fetch,
        }
        return _Operations(services)

    def _announce_put(self, context: str, path: str) -> None:
        """A PUT handler shows in the path's metadata (contract §13)."""
        meta = [{"path": path, "value": {"supportsPut": True}}]
        claimed = {"context": context, "updates": [{"meta": meta}]}
        delta = self._admit(claimed).delta
        if delta is not None:
            self.bus.announce(self.plugin_id, delta, len(context) + len(path))

    def enter(self, phase: Phase) -> None:
        """Say what the plugin is called for from here; while metadata is read it changes nothing (R19)."""
        self.gate.phase = phase
        self._files.read_only = phase is Phase.METADATA and not self.switches.has("D39")

    def begin_call(self) -> None:
        """A call into the plugin: what it emits waits until `end_call` (R21)."""
        self.clock.begin_call(self._call_ns)
        self.bus.hold()

    def end_call(self) -> None:
        """The call is over."""
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
            self._files.described()
            return instance, Metadata(name, schema, text, self._endpoints(text))
        except BaseException:
            instance.close()
            raise

    def _endpoints_text(self, instance: Instance) -> str | None:
        """What it says of its HTTP endpoints; without the capability it is not even asked (R9)."""
        asked = instance.has_endpoints and (
            self.grants.has("httpEndpoints") or self.switches.departs("D15", "http_endpoints")
        )
        return instance.text("http_endpoints", STRING_BYTES) if asked else None

    def _endpoints(self, text: str | None) -> list[Endpoint]:
        if text is None:
            return []
        endpoints, problems = parse_endpoints(text)
        for problem in problems:
            self.note("fault", problem, "http_endpoints")
        return endpoints

    @property
    def unknown_to_reload(self) -> bool:
        """Whether a reload looks for it under the wrong name (D29)."""
        return self.scoped and self.switches.has("D29")

    def starts_anew(self) -> bool:
        """Whether the instance that told its name is not the one that is started (D24)."""
        return self._files.starts_anew

    def reloaded(self) -> None:
        """The instance that follows has come by a reload (D28)."""
        self.gate.cut_off = self.switches.has("D28")

    def instantiate(self) -> Instance:
        """A fresh instance, in the phase of metadata.

        Raises:
            PluginError: its start function or `_initialize` ended badly.
        """
        self.enter(Phase.METADATA)
        self.clock.begin_call(self._call_ns)
        if not isinstance(self._binary, CoreBinary):
            wasi2 = Preview2(**self._surroundings(), limits=self._limits)
            return ComponentInstance(self._binary, self.gate, wasi2, self._limits)
        kind = _CORE[self._binary.dialect]
        wasi = Preview1(**self._surroundings(), switches=self.switches)
        return kind(self._binary, self.gate, wasi, self._limits, self.switches)

    def _surroundings(self) -> dict[str, Any]:
        """All that WASI of either version shows of the machine: nothing of the real one (contract §5)."""
        return {
            "vfs": self._files.following(granted=self.grants.has("storage")),
            "clock": self.clock,
            "random": Randomness(self._randomness.random()),
            "env": {"PLUGIN_ID": self._speaker()},
            "stdout": _Lines(self.journal, self.plugin_id, "stdout").write,
            "stderr": _Lines(self.journal, self.plugin_id, "stderr").write,
        }


class _Operations(dict[str, "Callable[..., Any]"]):
    """Each operation of the table with the method that carries it out; of some sixty a plugin uses a few.

    Args:
        services: by the names that the table has for them.
    """

    def __init__(self, services: Mapping[str, object]) -> None:
        super().__init__()
        self._services = services

    def __missing__(self, operation: str) -> Callable[..., Any]:
        service, method = _OPERATIONS[operation]
        found: Callable[..., Any] = getattr(self._services[service], method)
        self[operation] = found
        return found


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
