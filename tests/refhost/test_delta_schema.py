"""Our verdict on a delta, and that of delta.json of the specification, agree (contract §10)."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from delta_schema import installed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.strategies import deltas, paths, values
from refhost.delta import is_timestamp, problems
from refhost.jsontext import dumps

pytestmark = pytest.mark.npm


def _line_end(delta: Any) -> bool:
    """`$` of a pattern: in Python before a last line end too, in JSON Schema (ECMA 262) only at the end."""
    references = [u.get("$source") for u in _updates(delta)]
    return any(isinstance(text, str) and text.endswith("\n") for text in references)


def _format(delta: Any) -> bool:
    """`format: date-time` is an annotation in jsonschema, and the pattern `.*Z$` takes `Z`; we read RFC 3339."""
    times = [update["timestamp"] for update in _updates(delta) if "timestamp" in update]
    return any(isinstance(text, str) and re.search(".*Z$", text) and not is_timestamp(text) for text in times)


def _updates(delta: Any) -> list[dict[str, Any]]:
    updates = delta.get("updates") if isinstance(delta, dict) else None
    return [update for update in updates if isinstance(update, dict)] if isinstance(updates, list) else []


# Where our verdict is stricter on purpose; ours is never the milder one.
STRICTER = {"timestamps are read by RFC 3339": _format, "patterns end where the text ends": _line_end}


@pytest.fixture(scope="module")
def schema_accepts(tmp_path_factory):
    """Whether delta.json accepts a delta."""
    return installed(tmp_path_factory.mktemp("schema"))


def assert_agree(schema_accepts, delta: Any) -> None:
    ours, theirs = problems(delta) == [], schema_accepts(delta)
    if ours != theirs and theirs:
        assert [reason for reason, departs in STRICTER.items() if departs(delta)], problems(delta)
    else:
        assert ours == theirs, f"the schema refuses {dumps(delta)}"


SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))

# Things of every kind, to be put where they do not belong.
ODD = st.sampled_from([None, True, False, 0, 1, 1.0, -1.5, "", "x", [], {}, [1], {"a": 1}])
NUMBERS = st.one_of(st.integers(-2, 30), st.sampled_from([0.5, 1.0, 26.5, 27.0, 27.5]), ODD)
STRINGS = st.one_of(st.text(max_size=3), ODD)
METHODS = st.one_of(st.lists(st.one_of(st.sampled_from(["visual", "sound"]), ODD), max_size=3), ODD)


def _some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


def _metas(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Updates whose one metadata has a description and these parts."""
    described = st.fixed_dictionaries({"description": st.just("")}, optional=parts)
    return described.map(lambda value: {"meta": [{"path": "a.b", "value": value}]})


def _updates_with(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Updates that are in order but for these parts."""
    return st.fixed_dictionaries({"values": st.just([{"path": "a", "value": 1}])}, optional=parts)


SCALE_TYPES = st.one_of(st.sampled_from(["linear", "logarithmic", "squareroot", "power", "power", "log"]), ODD)
LIMITS = {"lower": st.just(0), "upper": st.just(1.5)}
SCALES = st.one_of(
    ODD,
    st.fixed_dictionaries(LIMITS, optional={"type": SCALE_TYPES, "power": st.one_of(st.just(2), ODD)}),
    st.fixed_dictionaries({**LIMITS, "type": st.sampled_from(["linear", "power"])}, optional={"x": ODD, "power": ODD}),
    _some(lower=NUMBERS, upper=NUMBERS, type=SCALE_TYPES, power=NUMBERS),
)
STATES = st.sampled_from(["nominal", "normal", "alert", "warn", "alarm", "emergency", "loud", "", None, 1, ["alarm"]])
ZONES = st.one_of(
    st.fixed_dictionaries({"state": STATES}),
    st.fixed_dictionaries(
        {"state": st.just("alarm")}, optional={"lower": NUMBERS, "upper": NUMBERS, "message": STRINGS}
    ),
    _some(state=STATES, lower=NUMBERS, x=ODD),
    ODD,
)
PROPERTIES = st.one_of(
    ODD,
    st.dictionaries(
        st.text(max_size=2),
        st.one_of(ODD, *[_some(**{key: ODD}) for key in ("type", "title", "description", "units", "example", "x")]),
        max_size=2,
    ),
)
ENTRY = st.one_of(
    ODD,
    st.fixed_dictionaries(
        {"path": st.one_of(paths(), ODD), "value": st.one_of(values(), ODD)}, optional={"extra": ODD}
    ),
    _some(path=paths(), value=values()),
)
ENTRIES = st.one_of(st.lists(ENTRY, max_size=2), ODD)
LABELLED = {"label": st.just("x")}

# Updates with every part broken in turn, so that each rule of the schema is met often.
BROKEN = {
    "texts": st.sampled_from(["displayName", "longName", "shortName", "gaugeType", "units"]).flatmap(
        lambda key: _metas(**{key: STRINGS})
    ),
    "timeout": _metas(timeout=NUMBERS),
    "enum": _metas(enum=ODD),
    "methods": _metas(alertMethod=METHODS, warnMethod=METHODS, alarmMethod=METHODS, emergencyMethod=METHODS),
    "scales": _metas(displayScale=SCALES),
    "zones": _metas(zones=st.one_of(st.lists(ZONES, max_size=2), ODD)),
    "properties": _metas(properties=PROPERTIES),
    "bare metadata": st.one_of(ODD, _some(description=STRINGS, units=STRINGS, supportsPut=ODD)).map(
        lambda value: {"meta": [{"path": "a", "value": value}]}
    ),
    "meta entries": _some(meta=ENTRIES, values=st.just([])),
    "values": _some(values=ENTRIES, meta=st.just([])),
    "reference": _updates_with(**{"$source": st.one_of(st.text(max_size=3), st.text("aZ9-_. \n", max_size=4), ODD)}),
    "source": _updates_with(source=st.one_of(_some(label=STRINGS, other=ODD), ODD)),
    "source texts": st.sampled_from(["type", "src", "canName", "instance", "sentence", "talker"]).flatmap(
        lambda key: _updates_with(source=st.fixed_dictionaries({**LABELLED, key: STRINGS}))
    ),
    "source numbers": st.sampled_from(["pgn", "aisType"]).flatmap(
        lambda key: _updates_with(source=st.fixed_dictionaries({**LABELLED, key: NUMBERS}))
    ),
    "both sources": _updates_with(source=st.just({"label": "x"}), **{"$source": st.just("x")}),
    "timestamp": _updates_with(
        timestamp=st.one_of(
            st.datetimes().map(lambda moment: moment.isoformat() + "Z"), st.text("0123-:T.Z+", max_size=24), ODD
        )
    ),
    "keys": _some(**dict.fromkeys(("values", "meta"), st.just([])), extra=ODD, timestamp=ODD),
    "updates": ODD,
}


@pytest.mark.parametrize("part", BROKEN)
def test_the_verdicts_on_what_is_broken_agree(schema_accepts, part):
    verdicts = set()

    @given(update=BROKEN[part])
    @settings(SLOW, max_examples=250)
    def agree(update):
        delta = {"updates": [update]}
        assert_agree(schema_accepts, delta)
        verdicts.add(problems(delta) == [])

    agree()
    assert False in verdicts, "nothing that was made is broken"


@given(delta=st.one_of(ODD, _some(updates=ODD, context=ODD), _some(updates=st.just([]), context=STRINGS, extra=ODD)))
@settings(SLOW, max_examples=300)
def test_the_verdicts_on_the_delta_itself_agree(schema_accepts, delta):
    assert_agree(schema_accepts, delta)


@given(delta=deltas())
@settings(SLOW, max_examples=300)
def test_valid_deltas_are_valid_to_both(schema_accepts, delta):
    assert problems(delta) == []
    assert schema_accepts(delta)


@given(delta=deltas(), data=st.data())
@settings(SLOW, max_examples=500)
def test_the_verdicts_on_a_valid_delta_with_one_thing_changed_agree(schema_accepts, delta, data):
    changed = copy.deepcopy(delta)
    places = list(_places(changed))
    holder, key = data.draw(st.sampled_from(places)) if places else (changed, "updates")
    match data.draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            holder[key] = data.draw(ODD)
        case "remove":
            del holder[key]
        case "add" if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(["extra", "source", "$source", "meta", "values", "timestamp"]))] = (
                data.draw(ODD)
            )
    assert_agree(schema_accepts, changed)


def _places(node: Any):
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield node, key
        yield from _places(child)


@pytest.mark.parametrize(
    ("update", "accepted"),
    [
        ({"values": [{"path": "a", "value": True}]}, True),
        ({"values": [{"path": "a", "value": [1]}]}, False),
        ({"values": [], "source": {"label": "x", "aisType": 1.0}}, True),
        ({"values": [], "source": {"label": "x", "aisType": True}}, False),
        ({"values": [], "source": {"label": "x", "pgn": False}}, False),
        ({"meta": [{"path": "a", "value": {"description": "", "timeout": True}}]}, False),
        ({"values": [], "timestamp": "2026-01-01T00:00:00.000Z"}, True),
        ({"values": [], "timestamp": "2026-01-01T00:00:00.000"}, False),
        ({"values": [], "source": {"label": "x"}, "$source": "x"}, False),
        ({"values": [], "meta": []}, True),
        ({}, False),
    ],
)
def test_details_of_draft_4(schema_accepts, update, accepted):
    delta = {"updates": [update]}
    assert schema_accepts(delta) is accepted
    assert (problems(delta) == []) is accepted


@pytest.mark.parametrize("update", [{"timestamp": "Z", "values": []}, {"$source": "a\n", "values": []}])
def test_what_departs_on_purpose_still_does(schema_accepts, update):
    """When this fails the list `STRICTER` has an entry too many."""
    delta = {"updates": [update]}
    assert schema_accepts(delta)
    assert problems(delta)
