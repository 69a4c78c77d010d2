"""Bodies of requests and responses, and how many bytes of them the host holds for one instance (contract §19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.wasi.preview2.http.errors import HttpFault, code
from refhost.wasi.preview2.registry import Failure, misuse
from refhost.wasi.preview2.streams import InputStream, OutputStream, Resource

if TYPE_CHECKING:
    from wasmtime import component as wc

    from refhost.wasi.preview2.http.responses import FutureResponse

_STREAM = "its stream"


class Room:
    """The bytes that the bodies of one instance may have at once."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.full = f"the bodies that the plugin holds would have more than {limit} bytes (§19)"

    def take(self, count: int) -> bool:
        """Take so many, if they are there."""
        if count > self.left:
            return False
        self.left -= count
        return True

    def give(self, count: int) -> None:
        """Give so many back."""
        self.left += count


class Content:
    """The body of a response, on its way from the future to the stream; whoever drops it gives its room back."""

    def __init__(self, data: bytes, room: Room) -> None:
        self._room = room
        self.data = data

    def release(self) -> None:
        """Nobody will read it any more."""
        self._room.give(len(self.data))
        self.data = b""


class IncomingBody(Resource):
    """The body of a response."""

    resource = "incoming-body"

    def __init__(self, content: Content) -> None:
        self._content = content
        self._read = 0
        self._streamed = False

    def stream(self) -> InputStream:
        """The stream, once."""
        if self._streamed:
            raise Failure(None)
        self._streamed = True
        self.open_child = _STREAM
        return InputStream(_Reading(self))

    def read(self, length: int) -> bytes:
        """Read on."""
        data = self._content.data[self._read : self._read + length]
        self._read += len(data)
        return data

    def close(self) -> None:
        """Nobody will read it any more."""
        self._content.release()


class _Reading:
    """What the stream of a body reads from."""

    def __init__(self, body: IncomingBody) -> None:
        self._body = body

    def read(self, length: int) -> bytes:
        """Read on."""
        return self._body.read(length)

    def close(self) -> None:
        """The body may go."""
        self._body.open_child = ""


class OutgoingBody(Resource):
    """The body of a request: gathered until it is finished, then sent with the request.

    Args:
        declared: how long the headers say that it is; None where they do not.
        limit: how long it may be.
        room: for it.
    """

    resource = "outgoing-body"

    def __init__(self, declared: int | None, limit: int, room: Room) -> None:
        self._declared = declared
        self._limit = limit
        self._room = room
        self._data = bytearray()
        self._streamed = False
        self._whole = False
        self._failure: tuple[wc.Variant, str] | None = None
        self._future: FutureResponse | None = None
        self._unwanted = False

    def stream(self) -> OutputStream:
        """The stream, once."""
        if self._streamed:
            raise Failure(None)
        self._streamed = True
        self.open_child = _STREAM
        return OutputStream(_Writing(self))

    def write(self, data: bytes) -> None:
        """Write on.

        Raises:
            HttpFault: it becomes too long; the request will fail.
        """
        length = len(self._data) + len(data)
        if self._declared is not None and length > self._declared:
            raise self._wrong_length(length)
        if length > self._limit:
            reason = f"its body has {length} bytes or more; the limit is {self._limit} (§19)"
            raise self._break(code("HTTP-request-body-size", length), reason)
        if not self._room.take(len(data)):
            raise self._break(code("internal-error", self._room.full), self._room.full)
        self._data += data

    def finish(self) -> None:
        """It is whole."""
        if self.open_child:
            raise misuse("wasi:http/types.[static]outgoing-body.finish", "the stream of the body is still there")
        length = len(self._data)
        if self._failure is None and self._declared not in (None, length):
            self._wrong_length(length)
        if self._failure is not None:
            raise Failure(self._failure[0])
        self._whole = True
        self._settle()

    def send_with(self, future: FutureResponse) -> None:
        """The request was handed over: send it as soon as this is whole."""
        self._future = future
        self._settle()

    def forget(self) -> None:
        """The request will never be handed over."""
        self._unwanted = True
        self._settle()

    def close(self) -> None:
        """Dropped. Where it was not finished, the request fails."""
        if not self._whole and self._failure is None:
            self._break(code("HTTP-protocol-error"), "its body was dropped before it was finished")

    def _wrong_length(self, length: int) -> HttpFault:
        reason = f"its body has {length} bytes; its content-length says {self._declared}"
        return self._break(code("HTTP-request-body-size", length), reason)

    def _break(self, why: wc.Variant, reason: str) -> HttpFault:
        self._failure = (why, reason)
        self._settle()
        return HttpFault(why, reason)

    def _settle(self) -> None:
        """Send the request or let it fail, once both it and the end of this are known; then the bytes may go."""
        if self._future is not None and self._whole:
            self._future.send(bytes(self._data))
        elif self._future is not None and self._failure is not None:
            self._future.fail(*self._failure)
        settled = self._whole and (self._future is not None or self._unwanted)
        if settled or self._failure is not None:
            self._room.give(len(self._data))
            self._data.clear()


class _Writing:
    """What the stream of a body writes to."""

    def __init__(self, body: OutgoingBody) -> None:
        self._body = body

    def write(self, data: bytes) -> None:
        """Write on."""
        self._body.write(data)

    def close(self) -> None:
        """The body may go."""
        self._body.open_child = ""
