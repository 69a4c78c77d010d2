"""HSOCK, the second half: TCP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.host_checks.hsock import HELD, HERE, PROBE, TCP, running, told_of
from conformance.host_checks.registry import host_check
from conformance.host_trial import line, number, text
from conformance.trial import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.host_trial import HostTrial, Probe

_CONNECT = line("sk_tcp_connect", HERE, text("10.0.0.50"), number(10110))


@contextmanager
def _connected(trial: HostTrial, *lines: str) -> Iterator[Probe]:
    """A probe with a connection that somebody has taken."""
    with trial.probe(PROBE, capabilities=HELD) as probe:
        probe.session.answer_connections()
        probe.run(*TCP, *lines, _CONNECT)
        probe.home.advance(1.2)
        require(probe.session.connections == 1, f"{probe.session.connections} connections were taken of one")
        yield probe


@host_check("HSOCK-020")
def connects(trial: HostTrial) -> None:
    """Taken."""
    with _connected(trial) as probe:
        require(probe.told[-1] == ["sk_tcp_connect", "0"], f"connecting told {probe.told[-1]}")
        found = told_of(probe, "sk_tcp_connected", HERE)
        require(found == ["1"], f"the connection was taken, and sk_tcp_connected answered {found}")


@host_check("HSOCK-021")
def nobody_takes(trial: HostTrial) -> None:
    """Ten seconds."""
    with running(trial, *TCP, _CONNECT) as probe:
        require(probe.told[-1] == ["sk_tcp_connect", "0"], f"connecting to nobody told {probe.told[-1]}")
        probe.home.advance(10)
        found = told_of(probe, "sk_tcp_connected", HERE)
        require(found == ["0"], f"nobody took the connection, and sk_tcp_connected answered {found}")
        found = told_of(probe, "sk_tcp_send", HERE, "x:01")
        require(found == ["-1"], f"nobody took the connection, and sending answered {found}")


def _lines(probe: Probe, count: int) -> list[str]:
    return [told_of(probe, "sk_tcp_recv_line", HERE, "b:4096")[1] for _ in range(count)]


@host_check("HSOCK-022")
def lines(trial: HostTrial) -> None:
    """Both ends of lines."""
    with _connected(trial) as probe:
        probe.session.send_to_connections(b"$GPRMC,1\r\n$GPGGA,2\n$GPVTG,3\r\n")
        probe.home.advance(0.1)
        pending = told_of(probe, "sk_tcp_pending", HERE)
        require(pending == ["3"], f"of three lines {pending} wait")
        found = _lines(probe, 4)
        require(found == ["$GPRMC,1", "$GPGGA,2", "$GPVTG,3", ""], f"three lines came as {found}")


@host_check("HSOCK-023")
def pieces(trial: HostTrial) -> None:
    """Cut inside of a character, and inside of the end."""
    with _connected(trial) as probe:
        whole = "Ærø 🚢\r\n".encode()
        for piece in (whole[:1], whole[1:7], whole[7:-1]):
            probe.session.send_to_connections(piece)
            probe.home.advance(0.1)
            found = _lines(probe, 1)
            require(found == [""], f"half a line came as {found}")
        probe.session.send_to_connections(whole[-1:])
        probe.home.advance(0.1)
        found = _lines(probe, 1)
        require(found == ["Ærø 🚢"], f"a line in pieces came as {found}")


@host_check("HSOCK-024")
def raw(trial: HostTrial) -> None:
    """With line ends in them."""
    with _connected(trial, line("sk_tcp_set_line_buffering", HERE, number(0))) as probe:
        probe.session.send_to_connections(b"one\r\ntwo")
        probe.home.advance(0.1)
        found = told_of(probe, "sk_tcp_recv_raw", HERE, "b:4096")
        require(found == ["8", "one\r\ntwo"], f"eight bytes came as {found}")


@host_check("HSOCK-025")
def other_side_closes(trial: HostTrial) -> None:
    """Two lines wait."""
    with _connected(trial) as probe:
        probe.session.send_to_connections(b"one\ntwo\n")
        probe.home.advance(0.1)
        probe.session.close_connections()
        probe.home.advance(0.1)
        found = _lines(probe, 2)
        require(found == ["one", "two"], f"after the other side has closed, two lines came as {found}")
        found = told_of(probe, "sk_tcp_send", HERE, "x:01")
        require(found == ["-1"], f"after the other side has closed, sending answered {found}")


@host_check("HSOCK-026")
def too_many_lines(trial: HostTrial) -> None:
    """One too many."""
    with _connected(trial) as probe:
        probe.session.send_to_connections(*(f"{count}\n".encode() for count in range(1001)))
        probe.home.advance(0.1)
        pending = told_of(probe, "sk_tcp_pending", HERE)
        require(pending == ["1000"], f"of 1001 lines {pending} wait")
        found = _lines(probe, 1)
        require(found == ["1"], f"of 0 to 1000 the first that waits is {found}")


@host_check("HSOCK-031")
def sends(trial: HostTrial) -> None:
    """Five bytes."""
    with _connected(trial) as probe:
        found = told_of(probe, "sk_tcp_send", HERE, "x:0102030405")
        require(found == ["5"], f"sending five bytes answered {found}")


@host_check("HSOCK-032")
def changes_mode(trial: HostTrial) -> None:
    """To bytes, and back to lines."""
    with _connected(trial) as probe:
        for on in (0, 1):
            found = told_of(probe, "sk_tcp_set_line_buffering", HERE, number(on))
            require(found == ["0"], f"sk_tcp_set_line_buffering answered {found}")
        probe.session.send_to_connections(b"one\n")
        probe.home.advance(0.1)
        require(_lines(probe, 1) == ["one"], "with line buffering on again no line came")
