"""The states of a plugin, and every way from one to another (contract §9)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from refhost.errors import PluginError, PluginTimeout, StateError
from refhost.jsontext import dumps
from refhost.services.gate import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Timer
    from refhost.dialects.instance import Instance
    from refhost.dialects.pump import Pump
    from refhost.runtime import PluginRuntime

POLL_SECONDS = 1.0
# After crash 1, 2 and 3 in a row the plugin is restarted so much later; the fourth disables it (R10).
BACK_OFF_SECONDS = (1.0, 2.0, 4.0)
BACK_OFF_THERE = (2.0, 4.0)  # D35
# How deep a plugin is in itself at most, where deltas come back at once (D42): Python's own stack is not deep.
DEEPEST = 16
RECOVERED_SECONDS = 30.0


class State(StrEnum):
    """Where a plugin is in its life (contract §9)."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    ERROR = "error"
    CRASHED = "crashed"


class _Call:
    """A `with` around calls, which costs less than a generator does. It holds nothing, so it may be entered again."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life

    def __enter__(self) -> None:
        self._life.begin_call()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._life.end_call(error)


class Lifecycle:
    """One plugin's life: its instance, its timers, its crashes.

    Attributes:
        state: where it is.
        fault: the error that ended its last call badly; None since the last start.
        status_code: what its last start or stop returned.
        instance: what runs now; None after it died, until the next start.
        starts: how often it was to be started.
    """

    def __init__(self, runtime: PluginRuntime, instance: Instance) -> None:
        self._runtime = runtime
        self._timers: list[Timer] = []
        self._recovery: Timer | None = None
        self._crashes = 0
        self._call = _Call(self)
        self._depth = 0  # of calls into the plugin: more than one only where deltas come back at once (D42)
        self._switches = runtime.switches
        self.starts = 0
        self.instance: Instance | None = instance
        self.state = State.STOPPED
        self.fault: PluginError | None = None
        self.status_code: int | str = 0

    # Starting.

    def start(self) -> None:
        """Start with what is saved. A running plugin stays as it is; a restart that was due is not wanted any more."""
        if self.state is not State.RUNNING:
            self._leave_running()
            self._crashes = 0
            self._start()

    def _start(self) -> None:
        saved = self._runtime.server_config.read()
        self.start_with(dumps({**saved.configuration, "enableDebug": saved.enable_debug}))

    def start_with(self, config_text: str) -> None:
        """Start with any text in the place of the configuration."""
        self._enter(State.STARTING)
        self.starts += 1
        self.fault = None
        try:
            with self._calling():
                instance = self._live_instance()
                self._runtime.starting = True
                self.status_code = instance.start(config_text)
        except PluginError as error:
            self._fail(error)
        else:
            if self.status_code == 0:
                self._run(instance)
            else:
                self._runtime.note("fault", f"start returned {self.status_code!r}", "start")
                self._runtime.instance_stopped()
                self._enter(State.ERROR)
        finally:
            self._runtime.starting = False
        self._runtime.bus.drain()

    def _live_instance(self) -> Instance:
        if self._runtime.starts_anew():
            self._drop_instance()
            self.instance, _ = self._runtime.load()
        if self.instance is None:
            self.instance = self._runtime.instantiate()
        self._runtime.enter(Phase.LIFE)
        return self.instance

    def block(self, reason: str) -> None:
        """Do not start at all; the reason is what a user sees."""
        if self.state is State.STOPPED:
            self._runtime.note("fault", reason, "start")
            self._runtime.status.error = reason

    def _run(self, instance: Instance) -> None:
        self._enter(State.RUNNING)
        if instance.has_poll:
            self._timers.append(self._runtime.clock.call_later(POLL_SECONDS, self._poll))
        if instance.has_delta_handler and (
            self._runtime.grants.has("dataRead") or self._switches.departs("D14", "delta_handler")
        ):
            self._runtime.bus.subscriptions.subscribe(self._runtime.plugin_id, self.deliver)

    # Stopping.

    def stop(self) -> None:
        """Stop; afterwards it is `stopped`, whatever its stop returned, or in `error` when stop trapped (R44)."""
        if self.state not in (State.RUNNING, State.CRASHED):
            return
        crashed = self.state is State.CRASHED
        self._leave_running()
        if crashed or self.instance is None:
            self._enter(State.STOPPED)
            return
        try:
            with self._calling():
                self.status_code = self.instance.stop()
            if self.status_code != 0:
                self._runtime.note("fault", f"stop returned {self.status_code!r}", "stop")
            self._enter(State.STOPPED)
        except PluginError as error:
            self._fail(error)
        self._runtime.instance_stopped()
        self._runtime.bus.drain()

    def close(self) -> None:
        """Stop, and free the instance. Closing twice changes nothing."""
        try:
            self.stop()
        finally:
            self._leave_running()
            self._drop_instance()

    # Reloading.

    def begin_reload(self) -> bool:
        """Keep deltas from here on, stop, and let the instance go; whether it was running."""
        was_running = self.state is State.RUNNING
        if was_running and not self._switches.departs("D32", "reload"):
            self._runtime.bus.subscriptions.start_buffering(self._runtime.plugin_id)
        self.stop()
        if not self._runtime.unknown_to_reload and self._switches.departs("D30", "stop"):
            self._stop_again()
        self.close()
        return was_running

    def _stop_again(self) -> None:
        try:
            with self._calling():
                if self.instance is not None:
                    self.instance.stop()
        except PluginError as error:
            self._fail(error)

    def finish_reload(self, instance: Instance | None, *, start: bool) -> None:
        """Go on with a fresh instance, or none where there is none; start, and replay what was kept, in order."""
        self.instance = instance
        self.fault = None
        if instance is None:
            self._enter(State.ERROR)
        elif self.state is not State.STOPPED:
            self._enter(State.STOPPED)
        if start and instance is not None:
            self.start()
        name = self._runtime.plugin_id
        kept, dropped = self._runtime.bus.subscriptions.stop_buffering(name)
        if dropped:
            self._runtime.note("warning", f"{dropped} deltas were dropped while it was reloaded, the oldest first")
        if self.state is not State.RUNNING:
            self._runtime.bus.subscriptions.unsubscribe(name)
            if kept:
                self._runtime.note("warning", f"{len(kept)} deltas were kept for it, and it does not run")
        for text in kept:
            self.deliver(text)
        self._runtime.bus.drain()

    # Calls while it runs.

    def call(self, step: Callable[[Instance], Any]) -> Any:  # noqa: ANN401 - as the step returns
        """Call into the running plugin; a call that ends badly is a crash.

        Raises:
            StateError: it does not run: no code of a stopped plugin does (R22).
            PluginError: the call ended badly.
        """
        if not self.answers or self.instance is None:
            raise StateError(f"{self._runtime.plugin_id} does not run: it is {self.state}.")
        try:
            with self._calling():
                return step(self.instance)
        except PluginError as error:
            self._crash(error)
            raise
        finally:
            self._runtime.bus.drain()

    def deliver(self, text: str) -> None:
        """Hand it one delta, as the bus does; nothing reaches a plugin that is not running."""
        if self.state is State.RUNNING and self.instance is not None and self.instance.has_delta_handler:
            if self._depth and self._switches.departs("D42", "delta_handler") and self._depth > DEEPEST:
                self._runtime.note("fault", f"it is {self._depth} deep in itself: no deeper (D42)", "delta_handler")
                return
            try:
                with self._calling():
                    self.instance.deliver(text)
            except PluginError as error:
                self._crash(error)

    def pump(self) -> Pump | None:
        """What delivers many deltas at once, while it runs, and where there is such a thing (`refhost/replay.py`)."""
        if self.state is not State.RUNNING or self.instance is None or self._depth:
            return None
        return self.instance.pump()

    @property
    def runtime(self) -> PluginRuntime:
        """What it runs in."""
        return self._runtime

    def pumped(self, step: Callable[[], bool]) -> bool | None:
        """Deliver many deltas, as `deliver` does with one.

        Args:
            step: delivers them.

        Returns:
            What it returns; None where a call ended badly.
        """
        try:
            with self._calling():
                return step()
        except PluginError as error:
            self._crash(error)
            return None

    def _poll(self) -> None:
        if self.state is not State.RUNNING or self.instance is None:
            return
        self._timers = [self._runtime.clock.call_later(POLL_SECONDS, self._poll)]
        try:
            with self._calling():
                result = self.instance.poll()
            if result != 0:
                self._runtime.note("fault", f"poll returned {result}", "poll")
        except PluginError as error:
            self._crash(error)
        self._runtime.bus.drain()

    def _calling(self) -> _Call:
        """A call into the plugin: what it emits waits (R21); an exception that is not the plugin's leaves it dead."""
        return self._call

    def begin_call(self) -> None:
        """A call into the plugin begins."""
        self._depth += 1
        self._runtime.begin_call()

    def end_call(self, error: BaseException | None) -> None:
        """It has ended."""
        # An outer call that is still in the instance ends with the same exception.
        if error is not None and not isinstance(error, PluginError) and self._depth == 1:
            self._leave_running()
            self._drop_instance()
            self._enter(State.ERROR)
        self._runtime.end_call()
        self._depth -= 1

    # What goes wrong.

    def _fail(self, error: PluginError) -> None:
        """A call outside of running ended badly: the plugin is in error, and its instance is of no more use."""
        self._note(error)
        self._drop_instance()
        self._enter(State.ERROR)

    def _crash(self, error: PluginError) -> None:
        """A call of a running plugin ended badly: restart it later, up to three times in a row (R10, R14)."""
        self._note(error)
        if not isinstance(error, PluginTimeout) and self._switches.departs("D34", error.function):
            return
        if self._depth:  # an outer call is still in the instance: it ends with this error, and is the crash
            raise error
        was_running = self.is_running
        self._leave_running()
        self._drop_instance()
        if not was_running:  # it was stopped, and only asked something (D38)
            self._enter(State.ERROR)
            return
        back_off = BACK_OFF_THERE if self._switches.departs("D35") else BACK_OFF_SECONDS
        if self._crashes >= len(back_off):
            self._runtime.note("fault", f"crashed {self._crashes + 1} times in a row: it is not restarted any more")
            self._enter(State.ERROR)
            return
        self._enter(State.CRASHED)
        delay = back_off[self._crashes]
        self._crashes += 1
        self._timers.append(self._runtime.clock.call_later(delay, self._restart))

    def _restart(self) -> None:
        if self.state is State.CRASHED:
            if self._switches.departs("D36", "start"):
                self._runtime.status.status = "Recovered from crash"
                return
            self._start()
            if self.is_running:
                self._recovery = self._runtime.clock.call_later(RECOVERED_SECONDS, self._recovered)

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.state is State.RUNNING

    @property
    def answers(self) -> bool:
        """Whether it can be asked: while it runs, by the contract (R22)."""
        if self.state in (State.STOPPED, State.ERROR) and self.starts and self.instance is not None:
            return self._switches.departs("D38", "stopped")
        return self.is_running

    def _recovered(self) -> None:
        self._crashes = 0

    def _note(self, error: PluginError) -> None:
        self.fault = error
        self._runtime.note("fault", f"{error.message} {error.hint}".strip(), error.function)

    def _leave_running(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        if self._recovery:
            self._recovery.cancel()
            self._recovery = None
        self._runtime.bus.subscriptions.unsubscribe(self._runtime.plugin_id)

    def _drop_instance(self) -> None:
        self._runtime.instance_gone()
        if self.instance is not None:
            self.instance.close()
            self.instance = None

    def _enter(self, state: State) -> None:
        if state is not self.state:
            self._runtime.note("state", f"{self.state} → {state}")
            self.state = state
