"""The reference host: what a fixture, a server or a suite holds in its hand."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from refhost.bus import Bus
from refhost.clock import Clock
from refhost.delta import context_of, problems
from refhost.errors import ConfigurationError
from refhost.journal import Journal
from refhost.jsontext import NotJson, loads
from refhost.limits import Limits
from refhost.model import Model
from refhost.plugin import Plugin
from refhost.registry import StartOrder, start_order
from refhost.runtime import PluginRuntime
from refhost.services.providers import Radars, Resources, Weather
from refhost.services.put import PutAnswer, put
from refhost.storage import Storage

if TYPE_CHECKING:
    from refhost.delta import Delta
    from refhost.journal import Record
    from refhost.package import PluginPackage

SELF_ID = "urn:mrn:signalk:uuid:8f7a0b52-6c1d-4e9a-9d43-2b5e7c10a6f4"


class Host:
    """A Signal K host with a vessel, a bus, a model, a clock and plugins; each one a world of its own.

    Args:
        seed: of all randomness that plugins see; the same seed gives the same bytes.
        limits: the bounds that plugins run in (contract §19).

    Attributes:
        clock: virtual time.
        model: the full data model.
        plugins: the loaded plugins by id.
    """

    def __init__(self, *, seed: int = 0, limits: Limits | None = None) -> None:
        self.self_id = SELF_ID
        self.self_context = f"vessels.{SELF_ID}"
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.model = Model(self.self_context)
        self.storage = Storage(self.clock)
        self.limits = limits or Limits()
        self.bus = Bus(
            self.self_context,
            self.model,
            self.clock,
            self.journal,
            max_per_tick=self.limits.deltas_per_tick,
        )
        self.plugins: dict[str, Plugin] = {}
        self._seed = seed

    def load(self, package: PluginPackage) -> Plugin:
        """Validate, link and instantiate a plugin, and read its id, name and schema (contract §9).

        Raises:
            BinaryError: no dialect takes the binary.
            LinkError: imports or exports do not fit; all of them are named.
            ConfigurationError: a plugin of this id is loaded already.
            PluginError: the plugin failed while its metadata was read.
        """
        plugin_id = package.id or self._own_id(package)
        if plugin_id in self.plugins:
            raise ConfigurationError(
                f"A plugin with the id {plugin_id} is loaded already.", hint="Two packages of one name?"
            )
        runtime = PluginRuntime(plugin_id, package, self, seed=self._seed)
        if package.deprecated:
            runtime.note("warning", "its author has deprecated it", "package.json")
        for warning in package.grants.warnings:
            runtime.note("warning", warning, "wasmCapabilities")
        plugin = Plugin(self, runtime, *runtime.load())
        self.plugins[plugin_id] = plugin
        return plugin

    def _own_id(self, package: PluginPackage) -> str:
        """What a plugin without a package calls itself, asked of an instance of its own."""
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

    def close(self) -> None:
        """Stop and unload all plugins, each even if another fails (contract §9)."""
        with ExitStack() as unloading:
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
        carried = _parsed(delta) if isinstance(delta, str) else delta
        wrong = [problem for problem in problems(carried) if problem.shape]
        if wrong:
            raise ConfigurationError(f"That is no delta: {wrong[0]}.", hint="Contract §10 has the shape.")
        updates = [{"$source": "test", "timestamp": self.clock.timestamp(), **update} for update in carried["updates"]]
        self.bus.publish({"context": context_of(carried, self.self_context), "updates": updates})

    def advance(self, seconds: float) -> None:
        """Let virtual time pass: polls, restarts and other timers run at their moments."""
        self.clock.advance(seconds)

    # What clients ask of plugins.

    def put(self, path: str, value: Any, *, context: str = "vessels.self") -> PutAnswer:  # noqa: ANN401 - a JSON value
        """A client's PUT request, passed to the plugin that takes it (contract §13)."""
        return put(self.plugins.values(), context, path, value)

    def resources(self, kind: str) -> Resources:
        """The resources of a type, such as `routes`, of whichever plugin provides them (contract §15)."""
        return Resources(self.plugins.values(), kind)

    def weather(self, name: str) -> Weather:
        """The weather of a provider."""
        return Weather(self.plugins.values(), name)

    def radars(self, name: str) -> Radars:
        """The radars of a provider."""
        return Radars(self.plugins.values(), name)

    # What came of it.

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
