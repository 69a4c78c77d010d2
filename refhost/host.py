"""The reference host: what a fixture, a server or a suite holds in its hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from refhost import binary as binaries
from refhost import world
from refhost.bus import Bus
from refhost.clock import Clock
from refhost.delta import context_of, problems
from refhost.errors import ConfigurationError, LinkError
from refhost.journal import Journal
from refhost.jsontext import NotJson, loads
from refhost.limits import Limits
from refhost.model import Model
from refhost.plugin import Plugin
from refhost.runtime import PluginRuntime
from refhost.storage import Storage

if TYPE_CHECKING:
    from refhost.binary import CoreBinary, Problem
    from refhost.delta import Delta
    from refhost.journal import Record
    from refhost.package import PluginPackage
    from refhost.world import ComponentBinary

SELF_ID = "urn:mrn:signalk:uuid:8f7a0b52-6c1d-4e9a-9d43-2b5e7c10a6f4"


def read_binary(binary: bytes) -> CoreBinary | ComponentBinary:
    """Compile a binary of any dialect and look it through; nothing of it runs.

    Raises:
        BinaryError: no dialect takes it.
    """
    return world.read_component(binary) if binaries.is_component(binary) else binaries.read_core(binary)


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
        binary = read_binary(package.binary)
        found = binary.problems()
        if found:
            raise LinkError(link_message(package.origin, found))
        plugin_id = package.id or self._own_id(package, binary)
        if plugin_id in self.plugins:
            raise ConfigurationError(
                f"A plugin with the id {plugin_id} is loaded already.", hint="Two packages of one name?"
            )
        for warning in package.grants.warnings:
            self.journal.write(plugin_id, "warning", warning, function="wasmCapabilities")
        runtime = self._runtime(plugin_id, package, binary)
        instance = runtime.instantiate()
        try:
            plugin = Plugin(self, runtime, instance, instance.name() or package.name, instance.schema())
        except BaseException:
            instance.close()
            raise
        self.plugins[plugin_id] = plugin
        return plugin

    def _own_id(self, package: PluginPackage, binary: CoreBinary | ComponentBinary) -> str:
        """What a plugin without a package calls itself, asked of an instance of its own."""
        instance = self._runtime(package.name, package, binary).instantiate()
        try:
            return instance.id() or package.name
        finally:
            instance.close()

    def _runtime(self, plugin_id: str, package: PluginPackage, binary: CoreBinary | ComponentBinary) -> PluginRuntime:
        return PluginRuntime(
            plugin_id,
            binary,
            package.grants,
            bus=self.bus,
            clock=self.clock,
            journal=self.journal,
            model=self.model,
            storage=self.storage,
            limits=self.limits,
            seed=self._seed,
        )

    def unload(self, plugin: Plugin) -> None:
        """Stop a plugin and free it."""
        plugin.close()
        self.plugins.pop(plugin.id, None)

    def close(self) -> None:
        """Stop and unload all plugins, each even if another fails (contract §9)."""
        for plugin in list(self.plugins.values()):
            self.unload(plugin)

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


def link_message(origin: str, found: list[Problem]) -> str:
    """All that keeps a binary from being linked, a line each."""
    lines = [f"{origin} cannot be linked:"]
    lines += [f"  {p.kind} {p.name}: {p.message}. {p.hint} ({p.section})" for p in found]
    return "\n".join(lines)
