"""The real network, for a host that was asked to use it (contract §18): never under test by itself.

A server may be slow in more ways than any client knows: byte by byte in its head, with interim answers without end,
from redirection to redirection. So a thread asks, and whoever called waits no longer than is allowed; then the
connections are ended, and with them the thread.
"""

from __future__ import annotations

import socket
import struct
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from refhost.printing import printable
from refhost.services.fetch import Answer, Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx2

    from refhost.limits import Limits
    from refhost.services.fetch import Request

# How long a thread may take to notice that its connections have ended. Only one that still looks for a name, or for a
# machine that answers, takes longer, and ends when the system gives up.
_ENDING_SECONDS = 1.0
_OPENED = "connect_tcp.complete"
_AT_ONCE = struct.pack("ii", 1, 0)


def real_network(limits: Limits) -> Callable[[Request], Answer]:
    """What sends a request to the server that its URL names, and waits for the answer as long as a call may take."""
    import httpx2  # noqa: PLC0415 - heavy, and most hosts never need it

    def asked(request: Request, seconds: float, connections: _Connections) -> Answer:
        try:
            with httpx2.Client(timeout=seconds) as client:
                first = client.build_request(
                    request.method,
                    request.url,
                    headers=_headers(request),
                    content=request.body,
                    extensions={"trace": connections.notice},
                )
                if request.as_sent:
                    return _answer(client.send(first, stream=True), httpx2.Response.iter_raw, limits)
                return _followed(client, first, limits)
        except httpx2.TimeoutException:
            return _late(seconds)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
            return _failed(str(error) or type(error).__name__)

    def send(request: Request) -> Answer:
        seconds = min(limits.call_seconds, request.patience)
        connections = _Connections()
        found: Future[Answer] = Future()

        def work() -> None:
            try:
                found.set_result(asked(request, seconds, connections))
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                found.set_exception(error)

        thread = threading.Thread(target=work, name="refhost-fetch", daemon=True)
        thread.start()
        try:
            return found.result(seconds)
        except TimeoutError:
            return _late(seconds)
        finally:
            connections.end(broken_off=not found.done())
            thread.join(_ENDING_SECONDS)

    return send


class _Connections:
    """The connections of one request, which another thread ends when the time is up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._ended = False
        self._broken_off = False

    def notice(self, event: str, told: Mapping[str, Any]) -> None:
        """A step of the client; with some of them a connection is opened."""
        if not event.endswith(_OPENED):
            return
        with self._lock:
            # TLS takes the socket over; another descriptor of the same connection stays ours.
            self._sockets.append(told["return_value"].get_extra_info("socket").dup())
            if self._ended:
                self._end()

    def end(self, *, broken_off: bool) -> None:
        """End them, and all that are still opened.

        Args:
            broken_off: in the middle of an answer; then a server that sends without end learns it at once.
        """
        with self._lock:
            self._ended, self._broken_off = True, broken_off
            self._end()

    def _end(self) -> None:
        for one in self._sockets:
            with closing(one), suppress(OSError):  # the other side has ended it
                if self._broken_off:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                one.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()


def _followed(client: httpx2.Client, request: httpx2.Request, limits: Limits) -> Answer:
    """The answer behind all redirections, unpacked. What comes with a redirection is not read: it may have no end."""
    for hops in range(client.max_redirects + 1):
        response = client.send(request, stream=True)
        with closing(response):
            if not response.has_redirect_location:
                packed = [one for one in response.headers.get_list("content-encoding", split_commas=True) if one]
                if len(packed) > 1:  # a few bytes could take hours to unpack, and come to nothing
                    return _failed(f"its answer is packed {len(packed)} times; once is unpacked")
                return _answer(response, type(response).iter_bytes, limits, redirected=hops > 0)
            if response.next_request is None:
                return _failed("it is redirected to what is no URL")
            request = response.next_request
    return _failed(f"it is redirected more than {client.max_redirects} times")


def _answer(
    response: httpx2.Response,
    parts: Callable[[httpx2.Response], Iterator[bytes]],
    limits: Limits,
    *,
    redirected: bool = False,
) -> Answer:
    """A response with its body, which is read up to where it is too long."""
    body = bytearray()
    with closing(response):
        for part in parts(response):
            body += part
            if len(body) > limits.message_bytes:
                break  # the plugin's service says that it is too long
        status, headers = response.status_code, dict(response.headers)
    return Answer(status, bytes(body), headers, redirected=redirected, waited=True)


def _late(seconds: float) -> Answer:
    return Answer(0, waited=True, reason=f"it took longer than {seconds:g} s (§19)", cause=Cause.TIMEOUT)


def _failed(reason: str) -> Answer:
    return Answer(0, waited=True, reason=printable(reason, limit=300, lines=False))


def _headers(request: Request) -> list[tuple[str, str]]:
    """Those of the plugin; where it must decompress by itself, a server is not asked for what it did not ask for."""
    own = list(request.headers)
    if request.as_sent and not any(name.lower() == "accept-encoding" for name, _ in own):
        own.append(("accept-encoding", "identity"))
    return own
