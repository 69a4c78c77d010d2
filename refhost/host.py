"""The reference host: what a fixture, a server or a suite holds in its hand."""

from __future__ import annotations

import itertools
import random
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from refhost.bus import Bus
from refhost.clock import DEFAULT_START, Clock
from refhost.delta import context_of, problems
from refhost.departures.notifications import Notifications
from refhost.departures.sockets import OpenSockets
from refhost.errors import ConfigurationError, PluginError
from refhost.journal import Journal
from refhost.jsontext import NotJson, loads
from refhost.limits import Limits
from refhost.model import Model
from refhost.network.simulated import SimulatedNetwork
from refhost.plugin import Plugin
from refhost.profiles import DOCUMENTED, RECORD, Switches
from refhost.registry import StartOrder, start_order
from refhost.replay import replay
from refhost.runtime import PluginRuntime
from refhost.services.fetch import Responder
from refhost.services.network import real_network
from refhost.services.providers import Radars, Resources, Weather
from refhost.services.put import PutAnswer, put
from refhost.services.recording import read_recording, rule
from refhost.services.streams import Streams
from refhost.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from starlette.testclient import TestClient

    from refhost.delta import Delta
    from refhost.journal import Record
    from refhost.network.interface import Network
    from refhost.package import PluginPackage
    from refhost.profiles import Profile
    from refhost.services.fetch import Request

SELF_ID = "urn:mrn:signalk:uuid:8f7a0b52-6c1d-4e9a-9d43-2b5e7c10a6f4"


class Host:
    """A Signal K host with a vessel, a bus, a model, a clock and plugins; each one a world of its own.

    Args:
        seed: of all randomness that plugins see; the same seed gives the same bytes.
        limits: the bounds that plugins run in (contract §19).
        start: the first moment of its clock, the same for every host unless it serves people.
        network: that sockets of plugins are on (contract §17); one in memory, of its own, unless told.
        directory: where plugins' files and configurations are kept, as a server does (contract §8); None for memory.
        profile: how it behaves: as the contract has it, or as a server that there is does.

    Attributes:
        clock: virtual time.
        model: the full data model.
        plugins: the loaded plugins by id.
        network: as given.
        interface: how this host is on it.
        streams: what plugins emitted on binary streams, by stream (contract §16).
        profile: as given.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        limits: Limits | None = None,
        start: datetime = DEFAULT_START,
        network: Network | None = None,
        directory: Path | None = None,
        profile: Profile = DOCUMENTED,
    ) -> None:
        self.profile = profile
        self._switches: dict[str, Switches] = {}
        self.self_id = SELF_ID
        self.self_context = f"vessels.{SELF_ID}"
        self.clock = Clock(start)
        self.journal = Journal(self.clock)
        self.model = Model(self.self_context)
        self.storage = Storage(self.clock, directory=directory, switches=self.switches)
        self.limits = limits or Limits()
        self.bus = Bus(
            self.self_context,
            self.model,
            self.clock,
            self.journal,
            limits=self.limits,
            reentrant=profile.has("D42"),
            parts=self._notified(seed) if profile.has("NOTIFICATIONS") else None,
        )
        self.network = network or SimulatedNetwork()
        self.interface = self.network.attach(self.clock)
        self.socket_ids = itertools.count(1)
        self.sockets = OpenSockets()
        self.streams = Streams(self.clock, self.journal)
        self.responder = Responder(self.clock)
        self.plugins: dict[str, Plugin] = {}
        self.random = random.Random(f"{seed} host")
        self._seed = seed
        self._http: TestClient | None = None

    def _notified(self, seed: int) -> Callable[[str, Delta], list[Delta]]:
        return Notifications(self.switches, random.Random(f"{seed} notifications")).parts

    def switches(self, plugin_id: str) -> Switches:
        """The profile, as it meets one plugin; what it departs in is in that plugin's log."""
        if plugin_id not in self._switches:
            self._switches[plugin_id] = Switches(
                self.profile,
                lambda text, function: self.journal.write(plugin_id, RECORD, text, function=function),
            )
        return self._switches[plugin_id]

    def load(self, package: PluginPackage, *, enabled: bool = False) -> Plugin:
        """Validate, link and instantiate a plugin, and read its id, name and schema (contract §9).

        Args:
            package: the plugin.
            enabled: whether it is saved as enabled first, as a server finds it that starts: to some it makes a
                difference when a plugin was enabled (D23).

        Raises:
            BinaryError: no dialect takes the binary.
            LinkError: imports or exports do not fit; all of them are named.
            ConfigurationError: a plugin of this id is loaded already.
            PluginError: the plugin failed while its metadata was read.
        """
        plugin_id = package.id or self._own_id(package)
        if plugin_id in self.plugins and self.switches(plugin_id).departs("TWINS", "load"):
            self.unload(self.plugins[plugin_id])
        if plugin_id in self.plugins:
            raise ConfigurationError(
                f"A plugin with the id {plugin_id} is loaded already.", hint="Two packages of one name?"
            )
        if enabled:
            file = self.storage.config_file(plugin_id)
            file.write(replace(file.read(), enabled=True))
        runtime = PluginRuntime(plugin_id, package, self, seed=self._seed)
        if package.deprecated:
            runtime.note("warning", "its author has deprecated it", "package.json")
        for warning in package.grants.warnings:
            runtime.note("warning", warning, "wasmCapabilities")
        try:
            plugin = Plugin(self, runtime, *runtime.load())
        except PluginError as error:  # nobody will see the log of a plugin that is not there
            runtime.note("fault", f"it could not be loaded: {error}", error.function)
            departures = (f"({record.text})" for record in self.journal.of(plugin_id, RECORD))
            error.hint = " ".join(filter(None, (error.hint, *departures)))
            raise
        self.plugins[plugin_id] = plugin
        return plugin

    def _own_id(self, package: PluginPackage) -> str:
        """What a plugin without a package calls itself, asked of an instance of its own; there, its file's name."""
        if self.switches(package.name).departs("NAMES", "plugin_id"):
            return package.name
        instance = PluginRuntime(package.name, package, self, seed=self._seed).instantiate()
        try:
            return instance.id() or package.name
        finally:
            instance.close()

    def start_enabled(self) -> StartOrder:
        """Start every plugin that is enabled, those that others require first (contract §6, R23).

        Enabled is what is saved as such, or has nothing saved and `signalk-plugin-enabled-by-default`. What cannot
        start stays stopped, with the chain that keeps it from it in the log.
        """
        by_name = {plugin.package.name: plugin for plugin in self.plugins.values()}
        disabled = frozenset(name for name, plugin in by_name.items() if not plugin.is_enabled)
        order = start_order({name: plugin.package for name, plugin in by_name.items()}, disabled)
        wanting = [plugin for plugin in by_name.values() if plugin.package.requires]
        if [plugin for plugin in wanting if plugin.switches.departs("REQUIRES", "start")]:
            order = StartOrder(tuple(sorted(set(by_name) - disabled)), {}, order.missing_recommended)
        for name, reason in order.blocked.items():
            by_name[name].block(reason)
        for name in order.order:
            by_name[name].start()
            for missing in order.missing_recommended.get(name, ()):
                self.journal.write(by_name[name].id, "warning", f"it recommends {missing}, which is not installed")
        return order

    def unload(self, plugin: Plugin) -> None:
        """Stop a plugin and free it."""
        try:
            plugin.close()
        finally:
            self.plugins.pop(plugin.id, None)
            self.streams.end(plugin.id)

    def close(self) -> None:
        """Stop and unload all plugins, each even if another fails (contract §9)."""
        with ExitStack() as unloading:
            unloading.callback(self.storage.close)
            unloading.callback(self.sockets.close)
            for plugin in reversed(self.plugins.values()):
                unloading.callback(self.unload, plugin)

    def __enter__(self) -> Self:
        """The host itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # What happens on the boat.

    def publish(self, path: str, value: Any, *, source: str = "test", context: str = "vessels.self") -> None:  # noqa: ANN401 - a JSON value
        """Put one value on the bus, in the name of a source, now."""
        update = {
            "$source": source,
            "timestamp": self.clock.timestamp(),
            "values": [{"path": path, "value": value}],
        }
        self.publish_delta({"context": context, "updates": [update]})

    def publish_delta(self, delta: Delta | str) -> None:
        """Put a delta on the bus; context, `$source` and timestamps are filled in where they are missing.

        Raises:
            ConfigurationError: it is not JSON or not a delta.
        """
        self.bus.publish(self.carried(delta))

    def carried(self, delta: Delta | str) -> Delta:
        """A delta of the host's own as the bus carries it: nothing is missing.

        Raises:
            ConfigurationError: it is not JSON or not a delta.
        """
        given = _parsed(delta) if isinstance(delta, str) else delta
        wrong = [problem for problem in problems(given) if problem.shape]
        if wrong:
            raise ConfigurationError(f"That is no delta: {wrong[0]}.", hint="Contract §10 has the shape.")
        updates = [{"$source": "test", "timestamp": self.clock.timestamp(), **update} for update in given["updates"]]
        return {"context": context_of(given, self.self_context), "updates": updates}

    def replay(self, deltas: Iterable[Delta | str]) -> None:
        """Put many deltas on the bus, one after the other: the same as `publish_delta` for each of them, and faster.

        Args:
            deltas: made of what JSON has. Some are read ahead of those that are being delivered.

        Raises:
            ConfigurationError: one is not JSON or not a delta; those before it are delivered.
        """
        replay(self, deltas)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass: polls, restarts and other timers run at their moments."""
        self.clock.advance(seconds)

    # What the rest of the world answers.

    def respond(
        self,
        url: str,
        body: object = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
        times: int | None = None,
        delay: float = 0.0,
    ) -> None:
        """Program the answer to plugins' HTTP requests (contract §18). Of those that fit, the first answers.

        Args:
            url: the URL, in which `*` stands for any run of characters.
            body: bytes, a text, or a value that is sent as JSON.
            status: of HTTP; 0 makes the request fail, as when there is no network.
            headers: components get them; as-fetch does not hand them on.
            method: `GET`, `POST` and so on; all when left out.
            times: how many requests it answers, after which the next that fits does; any number when left out.
            delay: virtual seconds that pass before the answer is there.

        Raises:
            ConfigurationError: an argument makes no sense.
        """
        made = rule(url, body, status=status, headers=headers, method=method, times=times, delay=delay)
        self.responder.rules.append(made)

    def respond_from(self, path: str | Path) -> None:
        """Answer as a recorded file says: a JSON array of `{method?, url, status?, headers?, body | bodyBase64}`.

        Raises:
            ConfigurationError: the file cannot be read, is not JSON, or is of another shape.
        """
        self.responder.rules.extend(read_recording(path))

    def allow_network(self) -> None:
        """Send plugins' HTTP requests that no programmed answer fits to the real network (contract §18)."""
        self.responder.network = real_network(self.limits)

    # What clients ask of plugins.

    def on_stream(self, receiver: Callable[[str, bytes], None]) -> Callable[[], None]:
        """Have `receiver(stream, data)` called with all that plugins emit on streams (contract §16).

        Returns:
            What ends it.
        """
        return self.streams.subscribe(receiver)

    def put(self, path: str, value: Any, *, context: str = "vessels.self") -> PutAnswer:  # noqa: ANN401 - a JSON value
        """A client's PUT request, passed to the plugin that takes it (contract §13)."""
        return put(self.plugins.values(), context, path, value)

    def resources(self, kind: str) -> Resources:
        """The resources of a type, such as `routes`, of whichever plugin provides them (contract §15)."""
        return Resources(self.plugins.values(), kind, self.switches(""))

    def weather(self, name: str) -> Weather:
        """The weather of a provider."""
        return Weather(self.plugins.values(), name, self.switches(""))

    def radars(self, name: str) -> Radars:
        """The radars of a provider."""
        return Radars(self.plugins.values(), name, self.switches(""))

    @property
    def http(self) -> TestClient:
        """A client of the host's own HTTP API, in this process: `host.http.get("/plugins/x/config").json()`."""
        if self._http is None:
            from starlette.testclient import TestClient  # noqa: PLC0415 - most hosts never serve anything

            from refhost.server import application  # noqa: PLC0415 - the same

            self._http = TestClient(application(self))
        return self._http

    # What came of it.

    @property
    def requests(self) -> list[Request]:
        """The HTTP requests of all plugins, in order, each with the status that answered it."""
        return self.responder.requests

    @property
    def deltas(self) -> list[Delta]:
        """Every delta that plugins emitted, as the bus carried it, in order."""
        return [emission.delta for emission in self.bus.emissions]

    @property
    def log(self) -> list[Record]:
        """The journal: every record, in order."""
        return self.journal.records


def _parsed(text: str) -> Delta:
    try:
        delta: Delta = loads(text)
    except NotJson as error:
        raise ConfigurationError(f"The delta is not JSON: {error}.") from None
    return delta
