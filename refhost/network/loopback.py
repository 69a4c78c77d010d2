"""Real sockets, which never leave this machine unless they are told to (contract §17).

Every socket is non-blocking and is looked at when the plugin looks: no thread, no waiting. Without `allow_other`
sockets are bound to loopback addresses and send to loopback addresses, and multicast and broadcast stay on the loopback
interface, with a socket more for each group and for broadcasts, since a socket that is bound to 127.0.0.1 gets neither.
Linux carries no IPv6 multicast there: sending it is refused. Before the host looks, the machine's own buffers hold what
has come, and they drop the newest when they are full.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from refhost.network.interface import (
    LIMITED_BROADCAST,
    MAX_PORT,
    Connection,
    Datagram,
    Family,
    NetworkError,
    check_groups,
    parse_address,
    parse_group,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refhost.clock import Clock

_FAMILIES = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}
_LOOPBACK_BROADCAST = "127.255.255.255"
_READ_BYTES = 65536
# One look at a socket takes in so many datagrams, or so many chunks of a connection: a flood must not hold the host. A
# chunk may be thousands of lines, and what is too much for one look waits with its sender.
_READS = 1000
_CHUNKS = 16
_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EINTR)


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """What the system refuses, the network does not do."""
    try:
        yield
    except (OSError, OverflowError) as error:
        raise NetworkError(f"{what}: {error.strerror if isinstance(error, OSError) else error}") from None


class LoopbackNetwork:
    """This machine's network, as every host on it sees it.

    Args:
        allow_other: whether sockets are bound to all addresses, and may reach other machines.
    """

    def __init__(self, *, allow_other: bool = False) -> None:
        self.allow_other = allow_other

    def attach(self, clock: Clock) -> LoopbackNetwork:  # noqa: ARG002 - real sockets know no virtual time
        """Put a host on it."""
        return self

    def udp(self, family: Family, take: Callable[[Datagram], None]) -> RealUdp:
        """A new UDP socket."""
        return RealUdp(family, take, allow_other=self.allow_other)

    def tcp(self, take: Callable[[bytes], None]) -> RealTcp:
        """A new TCP socket."""
        return RealTcp(take, allow_other=self.allow_other)


class RealUdp:
    """A plugin's UDP socket: one of the system's, and on the loopback interface more for groups and broadcasts."""

    def __init__(self, family: Family, take: Callable[[Datagram], None], *, allow_other: bool) -> None:
        self._family = family
        self._take = take
        self._allow_other = allow_other
        self._port = 0
        self._loops_back = True
        self._groups: dict[tuple[str, str], socket.socket | None] = {}
        self._broadcasts: socket.socket | None = None
        with _refusing("no socket can be made"):
            self._main = socket.socket(_FAMILIES[family], socket.SOCK_DGRAM)
        self._main.setblocking(False)

    def bind(self, port: int) -> None:
        """Receive on a port."""
        with _refusing(f"port {port} cannot be bound"):
            if self._family is Family.IPV6:
                self._main.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if port:  # a port of the system's choice is to be one that nobody has
                self._main.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._main.bind(("" if self._allow_other else self._family.loopback, port))
            self._main.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._port = self._main.getsockname()[1]
        if not self._allow_other:
            self._stay_on_loopback()

    def _stay_on_loopback(self) -> None:
        with _refusing("the loopback interface cannot be chosen"):
            self._main.setsockopt(*self._option("MULTICAST_IF"), self._loopback_interface())
        if self._family is Family.IPV4:
            with contextlib.suppress(OSError):  # not every system has broadcasts on its loopback interface
                self._broadcasts = self._sibling(_LOOPBACK_BROADCAST)

    def _sibling(self, address: str) -> socket.socket:
        """Another socket on the same port."""
        sibling = socket.socket(_FAMILIES[self._family], socket.SOCK_DGRAM)
        try:
            sibling.setblocking(False)
            sibling.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            scope = () if self._family is Family.IPV4 else (0, self._index())
            sibling.bind((address, self._port, *scope))
        except OSError:
            sibling.close()
            raise
        return sibling

    def join(self, group: str, interface: str) -> None:
        """Join a multicast group."""
        group = parse_group(group, self._family)
        request = self._membership(group, interface)
        if (group, interface) in self._groups:
            raise NetworkError(f"{group} is joined already")
        check_groups(len(self._groups))
        with _refusing(f"{group} cannot be joined"):
            sibling = None if self._allow_other else self._sibling(group)
            try:
                (sibling or self._main).setsockopt(*self._option("JOIN"), request)
            except OSError:
                if sibling is not None:
                    sibling.close()
                raise
        self._groups[group, interface] = sibling

    def leave(self, group: str, interface: str) -> None:
        """Leave it."""
        group = parse_group(group, self._family)
        request = self._membership(group, interface)
        if (group, interface) not in self._groups:
            raise NetworkError(f"{group} was not joined")
        sibling = self._groups.pop((group, interface))
        if sibling is not None:
            sibling.close()
            return
        with _refusing(f"{group} cannot be left"):
            self._main.setsockopt(*self._option("LEAVE"), request)

    def _membership(self, group: str, interface: str) -> bytes:
        """What the system wants to know in order to join or leave."""
        address = parse_address(interface, self._family) if interface else None
        if not self._allow_other and address is not None and not (address.is_loopback or address.is_unspecified):
            raise NetworkError(f"{interface} is another interface than the loopback one")
        if self._family is Family.IPV6:
            scope = getattr(address, "scope_id", None) or ""
            with _refusing(f"there is no interface {scope}"):
                index = socket.if_nametoindex(scope) if scope and self._allow_other else self._index()
            return socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
        own = str(address) if address else "0.0.0.0"  # noqa: S104 - the system chooses the interface
        return socket.inet_aton(group) + socket.inet_aton(own if self._allow_other else Family.IPV4.loopback)

    def _index(self) -> int:
        """The interface of IPv6 multicast: the loopback one, or the one that the system chooses."""
        if self._allow_other:
            return 0
        return next((n for n, name in socket.if_nameindex() if name.startswith("lo")), 0)

    def _loopback_interface(self) -> bytes:
        if self._family is Family.IPV4:
            return socket.inet_aton(self._family.loopback)
        return struct.pack("@I", self._index())

    def _option(self, what: str) -> tuple[int, int]:
        """The system's name of a multicast option."""
        names = {
            "MULTICAST_IF": ("IP_MULTICAST_IF", "IPV6_MULTICAST_IF"),
            "TTL": ("IP_MULTICAST_TTL", "IPV6_MULTICAST_HOPS"),
            "LOOP": ("IP_MULTICAST_LOOP", "IPV6_MULTICAST_LOOP"),
            "JOIN": ("IP_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP"),
            "LEAVE": ("IP_DROP_MEMBERSHIP", "IPV6_LEAVE_GROUP"),
        }[what]
        v4 = self._family is Family.IPV4
        return socket.IPPROTO_IP if v4 else socket.IPPROTO_IPV6, getattr(socket, names[0 if v4 else 1])

    def set_multicast_ttl(self, hops: int) -> None:
        """How far multicast goes."""
        with _refusing("the multicast TTL cannot be set"):
            self._main.setsockopt(*self._option("TTL"), hops)

    def set_multicast_loopback(self, *, on: bool) -> None:
        """Whether sockets of this host get it."""
        self._loops_back = on
        with _refusing("multicast loopback cannot be set"):
            self._main.setsockopt(*self._option("LOOP"), int(on))

    def set_broadcast(self, *, on: bool) -> None:
        """Whether it may broadcast."""
        with _refusing("broadcast cannot be set"):
            self._main.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, int(on))

    def send(self, data: bytes, address: str, port: int) -> int:
        """Send one datagram."""
        target = parse_address(address, self._family)
        if not 1 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port")
        place = str(target)
        if not self._allow_other:
            if place == LIMITED_BROADCAST:
                place = _LOOPBACK_BROADCAST
            elif target.is_multicast and not self._loops_back:
                return len(data)  # all of this network is the own host, which is not to get it
            elif not target.is_loopback and not target.is_multicast:
                raise _leaves(address)
        with _refusing(f"nothing can be sent to {address} port {port}"):
            return self._main.sendto(data, (place, port))

    def poll(self) -> None:
        """Take in what has arrived."""
        for one in (self._main, self._broadcasts, *self._groups.values()):
            if one is not None and self._port:
                self._drain(one)

    def _drain(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):  # nothing more waits, or an old datagram was sent back as undeliverable
            for _ in range(_READS):
                data, sender = one.recvfrom(_READ_BYTES)
                self._take(Datagram(data, sender[0], sender[1]))

    def close(self) -> None:
        """Give back the port."""
        for one in (self._main, self._broadcasts, *self._groups.values()):
            if one is not None:
                one.close()
        self._groups.clear()
        self._broadcasts = None
        self._port = 0


class RealTcp:
    """A plugin's TCP socket."""

    def __init__(self, take: Callable[[bytes], None], *, allow_other: bool) -> None:
        self._take = take
        self._allow_other = allow_other
        self._socket: socket.socket | None = None
        self.connection = Connection.NEW

    def connect(self, address: str, port: int) -> None:
        """Begin to connect."""
        target = parse_address(address)
        if not 1 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port")
        if not self._allow_other and not target.is_loopback:
            raise _leaves(address)
        with _refusing("no socket can be made"):
            self._socket = socket.socket(socket.AF_INET if target.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self.connection = Connection.CONNECTING
        code = self._socket.connect_ex((str(target), port))
        if code == 0:
            self.connection = Connection.CONNECTED
        elif code not in _UNDER_WAY:
            self._end()

    def send(self, data: bytes) -> int:
        """Send."""
        if self._socket is None or self.connection is not Connection.CONNECTED:
            raise NetworkError(f"the socket is {self.connection.value}")
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._end()
            raise NetworkError(f"the connection broke: {error.strerror}") from None

    def poll(self) -> None:
        """Notice that it connected, take in what has arrived, notice that it ended."""
        if self.connection is Connection.CONNECTING:
            self._look_whether_connected()
        if self.connection is Connection.CONNECTED and self._socket is not None:
            self._drain(self._socket)

    def _look_whether_connected(self) -> None:
        connecting: Any = self._socket
        if connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end()
            return
        with contextlib.suppress(OSError):  # there is no other end yet
            connecting.getpeername()
            self.connection = Connection.CONNECTED

    def _drain(self, connected: socket.socket) -> None:
        try:
            for _ in range(_CHUNKS):
                chunk = connected.recv(_READ_BYTES)
                if not chunk:
                    self._end()
                    return
                self._take(chunk)
        except BlockingIOError:
            return
        except OSError:
            self._end()

    def close(self) -> None:
        """End the connection."""
        self._end()

    def _end(self) -> None:
        self.connection = Connection.CLOSED
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _leaves(address: str) -> NetworkError:
    return NetworkError(f"{address} is not a loopback address, and this network reaches no other")
