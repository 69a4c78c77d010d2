"""What only a simulated network has: delay, several hosts, and devices that do as a test says (§17)."""

from __future__ import annotations

import socket

import pytest
from speaker import Speaker

from refhost.host import Host
from refhost.network import simulated, simulated_tcp
from refhost.network.interface import Family, NetworkError
from refhost.network.simulated import SimulatedNetwork

GROUP = "239.1.2.3"


@pytest.fixture
def network():
    return SimulatedNetwork()


@pytest.fixture
def hosts(network):
    with Host(network=network) as first, Host(network=network) as second:
        yield first, second


def udp(speaker, port: int = 0) -> int:
    number = speaker.sk_udp_create(0)
    assert speaker.sk_udp_bind(number, port) == 0
    return number


def test_it_is_what_a_host_has_unless_told():
    with Host() as first, Host() as second:
        assert isinstance(first.network, SimulatedNetwork)
        assert first.network is not second.network
        assert first.interface.address == second.interface.address == "10.0.0.1"


def test_it_opens_no_real_socket(monkeypatch, network):
    def real(*_, **__):
        raise AssertionError

    monkeypatch.setattr(socket, "socket", real)
    with Host(network=network) as host:
        speaker = Speaker(host)
        number = udp(speaker, 2000)
        network.udp("10.0.9.9").send(b"1", 2000)
        network.listen("10.0.9.9", 2000)
        tcp = speaker.sk_tcp_create()
        speaker.sk_tcp_connect(tcp, "10.0.9.9", 2000)
        assert speaker.sk_tcp_connected(tcp) == 1
        assert speaker.udp_recv(number)[0] == b"1"


def test_hosts_on_one_network_speak_to_each_other(hosts, network):
    one, two = map(Speaker, hosts)
    here, there = udp(one, 2000), udp(two, 2000)
    assert one.sk_udp_send(here, "10.0.0.2", 2000, b"over") == 4
    assert two.udp_recv(there) == (b"over", "10.0.0.1", 2000)
    assert one.udp_recv(here) == 0
    assert one.sk_udp_send(here, "127.0.0.1", 2000, b"self") == 4
    assert one.udp_recv(here) == (b"self", "127.0.0.1", 2000)
    assert two.udp_recv(there) == 0
    assert [host.addresses[Family.IPV6] for host in network.hosts] == ["fd00::1", "fd00::2"]


def test_multicast_reaches_who_joined_as_far_as_it_goes(hosts, network):
    one, two = map(Speaker, hosts)
    sender, own, there = udp(one), udp(one, 2000), udp(two, 2000)
    device = network.udp("10.0.9.9", 2000)
    one.sk_udp_join_multicast(own, GROUP, "10.0.0.1")
    two.sk_udp_join_multicast(there, GROUP, "")
    device.join(GROUP)

    def reached() -> list[bool]:
        one.sk_udp_send(sender, GROUP, 2000, b"1")
        return [one.udp_recv(own) != 0, two.udp_recv(there) != 0, device.receive() is not None]

    assert reached() == [True, True, True]
    one.sk_udp_set_multicast_ttl(sender, 0)
    assert reached() == [True, False, False]
    one.sk_udp_set_multicast_ttl(sender, 1)
    one.sk_udp_set_multicast_loopback(sender, 0)
    assert reached() == [False, True, True]
    device.leave(GROUP)
    two.sk_udp_leave_multicast(there, GROUP, "")
    assert reached() == [False, False, False]


def test_a_broadcast_reaches_everyone_on_the_port(hosts, network):
    one, two = map(Speaker, hosts)
    here, there, elsewhere = udp(one, 2000), udp(two, 2000), udp(two, 2001)
    device = network.udp("10.0.9.9", 2000)
    one.sk_udp_set_broadcast(here, 1)
    assert one.sk_udp_send(here, "10.0.0.255", 2000, b"all") == 3
    assert [one.udp_recv(here)[0], two.udp_recv(there)[0], device.receive().data] == [b"all"] * 3
    assert two.udp_recv(elsewhere) == 0


def test_without_a_host_a_device_has_nobody_to_send_to(network):
    device = network.udp("10.0.9.9")
    with pytest.raises(NetworkError, match="no host"):
        device.send(b"1", 2000)
    other = network.udp("10.0.9.8", 5)
    device.send(b"1", 5, "10.0.9.8")
    assert other.receive().address == device.address


def test_a_device_that_is_switched_off_gets_nothing(network, hosts):
    device = network.udp("10.0.9.9", 2000)
    device.close()
    speaker = Speaker(hosts[0])
    assert speaker.sk_udp_send(udp(speaker), "10.0.9.9", 2000, b"1") == 1
    assert device.receive() is None


@pytest.mark.parametrize(("address", "port"), [("plotter", 1), ("10.0.9.9", -1), ("10.0.9.9", 65536)])
def test_a_device_has_an_address_and_a_port(address, port, network):
    with pytest.raises(NetworkError):
        network.udp(address, port)


def test_one_device_listens_at_a_place(network):
    listener = network.listen("10.0.9.9", 2000)
    with pytest.raises(NetworkError, match="already"):
        network.listen("10.0.9.9", 2000)
    listener.close()
    network.listen("10.0.9.9", 2000)


def test_ports_that_are_free_are_not_soon_given_again(network):
    first = network.udp("10.0.9.9")
    first.close()
    assert network.udp("10.0.9.9").port == first.port + 1
    network._next_port = 65536
    assert network.udp("10.0.9.9").port == 49152
    assert network.udp("10.0.9.9").port == 49154


# -- delay


def test_everything_takes_its_time_on_a_network_with_delay():
    network = SimulatedNetwork(delay=0.05)
    with Host(network=network) as host:
        speaker = Speaker(host)
        number, device = udp(speaker, 2000), network.udp("10.0.9.9", 2000)
        device.send(b"in", 2000)
        speaker.sk_udp_send(number, "10.0.9.9", 2000, b"out")
        host.advance(0.049)
        assert (speaker.sk_udp_pending(number), device.receive()) == (0, None)
        host.advance(0.001)
        assert speaker.udp_recv(number)[0] == b"in"
        assert device.receive().data == b"out"


def test_a_connection_takes_its_time_too():
    network = SimulatedNetwork(delay=0.05)
    with Host(network=network) as host:
        speaker, listener = Speaker(host), network.listen("10.0.9.9", 2000)
        number = speaker.sk_tcp_create()
        assert speaker.sk_tcp_connect(number, "10.0.9.9", 2000) == 0
        assert speaker.sk_tcp_connected(number) == 0
        assert speaker.sk_tcp_send(number, b"1") == -1
        assert "still connecting" in speaker.reason()
        host.advance(0.05)
        assert speaker.sk_tcp_connected(number) == 1
        device = listener.accept()
        device.send(b"one\n", b"two\n")
        device.close()
        assert speaker.sk_tcp_send(number, b"out") == 3
        assert (speaker.sk_tcp_pending(number), device.receive()) == (0, b"")
        host.advance(0.05)
        assert [speaker.tcp_recv(number) for _ in range(3)] == [b"one", b"two", 0]
        assert device.receive() == b"out"
        assert speaker.sk_tcp_connected(number) == 0


def test_what_arrives_after_a_socket_closed_is_lost():
    network = SimulatedNetwork(delay=0.05)
    with Host(network=network) as host:
        speaker, listener = Speaker(host), network.listen("10.0.9.9", 2000)
        number, early = udp(speaker, 2000), speaker.sk_tcp_create()
        speaker.sk_tcp_connect(early, "10.0.9.9", 2000)
        network.udp("10.0.9.9").send(b"1", 2000)
        speaker.plugin.stop()
        host.advance(1)
        assert listener.connections == []
        assert speaker.plugin.open_sockets == []
        assert number


def test_what_is_under_way_is_bounded(monkeypatch):
    monkeypatch.setattr(simulated, "_UNDER_WAY_BYTES", 3 * (simulated._OVERHEAD + 1))
    network = SimulatedNetwork(delay=1)
    with Host(network=network) as host:
        speaker, device = Speaker(host), network.udp("10.0.9.9", 2000)
        number = udp(speaker)
        for _ in range(2):
            assert [speaker.sk_udp_send(number, "10.0.9.9", 2000, b"1") for _ in range(5)] == [1] * 5
            host.advance(1)
            assert len(device.received) == 3
            while device.receive():
                pass


def test_the_same_happens_in_every_run():
    def run() -> list:
        network = SimulatedNetwork(delay=0.01)
        with Host(network=network) as host:
            speaker, device = Speaker(host), network.udp("10.0.9.9")
            number = speaker.sk_udp_create(0)
            speaker.sk_udp_send(number, "10.0.9.9", device.port, b"?")
            host.advance(0.1)
            asked = device.receive()
            device.send(b"!", asked.port)
            host.advance(0.1)
            return [asked, speaker.udp_recv(number), device.port]

    assert run() == run()


# -- TCP


@pytest.fixture
def line(hosts, network):
    """A plugin, and a device that it may connect to."""
    return Speaker(hosts[0]), network.listen("10.0.9.9", 2000)


def connect(speaker, address: str = "10.0.9.9") -> int:
    number = speaker.sk_tcp_create()
    assert speaker.sk_tcp_connect(number, address, 2000) == 0
    return number


def test_chunks_arrive_as_they_were_sent(line):
    speaker, listener = line
    number = connect(speaker)
    speaker.sk_tcp_set_line_buffering(number, 0)
    listener.accept().send(b"one", b"", b"two\nthree")
    assert speaker.sk_tcp_pending(number) == 2
    assert [speaker.tcp_recv(number, "raw") for _ in range(3)] == [b"one", b"two\nthree", 0]


def test_a_device_may_refuse_or_never_answer(line):
    speaker, listener = line
    listener.answer = "refuse"
    refused = connect(speaker)
    listener.answer = "ignore"
    ignored = connect(speaker)
    assert [speaker.sk_tcp_connected(number) for number in (refused, ignored)] == [0, 0]
    assert speaker.sk_tcp_send(refused, b"1") == speaker.sk_tcp_send(ignored, b"1") == -1
    assert speaker.sk_tcp_connect(ignored, "10.0.9.9", 2000) == -1
    assert "still connecting" in speaker.reason()
    assert listener.connections == []
    with pytest.raises(NetworkError, match="nobody connected"):
        listener.accept()


def test_a_device_takes_what_it_has_room_for(line):
    speaker, listener = line
    number = connect(speaker)
    device = listener.accept()
    device.window = 5
    assert [speaker.sk_tcp_send(number, b"abc") for _ in range(3)] == [3, 2, 0]
    assert device.receive() == b"abcab"
    assert speaker.sk_tcp_send(number, b"c") == 1


def test_a_closed_connection_carries_nothing_more(line):
    speaker, listener = line
    number = connect(speaker)
    device = listener.accept()
    device.close()
    device.close()
    device.send(b"late\n")
    assert speaker.tcp_recv(number) == 0
    other = connect(speaker)
    device = listener.accept()
    speaker.sk_tcp_close(other)
    device.send(b"late\n")
    assert not device.is_open


def test_a_device_that_accepts_nobody_is_not_filled(line, monkeypatch):
    monkeypatch.setattr(simulated_tcp, "_BACKLOG", 2)
    speaker, listener = line
    numbers = [connect(speaker) for _ in range(3)]
    assert [speaker.sk_tcp_connected(number) for number in numbers] == [1, 1, 0]
    assert len(listener.connections) == 2
