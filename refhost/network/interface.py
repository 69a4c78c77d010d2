"""What a network offers the sockets of plugins, whether it is simulated or real (contract §17).

Nothing here ever waits. What arrives is pushed: each socket is made with a function that takes it. A network that has
to be asked is asked by `poll`, which the host calls whenever the plugin looks at the socket.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Clock

MAX_PORT = 65535
# The longest datagrams: 65535 bytes of UDP with its header of 8, and in IPv4 with a header of 20 around it.
MAX_DATAGRAM_V4, MAX_DATAGRAM_V6 = 65507, 65527
LIMITED_BROADCAST = "255.255.255.255"
# Multicast groups that one socket may be in: as many as Linux allows.
MOST_GROUPS = 20
# No address is longer: 45 characters, and for some the name of an interface after them.
_LONGEST_ADDRESS = 64

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class NetworkError(Exception):
    """The network does not do what it was asked; the message says why."""


class Family(Enum):
    """Which IP a UDP socket speaks; the value is the `type` of `sk_udp_create`."""

    IPV4 = 0
    IPV6 = 1

    @property
    def loopback(self) -> str:
        """The address by which a machine speaks to itself."""
        return "127.0.0.1" if self is Family.IPV4 else "::1"

    @property
    def max_datagram(self) -> int:
        """The bytes that one datagram holds at most."""
        return MAX_DATAGRAM_V4 if self is Family.IPV4 else MAX_DATAGRAM_V6


class Connection(Enum):
    """How far a TCP socket is."""

    NEW = "not connected yet"
    CONNECTING = "still connecting"
    CONNECTED = "connected"
    CLOSED = "refused, or closed by the other side"


@dataclass(frozen=True)
class Datagram:
    """One datagram, with the address and port that it came from."""

    data: bytes
    address: str
    port: int


class UdpSocket(Protocol):
    """A UDP socket. Every method may raise a `NetworkError`."""

    def bind(self, port: int) -> None:
        """Receive on a port, on every address of the host; 0 for any free one. Other sockets may share the port."""

    def join(self, group: str, interface: str) -> None:
        """Receive what is sent to a multicast group; an empty `interface` leaves it to the host."""

    def leave(self, group: str, interface: str) -> None:
        """Receive it no more."""

    def set_multicast_ttl(self, hops: int) -> None:
        """How far multicast goes: 0 stays on this host."""

    def set_multicast_loopback(self, *, on: bool) -> None:
        """Whether sockets of this host get the multicast that it sends."""

    def set_broadcast(self, *, on: bool) -> None:
        """Whether it may send to broadcast addresses."""

    def send(self, data: bytes, address: str, port: int) -> int:
        """Send one datagram; the bytes accepted."""

    def poll(self) -> None:
        """Hand over what has arrived."""

    def close(self) -> None:
        """Give back the port. Closing twice changes nothing."""


class TcpSocket(Protocol):
    """A TCP socket for one connection. Every method may raise a `NetworkError`."""

    @property
    def connection(self) -> Connection:
        """How far it is, as of the last `poll`."""

    def connect(self, address: str, port: int) -> None:
        """Begin to connect. That nobody answers shows later."""

    def send(self, data: bytes) -> int:
        """Send; the bytes accepted, which may be fewer than given, and 0 when there is no room now."""

    def poll(self) -> None:
        """Hand over what has arrived, in the chunks it came in, and notice that the connection changed."""

    def close(self) -> None:
        """End the connection. Closing twice changes nothing."""


class NetworkInterface(Protocol):
    """How one host is on a network."""

    def udp(self, family: Family, take: Callable[[Datagram], None]) -> UdpSocket:
        """A new UDP socket; `take` gets each datagram that arrives."""

    def tcp(self, take: Callable[[bytes], None]) -> TcpSocket:
        """A new TCP socket; `take` gets each chunk that arrives."""


class Network(Protocol):
    """A network that hosts can be on."""

    def attach(self, clock: Clock) -> NetworkInterface:
        """Put a host on it, whose virtual time the clock keeps."""


def parse_address(text: str, family: Family | None = None) -> IpAddress:
    """An IP address as text; `localhost` is the loopback address. Names are never looked up: that waits, and leaves.

    Raises:
        NetworkError: it is none, or of the other family.
    """
    if text == "localhost":
        return ipaddress.ip_address((family or Family.IPV4).loopback)
    try:
        address = ipaddress.ip_address(text if text.isascii() and len(text) <= _LONGEST_ADDRESS else "")
    except ValueError:
        shown = text[:_LONGEST_ADDRESS]
        raise NetworkError(f"{shown!r} is not an IP address; names are not looked up") from None
    if family is not None and (address.version == 4) != (family is Family.IPV4):
        raise NetworkError(f"{text} is not an address for a socket of {family.name}")
    return address


def parse_group(text: str, family: Family) -> str:
    """A multicast group.

    Raises:
        NetworkError: it is none of this family.
    """
    address = parse_address(text, family)
    if not address.is_multicast:
        raise NetworkError(f"{text} is not a multicast address")
    return str(address).partition("%")[0]


def check_groups(joined: int) -> None:
    """Whether a socket may be in one more group.

    Raises:
        NetworkError: it is in as many as it may.
    """
    if joined >= MOST_GROUPS:
        raise NetworkError(f"a socket is in at most {MOST_GROUPS} multicast groups")
