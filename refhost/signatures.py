"""The types of functions that a core module imports and exports, read from its bytes.

wasmtime-py is not asked for them: wasmtime's C API ends the process when a type holds a vector, or a reference to
anything but a function or a value of the host's. Nor can such a function be called, see `callable_from_python`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.errors import BinaryError
from refhost.functions import describe

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x70: "funcref", 0x6F: "externref"}
_OTHERS = {
    0x7B: "v128",
    0x75: "nullcontref",
    0x74: "nullexnref",
    0x73: "nullfuncref",
    0x72: "nullexternref",
    0x71: "nullref",
    0x6E: "anyref",
    0x6D: "eqref",
    0x6C: "i31ref",
    0x6B: "structref",
    0x6A: "arrayref",
    0x69: "exnref",
    0x68: "contref",
}
_NUMBERS = {**_PLAIN, **_OTHERS}
_REFERENCES = {0x63: "(ref null {})", 0x64: "(ref {})"}
_TYPE, _IMPORT, _FUNCTION, _EXPORT = 1, 2, 3, 7
_PACKED = (0x78, 0x77)


class Signatures:
    """The types of a module's functions as text, such as `(i32, i32) -> i32`.

    Args:
        binary: a module that wasmtime has found to be valid.

    Attributes:
        imports: one for each import in order, "" where it is no function.
        exports: by name; what is no function is not there.

    Raises:
        BinaryError: it holds what is not known here, and so cannot be said to be harmless.
    """

    def __init__(self, binary: bytes) -> None:
        self._types: list[str] = []
        self._functions: list[int] = []
        self.imports: list[str] = []
        self.exports: dict[str, str] = {}
        read: dict[int, Callable[[_Bytes], None]] = {
            _TYPE: self._read_types,
            _IMPORT: self._read_imports,
            _FUNCTION: self._read_functions,
            _EXPORT: self._read_exports,
        }
        try:
            whole = _Bytes(binary, 8, len(binary))
            while whole.at < whole.end:
                section, size = whole.byte(), whole.number()
                if section in read:
                    read[section](_Bytes(binary, whole.at, whole.at + size))
                whole.at += size
        except (LookupError, UnicodeDecodeError) as error:
            raise BinaryError(
                f"The module holds a type that this host does not know ({error}).",
                hint="Build it without proposals to WebAssembly that no host of plugins has.",
            ) from None

    def _read_types(self, data: _Bytes) -> None:
        for _ in range(data.number()):
            if data.peek() == 0x4E:  # types that are defined together
                data.byte()
                for _ in range(data.number()):
                    self._types.append(data.composite())
            else:
                self._types.append(data.composite())

    def _read_imports(self, data: _Bytes) -> None:
        for _ in range(data.number()):
            data.name()
            data.name()
            kind = data.byte()
            self.imports.append("")
            if kind == 0:
                self._functions.append(data.number())
                self.imports[-1] = self._types[self._functions[-1]]
            elif kind == 1:
                data.value_type()
                data.limits()
            elif kind == 2:
                data.limits()
            elif kind == 3:
                data.value_type()
                data.byte()
            elif kind == 4:
                data.byte()
                data.number()
            else:
                raise LookupError(f"an import of kind {kind}")

    def _read_functions(self, data: _Bytes) -> None:
        self._functions += [data.number() for _ in range(data.number())]

    def _read_exports(self, data: _Bytes) -> None:
        for _ in range(data.number()):
            name, kind, index = data.name(), data.byte(), data.number()
            if kind == 0:
                self.exports[name] = self._types[self._functions[index]]


def callable_from_python(signature: str) -> bool:
    """Whether wasmtime-py can call a function of this type, or only ask for its type."""
    words = signature.replace("(", " ").replace(")", " ").replace(",", " ").replace("->", " ").split()
    return all(word in _PLAIN.values() for word in words)


class _Bytes:
    """Bytes of a module, read one after the other."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data = data
        self.at = at
        self.end = end

    def peek(self) -> int:
        """The next byte."""
        if self.at >= self.end:
            raise LookupError("it ends too soon")
        return self._data[self.at]

    def byte(self) -> int:
        """The next byte, and go on."""
        found = self.peek()
        self.at += 1
        return found

    def number(self) -> int:
        """A number in LEB128 without a sign."""
        found = shift = 0
        while (byte := self.byte()) & 0x80:
            found |= (byte & 0x7F) << shift
            shift += 7
        return found | byte << shift

    def name(self) -> str:
        """A name."""
        size = self.number()
        self.at += size
        return self._data[self.at - size : self.at].decode()

    def limits(self) -> None:
        """The size of a memory or table: nothing is done with it."""
        flags = self.byte()
        for part in (0xFF, 0x01, 0x08):  # the least, the most, the size of a page
            if flags & part or part == 0xFF:
                self.number()

    def value_type(self) -> str:
        """The type of a value."""
        kind = self.byte()
        if kind not in _REFERENCES:
            if kind not in _NUMBERS:
                raise LookupError(f"the type {kind:#x}")
            return _NUMBERS[kind]
        if self.peek() in _NUMBERS:  # an abstract type, which is written like the types of values
            return _REFERENCES[kind].format(_NUMBERS[self.byte()].removesuffix("ref") or "any")
        return _REFERENCES[kind].format(self.number())

    def composite(self) -> str:
        """A defined type; what is no function has no text."""
        kind = self.byte()
        if kind in (0x50, 0x4F):  # with the types that it is a case of
            for _ in range(self.number()):
                self.number()
            kind = self.byte()
        if kind == 0x60:
            return describe(self._value_types(), self._value_types())
        if kind == 0x5E:
            self._field()
        elif kind == 0x5F:
            for _ in range(self.number()):
                self._field()
        else:
            raise LookupError(f"a definition of kind {kind:#x}")
        return ""

    def _value_types(self) -> list[str]:
        return [self.value_type() for _ in range(self.number())]

    def _field(self) -> None:
        if self.peek() in _PACKED:
            self.byte()
        else:
            self.value_type()
        self.byte()
