"""SOCK: UDP and TCP sockets, in the calm and in a storm (contract §17)."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from conformance.deltas import ordinary_deltas
from conformance.plugin_checks.registry import check
from conformance.trial import refuse_none, require, unharmed
from conformance.verdict import NotApplicable, NotJudged

if TYPE_CHECKING:
    from conformance.drivers.interface import Session
    from conformance.trial import Trial

_OPENERS = ("sk_udp_create", "sk_tcp_create")
_SETTLED = 3.0


def _sentence(text: str) -> bytes:
    """A sentence of NMEA 0183 with its checksum: the bytes between its first sign and the asterisk, by exclusive or."""
    return f"{text}*{functools.reduce(operator.xor, text[1:].encode()):02X}\r\n".encode()


_POSITION = _sentence("$GPGLL,6010.00,N,02456.00,E,120000,A")
_WIND = _sentence("$IIMWV,045.0,R,10.0,N,A")
_SHIP = _sentence("!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0")
_DATAGRAMS = (
    _POSITION,
    _WIND,
    _SHIP,
    b"",
    b"\n",
    b"\x00",
    b"\xff\xfe\xfd\x80",
    bytes(range(256)),
    b"$",
    b"!AIVDM,1,1,,A," + b"0" * 60 + b",0*00\r\n",
    b"$GPGLL,,,,,,*\r\n",
    b"$GPGLL,9999999999999999999999,N,-1e999,E,NaN,A*00\r\n",
    b'{"updates":[{"values":[{"path":"a","value":',
    b"%s%n%x" * 50,
    b"," * 2000,
    "Ελληνικά 海豚 🐬".encode(),
    b"A" * 65_507,
)
_STREAMS: tuple[tuple[bytes, ...], ...] = (
    (_POSITION, _WIND, _SHIP),
    (_POSITION[:7], _POSITION[7:]),
    (b"\r\n\r\n\n",),
    (b"\xff\xfe\x80\r\n", bytes(range(256)), b"\r\n"),
    (b"," * 2000 + b"\r\n",),
    (b"A" * 100_000 + b"\r\n",),
    (b'{"updates":[{"values":[\r\n',),
    (b"$GPGLL,9999999999999999999999,N,-1e999,E,NaN,A*00\r\n",),
    tuple(_POSITION for _ in range(500)),
    (b"half a sentence",),
)
_FAST = 50  # datagrams a second, as an AIS receiver in a harbour sends
_MOST_MORE = 2
_UNKNOWN_ID = ("is not the id of an open socket", "is the id of a ")
_NO_ADDRESS = ("is not an IP address", "is not an address for a socket", "is not a multicast address", "is not a port")
_LIMIT = "which is the limit"
_LEFT_OPEN = "the sockets that it left open"


def _ports(session: Session) -> list[int]:
    """The ports that its UDP sockets are bound to.

    Raises:
        NotApplicable: there are none.
    """
    ports = [one.port for one in session.open_sockets if one.kind == "udp" and one.port]
    if not ports:
        raise NotApplicable("the plugin binds no UDP socket to a port with its default configuration")
    return ports


def _needs_sockets(trial: Trial) -> None:
    if not trial.subject.host_functions & set(_OPENERS):
        raise NotApplicable("the plugin imports no function that makes a socket")


def _needs_tcp(trial: Trial) -> None:
    if "sk_tcp_create" not in trial.subject.host_functions:
        raise NotApplicable("the plugin imports no sk_tcp_create")
    trial.lived()


def _lives_on(session: Session, doing: str) -> None:
    session.advance(1.0)
    unharmed(session, doing)


def _connected(trial: Trial, session: Session) -> None:
    """Start it on a network where somebody answers.

    Raises:
        NotApplicable: it connects to nothing.
        NotJudged: it does not start.
    """
    session.answer_connections()
    if session.start(trial.subject.config) != "running":
        raise NotJudged(f"the plugin did not start: {session.why()}")
    session.advance(_SETTLED)
    for delta in ordinary_deltas()[:3]:
        session.publish(delta)
    if not session.connections:
        raise NotApplicable("the plugin makes no TCP connection with its default configuration")


@check("SOCK-001")
def survives_without_a_network(trial: Trial) -> None:
    """Sockets that cannot be made, and ports that are taken."""
    _needs_sockets(trial)
    trial.lived()
    for at, what in (("create", "with no network at all"), ("bind", "with every port taken")):
        with trial.session() as session:
            session.fail_sockets(at)
            session.start(trial.subject.config)
            unharmed(session, f"started {what}")
            session.advance(10)
            for delta in ordinary_deltas():
                session.publish(delta)
            unharmed(session, f"run {what}")
            session.stop()
            unharmed(session, f"stopped {what}")


@check("SOCK-002")
def takes_any_datagram(trial: Trial) -> None:
    """Whatever arrives at its ports."""
    _needs_sockets(trial)
    with trial.running() as session:
        session.advance(_SETTLED)
        ports = _ports(session)
        for data in _DATAGRAMS:
            for port in ports:
                session.send_datagram(port, data)
            _lives_on(session, f"given a datagram of {len(data)} byte{'' if len(data) == 1 else 's'}, {data[:30]!r}")


@check("SOCK-003")
def takes_any_stream(trial: Trial) -> None:
    """Whatever arrives on its connections, and that they end."""
    _needs_tcp(trial)
    with trial.session() as session:
        _connected(trial, session)
        for chunks in _STREAMS:
            session.send_to_connections(*chunks)
            data = b"".join(chunks)
            _lives_on(session, f"given {len(data)} bytes over TCP, {data[:30]!r}")
        session.close_connections()
        session.advance(10)
        unharmed(session, "after the other end had closed the connection in the middle of a sentence")


@check("SOCK-004")
def knows_its_sockets(trial: Trial) -> None:
    """Ids of open sockets, and addresses that are some."""
    _needs_sockets(trial)
    for record in trial.lived().log:
        if record.kind != "refused" or not record.function.startswith(("sk_udp_", "sk_tcp_")):
            continue
        if any(part in record.text for part in (*_UNKNOWN_ID, *_NO_ADDRESS)):
            refuse_none(trial, [record])


@check("SOCK-005")
def closes_its_sockets(trial: Trial) -> None:
    """Stopped, it has none left for the host to close."""
    _needs_sockets(trial)
    seen = trial.survived()
    if seen.failed_at:
        raise NotJudged(f"the plugin did not stop well: {seen.failure}")
    left = [record.text for record in seen.log if record.kind == "warning" and record.text.startswith(_LEFT_OPEN)]
    require(not left, f"when stop had returned, {left[0]}" if left else "")


@check("SOCK-006")
def keeps_few_sockets(trial: Trial) -> None:
    """Trying again and again takes no more of them."""
    _needs_sockets(trial)
    with trial.running() as session:
        session.advance(30)
        before = len(session.open_sockets)
        session.advance(90)
        unharmed(session, "in two minutes in which nobody answered")
        after = len(session.open_sockets)
        full = [record for record in session.log if record.kind == "refused" and _LIMIT in record.text]
    require(not full, f"{full[0].function} was refused: {full[0].text}" if full else "")
    require(
        after <= before + _MOST_MORE,
        f"while nobody answered, its open sockets went from {before} after 30 s to {after} after two minutes",
    )


@check("SOCK-007")
def connects_again(trial: Trial) -> None:
    """A connection that is lost is made again."""
    _needs_tcp(trial)
    with trial.session() as session:
        _connected(trial, session)
        before = session.connections
        session.close_connections()
        session.advance(120)
        unharmed(session, "after the other end had closed the connection")
        again = session.connections > before
    require(again, "the other end closed the connection, and it did not connect again within two minutes")


@check("SOCK-008")
def keeps_up(trial: Trial) -> None:
    """What comes fast is read as fast."""
    _needs_sockets(trial)
    with trial.running() as session:
        session.advance(_SETTLED)
        ports = _ports(session)
        for _ in range(30):
            for _ in range(_FAST):
                session.send_datagram(ports[0], _POSITION)
            session.advance(1.0)
            unharmed(session, f"given {_FAST} datagrams a second")
        dropped = [
            r for r in session.log if r.kind == "warning" and r.function == "sk_udp_recv" and "dropped" in r.text
        ]
    trial.steps = trial.steps[:4]
    require(
        not dropped, f"given {_FAST} datagrams a second for 30 s, it read too few: {dropped[0].text}" if dropped else ""
    )
