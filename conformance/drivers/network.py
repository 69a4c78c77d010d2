"""The network that a plugin is judged on: a simulated one that can fail, and on which somebody may answer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from refhost.network.interface import NetworkError
from refhost.network.simulated import SimulatedInterface, SimulatedNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Clock
    from refhost.network.interface import Datagram, Family
    from refhost.network.simulated import SimulatedUdp, UdpPeer
    from refhost.network.simulated_tcp import Listener, SimulatedTcp, TcpPeer


class Surroundings(SimulatedNetwork):
    """Everything outside of the plugin's host.

    Attributes:
        fails: at what its sockets fail: `create`, `bind`, or "" for nothing.
        answers: whether somebody takes every TCP connection, wherever it goes; otherwise nobody does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fails = ""
        self.answers = False
        self._devices: list[Listener] = []

    def attach(self, clock: Clock) -> SimulatedInterface:
        """Put a host on it."""
        self.hosts.append(_Interface(self, clock, len(self.hosts) + 1))
        return self.hosts[-1]

    def bind(self, endpoint: Any, port: int) -> None:  # noqa: ANN401 - the simulation's own type
        """Have an endpoint receive on a port."""
        if self.fails == "bind" and endpoint.host is not None:
            raise NetworkError(f"port {port} is taken")
        super().bind(endpoint, port)

    def listener(self, address: str, port: int) -> Listener | None:
        """Who listens there; whoever is asked for, once somebody answers."""
        found = super().listener(address, port)
        if not self.answers:
            return None
        if found is None:
            found = self.listen(address, port)
            self._devices.append(found)
        return found

    @cached_property
    def device(self) -> UdpPeer:
        """A device that sends datagrams."""
        return self.udp("10.0.0.200")

    @property
    def connections(self) -> list[TcpPeer]:
        """The other end of every TCP connection that was taken."""
        return [peer for device in self._devices for peer in device.connections]


class _Interface(SimulatedInterface):
    """How the host is on it."""

    def __init__(self, network: Surroundings, clock: Clock, number: int) -> None:
        super().__init__(network, clock, number)
        self._surroundings = network

    def udp(self, family: Family, take: Callable[[Datagram], None]) -> SimulatedUdp:
        """A new UDP socket."""
        self._check()
        return super().udp(family, take)

    def tcp(self, take: Callable[[bytes], None]) -> SimulatedTcp:
        """A new TCP socket."""
        self._check()
        return super().tcp(take)

    def _check(self) -> None:
        if self._surroundings.fails == "create":
            raise NetworkError("there is no network")
