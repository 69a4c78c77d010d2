"""Faults of the AssemblyScript and command dialects, and of components."""

from __future__ import annotations

from faults.fault import add, around, ends, fault, nothing
from refhost import world
from refhost.dialects import assemblyscript, component
from refhost.dialects.assemblyscript import AssemblyScriptInstance
from refhost.dialects.command import CommandInstance
from refhost.dialects.component import ComponentInstance
from refhost.dialects.guard import Guard
from refhost.errors import BadReturn, PluginError, PluginExit, PluginTrap
from refhost.functions import WIT
from refhost.services.deltas import DeltaService
from refhost.services.runtime import RuntimeService

# ---- AssemblyScript ---------------------------------------------------------------------------------------------


@fault("AssemblyScript counts characters", AssemblyScriptInstance, "start")
def _characters(_, self, config):
    with self._object(config.encode("utf-8"), 0) as pointer:
        return self.number("plugin_start", pointer, len(config))


@fault("AssemblyScript strings are ASCII", assemblyscript, "read_string")
def _ascii(original, memory, pointer):
    return original(memory, pointer).encode("ascii", "replace").decode()


@fault("AssemblyScript reads anything", AssemblyScriptInstance, "text")
def _anything(original, self, export, size, *arguments):
    try:
        return original(self, export, size, *arguments)
    except BadReturn:
        return "{}"


@fault("AssemblyScript needs an id", AssemblyScriptInstance, "name")
def _wants_id(original, self):
    self.text("plugin_id", 100) if "plugin_id" in self._functions else self.number("plugin_id")
    return original(self)


@fault("AssemblyScript is sent ASCII", AssemblyScriptInstance, "deliver")
def _sent_ascii(original, self, delta):
    original(self, delta.encode("ascii", "replace").decode())


add("AssemblyScript strings are blocks", assemblyscript, "_STRING", 0)
nothing("AssemblyScript goes on after abort", RuntimeService, "abort")

# ---- command ----------------------------------------------------------------------------------------------------


def _ran(instance):
    """Run it, whatever comes of it."""
    try:
        instance.call("_start")
    except PluginError:
        return 1
    return 0


@fault("commands need an id", CommandInstance, "name")
def _wants_a_name(_, self):
    raise BadReturn("plugin_name", "plugin_name is missing")


@fault("commands run when they are loaded", CommandInstance, "name")
def _at_once(original, self):
    self.call("_start")
    return original(self)


@fault("the exit of a command is an error", CommandInstance, "start")
def _exits_badly(_, self, config):
    try:
        self.call("_start")
    except PluginExit as error:
        return error.code or 1
    return 0


@fault("whatever ends a command is a success", CommandInstance, "start")
def _fine(_, self, config):
    _ran(self)
    return 0


@fault("commands run twice", CommandInstance, "start")
def _twice(original, self, config):
    original(self, config)
    return original(self, config)


@fault("commands are started like plugins", CommandInstance, "start")
def _as_plugin(original, self, config):
    self.call("start")
    return original(self, config)


@fault("commands are stopped like plugins", CommandInstance, "stop")
def _stopped(_, self):
    self.call("stop")
    return 0


@fault("commands are polled", CommandInstance, "poll")
def _polled(_, self):
    self.call("poll")
    return 0


add("commands are polled", CommandInstance, "has_poll", True)


@fault("commands are sent deltas", CommandInstance, "deliver")
def _sent(_, self, delta):
    self.call("delta_handler", 0, 0)


add("commands are sent deltas", CommandInstance, "has_delta_handler", True)
nothing("commands never run", CommandInstance, "start", 0)

# ---- components -------------------------------------------------------------------------------------------------

# What a function of the WIT answers that has done nothing.
_ANSWERS = {"func() -> string": ""}


def _answering(name, wit):
    """A function of the WIT that does nothing."""

    def host_function(original, self, function):
        if function.wit != wit:
            return original(self, function)
        return lambda *_: _ANSWERS.get(function.wit_type)

    add(name, ComponentInstance, "_host_function", around(ComponentInstance._host_function, host_function))


for _wit in WIT:
    _answering(f"{_wit.partition('.')[2]} does nothing", _wit)


@fault("components get no configuration", ComponentInstance, "start")
def _unconfigured(original, self, config):
    return original(self, "{}")


@fault("components' errors are lost", ComponentInstance, "start")
def _lost(original, self, config):
    return 1 if original(self, config) else 0


@fault("components' errors are lost", ComponentInstance, "stop")
def _stop_lost(original, self):
    original(self)
    return 0


@fault("a component's trap counts as a success", ComponentInstance, "start")
def _no_trap(original, self, config):
    try:
        return original(self, config)
    except PluginTrap:
        return 0


@fault("a component's trap ends the host", Guard, "run")
def _gone(original, self, export, call):
    try:
        return original(self, export, call)
    except PluginTrap as error:
        ends(str(error))


@fault("components' texts are ASCII", ComponentInstance, "_call")
def _ascii_call(original, self, name, *arguments):
    answer = original(self, name, *map(_in_ascii, arguments))
    return _in_ascii(answer)


@fault("components' texts are ASCII", ComponentInstance, "_decode")
def _ascii_decode(original, self, function, arguments):
    return original(self, function, tuple(map(_in_ascii, arguments)))


def _in_ascii(value):
    return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


@fault("components are called anything", ComponentInstance, "name")
def _any_name(original, self):
    try:
        return original(self)
    except PluginError:
        return "anything"


@fault("components need on-delta", ComponentInstance, "name")
def _wants_on_delta(original, self):
    if "on-delta" not in self._functions:
        raise BadReturn("on-delta", "on-delta is missing")
    return original(self)


@fault("components' values are texts", component, "_value")
def _texts(_, text):
    return text


@fault("components hear metadata", ComponentInstance, "deliver")
def _metadata(_, self, delta):
    self._call("on-delta", component.record_of(component.loads(delta)))


@fault("components hear labels", component, "record_of")
def _nobody(original, carried):
    updates = [{**update, "$source": "server"} for update in carried["updates"]]
    return original({**carried, "updates": updates})


@fault("on-delta is a way in", DeltaService, "on_delta")
def _way_in(_, self, record):
    self._emit(component.delta_of(record), 1)


@fault("calling on-delta is a trap", DeltaService, "on_delta")
def _trap(_, self, record):
    raise PluginTrap("on-delta", "on-delta cannot be called", trap="unreachable")


@fault("components are of one version", world, "_version_problem")
def _one_version(original, kind, interface):
    if interface.version == "1.0.0":
        return
    yield world.Problem(kind, interface.name, "its version is another", "Build for 1.0.0.", "§3")


nothing("components are of any version", world, "_version_problem", ())
nothing("components hear nothing", ComponentInstance, "deliver")
