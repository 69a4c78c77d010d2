"""TCP sockets of plugins, on a simulated network and on real sockets alike (contract §17)."""

from __future__ import annotations

from far_side import connected, pending
from speaker import Speaker

from refhost.host import Host
from refhost.limits import Limits


def test_lines_are_split_whatever_the_chunks(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"$GPRMC,1\r\n$GP", b"GGA,2\r", b"\n$GPVTG,3\n\r\n\n", b"unfinished")
    assert pending(speaker, side, number, 3, "tcp") == 3
    assert [speaker.tcp_recv(number) for _ in range(4)] == [b"$GPRMC,1", b"$GPGGA,2", b"$GPVTG,3", 0]
    device.send(b" no more\n")
    assert pending(speaker, side, number, 1, "tcp") == 1
    assert speaker.tcp_recv(number) == b"unfinished no more"
    assert speaker.records() == []


def test_a_line_holds_any_bytes_and_a_lone_cr_is_one(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"a\rb\0\xff\r\r\n")
    pending(speaker, side, number, 1, "tcp")
    assert speaker.tcp_recv(number) == b"a\rb\0\xff\r"


def test_a_line_longer_than_the_buffer_is_cut(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"0123456789\nnext\n")
    pending(speaker, side, number, 2, "tcp")
    assert [speaker.tcp_recv(number, size=4) for _ in range(2)] == [b"0123", b"next"]
    assert "a line of 10 bytes is cut to 4" in speaker.reason()


def test_raw_loses_nothing_however_small_the_buffer(side, speaker):
    number, device = connected(speaker, side)
    assert speaker.sk_tcp_set_line_buffering(number, 0) == 0
    device.send(b"\x00one\n", b"two\r\n")
    received = b""
    while len(received) < 10:
        assert pending(speaker, side, number, 1, "tcp") >= 1
        received += speaker.tcp_recv(number, "raw", 3)
    assert received == b"\x00one\ntwo\r\n"
    assert speaker.tcp_recv(number, "raw") == 0
    assert speaker.records() == []


def test_switching_buffering_loses_nothing(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"login ok\nrest")
    pending(speaker, side, number, 1, "tcp")
    assert speaker.sk_tcp_set_line_buffering(number, 0) == 0
    device.send(b" raw")
    received = b""
    while len(received) < 8:
        pending(speaker, side, number, 1, "tcp")
        received += speaker.tcp_recv(number, "raw")
    assert received == b"rest raw"
    assert speaker.tcp_recv(number) == b"login ok"
    assert speaker.sk_tcp_set_line_buffering(number, 1) == 0
    device.send(b"line\n")
    pending(speaker, side, number, 1, "tcp")
    assert speaker.tcp_recv(number) == b"line"


def test_receiving_in_the_other_way_finds_nothing_and_says_why_once(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"line\n")
    pending(speaker, side, number, 1, "tcp")
    assert [speaker.tcp_recv(number, "raw") for _ in range(3)] == [0, 0, 0]
    assert ["line buffering is on" in r.text for r in speaker.records()] == [True]
    assert speaker.tcp_recv(number) == b"line"


def test_a_plugin_sends_over_tcp(side, speaker):
    number, device = connected(speaker, side)
    assert speaker.sk_tcp_send(number, b"hello\r\n") == 7
    assert device.receive() == b"hello\r\n"
    assert speaker.sk_tcp_send(number, b"") == 0


def test_what_has_no_room_is_not_accepted(side, speaker):
    number, device = connected(speaker, side)
    sent = 0
    for _ in range(1000):
        accepted = speaker.sk_tcp_send(number, b"x" * 65536)
        sent += accepted
        if accepted == 0:
            break
    assert accepted == 0
    assert 0 < sent < 1000 * 65536
    while sent:
        sent -= len(device.receive())
    assert speaker.sk_tcp_send(number, b"more") == 4


def test_a_thousand_lines_wait_and_the_oldest_go_first(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"".join(b"%d\n" % count for count in range(1003)), b"last\n")
    for _ in range(20):
        side.arrived(speaker, number)
        if speaker.plugin._runtime.sockets._sockets[number]._lines.dropped >= 4:
            break
        assert speaker.sk_tcp_pending(number) <= 1000
    assert speaker.sk_tcp_pending(number) == 1000
    assert speaker.tcp_recv(number) == b"4"
    assert ["the oldest is dropped" in r.text for r in speaker.records()] == [True]


def test_a_line_without_an_end_is_bounded(side):
    with Host(network=side.network, limits=Limits(socket_bytes=1000)) as host:
        speaker = Speaker(host)
        number, device = connected(speaker, side)
        device.send(b"x" * 1001, b"y" * 10, b"\nnext\n")
        assert pending(speaker, side, number, 1, "tcp") == 1
        assert speaker.tcp_recv(number) == b"next"
        assert "a line is longer than 1000 bytes" in speaker.reason()


def test_the_other_side_closes(side, speaker):
    number, device = connected(speaker, side)
    device.send(b"bye\n", b"cut off")
    device.close()
    pending(speaker, side, number, 1, "tcp")
    for _ in range(20):
        if speaker.sk_tcp_connected(number) == 0:
            break
        side.arrived(speaker, number)
    assert speaker.sk_tcp_connected(number) == 0
    assert speaker.tcp_recv(number) == b"bye"
    assert speaker.tcp_recv(number) == 0
    assert speaker.sk_tcp_send(number, b"1") == -1
    assert speaker.sk_tcp_connect(number, side.address, 1000) == -1
    assert "make a new one" in speaker.reason()
    speaker.sk_tcp_close(number)
    assert speaker.sk_tcp_connected(number) == -1


def test_a_refused_connection_is_begun_and_never_connected(side, speaker):
    listener = side.listen()
    address, port = listener.address, listener.port
    listener.close()
    number = speaker.sk_tcp_create()
    assert speaker.sk_tcp_connect(number, address, port) == 0
    side.arrived(speaker, number)
    assert speaker.sk_tcp_connected(number) == 0
    assert speaker.sk_tcp_send(number, b"1") == -1
    assert "refused" in speaker.reason()
    assert speaker.tcp_recv(number) == 0


def test_before_it_connects_nothing_can_be_sent(side, speaker):
    number = speaker.sk_tcp_create()
    assert speaker.sk_tcp_connected(number) == 0
    assert speaker.sk_tcp_send(number, b"1") == -1
    assert "not connected yet" in speaker.reason()
    assert speaker.tcp_recv(number) == 0
    assert speaker.sk_tcp_pending(number) == 0


def test_a_socket_connects_once(side, speaker):
    number, _ = connected(speaker, side)
    assert speaker.sk_tcp_connect(number, side.address, 1000) == -1
    assert speaker.sk_tcp_connected(number) == 1


def test_closing_ends_the_connection(side, speaker):
    number, device = connected(speaker, side)
    speaker.sk_tcp_close(number)
    assert device.receive() == b""
    if not side.real:
        assert not device.is_open
