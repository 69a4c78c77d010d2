"""One plugin in the reference host, as checks see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conformance.drivers import memory
from conformance.drivers.records import (
    EmittedText,
    FetchRequest,
    FileOperation,
    HttpReply,
    LogRecord,
    PutReply,
    StreamData,
)
from conformance.drivers.rewritten import Rewritten
from refhost.errors import (
    BadReturn,
    DeniedError,
    PluginAbort,
    PluginError,
    PluginExit,
    PluginTimeout,
    PluginTrap,
)
from refhost.jsontext import dumps
from refhost.services.http import parse_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.drivers.reference import RefhostHost
    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.journal import Record
    from refhost.package import PluginPackage
    from refhost.plugin import Plugin
    from refhost.services.deltas import Claim
    from refhost.services.sockets import OpenSocket
    from refhost.wasi.vfs import Operation

_FAULTS: tuple[tuple[type[PluginError], str], ...] = (
    (PluginTrap, "trap"),
    (PluginAbort, "abort"),
    (PluginExit, "exit"),
    (PluginTimeout, "timeout"),
    (BadReturn, "return"),
    (DeniedError, "denied"),
)
_CHANGING = frozenset({"create", "write", "truncate", "mkdir", "rename", "link", "symlink", "unlink", "rmdir"})


def fault_name(error: PluginError | None) -> str:
    """The word for how a call ended."""
    return next((word for kind, word in _FAULTS if isinstance(error, kind)), "")


def _claim(claim: Claim) -> EmittedText:
    return EmittedText(claim.text, claim.version)


def _record(record: Record) -> LogRecord:
    return LogRecord(record.kind, record.function, record.text)


def _operation(done: Operation) -> FileOperation:
    return FileOperation(done.name, done.path, done.error)


class RefhostSession:
    """A session of the reference host; see `Session`.

    Args:
        home: what it is loaded in.
        package: the plugin.
        enabled: whether it is found enabled, as by a server that starts.
    """

    def __init__(self, home: RefhostHost, package: PluginPackage, *, enabled: bool = False) -> None:
        self._home = home
        self._host = home.host
        self._network = home.network
        self._package = package
        self._enabled = enabled
        self.steps = home.steps
        self._among = len(home.sessions)
        self._plugin = self._load()
        self._fault: PluginError | None = None
        self._claims = Rewritten(_claim)
        self._records = Rewritten(_record)
        self._operations = Rewritten(_operation)

    def _load(self) -> Plugin:
        return self._host.load(self._package, enabled=self._enabled)

    def _step(self, text: str) -> None:
        """Note a step; of the plugins that came after the first with their ids."""
        self.steps.append(f"{self.id}: {text}" if self._among else text)

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self._plugin.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._plugin.name

    @property
    def schema_text(self) -> str:
        """Its schema."""
        return self._plugin.schema_text

    @property
    def state(self) -> str:
        """Its state."""
        return str(self._plugin.state)

    @property
    def fault(self) -> str:
        """How the first bad call since its last start ended, also after the host has restarted it."""
        return fault_name(self._fault)

    def why(self) -> str:
        """Why it is not running, or was not."""
        return str(self._fault) if self._fault else self._plugin.why()

    @property
    def status_code(self) -> int | str:
        """What its last start or stop returned."""
        return self._plugin.status_code

    def look(self) -> None:
        """Note how the plugin's last call ended, before the host may restart it."""
        self._fault = self._fault or self._plugin.fault

    def start(self, config: Mapping[str, Any]) -> str:
        """Start with a configuration object."""
        self._step(f"start {dumps(dict(config))}")
        self._plugin.start(config)
        return self._started()

    def start_with(self, text: str) -> str:
        """Start with any text."""
        self._step(f"start with the text {text!r}")
        self._plugin.start_with(text)
        return self._started()

    def _started(self) -> str:
        self._fault = self._plugin.fault
        return self.state

    def stop(self) -> str:
        """Stop."""
        self._step("stop")
        self._plugin.stop()
        self._home.look()
        return self.state

    def publish(self, delta: Delta) -> None:
        """Put a delta on the bus."""
        self._home.publish(delta)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._home.advance(seconds)

    def unload(self) -> None:
        """Unload."""
        self._step("unload it")
        self._host.unload(self._plugin)

    def reload(self, *, grants: Grants | None = None) -> None:
        """Unload and load again."""
        held = f", holding {grants} from now on" if grants else ""
        self._step(f"unload it, and load it again{held}")
        self._host.unload(self._plugin)
        self._package = self._package.with_grants(grants) if grants else self._package
        if not self._enabled and self._host.profile.has("D24"):  # what is loaded later is enabled later
            file = self._host.storage.config_file(self.id)
            file.write(replace(file.read(), enabled=False))
        self._plugin = self._load()
        self._fault = None

    def hot_reload(self) -> str:
        """Reload while it runs."""
        self._step("reload it while it runs")
        self._plugin.reload()
        self._home.look()
        return self.state

    def put(self, context: str, path: str, value: Any) -> PutReply:  # noqa: ANN401 - a JSON value
        """A client's PUT."""
        self._step(f"PUT {dumps(value)} to {context} {path}")
        answer = self._host.put(path, value, context=context)
        self._home.look()
        return PutReply(answer.state, answer.status_code, answer.message)

    def http(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A client's request to its pages."""
        return self._home.request(method, f"/plugins/{quote(self.id, safe='')}{path}", body=body, headers=headers)

    @property
    def endpoints_text(self) -> str | None:
        """What `http_endpoints` returns."""
        return self._plugin.endpoints_text

    def exports(self, name: str) -> bool:
        """Whether it has this handler."""
        return self._plugin.exports(name)

    def ask(self, export: str, request: str, room: int = 65536) -> str:
        """Call a handler."""
        self._step(f"call {export} with {request}")
        try:
            if export == "radar_get_radars":
                return self._plugin.ask_radars(room)
            ask = self._plugin.ask_http if export in self._endpoints() else self._plugin.ask
            return ask(export, request, room)
        except PluginError:
            return ""  # what kind of fault it was stays with the session
        finally:
            self._home.look()

    def _endpoints(self) -> set[str]:
        return {endpoint.handler for endpoint in parse_endpoints(self._plugin.endpoints_text or "[]")[0]}

    def respond(self, url: str, body: object = b"", *, status: int = 200) -> None:
        """Program an answer."""
        self._step(f"answer requests to {url} with {status}")
        self._host.respond(url, body, status=status)
        rules = self._host.responder.rules
        rules.insert(0, rules.pop())  # the latest answers, so that a network can come and go

    @property
    def requests(self) -> Sequence[FetchRequest]:
        """Its HTTP requests."""
        return [FetchRequest(r.method, r.url, r.status) for r in self._host.requests]

    @property
    def streams(self) -> Sequence[StreamData]:
        """What it emitted on streams."""
        return [StreamData(message.stream, message.data) for message in self._host.streams.messages]

    @property
    def open_sockets(self) -> Sequence[OpenSocket]:
        """Its open sockets."""
        return self._plugin.open_sockets

    def send_datagram(self, port: int, data: bytes) -> None:
        """Send a datagram from another host of the simulated network."""
        self._step(f"send {len(data)} bytes to UDP port {port}: {data[:40]!r}")
        self._network.device.send(data, port)

    def fail_sockets(self, at: str) -> None:
        """Make its sockets fail."""
        self._step(f"from here on sockets fail at {at}")
        self._network.fails = at

    def answer_connections(self) -> None:
        """Take every TCP connection."""
        self._step("from here on somebody takes every TCP connection")
        self._network.answers = True

    @property
    def connections(self) -> int:
        """How many were taken."""
        return len(self._network.connections)

    def send_to_connections(self, *chunks: bytes) -> None:
        """Send to every open one."""
        size = sum(map(len, chunks))
        self._step(f"send {size} bytes to its TCP connections: {b''.join(chunks)[:40]!r}")
        for peer in self._network.connections:
            peer.send(*chunks)

    def close_connections(self) -> None:
        """Close every one."""
        self._step("close its TCP connections from the other end")
        for peer in self._network.connections:
            peer.close()

    @property
    def memory_bytes(self) -> int:
        """Its linear memory."""
        return self._plugin.memory_bytes

    @property
    def claims(self) -> Sequence[EmittedText]:
        """What it gave to be emitted."""
        return self._claims.of(self._plugin.claims)

    @property
    def emitted(self) -> Sequence[Delta]:
        """What the bus carried."""
        return self._plugin.emitted

    @property
    def log(self) -> Sequence[LogRecord]:
        """The journal's records of it."""
        return self._records.of(self._plugin.log)

    @property
    def status(self) -> str:
        """Its latest status."""
        return self._plugin.status

    @property
    def error(self) -> str:
        """Its latest error."""
        return self._plugin.error

    @property
    def configuration(self) -> Mapping[str, Any]:
        """Its saved configuration."""
        return self._plugin.config.configuration

    @property
    def registered(self) -> Sequence[str]:
        """Its registrations."""
        puts = [f"PUT {context} {path}" for context, path in self._plugin.puts]
        return puts + [f"{kind} {name}" for kind, names in self._plugin.providers.items() for name in names]

    @property
    def files(self) -> Mapping[str, bytes]:
        """Its files."""
        return self._plugin.vfs.files()

    def write_file(self, path: str, data: bytes) -> None:
        """Put a file into its tree."""
        self._step(f"put {len(data)} bytes into {path}: {data[:40]!r}")
        self._plugin.vfs.write(path, data)

    def empty_tmp(self) -> None:
        """Empty tmp/."""
        self._step("empty /tmp")
        self._plugin.vfs.clear_tmp()

    def fail_writes(self, error: str) -> None:
        """Make every change of its files fail."""
        self._step(f"from here on every change of a file fails with {error}")
        self._plugin.vfs.faults.append(lambda operation: error if operation.name in _CHANGING else None)

    @property
    def file_operations(self) -> Sequence[FileOperation]:
        """What it did with files."""
        return self._operations.of(self._plugin.vfs.operations)

    def strings_out(self, size: int) -> Mapping[str, tuple[int, int]]:
        """Call each text export with a small buffer."""
        self._step(f"call plugin_id, plugin_name and plugin_schema with a buffer of {size} bytes")
        return memory.strings_out(memory.core(self._plugin.instance), size)

    def allocations(self, sizes: Sequence[int]) -> Sequence[str]:
        """Allocate, fill and read everything back."""
        self._step(f"allocate blocks of {', '.join(map(str, sizes))} bytes")
        return memory.allocations(memory.core(self._plugin.instance), sizes)
