"""Configurations out of schemas: the defaults, and what is of another type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.configuration import default_configuration, mistyped_configurations

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(["type", "properties", "default"]), st.text(max_size=5)),
            inner,
            max_size=4,
        ),
    ),
)
TYPES = {"null": type(None), "boolean": bool, "number": float, "string": str, "array": list, "object": dict}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {}),
        ({"type": "object"}, {}),
        ({"type": "object", "properties": {"a": {"default": 1}, "b": {}}}, {"a": 1}),
        (
            {"properties": {"a": {"default": False}, "b": {"default": 0}, "c": {"default": ""}}},
            {"a": False, "b": 0, "c": ""},
        ),
        ({"properties": {"a": {"properties": {"b": {"default": 2}}}}}, {"a": {"b": 2}}),
        ({"properties": {"a": {"properties": {"b": {}}}}}, {"a": {}}),
        ({"default": {"a": 3}, "properties": {"a": {"default": 1}}}, {"a": 3}),
        ({"default": [1]}, {}),
        ({"properties": {"a": {"default": None}}}, {}),
        ({"properties": [1, 2]}, {}),
        ({"properties": {"a": True}}, {}),
        ([], {}),
        (None, {}),
        ("text", {}),
    ],
)
def test_defaults(schema, expected):
    assert default_configuration(schema) == expected


@given(JSON)
def test_any_json_gives_an_object(schema):
    assert isinstance(default_configuration(schema), dict)


@given(JSON)
def test_any_json_gives_mistyped_objects(schema):
    found = mistyped_configurations(schema)
    assert found
    assert all(isinstance(config, dict) for config in found)


@pytest.mark.parametrize("expected", TYPES)
def test_every_other_type_takes_the_place_of_a_value(expected):
    schema = {"properties": {"a": {"type": expected}, "b": {"type": "string", "default": "kept"}}}
    found = [config for config in mistyped_configurations(schema) if "a" in config]
    assert {type(config["a"]) for config in found} == set(TYPES.values()) - {TYPES[expected]}
    assert all(config["b"] == "kept" for config in found)


def test_a_schema_without_properties_is_tried_with_one():
    assert {type(config["value"]) for config in mistyped_configurations({})} == set(TYPES.values())


def test_a_schema_of_many_properties_is_tried_in_measure():
    schema = {"properties": {f"p{number}": {"type": "string"} for number in range(1000)}}
    assert len(mistyped_configurations(schema)) == 20 * (len(TYPES) - 1)


def test_the_defaults_stay_as_they_were():
    schema = {"properties": {"a": {"type": "array", "default": [1]}}}
    mistyped_configurations(schema)
    assert default_configuration(schema) == {"a": [1]}
