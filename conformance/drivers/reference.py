"""The driver of the reference host, in this process."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from conformance.drivers.features import FEATURES
from conformance.drivers.network import Surroundings
from conformance.drivers.records import CarriedDelta, HttpReply, Installed, ProviderReply, loading
from conformance.drivers.reference_session import RefhostSession, fault_name
from refhost.errors import ConfigurationError, StateError
from refhost.host import Host
from refhost.jsontext import dumps, loads
from refhost.limits import Limits
from refhost.profiles import DOCUMENTED, Profile
from refhost.storage import SavedConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.drivers.interface import ProviderKind
    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage
    from refhost.services.fetch import Rule

__all__ = ["RefhostDriver", "RefhostHost", "RefhostSession", "fault_name"]

# Shorter than the time after which a crashed plugin is restarted (R10).
_STEP_SECONDS = 0.5


# What it cannot do in a profile that loads no components.
_OF_COMPONENTS = frozenset({"dialect-component"})


class RefhostHost:
    """A fresh reference host; see `HostSession`.

    Attributes:
        host: the host itself.
        features: what it can do.
        network: what its sockets are on.
        sessions: the plugins in it.
    """

    features = frozenset(FEATURES)

    def __init__(self, host: Host, network: Surroundings) -> None:
        self.host = host
        if host.profile.has("COMPONENTS"):
            self.features = self.features - _OF_COMPONENTS
        self.network = network
        self.sessions: list[RefhostSession] = []
        self.steps: list[str] = []
        self._deltas: list[CarriedDelta] = []
        self._emissions = 0  # of plugins, that the bus has carried
        host.bus.watchers.append(self._carried)

    def _carried(self, delta: Delta, text: str, version: int) -> None:
        bus, source = self.host.bus, ""
        self._emissions = max(self._emissions, bus.forgotten)
        emission = bus.emission(self._emissions)
        if emission is not None and emission.delta is delta:
            source = emission.plugin
            self._emissions += 1
        self._deltas.append(CarriedDelta(text, source, version))

    def look(self) -> None:
        """Note how the last call of every plugin ended."""
        for session in self.sessions:
            session.look()

    def load(
        self, package: PluginPackage, *, grants: Grants | None = None, enabled_at_boot: bool = False
    ) -> RefhostSession:
        """Load a plugin."""
        held = package.with_grants(grants) if grants else package
        if enabled_at_boot:
            return self.boot(Installed(held))[0]
        self.steps.append(loading(package, grants))
        return self._load(held)

    def found(self, package: PluginPackage, *, grants: Grants | None = None) -> RefhostSession:
        """Load a plugin that a server finds when it starts: enabled, where that makes a difference (D23)."""
        self.steps.append(loading(package, grants))
        held = package.with_grants(grants) if grants else package
        return self._load(held, enabled=self.host.profile.has("D23"))

    def _load(self, package: PluginPackage, *, enabled: bool = False) -> RefhostSession:
        session = RefhostSession(self, package, enabled=enabled)
        self.sessions.append(session)
        return session

    def boot(self, *plugins: Installed) -> list[RefhostSession]:
        """Load what is installed, and start what is enabled."""
        names = ", ".join(f"{p.package.origin} {dumps(dict(p.config))}{'' if p.enabled else ' (off)'}" for p in plugins)
        self.steps.append(f"boot with {names}")
        booted = []
        for plugin in plugins:
            # What is saved counts from the moment of loading; the id of a bare binary is known only afterwards.
            if plugin.package.id:
                self._save(plugin.package.id, plugin)
            booted.append(self._load(plugin.package))
            if not plugin.package.id:
                self._save(booted[-1].id, plugin)
        self.host.start_enabled()
        self.look()
        return booted

    def _save(self, plugin_id: str, plugin: Installed) -> None:
        saved = SavedConfig(enabled=plugin.enabled, configuration=dict(plugin.config))
        self.host.storage.config_file(plugin_id).write(saved)

    def inject(self, delta_text: str) -> str:
        """Put a delta in."""
        self.steps.append(f"deliver {delta_text}")
        return self._publish(delta_text)

    def publish(self, delta: Delta) -> None:
        """Put a delta in that has to be one."""
        self.steps.append(f"deliver {dumps(delta)}")
        refused = self._publish(delta)
        if refused:
            raise ConfigurationError(refused)

    def _publish(self, delta: Delta | str) -> str:
        try:
            self.host.publish_delta(delta)
        except ConfigurationError as error:
            return str(error)
        self.look()
        return ""

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, in steps: a crashed plugin is restarted, and then knows of no fault."""
        self.steps.append(f"let {seconds:g} s pass")
        while seconds > 0:
            self.host.advance(min(seconds, _STEP_SECONDS))
            self.look()
            seconds -= _STEP_SECONDS

    @property
    def deltas(self) -> Sequence[CarriedDelta]:
        """What the bus has carried."""
        return list(self._deltas)

    def read(self, path: str) -> str | None:
        """The model at a path."""
        node = self.host.model.path(path)
        try:
            return None if node is None else dumps(node)
        except RecursionError:  # a delta with a path of very many parts has been there
            raise StateError("What is there nests too deep to be written as JSON.") from None

    def request(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A request to its own HTTP API."""
        self.steps.append(f"{method} {path}{f' with {body}' if body else ''}")
        answer = self.host.http.request(method, path, content=body.encode(), headers=dict(headers or {}))
        self.look()
        return HttpReply(answer.status_code, dict(answer.headers), answer.text)

    def provide(self, kind: ProviderKind, name: str, op: str, arguments: str = "{}") -> ProviderReply:
        """Ask a provider."""
        self.steps.append(f"ask {kind} provider {name} to {op} {arguments}")
        given: dict[str, Any] = loads(arguments)
        try:
            return self._provided(kind, name, op, given)
        except StateError as error:  # only where a missing provider is an error
            return ProviderReply("", str(error))
        except KeyError as error:
            raise ConfigurationError(f"{op} needs {error.args[0]!r} among its arguments.") from None
        finally:
            self.look()

    def _provided(self, kind: ProviderKind, name: str, op: str, given: dict[str, Any]) -> ProviderReply:
        if kind == "resource":
            return self._resource(name, op, given)
        if kind == "weather":
            return ProviderReply(dumps(self.host.weather(name).ask(op, given.pop("position"), **given)))
        radars = self.host.radars(name)
        found = radars.ids() if op == "get_radars" else radars.ask(op, given.pop("radarId"), **given)
        return ProviderReply(dumps(found))

    def _resource(self, kind: str, op: str, given: dict[str, Any]) -> ProviderReply:
        resources = self.host.resources(kind)
        if op == "list":
            return ProviderReply(dumps(resources.list(given)))
        if op == "get":
            return ProviderReply(dumps(resources.get(given["id"], given.get("property"))))
        if op == "set":
            return ProviderReply("", resources.set(given["id"], given["value"]))
        return ProviderReply("", resources.delete(given["id"]))


class RefhostDriver:
    """Runs plugins in the reference host.

    Args:
        seed: of all randomness that plugins see.
        limits: the bounds that they run in.
        profile: how the host behaves.
        answers: to plugins' HTTP requests, as they were recorded (contract §18).
        directory: where plugins' files and configurations are kept; None for memory.
    """

    name = "refhost"
    features = RefhostHost.features

    def __init__(
        self,
        *,
        seed: int = 0,
        limits: Limits | None = None,
        profile: Profile = DOCUMENTED,
        answers: Sequence[Rule] = (),
        directory: Path | None = None,
    ) -> None:
        self.seed = seed
        self.profile = profile
        if profile.has("COMPONENTS"):
            self.features = self.features - _OF_COMPONENTS
        self.answers = answers
        self._directory = directory
        self._limits = limits or Limits()

    @property
    def version(self) -> str:
        """Of the reference host."""
        return version("pytest-signalk-wasm")

    def on_disk(self, directory: Path) -> RefhostDriver:
        """The same, with files in a real directory."""
        return RefhostDriver(
            seed=self.seed, limits=self._limits, profile=self.profile, answers=self.answers, directory=directory
        )

    @contextmanager
    def host(
        self,
        *,
        call_seconds: float | None = None,
        features: frozenset[str] = frozenset(),  # noqa: ARG002 - there is one way to it
    ) -> Iterator[RefhostHost]:
        """A fresh host."""
        limits = replace(self._limits, call_seconds=call_seconds) if call_seconds else self._limits
        network = Surroundings()
        with Host(
            seed=self.seed, limits=limits, network=network, profile=self.profile, directory=self._directory
        ) as host:
            host.responder.recorded += map(replace, self.answers)  # each session uses up answers of its own
            yield RefhostHost(host, network)

    @contextmanager
    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> Iterator[RefhostSession]:
        """Load a plugin into a fresh host, as one that starts: what is judged is enabled once, and found so then."""
        with self.host(call_seconds=call_seconds) as host:
            yield host.found(package, grants=grants)
