"""UDP sockets of plugins, on a simulated network and on real sockets alike (contract §17)."""

from __future__ import annotations

import pytest
from far_side import GROUPS, bound, pending, sides
from speaker import ADDRESS, PORT, ROOM

from refhost.network.interface import Family


def test_a_datagram_is_received_with_where_it_came_from(side, speaker):
    number, port = bound(speaker, side)
    device = side.udp()
    device.send(b"\x00\xff one", port, side.host_address)
    assert pending(speaker, side, number, 1) == 1
    assert speaker.udp_recv(number) == (b"\x00\xff one", device.address, device.port)
    assert speaker.udp_recv(number) == 0
    assert speaker.sk_udp_pending(number) == 0
    assert speaker.records() == []


def test_only_what_is_received_is_written(side, speaker):
    number, port = bound(speaker, side)
    device = side.udp()
    device.send(b"abc", port, side.host_address)
    pending(speaker, side, number, 1)
    for place in (ROOM - 1, ADDRESS - 1, PORT - 1):
        speaker.memory.write(place, b"#" * 60)
    assert speaker.sk_udp_recv(number, ROOM, 50, ADDRESS, PORT) == 3
    assert speaker.memory.read(ROOM - 1, 60) == b"#abc" + b"#" * 56
    address = device.address.encode() + b"\0"
    assert speaker.memory.read(ADDRESS - 1, 60) == (b"#" + address).ljust(60, b"#")
    assert speaker.memory.read(PORT - 1, 4) == b"#" + device.port.to_bytes(2, "little") + b"#"


def test_a_datagram_longer_than_the_buffer_is_cut(side, speaker):
    number, port = bound(speaker, side)
    device = side.udp()
    device.send(b"0123456789", port, side.host_address)
    device.send(b"next", port, side.host_address)
    pending(speaker, side, number, 2)
    assert speaker.udp_recv(number, 4)[0] == b"0123"
    assert speaker.udp_recv(number, 4)[0] == b"next"
    assert "a datagram of 10 bytes is cut to 4" in speaker.reason()


def test_a_plugin_sends_and_is_answered_without_having_bound(side, speaker):
    number, device = speaker.sk_udp_create(side.family.value), side.udp()
    assert speaker.sk_udp_send(number, device.address, device.port, b"ping") == 4
    asked = device.receive()
    assert (asked.data, asked.address) == (b"ping", side.host_address)
    device.send(b"pong", asked.port, asked.address)
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number) == (b"pong", device.address, device.port)


def test_nothing_arrives_before_a_socket_is_bound(side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    assert speaker.udp_recv(number) == 0
    assert speaker.sk_udp_pending(number) == 0


def test_a_thousand_datagrams_wait_and_the_oldest_go_first(side, speaker):
    number, port = bound(speaker, side)
    device = side.udp()
    for count in range(1003):
        device.send(b"%d" % count, port, side.host_address)
        speaker.sk_udp_pending(number)
    assert pending(speaker, side, number, 1000) == 1000
    assert speaker.udp_recv(number)[0] == b"3"
    assert speaker.sk_udp_pending(number) == 999
    assert ["the oldest are dropped" in r.text for r in speaker.records()] == [True]


def test_an_empty_datagram_never_waits(side, speaker):
    number, port = bound(speaker, side)
    device = side.udp()
    device.send(b"", port, side.host_address)
    device.send(b"1", port, side.host_address)
    assert pending(speaker, side, number, 1) == 1
    assert speaker.udp_recv(number)[0] == b"1"


def test_the_longest_datagram_goes_both_ways(side, speaker):
    number, port = bound(speaker, side)
    device, data = side.udp(), b"x" * 65507
    assert speaker.sk_udp_send(number, device.address, device.port, data) == 65507
    assert device.receive().data == data
    device.send(data, port, side.host_address)
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number, 65507)[0] == data
    assert speaker.sk_udp_send(number, device.address, device.port, b"x" * 65528) == -1
    assert "holds at most" in speaker.reason()


def test_sockets_share_a_port_and_the_last_one_gets_the_datagram(side, speaker):
    first, port = bound(speaker, side)
    second = speaker.sk_udp_create(side.family.value)
    assert speaker.sk_udp_bind(second, port) == 0
    side.udp().send(b"1", port, side.host_address)
    assert pending(speaker, side, second, 1) == 1
    assert speaker.sk_udp_pending(first) == 0


def test_the_host_speaks_to_itself_by_the_loopback_address(side, speaker):
    number, port = bound(speaker, side)
    other = speaker.sk_udp_create(side.family.value)
    for address in (side.family.loopback, "localhost"):
        assert speaker.sk_udp_send(other, address, port, b"me") == 2
        pending(speaker, side, number, 1)
        data, source, _ = speaker.udp_recv(number)
        assert (data, source) == (b"me", side.family.loopback)


@pytest.mark.parametrize("when", ["before bind", "after bind"])
def test_a_group_is_joined_and_left(when, side, speaker, multicast):
    group, device = GROUPS[side.family], side.udp()
    number = speaker.sk_udp_create(side.family.value)
    if when == "before bind":
        assert speaker.sk_udp_join_multicast(number, group, "") == 0
    port = _bind_somewhere(speaker, side, number)
    if when == "after bind":
        device.send(b"early", port, group)
        assert speaker.sk_udp_join_multicast(number, group, "") == 0
    device.send(b"1", port, group)
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number) == (b"1", device.address, device.port)
    assert speaker.sk_udp_leave_multicast(number, group, "") == 0
    device.send(b"2", port, group)
    device.send(b"3", port, side.host_address)
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number)[0] == b"3"
    assert speaker.sk_udp_pending(number) == 0


def _bind_somewhere(speaker, side, number: int) -> int:
    assert speaker.sk_udp_bind(number, 0) == 0
    device = side.udp()
    speaker.sk_udp_send(number, device.address, device.port, b"?")
    return device.receive().port


def test_what_is_deferred_takes_effect_in_order(side, speaker, multicast):
    group, device = GROUPS[side.family], side.udp()
    number = speaker.sk_udp_create(side.family.value)
    assert speaker.sk_udp_join_multicast(number, group, "") == 0
    assert speaker.sk_udp_leave_multicast(number, group, "") == 0
    port = _bind_somewhere(speaker, side, number)
    device.send(b"1", port, group)
    device.send(b"2", port, side.host_address)
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number)[0] == b"2"


def test_a_deferred_option_that_fails_is_logged_and_the_socket_is_bound(side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    assert speaker.sk_udp_leave_multicast(number, GROUPS[side.family], "") == 0
    assert speaker.sk_udp_bind(number, 0) == 0
    (record,) = speaker.records()
    assert (record.kind, record.function) == ("refused", "sk_udp_leave_multicast")
    assert "deferred" in record.text
    assert "was not joined" in record.text


def test_a_group_is_joined_once_and_left_once(side, speaker):
    number, _ = bound(speaker, side)
    group = GROUPS[side.family]
    assert speaker.sk_udp_leave_multicast(number, group, "") == -1
    assert speaker.sk_udp_join_multicast(number, group, side.family.loopback) == 0
    assert speaker.sk_udp_join_multicast(number, group, side.family.loopback) == -1
    assert speaker.sk_udp_leave_multicast(number, group, side.family.loopback) == 0
    assert speaker.sk_udp_leave_multicast(number, group, side.family.loopback) == -1


@pytest.mark.parametrize("group", ["10.0.0.1", "fd00::1", "", "radar.local", "224.0.0.1\0", "1" * 100_000])
@pytest.mark.parametrize("when", ["before bind", "after bind"])
def test_what_is_no_group_is_refused_at_once(group, when, side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    if when == "after bind":
        speaker.sk_udp_bind(number, 0)
    assert speaker.sk_udp_join_multicast(number, group, "") == -1
    assert speaker.sk_udp_leave_multicast(number, group, "") == -1
    assert len(speaker.reason()) < 200


def test_a_group_or_interface_of_the_other_family_is_refused(side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    other = next(family for family in Family if family is not side.family)
    assert speaker.sk_udp_join_multicast(number, GROUPS[other], "") == -1
    assert speaker.sk_udp_join_multicast(number, GROUPS[side.family], other.loopback) == -1
    assert speaker.sk_udp_join_multicast(number, GROUPS[side.family], "eth0") == -1


def test_a_socket_is_in_a_bounded_number_of_groups(side, speaker):
    number, _ = bound(speaker, side)
    groups = [f"239.0.0.{n}" if side.family is Family.IPV4 else f"ff01::{n:x}" for n in range(1, 22)]
    assert [speaker.sk_udp_join_multicast(number, group, "") for group in groups] == [0] * 20 + [-1]


@pytest.mark.parametrize("on", [0, 1])
@pytest.mark.parametrize("when", ["before bind", "after bind"])
def test_multicast_loops_back_to_the_own_host_unless_switched_off(on, when, side, speaker, multicast):
    group = GROUPS[side.family]
    number, port = bound(speaker, side)
    speaker.sk_udp_join_multicast(number, group, "")
    sender = speaker.sk_udp_create(side.family.value)
    if when == "before bind":
        assert speaker.sk_udp_set_multicast_loopback(sender, on) == 0
    speaker.sk_udp_bind(sender, 0)
    if when == "after bind":
        assert speaker.sk_udp_set_multicast_loopback(sender, on) == 0
    assert speaker.sk_udp_send(sender, group, port, b"1") == 1
    assert speaker.sk_udp_send(sender, side.family.loopback, port, b"2") == 1
    pending(speaker, side, number, 1 + on)
    received = {speaker.udp_recv(number)[0] for _ in range(1 + on)}
    assert received == ({b"1", b"2"} if on else {b"2"})
    assert speaker.sk_udp_pending(number) == 0


@pytest.mark.parametrize("hops", [-1, 256, 2**31 - 1])
def test_a_ttl_is_a_byte(hops, side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    assert speaker.sk_udp_set_multicast_ttl(number, hops) == -1
    assert [speaker.sk_udp_set_multicast_ttl(number, fine) for fine in (0, 1, 255)] == [0, 0, 0]
    assert speaker.sk_udp_bind(number, 0) == 0
    assert speaker.sk_udp_set_multicast_ttl(number, 32) == 0
    assert [r.text for r in speaker.records()] == [f"a TTL is 0 to 255, not {hops}"]


@pytest.mark.parametrize("side", sides(Family.IPV4), indirect=True)
@pytest.mark.parametrize("when", ["before bind", "after bind"])
def test_broadcast_has_to_be_allowed(when, side, speaker):
    number, port = bound(speaker, side)
    sender = speaker.sk_udp_create(0)
    if when == "before bind":
        assert speaker.sk_udp_set_broadcast(sender, 1) == 0
    else:
        assert speaker.sk_udp_send(sender, "255.255.255.255", port, b"1") == -1
        assert speaker.sk_udp_set_broadcast(sender, 7) == 0
    assert speaker.sk_udp_send(sender, "255.255.255.255", port, b"all") == 3
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number)[0] == b"all"
    assert speaker.sk_udp_set_broadcast(sender, 0) == 0
    assert speaker.sk_udp_send(sender, "255.255.255.255", port, b"1") == -1


@pytest.mark.parametrize("side", sides(Family.IPV4), indirect=True)
def test_a_broadcast_of_a_device_is_received(side, speaker):
    number, port = bound(speaker, side)
    side.udp().send(b"all", port, "127.255.255.255" if side.real else "10.0.0.255")
    pending(speaker, side, number, 1)
    assert speaker.udp_recv(number)[0] == b"all"


@pytest.mark.parametrize("kind", [2, -1, 256])
def test_there_are_two_types_of_udp_sockets(kind, side, speaker):
    assert speaker.sk_udp_create(kind) == -1


@pytest.mark.parametrize("port", [-1, 65536, -(2**31)])
def test_what_is_no_port_is_refused(port, side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    assert speaker.sk_udp_bind(number, port) == -1
    assert speaker.sk_udp_send(number, side.family.loopback, port, b"1") == -1
    assert speaker.sk_udp_send(number, side.family.loopback, 0, b"1") == -1
    tcp = speaker.sk_tcp_create()
    assert speaker.sk_tcp_connect(tcp, side.family.loopback, port) == -1
    assert speaker.sk_tcp_connect(tcp, side.family.loopback, 0) == -1
    assert speaker.sk_udp_bind(number, 0) == 0


def test_a_socket_is_bound_once(side, speaker):
    number, _ = bound(speaker, side)
    assert speaker.sk_udp_bind(number, 0) == -1
    assert "bound already" in speaker.reason()


@pytest.mark.parametrize(
    "address", ["", "plotter.local", "300.1.1.1", "127.1", "1" * 100_000, "127.0.0.1\0", "٣.1.1.1"]
)
def test_names_are_not_looked_up(address, side, speaker):
    number = speaker.sk_udp_create(side.family.value)
    assert speaker.sk_udp_send(number, address, 1000, b"1") == -1
    assert "names are not looked up" in speaker.reason()
    assert speaker.sk_tcp_connect(speaker.sk_tcp_create(), address, 1000) == -1
    assert "names are not looked up" in speaker.reason()


def test_a_datagram_to_nobody_is_lost_like_on_any_network(side, speaker):
    number, port = bound(speaker, side)
    speaker.sk_udp_close(number)
    other = speaker.sk_udp_create(side.family.value)
    assert [speaker.sk_udp_send(other, side.family.loopback, port, b"1") for _ in range(3)] == [1, 1, 1]
    assert speaker.udp_recv(other) == 0
