"""Mutants that do not bear the network: sockets, and answers to HTTP requests."""

from __future__ import annotations

from fetcher import SIZE, SOMETHING, Fetcher, answer_byte
from offering import BIND, DIAL, HANG_UP, ROOM, TCP_PORT, UDP_PORT, Offering
from wat import TRAP, call, text, when

from mutants.mutant import DEAD, Mutant

_N = "(local.get $n)"
_CUT = f"(i32.eq {_N} (i32.const {ROOM}))"
_NO_SOCKET = f"(if (result i32) (i32.lt_s {_N} (i32.const 0)) (then {TRAP}) (else (i32.const 1)))"
_TAKEN = f"(call $sk_udp_bind (global.get $udp) (i32.const {UDP_PORT}))"
_BY_NAME = f"(drop (call $sk_tcp_connect (global.get $tcp) {text('gateway.local')} (i32.const {TCP_PORT})))"

SOCK = {
    "SOCK-001": Mutant(match="started with no network at all: plugin_start trapped", plugin=Offering(made=_NO_SOCKET)),
    "SOCK-001 bind": Mutant(
        match="started with every port taken: plugin_start trapped", plugin=Offering(bind=when(_TAKEN, TRAP))
    ),
    "SOCK-002": Mutant(match="given a datagram of 65507 bytes", plugin=Offering(datagram=when(_CUT, TRAP))),
    "SOCK-002 zero": Mutant(
        match="given a datagram of 1 byte, b'\\n': poll trapped",
        plugin=Offering(datagram=when(f"(i32.eq {_N} (i32.const 1))", TRAP)),
    ),
    "SOCK-003": Mutant(match="given 100002 bytes over TCP", plugin=Offering(line=when(_CUT, TRAP))),
    "SOCK-003 end": Mutant(
        match="after the other end had closed the connection in the middle of a sentence: poll trapped",
        plugin=Offering(line="(global.set $flag (i32.const 1))", silent=when("(global.get $flag)", TRAP) + HANG_UP),
    ),
    "SOCK-004": Mutant(
        match="sk_udp_close was refused: 999 is not the id of an open socket",
        plugin=Offering(bind=BIND + call("sk_udp_close", "(i32.const 999)")),
    ),
    "SOCK-004 name": Mutant(
        match="sk_tcp_connect was refused: 'gateway.local' is not an IP address", plugin=Offering(dial=_BY_NAME)
    ),
    "SOCK-005": Mutant(
        match="when stop had returned, the sockets that it left open are closed: udp 10110",
        plugin=Offering(close=""),
    ),
    "SOCK-006": Mutant(match="its open sockets went from", plugin=Offering(silent="(global.set $tcp (i32.const 0))")),
    "SOCK-006 limit": Mutant(
        match="64 sockets are open, which is the limit",
        plugin=Offering(dial=DIAL + "(global.set $tcp (i32.const 0))"),
    ),
    "SOCK-007": Mutant(
        match="the other end closed the connection, and it did not connect again", plugin=Offering(silent="(nop)")
    ),
    "SOCK-008": Mutant(match="it read too few: datagrams came faster", plugin=Offering(receive="")),
}


def _first(character: str) -> str:
    return f"(i32.eq {answer_byte(0)} (i32.const {ord(character)}))"


FETCH = {
    "FETCH-001": Mutant(
        match="while every HTTP request fails it does not start: start returned 1",
        plugin=Fetcher(end=when(f"(i32.eqz {SIZE})", "(return (i32.const 1))")),
        fatal=DEAD,
    ),
    "FETCH-002": Mutant(
        match="""with every HTTP request answered with 200 and b'[]': plugin_start trapped""",
        plugin=Fetcher(fetched=when(_first("["), TRAP) + SOMETHING),
    ),
    "FETCH-002 page": Mutant(match="Internal Server", plugin=Fetcher(fetched=when(_first("<"), TRAP) + SOMETHING)),
    "FETCH-003": Mutant(
        match="with every HTTP request answered with 1000000 bytes: plugin_start trapped",
        plugin=Fetcher(fetched=when(f"(i32.gt_u {SIZE} (i32.const 900000))", TRAP) + SOMETHING),
    ),
    "FETCH-004": Mutant(match="while every request is answered, it makes 183", plugin=Fetcher(every=1, times=3)),
    "FETCH-005": Mutant(match="it asked for '/weather'", plugin=Fetcher(url="/weather")),
    "FETCH-005 space": Mutant(match="and without spaces", plugin=Fetcher(url="http://boat.local/my weather")),
    "FETCH-006": Mutant(match="its status is 'Fetched', as when all are answered", plugin=Fetcher(failed=SOMETHING)),
    "FETCH-007": Mutant(match="it made no other in 15 minutes", plugin=Fetcher(every=0)),
}

MUTANTS = {**SOCK, **FETCH}
