"""HTTP: a plugin's own endpoints (contract §14)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.plugin_checks.registry import check
from conformance.replies import (
    AWKWARD_TEXTS,
    Request,
    exports_of,
    json_of,
    never_harms,
    parsed,
    readable,
    replies,
    unharmed_by,
    well_formed,
)
from conformance.strategies import json_values
from conformance.strategies.json_values import TEXTS
from conformance.trial import require
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.capabilities import nearest
from refhost.exports import Dialect
from refhost.http_tokens import TOKEN
from refhost.jsontext import NotJson, dumps, loads
from refhost.services.http import ANSWER_BYTES, METHODS, PARAMETER, Endpoint, parse_endpoints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.replies import Reply
    from conformance.trial import Trial

_TYPES: Mapping[str, str] = {Dialect.BUFFER: "(i32, i32, i32, i32) -> i32", Dialect.ASSEMBLYSCRIPT: "(i32, i32) -> i32"}
_KEYS = ("method", "path", "handler")
# What the host answers itself, and passes on to nobody.
_HOSTS_OWN = (("GET", "/"), ("GET", "/config"), ("POST", "/config"))
# What an endpoint is asked for: `:id` of its path.
_KNOWN, _UNKNOWN = "1", "no-such-thing"
_MOST_ENDPOINTS = 12
_HEADERS = {"accept": "application/json", "user-agent": "pytest-signalk-wasm"}
_BODIES: tuple[Any, ...] = (None, True, 0, "", [], {}, "plain text", {"id": None, "name": 5, "position": []})


def _rows(trial: Trial) -> list[Any]:
    """What `http_endpoints` returns.

    Raises:
        NotApplicable: the plugin exports none.
        Violation: it is no JSON array.
    """
    if "http_endpoints" not in exports_of(trial):
        raise NotApplicable("the plugin exports no http_endpoints")
    trial.loaded()
    with trial.session() as session:
        text = session.endpoints_text or ""
    try:
        rows = loads(text)
    except NotJson as error:
        raise Violation(f"http_endpoints returns no JSON: {error}", case=f"it returns {text}") from None
    if not isinstance(rows, list):
        raise Violation("http_endpoints returns no array", case=f"it returns {text}")
    return rows


def _endpoints(trial: Trial) -> list[Endpoint]:
    """Its endpoints that are in order.

    Raises:
        NotApplicable: it exports none, or an empty list.
        NotJudged: none is in order.
    """
    try:
        rows = _rows(trial)
    except Violation as violation:
        raise NotJudged(f"{violation.seen} (see HTTP-001)") from None
    if not rows:
        raise NotApplicable("the plugin has no HTTP endpoints")
    found, problems = parse_endpoints(dumps(rows))
    if not found:
        raise NotJudged(f"no endpoint is in order: {problems[0]} (see HTTP-001 and HTTP-002)")
    return found[:_MOST_ENDPOINTS]


def _callable(trial: Trial) -> list[Endpoint]:
    exports, wanted = exports_of(trial), _TYPES.get(trial.subject.dialect)
    found = [endpoint for endpoint in _endpoints(trial) if exports.get(endpoint.handler) == wanted]
    if not found:
        raise NotJudged("no handler of an endpoint can be called (see HTTP-003 and HTTP-004)")
    return found


def _filled(path: str, value: str) -> str:
    return PARAMETER.sub(lambda _: value, path)


def _asked(endpoint: Endpoint, parameter: str = _KNOWN, **given: Any) -> Request:  # noqa: ANN401 - JSON
    """A request to an endpoint as the host passes it on (§14)."""
    names = [part[1:] for part in endpoint.path.split("/") if PARAMETER.fullmatch(part)]
    request = {
        "method": endpoint.method,
        "path": _filled(endpoint.path, parameter),
        "query": {},
        "params": dict.fromkeys(names, parameter),
        "body": None,
        "headers": _HEADERS,
        **given,
    }
    return Request(endpoint.handler, dumps(request), ANSWER_BYTES)


def ordinary_requests(endpoints: Sequence[Endpoint]) -> Iterator[Request]:
    """What clients ask, and what clients with a fault ask."""
    for endpoint in endpoints:
        yield _asked(endpoint)
        yield _asked(endpoint, _UNKNOWN)
        yield _asked(endpoint, query={"limit": "-1", "lines": "many", "q": ""})
        if endpoint.method in ("POST", "PUT"):
            headers = {**_HEADERS, "content-type": "application/json"}
            for body in _BODIES:
                yield _asked(endpoint, body=body, headers=headers)


def _replies(trial: Trial) -> Sequence[Reply]:
    endpoints = _callable(trial)
    return replies(trial, "HTTP", lambda _: ordinary_requests(endpoints))


def _awkward_requests(endpoints: Sequence[Endpoint]) -> Iterator[Request]:
    for endpoint in endpoints:
        for text in AWKWARD_TEXTS:
            query = dict.fromkeys(("q", "id", "name", "path", "filter", text), text)
            headers = {**_HEADERS, "user-agent": text, "x-name": text}
            yield _asked(endpoint, text, query=query, headers=headers, body={"id": text, "name": text, text: text})


def _awkward_replies(trial: Trial) -> Sequence[Reply]:
    endpoints = _callable(trial)
    return replies(trial, "HTTP awkward", lambda _: _awkward_requests(endpoints))


def _listed(trial: Trial) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row that is an object, with its number."""
    try:
        rows = _rows(trial)
    except Violation as violation:
        raise NotJudged(f"{violation.seen} (see HTTP-001)") from None
    if not rows:
        raise NotApplicable("the plugin has no HTTP endpoints")
    return ((number, row) for number, row in enumerate(rows) if isinstance(row, dict))


@check("HTTP-001")
def lists_its_endpoints(trial: Trial) -> None:
    """An array of objects with three texts each."""
    rows = _rows(trial)
    if not rows:
        raise NotApplicable("the plugin has no HTTP endpoints")
    for number, row in enumerate(rows):
        case = f"it returns {dumps(rows)}"
        require(isinstance(row, dict), f"http_endpoints[{number}] is no object", case=case)
        for key in _KEYS:
            given = row.get(key)
            require(isinstance(given, str) and given, f"http_endpoints[{number}] has no {key}, or no text", case=case)


@check("HTTP-002")
def names_methods_and_paths(trial: Trial) -> None:
    """Methods that there are, and paths below the plugin's own."""
    for number, row in _listed(trial):
        method, path = row.get("method"), row.get("path")
        if isinstance(method, str):
            require(
                method.upper() in METHODS,
                f"http_endpoints[{number}] has the method {method!r}; there are {', '.join(METHODS)}",
            )
        if isinstance(path, str):
            good = path.startswith("/") and ".." not in path.split("/") and not re.search(r"[\s?#*\\]", path)
            require(
                good,
                f"http_endpoints[{number}] has the path {path!r}, which does not begin with /, "
                "or holds `..`, spaces, a query or a pattern",
            )


@check("HTTP-003")
def exports_its_handlers(trial: Trial) -> None:
    """Every handler is there."""
    exports = exports_of(trial)
    for endpoint in _endpoints(trial):
        near = nearest(endpoint.handler, list(exports))
        require(
            endpoint.handler in exports,
            f"{endpoint.method} {endpoint.path} names the handler {endpoint.handler}, which is not exported",
            mend=f"Name the export {near}, if it is meant; or export {endpoint.handler}." if near else "",
        )


@check("HTTP-004")
def has_handlers_of_the_type(trial: Trial) -> None:
    """Every handler takes a request as its dialect does (R13)."""
    exports, wanted = exports_of(trial), _TYPES.get(trial.subject.dialect, "")
    there = [endpoint.handler for endpoint in _endpoints(trial) if endpoint.handler in exports]
    if not there:
        raise NotJudged("no handler of an endpoint is exported (see HTTP-003)")
    for name in there:
        require(
            exports[name] == wanted,
            f"{name} has the type {exports[name]}; in the {trial.subject.dialect} dialect it is {wanted}",
        )


@check("HTTP-005")
def can_be_reached(trial: Trial) -> None:
    """No endpoint lies behind another one, or behind the host's own pages."""
    endpoints = _endpoints(trial)
    for number, endpoint in enumerate(endpoints):
        asked = _filled(endpoint.path, _UNKNOWN)
        require(
            (endpoint.method, endpoint.path) not in _HOSTS_OWN,
            f"{endpoint.method} {endpoint.path} is answered by the host itself",
        )
        for earlier in endpoints[:number]:
            require(
                earlier.method != endpoint.method or earlier.parameters(asked) is None,
                f"{endpoint.method} {endpoint.path} is never asked: {earlier.path} comes first, and fits its requests",
            )


@check("HTTP-006")
def takes_any_request(trial: Trial) -> None:
    """No request brings it down."""
    endpoints = _callable(trial)
    unharmed_by(trial, _replies(trial))
    unharmed_by(trial, _awkward_replies(trial))
    texts = st.dictionaries(TEXTS, TEXTS, max_size=4)
    request = st.builds(
        lambda endpoint, parameter, query, body, headers: _asked(
            endpoint, parameter, query=query, body=body, headers=headers
        ),
        st.sampled_from(endpoints),
        TEXTS,
        texts,
        json_values(),
        texts,
    )
    never_harms(trial, "HTTP-006", request)


@check("HTTP-007")
def answers_in_objects(trial: Trial) -> None:
    """Every answer can be read, and is an object."""
    found = _replies(trial)
    readable(trial, found)
    for reply, answer in parsed(trial, found):
        if not isinstance(answer, dict):
            raise reply.violation(trial, "its answer is no JSON object")


@check("HTTP-008")
def answers_with_a_status_code(trial: Trial) -> None:
    """A number that HTTP has."""
    for reply, answer in well_formed(_replies(trial)):
        code = answer.get("statusCode", 200)
        if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
            raise reply.violation(trial, f"the statusCode is {code!r}, not a whole number from 100 to 599")


@check("HTTP-009")
def answers_with_headers(trial: Trial) -> None:
    """Texts that cannot end the header that they are in, whatever was asked."""
    for reply, answer in well_formed([*_replies(trial), *_awkward_replies(trial)]):
        headers = answer.get("headers")
        if headers is None:
            continue
        if not isinstance(headers, dict):
            raise reply.violation(trial, "headers is no object")
        for name, value in headers.items():
            if not TOKEN.fullmatch(name):
                raise reply.violation(trial, f"{name!r} is no name of a header")
            if not isinstance(value, (str, int, float)) or any(c in str(value) for c in "\r\n\0"):
                raise reply.violation(trial, f"the header {name} is {value!r}, no text on one line")


def _media_type(answer: dict[str, Any]) -> str:
    headers = answer.get("headers")
    given = headers.items() if isinstance(headers, dict) else ()
    return next((str(value) for name, value in given if name.lower() == "content-type"), "").lower()


@check("HTTP-010")
def sends_what_it_says(trial: Trial) -> None:
    """A body that is called JSON is JSON."""
    for reply, answer in well_formed(_replies(trial)):
        body = answer.get("body")
        if "json" not in _media_type(answer) or not isinstance(body, str) or not body:
            continue
        try:
            loads(body)
        except NotJson as error:
            raise reply.violation(trial, f"its Content-Type is JSON, and its body is not: {error}") from None


@check("HTTP-011")
def does_not_give_up(trial: Trial) -> None:
    """A mistake of the client is not answered as one of the server."""
    for reply, answer in well_formed(_replies(trial)):
        if answer.get("statusCode") == 500:
            raise reply.violation(trial, "it answered with statusCode 500")


@check("HTTP-012")
def escapes_what_it_was_told(trial: Trial) -> None:
    """Texts of a request do not break the answer."""
    for reply in _awkward_replies(trial):
        if reply.fault == "return":
            raise reply.violation(trial, reply.why)
        if reply.fault:
            continue
        answer = json_of(trial, reply)
        if isinstance(answer, dict):
            _not_a_page_of(trial, reply, answer)


def _not_a_page_of(trial: Trial, reply: Reply, answer: dict[str, Any]) -> None:
    """A page holds no markup of whoever asked for it."""
    body = answer.get("body")
    if isinstance(body, str) and "html" in _media_type(answer) and "</script><b>" in body:
        raise reply.violation(trial, "its HTML holds the markup that the request brought")


@check("HTTP-013")
def answers_with_a_body(trial: Trial) -> None:
    """There is something in it, unless the statusCode says that there is nothing."""
    for reply, answer in well_formed(_replies(trial)):
        if "body" not in answer and answer.get("statusCode") not in (204, 304):
            raise reply.violation(trial, "it has no body")
