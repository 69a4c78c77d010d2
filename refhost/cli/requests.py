"""Requests of clients, as a command line gives them: `METHOD PATH [JSON]`, as the first line of HTTP has it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from refhost.arguments import json_value
from refhost.errors import ConfigurationError
from refhost.jsontext import NotJson, loads

if TYPE_CHECKING:
    from refhost.host import Host

METHODS = ("GET", "PUT", "POST", "DELETE")
_BASE = "http://127.0.0.1"
_OWN_VESSEL = "/signalk/v1/api/vessels/self/"
# Always the same, whatever client library is installed: a plugin sees them.
_HEADERS = {"User-Agent": "refhost", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        shown: method and path as they were given.
        path: of the URL, with its query.
        body: JSON; None for none.
    """

    shown: str
    method: str
    path: str
    body: str | None

    @classmethod
    def parse(cls, text: str) -> Request:
        """Read `METHOD PATH [JSON]`. A path without a slash before it is a Signal K path of the own vessel.

        Raises:
            ConfigurationError: it is something else.
        """
        method, _, rest = text.strip().partition(" ")
        path, _, body = rest.strip().partition(" ")
        method, body = method.upper(), body.strip()
        if method not in METHODS or not path:
            raise ConfigurationError(
                f"{text[:60]!r} is no request.",
                hint=f"Give METHOD PATH [JSON], with {', '.join(METHODS[:-1])} or {METHODS[-1]}, "
                "such as --request='PUT navigation.anchor.maxRadius 75'.",
            )
        shown = f"{method} {path}"
        if body:
            json_value(body, hint="What follows the path is JSON: a text stands in double quotes.")
        if path.startswith("/"):
            return cls(shown, method, quote(path, safe="/%?&=:;,@+!$*'()~"), body or None)
        if (method, bool(body)) not in (("GET", False), ("PUT", True)):
            raise ConfigurationError(
                f"{text[:60]!r} is no request.",
                hint="A Signal K path takes GET, or PUT with a value; the path of a page begins with a slash.",
            )
        value = f'{{"value":{body}}}' if body else None
        return cls(shown, method, _OWN_VESSEL + quote(path.replace(".", "/")), value)

    def perform(self, host: Host) -> dict[str, Any]:
        """Ask the host as a client would.

        Returns:
            `{"request", "status", "body"}`; with `bodyBase64` in the place of `body` where that is no text.
        """
        headers = _HEADERS if self.body is None else {**_HEADERS, "Content-Type": "application/json"}
        answer = host.http.request(self.method, _BASE + self.path, content=self.body, headers=headers)
        return {"request": self.shown, "status": answer.status_code, **_body(answer.content)}


def _body(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"bodyBase64": base64.b64encode(data).decode("ascii")}
    try:
        return {"body": loads(text)}
    except NotJson:
        return {"body": text}
