r"""A network in memory: the same in every run, with no real socket, for one host or several (contract §17).

A test is the rest of the boat:

    network = SimulatedNetwork()
    host = Host(network=network)
    gps = network.udp("10.0.1.7")                  # a device with a UDP port
    gps.send(b"$GPRMC,…", port=10110)              # to a socket that a plugin has bound
    plotter = network.listen("10.0.1.8", 2000)     # a device that plugins connect to
    plotter.accept().send(b"half a sen", b"tence\r\n")

It is one segment: a broadcast reaches every IPv4 socket on its port, a multicast everyone who joined.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refhost.network.interface import (
    MAX_PORT,
    Datagram,
    Family,
    IpAddress,
    NetworkError,
    check_groups,
    parse_address,
    parse_group,
)
from refhost.network.simulated_tcp import Listener, SimulatedTcp
from refhost.network.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Clock

_FIRST_EPHEMERAL = 49152
# What can be under way on a network with a delay; more is lost. A datagram costs a little, however short it is.
_UNDER_WAY_BYTES, _OVERHEAD = 64 * 1024 * 1024, 256
# What a device holds of what plugins send it; a flood must not fill the machine's memory.
_PEER_DATAGRAMS, _PEER_BYTES = 10_000, 64 * 1024 * 1024


class SimulatedNetwork:
    """Hosts, and devices that a test makes with `udp` and `listen`.

    Args:
        delay: seconds of virtual time that everything is under way; it arrives while the host's clock advances. With 0
            it arrives at once.

    Attributes:
        hosts: on it, in the order in which they came: 10.0.0.1 and fd00::1, 10.0.0.2 and fd00::2, …
    """

    def __init__(self, *, delay: float = 0.0) -> None:
        self.delay = delay
        self.hosts: list[SimulatedInterface] = []
        self._endpoints: list[_Endpoint] = []
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._under_way = 0
        self._next_port = _FIRST_EPHEMERAL

    def attach(self, clock: Clock) -> SimulatedInterface:
        """Put a host on it."""
        self.hosts.append(SimulatedInterface(self, clock, len(self.hosts) + 1))
        return self.hosts[-1]

    def udp(self, address: str, port: int = 0) -> UdpPeer:
        """A device with a UDP port at an address; port 0 for any free one.

        Raises:
            NetworkError: that is no address.
        """
        ip = parse_address(address)
        family = Family.IPV4 if ip.version == 4 else Family.IPV6
        return UdpPeer(self, _Endpoint(family, frozenset({str(ip)})), port)

    def listen(self, address: str, port: int) -> Listener:
        """A device that takes TCP connections.

        Raises:
            NetworkError: that is no address, or another one listens there.
        """
        place = (str(parse_address(address)), port)
        if place in self._listeners:
            raise NetworkError(f"something listens at {address} port {port} already")
        self._listeners[place] = Listener(self, *place)
        return self._listeners[place]

    # What hosts and devices do.

    def later(self, clock: Clock | None, action: Callable[[], None]) -> None:
        """Do something once the delay is over, by a host's clock; at once without one."""
        if self.delay > 0 and clock is not None:
            clock.call_later(self.delay, action)
        else:
            action()

    def listener(self, address: str, port: int) -> Listener | None:
        """Who listens there."""
        return self._listeners.get((address, port))

    def forget_listener(self, listener: Listener) -> None:
        """Nobody listens there any more."""
        self._listeners.pop((listener.address, listener.port), None)

    def bind(self, endpoint: _Endpoint, port: int) -> None:
        """Have an endpoint receive on a port."""
        if not 0 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port")
        endpoint.port = port or self._free_port()
        self._endpoints.append(endpoint)

    def unbind(self, endpoint: _Endpoint) -> None:
        """The endpoint receives no more."""
        if endpoint in self._endpoints:
            self._endpoints.remove(endpoint)

    def _free_port(self) -> int:
        """The next one, so that a port that was given back is not soon another's."""
        taken = {endpoint.port for endpoint in self._endpoints}
        ports = (*range(self._next_port, MAX_PORT + 1), *range(_FIRST_EPHEMERAL, self._next_port))
        free = next((port for port in ports if port not in taken), 0)
        if not free:
            raise NetworkError("every port is taken")
        self._next_port = free + 1
        return free

    def send(self, sender: _Endpoint, data: bytes, address: str, port: int) -> int:
        """Carry a datagram to everyone whom it is for; one for nobody is lost, as on any network."""
        target = parse_address(address, sender.family)
        if len(data) > sender.family.max_datagram:
            raise NetworkError(f"a datagram holds {sender.family.max_datagram} bytes, not {len(data)}")
        if not 1 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port")
        if _is_broadcast(target) and not sender.broadcast:
            raise NetworkError(f"{address} is a broadcast address: sk_udp_set_broadcast comes first")
        datagram = Datagram(data, sender.source(target), sender.port)
        for receiver in self._receivers(sender, target, port):
            self._carry(sender, receiver, datagram)
        return len(data)

    def _carry(self, sender: _Endpoint, receiver: _Endpoint, datagram: Datagram) -> None:
        size = len(datagram.data) + _OVERHEAD
        if self._under_way + size > _UNDER_WAY_BYTES:
            return
        self._under_way += size

        def arrive() -> None:
            self._under_way -= size
            if receiver in self._endpoints:
                receiver.take(datagram)

        host = receiver.host or sender.host
        self.later(host.clock if host else None, arrive)

    def _receivers(self, sender: _Endpoint, target: IpAddress, port: int) -> list[_Endpoint]:
        on_port = [e for e in self._endpoints if e.port == port and e.family is sender.family]
        if target.is_multicast:
            return [e for e in on_port if e.joined(str(target)) and sender.multicast_reaches(e)]
        if _is_broadcast(target):
            return on_port
        if target.is_loopback and sender.host is not None:
            on_port = [e for e in on_port if e.host in (None, sender.host)]
        # Several may share a port; a datagram to one address goes to the last one that was bound, as on Linux.
        return [e for e in on_port if str(target) in e.addresses][-1:]


def _is_broadcast(address: IpAddress) -> bool:
    """Whether it is one: the limited one, or one of a network of 256 addresses."""
    return address.version == 4 and not address.is_multicast and str(address).endswith(".255")


@dataclass(eq=False)
class _Endpoint:
    """One bound UDP port, of a plugin's socket or of a device (`host` is None)."""

    family: Family
    addresses: frozenset[str]
    host: SimulatedInterface | None = None
    take: Callable[[Datagram], None] = lambda _: None
    port: int = 0
    groups: set[tuple[str, str]] = field(default_factory=set)
    hops: int = 1
    loopback: bool = True
    broadcast: bool = False

    def joined(self, group: str) -> bool:
        """Whether it is in a multicast group, on any interface."""
        return any(group == joined for joined, _ in self.groups)

    def multicast_reaches(self, other: _Endpoint) -> bool:
        """Whether its multicast gets there: on the own host with loopback on, elsewhere with a hop or more."""
        own = self.host is not None and self.host is other.host
        return self.loopback if own else self.hops > 0

    def source(self, target: IpAddress) -> str:
        """The address that its datagrams to `target` come from."""
        if self.host is None:
            return next(iter(self.addresses))
        return self.family.loopback if target.is_loopback else self.host.addresses[self.family]


class SimulatedInterface:
    """How one host is on a simulated network.

    Attributes:
        addresses: its own, by family; it is also 127.0.0.1 and ::1 to itself.
    """

    def __init__(self, network: SimulatedNetwork, clock: Clock, number: int) -> None:
        self._network = network
        self.clock = clock
        self.addresses = {Family.IPV4: f"10.0.{number // 250}.{number % 250}", Family.IPV6: f"fd00::{number:x}"}

    @property
    def address(self) -> str:
        """Its IPv4 address."""
        return self.addresses[Family.IPV4]

    def udp(self, family: Family, take: Callable[[Datagram], None]) -> SimulatedUdp:
        """A new UDP socket."""
        own = frozenset({self.addresses[family], family.loopback})
        return SimulatedUdp(self._network, _Endpoint(family, own, self, take))

    def tcp(self, take: Callable[[bytes], None]) -> SimulatedTcp:
        """A new TCP socket."""
        return SimulatedTcp(self._network, self, take)


class SimulatedUdp:
    """A plugin's UDP socket."""

    def __init__(self, network: SimulatedNetwork, endpoint: _Endpoint) -> None:
        self._network = network
        self._endpoint = endpoint

    def bind(self, port: int) -> None:
        """Receive on a port."""
        self._network.bind(self._endpoint, port)

    def join(self, group: str, interface: str) -> None:
        """Join a multicast group. The simulation has one interface; any address is taken for it."""
        membership = self._membership(group, interface)
        if membership in self._endpoint.groups:
            raise NetworkError(f"{group} is joined already")
        check_groups(len(self._endpoint.groups))
        self._endpoint.groups.add(membership)

    def leave(self, group: str, interface: str) -> None:
        """Leave it."""
        membership = self._membership(group, interface)
        if membership not in self._endpoint.groups:
            raise NetworkError(f"{group} was not joined")
        self._endpoint.groups.remove(membership)

    def _membership(self, group: str, interface: str) -> tuple[str, str]:
        if interface:
            parse_address(interface, self._endpoint.family)
        return parse_group(group, self._endpoint.family), interface

    def set_multicast_ttl(self, hops: int) -> None:
        """How far multicast goes."""
        self._endpoint.hops = hops

    def set_multicast_loopback(self, *, on: bool) -> None:
        """Whether sockets of this host get it."""
        self._endpoint.loopback = on

    def set_broadcast(self, *, on: bool) -> None:
        """Whether it may broadcast."""
        self._endpoint.broadcast = on

    def send(self, data: bytes, address: str, port: int) -> int:
        """Send one datagram."""
        return self._network.send(self._endpoint, data, address, port)

    def poll(self) -> None:
        """Nothing to do: what arrives is handed over when it does."""

    def close(self) -> None:
        """Give back the port."""
        self._network.unbind(self._endpoint)


class UdpPeer:
    """A device's UDP port, in the hands of a test.

    Attributes:
        received: what waits to be looked at, in order.
    """

    def __init__(self, network: SimulatedNetwork, endpoint: _Endpoint, port: int) -> None:
        self._network = network
        self._endpoint = endpoint
        endpoint.broadcast = True
        self.received: Waiting[Datagram] = Waiting(_PEER_DATAGRAMS, _PEER_BYTES, lambda d: len(d.data))
        endpoint.take = self.received.push
        network.bind(endpoint, port)

    @property
    def address(self) -> str:
        """Where it is."""
        return next(iter(self._endpoint.addresses))

    @property
    def port(self) -> int:
        """Its port."""
        return self._endpoint.port

    def send(self, data: bytes, port: int, address: str = "") -> None:
        """Send a datagram to a host (the first one on the network unless told), a group or a broadcast address.

        Raises:
            NetworkError: there is no host, or that is no address for it.
        """
        if not address and not self._network.hosts:
            raise NetworkError("no host is on this network yet")
        self._network.send(
            self._endpoint, data, address or self._network.hosts[0].addresses[self._endpoint.family], port
        )

    def receive(self) -> Datagram | None:
        """Take the oldest datagram that has come; None when there is none."""
        return self.received.pop()

    def join(self, group: str) -> None:
        """Join a multicast group."""
        self._endpoint.groups.add((parse_group(group, self._endpoint.family), ""))

    def leave(self, group: str) -> None:
        """Leave it."""
        self._endpoint.groups.discard((parse_group(group, self._endpoint.family), ""))

    def close(self) -> None:
        """Switch the device off."""
        self._network.unbind(self._endpoint)
