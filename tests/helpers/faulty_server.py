"""An HTTP server on this machine that does one thing wrong, which the path names: slow, cut, huge, or no HTTP at all.

`SLOW`, `HUGE`, `WRONG` and so on are the paths by what becomes of a request. `/fine` is answered as it should be.
"""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
OK = b"HTTP/1.1 200 OK\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\n\r\n"
# Between two bytes of an answer that drips: many of them before anybody's time is up.
DROP_SECONDS = 0.02
MANY = 1 << 16
# Raw deflate that says nothing, for ever: a stored block of no bytes.
_NOTHING = b"\x00\x00\x00\xff\xff"
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def _zeros() -> bytes:
    """A megabyte of them in a thousand bytes of deflate, which may be repeated: it refers to nothing before it."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)


_BOMB = _zeros() * 64


class Talk:
    """One connection; what it cannot send, nobody wants any more."""

    def __init__(self, connection: socket.socket, over: threading.Event, method: bytes) -> None:
        self._connection = connection
        self._over = over
        self.method = method

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self._connection.sendall(part)

    def wait(self, seconds: float | None = None) -> None:
        """Until the test is over, or so long."""
        self._over.wait(seconds)

    def for_ever(self, part: bytes, seconds: float = 0.0) -> None:
        """The same again until the other side has gone."""
        while not self._over.is_set():
            self.say(part)
            if seconds:
                self.wait(seconds)

    def reset(self) -> None:
        """End the connection without a farewell."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drips(talk: Talk, begin: bytes, drop: bytes) -> None:
    talk.say(begin)
    talk.for_ever(drop, DROP_SECONDS)


def _stalls(talk: Talk, begin: bytes) -> None:
    talk.say(begin)
    talk.wait()


def _floods(talk: Talk, begin: bytes, part: bytes) -> None:
    talk.say(begin)
    talk.for_ever(part)


def _moved(target: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n"


def _moves_slowly(talk: Talk) -> None:
    talk.wait(0.1)
    talk.say(_moved(b"/slow-redirections"))


# No answer in time.
SLOW: dict[str, Callable[[Talk], None]] = {
    "never": lambda talk: talk.wait(),
    "stalls-in-the-head": lambda talk: _stalls(talk, OK + b"X-A: "),
    "stalls-in-the-body": lambda talk: _stalls(talk, OK + b"Content-Length: 10\r\n\r\nabc"),
    "stalls-in-a-chunk": lambda talk: _stalls(talk, OK + b"Transfer-Encoding: chunked\r\n\r\na\r\nabc"),
    "drips-its-status": lambda talk: _drips(talk, b"HTTP/1.1 200 ", b"O"),
    "drips-its-head": lambda talk: _drips(talk, OK + b"X-A: ", b"a"),
    "drips-its-body": lambda talk: _drips(talk, OK + b"Content-Length: 1000000\r\n\r\n", b"a"),
    "drips-interim-answers": lambda talk: _drips(talk, b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "floods-with-interim-answers": lambda talk: _floods(talk, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100),
}
# Slow as well, for who follows redirections and unpacks.
SLOW_TO_FOLLOW: dict[str, Callable[[Talk], None]] = {
    "slow-redirections": _moves_slowly,
    "unpacks-to-nothing": lambda talk: _floods(talk, GZIP + _GZIP_HEAD, _NOTHING * 1000),
}
# More than a message may hold.
HUGE: dict[str, Callable[[Talk], None]] = {
    "without-end": lambda talk: _floods(talk, OK + b"\r\n", bytes(MANY)),
    "chunks-without-end": lambda talk: _floods(
        talk, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(MANY) + b"\r\n"
    ),
    "terabytes": lambda talk: _floods(talk, OK + b"Content-Length: 9999999999999\r\n\r\n", bytes(MANY)),
}
HUGE_TO_UNPACK: dict[str, Callable[[Talk], None]] = {"bomb": lambda talk: _floods(talk, GZIP + _GZIP_HEAD, _BOMB)}
# No answer, or none that is whole.
WRONG: dict[str, Callable[[Talk], None]] = {
    "hangs-up": lambda talk: None,
    "resets": lambda talk: talk.reset(),
    "cut-in-the-head": lambda talk: talk.say(OK + b"Content-Le"),
    "cut-in-the-body": lambda talk: talk.say(OK + b"Content-Length: 100\r\n\r\nabc"),
    "cut-in-a-chunk": lambda talk: talk.say(OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nabc"),
    "cut-between-chunks": lambda talk: talk.say(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    "reset-in-the-body": lambda talk: (talk.say(OK + b"Content-Length: 100\r\n\r\nabc"), talk.reset())[0],
    "gigantic-header": lambda talk: talk.say(OK + b"X-A: ", *[b"a" * MANY] * 64, b"\r\n\r\n"),
    "headers-without-end": lambda talk: _floods(talk, OK, b"X-A: a\r\n" * 1000),
    "gigantic-status": lambda talk: _floods(talk, b"HTTP/1.1 200 ", b"O" * MANY),
    "gigantic-chunk-extension": lambda talk: _floods(talk, OK + b"Transfer-Encoding: chunked\r\n\r\n3;", b"a" * MANY),
    "trailers-without-end": lambda talk: _floods(
        talk, OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", b"X-A: a\r\n" * 1000
    ),
    "no-http": lambda talk: talk.say(b"SSH-2.0-\x1b[31m" + b"x" * 60_000 + b"\r\n\r\n"),
    "bytes": lambda talk: talk.say(bytes(range(256)) * 4 + b"\r\n\r\n"),
    "status-of-two-digits": lambda talk: talk.say(b"HTTP/1.1 20 OK\r\n\r\n"),
    "status-000": lambda talk: talk.say(b"HTTP/1.1 000 OK\r\n\r\n"),
    "status-of-letters": lambda talk: talk.say(b"HTTP/1.1 abc OK\r\n\r\n"),
    "length-of-letters": lambda talk: talk.say(OK + b"Content-Length: x\r\n\r\nabc"),
    "length-below-zero": lambda talk: talk.say(OK + b"Content-Length: -1\r\n\r\nabc"),
    "length-of-thousands-of-digits": lambda talk: talk.say(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nabc"),
    "two-lengths": lambda talk: talk.say(OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "chunk-size-of-letters": lambda talk: talk.say(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
    "unknown-transfer": lambda talk: talk.say(OK + b"Transfer-Encoding: gzip\r\n\r\nabc"),
}
WRONG_TO_FOLLOW: dict[str, Callable[[Talk], None]] = {
    "redirections-without-end": lambda talk: talk.say(_moved(b"/redirections-without-end")),
    "redirection-to-a-file": lambda talk: talk.say(_moved(b"file:///etc/passwd")),
    "redirection-to-no-port": lambda talk: talk.say(_moved(b"http://127.0.0.1:99999/")),
    "redirection-to-no-address": lambda talk: talk.say(_moved(b"http://[::zz]/")),
    "redirection-to-no-name": lambda talk: talk.say(_moved(b"http://" + b"a" * 300 + b"..b/")),
    "redirection-to-bytes": lambda talk: talk.say(_moved(b"http://\xff\xfe/")),
    "packed-twice": lambda talk: talk.say(
        OK + b"Content-Encoding: gzip, gzip\r\n\r\n", gzip.compress(gzip.compress(b"x"))
    ),
    "not-packed": lambda talk: talk.say(GZIP, b"this is no gzip"),
}
# Huge, and of no interest to who follows: what comes with a redirection.
FINE_TO_FOLLOW: dict[str, Callable[[Talk], None]] = {
    "redirection-with-a-flood": lambda talk: _floods(
        talk, b"HTTP/1.1 302 Found\r\nLocation: /fine\r\n\r\n", bytes(MANY)
    ),
    "redirection-with-a-bomb": lambda talk: _floods(
        talk, b"HTTP/1.1 302 Found\r\nLocation: /fine\r\nContent-Encoding: gzip\r\n\r\n" + _GZIP_HEAD, _BOMB
    ),
}
_EVERY = {
    **SLOW,
    **SLOW_TO_FOLLOW,
    **HUGE,
    **HUGE_TO_UNPACK,
    **WRONG,
    **WRONG_TO_FOLLOW,
    **FINE_TO_FOLLOW,
    "fine": lambda talk: talk.say(FINE),
    # With the method of the request that comes after a redirection.
    "method": lambda talk: talk.say(OK + b"\r\n" + talk.method),
    "found": lambda talk: talk.say(_moved(b"/method")),
    "the-same-there": lambda talk: talk.say(_moved(b"/method").replace(b"302", b"307")),
}


class FaultyServer:
    """The server, in threads of its own.

    Attributes:
        authority: its address and port.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self.authority = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the other side has had enough
            connection.settimeout(10)
            request = b""
            while b"\r\n\r\n" not in request and (more := connection.recv(MANY)):
                request += more
            if b"\r\n\r\n" in request:
                method, path = request.split()[:2]
                _EVERY[path.decode().lstrip("/")](Talk(connection, self._over, method))

    def close(self) -> None:
        """End it with all connections."""
        self._over.set()
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()
