"""What the strategies generate is valid, and what was promised; what they shrink to is what their descriptions say."""

import re
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import Phase, find, given, settings

from conformance.deltas import edge_deltas, ordinary_deltas
from conformance.strategies import (
    KNOWN_PATHS,
    delta_streams,
    deltas,
    http_requests,
    json_values,
    paths,
    patterns,
    put_values,
    resource_queries,
    values,
)
from refhost.delta import pairs, problems
from refhost.host import Host
from refhost.jsontext import dumps, loads
from refhost.patterns import PathPattern
from refhost.services.http import Endpoint

ENDPOINTS = (Endpoint("GET", "/api/tracks/:id", "get_track"), Endpoint("POST", "/api/tracks", "post_track"))


@given(deltas())
def test_every_delta_is_valid(delta):
    assert problems(delta) == []


@given(deltas())
def test_every_delta_is_json(delta):
    assert loads(dumps(delta)) == delta


@given(deltas())
def test_what_has_the_empty_path_is_an_object(delta):
    assert all(isinstance(value, dict) for path, value in pairs(delta) if not path)


@given(delta_streams())
def test_every_delta_of_a_stream_is_valid_and_in_order(stream):
    assert all(problems(delta) == [] for delta in stream)
    times = [delta["updates"][0]["timestamp"] for delta in stream]
    assert times == sorted(times)
    assert {path for delta in stream for path, _ in pairs(delta)} <= set(KNOWN_PATHS)


@given(delta_streams(3, about=["a.b"], value=values().filter(lambda value: value is not None)))
def test_a_stream_is_about_what_was_asked_for(stream):
    assert len(stream) <= 3
    assert {path for delta in stream for path, _ in pairs(delta)} <= {"a.b"}
    assert None not in [value for delta in stream for _, value in pairs(delta)]


@settings(max_examples=20)
@given(delta_streams())
def test_a_host_takes_every_stream(stream):
    with Host() as host:
        for delta in stream:
            host.publish_delta(delta)


@given(paths())
def test_every_path_is_made_of_words(path):
    assert re.fullmatch(r"[\w-]+(\.[\w-]+)*", path, re.ASCII)


@given(patterns(), paths())
def test_every_pattern_can_be_matched(pattern, path):
    PathPattern(pattern).matches(path)


@given(values())
def test_no_value_is_an_array(value):
    assert not isinstance(value, list)
    dumps(value)


@given(json_values())
def test_every_json_value_is_json(value):
    assert loads(dumps(value)) == value


@given(put_values())
def test_every_put_value_is_json(value):
    assert loads(dumps(value)) == value


@given(http_requests(ENDPOINTS))
def test_every_request_can_be_sent(request):
    path, _, query = request.path.partition("?")
    assert path.startswith("/")
    assert request.path.isascii()
    assert ".." not in unquote(path).split("/")
    parse_qsl(query, strict_parsing=bool(query))
    if request.headers.get("Content-Type") == "application/json":
        loads(request.body)
    assert request.method != "GET" or not request.body
    assert all(value.isascii() and "\n" not in value for value in request.headers.values())


@settings(max_examples=20, deadline=None)
@given(http_requests(ENDPOINTS))
def test_a_host_answers_every_request(request):
    with Host() as host:
        url = f"/plugins/nobody{request.path}"
        answer = host.http.request(request.method, url, content=request.body.encode(), headers=dict(request.headers))
        assert answer.status_code < 500


@given(resource_queries())
def test_a_query_is_texts_by_name(query):
    assert all(isinstance(text, str) for pair in query.items() for text in pair)


def updates():
    return deltas().filter(lambda delta: delta["updates"]).map(lambda delta: delta["updates"][0])


def fits(endpoint):
    """Whether a request goes to it."""

    def condition(request):
        path = unquote(request.path.partition("?")[0])
        return request.method == endpoint.method and endpoint.parameters(path) is not None

    return condition


@pytest.mark.parametrize(
    ("strategy", "condition"),
    [
        (updates(), lambda update: "meta" in update and "values" in update),
        (updates(), lambda update: "values" not in update),
        (updates(), lambda update: update.get("values") == []),
        (deltas(), lambda delta: delta["updates"] == []),
        (deltas(), lambda delta: len(delta["updates"]) > 1),
        (deltas(), lambda delta: "context" not in delta),
        (deltas(), lambda delta: delta.get("context", "").startswith("atons.")),
        (deltas(), lambda delta: any(not path for path, _ in pairs(delta))),
        (delta_streams(), lambda stream: len(stream) > 5),
        (delta_streams(), lambda stream: len({path for d in stream for path, _ in pairs(d)}) < len(stream) > 3),
        (paths(), lambda path: path in KNOWN_PATHS),
        (paths(), lambda path: path.count(".") > 3),
        (patterns(), lambda pattern: pattern == "*"),
        (patterns(), lambda pattern: "*" not in pattern),
        (patterns(), lambda pattern: pattern.count("*") > 3),
        (patterns(), lambda pattern: pattern.startswith("navigation.") and pattern.endswith("*")),
        (values(), lambda value: value is None),
        (values(), lambda value: isinstance(value, str) and not value.isascii()),
        (values(), lambda value: isinstance(value, dict) and "latitude" in value),
        (values(), lambda value: isinstance(value, dict) and [] in value.values()),
        (values(), lambda value: isinstance(value, dict) and {} in value.values()),
        (put_values(), lambda value: value is True),
        (put_values(), lambda value: value == "on"),
        (put_values(), lambda value: isinstance(value, list) and len(value) > 1),
        (http_requests(ENDPOINTS), fits(ENDPOINTS[0])),
        (http_requests(ENDPOINTS), fits(ENDPOINTS[1])),
        (http_requests(ENDPOINTS), lambda request: not any(fits(endpoint)(request) for endpoint in ENDPOINTS)),
        (http_requests(ENDPOINTS), lambda request: "?" in request.path),
        (http_requests(), lambda request: request.method == "DELETE"),
        (resource_queries(), lambda query: {"bbox", "limit"} <= set(query)),
        (resource_queries(), lambda query: query.get("position", "").startswith("[")),
        (resource_queries(), lambda query: query.get("limit", "0") == ""),
    ],
)
def test_every_kind_is_found(strategy, condition):
    find(strategy, condition, settings=settings(phases=(Phase.generate,), max_examples=2000, database=None))


@pytest.mark.long  # shrinking takes its time
@pytest.mark.parametrize(
    ("strategy", "smallest"),
    [
        (paths(), "navigation.position"),
        (patterns(), "*"),
        (values(), None),
        (json_values(), None),
        (put_values(), None),
        (deltas(), {"updates": []}),
        (delta_streams(), []),
        (resource_queries(), {}),
        (http_requests().map(lambda request: request.path), "/"),
        (http_requests(ENDPOINTS).map(lambda request: (request.body, dict(request.headers))), ("", {})),
    ],
)
def test_what_is_smallest(strategy, smallest):
    assert find(strategy, lambda _: True, settings=settings(database=None)) == smallest


@pytest.mark.long  # shrinking takes its time
@pytest.mark.parametrize(
    ("strategy", "condition", "smallest"),
    [
        (
            deltas(),
            lambda delta: any(value is True for _, value in pairs(delta)),
            {"updates": [{"$source": "gps.1", "values": [{"path": "navigation.position", "value": True}]}]},
        ),
        (
            deltas(),
            lambda delta: any("displayName" in str(update.get("meta")) for update in delta["updates"]),
            {
                "updates": [
                    {
                        "$source": "gps.1",
                        "meta": [
                            {"path": "navigation.position", "value": {"description": "", "displayName": ""}},
                        ],
                    }
                ]
            },
        ),
        (paths(), lambda path: path.count(".") == 2 and path not in KNOWN_PATHS, "0.0.0"),
        (values(), lambda value: isinstance(value, dict) and None in value.values(), {"": None}),
    ],
)
def test_what_a_counterexample_shrinks_to(strategy, condition, smallest):
    assert find(strategy, condition, settings=settings(database=None)) == smallest


def test_the_corpus_is_valid_too():
    assert all(problems(delta) == [] for delta in (*ordinary_deltas(), *edge_deltas()))
    assert len(ordinary_deltas()) == 8
    assert len(edge_deltas()) > 20
