"""What is a delta, and what the bus makes of one that a plugin claims (contract §10)."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.strategies import deltas, paths, values
from refhost.delta import Unreadable, admit, context_of, is_timestamp, kind_of, pairs, problems
from refhost.jsontext import dumps

SELF = "vessels.urn:mrn:x"
NOW = "2026-01-01T00:00:00.000Z"

SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**64), 2**64), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)
KEYS = ["context", "updates", "$source", "source", "timestamp", "values", "meta", "path", "value", "label", "aisType"]
# JSON that looks like a delta from afar: the right words in the wrong places.
NEARLY = st.recursive(
    st.one_of(SCALAR, st.sampled_from([NOW, "vessels.self", "", [], {}])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=5)
    ),
    max_leaves=20,
)
UPDATES = st.one_of(
    NEARLY,
    st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS[2:7], NEARLY)),
    st.fixed_dictionaries(
        {"values": st.lists(st.fixed_dictionaries({"path": st.one_of(paths(), NEARLY), "value": JSON}), max_size=2)},
        optional={"timestamp": st.sampled_from([NOW, "now"]), "$source": st.text(max_size=5)},
    ),
)
CLAIMS = st.one_of(
    JSON,
    NEARLY,
    st.fixed_dictionaries(
        {"updates": st.lists(UPDATES, max_size=4)}, optional={"context": st.one_of(NEARLY, st.text())}
    ),
)


def admitted(claim: object, source: str = "me"):
    return admit(claim, source=source, self_context=SELF, timestamp=NOW)


def one(**update: object) -> dict[str, object]:
    return {"updates": [update]}


def entry(path: object = "a.b", value: object = 1) -> dict[str, object]:
    return {"path": path, "value": value}


# -- properties


@given(CLAIMS)
def test_whatever_is_claimed_is_admitted_or_told_why(claim):
    before = copy.deepcopy(claim)
    admission = admitted(claim)
    assert claim == before
    assert admission.problems == tuple(problems(claim))
    assert all(str(problem) for problem in admission.problems)
    if admission.delta is None:
        no_updates = isinstance(claim, dict) and claim.get("updates") == []
        assert no_updates or any(problem.shape or problem.update is None for problem in admission.problems)
    else:
        dumps(admission.delta)


@given(CLAIMS)
def test_what_is_admitted_is_a_valid_delta_in_the_plugins_own_name(claim):
    carried = admitted(claim).delta
    if carried is None:
        return
    assert set(carried) == {"context", "updates"}
    assert carried["context"] != "vessels.self"
    for update in carried["updates"]:
        assert update["$source"] == "me"
        assert is_timestamp(update["timestamp"])
        assert set(update) <= {"$source", "timestamp", "values", "meta"}
    assert not [problem for problem in problems(carried) if ".meta[" not in problem.where]


@given(st.lists(UPDATES, max_size=5))
def test_a_refused_update_takes_no_neighbour_with_it_and_order_is_kept(updates):
    alone = [admitted({"updates": [update]}).delta for update in updates]
    together = admitted({"updates": updates}).delta
    expected = [update for carried in alone if carried for update in carried["updates"]]
    assert (together["updates"] if together else []) == expected


@given(deltas())
def test_a_valid_delta_passes_unchanged_but_for_its_name(delta):
    admission = admitted(delta)
    assert admission.problems == ()
    if not delta["updates"]:
        assert admission.delta is None
        return
    for claim, carried in zip(delta["updates"], admission.delta["updates"], strict=True):
        assert carried == {**claim, "$source": "me", "timestamp": NOW}


@given(st.lists(st.tuples(paths(), values()), max_size=8))
def test_pairs_are_those_of_the_delta_in_order(given_pairs):
    updates = [{"values": [entry(path, value)]} for path, value in given_pairs]
    assert pairs({"updates": updates}) == given_pairs


@given(JSON, st.text(min_size=1))
def test_no_claimed_source_is_ever_carried(claimed, plugin):
    for key in ("$source", "source"):
        carried = admitted(one(**{key: claimed}, values=[entry()]), plugin).delta
        assert carried["updates"] == [{"$source": plugin, "timestamp": NOW, "values": [entry()]}]


@given(st.text())
def test_any_text_is_a_timestamp_or_refuses_the_update(text):
    admission = admitted({"updates": [{"timestamp": text, "values": []}, {"values": []}]})
    assert len(admission.delta["updates"]) == 1 + is_timestamp(text)


@given(st.datetimes())
def test_every_moment_in_utc_is_a_timestamp(moment):
    text = moment.isoformat() + "Z"
    assert is_timestamp(text)
    assert not is_timestamp(text[:-1])
    assert not is_timestamp(text[:-1] + "+00:00")


# -- the rules one by one


@pytest.mark.parametrize(
    ("context", "means"),
    [
        (None, SELF),
        ("vessels.self", SELF),
        ("", SELF),
        (SELF, SELF),
        ("vessels.urn:mrn:y", "vessels.urn:mrn:y"),
        ("atons.x", "atons.x"),
        ("vessels.selfish", "vessels.selfish"),
    ],
)
def test_the_context_of_the_own_vessel(context, means):
    claim = one(values=[entry()]) | ({} if context is None else {"context": context})
    assert admitted(claim).delta["context"] == means == context_of(claim, SELF)


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None, {}, {"a": [1, {"b": []}]}, "", 0, -0.0, 2**60])
def test_values_that_are_carried(value):
    assert admitted(one(values=[entry(value=value)])).delta["updates"][0]["values"] == [entry(value=value)]


REFUSED = {
    "no object": "text",
    "null": None,
    "neither values nor meta": {},
    "only a source": {"$source": "x"},
    "values no array": {"values": {}},
    "values null": {"values": None},
    "meta no array": {"meta": "x"},
    "entry no object": {"values": ["x"]},
    "entry null": {"values": [None]},
    "no path": {"values": [{"value": 1}]},
    "path no string": {"values": [entry(path=1)]},
    "path null": {"values": [entry(path=None)]},
    "no value": {"values": [{"path": "a"}]},
    "array": {"values": [entry(value=[])]},
    "array of one": {"values": [entry(), entry(value=[1])]},
    "unreadable": {"values": [entry(value=Unreadable("NaN is not JSON"))]},
    "timestamp no string": {"timestamp": 1, "values": [entry()]},
    "timestamp null": {"timestamp": None, "values": [entry()]},
    "timestamp empty": {"timestamp": "", "values": [entry()]},
    "timestamp without zone": {"timestamp": "2026-01-01T00:00:00.000", "values": [entry()]},
    "timestamp in another zone": {"timestamp": "2026-01-01T00:00:00+01:00", "values": [entry()]},
    "timestamp without time": {"timestamp": "2026-01-01Z", "values": [entry()]},
    "timestamp of month 13": {"timestamp": "2026-13-01T00:00:00Z", "values": [entry()]},
    "timestamp of hour 24": {"timestamp": "2026-01-01T24:00:00Z", "values": [entry()]},
    "timestamp with a line end": {"timestamp": NOW + "\n", "values": [entry()]},
    "meta no object": {"meta": [entry(value=1)]},
    "meta null": {"meta": [entry(value=None)]},
    "meta without a path": {"meta": [{"value": {"description": ""}}]},
    "one good, one bad list": {"values": [entry()], "meta": 1},
}


@pytest.mark.parametrize("update", REFUSED.values(), ids=REFUSED.keys())
def test_an_update_of_another_shape_is_refused_with_the_place_and_its_neighbours_pass(update):
    neighbour = {"values": [entry("kept", 1)]}
    admission = admitted({"updates": [neighbour, update, neighbour]})
    assert pairs(admission.delta) == [("kept", 1), ("kept", 1)]
    shaped = [problem for problem in admission.problems if problem.shape]
    assert shaped
    assert all(problem.update == 1 and problem.where.startswith("updates[1]") for problem in shaped)
    assert admitted({"updates": [update]}).delta is None


# Not valid by the schema, yet of the shape of §10: carried without what does not belong (R33).
CARRIED = {
    "unknown key": ({"more": 1, "values": [entry()]}, "updates[0].more"),
    "both sources": ({"$source": "x", "source": {"label": "x"}, "values": [entry()]}, "updates[0]"),
    "source no object": ({"source": "x", "values": [entry()]}, "updates[0].source"),
    "source without label": ({"source": {}, "values": [entry()]}, "updates[0].source.label"),
    "label no string": ({"source": {"label": 1}, "values": [entry()]}, "updates[0].source.label"),
    "pgn no number": ({"source": {"label": "x", "pgn": "1"}, "values": [entry()]}, "updates[0].source.pgn"),
    "pgn a boolean": ({"source": {"label": "x", "pgn": True}, "values": [entry()]}, "updates[0].source.pgn"),
    "ais type 0": ({"source": {"label": "x", "aisType": 0}, "values": [entry()]}, "updates[0].source.aisType"),
    "ais type 28": ({"source": {"label": "x", "aisType": 28}, "values": [entry()]}, "updates[0].source.aisType"),
    "ais type 1.5": ({"source": {"label": "x", "aisType": 1.5}, "values": [entry()]}, "updates[0].source.aisType"),
    "reference with a space": ({"$source": "a b", "values": [entry()]}, "updates[0].$source"),
    "reference no string": ({"$source": None, "values": [entry()]}, "updates[0].$source"),
    "meta without description": ({"meta": [entry(value={"units": "m"})]}, "updates[0].meta[0].value.description"),
    "zones no array": (
        {"meta": [entry(value={"description": "", "zones": 1})]},
        "updates[0].meta[0].value.zones",
    ),
}


@pytest.mark.parametrize(("update", "where"), CARRIED.values(), ids=CARRIED.keys())
def test_what_only_the_schema_forbids_is_carried_and_told(update, where):
    admission = admitted({"updates": [update]})
    kept = {key: update[key] for key in ("values", "meta") if key in update}
    assert admission.delta["updates"] == [{"$source": "me", "timestamp": NOW, **kept}]
    assert [(problem.where, problem.shape) for problem in admission.problems] == [(where, False)]


@pytest.mark.parametrize("source", [{"label": "x", "aisType": 27.0, "pgn": 1.5, "other": []}, {"label": ""}])
def test_a_source_as_the_specification_has_it_is_in_order(source):
    assert problems(one(source=source, values=[])) == []


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ([], "a delta is an object, not an array"),
        (None, "a delta is an object, not null"),
        ("x", "a delta is an object, not a string"),
        (1.5, "a delta is an object, not a number"),
        (False, "a delta is an object, not false"),
        ({}, "updates: is missing"),
        ({"updates": None}, "updates: is an array, not null"),
        ({"updates": {}}, "updates: is an array, not an object"),
        ({"context": 1, "updates": [{"values": []}]}, "context: is a string, not a number"),
        ({"context": None, "updates": [{"values": []}]}, "context: is a string, not null"),
    ],
)
def test_a_whole_delta_that_is_none_reaches_no_one(claim, told):
    admission = admitted(claim)
    assert admission.delta is None
    assert [str(problem) for problem in admission.problems] == [told]


def test_no_updates_is_valid_and_nothing_to_carry():
    assert problems({"updates": []}) == []
    assert admitted({"updates": []}).delta is None


def test_extra_keys_of_entries_and_of_the_delta_are_left_behind():
    claim = {"extra": 1, "updates": [{"values": [{**entry(), "extra": 2}]}]}
    admission = admitted(claim)
    assert admission.delta["updates"][0]["values"] == [entry()]
    assert set(admission.delta) == {"context", "updates"}


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-12-31T23:59:60Z", "0000-01-01T00:00:00.1234567Z"])
def test_good_timestamps_are_kept_as_they_are(text):
    assert admitted(one(timestamp=text, values=[entry()])).delta["updates"][0]["timestamp"] == text


def test_kinds_as_json_calls_them():
    assert [kind_of(value) for value in (None, True, 0, 0.5, "", [], {})] == [
        "null",
        "true",
        "a number",
        "a number",
        "a string",
        "an array",
        "an object",
    ]


def test_reading_order_of_what_is_wrong():
    claim = {"context": 1, "updates": [{"values": [entry(value=[])]}, 5]}
    assert [problem.where for problem in problems(claim)] == ["context", "updates[0].values[0].value", "updates[1]"]
