"""The host as an ASGI application, and a live server of it on this machine (contract §13 to §15)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route, WebSocketRoute

from refhost.web.bodies import json_response
from refhost.web.plugins import PluginPages
from refhost.web.signalk import SignalKPages
from refhost.web.stream import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from refhost.host import Host

_EVERY = ["GET", "HEAD", "POST", "PUT", "DELETE"]
# Only by these names: a page on the web must not reach a server on this machine through a name of its own.
_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
_TICK_SECONDS = 0.1
# As much time passes at once, however long the process stood still: between, clients are served.
_MOST_SECONDS = 1.0


def application(host: Host, *, real_time: bool = False) -> Starlette:
    """The application.

    Args:
        host: what it shows.
        real_time: whether the host's clock follows the machine's; under test it moves by `host.advance` alone.
    """
    plugins, signalk, stream = PluginPages(host), SignalKPages(host), Stream(host)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ticker = asyncio.create_task(_tick(host)) if real_time else None
        yield
        if ticker is not None:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker

    routes = [
        Route("/signalk", signalk.discovery),
        Route("/signalk/v1/api", signalk.read),
        Route("/signalk/v1/api/{path:path}", signalk.put, methods=["PUT"]),
        Route("/signalk/v1/api/{path:path}", signalk.read),
        WebSocketRoute("/signalk/v1/stream", stream.connect),
        Route("/signalk/v2/api/resources/{kind}", signalk.resources, methods=["GET", "POST"]),
        Route("/signalk/v2/api/resources/{kind}/{id}", signalk.resource, methods=["GET", "PUT", "POST", "DELETE"]),
        Route("/signalk/v2/api/weather/{what:path}", signalk.weather),
    ]
    for prefix in ("/plugins", "/skServer/plugins"):
        routes += [
            Route(prefix, plugins.listing),
            Route(f"{prefix}/{{id}}", plugins.page, methods=_EVERY),
            Route(f"{prefix}/{{id}}/{{rest:path}}", plugins.page, methods=_EVERY),
        ]
    if host.profile.has("D7"):
        routes.append(Route("/{path:path}", plugins.webapp))
    return Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)],
        exception_handlers={HTTPException: _error},
        lifespan=lifespan,
    )


async def _error(_: Request, error: Exception) -> Response:
    """A refusal in JSON; what is no refusal is a fault of ours, and Starlette's own business."""
    if not isinstance(error, HTTPException):
        raise error
    return json_response({"error": error.detail}, error.status_code)


async def _tick(host: Host) -> None:
    """Let the host's clock follow the machine's."""
    loop = asyncio.get_running_loop()
    last = loop.time()
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        passed = min(loop.time() - last, _MOST_SECONDS)
        host.advance(passed)
        last += passed
