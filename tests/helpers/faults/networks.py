"""Faults of binary streams, sockets and fetched answers."""

from __future__ import annotations

from dataclasses import replace

from faults.fault import add, fault, nothing
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


def _refuse(*_, **__):
    raise Refused("not today")


# ---- streams ----------------------------------------------------------------------------------------------------

nothing("streams are everybody's", StreamService, "_check_own")
nothing("streams are everybody's", streams, "_check_radar")
add("streams lose their order", Streams, "messages", property(lambda self: list(self._messages)[::-1]))


@fault("spokes need no registration", StreamService, "emit_spokes")
def _unregistered(_, self, radar, data):
    self._streams.emit(self._plugin(), f"radars/{radar}", data)


@fault("streams turn back", Streams, "emit")
def _backwards(original, self, plugin, name, data):
    original(self, plugin, name, data[::-1])


# ---- UDP --------------------------------------------------------------------------------------------------------


@fault("datagrams come in any order", QueuedUdp, "_arrive")
def _latest_first(original, self, datagram):
    original(self, datagram)
    waiting = [self._waiting.pop() for _ in range(len(self._waiting))]
    for one in [waiting[-1], *waiting[:-1]]:
        self._waiting.push(one)


@fault("datagrams come from nowhere", SocketService, "udp_recv")
def _from_nowhere(original, self, number, size):
    taken = original(self, number, size)
    return taken and (taken[0], "", 0)


@fault("datagrams are not cut", SocketService, "udp_recv")
def _too_long(original, self, number, size):
    return original(self, number, size + 100)


@fault("binds again", QueuedUdp, "bind")
def _again(original, self, port):
    self._bound = False
    original(self, port)


@fault("defers nothing", QueuedUdp, "set")
def _not_deferred(original, self, function, option):
    return original(self, function, option) if self._bound else _refuse()


@fault("sends nothing", QueuedUdp, "send")
def _sends_nothing(_, self, data, address, port):
    return len(data)


@fault("any family", SocketService, "udp_create")
def _any_family(original, self, family):
    return original(self, family & 1)


@fault("no IPv6", SocketService, "udp_create")
def _no_ipv6(original, self, family):
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


@fault("sockets are everybody's", SocketService, "_find")
def _found(original, self, number, kind):
    one = self._every.find(number)
    return one if isinstance(one, kind) else original(self, number, kind)


@fault("uses ids again", SocketService, "_add")
def _lowest(_, self, one):
    number = next(free for free in range(1, 10_000) if free not in self._sockets)
    self._sockets[number] = one
    self._every.add(number, self._sockets)
    return number


# ---- TCP --------------------------------------------------------------------------------------------------------

nothing("never connected", QueuedTcp, "is_connected", result=False)
nothing("always connected", QueuedTcp, "is_connected", result=True)
nothing("raw is nothing", QueuedTcp, "take_raw")
nothing("sends after the end", QueuedTcp, "send", 1)


@fault("sends only until it is connected", QueuedTcp, "send")
def _until_connected(original, self, data):
    return _refuse() if self.socket.connection is Connection.CONNECTED else original(self, data)


@fault("line buffering cannot be changed", SocketService, "tcp_set_line_buffering")
def _fixed(_, self, number, on):
    _refuse()


@fault("lines keep their ends", QueuedTcp, "take_line")
def _with_end(original, self):
    line = original(self)
    return line and line + b"\r"


@fault("lines are pieces", QueuedTcp, "_split")
def _pieces(_, self, *, complete):
    self._lines.push(bytes(self._partial))
    self._partial.clear()


# ---- fetch ------------------------------------------------------------------------------------------------------


def _answers(name, change):
    """What a request is answered, changed."""

    @fault(name, FetchService, "_judged")
    def judged(original, self, asked, answer, function):
        return change(original(self, asked, answer, function))


_answers("fetched answers are text", lambda given: replace(given, body=given.body.decode("utf-8", "replace").encode()))
_answers("fetched answers are cut", lambda given: replace(given, body=given.body[:60_000]))
_answers("fetches never fail", lambda given: given if given.status else Answer(200, b"{}"))
_answers("only a status of 200 is an answer", lambda given: given if given.status == 200 else replace(given, body=b""))
_answers("the status is always 200", lambda given: replace(given, status=200))


_answers("fetched answers are empty", lambda given: replace(given, body=b""))


@fault("the first answer is every answer", Asyncify, "_ask")
def _first_answer(original, self, function, raw):
    self.first_answer = getattr(self, "first_answer", None) or original(self, function, raw)
    return self.first_answer


@fault("only start may fetch", Asyncify, "_ask")
def _start_only(original, self, function, raw):
    return original(self, function, raw) if self._export == "plugin_start" else _refuse()


@fault("a URL is anything", Objects, "text")
def _any_url(original, self, pointer):
    try:
        return original(self, pointer)
    except (OutOfBounds, ValueError):
        return "http://anything/"


@fault("fetched answers have no bound", FetchService, "_judged")
def _unbounded(_, self, asked, answer, function):
    return answer


@fault("a failed fetch is not logged", FetchService, "_judged")
def _unlogged(original, self, asked, answer, function):
    self._log, log = (lambda *_: None), self._log
    try:
        return original(self, asked, answer, function)
    finally:
        self._log = log


@fault("every request is a GET", FetchService, "post")
def _get(_, self, url, mode, headers, body):
    return self.get(url, mode, headers)


@fault("fetched answers are blocks", Asyncify, "_call")
def _blocks(original, self, name, *arguments):
    return original(self, name, arguments[0], 0) if name == "__new" else original(self, name, *arguments)


@fault("what a call returns first counts", Asyncify, "_complete")
def _first_counts(original, self, export, arguments):
    seen = []
    enter = self._enter
    self._enter = lambda *given: seen.append(enter(*given)) or seen[-1]
    try:
        original(self, export, arguments)
    finally:
        self._enter = enter
    return seen[0]


@fault("a failed fetch answers null", Asyncify, "_buffer")
def _null(original, self, body):
    return original(self, body) if body else 0


@fault("nobody is told of answers", Asyncify, "_hand_over")
def _not_told(_, self, callback, answer):
    self._later.clear()


@fault("a plugin may fetch while it is described", Gate, "call")
def _early(original, self, function, arguments, operation=""):
    if not function.as_fetch:
        return original(self, function, arguments, operation)
    return self.attempt(function, lambda: self._operations[operation or function.operation](*arguments()))
