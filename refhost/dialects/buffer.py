"""The buffer dialect: UTF-8 through `allocate` and `deallocate` (Rust, Go, C, Zig; contract §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.departures.boundary import believed_length, decoded
from refhost.dialects.core import CoreInstance
from refhost.dialects.instance import RADARS
from refhost.errors import BadReturn, OutOfBounds

if TYPE_CHECKING:
    from collections.abc import Iterator

from contextlib import contextmanager

# What the host offers for name, schema and endpoints (contract §2.1).
STRING_BYTES = 8192


class BufferInstance(CoreInstance):
    """A plugin whose strings are UTF-8 in buffers that it allocates itself."""

    dialect = "buffer"
    is_initialized_twice_there = True

    def id(self) -> str:
        """`plugin_id`."""
        return self.text("plugin_id", STRING_BYTES)

    def name(self) -> str:
        """`plugin_name`; "" where it may be missing, and is (D49)."""
        return self.text("plugin_name", STRING_BYTES) if "plugin_name" in self._functions else ""

    def schema(self) -> str:
        """`plugin_schema`; "" where it may be missing, and is (D49)."""
        return self.text("plugin_schema", STRING_BYTES) if "plugin_schema" in self._functions else ""

    def start(self, config: str) -> int:
        """`plugin_start`."""
        with self._argument(config) as (pointer, length):
            return self.number("plugin_start", pointer, length)

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
        with self._argument(delta) as (pointer, length):
            self.call("delta_handler", pointer, length)

    def handles(self, export: str) -> bool:
        """Whether it exports `(text, length, out, max) -> length` under this name; `radar_get_radars` takes no text."""
        wanted = "(i32, i32) -> i32" if export == RADARS else "(i32, i32, i32, i32) -> i32"
        return self._exports.get(export) == wanted

    def ask(self, export: str, text: str, size: int) -> str:
        """A handler of a PUT, a provider or an endpoint."""
        with self._argument(text) as (pointer, length):
            return self.text(export, size, pointer, length)

    ask_http = ask

    def radars(self, size: int) -> str:
        """`radar_get_radars`."""
        return self.text(RADARS, size)

    @contextmanager
    def _argument(self, text: str) -> Iterator[tuple[int, int]]:
        data = text.encode("utf-8")
        pointer = self.allocated("allocate", self.call("allocate", len(data)), data)
        yield pointer, len(data)
        self._free(pointer, len(data))

    def _free(self, pointer: int, length: int) -> None:
        if "deallocate" in self._functions:
            self.call("deallocate", pointer, length)

    def text(self, export: str, size: int, *arguments: int) -> str:
        """Call `(…, out, max) -> length` and read what it wrote, if it kept to the buffer (§2.1, R30)."""
        pointer = self.call("allocate", size) or 0
        if not pointer:
            raise BadReturn("allocate", f"allocate({size}) returned 0, when {export} was about to be called")
        length = self.number(export, *arguments, pointer, size)
        believed = believed_length(length, size, export)
        if believed is not None and self._switches.departs("D51", export):
            length = believed
        elif not 0 <= length <= size:
            raise BadReturn(
                export,
                f"{export} returned the length {length}; the buffer that it was offered has {size} bytes",
                hint="Return the number of bytes written, from 0 to max; shorten what does not fit.",
            )
        try:
            text = decoded(self.memory.read(pointer, length), "utf-8", self._switches, export)
        except OutOfBounds as error:
            raise BadReturn("allocate", f"allocate({size}) returned a place that is none: {error}") from None
        except UnicodeDecodeError as error:
            raise BadReturn(export, f"{export} wrote what is not UTF-8: {error.reason} at byte {error.start}") from None
        self._free(pointer, size)
        return text
