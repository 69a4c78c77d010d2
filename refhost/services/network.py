"""The real network, for a host that was asked to use it (contract §18): never under test by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from refhost.services.fetch import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.limits import Limits
    from refhost.services.fetch import Request


def real_network(limits: Limits) -> Callable[[Request], Answer]:
    """What sends a request to the server that its URL names, and waits for the answer as long as a call may take."""
    import httpx2  # noqa: PLC0415 - heavy, and most hosts never need it

    def send(request: Request) -> Answer:
        body = bytearray()
        end = time.monotonic() + limits.call_seconds
        try:
            with (
                httpx2.Client(follow_redirects=True, timeout=limits.call_seconds) as client,
                client.stream(
                    request.method,
                    request.url,
                    headers=list(request.headers),
                    content=request.body,
                ) as response,
            ):
                for part in response.iter_bytes():
                    body += part
                    if len(body) > limits.message_bytes:
                        break  # the plugin's service says that it is too long
                    if time.monotonic() > end:
                        return Answer(0, waited=True, reason=f"it took longer than {limits.call_seconds:g} s (§19)")
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
