"""Mutants: faults of the AssemblyScript and command dialects, and of components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, around, ends, instead, mutant, nothing
from refhost import world
from refhost.dialects import assemblyscript, component
from refhost.dialects.assemblyscript import AssemblyScriptInstance
from refhost.dialects.command import CommandInstance
from refhost.dialects.component import ComponentInstance
from refhost.dialects.guard import Guard
from refhost.errors import BadReturn, PluginError, PluginExit, PluginTrap
from refhost.functions import WIT
from refhost.jsontext import loads
from refhost.problem import Problem
from refhost.services.deltas import DeltaService
from refhost.services.runtime import RuntimeService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.host_mutants.mutant import Original

# ---- AssemblyScript ---------------------------------------------------------------------------------------------


@mutant("AssemblyScript counts characters", AssemblyScriptInstance, "start")
def _characters(_: Any, self: Any, config: Any) -> Any:
    with self._object(config.encode("utf-8"), 0) as pointer:
        return self.number("plugin_start", pointer, len(config))


@mutant("AssemblyScript strings are ASCII", assemblyscript, "read_string")
def _ascii(original: Original, memory: Any, pointer: Any) -> Any:
    return original(memory, pointer).encode("ascii", "replace").decode()


instead("AssemblyScript reads anything", AssemblyScriptInstance, "text", BadReturn, "{}")


@mutant("AssemblyScript needs an id", AssemblyScriptInstance, "name")
def _wants_id(original: Original, self: Any) -> Any:
    self.text("plugin_id", 100) if "plugin_id" in self._functions else self.number("plugin_id")
    return original(self)


@mutant("AssemblyScript is sent ASCII", AssemblyScriptInstance, "deliver")
def _sent_ascii(original: Original, self: Any, delta: Any) -> None:
    original(self, delta.encode("ascii", "replace").decode())


add("AssemblyScript strings are blocks", assemblyscript, "_STRING", 0)
nothing("AssemblyScript goes on after abort", RuntimeService, "abort")

# ---- command ----------------------------------------------------------------------------------------------------


def _ran(instance: Any) -> Any:
    """Run it, whatever comes of it."""
    try:
        instance.call("_start")
    except PluginError:
        return 1
    return 0


@mutant("commands need an id", CommandInstance, "name")
def _wants_a_name(_: Any, self: Any) -> None:
    raise BadReturn("plugin_name", "plugin_name is missing")


@mutant("commands run when they are loaded", CommandInstance, "name")
def _at_once(original: Original, self: Any) -> Any:
    self.call("_start")
    return original(self)


@mutant("the exit of a command is an error", CommandInstance, "start")
def _exits_badly(_: Any, self: Any, config: Any) -> Any:
    try:
        self.call("_start")
    except PluginExit as error:
        return error.code or 1
    return 0


@mutant("whatever ends a command is a success", CommandInstance, "start")
def _fine(_: Any, self: Any, config: Any) -> Any:
    _ran(self)
    return 0


@mutant("commands run twice", CommandInstance, "start")
def _twice(original: Original, self: Any, config: Any) -> Any:
    original(self, config)
    return original(self, config)


@mutant("commands are started like plugins", CommandInstance, "start")
def _as_plugin(original: Original, self: Any, config: Any) -> Any:
    self.call("start")
    return original(self, config)


@mutant("commands are stopped like plugins", CommandInstance, "stop")
def _stopped(_: Any, self: Any) -> Any:
    self.call("stop")
    return 0


@mutant("commands are polled", CommandInstance, "poll")
def _polled(_: Any, self: Any) -> Any:
    self.call("poll")
    return 0


add("commands are polled", CommandInstance, "has_poll", True)


@mutant("commands are sent deltas", CommandInstance, "deliver")
def _sent(_: Any, self: Any, delta: Any) -> None:
    self.call("delta_handler", 0, 0)


add("commands are sent deltas", CommandInstance, "has_delta_handler", True)
nothing("commands never run", CommandInstance, "start", 0)

# ---- components -------------------------------------------------------------------------------------------------

# What a function of the WIT answers that has done nothing.
_ANSWERS = {"func() -> string": ""}


def _answering(name: str, wit: str) -> None:
    """A function of the WIT that does nothing."""

    def host_function(original: Original, self: Any, function: Any) -> Any:
        if function.wit != wit:
            return original(self, function)
        return lambda *_: _ANSWERS.get(function.wit_type)

    add(name, ComponentInstance, "_host_function", around(ComponentInstance._host_function, host_function))


for _wit in WIT:
    _answering(f"{_wit.partition('.')[2]} does nothing", _wit)


@mutant("components get no configuration", ComponentInstance, "start")
def _unconfigured(original: Original, self: Any, config: Any) -> Any:
    return original(self, "{}")


@mutant("components' errors are lost", ComponentInstance, "start")
def _lost(original: Original, self: Any, config: Any) -> Any:
    return 1 if original(self, config) else 0


@mutant("components' errors are lost", ComponentInstance, "stop")
def _stop_lost(original: Original, self: Any) -> Any:
    original(self)
    return 0


instead("a component's trap counts as a success", ComponentInstance, "start", PluginTrap)


@mutant("a component's trap ends the host", Guard, "run")
def _gone(original: Original, self: Any, export: Any, call: Any) -> Any:
    try:
        return original(self, export, call)
    except PluginTrap as error:
        ends(str(error))


@mutant("components' texts are ASCII", ComponentInstance, "_call")
def _ascii_call(original: Original, self: Any, name: Any, *arguments: Any) -> Any:
    answer = original(self, name, *map(_in_ascii, arguments))
    return _in_ascii(answer)


@mutant("components' texts are ASCII", ComponentInstance, "_decode")
def _ascii_decode(original: Original, self: Any, function: Any, arguments: Any) -> Any:
    return original(self, function, tuple(map(_in_ascii, arguments)))


def _in_ascii(value: Any) -> Any:
    return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


instead("components are called anything", ComponentInstance, "name", PluginError, "anything")


@mutant("components need on-delta", ComponentInstance, "name")
def _wants_on_delta(original: Original, self: Any) -> Any:
    if "on-delta" not in self._functions:
        raise BadReturn("on-delta", "on-delta is missing")
    return original(self)


@mutant("components' values are texts", component, "_value")
def _texts(_: Any, text: Any) -> Any:
    return text


@mutant("components hear metadata", ComponentInstance, "deliver")
def _metadata(_: Any, self: Any, delta: Any) -> None:
    self._call("on-delta", component.record_of(loads(delta)))


@mutant("components hear labels", component, "record_of")
def _nobody(original: Original, carried: Any) -> Any:
    updates = [{**update, "$source": "server"} for update in carried["updates"]]
    return original({**carried, "updates": updates})


@mutant("on-delta is a way in", DeltaService, "on_delta")
def _way_in(_: Any, self: Any, record: Any) -> None:
    self._emit(component.delta_of(record), 1)


@mutant("calling on-delta is a trap", DeltaService, "on_delta")
def _trap(_: Any, self: Any, record: Any) -> None:
    raise PluginTrap("on-delta", "on-delta cannot be called", trap="unreachable")


@mutant("components are of one version", world, "_version_problem")
def _one_version(original: Original, kind: Any, interface: Any) -> Iterator[Any]:
    if interface.version == "1.0.0":
        return
    yield Problem(kind, interface.name, "its version is another", "Build for 1.0.0.", "§3")


nothing("components are of any version", world, "_version_problem", ())
nothing("components hear nothing", ComponentInstance, "deliver")
