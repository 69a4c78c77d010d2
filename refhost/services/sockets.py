"""UDP and TCP sockets of one plugin (contract §17). Nothing here waits."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from refhost.network.interface import Connection, Family, NetworkError, parse_address, parse_group
from refhost.network.queued import QueuedTcp, QueuedUdp
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refhost.departures.sockets import OpenSockets
    from refhost.limits import Limits
    from refhost.network.interface import NetworkInterface

MAX_TTL = 255
# What fits the 46 bytes of `addr_out` with its NUL (§4): every IP address does.
ADDRESS_CHARACTERS = 45

Socket = TypeVar("Socket", QueuedUdp, QueuedTcp)


@dataclass(frozen=True)
class OpenSocket:
    """A plugin's open socket: its id, `udp` or `tcp`, and the port that it asked to be bound to; 0 for none."""

    number: int
    kind: str
    port: int


class SocketService:
    """The sockets of one plugin, which no other plugin can name: it has only its own in its table.

    Args:
        interface: how the host is on its network.
        ids: of the host, so that no two sockets of it ever have the same.
        limits: how many sockets, and how much may wait in one.
        log: writes a record: kind, text, function.
        every: the open sockets of the whole host.
        switches: the profile.
        scoped: whether the server knows the plugin by two names.
    """

    def __init__(
        self,
        interface: NetworkInterface,
        ids: Iterator[int],
        limits: Limits,
        log: Callable[[str, str, str], None],
        every: OpenSockets,
        switches: Switches = BY_THE_BOOK,
        *,
        scoped: bool = False,
    ) -> None:
        self._interface = interface
        self._ids = ids
        self._limits = limits
        self._log = log
        self._every = every
        self._switches = switches
        self._scoped = scoped
        self._sockets: dict[int, QueuedUdp | QueuedTcp] = {}

    @property
    def open(self) -> list[OpenSocket]:
        """The open sockets, in the order in which they were made."""
        return [OpenSocket(abs(number), one.kind, one.port) for number, one in self._sockets.items()]

    def close(self) -> None:
        """The instance has stopped or is gone: every socket of it closes (§17)."""
        if self._sockets:
            kinds = ", ".join(f"{one.kind} {one.port}" if one.port else one.kind for one in self._sockets.values())
            self._log("warning", f"the sockets that it left open are closed: {kinds}", "")
        for number, one in reversed(list(self._sockets.items())):
            if (one.kind == "tcp" or self._scoped) and self._switches.departs("D21", "stop"):
                continue
            self._every.remove(number)
            with _refusing():
                one.close()

    def _add(self, one: QueuedUdp | QueuedTcp) -> int:
        apart = one.kind == "tcp" and self._switches.departs("NUMBERS", "sk_tcp_create")
        number = -self._every.tcp_number() if apart else next(self._ids)
        self._sockets[number] = one
        self._every.add(number, self._sockets)
        return abs(number)

    def _key(self, number: int, kind: type[Socket]) -> int:
        """Under which a socket is in the tables: its id, or its opposite where TCP sockets are numbered apart."""
        if not self._switches.has("NUMBERS"):
            return number
        return -max(number, 0) if kind.kind == "tcp" else max(number, 0)

    def _as_text(self, chunk: bytes) -> bytes:
        """A chunk that is split into lines; there it becomes text by itself first, so that a cut character is lost."""
        read = chunk.decode("utf-8", "replace").encode()
        return read if read != chunk and self._switches.departs("LINES", "sk_tcp_recv_line") else chunk

    def _check_room(self) -> None:
        if len(self._sockets) >= self._limits.sockets:
            raise Refused(f"{self._limits.sockets} sockets are open, which is the limit (§19): close some")

    def _find(self, number: int, kind: type[Socket]) -> Socket:
        key = self._key(number, kind)
        one = self._sockets.get(key) or self._foreign(key)
        if one is None:
            raise Refused(f"{number} is not the id of an open socket of this plugin")
        if not isinstance(one, kind):
            raise Refused(f"{number} is the id of a {one.kind} socket")
        return one

    def _unwaited(self, function: str, step: Callable[[], int], success: int = 0) -> int:
        """Do what is not waited for there, so that its failure is told as a success (SOCKETS)."""
        try:
            with _refusing():
                return step()
        except Refused:
            if not self._switches.departs("SOCKETS", function):
                raise
        return success

    def _has_room(self, size: int, function: str) -> bool:
        """Whether anything can be received; into no bytes it is an error, and there nothing (SOCKETS)."""
        if size == 0 and self._switches.departs("SOCKETS", function):
            return False
        _check_size(size)
        return True

    def _foreign(self, number: int) -> QueuedUdp | None:
        """Another plugin's UDP socket, where the profile lets it be used (D20)."""
        one = self._every.find(number)
        return one if isinstance(one, QueuedUdp) and self._switches.departs("D20", "sk_udp_*") else None

    # UDP.

    def udp_create(self, family: int) -> int:
        """A new socket: 0 for IPv4, 1 for IPv6; its id."""
        if family not in (0, 1) and self._switches.departs("SOCKETS", "sk_udp_create"):
            family = 0
        if family not in (0, 1):
            raise Refused(f"the type of a UDP socket is 0 (udp4) or 1 (udp6), not {family}")
        self._check_room()
        with _refusing():
            return self._add(QueuedUdp(self._interface, Family(family), self._limits.socket_bytes, self._log))

    def udp_bind(self, number: int, port: int) -> None:
        """Receive on a port; 0 for any free one."""

        def bind() -> int:
            self._find(number, QueuedUdp).bind(port)
            return 0

        self._unwaited("sk_udp_bind", bind)

    def udp_join_multicast(self, number: int, group: str, interface: str) -> None:
        """Join a multicast group; an empty interface leaves the choice to the host."""
        self._change_membership(number, group, interface, join=True)

    def udp_leave_multicast(self, number: int, group: str, interface: str) -> None:
        """Leave a multicast group."""
        self._change_membership(number, group, interface, join=False)

    def _change_membership(self, number: int, group: str, interface: str, *, join: bool) -> None:
        one = self._find(number, QueuedUdp)
        with _refusing():
            parse_group(group, one.family)
            if interface:
                parse_address(interface, one.family)
            change = one.socket.join if join else one.socket.leave
            one.set("sk_udp_join_multicast" if join else "sk_udp_leave_multicast", lambda: change(group, interface))

    def udp_set_multicast_ttl(self, number: int, hops: int) -> None:
        """How many hops multicast goes."""
        one = self._find(number, QueuedUdp)
        if not 0 <= hops <= MAX_TTL:
            raise Refused(f"a TTL is 0 to {MAX_TTL}, not {hops}")
        with _refusing():
            one.set("sk_udp_set_multicast_ttl", lambda: one.socket.set_multicast_ttl(hops))

    def udp_set_multicast_loopback(self, number: int, on: int) -> None:
        """Whether sockets of this host get the multicast that it sends."""
        one = self._find(number, QueuedUdp)
        with _refusing():
            one.set("sk_udp_set_multicast_loopback", lambda: one.socket.set_multicast_loopback(on=on != 0))

    def udp_set_broadcast(self, number: int, on: int) -> None:
        """Whether it may send to broadcast addresses."""
        one = self._find(number, QueuedUdp)
        with _refusing():
            one.set("sk_udp_set_broadcast", lambda: one.socket.set_broadcast(on=on != 0))

    def udp_send(self, number: int, address: str, port: int, data: bytes) -> int:
        """Send one datagram; the bytes accepted."""
        return self._unwaited("sk_udp_send", lambda: self._sent(number, address, port, data), len(data))

    def _sent(self, number: int, address: str, port: int, data: bytes) -> int:
        one = self._find(number, QueuedUdp)
        if len(data) > one.family.max_datagram:
            raise Refused(f"a datagram holds at most {one.family.max_datagram} bytes, not {len(data)}")
        with _refusing():
            return one.send(data, address, port)

    def udp_recv(self, number: int, size: int) -> tuple[bytes, str, int] | None:
        """Take the oldest datagram, cut to `size` bytes, with the address and port that it came from."""
        one = self._find(number, QueuedUdp)
        if not self._has_room(size, "sk_udp_recv"):
            return None
        with _refusing():
            datagram = one.take()
        if datagram is None:
            return None
        if len(datagram.data) > size:
            self._log("warning", f"a datagram of {len(datagram.data)} bytes is cut to {size}", "sk_udp_recv")
        address = datagram.address
        if len(address) > ADDRESS_CHARACTERS:  # the name of an interface after it is too much
            address = address.partition("%")[0]
        return datagram.data[:size], address, datagram.port

    def udp_pending(self, number: int) -> int:
        """How many datagrams wait."""
        return self._unwaited("sk_udp_pending", lambda: self._find(number, QueuedUdp).pending())

    def udp_close(self, number: int) -> None:
        """Close a socket."""
        self._close(number, QueuedUdp)

    # TCP.

    def tcp_create(self) -> int:
        """A new socket; its id."""
        self._check_room()
        with _refusing():
            return self._add(QueuedTcp(self._interface, self._limits.socket_bytes, self._log, self._as_text))

    def tcp_connect(self, number: int, address: str, port: int) -> None:
        """Begin to connect."""
        with _refusing():
            self._find(number, QueuedTcp).connect(address, port)

    def tcp_connected(self, number: int) -> int:
        """1 when it is connected."""
        with _refusing():
            one = self._find(number, QueuedTcp)
            self._check_still_there(one, "sk_tcp_connected")
            return int(one.is_connected())

    def _check_still_there(self, one: QueuedTcp, function: str) -> None:
        """There, a connection that was refused or closed by the other side takes its socket along."""
        one.socket.poll()
        if one.socket.connection is Connection.CLOSED and self._switches.departs("CLOSED", function):
            raise Refused("the connection is closed, and its socket is gone with it (CLOSED)")

    def tcp_set_line_buffering(self, number: int, on: int) -> None:
        """Whether what arrives is split into lines."""
        with _refusing():
            self._find(number, QueuedTcp).set_line_buffering(on=on != 0)

    def tcp_send(self, number: int, data: bytes) -> int:
        """Send; the bytes accepted, which may be fewer."""
        return self._unwaited("sk_tcp_send", lambda: self._find(number, QueuedTcp).send(data), len(data))

    def tcp_recv_line(self, number: int, size: int) -> tuple[bytes] | None:
        """Take the oldest line, without its end, cut to `size` bytes."""
        one = self._find(number, QueuedTcp)
        if not self._has_room(size, "sk_tcp_recv_line"):
            return None
        with _refusing():
            self._check_still_there(one, "sk_tcp_recv_line")
            line = one.take_line()
        if line is None:
            return None
        if len(line) > size:
            self._log("warning", f"a line of {len(line)} bytes is cut to {size}", "sk_tcp_recv_line")
        return (line[:size],)

    def tcp_recv_raw(self, number: int, size: int) -> tuple[bytes] | None:
        """Take the oldest chunk, or as much of it as `size` allows: the rest waits for the next call."""
        one = self._find(number, QueuedTcp)
        if not self._has_room(size, "sk_tcp_recv_raw"):
            return None
        with _refusing():
            self._check_still_there(one, "sk_tcp_recv_raw")
            chunk = one.take_raw(size)
        return None if chunk is None else (chunk,)

    def tcp_pending(self, number: int) -> int:
        """How many lines wait, or chunks without line buffering."""
        with _refusing():
            return self._find(number, QueuedTcp).pending()

    def tcp_close(self, number: int) -> None:
        """Close a socket."""
        self._close(number, QueuedTcp)

    def _close(self, number: int, kind: type[Socket]) -> None:
        one = self._find(number, kind)
        self._every.remove(self._key(number, kind))
        with _refusing():
            one.close()


@contextmanager
def _refusing() -> Iterator[None]:
    """What the network does not do is a failure of the function."""
    try:
        yield
    except NetworkError as error:
        raise Refused(str(error)) from None


def _check_size(size: int) -> None:
    if size == 0:  # its result could not be told from that of nothing, and what was taken would be lost
        raise Refused("a buffer of 0 bytes holds nothing: nothing is taken")
