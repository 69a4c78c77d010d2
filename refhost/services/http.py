"""A plugin's own HTTP endpoints: which there are, and how a request goes through one (contract §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refhost.departures.requests import loosened
from refhost.errors import PluginError, PluginTimeout
from refhost.http_tokens import TOKEN
from refhost.jsontext import NotJson, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from refhost.plugin import Plugin

METHODS = ("GET", "POST", "PUT", "DELETE")
ANSWER_BYTES = 65536
PARAMETER = re.compile(r":([A-Za-z_]\w*)")
"""A part of an endpoint's path that stands for any text, and its name."""

_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class _Malformed(Exception):  # noqa: N818 - an answer of a plugin, not an error of ours
    """An answer is not what contract §14 has; the message says how."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: a method, a path such as `/api/tracks/:id`, and the export that handles it."""

    method: str
    path: str
    handler: str

    def parameters(self, path: str, *, any_case: bool = False) -> dict[str, str] | None:
        """The values of `:name` parts when a path fits; None when it does not. A part never holds a slash."""
        wanted, found = self.path.split("/"), path.split("/")
        if len(wanted) != len(found):
            return None
        values = {}
        for part, value in zip(wanted, found, strict=True):
            match = PARAMETER.fullmatch(part)
            if match and value:
                values[match[1]] = value
            elif part != value and not (any_case and part.lower() == value.lower()):
                return None
        return values


@dataclass(frozen=True)
class HttpRequest:
    """A request to an endpoint; `path` is below `/plugins/{id}`, `body` is JSON where the client sent JSON."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class HttpAnswer:
    """What goes back to the client."""

    status: int
    headers: Mapping[str, str]
    body: str


def parse_endpoints(text: str) -> tuple[list[Endpoint], list[str]]:
    """The endpoints that a plugin names, and a sentence about everything that is none."""
    try:
        rows = loads(text)
    except NotJson as error:
        return [], [f"http_endpoints is not JSON: {error}"]
    if not isinstance(rows, list):
        return [], ["http_endpoints is not an array"]
    endpoints, problems = [], []
    for number, row in enumerate(rows):
        wrong = _problem(row)
        if wrong:
            problems.append(f"http_endpoints[{number}] {wrong}")
        else:
            endpoints.append(Endpoint(row["method"].upper(), row["path"], row["handler"]))
    return endpoints, problems


def _problem(row: object) -> str:
    if not isinstance(row, dict):
        return "is not an object"
    for key in ("method", "path", "handler"):
        if not isinstance(row.get(key), str) or not row[key]:
            return f"has no {key}"
    if row["method"].upper() not in METHODS:
        return f"has the method {row['method']!r}; there are {', '.join(METHODS)}"
    if not row["path"].startswith("/") or ".." in row["path"].split("/"):
        return f"has the path {row['path']!r}; it starts with / and has no .. part"
    return ""


def answer(plugin: Plugin, endpoints: Iterable[Endpoint], request: HttpRequest) -> HttpAnswer | None:
    """Pass a request to the endpoint that it fits; None when there is none, or the plugin does not run (R22)."""
    for endpoint in endpoints:
        parameters = _fits(plugin, endpoint, request.path) if endpoint.method == request.method else None
        if parameters is not None and plugin.answers:
            return _ask(plugin, endpoint, request, parameters)
    return None


def _fits(plugin: Plugin, endpoint: Endpoint, path: str) -> dict[str, str] | None:
    found = endpoint.parameters(path)
    if found is None and plugin.switches.has("CASE"):
        found = endpoint.parameters(path, any_case=True)
        if found is not None:
            plugin.switches.departs("CASE", endpoint.handler)
    return found


def _ask(plugin: Plugin, endpoint: Endpoint, request: HttpRequest, parameters: dict[str, str]) -> HttpAnswer:
    if not plugin.exports(endpoint.handler):
        return _error(plugin, endpoint, 500, f"the plugin exports no {endpoint.handler}")
    asked = {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "params": parameters,
        "body": request.body,
        "headers": dict(request.headers),
    }
    try:
        text = plugin.ask_http(endpoint.handler, dumps(asked), ANSWER_BYTES)
    except PluginTimeout as error:
        return _error(plugin, endpoint, 504, error.message)
    except PluginError as error:
        return _error(plugin, endpoint, 500, error.message)
    try:
        return _answer(loosened(loads(text), plugin.switches, endpoint.handler))
    except (NotJson, _Malformed) as error:
        return _error(plugin, endpoint, 500, f"the answer of {endpoint.handler} is malformed: {error}")


def _answer(given: Any) -> HttpAnswer:  # noqa: ANN401 - JSON
    if not isinstance(given, dict):
        raise _Malformed("it is not an object")
    status = given.get("statusCode", 200)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise _Malformed(f"statusCode is {status!r}")
    headers = given.get("headers") or {}
    if not isinstance(headers, dict):
        raise _Malformed("headers is not an object")
    for name, value in headers.items():
        # A header that holds a line end would let a plugin write headers and bodies of its own (§14, §19); what else
        # HTTP has no way to send is refused here, before the server fails at it.
        if not isinstance(value, (str, int, float)) or not (TOKEN.fullmatch(name) and _VALUE.fullmatch(str(value))):
            raise _Malformed(f"the header {name!r} is {value!r}")
    body = given.get("body", "")
    headers = {str(name): str(value) for name, value in headers.items()}
    if isinstance(body, str):
        return HttpAnswer(status, headers, body)
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return HttpAnswer(status, headers, dumps(body))


def _error(plugin: Plugin, endpoint: Endpoint, status: int, message: str) -> HttpAnswer:
    plugin.note(message, endpoint.handler)
    return HttpAnswer(status, {"Content-Type": "application/json"}, dumps({"error": message}))
