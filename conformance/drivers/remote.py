"""A host in another process, reached through the driver protocol."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from conformance.drivers.faults import DriverFault, Refused, decoded
from conformance.drivers.features import Unsupported
from conformance.drivers.protocol import EVENTS, METHODS
from conformance.drivers.records import (
    CarriedDelta,
    EmittedText,
    FetchRequest,
    FileOperation,
    HttpReply,
    Installed,
    LogRecord,
    ProviderReply,
    StreamData,
    loading,
)
from conformance.drivers.remote_session import RemoteSession
from conformance.drivers.shipping import lay_out
from refhost.errors import ConfigurationError, StateError
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.drivers.conversation import Conversation
    from conformance.drivers.interface import ProviderKind
    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage

# What is only looked at: a plugin stands afterwards as it did before.
_LOOKING = frozenset(
    {
        "state",
        "read",
        "endpoints",
        "exports",
        "configuration",
        "registered",
        "files",
        "memory",
        "sockets",
        "connections",
    }
)


class RemoteHost:
    """A fresh host in another process; see `HostSession`.

    Args:
        conversation: with its driver.
        folder: for the packages that are loaded; it lives as long as the host.
        call_seconds: the time that one call into a plugin may take.
        directory: where it keeps plugins' files and configurations; None where it likes.

    Attributes:
        over: whether it is to be asked nothing more.
        moment: grows with everything that may change how plugins stand.
        sessions: the plugins in it.
    """

    def __init__(
        self,
        conversation: Conversation,
        folder: Path,
        *,
        call_seconds: float | None = None,
        directory: Path | None = None,
    ) -> None:
        self._conversation = conversation
        self._folder = folder
        self._packages = 0
        self._deltas: list[CarriedDelta] = []
        self._log: list[tuple[str, LogRecord]] = []
        self._claims: list[tuple[str, EmittedText]] = []
        self._operations: list[tuple[str, FileOperation]] = []
        self._texts: dict[tuple[str, str], str] = {}
        self._streams: list[StreamData] = []
        self._requests: list[FetchRequest] = []
        self.steps: list[str] = []
        self.sessions: list[RemoteSession] = []
        self.moment = 0
        self.over = False
        conversation.listener = self._take
        if call_seconds is not None and "limits" in self.features:
            self.call("limits", call_seconds=call_seconds)
        if directory is not None:
            self.call("directory", path=str(directory))

    def _take(self, event: dict[str, Any]) -> None:
        """Keep what the host tells."""
        kind, plugin = event["event"], event.get("plugin", "")
        if kind == "log":
            self._log.append((plugin, LogRecord(event["kind"], event["function"], event["text"])))
        elif kind in {"status", "error"}:
            self._texts[kind, plugin] = event["text"]
        elif kind == "claim":
            self._claims.append((plugin, EmittedText(event["text"], event["version"])))
        elif kind == "delta":
            self._deltas.append(CarriedDelta(event["text"], plugin, event["version"]))
        elif kind == "file":
            self._operations.append((plugin, FileOperation(event["name"], event["path"], event["error"])))
        elif kind == "stream":
            self._streams.append(StreamData(event["stream"], decoded(event["data_b64"])))
        else:
            self._requests.append(FetchRequest(event["method"], event["url"], event["status"]))

    # What it can do, and doing it.

    @property
    def features(self) -> frozenset[str]:
        """What it can do, as its driver says."""
        return self._conversation.features

    @property
    def stands_still(self) -> bool:
        """Whether nothing happens in it but what it is asked for."""
        return "virtual-clock" in self.features

    @property
    def is_there(self) -> bool:
        """Whether it can still be asked."""
        return self._conversation.broken is None

    def need(self, feature: str) -> None:
        """Make sure of a feature.

        Raises:
            Unsupported: it lacks it.
        """
        if feature and feature not in self.features:
            raise Unsupported(feature, self._conversation.host)

    def call(self, method: str, /, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - what the method takes
        """A request of the protocol.

        Raises:
            Unsupported: the host lacks what it needs.
            HostError: see `Conversation.request`.
        """
        if self.over:
            raise StateError("This host has been left; a fresh one may be at work in its place.")
        self.need(METHODS[method].feature)
        if method not in _LOOKING:
            self.moment += 1
        try:
            return self._conversation.request(method, **params)
        except Refused as refused:
            if refused.code == "unsupported" and METHODS[method].feature:
                raise Unsupported(METHODS[method].feature, self._conversation.host) from None
            raise

    # Its plugins.

    def load(
        self, package: PluginPackage, *, grants: Grants | None = None, enabled_at_boot: bool = False
    ) -> RemoteSession:
        """Load a plugin."""
        held = package.with_grants(grants) if grants else package
        if enabled_at_boot:
            return self.boot(Installed(held))[0]
        self.steps.append(loading(package, grants))
        since = self.claims
        return self._session(held, self.load_again(held), since)

    def load_again(self, package: PluginPackage) -> dict[str, Any]:
        """The request for it."""
        return self.call("load", **self._shipped(package))

    def _session(self, package: PluginPackage, loaded: dict[str, Any], since: int) -> RemoteSession:
        self.sessions.append(RemoteSession(self, package, loaded, since=since))
        return self.sessions[-1]

    def _shipped(self, package: PluginPackage) -> dict[str, Any]:
        self._packages += 1
        folder = self._folder / str(self._packages)
        wasm = lay_out(package, folder)
        return {
            "folder": str(folder),
            "wasm": str(wasm),
            "manifest_text": dumps(dict(package.manifest)),
            "id": package.id,
            "origin": package.origin,
            "capabilities": dict(package.grants.values),
        }

    def boot(self, *plugins: Installed) -> list[RemoteSession]:
        """Boot with what is installed."""
        names = ", ".join(f"{p.package.origin} {dumps(dict(p.config))}{'' if p.enabled else ' (off)'}" for p in plugins)
        self.steps.append(f"boot with {names}")
        rows = [
            {**self._shipped(plugin.package), "config_text": dumps(dict(plugin.config)), "enabled": plugin.enabled}
            for plugin in plugins
        ]
        since = self.claims
        booted = self.call("boot", plugins=rows)["plugins"]
        if len(booted) != len(plugins):
            raise DriverFault(f"The driver booted {len(plugins)} plugins and told of {len(booted)}.")
        return [self._session(plugin.package, row, since) for plugin, row in zip(plugins, booted, strict=True)]

    # Deltas, time, clients.

    def inject(self, delta_text: str) -> str:
        """Put a delta in."""
        self.steps.append(f"deliver {delta_text}")
        try:
            self.call("inject", delta_text=delta_text)
        except Refused as refused:
            if refused.code in {"validate", "bad_json"}:
                return str(refused)
            raise
        return ""

    def publish(self, delta: Delta) -> None:
        """Put a delta in that has to be one."""
        refused = self.inject(dumps(delta))
        if refused:
            raise ConfigurationError(refused)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.steps.append(f"let {seconds:g} s pass")
        if self.stands_still:
            self.call("advance", seconds=seconds)
        else:
            self._conversation.wait(seconds)

    @property
    def deltas(self) -> Sequence[CarriedDelta]:
        """What its stream carried."""
        return list(self._deltas)

    def read(self, path: str) -> str | None:
        """The model at a path."""
        found: str | None = self.call("read", path=path)["value_text"]
        return found

    def request(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A request to its HTTP API."""
        self.steps.append(f"{method} {path}{f' with {body}' if body else ''}")
        sent = base64.b64encode(body.encode()).decode()
        reply = self.call("http", method=method, path=path, headers=dict(headers or {}), body_b64=sent)
        return HttpReply(reply["status"], reply["headers"], decoded(reply["body_b64"]).decode("utf-8", "replace"))

    def provide(self, kind: ProviderKind, name: str, op: str, arguments: str = "{}") -> ProviderReply:
        """Ask a provider."""
        self.steps.append(f"ask {kind} provider {name} to {op} {arguments}")
        reply = self.call(kind, name=name, op=op, arguments_text=arguments)
        return ProviderReply(reply["value_text"], reply.get("error", ""))

    # What it told.

    def log_of(self, plugin: str) -> list[LogRecord]:
        """The records of a plugin."""
        return [record for name, record in self._log if name == plugin]

    @property
    def claims(self) -> int:
        """How many claims there were."""
        return len(self._claims)

    def claims_of(self, plugin: str, since: int) -> list[EmittedText]:
        """What a plugin gave to be emitted, after the first `since` claims of all."""
        self.need(EVENTS["claim"].feature)
        return [claim for name, claim in self._claims[since:] if name == plugin]

    def operations_of(self, plugin: str) -> list[FileOperation]:
        """What a plugin did with files."""
        self.need(EVENTS["file"].feature)
        return [operation for name, operation in self._operations if name == plugin]

    def latest(self, kind: str, plugin: str) -> str:
        """The latest `status` or `error` of a plugin."""
        return self._texts.get((kind, plugin), "")

    @property
    def streams(self) -> list[StreamData]:
        """What plugins emitted on streams."""
        self.need(EVENTS["stream"].feature)
        return list(self._streams)

    @property
    def requests(self) -> list[FetchRequest]:
        """The HTTP requests of plugins."""
        self.need(EVENTS["fetch"].feature)
        return list(self._requests)
