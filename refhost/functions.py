"""THE table of host functions: each stands here once, for both worlds (contract §3 and §4).

The linkers of core modules and of components, the capability matrix, the checks of imports and the table in the
documentation are all derived from it. Adding a function is one row here and one method of a service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """How a parameter crosses the boundary of a core module; the value says in which form."""

    TEXT = "pointer and length of UTF-8 that the host reads"
    BYTES = "pointer and length of bytes that the host reads"
    BUFFER = "pointer and size of the place where the host writes its answer"
    NUMBER = "a number"
    STRING = "a pointer to an AssemblyScript string"
    STRING_PAIRS = "a pointer to an AssemblyScript string[][]"
    ARRAY_BUFFER = "a pointer to an AssemblyScript ArrayBuffer"
    ROOM = "pointer and size of the place for what is taken; checked before it is, and the service is told the size"
    ADDRESS_OUT = "a pointer to 46 bytes, where the host writes an IP address that ends in NUL; checked before"
    PORT_OUT = "a pointer to 2 bytes, where the host writes a port, little-endian; checked before"

    @property
    def wire(self) -> tuple[str, ...]:
        """The WebAssembly types."""
        return ("i32", "i32") if self in (Kind.TEXT, Kind.BYTES, Kind.BUFFER, Kind.ROOM) else ("i32",)


class Result(Enum):
    """What a core function answers with; the value is its WebAssembly type."""

    NONE = ""
    STATUS = "i32: 0 or -1"
    FLAG = "i32: 1 or 0"
    LENGTH = "i32: bytes written, 0 for none"
    COUNT = "i32: a count, or -1"
    TAKEN = "i32: bytes taken and written, 0 for none, or -1"
    OBJECT = "i32: a pointer to an AssemblyScript object, 0 for none"
    FLOAT = "f64"

    @property
    def wire(self) -> tuple[str, ...]:
        """The WebAssembly types."""
        return (self.value.split(":")[0],) if self.value else ()


@dataclass(frozen=True)
class Parameter:
    """A named parameter of a host function; an optional one may be left out by the importing module (R4)."""

    name: str
    kind: Kind
    optional: bool = False


@dataclass(frozen=True)
class HostFunction:
    """One function of the API.

    Attributes:
        operation: `service.method` that carries it out; the last part names the function in the log.
        section: of the contract.
        env: its name among the imports from `env`; "" where only the WIT has it.
        parameters: of the `env` form.
        result: of the `env` form.
        capability: that it needs (§7); "" for none.
        failure: what the `env` form returns on failure and denial; None where it returns nothing.
        wit: `interface.function` in the WIT; "" where only `env` has it.
        wit_type: its WIT type with every record spelled out.
        wit_operation: what carries out the WIT form, where it takes other arguments than the `env` form.
        effect: whether it changes anything: then it is refused while only metadata is read (R19).
        as_fetch: its name among the imports from `as-fetch` (§18); parameters and result are then of that form.
        wasi: `interface.function` of WASI, which has its type; only for functions that the gate decides about.
    """

    operation: str
    section: str
    env: str = ""
    parameters: tuple[Parameter, ...] = ()
    result: Result = Result.NONE
    capability: str = ""
    failure: int | None = None
    wit: str = ""
    wit_type: str = ""
    wit_operation: str = ""
    effect: bool = True
    as_fetch: str = ""
    wasi: str = ""

    @property
    def name(self) -> str:
        """The name that a plugin's author knows it by."""
        return self.env or self.as_fetch or self.wasi or self.wit.partition(".")[2]

    def signatures(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Every core type that an import of it may have, the fullest first."""
        full = tuple(wire for parameter in self.parameters for wire in parameter.kind.wire)
        short = tuple(w for parameter in self.parameters if not parameter.optional for w in parameter.kind.wire)
        return [(parameters, self.result.wire) for parameters in dict.fromkeys((full, short))]


def _text(name: str) -> Parameter:
    return Parameter(name, Kind.TEXT)


def _number(name: str, *, optional: bool = False) -> Parameter:
    return Parameter(name, Kind.NUMBER, optional)


_ANSWER = Parameter("answer", Kind.BUFFER)
_ROOM = Parameter("room", Kind.ROOM)
_DATA = Parameter("data", Kind.BYTES)
_SOCKET = _number("socket")

DELTA_TYPE = (
    "record { context: string, updates: list<record { source: record { label: string, type: option<string> }, "
    "timestamp: string, values: list<record { path: string, value: string }> }> }"
)
_MESSAGE = "func(message: string)"
_LOOKUP = "func(path: string) -> option<string>"


def _socket(env: str, *parameters: Parameter, result: Result = Result.STATUS, failure: int | None = -1) -> HostFunction:
    return HostFunction(f"sockets.{env.removeprefix('sk_')}", "§17", env, parameters, result, "rawSockets", failure)


def _registration(env: str, capability: str, *parameters: Parameter, section: str = "§15") -> HostFunction:
    return HostFunction(
        f"registrations.{env.removeprefix('sk_')}",
        section,
        env,
        parameters,
        Result.FLAG,
        capability,
        failure=0,
    )


def _fetch(name: str, operation: str, *parameters: Parameter, later: bool = False) -> HostFunction:
    """A row of as-fetch: the answer is what the import returns or, later, what `responseHandler` is called with."""
    request = (Parameter("url", Kind.STRING), _number("mode"), Parameter("headers", Kind.STRING_PAIRS), *parameters)
    return HostFunction(
        f"fetch.{operation}",
        "§18",
        parameters=(*request, _number("callback")) if later else request,
        result=Result.NONE if later else Result.OBJECT,
        capability="network",
        failure=None if later else 0,
        as_fetch=name,
    )


_BODY = Parameter("body", Kind.ARRAY_BUFFER)

TABLE: tuple[HostFunction, ...] = (
    HostFunction(
        "runtime.abort",
        "§4",
        "abort",
        (
            Parameter("message", Kind.STRING),
            Parameter("file", Kind.STRING),
            _number("line"),
            _number("column"),
        ),
        effect=False,
    ),
    HostFunction("runtime.seed", "§4", "seed", result=Result.FLOAT, effect=False),
    HostFunction("status.console", "§4", "console.log", (_text("message"),), effect=False),
    HostFunction(
        "status.debug",
        "§4",
        "sk_debug",
        (_text("message"),),
        wit="plugin-status.debug",
        wit_type=_MESSAGE,
        effect=False,
    ),
    HostFunction("status.log_error", "§3", wit="plugin-status.error", wit_type=_MESSAGE, effect=False),
    HostFunction(
        "status.set_status",
        "§4",
        "sk_set_status",
        (_text("message"),),
        wit="plugin-status.set-plugin-status",
        wit_type=_MESSAGE,
    ),
    HostFunction(
        "status.set_error",
        "§4",
        "sk_set_error",
        (_text("message"),),
        wit="plugin-status.set-plugin-error",
        wit_type=_MESSAGE,
    ),
    HostFunction(
        "model.get_self_path",
        "§12",
        "sk_get_self_path",
        (_text("path"), _ANSWER),
        Result.LENGTH,
        "dataRead",
        failure=0,
        wit="full-model.get-self-path",
        wit_type=_LOOKUP,
        effect=False,
    ),
    HostFunction(
        "model.get_path",
        "§12",
        "sk_get_path",
        (_text("path"), _ANSWER),
        Result.LENGTH,
        "dataRead",
        failure=0,
        wit="full-model.get-path",
        wit_type=_LOOKUP,
        effect=False,
    ),
    HostFunction(
        "deltas.handle_message",
        "§10",
        "sk_handle_message",
        (_text("delta"), _number("version", optional=True)),
        capability="dataWrite",
        wit="delta-handler.handle-message",
        wit_type=f"func(plugin-id: string, delta: {DELTA_TYPE})",
        wit_operation="deltas.handle_record",
    ),
    HostFunction(
        "deltas.on_delta",
        "§3",
        wit="delta-handler.on-delta",
        wit_type=f"func(delta: {DELTA_TYPE})",
        effect=False,
    ),
    HostFunction(
        "deltas.publish_notification",
        "§16",
        "sk_publish_notification",
        (_text("path"), _text("value")),
        Result.STATUS,
        "dataWrite",
        failure=-1,
    ),
    HostFunction(
        "config.read_config",
        "§8",
        "sk_read_config",
        (_ANSWER,),
        Result.LENGTH,
        failure=0,
        wit="plugin-config.read-plugin-options",
        wit_type="func() -> string",
        effect=False,
    ),
    HostFunction(
        "config.save_config",
        "§8",
        "sk_save_config",
        (_text("config"),),
        Result.STATUS,
        failure=-1,
        wit="plugin-config.save-plugin-options",
        wit_type="func(config: string) -> result<_, string>",
    ),
    HostFunction(
        "config.data_dir_path",
        "§3",
        wit="plugin-config.get-data-dir-path",
        wit_type="func() -> string",
        effect=False,
    ),
    HostFunction(
        "status.has_capability",
        "§7",
        "sk_has_capability",
        (_text("name"),),
        Result.FLAG,
        failure=0,
        effect=False,
    ),
    _registration("sk_register_put_handler", "putHandlers", _text("context"), _text("path"), section="§13"),
    _registration("sk_register_resource_provider", "resourceProvider", _text("type")),
    _registration("sk_register_weather_provider", "weatherProvider", _text("name")),
    _registration("sk_register_radar_provider", "radarProvider", _text("name")),
    HostFunction(
        "streams.emit_spokes",
        "§16",
        "sk_radar_emit_spokes",
        (_text("radar"), _DATA),
        Result.FLAG,
        "radarProvider",
        failure=0,
    ),
    # The stream's name decides which capability is needed (R7), so the service asks for it, not this row.
    HostFunction("streams.emit", "§16", "sk_emit_binary_stream", (_text("stream"), _DATA), Result.FLAG, failure=0),
    _socket("sk_udp_create", _number("type"), result=Result.COUNT),
    _socket("sk_udp_bind", _SOCKET, _number("port")),
    _socket("sk_udp_join_multicast", _SOCKET, _text("address"), _text("interface")),
    _socket("sk_udp_leave_multicast", _SOCKET, _text("address"), _text("interface")),
    _socket("sk_udp_set_multicast_ttl", _SOCKET, _number("value")),
    _socket("sk_udp_set_multicast_loopback", _SOCKET, _number("value")),
    _socket("sk_udp_set_broadcast", _SOCKET, _number("value")),
    _socket("sk_udp_send", _SOCKET, _text("address"), _number("port"), _DATA, result=Result.COUNT),
    _socket(
        "sk_udp_recv",
        _SOCKET,
        _ROOM,
        Parameter("address_out", Kind.ADDRESS_OUT),
        Parameter("port_out", Kind.PORT_OUT),
        result=Result.TAKEN,
    ),
    _socket("sk_udp_pending", _SOCKET, result=Result.COUNT),
    _socket("sk_udp_close", _SOCKET, result=Result.NONE, failure=None),
    _socket("sk_tcp_create", result=Result.COUNT),
    _socket("sk_tcp_connect", _SOCKET, _text("address"), _number("port")),
    _socket("sk_tcp_connected", _SOCKET, result=Result.COUNT),
    _socket("sk_tcp_set_line_buffering", _SOCKET, _number("on")),
    _socket("sk_tcp_send", _SOCKET, _DATA, result=Result.COUNT),
    _socket("sk_tcp_recv_line", _SOCKET, _ROOM, result=Result.TAKEN),
    _socket("sk_tcp_recv_raw", _SOCKET, _ROOM, result=Result.TAKEN),
    _socket("sk_tcp_pending", _SOCKET, result=Result.COUNT),
    _socket("sk_tcp_close", _SOCKET, result=Result.NONE, failure=None),
    HostFunction(
        "fetch.init_asyncify",
        "§18",
        parameters=(_number("frame"), _number("end")),
        capability="network",
        effect=False,
        as_fetch="_initAsyncify",
    ),
    _fetch("_fetchGETSync", "get"),
    _fetch("_fetchPOSTSync", "post", _BODY),
    _fetch("_fetchGET", "get", later=True),
    _fetch("_fetchPOST", "post", _BODY, later=True),
    HostFunction("fetch.open", "§18", capability="network", wasi="wasi:http/outgoing-handler.handle"),
)

# The services that this release carries out: all that the table names. A row of a service that is not here would be
# known, and refused by name at load.
SERVICES = frozenset({"runtime", "status", "model", "deltas", "config", "registrations", "streams", "sockets", "fetch"})

ENV: Mapping[str, HostFunction] = {function.env: function for function in TABLE if function.env}
WIT: Mapping[str, HostFunction] = {function.wit: function for function in TABLE if function.wit}
WASI: Mapping[str, HostFunction] = {function.wasi: function for function in TABLE if function.wasi}
AS_FETCH: Mapping[str, HostFunction] = {function.as_fetch: function for function in TABLE if function.as_fetch}

# Slips seen in the wild, where the nearest name by spelling is not the one that is meant.
COMMON_SLIPS: Mapping[str, str] = {
    "sk_log_debug": "sk_debug",
    "sk_log": "sk_debug",
    "sk_emit_delta": "sk_handle_message",
    "sk_emit": "sk_handle_message",
    "sk_udp_recv_from": "sk_udp_recv",
    "sk_set_plugin_status": "sk_set_status",
    "sk_set_plugin_error": "sk_set_error",
    "sk_read_plugin_options": "sk_read_config",
    "sk_save_plugin_options": "sk_save_config",
}


def describe(parameters: tuple[str, ...] | list[str], results: tuple[str, ...] | list[str]) -> str:
    """A core function type, written as `(i32, i32) -> i32`."""
    arrow = f" -> {', '.join(results)}" if results else ""
    return f"({', '.join(parameters)}){arrow}"
