"""Bounds of sockets, and their end with the plugin, on both networks (contract §17, §19)."""

from __future__ import annotations

import gc

import pytest
from far_side import GROUPS, bound, connected, pending
from speaker import Speaker

from refhost.errors import PluginTrap
from refhost.host import Host
from refhost.limits import Limits
from refhost.plugin import State


def test_ids_are_the_hosts_own_and_never_come_again(side, host, speaker):
    other = Speaker(host, "other")
    numbers = [speaker.sk_udp_create(0), other.sk_udp_create(1), other.sk_tcp_create(), speaker.sk_tcp_create()]
    speaker.sk_tcp_close(numbers[-1])
    numbers.append(speaker.sk_tcp_create())
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0


def test_a_buffer_of_nothing_takes_nothing(side, speaker):
    number, port = bound(speaker, side)
    side.udp().send(b"1", port, side.host_address)
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number, 0) == -1
    assert speaker.udp_recv(number)[0] == b"1"
    tcp = speaker.sk_tcp_create()
    assert [speaker.tcp_recv(tcp, how, 0) for how in ("line", "raw")] == [-1, -1]


def test_data_over_the_limit_of_a_message_is_refused(side):
    with Host(network=side.network, limits=Limits(message_bytes=100)) as host:
        speaker = Speaker(host)
        number, _ = connected(speaker, side)
        assert speaker.sk_tcp_send(number, b"x" * 101) == -1
        assert "§19" in speaker.reason()


def test_a_plugin_has_a_bounded_number_of_sockets(side):
    with Host(network=side.network, limits=Limits(sockets=3)) as host:
        speaker, other = Speaker(host), Speaker(host, "other")
        numbers = [speaker.sk_udp_create(0), speaker.sk_tcp_create(), speaker.sk_udp_create(1)]
        assert [speaker.sk_udp_create(0), speaker.sk_tcp_create()] == [-1, -1]
        assert "which is the limit (§19)" in speaker.reason()
        assert other.sk_tcp_create() > 0
        speaker.sk_udp_close(numbers[0])
        assert speaker.sk_tcp_create() > 0


OPEN = "(drop (call $sk_udp_bind (call $sk_udp_create (i32.const 0)) (i32.const 0))) (drop (call $sk_tcp_create))"


def _ways():
    def crash(host, speaker):
        with pytest.raises(PluginTrap):
            speaker.plugin._life.call(lambda instance: instance.number("trap"))
        assert speaker.plugin.state is State.CRASHED

    def reload(host, speaker):
        speaker.plugin.reload()
        assert speaker.plugin.is_running

    return {
        "stop": lambda host, speaker: speaker.plugin.stop(),
        "crash": crash,
        "unload": lambda host, speaker: host.unload(speaker.plugin),
        "close": lambda host, speaker: host.close(),
        "reload": reload,
        "begin to reload": lambda host, speaker: speaker.plugin.begin_reload(),
    }


@pytest.mark.parametrize("way", list(_ways().values()), ids=list(_ways()))
def test_every_socket_closes_when_its_plugin_ends(way, side, host, speaker):
    udp, _ = bound(speaker, side)
    speaker.sk_udp_join_multicast(udp, GROUPS[side.family], "")
    tcp, device = connected(speaker, side)
    other = Speaker(host, "other")
    others = other.sk_tcp_create()
    service = speaker.plugin._runtime.sockets
    way(host, speaker)
    assert service.open == []
    assert device.receive() == b""
    if host.plugins:
        assert other.sk_tcp_connected(others) == 0
    if speaker.plugin.is_running:
        assert speaker.udp_recv(udp) == -1
        assert speaker.sk_tcp_connected(tcp) == -1
    if not side.real:
        assert [e for e in side.network._endpoints if e.host] == []
    gc.collect()  # a socket that was left open would warn here


@pytest.mark.parametrize("status", [1, -1])
def test_sockets_of_a_failed_start_close(status, host):
    speaker = Speaker(host, start_code=OPEN, status=status)
    assert speaker.plugin.state is State.ERROR
    assert speaker.plugin.open_sockets == []
