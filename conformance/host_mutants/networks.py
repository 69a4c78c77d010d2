"""Mutants: faults of binary streams, sockets and fetched answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, instead, mutant, nothing
from refhost.dialects.asyncify import Asyncify
from refhost.dialects.objects import Objects
from refhost.errors import OutOfBounds
from refhost.network import queued
from refhost.network.interface import Connection
from refhost.network.queued import QueuedTcp, QueuedUdp
from refhost.services import sockets, streams
from refhost.services.fetch import Answer, FetchService
from refhost.services.gate import Gate, Refused
from refhost.services.sockets import SocketService
from refhost.services.streams import Streams, StreamService

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original


def _refuse(*_: Any, **__: Any) -> None:
    raise Refused("not today")


# ---- streams ----------------------------------------------------------------------------------------------------

nothing("streams are everybody's", StreamService, "_check_own")
nothing("streams are everybody's", streams, "_check_radar")
add("streams lose their order", Streams, "messages", property(lambda self: list(self._messages)[::-1]))


@mutant("spokes need no registration", StreamService, "emit_spokes")
def _unregistered(_: Any, self: Any, radar: Any, data: Any) -> None:
    self._streams.emit(self._plugin(), f"radars/{radar}", data)


@mutant("streams turn back", Streams, "emit")
def _backwards(original: Original, self: Any, plugin: Any, name: Any, data: Any) -> None:
    original(self, plugin, name, data[::-1])


# ---- UDP --------------------------------------------------------------------------------------------------------


@mutant("datagrams come in any order", QueuedUdp, "_arrive")
def _latest_first(original: Original, self: Any, datagram: Any) -> None:
    original(self, datagram)
    waiting = [self._waiting.pop() for _ in range(len(self._waiting))]
    for one in [waiting[-1], *waiting[:-1]]:
        self._waiting.push(one)


@mutant("datagrams come from nowhere", SocketService, "udp_recv")
def _from_nowhere(original: Original, self: Any, number: Any, size: Any) -> Any:
    taken = original(self, number, size)
    return taken and (taken[0], "", 0)


@mutant("datagrams are not cut", SocketService, "udp_recv")
def _too_long(original: Original, self: Any, number: Any, size: Any) -> Any:
    return original(self, number, size + 100)


@mutant("binds again", QueuedUdp, "bind")
def _again(original: Original, self: Any, port: Any) -> None:
    self._bound = False
    original(self, port)


@mutant("defers nothing", QueuedUdp, "set")
def _not_deferred(original: Original, self: Any, function: Any, option: Any) -> Any:
    return original(self, function, option) if self._bound else _refuse()


@mutant("sends nothing", QueuedUdp, "send")
def _sends_nothing(_: Any, self: Any, data: Any, address: Any, port: Any) -> Any:
    return len(data)


@mutant("any family", SocketService, "udp_create")
def _any_family(original: Original, self: Any, family: Any) -> Any:
    return original(self, family & 1)


@mutant("no IPv6", SocketService, "udp_create")
def _no_ipv6(original: Original, self: Any, family: Any) -> Any:
    return original(self, family) if family == 0 else _refuse()


add("datagrams are dropped late", queued, "MOST_WAITING", 5000)
nothing("pending counts nothing", QueuedUdp, "pending", 0)
nothing("pending counts nothing", QueuedTcp, "pending", 0)
nothing("takes any address", sockets, "parse_group")
nothing("takes any address", queued, "parse_address")
nothing("takes any address", QueuedUdp, "send", 1)

# ---- ids --------------------------------------------------------------------------------------------------------

nothing("closes nothing", SocketService, "_close")
nothing("closes nothing", SocketService, "close")
nothing("sockets are without end", SocketService, "_check_room")
nothing("the network never fails", sockets, "_check_size")


@mutant("sockets are everybody's", SocketService, "_find")
def _found(original: Original, self: Any, number: Any, kind: Any) -> Any:
    one = self._every.find(number)
    return one if isinstance(one, kind) else original(self, number, kind)


@mutant("uses ids again", SocketService, "_add")
def _lowest(_: Any, self: Any, one: Any) -> Any:
    number = next(free for free in range(1, 10_000) if free not in self._sockets)
    self._sockets[number] = one
    self._every.add(number, self._sockets)
    return number


# ---- TCP --------------------------------------------------------------------------------------------------------

nothing("never connected", QueuedTcp, "is_connected", result=False)
nothing("always connected", QueuedTcp, "is_connected", result=True)
nothing("raw is nothing", QueuedTcp, "take_raw")
nothing("sends after the end", QueuedTcp, "send", 1)


@mutant("sends only until it is connected", QueuedTcp, "send")
def _until_connected(original: Original, self: Any, data: Any) -> Any:
    return _refuse() if self.socket.connection is Connection.CONNECTED else original(self, data)


@mutant("line buffering cannot be changed", SocketService, "tcp_set_line_buffering")
def _fixed(_: Any, self: Any, number: Any, on: Any) -> None:
    _refuse()


@mutant("lines keep their ends", QueuedTcp, "take_line")
def _with_end(original: Original, self: Any) -> Any:
    line = original(self)
    return line and line + b"\r"


@mutant("lines are pieces", QueuedTcp, "_split")
def _pieces(_: Any, self: Any, *, complete: Any) -> None:
    self._lines.push(bytes(self._partial))
    self._partial.clear()


# ---- fetch ------------------------------------------------------------------------------------------------------


def _answers(name: str, change: Any) -> None:
    """What a request is answered, changed."""

    @mutant(name, FetchService, "_judged")
    def judged(original: Original, self: Any, asked: Any, answer: Any, function: Any) -> Any:
        return change(original(self, asked, answer, function))


_answers("fetched answers are text", lambda given: replace(given, body=given.body.decode("utf-8", "replace").encode()))
_answers("fetched answers are cut", lambda given: replace(given, body=given.body[:60_000]))
_answers("fetches never fail", lambda given: given if given.status else Answer(200, b"{}"))
_answers("only a status of 200 is an answer", lambda given: given if given.status == 200 else replace(given, body=b""))
_answers("the status is always 200", lambda given: replace(given, status=200))


_answers("fetched answers are empty", lambda given: replace(given, body=b""))


@mutant("the first answer is every answer", Asyncify, "_ask")
def _first_answer(original: Original, self: Any, function: Any, raw: Any) -> Any:
    self.first_answer = getattr(self, "first_answer", None) or original(self, function, raw)
    return self.first_answer


@mutant("only start may fetch", Asyncify, "_ask")
def _start_only(original: Original, self: Any, function: Any, raw: Any) -> Any:
    return original(self, function, raw) if self._export == "plugin_start" else _refuse()


instead("a URL is anything", Objects, "text", (OutOfBounds, ValueError), "http://anything/")


@mutant("fetched answers have no bound", FetchService, "_judged")
def _unbounded(_: Any, self: Any, asked: Any, answer: Any, function: Any) -> Any:
    return answer


@mutant("a failed fetch is not logged", FetchService, "_judged")
def _unlogged(original: Original, self: Any, asked: Any, answer: Any, function: Any) -> Any:
    self._log, log = (lambda *_: None), self._log
    try:
        return original(self, asked, answer, function)
    finally:
        self._log = log


@mutant("every request is a GET", FetchService, "post")
def _get(_: Any, self: Any, url: Any, mode: Any, headers: Any, body: Any) -> Any:
    return self.get(url, mode, headers)


@mutant("fetched answers are blocks", Asyncify, "_call")
def _blocks(original: Original, self: Any, name: Any, *arguments: Any) -> Any:
    return original(self, name, arguments[0], 0) if name == "__new" else original(self, name, *arguments)


@mutant("what a call returns first counts", Asyncify, "_complete")
def _first_counts(original: Original, self: Any, export: Any, arguments: Any) -> Any:
    seen: list[Any] = []
    enter = self._enter

    def note(*given: Any) -> Any:
        seen.append(enter(*given))
        return seen[-1]

    self._enter = note
    try:
        original(self, export, arguments)
    finally:
        self._enter = enter
    return seen[0]


@mutant("a failed fetch answers null", Asyncify, "_buffer")
def _null(original: Original, self: Any, body: Any) -> Any:
    return original(self, body) if body else 0


@mutant("nobody is told of answers", Asyncify, "_hand_over")
def _not_told(_: Any, self: Any, callback: Any, answer: Any) -> None:
    self._later.clear()


@mutant("a plugin may fetch while it is described", Gate, "call")
def _early(original: Original, self: Any, function: Any, arguments: Any, operation: Any = "") -> Any:
    if not function.as_fetch:
        return original(self, function, arguments, operation)
    return self.attempt(function, lambda: self._operations[operation or function.operation](*arguments()))
