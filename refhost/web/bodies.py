"""Reading what clients send, within bounds; and answering in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from refhost.jsontext import NotJson, dumps, loads

if TYPE_CHECKING:
    from starlette.requests import Request

# No configuration, value or resource of a boat is larger.
MAX_BODY = 1024 * 1024


def json_response(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - JSON
    """An answer in JSON."""
    return Response(dumps(value), status, media_type="application/json")


def refuse(status: int, message: str) -> HTTPException:
    """An error of the client's, in a sentence."""
    return HTTPException(status, message)


async def read_text(request: Request) -> str:
    """The body as text.

    Raises:
        HTTPException: 413 when it is too large, 400 when it is not UTF-8.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise refuse(413, f"The body is larger than {MAX_BODY} bytes.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise refuse(400, "The body is not UTF-8.") from None


async def read_json(request: Request) -> Any:  # noqa: ANN401 - JSON
    """The body as JSON.

    Raises:
        HTTPException: 413, or 400 when it is not JSON.
    """
    try:
        return loads(await read_text(request))
    except NotJson as error:
        raise refuse(400, f"The body is not JSON: {error}.") from None
