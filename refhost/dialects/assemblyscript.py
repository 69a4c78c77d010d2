"""The AssemblyScript dialect: strings are objects of the plugin's own heap (contract §2)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import wasmtime

from refhost.departures.boundary import as_i32
from refhost.dialects.buffer import STRING_BYTES
from refhost.dialects.core import CoreInstance, read_string
from refhost.dialects.instance import RADARS
from refhost.dialects.memory import U32
from refhost.errors import BadReturn, OutOfBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Class ids of the AssemblyScript runtime: 0 is a plain block of bytes, 2 is String.
_BLOCK, _STRING = 0, 2


class AssemblyScriptInstance(CoreInstance):
    """A plugin written in AssemblyScript."""

    dialect = "assemblyscript"

    def id(self) -> str:
        """`plugin_id`, which is optional: the package's name decides."""
        return self.text("plugin_id", STRING_BYTES) if "plugin_id" in self._functions else ""

    def name(self) -> str:
        """`plugin_name`."""
        return self.text("plugin_name", STRING_BYTES)

    def schema(self) -> str:
        """`plugin_schema`."""
        return self.text("plugin_schema", STRING_BYTES)

    def start(self, config: str) -> int:
        """`plugin_start`, which takes UTF-8 bytes, not a string."""
        with self._object(config.encode("utf-8"), _BLOCK) as pointer:
            return self.number("plugin_start", pointer, len(config.encode("utf-8")))

    def stop(self) -> int:
        """`plugin_stop`."""
        return self.number("plugin_stop")

    def poll(self) -> int:
        """`poll`."""
        return self.number("poll")

    def deliver(self, delta: str) -> None:
        """`delta_handler`."""
        if self._pump is not None and self._pump.deliver(delta):
            return
        with self._object(delta.encode("utf-16-le"), _STRING) as pointer:
            self.call("delta_handler", pointer)

    def handles(self, export: str) -> bool:
        """Whether it exports `(string) -> string`, or the `(pointer, length) -> string` of an endpoint (R13)."""
        return self._exports.get(export) in ("(i32) -> i32", "(i32, i32) -> i32")

    def ask(self, export: str, text: str, size: int) -> str:
        """A handler of a PUT or a provider, which takes a string."""
        if export.startswith("handle_put_") and self._switches.departs("D46", export):
            return str(self.number(export, as_i32(text)))
        with self._object(text.encode("utf-16-le"), _STRING) as pointer:
            return self.text(export, size, pointer)

    def ask_http(self, export: str, request: str, size: int) -> str:
        """A handler of an endpoint, which takes UTF-8 bytes and their number (R13)."""
        if self._switches.departs("D45", export):
            with self._object(request.encode("utf-16-le"), _STRING) as pointer:
                return self.text(export, size, pointer, len(request.encode("utf-16-le")) // 2)
        data = request.encode("utf-8")
        with self._object(data, _BLOCK) as pointer:
            return self.text(export, size, pointer, len(data))

    def radars(self, size: int) -> str:
        """`radar_get_radars`, which takes a string like every other handler of this dialect (§2.1)."""
        return self.ask(RADARS, "{}", size)

    def _wasi_function(self, name: str) -> Callable[..., int | None]:
        function = super()._wasi_function(name)
        if not self._switches.has("WASI"):
            return function

        def ends(*_: int) -> NoReturn:
            self._switches.departs("WASI", name)
            raise wasmtime.Trap("wasi.start() has not been called")

        return ends

    @contextmanager
    def _object(self, data: bytes, class_id: int) -> Iterator[int]:
        """An object in the plugin's heap, protected from its collector while it is in use."""
        pointer = self.allocated("__new", self.call("__new", len(data), class_id), data)
        pinned = "__pin" in self._functions and "__unpin" in self._functions
        if pinned:
            self.call("__pin", pointer)
        yield pointer
        if pinned:
            self.call("__unpin", pointer)

    def text(self, export: str, size: int, *arguments: int) -> str:
        """Call an export that returns a string.

        Raises:
            BadReturn: it returned none, or one of more than `size` bytes in UTF-8 (R30).
        """
        taken = self._exports[export].count("i32") - 1
        if taken != len(arguments):
            raise BadReturn(export, f"{export} takes {taken} arguments, and the host has {len(arguments)} for it (R13)")
        pointer = self.number(export, *arguments)
        if not pointer:
            if self._switches.departs("TEXT", export):
                return ""
            raise BadReturn(export, f"{export} returned null where a string belongs")
        try:
            text = read_string(self.memory, pointer, self._switches, export)
        except OutOfBounds as error:
            reason = f"no string at {pointer & U32:#x}: {error}"
        except (UnicodeDecodeError, ValueError) as error:
            reason = f"what is not UTF-16: {error}"
        else:
            length = len(text.encode("utf-8"))
            if length <= size:
                return text
            reason = f"{length} bytes, and the limit is {size} (R30)"
        raise BadReturn(export, f"{export} returned {reason}")
