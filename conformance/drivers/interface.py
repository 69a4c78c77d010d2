"""The driver interface: all that a check can ask of a host, the reference host included.

A session is one fresh host with one plugin loaded in it. What a session did is in `steps`, in words that a person can
follow, so that a failure can show the case that led to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage
    from refhost.services.sockets import OpenSocket


@dataclass(frozen=True)
class LogRecord:
    """One line of a host's log; `kind` and `function` as in `refhost.journal.Record`."""

    kind: str
    function: str
    text: str


@dataclass(frozen=True)
class EmittedText:
    """A delta as the plugin gave it, with the version it named."""

    text: str
    version: int


@dataclass(frozen=True)
class FileOperation:
    """One thing that a plugin did with a file, or tried: see `refhost.wasi.vfs.Operation`."""

    name: str
    path: str
    error: str


@dataclass(frozen=True)
class PutReply:
    """The answer to a PUT request (contract §13)."""

    state: str
    status_code: int
    message: str


@dataclass(frozen=True)
class HttpReply:
    """What a client of the host's HTTP API gets."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class FetchRequest:
    """One HTTP request that the plugin made, and the status that answered it; 0 for none."""

    method: str
    url: str
    status: int


@dataclass(frozen=True)
class StreamData:
    """What the plugin emitted on a binary stream (contract §16)."""

    stream: str
    data: bytes


class Session(Protocol):
    """One plugin in one fresh host."""

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

    def ask(self, export: str, request: str) -> str:
        """Call a handler of it with this text, as the host would, for its answer as it is.

        A call that ends badly is a crash, seen in `fault`, and its answer is "".

        Args:
            export: a handler of a PUT path, of an HTTP endpoint or of a provider.
            request: the text; `radar_get_radars` takes none.
        """

    def respond(self, url: str, body: object = b"", *, status: int = 200) -> None:
        """Answer the plugin's HTTP requests to this URL, in which `*` stands for anything (contract §18).

        Args:
            url: of several that fit, the first programmed answers.
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

    @property
    def memory_bytes(self) -> int:
        """The linear memory that it has; 0 where that cannot be seen."""

    @property
    def claims(self) -> Sequence[EmittedText]:
        """What it gave to be emitted, as it was."""

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


class Driver(Protocol):
    """A kind of host."""

    @property
    def name(self) -> str:
        """Such as `refhost`."""

    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> AbstractContextManager[Session]:
        """Load a plugin into a fresh host.

        Raises:
            HostError: it cannot be loaded.
        """
