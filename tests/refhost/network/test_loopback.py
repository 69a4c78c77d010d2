"""What only real sockets have: they stay on this machine, and the system has its own word."""

from __future__ import annotations

import contextlib
import gc
import socket

import pytest
from far_side import GROUPS, RealSide
from speaker import Speaker

from refhost.host import Host
from refhost.network.interface import Family
from refhost.network.loopback import LoopbackNetwork

ELSEWHERE = {Family.IPV4: ["192.0.2.1", "0.0.0.0", "192.0.2.255"], Family.IPV6: ["2001:db8::1", "::", "fe80::1%lo"]}


@pytest.fixture(params=list(Family), ids=lambda family: family.name)
def family(request):
    return request.param


@pytest.fixture
def speaker():
    with Host(network=LoopbackNetwork()) as host:
        yield Speaker(host)


def real(speaker, number: int):
    """The network's socket behind a plugin's."""
    return speaker.plugin._runtime.sockets._sockets[number].socket


def test_no_other_machine_is_reached(family, speaker):
    number = speaker.sk_udp_create(family.value)
    for address in ELSEWHERE[family]:
        assert speaker.sk_udp_send(number, address, 9, b"1") == -1
        assert "reaches no other" in speaker.reason()
        assert speaker.sk_tcp_connect(speaker.sk_tcp_create(), address, 9) == -1
        assert "reaches no other" in speaker.reason()


def test_a_socket_is_bound_to_the_loopback_address(family, speaker):
    number = speaker.sk_udp_create(family.value)
    assert speaker.sk_udp_bind(number, 0) == 0
    assert real(speaker, number)._main.getsockname()[0] == family.loopback


def test_only_the_loopback_interface_is_joined(family, speaker):
    number = speaker.sk_udp_create(family.value)
    speaker.sk_udp_bind(number, 0)
    for interface in ELSEWHERE[family][:1]:
        assert speaker.sk_udp_join_multicast(number, GROUPS[family], interface) == -1
        assert "another interface" in speaker.reason()
    everywhere = "0.0.0.0" if family is Family.IPV4 else "::"
    assert speaker.sk_udp_join_multicast(number, GROUPS[family], everywhere) == 0


def test_with_allow_other_a_socket_is_bound_to_every_address(family):
    with Host(network=LoopbackNetwork(allow_other=True)) as host:
        speaker = Speaker(host)
        number = speaker.sk_udp_create(family.value)
        assert speaker.sk_udp_bind(number, 0) == 0
        address, port = real(speaker, number)._main.getsockname()[:2]
        assert address == ("0.0.0.0" if family is Family.IPV4 else "::")
        assert speaker.sk_udp_send(number, family.loopback, port, b"me") == 2
        with contextlib.closing(RealSide(family)) as side:
            side.arrived(speaker, number)
        assert speaker.udp_recv(number) == (b"me", family.loopback, port)


def test_with_allow_other_a_group_is_joined_on_an_interface():
    with Host(network=LoopbackNetwork(allow_other=True)) as host:
        speaker = Speaker(host)
        number = speaker.sk_udp_create(0)
        speaker.sk_udp_bind(number, 0)
        assert speaker.sk_udp_join_multicast(number, "239.7.6.5", "127.0.0.1") == 0
        port = real(speaker, number)._main.getsockname()[1]
        with contextlib.closing(RealSide(Family.IPV4)) as side:
            side.udp().send(b"1", port, "239.7.6.5")
            side.arrived(speaker, number)
            assert speaker.udp_recv(number)[0] == b"1"
        assert speaker.sk_udp_leave_multicast(number, "239.7.6.5", "127.0.0.1") == 0
        assert speaker.sk_udp_join_multicast(number, "239.7.6.5", "192.0.2.77") == -1
        assert "cannot be joined" in speaker.reason()


def test_an_interface_that_is_not_there_is_refused():
    with Host(network=LoopbackNetwork(allow_other=True)) as host:
        speaker = Speaker(host)
        number = speaker.sk_udp_create(1)
        speaker.sk_udp_bind(number, 0)
        assert speaker.sk_udp_join_multicast(number, "ff02::1", "::%nowhere") == -1
        assert "no interface nowhere" in speaker.reason()


def test_a_port_that_another_program_has_is_refused(family, speaker):
    with contextlib.closing(RealSide(family)) as side:
        number = speaker.sk_udp_create(family.value)
        assert speaker.sk_udp_bind(number, side.udp().port) == -1
        assert "cannot be bound" in speaker.reason()
        assert speaker.sk_udp_bind(number, 0) == 0


def test_a_connection_that_breaks_is_closed(speaker):
    with contextlib.closing(RealSide(Family.IPV4)) as side:
        listener = side.listen()
        number = speaker.sk_tcp_create()
        speaker.sk_tcp_connect(number, listener.address, listener.port)
        device = listener.accept()
        assert speaker.sk_tcp_connected(number) == 1
        device._real.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        device.close()
        side.arrived(speaker, number)
        assert speaker.sk_tcp_connected(number) == 0
        assert speaker.sk_tcp_send(number, b"1") == -1


def test_when_the_system_makes_no_socket_the_plugin_goes_on(speaker, monkeypatch):
    def none(*_, **__):
        raise OSError(24, "Too many open files")

    tcp = speaker.sk_tcp_create()
    monkeypatch.setattr(socket, "socket", none)
    assert speaker.sk_udp_create(0) == -1
    assert "no socket can be made: Too many open files" in speaker.reason()
    assert speaker.sk_tcp_connect(tcp, "127.0.0.1", 9) == -1
    assert speaker.plugin.is_running


def test_a_closed_port_is_free_for_others(family, speaker):
    number = speaker.sk_udp_create(family.value)
    speaker.sk_udp_bind(number, 0)
    speaker.sk_udp_join_multicast(number, GROUPS[family], "")
    port = real(speaker, number)._main.getsockname()[1]
    speaker.plugin.stop()
    gc.collect()
    with contextlib.closing(
        socket.socket(socket.AF_INET if family is Family.IPV4 else socket.AF_INET6, socket.SOCK_DGRAM)
    ) as other:
        other.bind((family.loopback, port))
