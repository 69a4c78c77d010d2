"""What a plugin says about itself: status, error and log; and what it may ask about itself (contract §3, §4, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.departures.boundary import formatted
from refhost.profiles import BY_THE_BOOK, Switches

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.capabilities import Grants
    from refhost.journal import Journal


class StatusService:
    """Keeps the latest status and error of one plugin.

    Attributes:
        status: the latest status text; "" before the first.
        error: the latest error text; "" before the first.
    """

    def __init__(
        self, plugin: Callable[[], str], grants: Grants, journal: Journal, switches: Switches = BY_THE_BOOK
    ) -> None:
        self._plugin = plugin
        self._grants = grants
        self._journal = journal
        self._switches = switches
        self.status = ""
        self.error = ""

    def set_status(self, message: str) -> None:
        """Show a status in the server's list of plugins."""
        self.status = message
        self._journal.write(self._plugin(), "status", message)

    def set_error(self, message: str) -> None:
        """Show an error in the server's list of plugins."""
        self.error = message
        self._journal.write(self._plugin(), "error", message)

    def debug(self, message: str) -> None:
        """Write to the plugin's log."""
        if formatted(message) != message and self._switches.departs("FORMAT", "sk_debug"):
            message = formatted(message)
        self._journal.write(self._plugin(), "debug", message)

    def console(self, message: str) -> None:
        """Write to the plugin's log, as `console.log` does."""
        self._journal.write(self._plugin(), "console", message)

    def log_error(self, message: str) -> None:
        """Write an error to the plugin's log; the status stays."""
        self._journal.write(self._plugin(), "log-error", message)

    def has_capability(self, name: str) -> bool:
        """Whether a capability of contract §7 is granted."""
        granted = self._grants.has(name)
        if granted and name not in ("network", "rawSockets") and self._switches.departs("D17", "sk_has_capability"):
            return False
        return granted
