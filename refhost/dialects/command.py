"""The command dialect: legacy modules with `_start`; loaded, reported, and run once (contract §2)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from refhost.dialects.core import CoreInstance
from refhost.dialects.instance import WithoutHandlers
from refhost.errors import PluginExit

if TYPE_CHECKING:
    from refhost.binary import CoreBinary


class CommandInstance(WithoutHandlers, CoreInstance):
    """A program rather than a plugin. The contract gives its other exports no types, so none of them is called."""

    has_poll = False
    has_delta_handler = False

    def _instantiate(self, binary: CoreBinary) -> None:
        super()._instantiate(binary)
        if self._switches.departs("COMMANDS", "_start"):
            with suppress(PluginExit):
                self.call("_start")

    def id(self) -> str:
        """Nothing: the package's name decides."""
        return ""

    def name(self) -> str:
        """Nothing: the package's name stands for it."""
        return ""

    def schema(self) -> str:
        """Nothing, which means `{}`."""
        return ""

    def start(self, config: str) -> int:  # noqa: ARG002 - a program takes no configuration
        """Run `_start`; its exit code is the status. There, it has run already, and a start without a result fails."""
        if self._switches.has("COMMANDS"):
            return -1
        try:
            self.call("_start")
        except PluginExit as error:
            return error.code
        return 0

    def stop(self) -> int:
        """It has ended already."""
        return 0

    def poll(self) -> int:
        """A program has no poll."""
        return 0

    def deliver(self, delta: str) -> None:
        """A program takes no deltas."""
