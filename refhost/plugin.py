"""One plugin in a host: its states, and what a test or a server asks of it (contract §9)."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from refhost.errors import PluginError, StateError
from refhost.jsontext import NotJson, dumps, loads
from refhost.services.gate import Phase
from refhost.storage import SavedConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from refhost.bus import Emission
    from refhost.clock import Timer
    from refhost.delta import Delta
    from refhost.dialects.instance import Instance
    from refhost.host import Host
    from refhost.journal import Record
    from refhost.runtime import PluginRuntime
    from refhost.services.deltas import Claim
    from refhost.wasi.vfs import Vfs

POLL_SECONDS = 1.0
# After crash 1, 2 and 3 in a row the plugin is restarted so much later; the fourth disables it (R10).
BACK_OFF_SECONDS = (1.0, 2.0, 4.0)
RECOVERED_SECONDS = 30.0


class State(StrEnum):
    """Where a plugin is in its life (contract §9)."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    ERROR = "error"
    CRASHED = "crashed"


class Plugin:
    """A loaded plugin; made by `Host.load`.

    Attributes:
        host: that it is loaded in.
        name: what the plugin calls itself.
        schema_text: its JSON Schema as it gave it.
        schema: the same parsed; `{}` where the text is empty or unusable.
        schema_problem: why the text is unusable; "" when it is in order.
        state: where it is in its life.
        fault: the error that ended its last call badly; None while all is well.
    """

    def __init__(self, host: Host, runtime: PluginRuntime, instance: Instance, name: str, schema_text: str) -> None:
        self.host = host
        self._runtime = runtime
        self._instance: Instance | None = instance
        self._timers: list[Timer] = []
        self._crashes = 0
        self._recovery: Timer | None = None
        self.name = name
        self.schema_text = schema_text
        self.schema_problem = schema_problem(schema_text)
        self.schema: Any = loads(schema_text) if schema_text.strip() and not self.schema_problem else {}
        self.state = State.STOPPED
        self.fault: PluginError | None = None
        self.status_code: int | str = 0

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
        return self._runtime.storage.vfs(self.id)

    @property
    def config(self) -> SavedConfig:
        """What the server has saved for it."""
        return self._runtime.config_file.read()

    @property
    def puts(self) -> list[tuple[str, str]]:
        """The `(context, path)` pairs for which it takes PUT requests."""
        return list(self._runtime.registrations.puts)

    @property
    def providers(self) -> dict[str, list[str]]:
        """What it provides: each of `resource`, `weather`, `radar` with the names registered."""
        return {kind: list(names) for kind, names in self._runtime.registrations.providers.items()}

    @property
    def instance(self) -> Instance | None:
        """The instance that runs now; None after it died, until the next start."""
        return self._instance

    @property
    def memory_bytes(self) -> int:
        """The linear memory in use; 0 for a component, where it cannot be seen."""
        return self._instance.memory_bytes() if self._instance else 0

    # Its life.

    def start(self, config: Mapping[str, Any] | None = None, *, enable_debug: bool | None = None) -> State:
        """Start it, with this configuration saved first, or with the saved one. A running plugin stays as it is.

        Args:
            config: the configuration object.
            enable_debug: the server's switch; as saved when left out.
        """
        if self.state is State.RUNNING:
            return self.state
        saved = self._runtime.config_file.read()
        self._runtime.config_file.write(
            SavedConfig(
                enabled=True,
                enable_debug=saved.enable_debug if enable_debug is None else enable_debug,
                configuration=dict(config) if config is not None else saved.configuration,
            )
        )
        self._leave_running()  # a restart that is still due after a crash is not wanted any more
        self._crashes = 0
        return self._start()

    def _start(self) -> State:
        saved = self._runtime.config_file.read()
        return self.start_with(dumps({**saved.configuration, "enableDebug": saved.enable_debug}))

    def start_with(self, config_text: str) -> State:
        """Start it with a configuration as text, saved nowhere: what a faulty host might pass."""
        self._enter(State.STARTING)
        self.fault = None
        try:
            instance = self._live_instance()
            with self._runtime.bus_held():
                self.status_code = instance.start(config_text)
        except PluginError as error:
            self._fail(error)
        else:
            if self.status_code == 0:
                self._run(instance)
            else:
                self._refuse(f"start returned {self.status_code!r}")
        self._runtime.bus.drain()
        return self.state

    def _run(self, instance: Instance) -> None:
        self._enter(State.RUNNING)
        if instance.has_poll:
            self._timers.append(self._runtime.clock.call_later(POLL_SECONDS, self._poll))
        if instance.has_delta_handler and self._runtime.grants.has("dataRead"):
            self._runtime.bus.listeners.append(self)

    def _refuse(self, message: str) -> None:
        self._runtime.journal.write(self.id, "fault", message, function="start")
        self._enter(State.ERROR)

    def stop(self) -> State:
        """Stop it; afterwards it is `stopped`, whatever its stop returned (contract §9)."""
        if self.state not in (State.RUNNING, State.CRASHED):
            return self.state
        self._leave_running()
        if self.state is State.CRASHED or self._instance is None:
            self._enter(State.STOPPED)
            return self.state
        try:
            with self._runtime.bus_held():
                self.status_code = self._instance.stop()
            if self.status_code != 0:
                self._runtime.journal.write(self.id, "fault", f"stop returned {self.status_code!r}", function="stop")
            self._enter(State.STOPPED)
        except PluginError as error:
            self._fail(error)
        self._runtime.registrations.clear()
        self._runtime.bus.drain()
        return self.state

    def preset(self, config: Mapping[str, Any]) -> None:
        """Save a configuration, as a user does before enabling the plugin; it stays as it is until the next start."""
        self._runtime.config_file.save_configuration(dict(config))

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

    def close(self) -> None:
        """Unload: stop it and free the instance. Closing twice changes nothing."""
        self.stop()
        self._leave_running()
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    # Calls while it runs.

    def deliver(self, text: str) -> None:
        """Hand it one delta, as the bus does; nothing reaches a plugin that is not running."""
        if self.state is State.RUNNING and self._instance is not None and self._instance.has_delta_handler:
            try:
                with self._runtime.bus_held():
                    self._instance.deliver(text)
            except PluginError as error:
                self._crash(error)

    def _poll(self) -> None:
        if self.state is not State.RUNNING or self._instance is None:
            return
        self._timers = [self._runtime.clock.call_later(POLL_SECONDS, self._poll)]
        try:
            with self._runtime.bus_held():
                result = self._instance.poll()
            if result != 0:
                self._runtime.journal.write(self.id, "fault", f"poll returned {result}", function="poll")
        except PluginError as error:
            self._crash(error)
        self._runtime.bus.drain()

    # What goes wrong.

    def _fail(self, error: PluginError) -> None:
        """A call outside of running ended badly: the plugin is in error, and its instance is of no more use."""
        self._note(error)
        self._drop_instance()
        self._enter(State.ERROR)

    def _crash(self, error: PluginError) -> None:
        """A call of a running plugin ended badly: restart it later, up to three times in a row (R10, R14)."""
        self._note(error)
        self._leave_running()
        self._drop_instance()
        if self._crashes >= len(BACK_OFF_SECONDS):
            message = f"crashed {self._crashes + 1} times in a row: it is not restarted any more"
            self._runtime.journal.write(self.id, "fault", message)
            self._enter(State.ERROR)
            return
        self._enter(State.CRASHED)
        delay = BACK_OFF_SECONDS[self._crashes]
        self._crashes += 1
        self._timers.append(self._runtime.clock.call_later(delay, self._restart))

    def _restart(self) -> None:
        if self.state is State.CRASHED and self._start() is State.RUNNING:
            self._recovery = self._runtime.clock.call_later(RECOVERED_SECONDS, self._recovered)

    def _recovered(self) -> None:
        self._crashes = 0

    def _note(self, error: PluginError) -> None:
        self.fault = error
        self._runtime.journal.write(self.id, "fault", str(error), function=error.function)

    def _leave_running(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        if self._recovery:
            self._recovery.cancel()
            self._recovery = None
        if self in self._runtime.bus.listeners:
            self._runtime.bus.listeners.remove(self)

    def _drop_instance(self) -> None:
        self._runtime.registrations.clear()
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def _live_instance(self) -> Instance:
        if self._instance is None:
            self._instance = self._runtime.instantiate()
        self._runtime.enter(Phase.LIFE)
        return self._instance

    def _enter(self, state: State) -> None:
        if state is not self.state:
            self._runtime.journal.write(self.id, "state", f"{self.state} → {state}")
            self.state = state


def schema_problem(text: str) -> str:
    """Why a schema text is unusable; "" when it is in order, or empty, which means `{}` (contract §9)."""
    if not text.strip():
        return ""
    try:
        schema = loads(text)
    except NotJson as error:
        return f"the schema is not JSON: {error}"
    return "" if isinstance(schema, dict) else "the schema is JSON, but not an object"
