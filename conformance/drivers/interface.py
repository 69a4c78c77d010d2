"""The driver interface: all that a check can ask of a host, the reference host included.

A `HostSession` is one fresh host, a `Session` one plugin in it. What they did is in `steps`, in words that a person can
follow, so that a failure can show the case that led to it. What a host cannot do is missing from its `features`
(`conformance.drivers.features` has all of them); asking for it raises `Unsupported`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from conformance.drivers.records import (
    CarriedDelta,
    EmittedText,
    FetchRequest,
    FileOperation,
    HttpReply,
    Installed,
    LogRecord,
    ProviderReply,
    PutReply,
    StreamData,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage
    from refhost.profiles import Profile
    from refhost.services.sockets import OpenSocket

__all__ = [
    "CarriedDelta",
    "Driver",
    "EmittedText",
    "FetchRequest",
    "FileOperation",
    "HostSession",
    "HttpReply",
    "Installed",
    "KeepsFiles",
    "LogRecord",
    "ProviderReply",
    "PutReply",
    "Session",
    "StreamData",
]

ProviderKind = Literal["resource", "weather", "radar"]


class Session(Protocol):
    """One plugin in a host."""

    steps: list[str]

    @property
    def id(self) -> str:
        """The plugin's id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def schema_text(self) -> str:
        """Its schema, as it gave it."""

    @property
    def state(self) -> str:
        """One of the states of contract §9."""

    @property
    def fault(self) -> str:
        """How the first bad call since its last start ended; "" for none, and kept when the host restarts it.

        One of `trap`, `abort`, `exit`, `timeout`, `return`, `denied`.
        """

    def why(self) -> str:
        """Why it is not running, or was not."""

    @property
    def status_code(self) -> int | str:
        """What its last start or stop returned: 0 when all was well; a component's error is a text."""

    def start(self, config: Mapping[str, Any]) -> str:
        """Start it with this configuration; the state afterwards."""

    def start_with(self, text: str) -> str:
        """Start it with any text in the place of the configuration; the state afterwards."""

    def stop(self) -> str:
        """Stop it; the state afterwards."""

    def publish(self, delta: Delta) -> None:
        """Put a delta on the bus."""

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""

    def reload(self, *, grants: Grants | None = None) -> None:
        """Unload it and load it again, over the same storage, with these capabilities from now on."""

    def unload(self) -> None:
        """Unload it (contract §9): whatever it registered is gone, and nothing can be asked of it any more."""

    def hot_reload(self) -> str:
        """Reload it while it runs, as contract §9 has it; the state afterwards."""

    def put(self, context: str, path: str, value: Any) -> PutReply:  # noqa: ANN401 - a JSON value
        """A client's PUT request (contract §13)."""

    def http(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A client's request to the plugin's pages: `path` is below `/plugins/{id}`, with its query (contract §14)."""

    @property
    def endpoints_text(self) -> str | None:
        """What `http_endpoints` returns, as it is; None where the plugin exports none. It has to run."""

    def exports(self, name: str) -> bool:
        """Whether it exports a handler of this name. It has to run."""

    def ask(self, export: str, request: str, room: int = 65536) -> str:
        """Call a handler of it with this text, as the host would, for its answer as it is.

        A call that ends badly is a crash, seen in `fault`, and its answer is "".

        Args:
            export: a handler of a PUT path, of an HTTP endpoint or of a provider.
            request: the text; `radar_get_radars` takes none.
            room: the bytes that its answer may have (contract §2.1).
        """

    def respond(self, url: str, body: object = b"", *, status: int = 200) -> None:
        """Answer the plugin's HTTP requests to this URL, in which `*` stands for anything (contract §18).

        Args:
            url: of several that fit, the latest programmed answers.
            body: bytes, a text, or a value that is sent as JSON.
            status: of HTTP; 0 makes the request fail.
        """

    @property
    def requests(self) -> Sequence[FetchRequest]:
        """The HTTP requests that it made."""

    @property
    def streams(self) -> Sequence[StreamData]:
        """What it emitted on binary streams."""

    @property
    def open_sockets(self) -> Sequence[OpenSocket]:
        """The sockets that it has open."""

    def send_datagram(self, port: int, data: bytes) -> None:
        """Send a datagram to a UDP port of the host, from elsewhere on its network (contract §17)."""

    def fail_sockets(self, at: str) -> None:
        """From here on its sockets fail: at `create` (there is no network) or at `bind` (every port is taken)."""

    def answer_connections(self) -> None:
        """From here on somebody takes every TCP connection, wherever it goes; before, nobody does."""

    @property
    def connections(self) -> int:
        """How many of its TCP connections were taken so far."""

    def send_to_connections(self, *chunks: bytes) -> None:
        """Send to every TCP connection of it that is open; each chunk arrives as it is."""

    def close_connections(self) -> None:
        """Close every TCP connection of it, from the other end."""

    @property
    def memory_bytes(self) -> int:
        """The linear memory that it has; 0 where that cannot be seen."""

    @property
    def claims(self) -> Sequence[EmittedText]:
        """What it gave to be emitted since it was loaded, as it was."""

    @property
    def emitted(self) -> Sequence[Delta]:
        """What the bus carried of it."""

    @property
    def log(self) -> Sequence[LogRecord]:
        """What the host's log holds of it."""

    @property
    def status(self) -> str:
        """Its latest status text."""

    @property
    def error(self) -> str:
        """Its latest error text."""

    @property
    def configuration(self) -> Mapping[str, Any]:
        """What is saved as its configuration."""

    @property
    def registered(self) -> Sequence[str]:
        """What it registered: `PUT vessels.self a.b`, `resource routes` …."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Its files, by path."""

    def write_file(self, path: str, data: bytes) -> None:
        """Put a file into its tree, from the host's side."""

    def empty_tmp(self) -> None:
        """Empty its `tmp/`, as a host may between runs."""

    def fail_writes(self, error: str) -> None:
        """From here on, everything that changes its files fails with this errno, such as `ENOSPC`."""

    @property
    def file_operations(self) -> Sequence[FileOperation]:
        """What it did with files, or tried."""

    def strings_out(self, size: int) -> Mapping[str, tuple[int, int]]:
        """Ask for each text with a buffer of `size` bytes: the length returned, and the bytes written beyond it."""

    def allocations(self, sizes: Sequence[int]) -> Sequence[str]:
        """Allocate blocks of these sizes, all at once in use: what is wrong with them, in words."""


class HostSession(Protocol):
    """One fresh host, with any number of plugins in it."""

    steps: list[str]

    @property
    def features(self) -> frozenset[str]:
        """What it can do: names of `conformance.drivers.features.FEATURES`."""

    def load(self, package: PluginPackage, *, grants: Grants | None = None, enabled_at_boot: bool = False) -> Session:
        """Load a plugin; it does not run.

        Args:
            package: the plugin.
            grants: the capabilities that it holds, instead of the package's.
            enabled_at_boot: have the host boot with it instead, saved as enabled: then it runs.

        Raises:
            HostError: it cannot be loaded.
        """

    def boot(self, *plugins: Installed) -> Sequence[Session]:
        """Boot it with these plugins: those that are enabled start, in the order of contract §6.

        Raises:
            HostError: one of them cannot be loaded.
        """

    def inject(self, delta_text: str) -> str:
        """Put a delta in by the host's own door, the text as it is; why it was refused, "" when it was not."""

    def advance(self, seconds: float) -> None:
        """Let time pass: virtual where the host has such a clock, else by waiting."""

    @property
    def deltas(self) -> Sequence[CarriedDelta]:
        """What a client of its stream has seen so far, in order, from plugins and from elsewhere."""

    def read(self, path: str) -> str | None:
        """The full model as a client reads it, at `vessels.self.navigation.…`, as JSON; None where nothing is."""

    def request(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A client's request to the host's HTTP API, such as `/plugins/x/config` (contract §14)."""

    def provide(self, kind: ProviderKind, name: str, op: str, arguments: str = "{}") -> ProviderReply:
        """A client's request to whoever provides something (contract §15), with arguments as a JSON object.

        Args:
            kind: of provider.
            name: the type of resources, such as `routes`; or what the provider registered as.
            op: of resources `list` (with a query), `get` (`id`, `property`), `set` (`id`, `value`) or `delete` (`id`);
                of weather `observations`, `forecasts` (`position`, `options`, `type`) or `warnings`; of radars
                `get_radars`, or what follows `radar_` in the export's name, with `radarId` and more.
            arguments: JSON.
        """


class Driver(Protocol):
    """A kind of host."""

    @property
    def name(self) -> str:
        """Such as `refhost`."""

    @property
    def seed(self) -> int:
        """The seed of all randomness that plugins see."""

    @property
    def profile(self) -> Profile:
        """How it behaves: as the contract has it, or as a server that there is does."""

    @property
    def version(self) -> str:
        """Of the host."""

    @property
    def features(self) -> frozenset[str]:
        """What the host can do: see `HostSession.features`."""

    def host(
        self, *, call_seconds: float | None = None, features: frozenset[str] = frozenset()
    ) -> AbstractContextManager[HostSession]:
        """A fresh host.

        Args:
            call_seconds: the time that one call into a plugin may take, for a host with the feature `limits`.
            features: what will be asked of it, of `features`: a driver that reaches its host in more than one way (a
                part of it in process, quickly; or all of it, with HTTP and a model) takes the quickest that has them
                all. A driver with one way ignores it.
        """

    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> AbstractContextManager[Session]:
        """A fresh host with one plugin in it: `host`, then `load`.

        Raises:
            HostError: it cannot be loaded.
        """


@runtime_checkable
class KeepsFiles(Protocol):
    """A driver whose host can keep plugins' files and configurations in a directory of one's choice (contract §8)."""

    def on_disk(self, directory: Path) -> Driver:
        """The same driver, with a real directory as the server's configuration directory."""
