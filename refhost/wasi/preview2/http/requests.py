"""What is asked: requests, their options, and handing them over."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from wasmtime import component as wc

from refhost.clock import NANOSECONDS
from refhost.http_tokens import TOKEN
from refhost.wasi.preview2.http.bodies import OutgoingBody
from refhost.wasi.preview2.http.errors import code
from refhost.wasi.preview2.http.responses import FutureResponse
from refhost.wasi.preview2.registry import Failure, wasi
from refhost.wasi.preview2.streams import Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Clock
    from refhost.limits import Limits
    from refhost.wasi.preview2.http.bodies import Room
    from refhost.wasi.preview2.http.fields import Fields
    from refhost.wasi.preview2.http.responses import Exchange

    Open = Callable[[str, str, tuple[tuple[str, str], ...], float], Exchange | None]

_TYPES = "wasi:http/types"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_NAME = r"[A-Za-z0-9._~%!$&'()*+,;=-]+"
_AUTHORITY = re.compile(rf"([A-Za-z0-9._~%!$&'()*+,;=:-]*@)?({_NAME}|\[[0-9A-Fa-f:.]+\])(:[0-9]{{0,5}})?")
_PATH = re.compile(r"([/?][!$-;=?-~]*)?")
# How long a plugin waits for the answer to a request that it does not finish, where it names no time.
_UNFINISHED_SECONDS = 600


def refuse(_method: str, _url: str, _headers: tuple[tuple[str, str], ...], _patience: float) -> None:
    """Stands for a host that makes no requests."""


class OutgoingRequest(Resource):
    """A request that is being put together.

    Attributes:
        method: `method` of WIT.
        path: with the query; None is `/`.
        scheme: `scheme` of WIT; None is HTTPS.
        authority: host and port; without it there is nowhere to send the request.
        headers: which cannot be changed any more.
        body: once it was asked for.
    """

    resource = "outgoing-request"

    def __init__(self, headers: Fields) -> None:
        self.method = wc.Variant("get")
        self.path: str | None = None
        self.scheme: wc.Variant | None = None
        self.authority: str | None = None
        self.headers = headers.frozen()
        self.body: OutgoingBody | None = None

    def method_text(self) -> str:
        """The method as HTTP has it."""
        return str(self.method.payload) if self.method.tag == "other" else self.method.tag.upper()

    def url(self) -> str:
        """Where it goes.

        Raises:
            Failure: nowhere.
        """
        if self.authority is None:
            raise Failure(code("HTTP-request-URI-invalid"))
        scheme = "https"
        if self.scheme is not None:
            scheme = str(self.scheme.payload) if self.scheme.tag == "other" else self.scheme.tag.lower()
        path = self.path or "/"
        return f"{scheme}://{self.authority}{path if path.startswith('/') else f'/{path}'}"

    def declared_length(self) -> int | None:
        """The length of the body that the headers tell, if they do."""
        told = self.headers.get("content-length")
        return int(told[0]) if told else None

    def close(self) -> None:
        """It will never be sent."""
        if self.body is not None:
            self.body.forget()


class RequestOptions(Resource):
    """How long a plugin waits, in nanoseconds; None where it does not say."""

    resource = "request-options"

    def __init__(self) -> None:
        self.connect: int | None = None
        self.first_byte: int | None = None
        self.between_bytes: int | None = None


class RequestFunctions:
    """The functions of requests and their options, and `outgoing-handler`.

    Attributes:
        open: asks whether a request may be made; by default none may.
    """

    def __init__(self, clock: Clock, limits: Limits, room: Room) -> None:
        self._clock = clock
        self._limits = limits
        self._room = room
        self.open: Open = refuse

    @wasi("wasi:http/outgoing-handler", "handle")
    def handle(self, request: OutgoingRequest, options: RequestOptions | None) -> FutureResponse:
        """Hand a request over. It is sent once its body is finished, or now if nobody asked for the body."""
        waits = options.first_byte if options else None
        try:
            exchange = self._opened(request, math.inf if waits is None else waits / NANOSECONDS)
        except Failure:
            request.close()
            raise
        unfinished = _UNFINISHED_SECONDS * NANOSECONDS if waits is None else waits
        future = FutureResponse(exchange, self._clock, self._room, unfinished)
        if request.body is None:
            future.send(b"")
        else:
            request.body.send_with(future)
        return future

    def _opened(self, request: OutgoingRequest, patience: float) -> Exchange:
        url = request.url()
        size = len(url) + request.headers.size()
        if size > self._limits.fetch_head_bytes:
            raise Failure(code("HTTP-request-header-section-size", size))
        exchange = self.open(request.method_text(), url, request.headers.texts(), patience)
        if exchange is None:
            raise Failure(code("HTTP-request-denied"))
        return exchange

    @wasi(_TYPES, "[constructor]outgoing-request")
    def new_request(self, headers: Fields) -> OutgoingRequest:
        """A request: GET, and nowhere yet."""
        return OutgoingRequest(headers)

    @wasi(_TYPES, "[method]outgoing-request.body")
    def body(self, request: OutgoingRequest) -> OutgoingBody:
        """The body, once."""
        if request.body is not None:
            raise Failure(None)
        request.body = OutgoingBody(request.declared_length(), self._limits.message_bytes, self._room)
        return request.body

    @wasi(_TYPES, "[method]outgoing-request.headers")
    def headers(self, request: OutgoingRequest) -> Fields:
        """The headers, which cannot be changed."""
        return request.headers.frozen()

    @wasi(_TYPES, "[method]outgoing-request.method")
    def method(self, request: OutgoingRequest) -> wc.Variant:
        """The method."""
        return request.method

    @wasi(_TYPES, "[method]outgoing-request.set-method")
    def set_method(self, request: OutgoingRequest, method: wc.Variant) -> None:
        """Set the method."""
        if method.tag == "other":
            self._check(TOKEN, str(method.payload))
        request.method = method

    @wasi(_TYPES, "[method]outgoing-request.path-with-query")
    def path(self, request: OutgoingRequest) -> str | None:
        """The path with the query."""
        return request.path

    @wasi(_TYPES, "[method]outgoing-request.set-path-with-query")
    def set_path(self, request: OutgoingRequest, path: str | None) -> None:
        """Set path and query."""
        self._check(_PATH, path)
        request.path = path

    @wasi(_TYPES, "[method]outgoing-request.scheme")
    def scheme(self, request: OutgoingRequest) -> wc.Variant | None:
        """The scheme."""
        return request.scheme

    @wasi(_TYPES, "[method]outgoing-request.set-scheme")
    def set_scheme(self, request: OutgoingRequest, scheme: wc.Variant | None) -> None:
        """Set the scheme."""
        if scheme is not None and scheme.tag == "other":
            self._check(_SCHEME, str(scheme.payload))
        request.scheme = scheme

    @wasi(_TYPES, "[method]outgoing-request.authority")
    def authority(self, request: OutgoingRequest) -> str | None:
        """Host and port."""
        return request.authority

    @wasi(_TYPES, "[method]outgoing-request.set-authority")
    def set_authority(self, request: OutgoingRequest, authority: str | None) -> None:
        """Set host and port."""
        self._check(_AUTHORITY, authority)
        request.authority = authority

    def _check(self, form: re.Pattern[str], text: str | None) -> None:
        if text is not None and (len(text) > self._limits.fetch_head_bytes or not form.fullmatch(text)):
            raise Failure(None)

    @wasi(_TYPES, "[constructor]request-options")
    def new_options(self) -> RequestOptions:
        """No bounds."""
        return RequestOptions()

    @wasi(_TYPES, "[method]request-options.connect-timeout")
    def connect_timeout(self, options: RequestOptions) -> int | None:
        """For the connection."""
        return options.connect

    @wasi(_TYPES, "[method]request-options.set-connect-timeout")
    def set_connect_timeout(self, options: RequestOptions, duration: int | None) -> None:
        """For the connection; kept, and without effect: there is no connection to wait for."""
        options.connect = duration

    @wasi(_TYPES, "[method]request-options.first-byte-timeout")
    def first_byte_timeout(self, options: RequestOptions) -> int | None:
        """For the response to begin."""
        return options.first_byte

    @wasi(_TYPES, "[method]request-options.set-first-byte-timeout")
    def set_first_byte_timeout(self, options: RequestOptions, duration: int | None) -> None:
        """For the response to begin."""
        options.first_byte = duration

    @wasi(_TYPES, "[method]request-options.between-bytes-timeout")
    def between_bytes_timeout(self, options: RequestOptions) -> int | None:
        """Between parts of the response."""
        return options.between_bytes

    @wasi(_TYPES, "[method]request-options.set-between-bytes-timeout")
    def set_between_bytes_timeout(self, options: RequestOptions, duration: int | None) -> None:
        """Between parts of the response; kept, and without effect: a response is there as a whole."""
        options.between_bytes = duration
