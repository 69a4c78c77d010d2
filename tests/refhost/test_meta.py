"""Metadata of a path, by the definition `meta` of the specification (§10)."""

from __future__ import annotations

import pytest

from refhost.meta import ALARM_METHODS, ALARM_STATES, meta_problems

GOOD = {
    "description": "Depth",
    "displayName": "Depth",
    "longName": "Depth below the transducer",
    "shortName": "DBT",
    "gaugeType": "dial",
    "units": "m",
    "timeout": 1.5,
    "enum": ["a", 1, None],
    "properties": {"x": {"type": "number", "title": "X", "description": "x", "units": "m", "example": 1}},
    "displayScale": {"lower": 0, "upper": 10.5, "type": "linear"},
    "alertMethod": ["visual"],
    "warnMethod": [],
    "alarmMethod": ["sound", "visual"],
    "emergencyMethod": ["sound"],
    "zones": [{"lower": 0, "upper": 2.5, "state": "alarm", "message": "Shallow"}, {"state": "normal"}],
    "supportsPut": True,
}


def problems(value: object) -> dict[str, str]:
    return dict(meta_problems(value))


def with_(**changes: object) -> dict[str, object]:
    return {**GOOD, **changes}


def test_all_that_the_specification_knows_is_good():
    assert problems(GOOD) == {}
    assert problems({"description": ""}) == {}


@pytest.mark.parametrize("value", [None, 1, "text", [], True])
def test_it_is_an_object(value):
    assert problems(value) == {"": "is an object with at least a description"}


def test_a_description_must_be_there():
    assert problems({"units": "m"}) == {".description": "is missing"}


@pytest.mark.parametrize("key", ["displayName", "longName", "shortName", "description", "gaugeType", "units"])
@pytest.mark.parametrize("value", [None, 1, [], {}, False])
def test_texts_are_strings(key, value):
    assert problems(with_(**{key: value})) == {f".{key}": "is a string"}


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"timeout": "1"}, {".timeout"}),
        ({"timeout": True}, {".timeout"}),
        ({"enum": "a"}, {".enum"}),
        ({"enum": {}}, {".enum"}),
        ({"alarmMethod": "visual"}, {".alarmMethod"}),
        ({"warnMethod": ["visual", "smell", None, ["sound"]]}, {f".warnMethod[{i}]" for i in (1, 2, 3)}),
        ({"properties": []}, {".properties"}),
        ({"properties": {"x": 1}}, {".properties.x"}),
        ({"properties": {"x": {"type": 1, "units": None}}}, {".properties.x.type", ".properties.x.units"}),
        ({"properties": {"x": {"example": None}}}, {".properties.x.example"}),
        ({"properties": {"x": {"example": []}}}, {".properties.x.example"}),
        ({"displayScale": []}, {".displayScale"}),
        ({"displayScale": {}}, {".displayScale.lower", ".displayScale.upper"}),
        ({"displayScale": {"lower": "0", "upper": True}}, {".displayScale.lower", ".displayScale.upper"}),
        ({"displayScale": {"lower": 0, "upper": 1, "type": "round"}}, {".displayScale.type"}),
        ({"displayScale": {"lower": 0, "upper": 1, "type": None}}, {".displayScale.type"}),
        ({"displayScale": {"lower": 0, "upper": 1, "type": "power"}}, {".displayScale.power"}),
        ({"displayScale": {"lower": 0, "upper": 1, "type": "linear", "power": 2}}, {".displayScale.power"}),
        ({"displayScale": {"lower": 0, "upper": 1, "power": 2}}, {".displayScale.power"}),
        ({"displayScale": {"lower": 0, "upper": 1, "more": 2}}, {".displayScale.more"}),
        ({"zones": {}}, {".zones"}),
        ({"zones": [1, {}]}, {".zones[0]", ".zones[1].state"}),
        ({"zones": [{"state": "loud"}]}, {".zones[0].state"}),
        ({"zones": [{"state": ["alarm"]}]}, {".zones[0].state"}),
        ({"zones": [{"state": "alarm", "lower": None}]}, {".zones[0].lower"}),
        ({"zones": [{"state": "alarm", "upper": False}]}, {".zones[0].upper"}),
        ({"zones": [{"state": "alarm", "message": 1}]}, {".zones[0].message"}),
    ],
)
def test_each_wrong_part_is_named_by_its_place(change, places):
    found = problems(with_(**change))
    assert set(found) == places
    assert all(found.values())


def test_a_scale_of_type_power_has_a_power():
    scale = {"lower": 0, "upper": 1, "type": "power", "power": 0.5}
    assert problems(with_(displayScale=scale)) == {}


@pytest.mark.parametrize("state", ALARM_STATES)
def test_every_state_may_be_that_of_a_zone(state):
    assert problems(with_(zones=[{"state": state}])) == {}


def test_the_words_are_those_of_the_specification():
    assert ALARM_STATES == ("nominal", "normal", "alert", "warn", "alarm", "emergency")
    assert ALARM_METHODS == ("visual", "sound")
