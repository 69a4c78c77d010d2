"""TCP on a simulated network: plugins connect, a test is the other end (contract §17)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from refhost.network.interface import MAX_PORT, Connection, NetworkError, parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.network.simulated import SimulatedInterface, SimulatedNetwork

_WINDOW = 1024 * 1024
# Connections that a device lets wait to be accepted; more are refused.
_BACKLOG = 128


class SimulatedTcp:
    """A plugin's TCP socket."""

    def __init__(self, network: SimulatedNetwork, host: SimulatedInterface, take: Callable[[bytes], None]) -> None:
        self._network = network
        self._host = host
        self._take = take
        self._peer: TcpPeer | None = None
        self._port = 0
        self.connection = Connection.NEW

    def connect(self, address: str, port: int) -> None:
        """Begin to connect."""
        place = str(parse_address(address))
        if not 1 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port")
        self.connection = Connection.CONNECTING
        self.later(lambda: self._arrive(place, port))

    def _arrive(self, address: str, port: int) -> None:
        if self.connection is not Connection.CONNECTING:
            return
        listener = self._network.listener(address, port)
        if listener is None or listener.refuses:
            self.connection = Connection.CLOSED
        elif listener.answer == "accept":
            self._peer = TcpPeer(self)
            self.connection = Connection.CONNECTED
            listener.take(self._peer)

    def send(self, data: bytes) -> int:
        """Send."""
        if self._peer is None or self.connection is not Connection.CONNECTED:
            raise NetworkError(f"the socket is {self.connection.value}")
        return self._peer.accept(data)

    def poll(self) -> None:
        """Nothing to do: what arrives is handed over when it does."""

    def close(self) -> None:
        """End the connection."""
        self.connection = Connection.CLOSED
        if self._peer is not None:
            self.later(self._peer.lose)
            self._peer = None

    # What its other end does.

    def later(self, action: Callable[[], None]) -> None:
        """Do something once the delay is over."""
        self._network.later(self._host.clock, action)

    def arrive(self, chunk: bytes) -> None:
        """Take a chunk from the other end."""
        if self.connection is Connection.CONNECTED:
            self._take(chunk)

    def lose(self) -> None:
        """The other end has closed."""
        self.connection = Connection.CLOSED


class Listener:
    """A device that takes TCP connections, in the hands of a test.

    Attributes:
        answer: `accept`, `refuse`, or `ignore`: then a socket goes on connecting for ever.
        connections: every connection that it took, in order.
    """

    def __init__(self, network: SimulatedNetwork, address: str, port: int) -> None:
        self._network = network
        self.address = address
        self.port = port
        self.answer: Literal["accept", "refuse", "ignore"] = "accept"
        self.connections: list[TcpPeer] = []
        self._accepted = 0

    def accept(self) -> TcpPeer:
        """The next connection.

        Raises:
            NetworkError: there is no further one yet.
        """
        if self._accepted == len(self.connections):
            raise NetworkError(f"nobody connected to {self.address} port {self.port}")
        self._accepted += 1
        return self.connections[self._accepted - 1]

    @property
    def refuses(self) -> bool:
        """Whether it takes no connection now."""
        return self.answer == "refuse" or len(self.connections) - self._accepted >= _BACKLOG

    def take(self, peer: TcpPeer) -> None:
        """A plugin has connected."""
        self.connections.append(peer)

    def close(self) -> None:
        """Take no more connections; those that it has go on."""
        self._network.forget_listener(self)


class TcpPeer:
    """The device's end of a connection, in the hands of a test.

    Attributes:
        window: the bytes that it lets wait until they are received; a plugin that sends more has fewer accepted.
        is_open: whether neither end has closed.
    """

    def __init__(self, socket: SimulatedTcp, window: int = _WINDOW) -> None:
        self._socket = socket
        self.window = window
        self.is_open = True
        self._under_way = 0
        self._received = bytearray()

    def send(self, *chunks: bytes) -> None:
        """Send; each chunk arrives as it is. After an end has closed it is lost."""
        for chunk in chunks if self.is_open else ():
            self._socket.later(partial(self._socket.arrive, chunk))

    def receive(self) -> bytes:
        """Take all that has come."""
        data = bytes(self._received)
        self._received.clear()
        return data

    def close(self) -> None:
        """Close the connection."""
        if self.is_open:
            self.is_open = False
            self._socket.later(self._socket.lose)

    # What its other end does.

    def accept(self, data: bytes) -> int:
        """Take what there is room for."""
        taken = data[: max(0, self.window - len(self._received) - self._under_way)]
        if not taken:
            return 0
        self._under_way += len(taken)

        def arrive() -> None:
            self._under_way -= len(taken)
            self._received.extend(taken)

        self._socket.later(arrive)
        return len(taken)

    def lose(self) -> None:
        """The plugin has closed."""
        self.is_open = False
