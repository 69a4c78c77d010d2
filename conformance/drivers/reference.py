"""The driver of the reference host, in this process."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conformance.drivers import memory
from conformance.drivers.interface import (
    EmittedText,
    FetchRequest,
    FileOperation,
    HttpReply,
    LogRecord,
    PutReply,
    StreamData,
)
from refhost.errors import (
    BadReturn,
    DeniedError,
    PluginAbort,
    PluginError,
    PluginExit,
    PluginTimeout,
    PluginTrap,
)
from refhost.host import Host
from refhost.jsontext import dumps
from refhost.limits import Limits
from refhost.network.simulated import SimulatedNetwork
from refhost.services.http import parse_endpoints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage
    from refhost.services.sockets import OpenSocket

_FAULTS: tuple[tuple[type[PluginError], str], ...] = (
    (PluginTrap, "trap"),
    (PluginAbort, "abort"),
    (PluginExit, "exit"),
    (PluginTimeout, "timeout"),
    (BadReturn, "return"),
    (DeniedError, "denied"),
)
# Shorter than the time after which a crashed plugin is restarted (R10).
_STEP_SECONDS = 0.5
# More than any host offers for an answer, so that an answer that is too long is seen as it is.
_ANSWER_BYTES = 1 << 20
# A device on the simulated network.
_FAR = "10.0.0.200"
_CHANGING = frozenset({"create", "write", "truncate", "mkdir", "rename", "link", "symlink", "unlink", "rmdir"})


def fault_name(error: PluginError | None) -> str:
    """The word for how a call ended."""
    return next((word for kind, word in _FAULTS if isinstance(error, kind)), "")


class RefhostSession:
    """A session of the reference host; see `Session`."""

    def __init__(self, host: Host, network: SimulatedNetwork, package: PluginPackage) -> None:
        self._host = host
        self._network = network
        self._package = package
        self._plugin = host.load(package)
        self._fault: PluginError | None = None
        self.steps = [f"load {package.origin}"]

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

    def _look(self) -> None:
        self._fault = self._fault or self._plugin.fault

    def start(self, config: Mapping[str, Any]) -> str:
        """Start with a configuration object."""
        self.steps.append(f"start {dumps(dict(config))}")
        self._plugin.start(config)
        return self._started()

    def start_with(self, text: str) -> str:
        """Start with any text."""
        self.steps.append(f"start with the text {text!r}")
        self._plugin.start_with(text)
        return self._started()

    def _started(self) -> str:
        self._fault = self._plugin.fault
        return self.state

    def stop(self) -> str:
        """Stop."""
        self.steps.append("stop")
        self._plugin.stop()
        self._look()
        return self.state

    def publish(self, delta: Delta) -> None:
        """Put a delta on the bus."""
        self.steps.append(f"deliver {dumps(delta)}")
        self._host.publish_delta(delta)
        self._look()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, in steps: a crashed plugin is restarted, and then knows of no fault."""
        self.steps.append(f"let {seconds:g} s pass")
        while seconds > 0:
            self._host.advance(min(seconds, _STEP_SECONDS))
            self._look()
            seconds -= _STEP_SECONDS

    def reload(self, *, grants: Grants | None = None) -> None:
        """Unload and load again."""
        held = f", holding {grants} from now on" if grants else ""
        self.steps.append(f"unload it, and load it again{held}")
        self._host.unload(self._plugin)
        self._package = self._package.with_grants(grants) if grants else self._package
        self._plugin = self._host.load(self._package)
        self._fault = None

    def hot_reload(self) -> str:
        """Reload while it runs."""
        self.steps.append("reload it while it runs")
        self._plugin.reload()
        self._look()
        return self.state

    def put(self, context: str, path: str, value: Any) -> PutReply:  # noqa: ANN401 - a JSON value
        """A client's PUT."""
        self.steps.append(f"PUT {dumps(value)} to {context} {path}")
        answer = self._host.put(path, value, context=context)
        self._look()
        return PutReply(answer.state, answer.status_code, answer.message)

    def http(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A client's request, over the host's own HTTP API."""
        self.steps.append(f"{method} /plugins/{self.id}{path}{f' with {body}' if body else ''}")
        url = f"/plugins/{quote(self.id, safe='')}{path}"
        answer = self._host.http.request(method, url, content=body.encode(), headers=dict(headers or {}))
        self._look()
        return HttpReply(answer.status_code, dict(answer.headers), answer.text)

    @property
    def endpoints_text(self) -> str | None:
        """What `http_endpoints` returns."""
        return self._plugin.endpoints_text

    def exports(self, name: str) -> bool:
        """Whether it has this handler."""
        return self._plugin.exports(name)

    def ask(self, export: str, request: str) -> str:
        """Call a handler, however large its answer is."""
        self.steps.append(f"call {export} with {request}")
        try:
            if export == "radar_get_radars":
                return self._plugin.ask_radars()
            ask = self._plugin.ask_http if export in self._endpoints() else self._plugin.ask
            return ask(export, request, _ANSWER_BYTES)
        except PluginError:
            return ""  # what kind of fault it was stays with the session
        finally:
            self._look()

    def _endpoints(self) -> set[str]:
        return {endpoint.handler for endpoint in parse_endpoints(self._plugin.endpoints_text or "[]")[0]}

    def respond(self, url: str, body: object = b"", *, status: int = 200) -> None:
        """Program an answer."""
        self.steps.append(f"answer requests to {url} with {status}")
        self._host.respond(url, body, status=status)

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
        self.steps.append(f"send {len(data)} bytes to UDP port {port}: {data[:40]!r}")
        with closing(self._network.udp(_FAR)) as peer:
            peer.send(data, port)

    @property
    def memory_bytes(self) -> int:
        """Its linear memory."""
        return self._plugin.memory_bytes

    @property
    def claims(self) -> Sequence[EmittedText]:
        """What it gave to be emitted."""
        return [EmittedText(claim.text, claim.version) for claim in self._plugin.claims]

    @property
    def emitted(self) -> Sequence[Delta]:
        """What the bus carried."""
        return self._plugin.emitted

    @property
    def log(self) -> Sequence[LogRecord]:
        """The journal's records of it."""
        return [LogRecord(r.kind, r.function, r.text) for r in self._plugin.log]

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
        self.steps.append(f"put {len(data)} bytes into {path}: {data[:40]!r}")
        self._plugin.vfs.write(path, data)

    def empty_tmp(self) -> None:
        """Empty tmp/."""
        self.steps.append("empty /tmp")
        self._plugin.vfs.clear_tmp()

    def fail_writes(self, error: str) -> None:
        """Make every change of its files fail."""
        self.steps.append(f"from here on every change of a file fails with {error}")
        self._plugin.vfs.faults.append(lambda operation: error if operation.name in _CHANGING else None)

    @property
    def file_operations(self) -> Sequence[FileOperation]:
        """What it did with files."""
        return [FileOperation(o.name, o.path, o.error) for o in self._plugin.vfs.operations]

    def strings_out(self, size: int) -> Mapping[str, tuple[int, int]]:
        """Call each text export with a small buffer."""
        self.steps.append(f"call plugin_id, plugin_name and plugin_schema with a buffer of {size} bytes")
        return memory.strings_out(memory.core(self._plugin.instance), size)

    def allocations(self, sizes: Sequence[int]) -> Sequence[str]:
        """Allocate, fill and read everything back."""
        self.steps.append(f"allocate blocks of {', '.join(map(str, sizes))} bytes")
        return memory.allocations(memory.core(self._plugin.instance), sizes)


class RefhostDriver:
    """Runs plugins in the reference host.

    Args:
        seed: of all randomness that plugins see.
        limits: the bounds that they run in.
    """

    name = "refhost"

    def __init__(self, *, seed: int = 0, limits: Limits | None = None) -> None:
        self._seed = seed
        self._limits = limits or Limits()

    @contextmanager
    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> Iterator[RefhostSession]:
        """Load a plugin into a fresh host."""
        limits = replace(self._limits, call_seconds=call_seconds) if call_seconds else self._limits
        network = SimulatedNetwork()
        with Host(seed=self._seed, limits=limits, network=network) as host:
            yield RefhostSession(host, network, package.with_grants(grants) if grants else package)
