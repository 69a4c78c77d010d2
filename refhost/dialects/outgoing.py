"""Requests of a component, on their way from `wasi:http` through the gate to what makes them (contract §18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.errors import FetchProtocolError
from refhost.functions import WASI
from refhost.services.gate import Denied, Refused

if TYPE_CHECKING:
    from refhost.dialects.guard import Guard
    from refhost.limits import Limits
    from refhost.services.fetch import Answer, Exchange
    from refhost.services.gate import Gate

_HANDLE = WASI["wasi:http/outgoing-handler.handle"]


class Outgoing:
    """Counts and passes on the requests of one instance."""

    def __init__(self, gate: Gate, guard: Guard, limits: Limits) -> None:
        self._gate = gate
        self._guard = guard
        self._limits = limits
        self._export = ""
        self._count = 0

    def begin(self, export: str) -> None:
        """A call into the plugin begins."""
        self._export = export
        self._count = 0

    def open(
        self, method: str, url: str, headers: tuple[tuple[str, str], ...], patience: float
    ) -> PatientExchange | None:
        """What sends a request, or None if it may not be made: the gate has logged why.

        Raises:
            FetchProtocolError: there are too many in one call (§19).
        """
        self._count += 1
        if self._count > self._limits.fetches_per_call:
            raise FetchProtocolError(
                self._export,
                f"{self._export} made more than {self._limits.fetches_per_call} requests in one call (§19)",
                hint="Fetch what is due in parts, in several calls.",
            )
        try:
            return PatientExchange(self._gate.call(_HANDLE, lambda: (method, url, headers, patience)), self._guard)
        except (Denied, Refused):
            return None


class PatientExchange:
    """An exchange for which the time that the network takes does not count against the plugin's call (R47)."""

    def __init__(self, exchange: Exchange, guard: Guard) -> None:
        self._exchange = exchange
        self._guard = guard

    def send(self, body: bytes) -> Answer:
        """See `Exchange.send`."""
        answer = self._exchange.send(body)
        if answer.waited:
            self._guard.renew()
        return answer

    def give_up(self, reason: str) -> None:
        """See `Exchange.give_up`."""
        self._exchange.give_up(reason)
