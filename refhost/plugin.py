"""One plugin in a host: what a test or a server sees of it, and asks of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from refhost.errors import HostError, StateError
from refhost.jsontext import NotJson, loads
from refhost.lifecycle import Lifecycle, State
from refhost.storage import SavedConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from refhost.bus import Emission
    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.dialects.instance import Instance
    from refhost.errors import PluginError
    from refhost.host import Host
    from refhost.journal import Record
    from refhost.package import PluginPackage
    from refhost.profiles import Switches
    from refhost.runtime import Metadata, PluginRuntime
    from refhost.services.deltas import Claim
    from refhost.services.sockets import OpenSocket
    from refhost.wasi.vfs import Vfs

__all__ = ["Plugin", "State", "schema_problem"]


class Plugin:
    """A loaded plugin; made by `Host.load`.

    Attributes:
        host: that it is loaded in.
        name: what the plugin calls itself.
        schema_text: its JSON Schema as it gave it.
        schema: the same parsed; `{}` where the text is empty or unusable.
        schema_problem: why the text is unusable; "" when it is in order.
        endpoints: its HTTP endpoints; none without the capability (R9).
        endpoints_text: what it said of them, as it is; None where it was not asked.
    """

    def __init__(self, host: Host, runtime: PluginRuntime, instance: Instance, metadata: Metadata) -> None:
        self.host = host
        self._runtime = runtime
        self._life = Lifecycle(runtime, instance)
        self._start_again = False  # after a reload, as begin_reload finds it
        self._describe(metadata)

    def _describe(self, metadata: Metadata) -> None:
        self.name = metadata.name
        self.schema_text = metadata.schema
        self.schema_problem = schema_problem(metadata.schema)
        readable = metadata.schema.strip() and not self.schema_problem
        self.schema: Any = loads(metadata.schema) if readable else {}
        self.endpoints = metadata.endpoints
        self.endpoints_text = metadata.endpoints_text

    # What it is and what it did.

    @property
    def id(self) -> str:
        """Its id: from the package's name, else from its own export (contract §6)."""
        return self._runtime.plugin_id

    @property
    def emitted(self) -> list[Delta]:
        """The deltas that it emitted, as the bus carried them, in order."""
        return [emission.delta for emission in self.emissions]

    @property
    def emissions(self) -> list[Emission]:
        """The same with time and version."""
        return [emission for emission in self._runtime.bus.emissions if emission.plugin == self.id]

    @property
    def claims(self) -> list[Claim]:
        """What it gave to be emitted, as it was, in order."""
        return list(self._runtime.deltas.claims)

    @property
    def status(self) -> str:
        """Its latest status text."""
        return self._runtime.status.status

    @property
    def error(self) -> str:
        """Its latest error text, or that of the host about it."""
        return self._runtime.status.error or (self.fault.message if self.fault else "")

    @property
    def log(self) -> list[Record]:
        """All that the journal holds of it, in order."""
        return self._runtime.journal.of(self.id)

    @property
    def denials(self) -> list[Record]:
        """Every use of a function whose capability it lacks (contract §7)."""
        return self._runtime.journal.of(self.id, "denied")

    @property
    def vfs(self) -> Vfs:
        """Its file tree."""
        return self._runtime.vfs

    @property
    def config(self) -> SavedConfig:
        """What the server has saved for it."""
        return self._runtime.config_file.read()

    @property
    def package(self) -> PluginPackage:
        """The package that it came in."""
        return self._runtime.package

    @property
    def grants(self) -> Grants:
        """The capabilities that it holds."""
        return self._runtime.grants

    @property
    def switches(self) -> Switches:
        """The host's profile, as it meets this plugin."""
        return self._runtime.switches

    @property
    def is_enabled(self) -> bool:
        """Whether it is to run: as saved, or, with nothing saved, as its package says (contract §6)."""
        if self._runtime.config_file.exists:
            return self.config.enabled
        return self.package.enabled_by_default

    @property
    def puts(self) -> list[tuple[str, str]]:
        """The `(context, path)` pairs for which it takes PUT requests."""
        return list(self._runtime.registrations.puts)

    @property
    def providers(self) -> dict[str, list[str]]:
        """What it provides: each of `resource`, `weather`, `radar` with the names registered."""
        return {kind: list(names) for kind, names in self._runtime.registrations.providers.items()}

    @property
    def open_sockets(self) -> list[OpenSocket]:
        """The sockets that it has open (contract §17)."""
        return self._runtime.sockets.open

    @property
    def instance(self) -> Instance | None:
        """The instance that runs now; None after it died, until the next start."""
        return self._life.instance

    @property
    def memory_bytes(self) -> int:
        """The linear memory in use; 0 for a component, where it cannot be seen."""
        return self.instance.memory_bytes() if self.instance else 0

    @property
    def life(self) -> Lifecycle:
        """Its states and calls."""
        return self._life

    # Its life.

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._life.state

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._life.is_running

    @property
    def answers(self) -> bool:
        """Whether it can be asked for something: while it runs (R22)."""
        return self._life.answers

    @property
    def starts(self) -> int:
        """How often it was to be started."""
        return self._life.starts

    @property
    def fault(self) -> PluginError | None:
        """The error that ended its last call badly; None while all has been well since its last start."""
        return self._life.fault

    @property
    def status_code(self) -> int | str:
        """What its last start or stop returned: 0 when all was well; a component's error is a text."""
        return self._life.status_code

    def start(self, config: Mapping[str, Any] | None = None, *, enable_debug: bool | None = None) -> State:
        """Start it, with this configuration saved first, or with the saved one. A running plugin stays as it is.

        Args:
            config: the configuration object.
            enable_debug: the server's switch; as saved when left out.
        """
        if not self.is_running:
            self._save(configuration=config, enabled=True, enable_debug=enable_debug)
            self._life.start()
        return self.state

    def start_with(self, config_text: str) -> State:
        """Start it with a configuration as text, saved nowhere: what a faulty host might pass."""
        self._life.start_with(config_text)
        return self.state

    def stop(self) -> State:
        """Stop it; afterwards it is `stopped`, whatever its stop returned (contract §9)."""
        self._life.stop()
        return self.state

    def preset(self, config: Mapping[str, Any]) -> None:
        """Save a configuration, as a user does before enabling the plugin; it stays as it is until the next start."""
        self._save(configuration=config)

    def update_config(
        self,
        configuration: Mapping[str, Any] | None = None,
        *,
        enabled: bool | None = None,
        enable_debug: bool | None = None,
    ) -> State:
        """Save what is given, then restart, start or stop as that asks for (contract §9)."""
        was_enabled, ran = self.is_enabled, self.state in (State.RUNNING, State.CRASHED)
        self._save(configuration=configuration, enabled=enabled, enable_debug=enable_debug)
        if ran:
            self.stop()
        if self.config.enabled and (ran or not was_enabled or not self._runtime.switches.departs("D40", "start")):
            self._life.start()
        return self.state

    def _save(
        self,
        *,
        configuration: Mapping[str, Any] | None = None,
        enabled: bool | None = None,
        enable_debug: bool | None = None,
    ) -> None:
        saved = self._runtime.server_config.read()
        self._runtime.server_config.write(
            SavedConfig(
                enabled=saved.enabled if enabled is None else enabled,
                enable_debug=saved.enable_debug if enable_debug is None else enable_debug,
                configuration=saved.configuration if configuration is None else dict(configuration),
            )
        )

    def reload(self, package: PluginPackage | None = None) -> State:
        """Load the binary again, or another one, and go on as before: what is on the bus meanwhile is not lost (§9)."""
        self.begin_reload()
        return self.finish_reload(package)

    def begin_reload(self) -> None:
        """The first half of `reload`: from here on deltas are kept for it, at most 1000."""
        self._start_again = self._life.begin_reload()

    def finish_reload(self, package: PluginPackage | None = None) -> State:
        """The second half of `reload`. A binary that cannot be loaded leaves it in `error`; the log has the reason."""
        instance = None
        try:
            self._check_reload()
            if package is not None:
                self._runtime.replace_binary(package)
            self._runtime.reloaded()
            instance, metadata = self._runtime.load()
            self._describe(metadata)
        except HostError as error:
            self._runtime.note("fault", f"it could not be loaded again: {error}")
        self._life.finish_reload(instance, start=self._start_again)
        return self.state

    def _check_reload(self) -> None:
        if self._runtime.unknown_to_reload and self._runtime.switches.departs("D29", "reload"):
            raise StateError(
                f"Plugin {self.id} not loaded", hint="The host knows it by its package's name alone (D29)."
            )

    @contextmanager
    def running(self, config: Mapping[str, Any] | None = None) -> Iterator[Plugin]:
        """Start it, and stop it at the end of the block.

        Raises:
            StateError: it did not start; the message says why.
        """
        if self.start(config) is not State.RUNNING:
            raise StateError(
                f"{self.id} did not start: {self.why()}",
                hint="Give it the configuration it needs, or look at plugin.log.",
            )
        try:
            yield self
        finally:
            self.stop()

    def why(self) -> str:
        """Why it is not running, in a sentence."""
        if self.fault:
            return str(self.fault)
        if self.state is State.ERROR:
            told = f", and said {self.error!r}" if self.error else ""
            return f"start returned {self.status_code!r}{told}"
        return f"its state is {self.state}"

    def block(self, reason: str) -> None:
        """Keep it from starting, since what it requires does not run (R23)."""
        self._life.block(reason)

    def close(self) -> None:
        """Unload: stop it and free the instance. Closing twice changes nothing."""
        self._life.close()

    # What a host asks of it while it runs.

    def exports(self, name: str) -> bool:
        """Whether it exports a handler of this name."""
        return self.instance is not None and self.instance.handles(name)

    def ask(self, export: str, text: str, size: int) -> str:
        """Call a handler with a text, for a text of at most `size` bytes.

        Raises:
            StateError: it does not run.
            PluginError: the call ended badly, and the plugin has crashed.
        """
        answer: str = self._life.call(lambda instance: instance.ask(export, text, size))
        return answer

    def ask_http(self, export: str, request: str, size: int) -> str:
        """The same for the handler of an HTTP endpoint, which takes its text another way (R13)."""
        answer: str = self._life.call(lambda instance: instance.ask_http(export, request, size))
        return answer

    def ask_radars(self, size: int) -> str:
        """`radar_get_radars`, which is asked for nothing in particular."""
        answer: str = self._life.call(lambda instance: instance.radars(size))
        return answer

    def note(self, message: str, export: str) -> None:
        """Log what is wrong with an answer of it."""
        self._runtime.note("fault", message, export)


def schema_problem(text: str) -> str:
    """Why a schema text is unusable; "" when it is in order, or empty, which means `{}` (contract §9)."""
    if not text.strip():
        return ""
    try:
        schema = loads(text)
    except NotJson as error:
        return f"the schema is not JSON: {error}"
    return "" if isinstance(schema, dict) else "the schema is JSON, but not an object"
