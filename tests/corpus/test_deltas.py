"""Deltas made by hand: what is valid and unusual, and what is no delta, by our own judgement and by the schema's."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from delta_schema import installed

import corpus
from conformance.deltas import edge_deltas, ordinary_deltas
from refhost.delta import admit, pairs, problems
from refhost.errors import ConfigurationError
from refhost.host import Host
from refhost.jsontext import NotJson, loads

VALID = [
    pytest.param(line, id=f"{name}-{number}")
    for name in ("ordinary", "edge")
    for number, line in enumerate((corpus.DELTAS / f"{name}.jsonl").read_text("utf-8").strip("\n").split("\n"), 1)
]
INVALID = [json.loads(line) for line in corpus.INVALID.read_text("utf-8").strip("\n").split("\n")]
KEYS = {"reason", "delta", "text", "passes", "schema"}
NOT_JSON = object()

every_invalid = pytest.mark.parametrize("entry", [pytest.param(one, id=one["reason"]) for one in INVALID])


def text_of(entry):
    return entry["text"] if "text" in entry else json.dumps(entry["delta"])


def read(text):
    try:
        return loads(text)
    except NotJson:
        return NOT_JSON


def test_each_invalid_line_says_why_and_how_it_is_judged():
    for entry in INVALID:
        assert set(entry) <= KEYS, entry
        assert ("delta" in entry) != ("text" in entry), entry
        assert all(entry[key].strip() for key in ("reason", "passes", "schema") if key in entry)
    reasons = [entry["reason"] for entry in INVALID]
    assert sorted(set(reasons)) == sorted(reasons)


@pytest.mark.parametrize("line", VALID)
def test_a_valid_delta_goes_on_the_bus_as_a_whole(line):
    """Also what a plugin emits."""
    delta = loads(line)
    assert problems(delta) == []
    with Host() as host:
        carried = []
        host.bus.watchers.append(lambda delta, text, version: carried.append(delta))
        host.publish_delta(line)
        assert [pairs(each) for each in carried] == [pairs(delta)] * len(carried)
        assert len(carried) == 1
    admission = admit(delta, source="x", self_context="vessels.x", timestamp="2026-01-01T00:00:00.000Z")
    assert admission.problems == ()
    assert len(admission.delta["updates"] if admission.delta else []) == len(delta["updates"])


def test_what_is_valid_covers_every_part_of_a_delta():
    """The streams hold each member of updates, sources and metadata that the schema knows."""
    updates = [update for delta in (*ordinary_deltas(), *edge_deltas()) for update in delta["updates"]]
    assert set().union(*updates) == {"$source", "source", "timestamp", "values", "meta"}
    sources = set().union(*(update.get("source", {}) for update in updates))
    assert sources >= {"label", "type", "src", "canName", "pgn", "instance", "sentence", "talker", "aisType"}
    metadata = set().union(*(entry["value"] for update in updates for entry in update.get("meta", ())))
    texts = {"description", "displayName", "longName", "shortName", "gaugeType", "units"}
    methods = {"alertMethod", "warnMethod", "alarmMethod", "emergencyMethod"}
    assert metadata >= texts | methods | {"timeout", "enum", "properties", "displayScale", "zones"}
    kinds = {type(entry["value"]) for update in updates for entry in update.get("values", ())}
    assert kinds == {type(None), bool, int, float, str, dict}


@every_invalid
def test_an_invalid_delta_is_none_by_our_judgement(entry):
    found = read(text_of(entry))
    wrong = None if found is NOT_JSON else problems(found)
    assert wrong != []
    # The host lets through what keeps the shape of contract §10, although it is not what the schema asks for.
    assert (wrong is not None and not any(problem.shape for problem in wrong)) == ("passes" in entry)


@every_invalid
def test_the_host_refuses_it_or_is_known_to_let_it_through(entry):
    with Host() as host:
        carried = []
        host.bus.watchers.append(lambda delta, text, version: carried.append(delta))
        refused = nullcontext() if "passes" in entry else pytest.raises(ConfigurationError, match="delta")
        with refused:
            host.publish_delta(text_of(entry))
        assert len(carried) == ("passes" in entry)


@pytest.mark.parametrize(
    "entry", [pytest.param(one, id=one["reason"]) for one in INVALID if read(text_of(one)) is not NOT_JSON]
)
def test_of_a_plugin_nothing_wrong_reaches_the_bus(entry):
    """What is emitted keeps the shape of contract §10 then, or is refused."""
    admission = admit(read(text_of(entry)), source="x", self_context="vessels.x", timestamp="2026-01-01T00:00:00.000Z")
    assert admission.problems
    if admission.delta is not None:
        assert [problem for problem in problems(admission.delta) if problem.shape] == []


@pytest.fixture(scope="module")
def schema_accepts(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("schema"))


@pytest.mark.npm
@pytest.mark.parametrize("line", VALID)
def test_the_schema_accepts_what_is_valid(schema_accepts, line):
    assert schema_accepts(json.loads(line))


@pytest.mark.npm
@every_invalid
def test_the_schema_refuses_what_is_invalid_or_is_known_not_to(schema_accepts, entry):
    try:
        found = json.loads(text_of(entry), parse_constant=none)
    except ValueError:
        assert "schema" not in entry, "it is no JSON, so that there is nothing for a schema to judge"
        return
    assert schema_accepts(found) is ("schema" in entry)


def none(name):
    raise ValueError(name)
