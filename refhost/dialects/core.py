"""What both core dialects share: linking against the table, calling exports, and the host functions' wire form."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import wasmtime

from refhost.binary import FETCH_MODULE, WASI_MODULE
from refhost.departures import boundary
from refhost.departures.linking import called_by_javascript, calling_javascript, has_ignored_endpoints
from refhost.dialects.asyncify import Asyncify
from refhost.dialects.crossing import Exports, export_of, imported, instantiated
from refhost.dialects.door import IMPORT, Door
from refhost.dialects.guard import Guard
from refhost.dialects.linking import Hosts
from refhost.dialects.memory import U32, GuestMemory
from refhost.dialects.pump import PUMPED, Pump
from refhost.engine import new_store
from refhost.errors import BadReturn, OutOfBounds, PluginTrap
from refhost.functions import AS_FETCH, ENV, HostFunction, Kind, Result
from refhost.limits import TABLES
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Denied, Refused
from refhost.wasi.preview1 import FUNCTIONS as WASI_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.binary import CoreBinary, CoreImport
    from refhost.limits import Limits
    from refhost.services.gate import Gate
    from refhost.wasi.preview1 import Preview1

# What is shown of a string that `abort` was called with; nobody reads more.
_SHOWN_BYTES = 64 * 1024
# The longest IP address is 45 characters (§4).
ADDRESS_BYTES = 46
_OUT_BYTES = {Kind.ADDRESS_OUT: ADDRESS_BYTES, Kind.PORT_OUT: 2}


class CoreInstance:
    """One core module in a store of its own; subclasses know how their dialect passes strings."""

    dialect = ""  # as the pump calls it
    is_initialized_twice_there = False  # the server does so with modules of the buffer dialect (D41)

    def __init__(
        self, binary: CoreBinary, gate: Gate, wasi: Preview1, limits: Limits, switches: Switches = BY_THE_BOOK
    ) -> None:
        self._switches = switches
        self.store = new_store()
        self._limits = limits
        # A memory of its own beside the exported one would be as large again (§19).
        self._limit(memories=1, tables=TABLES)
        self._gate = gate
        self._wasi = wasi
        self._guard = Guard(self.store, limits.call_seconds, reentrant=switches.has("D42"))
        self._memory: GuestMemory | None = None
        self._closed = False
        self._functions = Exports(self.store, called_by_javascript if switches.has("TYPES") else None)
        self._hosts = Hosts(lambda number: self._import(binary.imports[number]))
        self._hosts.serve(self.store)
        self._pump: Pump | None = None
        self._door: Door | None = None
        self._exports = binary.exports
        self._asyncify: Asyncify | None = None
        if binary.fetches:
            self._asyncify = Asyncify(
                self.store, gate, self._guard, limits, self._functions, lambda: self.memory, switches
            )
        self._may_pump = binary.is_pumped and self._asyncify is None and not switches.profile.departures
        try:
            self._instantiate(binary)
        except BaseException:
            self.close()
            raise
        self.has_poll = "poll" in self._functions
        self.has_delta_handler = "delta_handler" in self._functions
        self.has_endpoints = "http_endpoints" in self._functions and not has_ignored_endpoints(binary)

    def _instantiate(self, binary: CoreBinary) -> None:
        replaced, linked = self._replaced(binary), binary.linked
        if linked:
            instance = self._guard.run("instantiation", lambda: linked.instantiated(self.store, replaced))
        else:
            imports = [
                replaced.get((entry.module, entry.name)) or imported(self.store, entry.signature, self._hosts[number])
                for number, entry in enumerate(binary.imports)
            ]
            instance = self._guard.run("instantiation", lambda: instantiated(self.store, binary.module, imports))
        # What the host itself puts beside the plugin from here on is not the plugin's.
        self._limit()
        self._functions.read_from(instance, binary.functions)
        memory = export_of(self.store, instance, "memory")
        if isinstance(memory, wasmtime.Memory):
            self._memory = GuestMemory(self.store, memory)
        self._wasi.bind(self.memory)
        if "_initialize" in self._functions:
            self.call("_initialize")  # once: a second call ends C reactors and Go modules (R16)
            if self.is_initialized_twice_there and self._switches.departs("D41", "_initialize"):
                self.call("_initialize")

    def _limit(self, memories: int = -1, tables: int = -1) -> None:
        self.store.set_limits(
            memory_size=self._limits.memory_bytes,
            table_elements=self._limits.table_elements,
            memories=memories,
            tables=tables,
        )

    def _replaced(self, binary: CoreBinary) -> Mapping[tuple[str, str], wasmtime.Func]:
        """Imports, by module and name, for which this store has another function than the host's own: the door."""
        if self._may_pump and binary.door:
            # A store so small that the door has no room in it is one without.
            with suppress(wasmtime.WasmtimeError):
                self._door = Door(self.store, binary.door)
                self._limit(memories=1, tables=TABLES + 1)
                return {IMPORT: self._door.function}
        return {}

    @property
    def memory(self) -> GuestMemory:
        """The exported memory; before it exists nothing can be read, so a host function fails."""
        if self._memory is None:
            raise OutOfBounds(0, 0, 0)
        return self._memory

    @property
    def exported(self) -> frozenset[str]:
        """The names of the exported functions."""
        return frozenset(self._functions)

    def memory_bytes(self) -> int:
        """The linear memory in use."""
        return self.memory.size

    def call(self, export: str, *arguments: int) -> int | None:
        """Call an export under guard; see `Guard.run` for how it can end."""
        try:
            function = self._functions[export]
        except KeyError:  # only where exports may be missing (D49)
            raise PluginTrap(export, f"{export} cannot be called: there is none", trap="missing") from None
        asyncify = self._asyncify
        if asyncify:  # it may be left and entered again, as often as it fetches (§18)
            result: int | None = self._guard.run(export, lambda: asyncify.drive(export, arguments))
        else:
            result = self._guard.run(export, lambda: function(self.store, *arguments))
        return result

    def pump(self) -> Pump | None:
        """What delivers many deltas in one call; None where something is as the pump does not know it."""
        if self._may_pump and self._memory is not None:
            self._may_pump = False  # it is tried once
            functions = {name: self._functions.function(name) for name in PUMPED[self.dialect]}
            # A store so small that the pump has no room in it is one where deltas go one by one.
            with suppress(wasmtime.WasmtimeError):
                self._pump = Pump(
                    self.store, self._guard, self._memory, functions, self.dialect, self._room_for, self._door
                )
        return self._pump

    def number(self, export: str, *arguments: int) -> int:
        """Call an export that returns an i32."""
        result = self.call(export, *arguments)
        return 0 if result is None else result

    def close(self) -> None:
        """Close descriptors and the store; host closures are freed with it."""
        if not self._closed:
            self._closed = True
            self._wasi.close()
            self._functions.clear()
            self._hosts.close()
            self._pump = self._door = None
            self.store.close()

    # What the module imports.

    def _import(self, entry: CoreImport) -> Callable[..., Any]:
        """The host function for an import, with everything around it."""
        host: Callable[..., int | float | None]
        if entry.module == WASI_MODULE:
            host = self._wasi_function(entry.name)
        elif entry.module == FETCH_MODULE and self._asyncify:
            host = self._asyncify.host_function(AS_FETCH[entry.name])
        else:
            host = self._host_function(ENV[entry.name])
        if self._switches.has("TYPES") and entry.module in ("env", WASI_MODULE):
            known = (
                WASI_FUNCTIONS[entry.name].params if entry.module == WASI_MODULE else ENV[entry.name].signatures()[0][0]
            )
            host = calling_javascript(host, entry.signature, len(known))
        # What is emitted need not end a batch of deltas, nor come to the host at once.
        return self._guard.wrap(host, quiet=(entry.module, entry.name) == IMPORT)

    def _wasi_function(self, name: str) -> Callable[..., int | None]:
        return self._wasi.function(name)

    def _host_function(self, function: HostFunction) -> Callable[..., int | float | None]:
        """The wire form of one row of the table: decode, pass the gate, encode."""

        def host(*raw: int) -> int | float | None:
            try:
                answer = self._gate.call(function, lambda: self._decode(function, raw))
                return self._encode(function, raw, answer)
            except (Refused, Denied):
                return function.failure

        return host

    def _decode(self, function: HostFunction, raw: tuple[int, ...]) -> tuple[Any, ...]:
        decoded: list[Any] = []
        at = 0
        for parameter in function.parameters:
            if at >= len(raw):  # an optional parameter that this module leaves out (R4)
                break
            if parameter.kind is Kind.NUMBER:
                decoded.append(raw[at])
            elif parameter.kind is Kind.ROOM:
                self.memory.check(raw[at], raw[at + 1])
                decoded.append(raw[at + 1] & U32)
            elif parameter.kind in _OUT_BYTES:
                self.memory.check(raw[at], _OUT_BYTES[parameter.kind])
            elif parameter.kind is Kind.STRING:
                decoded.append(self._readable_string(raw[at]))
            elif parameter.kind is not Kind.BUFFER:
                data = self._bytes(raw[at], raw[at + 1], parameter.name)
                text = parameter.kind is Kind.TEXT
                decoded.append(boundary.decoded(data, "utf-8", self._switches, function.name) if text else data)
            at += len(parameter.kind.wire)
        return tuple(decoded)

    def _bytes(self, pointer: int, length: int, what: str) -> bytes:
        if (length & U32) > self._limits.message_bytes:
            raise Refused(f"{what} is {length & U32} bytes; the limit is {self._limits.message_bytes} (§19)")
        return self.memory.read(pointer, length)

    def _readable_string(self, pointer: int) -> str:
        try:
            length = self.memory.read_u32((pointer & U32) - 4) if pointer & U32 >= 4 else 0
            if length > _SHOWN_BYTES:
                return f"(a string of {length} bytes)"
            return read_string(self.memory, pointer)
        except (OutOfBounds, UnicodeDecodeError, ValueError):
            return f"(unreadable string at {pointer & U32:#x})"

    def _encode(self, function: HostFunction, raw: tuple[int, ...], answer: Any) -> int | float | None:  # noqa: ANN401
        if function.result is Result.STATUS:
            return 0
        if function.result is Result.FLAG:
            return 0 if answer is False else 1
        if function.result is Result.LENGTH:
            step = functools.partial(self._write_answer, function.name, raw[-2], raw[-1], answer)
            length: int = self._gate.attempt(function, step)
            return length
        if function.result is Result.TAKEN:
            return self._write_taken(function, raw, answer)
        if function.result is Result.NONE:
            return None
        number: int | float = answer
        return number

    def _write_answer(self, function: str, pointer: int, size: int, answer: str | None) -> int:
        try:
            self.memory.check(pointer, size)  # all that was offered, not only what the answer takes of it (§4)
        except OutOfBounds:
            if size < 0 or not self._switches.departs("BOUNDS", function):
                raise
        if answer is None:
            return 0
        data = answer.encode("utf-8")
        if len(data) > (size & U32):
            raise Refused(f"the answer has {len(data)} bytes and does not fit the buffer of {size & U32}")
        self.memory.write(pointer, data)
        return len(data)

    def _write_taken(self, function: HostFunction, raw: tuple[int, ...], taken: tuple[Any, ...] | None) -> int:
        """Write what a service took, each part to its place: `_decode` has checked them all, so nothing is lost."""
        if taken is None:
            return 0
        parts = iter(taken)
        at = 0
        for parameter in function.parameters:
            if parameter.kind is Kind.ROOM:
                self.memory.write(raw[at], next(parts))
            elif parameter.kind is Kind.ADDRESS_OUT:
                self.memory.write(raw[at], next(parts).encode("ascii") + b"\0")
            elif parameter.kind is Kind.PORT_OUT:
                self.memory.write(raw[at], next(parts).to_bytes(2, "little"))
            at += len(parameter.kind.wire)
        return len(taken[0])

    def _room_for(self, export: str, pointer: int, data: bytes) -> int:
        return self.allocated(export, pointer, data)

    # For subclasses.

    def allocated(self, export: str, pointer: int | None, data: bytes) -> int:
        """Write an argument where the plugin made room for it.

        Raises:
            BadReturn: the plugin's allocator answered with a place that is none.
        """
        if not pointer and data:
            raise BadReturn(export, f"{export} returned 0: no room for {len(data)} bytes")
        try:
            self.memory.write(pointer or 0, data)
        except OutOfBounds as error:
            raise BadReturn(export, f"{export} returned a place that is none: {error}") from None
        return pointer or 0


def read_string(memory: GuestMemory, pointer: int, switches: Switches = BY_THE_BOOK, function: str = "") -> str:
    """An AssemblyScript string: UTF-16LE at `pointer`, its byte length in the u32 before it (§2).

    Raises:
        OutOfBounds: it does not lie in memory.
        UnicodeDecodeError: it is not UTF-16.
        ValueError: its length is odd.
    """
    pointer &= U32
    if pointer < 4:
        raise OutOfBounds(pointer, 4, memory.size)
    length = memory.read_u32(pointer - 4)
    if length % 2:
        raise ValueError(f"a UTF-16 string cannot have {length} bytes")
    return boundary.decoded(memory.read(pointer, length), "utf-16-le", switches, function)
