"""The real network, for a host that was asked to use it (contract §18): never under test by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from refhost.services.fetch import Answer, Cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.limits import Limits
    from refhost.services.fetch import Request


def real_network(limits: Limits) -> Callable[[Request], Answer]:
    """What sends a request to the server that its URL names, and waits for the answer as long as a call may take."""
    import httpx2  # noqa: PLC0415 - heavy, and most hosts never need it

    def send(request: Request) -> Answer:
        body = bytearray()
        seconds = min(limits.call_seconds, request.patience)
        end = time.monotonic() + seconds
        late = Answer(0, waited=True, reason=f"it took longer than {seconds:g} s (§19)", cause=Cause.TIMEOUT)
        try:
            with (
                httpx2.Client(follow_redirects=not request.as_sent, timeout=seconds) as client,
                client.stream(
                    request.method,
                    request.url,
                    headers=_headers(request),
                    content=request.body,
                ) as response,
            ):
                for part in response.iter_raw() if request.as_sent else response.iter_bytes():
                    body += part
                    if len(body) > limits.message_bytes:
                        break  # the plugin's service says that it is too long
                    if time.monotonic() > end:
                        return late
        except httpx2.TimeoutException:
            return late
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            return Answer(0, waited=True, reason=str(error) or type(error).__name__)
        return Answer(
            response.status_code,
            bytes(body),
            dict(response.headers),
            redirected=bool(response.history),
            waited=True,
        )

    return send


def _headers(request: Request) -> list[tuple[str, str]]:
    """Those of the plugin; where it must decompress by itself, a server is not asked for what it did not ask for."""
    own = list(request.headers)
    if request.as_sent and not any(name.lower() == "accept-encoding" for name, _ in own):
        own.append(("accept-encoding", "identity"))
    return own
