"""HTTP requests of plugins: what was asked, and who answers (contract §18).

No request leaves the machine unless the host was told so: answers are programmed, or recorded in a file.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from refhost.clock import in_nanoseconds
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.clock import Clock
    from refhost.limits import Limits
    from refhost.patterns import PathPattern

# What as-fetch's numbers mean; it knows no others.
MODES: Mapping[int, str] = {1: "cors", 2: "no-cors", 3: "same-origin", 4: "navigate"}
# What an answer can be programmed for. as-fetch sends GET and POST; a component whatever it likes.
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")

# A plugin that fetches without end must not fill the machine's memory (§19): the oldest requests are forgotten.
_KEPT_REQUESTS = 10_000
_KEPT_BYTES = 64 * 1024 * 1024

_U32 = 0xFFFFFFFF
_WASI_HTTP = "wasi:http"


@dataclass(frozen=True)
class Request:
    """One HTTP request of a plugin.

    Attributes:
        time: virtual time, ISO 8601.
        plugin: the plugin's id.
        method: `GET`, `POST` and so on.
        url: as the plugin gave it.
        headers: name and value of each, in order.
        body: what is sent with it.
        mode: `cors`, `no-cors`, `same-origin`, `navigate`; "" for a number that as-fetch does not know, and for
            `wasi:http`.
        status: of the answer; 0 when there was none.
        patience: seconds that the plugin waits for the answer; only `wasi:http` has a bound.
        as_sent: whether the answer is wanted as the server sends it, as `wasi:http` does: no redirection is followed,
            and nothing is decompressed.
    """

    time: str
    plugin: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    mode: str = ""
    status: int = 0
    patience: float = math.inf
    as_sent: bool = False


class Cause(Enum):
    """Why a request has no answer, as far as a plugin can tell one reason from another."""

    UNREACHABLE = "nobody answers"
    TIMEOUT = "no answer in time"
    TOO_LONG = "the answer is too long"


@dataclass(frozen=True)
class Answer:
    """The answer to a request.

    Attributes:
        status: of HTTP; 0 when the request failed, and then the body is empty.
        body: what the plugin gets.
        headers: components get them; as-fetch does not hand them on.
        redirected: whether it came from another URL than the one that was asked for.
        waited: whether real time was spent on it, on the real network.
        reason: why the request failed; "" when it did not.
        cause: the same for a program; means nothing when it did not fail.
        delay: virtual seconds until it is there.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    redirected: bool = False
    waited: bool = False
    reason: str = ""
    cause: Cause = Cause.UNREACHABLE
    delay: float = 0.0


@dataclass
class Rule:
    """A programmed answer.

    Attributes:
        url: which URLs it is for.
        answer: to them.
        method: it is for; None for all.
        left: how many requests it still answers; None for any number.
        delay: virtual seconds that pass before the answer is there.
    """

    url: PathPattern
    answer: Answer
    method: str | None = None
    left: int | None = None
    delay: float = 0.0

    def takes(self, request: Request) -> bool:
        """Whether it answers this request."""
        return self.left != 0 and self.method in (None, request.method) and self.url.matches(request.url)


class Responder:
    """Answers the requests of all plugins of one host.

    Attributes:
        rules: the programmed answers; of those that fit, the first that is not used up answers.
        recorded: answers for what no rule answers, in the same way.
        network: the real network, for what nothing recorded answers; None keeps every request in the machine.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        self._bytes = 0
        self.rules: list[Rule] = []
        self.recorded: list[Rule] = []
        self.network: Callable[[Request], Answer] | None = None

    @property
    def requests(self) -> list[Request]:
        """The latest requests, in order, each with the status that answered it."""
        return list(self._requests)

    def answer(self, request: Request) -> Answer:
        """Answer a request, and remember it; the time until the answer is there passes."""
        answer = self.promise(request)
        self._clock.pass_time(in_nanoseconds(answer.delay))
        return answer

    def promise(self, request: Request) -> Answer:
        """The same, but no time passes: whoever asks waits for the answer as long as its delay says."""
        answer = self._answer(request)
        if answer.delay > request.patience:
            reason = f"there is no answer within {request.patience:g} s, as long as the plugin waits"
            answer = Answer(0, cause=Cause.TIMEOUT, delay=request.patience, reason=reason)
        self._remember(replace(request, status=answer.status))
        return answer

    def _answer(self, request: Request) -> Answer:
        for rule in (*self.rules, *self.recorded):
            if rule.takes(request):
                if rule.left is not None:
                    rule.left -= 1
                return replace(rule.answer, delay=rule.delay)
        if self.network is None:
            return Answer(0, reason="no answer is programmed for it, and the host has no network")
        return self.network(request)

    def _remember(self, request: Request) -> None:
        if len(self._requests) == _KEPT_REQUESTS:
            self._bytes -= len(self._requests.popleft().body)
        self._requests.append(request)
        self._bytes += len(request.body)
        while self._bytes > _KEPT_BYTES and len(self._requests) > 1:
            self._bytes -= len(self._requests.popleft().body)


class Exchange:
    """A request that may be made: it is sent once its body is whole (`wasi:http`)."""

    def __init__(self, request: Request, send: Callable[[Request], Answer], log: Callable[[str], None]) -> None:
        self._request = request
        self._send = send
        self._log = log

    def send(self, body: bytes) -> Answer:
        """Send it. No time passes: see the answer's delay."""
        return self._send(replace(self._request, body=body))

    def give_up(self, reason: str) -> None:
        """It is never sent; the log says why."""
        self._log(f"{self._request.method} {self._request.url} was not sent: {reason}")


class FetchService:
    """Makes the requests of one plugin.

    Args:
        plugin: its id, read when a request is made.
        log: writes a record: kind, text, function.
    """

    def __init__(
        self,
        plugin: Callable[[], str],
        responder: Responder,
        clock: Clock,
        limits: Limits,
        log: Callable[[str, str, str], None],
    ) -> None:
        self._plugin = plugin
        self._responder = responder
        self._clock = clock
        self._limits = limits
        self._log = log

    @staticmethod
    def init_asyncify(frame: int, end: int) -> tuple[int, int]:
        """Where Asyncify keeps the stack: `frame` has two words and the stack behind them, up to `end`.

        Raises:
            Refused: there is no room between them.
        """
        frame, end = frame & _U32, end & _U32
        if end <= frame + 8:
            raise Refused(f"Asyncify's stack would begin at {frame + 8:#x} and end at {end:#x}: there is no room in it")
        return frame, end

    def get(self, url: str, mode: int, headers: tuple[tuple[str, str], ...]) -> Answer:
        """GET a URL."""
        return self._fetch("GET", url, mode, headers, b"")

    def post(self, url: str, mode: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        """POST a body to a URL."""
        return self._fetch("POST", url, mode, headers, body)

    def _fetch(self, method: str, url: str, mode: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        asked = Request(self._clock.timestamp(), self._plugin(), method, url, headers, body, MODES.get(mode, ""))
        return self._judged(asked, self._responder.answer(asked), "as-fetch")

    def open(self, method: str, url: str, headers: tuple[tuple[str, str], ...], patience: float) -> Exchange:
        """Begin a request of `wasi:http`.

        Args:
            method: of HTTP.
            url: where it goes.
            headers: name and value of each, in order.
            patience: seconds that the plugin waits for the answer.
        """

        def send(request: Request) -> Answer:
            asked = replace(request, time=self._clock.timestamp())
            return self._judged(asked, self._responder.promise(asked), _WASI_HTTP)

        request = Request("", self._plugin(), method, url, headers, patience=patience, as_sent=True)
        return Exchange(request, send, lambda text: self._log("warning", text, _WASI_HTTP))

    def _judged(self, asked: Request, answer: Answer, function: str) -> Answer:
        """The answer as the plugin gets it: one that is too long is none. What failed is logged."""
        if len(answer.body) > self._limits.message_bytes:
            reason = f"its answer has {len(answer.body)} bytes; the limit is {self._limits.message_bytes} (§19)"
            answer = Answer(0, waited=answer.waited, reason=reason, cause=Cause.TOO_LONG, delay=answer.delay)
        if answer.status == 0:
            reason = answer.reason or "it was programmed to fail"
            self._log("warning", f"{asked.method} {asked.url} failed: {reason}", function)
        return answer
