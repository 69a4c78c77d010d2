"""What every dialect offers the host: one running copy of a plugin, whatever its strings look like (contract §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from refhost.dialects.pump import Pump

# The one handler of a provider that is asked for nothing in particular (contract §15).
RADARS = "radar_get_radars"


class Instance(Protocol):
    """One instance of a plugin in a store of its own.

    Every method may raise a `PluginError`; after one the instance is dead, and is replaced, never called again.
    """

    has_poll: bool
    has_delta_handler: bool
    has_endpoints: bool

    def id(self) -> str:
        """The plugin's own id; "" where it exports none."""

    def name(self) -> str:
        """The name that a person sees."""

    def schema(self) -> str:
        """The JSON Schema of the configuration, as text."""

    def start(self, config: str) -> str | int:
        """Start with a configuration as JSON: 0 when started, else a status, or the text of an error."""

    def stop(self) -> str | int:
        """Stop: 0 when stopped, else a status, or the text of an error."""

    def poll(self) -> int:
        """Do what is due; non-zero is an error of the plugin's own."""

    def deliver(self, delta: str) -> None:
        """Take a delta as JSON."""

    def pump(self) -> Pump | None:
        """What delivers many deltas in one call; None where they go one by one."""

    def handles(self, export: str) -> bool:
        """Whether it exports a handler of this name: something that can be asked."""

    def ask(self, export: str, text: str, size: int) -> str:
        """Call a handler with a text; its answer may have `size` bytes."""

    def ask_http(self, export: str, request: str, size: int) -> str:
        """The same for the handler of an HTTP endpoint (R13)."""

    def radars(self, size: int) -> str:
        """`radar_get_radars`: the ids of its radars, as text."""

    def text(self, export: str, size: int) -> str:
        """Call an export that takes nothing and returns a text of at most `size` bytes."""

    def memory_bytes(self) -> int:
        """The linear memory in use; 0 where it cannot be seen."""

    def close(self) -> None:
        """Give back everything, descriptors included. Closing twice changes nothing."""


class WithoutHandlers:
    """What a dialect offers that has no handlers for PUT, HTTP or providers: it says so, and none is called."""

    has_endpoints = False

    def pump(self) -> None:
        """Its deltas go one by one."""

    def handles(self, export: str) -> bool:  # noqa: ARG002 - whatever the name
        """It has none."""
        return False

    def ask(self, export: str, text: str, size: int) -> str:  # noqa: ARG002 - never called
        """It has none."""
        return ""

    ask_http = ask

    def radars(self, size: int) -> str:  # noqa: ARG002 - never called
        """It has none."""
        return ""

    def text(self, export: str, size: int) -> str:  # noqa: ARG002 - never called
        """It has none."""
        return ""
