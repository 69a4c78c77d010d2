"""Mutants: faults in texts that cross memory, and in bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, around, mutant, nothing
from refhost.dialects.buffer import BufferInstance
from refhost.dialects.core import CoreInstance
from refhost.dialects.memory import U32, GuestMemory
from refhost.functions import Kind
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original

_PLAIN = {Kind.TEXT, Kind.BYTES, Kind.NUMBER, Kind.ROOM}


def _decoding(name: str, how: Any) -> None:
    """Texts of host functions come about in another way."""

    def decode(original: Original, self: Any, function: Any, raw: Any) -> Any:
        if not {parameter.kind for parameter in function.parameters} <= _PLAIN:
            return original(self, function, raw)
        decoded, at = [], 0
        for parameter in function.parameters:
            if at < len(raw):
                if parameter.kind is Kind.NUMBER:
                    decoded.append(raw[at])
                elif parameter.kind is Kind.ROOM:
                    decoded.append(raw[at + 1])
                else:
                    data = self._bytes(raw[at], raw[at + 1], parameter.name)
                    decoded.append(how(data) if parameter.kind is Kind.TEXT else data)
            at += len(parameter.kind.wire)
        return tuple(decoded)

    add(name, CoreInstance, "_decode", around(CoreInstance._decode, decode))


def _something(data: Any) -> Any:
    if not data:
        raise Refused("the text is empty")
    return data.decode()


_decoding("replaces what is no UTF-8", lambda data: data.decode("utf-8", "replace"))
_decoding("lets surrogates pass", lambda data: data.decode("utf-8", "surrogatepass"))
_decoding("ends texts at a NUL", lambda data: data.decode().partition("\0")[0])
_decoding("reads Latin-1", lambda data: data.decode("latin-1"))
_decoding("reads one byte less", lambda data: data[:-1].decode())
_decoding("takes an empty text for none", _something)


@mutant("reads what is there", GuestMemory, "read")
def _clipped_read(original: Original, self: Any, pointer: Any, length: Any) -> Any:
    start = min(pointer & U32, self.size)
    return original(self, start, min(length & U32, self.size - start))


@mutant("a negative length is none", CoreInstance, "_bytes")
def _no_length(original: Original, self: Any, pointer: Any, length: Any, what: Any) -> Any:
    return b"" if length < 0 else original(self, pointer, length, what)


@mutant("adds pointers up in 32 bits", CoreInstance, "_bytes")
def _wraps(original: Original, self: Any, pointer: Any, length: Any, what: Any) -> Any:
    end = (pointer & U32) + (length & U32)
    return b"wrapped" if end > U32 and end & U32 <= self.memory.size else original(self, pointer, length, what)


@mutant("writes what fits", GuestMemory, "write")
def _clipped_write(original: Original, self: Any, pointer: Any, data: Any) -> None:
    if (pointer & U32) + len(data) <= self.size:
        original(self, pointer, data)


nothing("writes what fits", GuestMemory, "check")


@mutant("cuts answers", CoreInstance, "_write_answer")
def _cut(_: Any, self: Any, pointer: Any, size: Any, answer: Any) -> Any:
    data = (answer or "").encode()[: max(size, 0)]
    self.memory.write(pointer, data)
    return len(data)


@mutant("ends answers with a NUL", CoreInstance, "_write_answer")
def _with_nul(_: Any, self: Any, pointer: Any, size: Any, answer: Any) -> Any:
    data = (answer or "").encode()
    if len(data) >= size:
        raise Refused("it does not fit")
    self.memory.write(pointer, data + b"\0")
    return len(data)


@mutant("tells the length that an answer would have", CoreInstance, "_write_answer")
def _would_have(original: Original, self: Any, pointer: Any, size: Any, answer: Any) -> Any:
    data = (answer or "").encode()
    return original(self, pointer, size, answer) if len(data) <= size else len(data)


@mutant("believes lengths", BufferInstance, "text")
def _believing(_: Any, self: Any, export: Any, size: Any, *arguments: Any) -> Any:
    pointer = self.call("allocate", size) or 0
    length = self.number(export, *arguments, pointer, size)
    return self.memory.read(pointer, min(length & 0xFFFF, 8192)).decode("utf-8", "replace")


@mutant("gives half of a text", BufferInstance, "_argument")
def _half(original: Original, self: Any, text: Any) -> Any:
    return original(self, text[: len(text) // 2])


@mutant("delivers ASCII", BufferInstance, "deliver")
def _ascii(original: Original, self: Any, delta: Any) -> Any:
    return original(self, delta.encode("ascii", "replace").decode())


@mutant("cuts long deltas", BufferInstance, "deliver")
def _short(original: Original, self: Any, delta: Any) -> Any:
    return original(self, delta[:10_000])
