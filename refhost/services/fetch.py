"""HTTP requests of plugins: what was asked, and who answers (contract §18).

No request leaves the machine unless the host was told so: answers are programmed, or recorded in a file.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from refhost.clock import NANOSECONDS
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.clock import Clock
    from refhost.limits import Limits
    from refhost.patterns import PathPattern

# What as-fetch's numbers mean; it knows no others.
MODES: Mapping[int, str] = {1: "cors", 2: "no-cors", 3: "same-origin", 4: "navigate"}
# as-fetch has two imports: whatever is not GET is sent as POST.
METHODS = ("GET", "POST")

# A plugin that fetches without end must not fill the machine's memory (§19): the oldest requests are forgotten.
_KEPT_REQUESTS = 10_000
_KEPT_BYTES = 64 * 1024 * 1024

_U32 = 0xFFFFFFFF


@dataclass(frozen=True)
class Request:
    """One HTTP request of a plugin.

    Attributes:
        time: virtual time, ISO 8601.
        plugin: the plugin's id.
        method: `GET` or `POST`.
        url: as the plugin gave it.
        headers: name and value of each, in order.
        body: empty for GET.
        mode: `cors`, `no-cors`, `same-origin`, `navigate`; "" for a number that as-fetch does not know.
        status: of the answer; 0 when there was none.
    """

    time: str
    plugin: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    mode: str = ""
    status: int = 0


@dataclass(frozen=True)
class Answer:
    """The answer to a request.

    Attributes:
        status: of HTTP; 0 when the request failed, and then the body is empty.
        body: what the plugin gets.
        headers: as-fetch does not hand them on.
        redirected: whether it came from another URL than the one that was asked for.
        waited: whether real time was spent on it, on the real network.
        reason: why the request failed; "" when it did not.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    redirected: bool = False
    waited: bool = False
    reason: str = ""


@dataclass
class Rule:
    """A programmed answer.

    Attributes:
        url: which URLs it is for.
        answer: to them.
        method: it is for; None for both.
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
        network: the real network, for what no rule answers; None keeps every request in the machine.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        self._bytes = 0
        self.rules: list[Rule] = []
        self.network: Callable[[Request], Answer] | None = None

    @property
    def requests(self) -> list[Request]:
        """The latest requests, in order, each with the status that answered it."""
        return list(self._requests)

    def answer(self, request: Request) -> Answer:
        """Answer a request, and remember it."""
        answer = self._answer(request)
        self._remember(replace(request, status=answer.status))
        return answer

    def _answer(self, request: Request) -> Answer:
        for rule in self.rules:
            if rule.takes(request):
                if rule.left is not None:
                    rule.left -= 1
                self._clock.pass_time(round(rule.delay * NANOSECONDS))
                return rule.answer
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


class FetchService:
    """Makes the requests of one plugin."""

    def __init__(
        self,
        plugin: Callable[[], str],
        responder: Responder,
        clock: Clock,
        limits: Limits,
        log: Callable[[str, str], None],
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
        return self._send("GET", url, mode, headers, b"")

    def post(self, url: str, mode: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        """POST a body to a URL."""
        return self._send("POST", url, mode, headers, body)

    def _send(self, method: str, url: str, mode: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
        asked = Request(self._clock.timestamp(), self._plugin(), method, url, headers, body, MODES.get(mode, ""))
        answer = self._responder.answer(asked)
        if len(answer.body) > self._limits.message_bytes:
            reason = f"its answer has {len(answer.body)} bytes; the limit is {self._limits.message_bytes} (§19)"
            answer = Answer(0, waited=answer.waited, reason=reason)
        if answer.status == 0:
            self._log("warning", f"{method} {url} failed: {answer.reason or 'it was programmed to fail'}")
        return answer
