"""Faults of states, configuration, reload and restart."""

from __future__ import annotations

from dataclasses import replace

from faults.fault import add, fault, nothing
from refhost import host, lifecycle, subscriptions
from refhost.dialects.buffer import BufferInstance
from refhost.errors import PluginError, PluginTrap
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

# ---- configuration ----------------------------------------------------------------------------------------------


@fault("adds no enableDebug", Lifecycle, "start_with")
def _without_debug(original, self, text):
    original(self, text.replace(',"enableDebug":false', "", 1))


@fault("starts with null when nothing is saved", Lifecycle, "start_with")
def _null(original, self, text):
    original(self, "null" if text == '{"enableDebug":false}' else text)


@fault("saves anything", ConfigService, "save_config")
def _anything(_, self, text):
    self._write({"text": text})


@fault("saving switches off", ConfigFile, "save_configuration")
def _off(_, self, configuration):
    self.write(SavedConfig(configuration=configuration))


@fault("saving starts anew", ConfigService, "save_config")
def _starts_anew(original, self, text):
    original(self, text)
    self._file.saved_by_plugin = True


@fault("saving starts anew", Lifecycle, "start_with")
def _once_more(original, self, text):
    original(self, text)
    file = self._runtime.config_file
    if self.is_running and getattr(file, "saved_by_plugin", False):
        file.saved_by_plugin = False
        self.stop()
        original(self, text)


@fault("one configuration for all", ConfigFile, "__init__")
def _shared(original, self, folder, name):
    original(self, folder, "all.json")


@fault("takes any change", pages, "_check_config")
def _any_change(original, change):
    if not isinstance(change, dict):
        original(change)


@fault("never restarts", Plugin, "update_config")
def _only_saves(_, self, configuration=None, **named):
    self._save(configuration=configuration, **named)
    return self.state


nothing("saves nothing", ConfigFile, "write")

# ---- states -----------------------------------------------------------------------------------------------------


@fault("starts at load", host.Host, "load")
def _at_load(original, self, package, **named):
    loaded = original(self, package, **named)
    loaded.start({})
    return loaded


@fault("starts a second time", Lifecycle, "start")
def _twice(original, self):
    if self.state is State.RUNNING:
        self._leave_running()
        self._start()
    else:
        original(self)


@fault("starts a second time", Plugin, "start")
def _without_asking(original, self, config=None, **named):
    if not self.is_running:
        return original(self, config, **named)
    self._life.start()
    return self.state


@fault("starts with the first configuration", Lifecycle, "start_with")
def _first_again(original, self, text):
    self.first_text = getattr(self, "first_text", text)
    original(self, self.first_text)


@fault("starts once only", Lifecycle, "start_with")
def _once(original, self, text):
    if self.starts == 0:
        original(self, text)


@fault("runs whatever start says", Lifecycle, "start_with")
def _regardless(original, self, text):
    original(self, text)
    if self.state is State.ERROR and self.instance is not None:
        self._run(self.instance)


@fault("takes 0 for an error", BufferInstance, "start")
def _zero(original, self, config):
    return original(self, config) or 1


@fault("a trap in start counts as a success", BufferInstance, "start")
def _fine(original, self, config):
    try:
        return original(self, config)
    except PluginTrap:
        return 0


@fault("a trap in stop counts as a success", BufferInstance, "stop")
def _stops_well(original, self):
    try:
        return original(self)
    except PluginTrap:
        return 0


@fault("calls stop twice", BufferInstance, "stop")
def _stops_twice(original, self):
    original(self)
    return original(self)


@fault("logs no faults", PluginRuntime, "note")
def _silent(original, self, kind, *arguments):
    if kind != "fault":
        original(self, kind, *arguments)


@fault("delivers to all who are there", Lifecycle, "deliver")
def _to_all(_, self, text):
    if self.instance is not None:
        self.instance.deliver(text)


@fault("polls what was stopped", Lifecycle, "stop")
def _polled_on(original, self):
    original(self)
    self._runtime.clock.call_later(1.0, self.instance.poll)


@fault("stops the timers of all", Lifecycle, "_leave_running")
def _no_timers(original, self):
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


@fault("keeps the @", host.Host, "load")
def _scope_as_it_is(original, self, package, **named):
    return original(self, replace(package, id=package.name.replace("/", "_")) if package.id else package, **named)


@fault("acts while it is described", PluginRuntime, "enter")
def _acts(original, self, phase):
    original(self, Phase.LIFE)


@fault("starts in any order", host, "start_order")
def _any_order(_, packages, disabled):
    return StartOrder(tuple(sorted(set(packages) - disabled)), {}, {})


@fault("refuses an empty schema", PluginRuntime, "load")
def _wants_schema(original, self):
    instance, metadata = original(self)
    if not metadata.schema:
        raise PluginError("plugin_schema", "the schema is empty")
    return instance, metadata


@fault("a broken schema ends what shows plugins", pages, "_about")
def _broken_schema(original, plugin):
    pages.loads(plugin.schema_text or "{}")
    return original(plugin)


nothing("takes the package's name", BufferInstance, "name", "")
nothing("asks nobody for its id", host.Host, "_own_id", "unknown")
add("enables everything", Plugin, "is_enabled", True)
nothing("keeps registrations", RegistrationService, "clear")
nothing("unloads nothing", host.Host, "unload")

# ---- reload -----------------------------------------------------------------------------------------------------


def _replays(name, change):
    @fault(name, Subscriptions, "stop_buffering")
    def stop_buffering(original, self, plugin):
        kept, dropped = original(self, plugin)
        return change(kept), dropped


_replays("replays backwards", lambda kept: kept[::-1])
_replays("replays twice", lambda kept: kept * 2)
_replays("replays 500 deltas", lambda kept: kept[:500])
add("keeps as much as comes", subscriptions, "BUFFER_SIZE", 100_000)
nothing("keeps nothing", Subscriptions, "start_buffering")


@fault("starts what was stopped", Lifecycle, "finish_reload")
def _always_starts(original, self, instance, *, start):
    original(self, instance, start=True)


@fault("reload keeps the instance", Plugin, "reload")
def _same_instance(_, self):
    self._life.stop()
    self._life.start()
    return self.state


@fault("what was reloaded emits nothing", PluginRuntime, "reloaded")
def _cut_off_itself(original, self):
    original(self)
    self.deltas._emit = lambda *_: None


@fault("reload cuts the others off", Lifecycle, "begin_reload")
def _cut_off(original, self):
    self._runtime.bus.subscriptions._subscribers.clear()
    return original(self)


@fault("reload does nothing", Plugin, "reload")
def _no_reload(_, self):
    return self.state


# ---- crashes ----------------------------------------------------------------------------------------------------

add("restarts at once", lifecycle, "BACK_OFF_SECONDS", (0.1, 0.1, 0.1))
add("restarts always after 1 s", lifecycle, "BACK_OFF_SECONDS", (1.0, 1.0, 1.0))
nothing("never forgets a crash", Lifecycle, "_recovered")


@fault("a start does not count crashes anew", Lifecycle, "start")
def _counts_on(_, self):
    if self.state is not State.RUNNING:
        self._leave_running()
        self._start()


@fault("a crash is everybody's", Lifecycle, "_crash")
def _for_all(original, self, error):
    original(self, error)
    self._runtime.bus.subscriptions._subscribers.clear()


@fault("a crash changes nothing", Lifecycle, "_crash")
def _unimpressed(_, self, error):
    self._note(error)


@fault("never gives up", Lifecycle, "_crash")
def _for_ever(_, self, error):
    self._note(error)
    self._leave_running()
    self._drop_instance()
    self._enter(State.CRASHED)
    self._timers.append(self._runtime.clock.call_later(1.0, self._restart))


_CRASHES = {}


def _count(_, number):
    _CRASHES["all"] = number


add("counts all crashes together", Lifecycle, "_crashes", property(lambda _: _CRASHES["all"], _count))


@fault("restarts what was stopped", Lifecycle, "_restart")
def _regardless_of_state(_, self):
    self._start()


@fault("restarts what was stopped", Lifecycle, "_leave_running")
def _keeps_timers(original, self):
    timers, self._timers = self._timers, []
    original(self)
    self._timers = timers


@fault("restarts without a configuration", Lifecycle, "_restart")
def _bare(_, self):
    self.start_with("{}")


@fault("keeps the broken instance", Lifecycle, "_crash")
def _kept(original, self, error):
    instance, self.instance = self.instance, None  # so that it is not closed
    original(self, error)
    self.instance = instance


@fault("calls what has crashed", Lifecycle, "_crash")
def _still_called(original, self, error):
    instance, self.instance = self.instance, None
    original(self, error)
    self._runtime.bus.subscriptions.subscribe(self._runtime.plugin_id, instance.deliver)
