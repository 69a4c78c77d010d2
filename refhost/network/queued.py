"""Between a plugin and a network's socket: what waits to be received, and options that wait for a port (contract §17).

What the network pushes waits in bounded queues until the plugin takes it. Options that are set before a UDP socket is
bound are kept, and take effect when it is; sending on one that is not bound binds it to a free port first. Every method
may raise a `NetworkError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.network.interface import MAX_PORT, Connection, Datagram, Family, NetworkError, parse_address
from refhost.network.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.network.interface import NetworkInterface

# Datagrams, lines or chunks that wait per socket (§17).
MOST_WAITING = 1000


class _Once:
    """Says something once per socket, however often it happens."""

    def __init__(self, log: Callable[[str, str, str], None], function: str) -> None:
        self._log = log
        self._function = function
        self._told = False

    def note(self, text: str) -> None:
        """Log it, the first time."""
        if not self._told:
            self._told = True
            self._log("warning", text, self._function)


class QueuedUdp:
    """One UDP socket, with what waits in it and what waits for it to be bound."""

    kind = "udp"

    def __init__(
        self, interface: NetworkInterface, family: Family, most_bytes: int, log: Callable[[str, str, str], None]
    ) -> None:
        self.family = family
        self.socket = interface.udp(family, self._arrive)
        self._log = log
        self._drops = _Once(log, "sk_udp_recv")
        self._waiting: Waiting[Datagram] = Waiting(MOST_WAITING, most_bytes, lambda d: len(d.data))
        self.port = 0
        self._bound = False
        self._deferred: list[tuple[str, Callable[[], None]]] = []

    def _arrive(self, datagram: Datagram) -> None:
        if not datagram.data:
            return  # its result could not be told from that of nothing
        self._waiting.push(datagram)
        if self._waiting.dropped:
            self._drops.note("datagrams came faster than they were received: the oldest are dropped (§17)")

    def bind(self, port: int) -> None:
        """Bind it, and do what was deferred. An option that fails then is logged; the socket is bound all the same."""
        if self._bound:
            raise NetworkError("the socket is bound already")
        if not 0 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port")
        self.socket.bind(port)
        self.port, self._bound = port, True
        deferred, self._deferred = self._deferred, []
        for function, option in deferred:
            try:
                option()
            except NetworkError as error:
                self._log("refused", f"deferred until the socket was bound: {error}", function)

    def set(self, function: str, option: Callable[[], None]) -> None:
        """Change an option, at once or when the socket is bound."""
        if self._bound:
            option()
        elif len(self._deferred) >= MOST_WAITING:
            raise NetworkError(f"{MOST_WAITING} options wait for this socket to be bound: no more are kept (§19)")
        else:
            self._deferred.append((function, option))

    def send(self, data: bytes, address: str, port: int) -> int:
        """Send; a socket that is not bound is bound to a free port first."""
        parse_address(address, self.family)
        if not 1 <= port <= MAX_PORT:
            raise NetworkError(f"{port} is not a port that anything can be sent to")
        if not self._bound:
            self.bind(0)
        return self.socket.send(data, address, port)

    def take(self) -> Datagram | None:
        """Take the oldest datagram."""
        self.socket.poll()
        return self._waiting.pop()

    def pending(self) -> int:
        """How many wait."""
        self.socket.poll()
        return len(self._waiting)

    def close(self) -> None:
        """Close it; what waits is lost."""
        self._waiting.clear()
        self.socket.close()


class QueuedTcp:
    """One TCP socket, with the lines and chunks that wait in it."""

    kind = "tcp"
    port = 0

    def __init__(
        self,
        interface: NetworkInterface,
        most_bytes: int,
        log: Callable[[str, str, str], None],
        text: Callable[[bytes], bytes] = lambda chunk: chunk,
    ) -> None:
        self.socket = interface.tcp(self._arrive)
        self._text = text  # what a chunk becomes before it is split into lines
        self._most_bytes = most_bytes
        self._drops = _Once(log, "sk_tcp_recv_line")
        self._long_lines = _Once(log, "sk_tcp_recv_line")
        self._wrong_mode = _Once(log, "sk_tcp_set_line_buffering")
        self._lines: Waiting[bytes] = Waiting(MOST_WAITING, most_bytes, len)
        self._chunks: Waiting[bytes] = Waiting(MOST_WAITING, most_bytes, len)
        self._buffers_lines = True
        self._partial = bytearray()
        self._skipping = False

    def _arrive(self, chunk: bytes) -> None:
        if self._buffers_lines:
            self._partial += self._text(chunk)
            self._split(complete=b"\n" in chunk)
        elif chunk:
            self._chunks.push(chunk)
        if self._lines.dropped or self._chunks.dropped:
            self._drops.note("data came faster than it was received: the oldest is dropped (§17)")

    def _split(self, *, complete: bool) -> None:
        if complete:
            *lines, rest = bytes(self._partial).split(b"\n")
            self._partial = bytearray(rest)
            for line in lines:
                if self._skipping:
                    self._skipping = False
                elif len(line) > self._most_bytes:
                    self._too_long()
                elif line not in (b"", b"\r"):  # the result of an empty line could not be told from that of nothing
                    self._lines.push(line.removesuffix(b"\r"))
        if len(self._partial) > self._most_bytes:
            self._skipping = True
            self._too_long()
        if self._skipping:
            self._partial.clear()

    def _too_long(self) -> None:
        self._long_lines.note(f"a line is longer than {self._most_bytes} bytes: it is dropped up to its end (§19)")

    def connect(self, address: str, port: int) -> None:
        """Begin to connect, once in its life."""
        if self.socket.connection is not Connection.NEW:
            raise NetworkError(f"the socket is {self.socket.connection.value}: a socket connects once, make a new one")
        self.socket.connect(address, port)

    def is_connected(self) -> bool:
        """Whether it is connected now."""
        self.socket.poll()
        return self.socket.connection is Connection.CONNECTED

    def set_line_buffering(self, *, on: bool) -> None:
        """Change how arriving data is kept; what came before stays as it is, an unfinished line becomes a chunk."""
        self.socket.poll()
        if on is self._buffers_lines:
            return
        if self._partial:
            self._chunks.push(bytes(self._partial))
            self._partial.clear()
        self._buffers_lines = on
        self._skipping = False

    def send(self, data: bytes) -> int:
        """Send."""
        self.socket.poll()
        return self.socket.send(data)

    def take_line(self) -> bytes | None:
        """Take the oldest line."""
        self.socket.poll()
        if not self._lines and self._chunks and not self._buffers_lines:
            self._wrong_mode.note(
                "sk_tcp_recv_line finds no lines: line buffering is off, sk_tcp_recv_raw has the data"
            )
        return self._lines.pop()

    def take_raw(self, size: int) -> bytes | None:
        """Take the oldest chunk, at most `size` bytes of it."""
        self.socket.poll()
        if not self._chunks and self._buffers_lines and (self._lines or self._partial):
            self._wrong_mode.note(
                "sk_tcp_recv_raw finds no chunks: line buffering is on, sk_tcp_recv_line has the data"
            )
        chunk = self._chunks.pop()
        if chunk is not None and len(chunk) > size:
            self._chunks.push_front(chunk[size:])
        return chunk if chunk is None else chunk[:size]

    def pending(self) -> int:
        """How many lines wait, or chunks without line buffering."""
        self.socket.poll()
        return len(self._lines if self._buffers_lines else self._chunks)

    def close(self) -> None:
        """Close it; what waits is lost."""
        self._lines.clear()
        self._chunks.clear()
        self._partial.clear()
        self.socket.close()
