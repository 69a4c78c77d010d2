"""Mutants: faults of states, configuration, reload and restart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, instead, mutant, nothing
from refhost import host, lifecycle, subscriptions
from refhost.dialects.buffer import BufferInstance
from refhost.errors import PluginError, PluginTrap
from refhost.jsontext import loads
from refhost.lifecycle import Lifecycle, State
from refhost.plugin import Plugin
from refhost.registry import StartOrder
from refhost.runtime import PluginRuntime
from refhost.services.config import ConfigService
from refhost.services.gate import Phase
from refhost.services.registrations import RegistrationService
from refhost.storage.config_file import ConfigFile, SavedConfig
from refhost.subscriptions import Subscriptions
from refhost.web import plugins as pages

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original

# ---- configuration ----------------------------------------------------------------------------------------------


@mutant("adds no enableDebug", Lifecycle, "start_with")
def _without_debug(original: Original, self: Any, text: Any) -> None:
    original(self, text.replace(',"enableDebug":false', "", 1))


@mutant("starts with null when nothing is saved", Lifecycle, "start_with")
def _null(original: Original, self: Any, text: Any) -> None:
    original(self, "null" if text == '{"enableDebug":false}' else text)


@mutant("saves anything", ConfigService, "save_config")
def _anything(_: Any, self: Any, text: Any) -> None:
    self._write({"text": text})


@mutant("saving switches off", ConfigFile, "save_configuration")
def _off(_: Any, self: Any, configuration: Any) -> None:
    self.write(SavedConfig(configuration=configuration))


@mutant("saving starts anew", ConfigService, "save_config")
def _starts_anew(original: Original, self: Any, text: Any) -> None:
    original(self, text)
    self._file.saved_by_plugin = True


@mutant("saving starts anew", Lifecycle, "start_with")
def _once_more(original: Original, self: Any, text: Any) -> None:
    original(self, text)
    file = self._runtime.config_file
    if self.is_running and getattr(file, "saved_by_plugin", False):
        file.saved_by_plugin = False
        self.stop()
        original(self, text)


@mutant("one configuration for all", ConfigFile, "__init__")
def _shared(original: Original, self: Any, folder: Any, name: Any) -> None:
    original(self, folder, "all.json")


@mutant("takes any change", pages, "_check_config")
def _any_change(original: Original, change: Any) -> None:
    if not isinstance(change, dict):
        original(change)


@mutant("never restarts", Plugin, "update_config")
def _only_saves(_: Any, self: Any, configuration: Any = None, **named: Any) -> Any:
    self._save(configuration=configuration, **named)
    return self.state


nothing("saves nothing", ConfigFile, "write")

# ---- states -----------------------------------------------------------------------------------------------------


@mutant("starts at load", host.Host, "load")
def _at_load(original: Original, self: Any, package: Any, **named: Any) -> Any:
    loaded = original(self, package, **named)
    loaded.start({})
    return loaded


@mutant("starts a second time", Lifecycle, "start")
def _twice(original: Original, self: Any) -> None:
    if self.state is State.RUNNING:
        self._leave_running()
        self._start()
    else:
        original(self)


@mutant("starts a second time", Plugin, "start")
def _without_asking(original: Original, self: Any, config: Any = None, **named: Any) -> Any:
    if not self.is_running:
        return original(self, config, **named)
    self._life.start()
    return self.state


@mutant("starts with the first configuration", Lifecycle, "start_with")
def _first_again(original: Original, self: Any, text: Any) -> None:
    self.first_text = getattr(self, "first_text", text)
    original(self, self.first_text)


@mutant("starts once only", Lifecycle, "start_with")
def _once(original: Original, self: Any, text: Any) -> None:
    if self.starts == 0:
        original(self, text)


@mutant("runs whatever start says", Lifecycle, "start_with")
def _regardless(original: Original, self: Any, text: Any) -> None:
    original(self, text)
    if self.state is State.ERROR and self.instance is not None:
        self._run(self.instance)


@mutant("takes 0 for an error", BufferInstance, "start")
def _zero(original: Original, self: Any, config: Any) -> Any:
    return original(self, config) or 1


instead("a trap in start counts as a success", BufferInstance, "start", PluginTrap)
instead("a trap in stop counts as a success", BufferInstance, "stop", PluginTrap)


@mutant("calls stop twice", BufferInstance, "stop")
def _stops_twice(original: Original, self: Any) -> Any:
    original(self)
    return original(self)


@mutant("logs no faults", PluginRuntime, "note")
def _silent(original: Original, self: Any, kind: Any, *arguments: Any) -> None:
    if kind != "fault":
        original(self, kind, *arguments)


@mutant("delivers to all who are there", Lifecycle, "deliver")
def _to_all(_: Any, self: Any, text: Any) -> None:
    if self.instance is not None:
        self.instance.deliver(text)


@mutant("polls what was stopped", Lifecycle, "stop")
def _polled_on(original: Original, self: Any) -> None:
    original(self)
    self._runtime.clock.call_later(1.0, self.instance.poll)


@mutant("stops the timers of all", Lifecycle, "_leave_running")
def _no_timers(original: Original, self: Any) -> None:
    original(self)
    for timer in tuple(self._runtime.clock._timers):
        timer.cancel()


add("what is stopped is asked all the same", Lifecycle, "answers", property(lambda self: self.instance is not None))
add("polls every other second", lifecycle, "POLL_SECONDS", 2.0)
nothing("never polls", Lifecycle, "_poll")
nothing("delivers to all who are there", Subscriptions, "unsubscribe")
nothing("what is stopped is asked all the same", RegistrationService, "clear")
nothing("never calls stop", BufferInstance, "stop", 0)

# ---- what a plugin is -------------------------------------------------------------------------------------------


@mutant("keeps the @", host.Host, "load")
def _scope_as_it_is(original: Original, self: Any, package: Any, **named: Any) -> Any:
    return original(self, replace(package, id=package.name.replace("/", "_")) if package.id else package, **named)


@mutant("acts while it is described", PluginRuntime, "enter")
def _acts(original: Original, self: Any, phase: Any) -> None:
    original(self, Phase.LIFE)


@mutant("starts in any order", host, "start_order")
def _any_order(_: Any, packages: Any, disabled: Any) -> Any:
    return StartOrder(tuple(sorted(set(packages) - disabled)), {}, {})


@mutant("refuses an empty schema", PluginRuntime, "load")
def _wants_schema(original: Original, self: Any) -> Any:
    instance, metadata = original(self)
    if not metadata.schema:
        raise PluginError("plugin_schema", "the schema is empty")
    return instance, metadata


@mutant("a broken schema ends what shows plugins", pages, "_about")
def _broken_schema(original: Original, plugin: Any) -> Any:
    loads(plugin.schema_text or "{}")
    return original(plugin)


nothing("takes the package's name", BufferInstance, "name", "")
nothing("asks nobody for its id", host.Host, "_own_id", "unknown")
add("enables everything", Plugin, "is_enabled", True)
nothing("keeps registrations", RegistrationService, "clear")
nothing("unloads nothing", host.Host, "unload")

# ---- reload -----------------------------------------------------------------------------------------------------


def _replays(name: str, change: Any) -> None:
    @mutant(name, Subscriptions, "stop_buffering")
    def stop_buffering(original: Original, self: Any, plugin: Any) -> Any:
        kept, dropped = original(self, plugin)
        return change(kept), dropped


_replays("replays backwards", lambda kept: kept[::-1])
_replays("replays twice", lambda kept: kept * 2)
_replays("replays 500 deltas", lambda kept: kept[:500])
add("keeps as much as comes", subscriptions, "BUFFER_SIZE", 100_000)
nothing("keeps nothing", Subscriptions, "start_buffering")


@mutant("starts what was stopped", Lifecycle, "finish_reload")
def _always_starts(original: Original, self: Any, instance: Any, *, start: Any) -> None:
    original(self, instance, start=True)


@mutant("reload keeps the instance", Plugin, "reload")
def _same_instance(_: Any, self: Any) -> Any:
    self._life.stop()
    self._life.start()
    return self.state


@mutant("what was reloaded emits nothing", PluginRuntime, "reloaded")
def _cut_off_itself(original: Original, self: Any) -> None:
    original(self)
    self.deltas._emit = lambda *_: None


@mutant("reload cuts the others off", Lifecycle, "begin_reload")
def _cut_off(original: Original, self: Any) -> Any:
    self._runtime.bus.subscriptions._subscribers.clear()
    return original(self)


@mutant("reload does nothing", Plugin, "reload")
def _no_reload(_: Any, self: Any) -> Any:
    return self.state


# ---- crashes ----------------------------------------------------------------------------------------------------

add("restarts at once", lifecycle, "BACK_OFF_SECONDS", (0.1, 0.1, 0.1))
add("restarts always after 1 s", lifecycle, "BACK_OFF_SECONDS", (1.0, 1.0, 1.0))
nothing("never forgets a crash", Lifecycle, "_recovered")


@mutant("a start does not count crashes anew", Lifecycle, "start")
def _counts_on(_: Any, self: Any) -> None:
    if self.state is not State.RUNNING:
        self._leave_running()
        self._start()


@mutant("a crash is everybody's", Lifecycle, "_crash")
def _for_all(original: Original, self: Any, error: Any) -> None:
    original(self, error)
    self._runtime.bus.subscriptions._subscribers.clear()


@mutant("a crash changes nothing", Lifecycle, "_crash")
def _unimpressed(_: Any, self: Any, error: Any) -> None:
    self._note(error)


@mutant("never gives up", Lifecycle, "_crash")
def _for_ever(_: Any, self: Any, error: Any) -> None:
    self._note(error)
    self._leave_running()
    self._drop_instance()
    self._enter(State.CRASHED)
    self._timers.append(self._runtime.clock.call_later(1.0, self._restart))


_CRASHES: dict[str, int] = {}


def _count(_: Any, number: Any) -> None:
    _CRASHES["all"] = number


add("counts all crashes together", Lifecycle, "_crashes", property(lambda _: _CRASHES["all"], _count))


@mutant("restarts what was stopped", Lifecycle, "_restart")
def _regardless_of_state(_: Any, self: Any) -> None:
    self._start()


@mutant("restarts what was stopped", Lifecycle, "_leave_running")
def _keeps_timers(original: Original, self: Any) -> None:
    timers, self._timers = self._timers, []
    original(self)
    self._timers = timers


@mutant("restarts without a configuration", Lifecycle, "_restart")
def _bare(_: Any, self: Any) -> None:
    self.start_with("{}")


@mutant("keeps the broken instance", Lifecycle, "_crash")
def _kept(original: Original, self: Any, error: Any) -> None:
    instance, self.instance = self.instance, None  # so that it is not closed
    original(self, error)
    self.instance = instance


@mutant("calls what has crashed", Lifecycle, "_crash")
def _still_called(original: Original, self: Any, error: Any) -> None:
    instance, self.instance = self.instance, None
    original(self, error)
    self._runtime.bus.subscriptions.subscribe(self._runtime.plugin_id, instance.deliver)
