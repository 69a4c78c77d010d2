"""The rest of the boat, for plugins' sockets: the same devices on the simulated network and on real sockets."""

from __future__ import annotations

import contextlib
import select
import socket

import pytest

from refhost.network.interface import Family
from refhost.network.loopback import LoopbackNetwork
from refhost.network.simulated import SimulatedNetwork

SECONDS = 2.0
GROUPS = {Family.IPV4: "239.7.6.5", Family.IPV6: "ff01::765"}


class SimulatedSide:
    """Devices of a test on the simulated network."""

    real = False
    carries_multicast = True

    def __init__(self, family: Family) -> None:
        self.family = family
        self.network = SimulatedNetwork()
        self.address = "10.0.9.9" if family is Family.IPV4 else "fd00::99"

    @property
    def host_address(self) -> str:
        return self.network.hosts[0].addresses[self.family]

    def udp(self):
        return self.network.udp(self.address)

    def listen(self):
        return self.network.listen(self.address, 2000)

    def arrived(self, speaker, number: int) -> None:
        """It has."""

    def close(self) -> None:
        """Nothing is open."""


class RealSide:
    """The same with real sockets on the loopback interface; whatever waits, waits for a socket and only so long."""

    real = True

    def __init__(self, family: Family) -> None:
        self.family = family
        self.network = LoopbackNetwork()
        self.address = self.host_address = family.loopback
        self._af = socket.AF_INET if family is Family.IPV4 else socket.AF_INET6
        self._open: list[socket.socket] = []

    def _socket(self, kind: int) -> socket.socket:
        made = socket.socket(self._af, kind)
        made.bind((self.address, 0))
        made.settimeout(SECONDS)
        self._open.append(made)
        return made

    def udp(self):
        made = self._socket(socket.SOCK_DGRAM)
        if self.family is Family.IPV4:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.address))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        else:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("lo"))
        return _RealUdpPeer(made, self.address)

    @property
    def carries_multicast(self) -> bool:
        """Whether the system routes multicast over its loopback interface: Linux has no such route for IPv6."""
        with contextlib.suppress(OSError):
            self.udp().send(b"?", 9, GROUPS[self.family])
            return True
        return False

    def listen(self):
        made = self._socket(socket.SOCK_STREAM)
        made.listen()
        return _RealListener(made, self._open)

    def arrived(self, speaker, number: int) -> None:
        """Wait until there is something for a plugin's socket."""
        real = speaker.plugin._runtime.sockets._sockets[number].socket
        if hasattr(real, "_main"):
            waiting = [one for one in (real._main, real._broadcasts, *real._groups.values()) if one]
        else:
            waiting = [real._socket] if real._socket else []
        select.select(waiting, [], [], SECONDS)

    def close(self) -> None:
        for one in self._open:
            one.close()


def sides(*families: Family) -> list:
    """Both networks with each of these families, as parameters of the fixture `side`."""
    return [
        pytest.param((kind, family), id=f"{name}-{family.name}")
        for name, kind in (("simulated", SimulatedSide), ("real", RealSide))
        for family in families
    ]


class _RealUdpPeer:
    def __init__(self, real: socket.socket, address: str) -> None:
        self._real = real
        self.address, self.port = real.getsockname()[:2]

    def send(self, data: bytes, port: int, address: str = "") -> None:
        self._real.sendto(data, (address or self.address, port))

    def receive(self):
        data, sender = self._real.recvfrom(65536)
        return type("Datagram", (), {"data": data, "address": sender[0], "port": sender[1]})


class _RealListener:
    def __init__(self, real: socket.socket, opened: list[socket.socket]) -> None:
        self._real = real
        self._opened = opened
        self.address, self.port = real.getsockname()[:2]

    def accept(self):
        connected, _ = self._real.accept()
        connected.settimeout(SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._opened.append(connected)
        return _RealTcpPeer(connected)

    def close(self) -> None:
        self._real.close()


class _RealTcpPeer:
    def __init__(self, real: socket.socket) -> None:
        self._real = real

    def send(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self._real.sendall(chunk)

    def receive(self) -> bytes:
        return self._real.recv(65536)

    def close(self) -> None:
        self._real.close()


def bound(speaker, side) -> tuple[int, int]:
    """A bound UDP socket of a plugin: its id and its port, which a device is told."""
    number = speaker.sk_udp_create(side.family.value)
    assert number > 0
    assert speaker.sk_udp_bind(number, 0) == 0
    device = side.udp()
    assert speaker.sk_udp_send(number, device.address, device.port, b"?") == 1
    return number, device.receive().port


def connected(speaker, side):
    """A connected TCP socket of a plugin, and the device's end."""
    listener = side.listen()
    number = speaker.sk_tcp_create()
    assert speaker.sk_tcp_connect(number, listener.address, listener.port) == 0
    device = listener.accept()
    assert speaker.sk_tcp_connected(number) == 1
    return number, device


def pending(speaker, side, number: int, count: int, kind: str = "udp") -> int:
    """How many wait, once so many do."""
    for _ in range(20):
        found = speaker.call(f"sk_{kind}_pending", number)
        if found >= count:
            return found
        side.arrived(speaker, number)
    return found
