"""The component dialect: world `plugin` of the WIT, over the canonical ABI (contract §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wasmtime import component as wc

from refhost.delta import Unreadable
from refhost.dialects.guard import Guard
from refhost.dialects.instance import WithoutHandlers
from refhost.dialects.outgoing import Outgoing
from refhost.engine import engine, new_store
from refhost.errors import BadReturn, DeniedError
from refhost.functions import WIT
from refhost.jsontext import NotJson, dumps, loads
from refhost.limits import COMPONENT_INSTANCES, COMPONENT_MEMORIES, COMPONENT_TABLES
from refhost.services.gate import Denied, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from refhost.delta import Delta
    from refhost.functions import HostFunction
    from refhost.limits import Limits
    from refhost.services.gate import Gate
    from refhost.wasi.preview2 import Preview2
    from refhost.world import ComponentBinary, Interface

_RETURNS_RESULT = "-> result<"


class _Told(NamedTuple):
    """The type of a function, as `wc.FuncType`, which asks for its parts each time that somebody looks at them."""

    params: list[tuple[str, Any]]
    result: Any

    @classmethod
    def by(cls, ty: wc.FuncType) -> _Told:
        """As one tells it."""
        return cls(ty.params, ty.result)


class _Export(wc.Func):
    """A function of a component whose type is known: it is the same in every instance, and asked for in each call."""

    def __init__(self, ty: _Told) -> None:
        self._ty = ty

    @classmethod
    def of(cls, function: wc.Func, ty: _Told) -> _Export:
        """The same function."""
        export = cls(ty)
        export._func = function._func  # noqa: SLF001 - as wasmtime-py copies it
        return export

    def type(self, _store: object) -> Any:  # noqa: ANN401 - it stands for the type
        """What its calls go by."""
        return self._ty


class ComponentInstance(WithoutHandlers):
    """One component in a store of its own."""

    has_poll = False

    def __init__(self, binary: ComponentBinary, gate: Gate, wasi: Preview2, limits: Limits) -> None:
        self.store = new_store()
        self.store.set_limits(
            memory_size=limits.memory_bytes,
            table_elements=limits.table_elements,
            memories=COMPONENT_MEMORIES,
            tables=COMPONENT_TABLES,
            instances=COMPONENT_INSTANCES,
        )
        self._linker = wc.Linker(engine())
        self._gate = gate
        self._wasi = wasi
        self._limits = limits
        self._guard = Guard(self.store, limits.call_seconds)
        self._outgoing = Outgoing(gate, self._guard, limits)
        wasi.make_requests_with(self._outgoing.open)
        self._closed = False
        self._functions: dict[str, wc.Func] = {}
        try:
            self._instantiate(binary)
        except BaseException:
            self.close()
            raise
        self.has_delta_handler = "on-delta" in self._functions

    def _instantiate(self, binary: ComponentBinary) -> None:
        with self._linker.root() as root:
            for interface in binary.imports:
                if interface.short:
                    self._define(root, interface)
            self._wasi.define(root, binary.component.type, engine(), self._guard.wrap)
        self._outgoing.begin("instantiation")
        instance = self._guard.run("instantiation", lambda: self._linker.instantiate(self.store, binary.component))
        for short in ("plugin-interface", "delta-handler"):
            exported = binary.exported(short)
            if exported is not None:
                self._find(instance, exported, binary.types)

    def _define(self, root: wc.LinkerInstance, interface: Interface) -> None:
        with root.add_instance(interface.name) as linked:
            for name in interface.functions:
                function = WIT[f"{interface.short}.{name}"]
                linked.add_func(name, self._guard.wrap(self._host_function(function)))

    def _find(self, instance: wc.Instance, interface: Interface, types: dict[tuple[str, str], Any]) -> None:
        index = instance.get_export_index(self.store, interface.name)
        for name in interface.functions:
            found = instance.get_export_index(self.store, name, index)
            function = instance.get_func(self.store, found) if found else None
            if function is not None:
                key = interface.name, name
                types[key] = types.get(key) or _Told.by(function.type(self.store))
                self._functions[name] = _Export.of(function, types[key])

    def _host_function(self, function: HostFunction) -> Callable[..., Any]:
        returns_result = _RETURNS_RESULT in function.wit_type

        def host(_store: object, *arguments: Any) -> Any:  # noqa: ANN401 - as wasmtime passes them
            try:
                return self._gate.call(function, lambda: self._decode(function, arguments), function.wit_operation)
            except Denied as denial:
                if returns_result:
                    return str(denial)
                raise DeniedError(function.name, str(denial)) from None
            except Refused as refusal:
                return str(refusal) if returns_result else None

        return host

    def _decode(self, function: HostFunction, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        for argument in arguments:
            if isinstance(argument, str) and len(argument) > self._limits.message_bytes:
                raise Refused(f"a text of {len(argument)} characters; the limit is {self._limits.message_bytes} (§19)")
        if function.operation == "deltas.handle_message":
            plugin_id, record = arguments
            return plugin_id, delta_of(record), text_of(record)
        return arguments

    def _call(self, name: str, *arguments: Any) -> Any:  # noqa: ANN401 - as the function returns
        self._outgoing.begin(name)
        return self._guard.run(name, lambda: self._functions[name](self.store, *arguments))

    def _text(self, name: str, *arguments: str) -> str | None:
        text: str | None = self._call(name, *arguments)
        if text is not None and len(text) > self._limits.message_bytes:
            limit = self._limits.message_bytes
            raise BadReturn(name, f"{name} returned a text of {len(text)} characters; the limit is {limit} (§19)")
        return text

    def id(self) -> str:
        """`id`."""
        return str(self._text("id"))

    def name(self) -> str:
        """`name`."""
        return str(self._text("name"))

    def schema(self) -> str:
        """`schema`."""
        return str(self._text("schema"))

    def start(self, config: str) -> str | int:
        """`start`: 0, or the text of its error."""
        error = self._text("start", config)
        return 0 if error is None else error

    def stop(self) -> str | int:
        """`stop`: 0, or the text of its error."""
        error = self._text("stop")
        return 0 if error is None else error

    def poll(self) -> int:
        """The world has no poll."""
        return 0

    def deliver(self, delta: str) -> None:
        """`on-delta`, for a delta that has values: the WIT's record has no place for metadata (R3)."""
        carried = loads(delta)
        if any("values" in update for update in carried["updates"]):
            self._call("on-delta", record_of(carried))

    def memory_bytes(self) -> int:
        """Not visible from outside a component."""
        return 0

    def close(self) -> None:
        """Close the linker, which frees the host functions, and the store."""
        if not self._closed:
            self._closed = True
            self._functions.clear()
            self._wasi.close()
            self._linker.close()
            self.store.close()


def delta_of(record: Any) -> Delta:  # noqa: ANN401 - wasmtime's records have the attributes of their fields
    """The delta that a WIT record means: values parsed, an empty timestamp left out, the source dropped (R25)."""
    return {
        "context": record.context,
        "updates": [
            {
                **({"timestamp": update.timestamp} if update.timestamp else {}),
                "values": [{"path": pair.path, "value": _value(pair.value)} for pair in update.values],
            }
            for update in record.updates
        ],
    }


def _value(text: str) -> Any:  # noqa: ANN401 - JSON is of any type
    try:
        return loads(text)
    except NotJson as error:
        return Unreadable(str(error))


def text_of(record: Any) -> str:  # noqa: ANN401 - the same
    """The record as the text of a delta, its values as the plugin wrote them."""

    def update_text(update: Any) -> str:  # noqa: ANN401 - the same
        values = _joined(f'{{"path":{dumps(pair.path)},"value":{pair.value}}}' for pair in update.values)
        time = f'"timestamp":{dumps(update.timestamp)},' if update.timestamp else ""
        return f'{{{time}"values":[{values}]}}'

    return f'{{"context":{dumps(record.context)},"updates":[{_joined(map(update_text, record.updates))}]}}'


def _joined(parts: Iterable[str]) -> str:
    return ",".join(parts)


def record_of(delta: Delta) -> wc.Record:
    """The WIT record of a delta as the bus carries it; metadata has no place in it."""
    return _record(
        context=delta["context"],
        updates=[
            _record(
                source=_record(label=update["$source"], type=None),
                timestamp=update["timestamp"],
                values=[_record(path=entry["path"], value=dumps(entry["value"])) for entry in update.get("values", ())],
            )
            for update in delta["updates"]
        ],
    )


def _record(**fields: Any) -> wc.Record:  # noqa: ANN401 - of any WIT type
    record = wc.Record()
    for name, value in fields.items():
        setattr(record, name, value)
    return record
