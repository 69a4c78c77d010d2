"""What all socket functions have in common: whose socket, capability, moment, pointers (contract §4, §7, §17)."""

from __future__ import annotations

import pytest
from speaker import ADDRESS, MEMORY, PORT, ROOM, Speaker
from wat import text

from refhost.functions import TABLE, Kind
from refhost.host import Host

ROWS = [row for row in TABLE if row.operation.startswith("sockets.")]
# Arguments that nothing is wrong with, but for the socket, which comes first.
FIT = {
    Kind.TEXT: lambda name: ("127.0.0.1" if name == "address" else "",),
    Kind.BYTES: lambda name: (b"data",),
    Kind.ROOM: lambda name: (ROOM, 100),
    Kind.ADDRESS_OUT: lambda name: (ADDRESS,),
    Kind.PORT_OUT: lambda name: (PORT,),
    Kind.NUMBER: lambda name: (1000,) if name == "port" else (0,),
}


def fit(row, socket: int | None = None, **instead) -> list:
    given = []
    for parameter in row.parameters:
        if parameter.name == "socket":
            given.append(socket)
        elif parameter.name in instead:
            given += instead[parameter.name]
        elif "multicast" in row.env and parameter.name == "address":
            given.append("239.1.2.3")
        else:
            given += FIT[parameter.kind](parameter.name)
    return given


@pytest.fixture
def simulated():
    with Host() as host:
        yield host


TAKES_SOCKET = [row for row in ROWS if any(p.name == "socket" for p in row.parameters)]
RETURNS = [row for row in TAKES_SOCKET if row.failure is not None]


@pytest.mark.parametrize("row", TAKES_SOCKET, ids=lambda row: row.env)
@pytest.mark.parametrize("whose", ["unknown", "foreign", "other kind", "0", "-1", "closed"])
def test_another_socket_than_its_own_is_none(row, whose, simulated):
    speaker, other = Speaker(simulated), Speaker(simulated, "other")
    udp = row.env.startswith("sk_udp")

    def create(one, udp: bool) -> int:
        return one.sk_udp_create(0) if udp else one.sk_tcp_create()

    own, foreign, kind = create(speaker, udp), create(other, udp), create(speaker, not udp)
    if whose == "closed":
        speaker.call("sk_udp_close" if udp else "sk_tcp_close", own)
    socket = {"unknown": 99, "foreign": foreign, "other kind": kind, "0": 0, "-1": -1, "closed": own}[whose]
    result = speaker.call(row.env, *fit(row, socket))
    assert result == (0 if row.failure is None else -1)
    assert [(one.number, one.kind) for one in other.plugin.open_sockets] == [(foreign, "udp" if udp else "tcp")]
    assert kind in [one.number for one in speaker.plugin.open_sockets]
    assert speaker.records()[-1].kind == "refused"
    assert speaker.records()[-1].function == row.env
    assert other.records() == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.env)
def test_without_the_capability_nothing_happens(row, simulated):
    speaker = Speaker(simulated, capabilities={})
    result = speaker.call(row.env, *fit(row, 1))
    assert result == (0 if row.failure is None else -1)
    assert speaker.plugin.open_sockets == []
    (denial,) = speaker.plugin.denials
    assert (denial.text, denial.function) == ("plugin speaker lacks rawSockets capability", row.env)
    assert speaker.records() == [denial]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.env)
def test_nothing_is_done_while_metadata_is_read(row, simulated):
    numbers = " ".join(["(i32.const 0)"] * len(row.signatures()[0][0]))
    called = f"(call ${row.env} {numbers})"
    speaker = Speaker(simulated, start=False, name_code=called if row.failure is None else f"(drop {called})")
    assert speaker.plugin.name == "Speaker"
    assert speaker.plugin.open_sockets == []
    (record,) = speaker.records()
    assert (record.kind, record.function) == ("refused", row.env)
    assert "R19" in record.text


PLACES = {
    "past the end": (MEMORY - 3, 4),
    "-1": (-1, 1),
    "-1, nothing": (-1, 0),
    "length -1": (8, -1),
    "wraps": (-16, 32),
}


def _bad():
    for row in ROWS:
        for parameter in row.parameters:
            if parameter.kind in (Kind.TEXT, Kind.BYTES, Kind.ROOM):
                for how, place in PLACES.items():
                    yield pytest.param(row, parameter.name, place, id=f"{row.env}-{parameter.name}-{how}")
            elif parameter.kind in (Kind.ADDRESS_OUT, Kind.PORT_OUT):
                size = 46 if parameter.kind is Kind.ADDRESS_OUT else 2
                for place in (MEMORY - size + 1, MEMORY, -1):
                    yield pytest.param(row, parameter.name, (place,), id=f"{row.env}-{parameter.name}-{place}")


@pytest.mark.parametrize(("row", "parameter", "place"), list(_bad()))
def test_a_bad_pointer_is_a_failure_and_nothing_is_lost(row, parameter, place, simulated):
    speaker = Speaker(simulated)
    device, listener = simulated.network.udp("10.0.9.9"), simulated.network.listen("10.0.9.9", 2000)
    udp, lines, raw = speaker.sk_udp_create(0), speaker.sk_tcp_create(), speaker.sk_tcp_create()
    speaker.sk_udp_bind(udp, 2000)
    speaker.sk_tcp_set_line_buffering(raw, 0)
    for socket in (lines, raw):
        speaker.sk_tcp_connect(socket, "10.0.9.9", 2000)
        listener.connections[-1].send(b"line\n")
    device.send(b"datagram", 2000)
    socket = udp if "udp" in row.env else raw if "raw" in row.env else lines
    if row.env == "sk_tcp_connect":
        socket = speaker.sk_tcp_create()
    assert speaker.call(row.env, *fit(row, socket, **{parameter: place})) == -1
    (record,) = speaker.records()
    assert (record.kind, record.function) == ("refused", row.env)
    assert device.receive() is None
    assert [peer.receive() for peer in listener.connections] == [b"", b""]
    assert speaker.udp_recv(udp) == (b"datagram", "10.0.9.9", device.port)
    assert speaker.tcp_recv(lines) == b"line"
    assert speaker.tcp_recv(raw, "raw") == b"line\n"


def test_pointers_may_end_where_memory_does(simulated):
    speaker = Speaker(simulated)
    udp = speaker.sk_udp_create(0)
    speaker.sk_udp_bind(udp, 2000)
    simulated.network.udp("10.0.9.9", 7).send(b"1234", 2000)
    assert speaker.sk_udp_recv(udp, MEMORY - 4, 4, MEMORY - 50, MEMORY - 2) == 4
    assert speaker.memory.read(MEMORY - 50, 9) == b"10.0.9.9\0"
    assert speaker.memory.read(MEMORY - 4, 4) == b"12\x07\x00"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if any(p.kind is Kind.TEXT for p in row.parameters)], ids=lambda r: r.env
)
def test_an_address_that_is_not_utf8_is_a_failure(row, simulated):
    speaker = Speaker(simulated)
    socket = speaker.sk_udp_create(0) if "udp" in row.env else speaker.sk_tcp_create()
    assert speaker.call(row.env, *fit(row, socket, address=(b"127.0.0.\xff",))) == -1
    assert "not UTF-8" in speaker.reason()


def test_a_bounded_number_of_options_is_deferred(simulated):
    speaker = Speaker(simulated)
    number = speaker.sk_udp_create(0)
    assert {speaker.sk_udp_set_broadcast(number, 1) for _ in range(1000)} == {0}
    assert speaker.sk_udp_set_broadcast(number, 1) == -1


def test_sockets_are_there_until_stop_has_returned(simulated):
    listener = simulated.network.listen("10.0.9.9", 2000)
    code = f"(drop (call $sk_tcp_send (i32.const 1) {text('bye')}))"
    speaker = Speaker(simulated, stop=code)
    speaker.sk_tcp_connect(speaker.sk_tcp_create(), "10.0.9.9", 2000)
    speaker.plugin.stop()
    device = listener.accept()
    assert device.receive() == b"bye"
    assert not device.is_open


def test_a_plugin_reads_its_sockets_in_poll(simulated):
    create = "(drop (call $sk_udp_bind (call $sk_udp_create (i32.const 0)) (i32.const 10110)))"
    receive = (
        "(if (i32.gt_s (call $sk_udp_recv (i32.const 1) (i32.const 1024) (i32.const 1024) (i32.const 64) "
        "(i32.const 128)) (i32.const 0)) (then "
        f"(drop (call $sk_emit_binary_stream {text('plugins/speaker/nmea')} (i32.const 1024) (i32.const 6)))))"
    )
    speaker = Speaker(simulated, start_code=create, poll=receive)
    gps = simulated.network.udp("10.0.1.7")
    gps.send(b"$GPRMC", 10110)
    simulated.advance(2)
    assert simulated.streams["plugins/speaker/nmea"] == [b"$GPRMC"]
    assert speaker.plugin.is_running
