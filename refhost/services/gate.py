"""The gate that every host function of both worlds goes through: capability, moment, then the service (§7, R19)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from refhost.departures.capabilities import CUT_OFF, UNGUARDED, UNTOLD
from refhost.errors import OutOfBounds
from refhost.profiles import BY_THE_BOOK, Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.capabilities import Grants
    from refhost.functions import HostFunction
    from refhost.journal import Journal


class Phase(Enum):
    """What the plugin is being called for."""

    METADATA = "metadata"
    LIFE = "life"


class Refused(Exception):  # noqa: N818 - an outcome of a host function, not an error of the host
    """A service does not do what it was asked; the message says why."""


class Denied(Exception):  # noqa: N818 - the same
    """The plugin lacks the capability; the message is the one of contract §7."""


class Lacking(Exception):  # noqa: N818 - the same
    """A service misses a capability that depends on an argument, such as a stream's name (R7): the message names it."""


class Gate:
    """Decides whether a host function is carried out, and logs why when it is not.

    Args:
        plugin: the plugin's id, read when a record is written: it is known only after the first call.
        operations: each operation of the table with the service's method.
        switches: the profile.

    Attributes:
        cut_off: whether the instance is one that came by a reload (D28).
    """

    def __init__(
        self,
        plugin: Callable[[], str],
        grants: Grants,
        journal: Journal,
        operations: Mapping[str, Callable[..., Any]],
        switches: Switches = BY_THE_BOOK,
    ) -> None:
        self._plugin = plugin
        self._grants = grants
        self._journal = journal
        self._operations = operations
        self._switches = switches
        self.phase = Phase.METADATA
        self.cut_off = False

    def call(self, function: HostFunction, arguments: Callable[[], tuple[Any, ...]], operation: str = "") -> Any:  # noqa: ANN401 - as the service answers
        """Carry out one call. Its arguments are decoded only once the call may happen at all.

        Args:
            function: the row of the table.
            arguments: decodes the arguments.
            operation: another than the function's own.

        Raises:
            Denied: a capability is missing; logged.
            Refused: anything else that keeps it from being done; logged.
        """
        switches, name, unguarded = self._switches, function.name, UNGUARDED.get(function.operation, "")
        if function.capability and not self._grants.has(function.capability) and not switches.departs(unguarded, name):
            raise self._denied(function, function.capability)
        if self.phase is Phase.METADATA and function.effect and not switches.departs("D39", name):
            reason = "a plugin acts only once it is started: this call came while its metadata was read (R19)"
            raise self._refused(function, reason)
        if self.cut_off and function.operation in CUT_OFF and switches.departs("D28", name):
            raise self._refused(function, "the plugin was reloaded, and is cut off from the server since (D28)")
        return self.attempt(function, lambda: self._operations[operation or function.operation](*arguments()))

    def is_open(self, function: HostFunction) -> bool:
        """Whether a call would be carried out now, were its arguments in order; only where nothing departs."""
        granted = not function.capability or self._grants.has(function.capability)
        return granted and not (self.phase is Phase.METADATA and function.effect)

    def attempt(self, function: HostFunction, step: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Do one step of a call that may be refused: decoding, the service, or writing the answer.

        Raises:
            Denied: the service misses a capability; logged.
            Refused: logged.
        """
        try:
            return step()
        except Lacking as lacking:
            raise self._denied(function, str(lacking)) from None
        except UnicodeDecodeError as error:
            reason = f"the text is not UTF-8: {error.reason} at byte {error.start}"
        except (Refused, OutOfBounds) as error:
            reason = str(error)
        raise self._refused(function, reason)

    def _denied(self, function: HostFunction, capability: str) -> Denied:
        untold = function.operation in UNTOLD and self._switches.departs("DENIALS", function.name)
        message = f"plugin {self._plugin()} lacks {'a' if untold else capability} capability"
        self._journal.write(self._plugin(), "denied", message, function=function.name)
        return Denied(message)

    def _refused(self, function: HostFunction, reason: str) -> Refused:
        self._journal.write(self._plugin(), "refused", reason, function=function.name)
        return Refused(reason)
