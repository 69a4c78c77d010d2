"""What clients of a host ask of a plugin: PUT values, HTTP requests, queries for resources (contract §13, §14, §15)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from conformance.strategies.json_values import CHARACTERS, SCALARS, arrays, json_values, objects
from refhost.jsontext import dumps
from refhost.services.http import METHODS, PARAMETER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from refhost.services.http import Endpoint

_WORDS = st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda text: text not in (".", ".."))
_HEADERS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip)


def put_values() -> st.SearchStrategy[Any]:
    """Values that a client may PUT: any JSON value, and what switches and autopilots get; the smallest is null."""
    usual = st.sampled_from((True, False, "on", "off", 0, 1, 0.5, "auto", "standby", {"value": 1}))
    return st.one_of(*SCALARS, usual, objects(), arrays())


@dataclass(frozen=True)
class ClientRequest:
    """A client's request to a plugin's pages.

    Attributes:
        method: `GET`, `POST`, `PUT` or `DELETE`.
        path: below `/plugins/{id}`, encoded, with its query.
        body: its text; "" for none.
        headers: by name.
    """

    method: str = "GET"
    path: str = "/"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def http_requests(endpoints: Iterable[Endpoint] = ()) -> st.SearchStrategy[ClientRequest]:
    """Requests: to these endpoints, with any parameters, queries and bodies; and to pages that do not exist.

    The smallest is a request without parameters, query and body.

    Args:
        endpoints: such as `plugin.endpoints`.
    """
    targets = [_target(endpoint.method, endpoint.path) for endpoint in endpoints]
    elsewhere = st.tuples(st.sampled_from(METHODS), st.lists(_WORDS, max_size=3).map(_path))
    return st.tuples(st.one_of(*targets, elsewhere), _queries(), _bodies()).map(_request)


def _target(method: str, path: str) -> st.SearchStrategy[tuple[str, str]]:
    parts = [
        _WORDS.map(_encoded) if PARAMETER.fullmatch(part) else st.just(quote(part, safe=""))
        for part in path.split("/")[1:]
    ]
    return st.tuples(st.just(method), st.tuples(*parts).map(lambda words: "/" + "/".join(words)))


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _path(words: list[str]) -> str:
    return "/" + "/".join(map(_encoded, words))


def _queries() -> st.SearchStrategy[str]:
    names = st.sampled_from(("id", "limit", "from", "q")) | _WORDS
    return st.lists(st.tuples(names, st.text(CHARACTERS, max_size=12)), max_size=2).map(urlencode)


def _bodies() -> st.SearchStrategy[tuple[str, dict[str, str]]]:
    """A body with the headers that go with it."""
    json = st.tuples(json_values().map(dumps), st.just({"Content-Type": "application/json"}))
    plain = st.tuples(st.text(CHARACTERS, max_size=20), _HEADERS.map(lambda text: {"X-Test": text}))
    return st.one_of(st.just(("", {})), json, plain)


def _request(drawn: tuple[tuple[str, str], str, tuple[str, dict[str, str]]]) -> ClientRequest:
    (method, path), query, (body, headers) = drawn
    whole = f"{path}?{query}" if query else path
    return ClientRequest(method, whole) if method == "GET" else ClientRequest(method, whole, body, headers)


def resource_queries() -> st.SearchStrategy[dict[str, str]]:
    """Query parameters of a request for resources: those that the Resources API knows, well and badly filled in.

    The smallest is `{}`, which asks for all.
    """
    numbers = st.one_of(st.integers(-1, 1000), st.floats(-1e6, 1e6)).map(str)
    places = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(lambda place: dumps(list(place)))
    boxes = st.tuples(*[st.floats(-180, 180)] * 4).map(lambda corners: dumps(list(corners)))
    known = {
        "limit": st.one_of(st.integers(0, 100).map(str), numbers),
        "distance": numbers,
        "position": places,
        "bbox": boxes,
        "zoom": st.integers(0, 22).map(str),
        "href": st.sampled_from(("/resources/waypoints/1", "")),
    }
    anything = st.text(CHARACTERS, max_size=12)
    filled = st.fixed_dictionaries({}, optional={name: st.one_of(good, anything) for name, good in known.items()})
    return st.one_of(filled, st.dictionaries(_WORDS, anything, max_size=2))
