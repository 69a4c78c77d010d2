"""What comes back: futures, responses, their bodies and trailers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wasmtime import component as wc

from refhost.clock import in_nanoseconds
from refhost.wasi.preview2.http.bodies import Content, IncomingBody, OutgoingBody
from refhost.wasi.preview2.http.errors import HttpFault, code, code_of
from refhost.wasi.preview2.http.fields import Fields
from refhost.wasi.preview2.registry import Failure, misuse, wasi
from refhost.wasi.preview2.streams import Pollable, Resource

if TYPE_CHECKING:
    from refhost.clock import Clock
    from refhost.services.fetch import Answer
    from refhost.wasi.preview2.http.bodies import Room
    from refhost.wasi.preview2.streams import Error, InputStream, OutputStream

_TYPES = "wasi:http/types"


class Exchange(Protocol):
    """A request that may be made."""

    def send(self, body: bytes) -> Answer:
        """Send it. No virtual time passes: see the answer's delay."""

    def give_up(self, reason: str) -> None:
        """It is never sent."""


class FutureResponse(Resource):
    """A response that is on its way.

    Args:
        exchange: sends the request, once its body is whole.
        clock: time.
        room: for the body of the response.
        patience_ns: how long the plugin waits for a response to a request that it never finishes.

    Attributes:
        due_ns: the moment of the monotonic clock at which there is something to get.
    """

    resource = "future-incoming-response"

    def __init__(self, exchange: Exchange, clock: Clock, room: Room, patience_ns: int) -> None:
        self._exchange: Exchange | None = exchange
        self._clock = clock
        self._room = room
        self._failure: wc.Variant | None = None
        self._response: IncomingResponse | None = None
        self._taken = False
        self._dropped = False
        self._pollables = 0
        self.due_ns = clock.elapsed_ns + patience_ns

    def send(self, body: bytes) -> None:
        """The request is whole: send it."""
        if self._exchange is None:
            return  # the plugin did not finish it in time
        answer = self._exchange.send(body)
        self._exchange = None
        self.due_ns = self._clock.elapsed_ns + in_nanoseconds(answer.delay)
        if answer.status == 0:
            self._failure = code_of(answer)
        elif not self._dropped and not self._room.take(len(answer.body)):
            self._failure = code("internal-error", self._room.full)
        elif not self._dropped:
            self._response = IncomingResponse(answer, Content(answer.body, self._room))

    def fail(self, why: wc.Variant, reason: str) -> None:
        """The request cannot be sent."""
        if self._exchange is not None:
            self._exchange.give_up(reason)
            self._exchange = None
            self._failure = why
            self.due_ns = self._clock.elapsed_ns

    def get(self) -> wc.Variant | None:
        """None before it is due, then what came of it, once, then an error."""
        if self._clock.elapsed_ns < self.due_ns:
            return None
        self.fail(code("connection-read-timeout"), "the plugin waited for the answer without finishing the body")
        if self._taken:
            return wc.Variant("err")
        self._taken = True
        if self._failure is not None:
            return wc.Variant("ok", wc.Variant("err", self._failure))
        response, self._response = self._response, None
        return wc.Variant("ok", wc.Variant("ok", response))

    def count_pollable(self, step: int) -> None:
        """One more waits for it, or one less."""
        self._pollables += step
        self.open_child = "its pollable" if self._pollables else ""

    def close(self) -> None:
        """Nobody wants the response; a request that is not finished can still be."""
        self._dropped = True
        if self._response is not None:
            self._response.close()


class FuturePollable(Pollable):
    """Waits for a response."""

    is_sleep = False

    def __init__(self, future: FutureResponse) -> None:
        super().__init__()
        self._future = future
        future.count_pollable(1)

    @property
    def due_ns(self) -> int:
        """It may become another: a request that is finished has its response at another moment."""
        return self._future.due_ns

    def close(self) -> None:
        """The future may go."""
        self._future.count_pollable(-1)


class IncomingResponse(Resource):
    """A response."""

    resource = "incoming-response"

    def __init__(self, answer: Answer, content: Content) -> None:
        self.status = answer.status
        self.headers = Fields(
            [(name, value.encode("utf-8", "surrogateescape")) for name, value in answer.headers.items()]
        )
        self._content: Content | None = content

    def consume(self) -> IncomingBody:
        """The body, once."""
        content, self._content = self._content, None
        if content is None:
            raise Failure(None)
        return IncomingBody(content)

    def close(self) -> None:
        """Nobody wants it."""
        if self._content is not None:
            self._content.release()


class FutureTrailers(Resource):
    """The trailers of a response: there are none."""

    resource = "future-trailers"

    def __init__(self) -> None:
        self._taken = False

    def get(self) -> wc.Variant:
        """None of them, once, then an error."""
        taken, self._taken = self._taken, True
        return wc.Variant("err") if taken else wc.Variant("ok", wc.Variant("ok", None))


class ResponseFunctions:
    """The functions of bodies, futures and responses."""

    @wasi(_TYPES, "http-error-code")
    def http_error_code(self, error: Error) -> wc.Variant | None:
        """What a stream of a body failed with."""
        return error.cause.code if isinstance(error.cause, HttpFault) else None

    @wasi(_TYPES, "[method]outgoing-body.write")
    def write(self, body: OutgoingBody) -> OutputStream:
        """The stream of a body, once."""
        return body.stream()

    @wasi(_TYPES, "[static]outgoing-body.finish")
    def finish_outgoing(self, body: OutgoingBody, _trailers: Fields | None) -> None:
        """The body is whole. Trailers are not sent."""
        body.finish()

    @wasi(_TYPES, "[method]future-incoming-response.get")
    def get(self, future: FutureResponse) -> wc.Variant | None:
        """The response, if it is there."""
        return future.get()

    @wasi(_TYPES, "[method]future-incoming-response.subscribe")
    def subscribe(self, future: FutureResponse) -> Pollable:
        """What waits for the response."""
        return FuturePollable(future)

    @wasi(_TYPES, "[method]incoming-response.status")
    def status(self, response: IncomingResponse) -> int:
        """The status of HTTP."""
        return response.status

    @wasi(_TYPES, "[method]incoming-response.headers")
    def headers(self, response: IncomingResponse) -> Fields:
        """The headers, which cannot be changed."""
        return response.headers.frozen()

    @wasi(_TYPES, "[method]incoming-response.consume")
    def consume(self, response: IncomingResponse) -> IncomingBody:
        """The body, once."""
        return response.consume()

    @wasi(_TYPES, "[method]incoming-body.stream")
    def stream(self, body: IncomingBody) -> InputStream:
        """The stream of a body, once."""
        return body.stream()

    @wasi(_TYPES, "[static]incoming-body.finish")
    def finish_incoming(self, body: IncomingBody) -> FutureTrailers:
        """Read no further."""
        if body.open_child:
            raise misuse("wasi:http/types.[static]incoming-body.finish", "the stream of the body is still there")
        body.close()
        return FutureTrailers()

    @wasi(_TYPES, "[method]future-trailers.subscribe")
    def subscribe_trailers(self, _trailers: FutureTrailers) -> Pollable:
        """Nobody waits for them."""
        return Pollable()

    @wasi(_TYPES, "[method]future-trailers.get")
    def get_trailers(self, trailers: FutureTrailers) -> wc.Variant:
        """The trailers: there are none."""
        return trailers.get()
