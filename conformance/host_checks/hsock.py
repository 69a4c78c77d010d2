"""HSOCK: sockets of plugins, with a device at the other end that the driver plays; TCP is in `hsock_tcp.py`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.host_checks.registry import host_check
from conformance.host_trial import line, number, text
from conformance.trial import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.host_trial import HostTrial, Probe

PROBE = "probe-sockets"
HELD = {"rawSockets": True}
_PORT = 2947
HERE = "h:1"
_UDP = (line("sk_udp_create", number(0)), line("hold", "1"))
_BOUND = (*_UDP, line("sk_udp_bind", HERE, number(_PORT)))
TCP = (line("sk_tcp_create"), line("hold", "1"))
_UNKNOWN = 987_654
_OF_UDP = {
    "sk_udp_bind": (number(_PORT),),
    "sk_udp_join_multicast": (text("239.1.2.3"), text("")),
    "sk_udp_leave_multicast": (text("239.1.2.3"), text("")),
    "sk_udp_set_multicast_ttl": (number(1),),
    "sk_udp_set_multicast_loopback": (number(1),),
    "sk_udp_set_broadcast": (number(1),),
    "sk_udp_send": (text("10.0.0.50"), number(9), "x:01"),
    "sk_udp_recv": ("b:64", "o:46", "o:2"),
    "sk_udp_pending": (),
}
_OF_TCP = {
    "sk_tcp_connect": (text("10.0.0.50"), number(9)),
    "sk_tcp_connected": (),
    "sk_tcp_set_line_buffering": (number(1),),
    "sk_tcp_send": ("x:01",),
    "sk_tcp_recv_line": ("b:64",),
    "sk_tcp_recv_raw": ("b:64",),
    "sk_tcp_pending": (),
}


@contextmanager
def running(trial: HostTrial, *lines: str) -> Iterator[Probe]:
    """A probe with sockets that has carried out these lines."""
    with trial.probe(PROBE, capabilities=HELD) as probe:
        probe.run(*lines)
        yield probe


def told_of(probe: Probe, *call: str) -> list[str]:
    """What one call told, without its name."""
    told = probe.do(line(*call))
    require(told, f"the probe told nothing of {call[0]}")
    return told[0][1:]


def _receive(probe: Probe, room: int = 2048) -> list[str]:
    return told_of(probe, "sk_udp_recv", HERE, f"b:{room}", "o:46", "o:2")


@host_check("HSOCK-001")
def creates(trial: HostTrial) -> None:
    """Both families."""
    for family in (0, 1):
        with trial.probe(PROBE, capabilities=HELD) as probe:
            result = probe.result(line("sk_udp_create", number(family)))
            require(result > 0, f"sk_udp_create({family}) answered {result}")
            kinds = [opened.kind for opened in probe.session.open_sockets]
            require(kinds == ["udp"], f"after sk_udp_create({family}) {kinds} are open")


@host_check("HSOCK-002")
def no_family(trial: HostTrial) -> None:
    """Three."""
    for family in (2, -1, 4):
        with trial.probe(PROBE, capabilities=HELD) as probe:
            result = probe.result(line("sk_udp_create", number(family)))
            require(result == -1, f"sk_udp_create({family}) answered {result}")


@host_check("HSOCK-003")
def receives(trial: HostTrial) -> None:
    """Bytes, address with its NUL, port."""
    with running(trial, *_BOUND) as probe:
        probe.session.send_datagram(_PORT, b"$GPRMC")
        result, data, address, port = _receive(probe)
        require((result, data) == ("6", "$GPRMC"), f"six bytes were sent, and {result} came: {data!r}")
        sender = bytes.fromhex(address)
        require(b"\0" in sender, f"the address does not end with a NUL: {sender!r}")
        shown = sender.partition(b"\0")[0].decode("ascii", "replace")
        require(shown.count(".") == 3 or ":" in shown, f"the address of the sender is {shown!r}")
        require(int.from_bytes(bytes.fromhex(port), "little") > 0, f"the port of the sender is {port}")


@host_check("HSOCK-004")
def nothing(trial: HostTrial) -> None:
    """Nothing written, either."""
    with running(trial, *_BOUND) as probe:
        found = _receive(probe)
        require(found[:2] == ["0", ""], f"without a datagram receiving told {found[:2]}")
        require("overwritten" not in found, "without a datagram the buffer was written")


@host_check("HSOCK-005")
def in_order(trial: HostTrial) -> None:
    """Ten."""
    with running(trial, *_BOUND) as probe:
        for count in range(10):
            probe.session.send_datagram(_PORT, f"number {count}".encode())
        pending = told_of(probe, "sk_udp_pending", HERE)
        require(pending == ["10"], f"of ten datagrams {pending} wait")
        found = [_receive(probe)[1] for _ in range(10)]
        require(found == [f"number {count}" for count in range(10)], f"ten datagrams came as {found}")


@host_check("HSOCK-006")
def cut(trial: HostTrial) -> None:
    """Its rest is gone."""
    with running(trial, *_BOUND) as probe:
        probe.session.send_datagram(_PORT, b"0123456789")
        probe.session.send_datagram(_PORT, b"next")
        found = _receive(probe, 4)
        require(found[:2] == ["4", "0123"], f"ten bytes into four told {found[:2]}")
        require("overwritten" not in found, "ten bytes into four were written behind the buffer")
        found = _receive(probe)
        require(found[:2] == ["4", "next"], f"after a datagram that was cut came {found[:2]}")


@host_check("HSOCK-007")
def too_many(trial: HostTrial) -> None:
    """One too many."""
    with running(trial, *_BOUND) as probe:
        for count in range(1001):
            probe.session.send_datagram(_PORT, str(count).encode())
        pending = told_of(probe, "sk_udp_pending", HERE)
        require(pending == ["1000"], f"of 1001 datagrams {pending} wait")
        first = _receive(probe)[1]
        require(first == "1", f"of 0 to 1000 the first that waits is {first}")


@host_check("HSOCK-008")
def binds_once(trial: HostTrial) -> None:
    """Another port."""
    with running(trial, *_BOUND) as probe:
        found = told_of(probe, "sk_udp_bind", HERE, number(_PORT + 1))
        require(found == ["-1"], f"a second bind answered {found}")
        probe.session.send_datagram(_PORT, b"here")
        require(_receive(probe)[1] == "here", "after a second bind the first port is gone")


@host_check("HSOCK-009")
def deferred(trial: HostTrial) -> None:
    """Each of them, and then it receives."""
    calls = [
        line("sk_udp_join_multicast", HERE, text("239.1.2.3"), text("")),
        line("sk_udp_set_multicast_ttl", HERE, number(4)),
        line("sk_udp_set_multicast_loopback", HERE, number(0)),
        line("sk_udp_set_broadcast", HERE, number(1)),
        line("sk_udp_bind", HERE, number(_PORT)),
    ]
    with running(trial, *_UDP, *calls) as probe:
        results = [told[1] for told in probe.told[1:]]
        require(results == ["0"] * 5, f"options before bind, and bind, answered {results}")
        probe.session.send_datagram(_PORT, b"here")
        require(_receive(probe)[1] == "here", "after options before bind nothing is received")


@host_check("HSOCK-010")
def no_group(trial: HostTrial) -> None:
    """Unicast, words, nothing."""
    with running(trial, *_BOUND) as probe:
        for group in ("10.0.0.1", "somewhere", "", "300.1.1.1", "239.1.2"):
            found = told_of(probe, "sk_udp_join_multicast", HERE, text(group), text(""))
            require(found == ["-1"], f"joining {group!r} answered {found}")


@host_check("HSOCK-030")
def leaves(trial: HostTrial) -> None:
    """One that was joined."""
    group = (HERE, text("239.1.2.3"), text(""))
    with running(trial, *_BOUND, line("sk_udp_join_multicast", *group)) as probe:
        require(probe.told[-1][1] == "0", f"joining a group told {probe.told[-1]}")
        found = told_of(probe, "sk_udp_leave_multicast", *group)
        require(found == ["0"], f"leaving the group answered {found}")


@host_check("HSOCK-011")
def sends(trial: HostTrial) -> None:
    """From one socket of a plugin to another."""
    with running(trial, *_BOUND) as probe:
        sender = (line("sk_udp_create", number(0)), line("hold", "2"))
        told = probe.do(*sender, line("sk_udp_send", "h:2", text("127.0.0.1"), number(_PORT), "x:0102030405"))
        require(told[-1] == ["sk_udp_send", "5"], f"sending five bytes told {told[-1]}")
        probe.home.advance(0.1)
        found = _receive(probe)
        require(found[:2] == ["5", "\x01\x02\x03\x04\x05"], f"five bytes were sent, and {found[:2]} came")


@host_check("HSOCK-012")
def no_address(trial: HostTrial) -> None:
    """Names, halves, nothing, and no port."""
    with running(trial, *_BOUND) as probe:
        for address in ("boat.example", "10.0.0", "10.0.0.256", "", "10.0.0.1\0", "::1::"):
            found = told_of(probe, "sk_udp_send", HERE, text(address), number(9), "x:01")
            require(found == ["-1"], f"sending to {address!r} answered {found}")
        for port in (-1, 65536):
            found = told_of(probe, "sk_udp_send", HERE, text("10.0.0.50"), number(port), "x:01")
            require(found == ["-1"], f"sending to port {port} answered {found}")


@host_check("HSOCK-013")
def closed(trial: HostTrial) -> None:
    """Both kinds."""
    for made, close, ask in (
        (_BOUND, "sk_udp_close", "sk_udp_pending"),
        (TCP, "sk_tcp_close", "sk_tcp_connected"),
    ):
        with running(trial, *made) as probe:
            probe.do(line(close, HERE))
            require(not probe.session.open_sockets, f"after {close}, {list(probe.session.open_sockets)} is open")
            found = told_of(probe, ask, HERE)
            require(found == ["-1"], f"after {close}, {ask} answered {found}")


def _all_fail(probe: Probe, calls: dict[str, tuple[str, ...]], socket: str, what: str) -> None:
    for function, arguments in calls.items():
        found = told_of(probe, function, socket, *arguments)
        require(found[0] == "-1", f"{function} of {what} answered {found[0]}")


@host_check("HSOCK-014")
def unknown(trial: HostTrial) -> None:
    """Every function."""
    with running(trial) as probe:
        for socket in (_UNKNOWN, 0, -1):
            _all_fail(probe, _OF_UDP | _OF_TCP, number(socket), f"the unknown socket {socket}")
            probe.do(line("sk_udp_close", number(socket)), line("sk_tcp_close", number(socket)))
        require(probe.session.state == "running", f"afterwards the plugin is {probe.session.state}")


@host_check("HSOCK-015")
def other_kind(trial: HostTrial) -> None:
    """Both ways."""
    with running(trial, *_UDP) as probe:
        _all_fail(probe, _OF_TCP, HERE, "a UDP socket")
    with running(trial, *TCP) as probe:
        _all_fail(probe, _OF_UDP, HERE, "a TCP socket")


@host_check("HSOCK-016")
def never_again(trial: HostTrial) -> None:
    """Twenty, each closed before the next."""
    with running(trial) as probe:
        seen = []
        for _ in range(10):
            for kind, arguments in (("udp", (number(0),)), ("tcp", ())):
                made = (line(f"sk_{kind}_create", *arguments), line("hold", "1"))
                told = probe.do(*made, line(f"sk_{kind}_close", HERE))
                seen.append(told[0][1])
        require(len(set(seen)) == 20, f"twenty sockets had the ids {seen}")


@host_check("HSOCK-017")
def foreign(trial: HostTrial) -> None:
    """Every function, with the other's id."""
    with trial.host() as home:
        owner = trial.load(home, PROBE, package="owner", capabilities={**HELD, "dataRead": False})
        told = owner.run(*_BOUND, line("sk_tcp_create"))
        udp, tcp = told[0][1], told[-1][1]
        thief = trial.load(home, PROBE, package="thief", capabilities=HELD)
        thief.run()
        owner.session.send_datagram(_PORT, b"secret")
        _all_fail(thief, _OF_UDP, f"n:{udp}", "another plugin's socket")
        _all_fail(thief, _OF_TCP, f"n:{tcp}", "another plugin's socket")
        thief.do(line("sk_udp_close", f"n:{udp}"), line("sk_tcp_close", f"n:{tcp}"))
        require(len(owner.session.open_sockets) == 2, f"another plugin closed it: {list(owner.session.open_sockets)}")


@host_check("HSOCK-018")
def closed_by_stop(trial: HostTrial) -> None:
    """Both kinds, and the port is free."""
    with running(trial, *_BOUND, line("sk_tcp_create")) as probe:
        require(len(probe.session.open_sockets) == 2, f"open are {list(probe.session.open_sockets)}")
        probe.session.stop()
        require(not probe.session.open_sockets, f"after stop, {list(probe.session.open_sockets)} are open")
        told = probe.run(*_BOUND)
        require(told[-1] == ["sk_udp_bind", "0"], f"started again, binding the port told {told[-1]}")


@host_check("HSOCK-019")
def closed_by_crash(trial: HostTrial) -> None:
    """Before it is restarted."""
    with running(trial) as probe:
        probe.do(*_BOUND, line("sk_tcp_create"))
        probe.do("trap")
        require(not probe.session.open_sockets, f"crashed, {list(probe.session.open_sockets)} are open")


@host_check("HSOCK-027")
def network_fails(trial: HostTrial) -> None:
    """At once, and at bind."""
    with running(trial) as probe:
        probe.session.fail_sockets("create")
        for call in (("sk_udp_create", number(0)), ("sk_tcp_create",)):
            found = told_of(probe, *call)
            require(found == ["-1"], f"without a network {call[0]} answered {found}")
        require(probe.session.state == "running", f"afterwards the plugin is {probe.session.state}")
    with running(trial, *_UDP) as probe:
        probe.session.fail_sockets("bind")
        found = told_of(probe, "sk_udp_bind", HERE, number(_PORT))
        require(found == ["-1"], f"at a port that is taken sk_udp_bind answered {found}")


@host_check("HSOCK-028")
def no_room(trial: HostTrial) -> None:
    """And then with room."""
    with running(trial, *_BOUND) as probe:
        probe.session.send_datagram(_PORT, b"here")
        found = _receive(probe, 0)
        require(found[0] == "-1", f"receiving into 0 bytes answered {found[0]}")
        require(_receive(probe)[1] == "here", "receiving into 0 bytes took the datagram")


@host_check("HSOCK-029")
def bounded(trial: HostTrial) -> None:
    """Ten thousand."""
    with running(trial) as probe:
        probe.do(line("repeat", "10000", "sk_udp_create\tn:0"))
        count = len(probe.session.open_sockets)
        require(0 < count < 10_000, f"of ten thousand sockets {count} are open")
        found = told_of(probe, "sk_udp_create", number(0))
        require(found == ["-1"], f"one more answered {found}")
