"""The full data model (contract §12)."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.strategies import deltas, values
from refhost.delta import admit
from refhost.jsontext import dumps
from refhost.model import Model

SELF = "vessels.urn:mrn:x"
NOW = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-01T00:00:01.000Z"


def carried(*entries: tuple[str, object], context: str = SELF, key: str = "values", timestamp: str = NOW) -> dict:
    update = {"$source": "s", "timestamp": timestamp, key: [{"path": p, "value": v} for p, v in entries]}
    return {"context": context, "updates": [update]}


@pytest.fixture
def model():
    return Model(SELF)


def test_nothing_is_there_at_first(model):
    assert model.self_path("navigation") is None
    assert model.self_path("") is None
    assert model.path("vessels.self") is None
    assert model.path("") == {}


def test_a_leaf_reads_as_value_source_and_timestamp(model):
    model.apply(carried(("a.b", 1)))
    assert model.self_path("a.b") == {"value": 1, "$source": "s", "timestamp": NOW}
    assert model.self_path("a.b.value") == 1
    assert model.self_path("a") == {"b": {"value": 1, "$source": "s", "timestamp": NOW}}


@pytest.mark.parametrize("root", [SELF, "vessels.self"])
def test_the_own_vessel_is_found_under_both_names(model, root):
    model.apply(carried(("a", 1)))
    assert model.path(f"{root}.a.value") == 1
    assert model.path(root) == model.self_path("") == {"a": {"value": 1, "$source": "s", "timestamp": NOW}}


def test_another_vessel_is_another(model):
    model.apply(carried(("a", 1), context="vessels.urn:mrn:y"))
    assert model.self_path("a") is None
    assert model.path("vessels.urn:mrn:y.a.value") == 1


@pytest.mark.parametrize("path", ["a.b.c", "a.x", "x", "a.b.value.c", "a..b", ".", "a.b.", "self", "__class__"])
def test_nothing_there_is_none(model, path):
    model.apply(carried(("a.b", 1)))
    assert model.self_path(path) is None
    assert model.path(path) is None


@pytest.mark.parametrize("name", ["__proto__", "constructor", "__class__", "toString", "items", "get"])
def test_names_of_prototypes_are_plain_names(model, name):
    assert model.self_path(name) is None
    model.apply(carried((f"{name}.x", 1)))
    assert model.self_path(f"{name}.x.value") == 1
    assert list(model.self_path("")) == [name]


def test_null_clears_the_value_and_keeps_the_node(model):
    model.apply(carried(("a", 1)))
    model.apply(carried(("a", None), timestamp=LATER))
    assert model.self_path("a") == {"value": None, "$source": "s", "timestamp": LATER}


def test_metadata_joins_the_node_and_is_merged(model):
    model.apply(carried(("a", {"units": "m", "description": "A"}), key="meta"))
    model.apply(carried(("a", {"description": "B"}), key="meta"))
    model.apply(carried(("a", 1)))
    assert model.self_path("a.meta") == {"units": "m", "description": "B"}
    assert model.self_path("a.value") == 1


def test_an_object_at_the_root_is_merged(model):
    model.apply(carried(("", {"name": "x", "communication": {"callsignVhf": "OH"}})))
    model.apply(carried(("", {"communication": {"phone": 1}})))
    assert model.self_path("communication") == {"callsignVhf": "OH", "phone": 1}
    assert model.self_path("name") == "x"


@pytest.mark.parametrize("value", [None, 1, "text", True])
def test_another_value_at_the_root_has_no_place(model, value):
    model.apply(carried(("a", 1)))
    before = copy.deepcopy(model.root)
    model.apply(carried(("", value)))
    assert model.root == before


def test_a_value_that_is_written_later_does_not_change_what_was_emitted(model):
    position = {"latitude": 1}
    delta = carried(("position", position), ("", {"deep": position}))
    model.apply(delta)
    model.apply(carried(("position.value.latitude", 2), ("deep.latitude", 2)))
    assert delta == carried(("position", {"latitude": 1}), ("", {"deep": {"latitude": 1}}))


def test_a_path_may_be_leaf_and_inner_node(model):
    model.apply(carried(("a", 1), ("a.b", 2)))
    assert model.self_path("a.value") == 1
    assert model.self_path("a.b.value") == 2


@pytest.mark.parametrize(
    "writes",
    [
        [carried(("", {"urn:mrn:x": 5}), context="vessels"), carried(("a", 1))],
        [carried(("", {"a": {"meta": 5}})), carried(("a", {"units": "m"}), key="meta")],
        [carried(("", {"a": 5})), carried(("a.b", 1))],
        [carried(("a.meta", 1)), carried(("a", {"units": "m"}), key="meta")],
        [carried(("a", 5)), carried(("a.value.b", 1))],
        [carried(("", {"x": 1}), context="vessels"), carried(("b", 1), context="vessels.x")],
    ],
)
def test_what_stands_in_the_place_of_a_node_gives_way(model, writes):
    for delta in writes:
        model.apply(delta)
    dumps(model.root)


def test_the_context_of_a_context_group_alone_is_a_place(model):
    model.apply(carried(("a", 1), context="atons"))
    assert model.path("atons.a.value") == 1


WORDS = st.sampled_from(["a", "b", "meta", "value", "self", "vessels", "urn:mrn:x", "$source", "timestamp", ""])
PATHS = st.lists(WORDS, max_size=4).map(".".join)
OBJECTS = st.recursive(st.integers(), lambda inner: st.dictionaries(WORDS, inner, max_size=3), max_leaves=6)
NASTY = st.builds(
    lambda path, value, context, key: carried((path, value), context=context, key=key),
    PATHS,
    OBJECTS,
    st.sampled_from([SELF, "vessels", "vessels.self", "a", "a.b", "."]),
    st.sampled_from(["values", "meta"]),
)


@given(st.lists(NASTY, max_size=6), PATHS)
@settings(max_examples=300)
def test_no_order_of_writes_breaks_it(writes, path):
    model = Model(SELF)
    for delta in writes:
        model.apply(delta)
    dumps([model.self_path(path), model.path(path), model.root])


@given(st.lists(deltas(), max_size=4))
def test_every_valid_delta_can_be_written_and_read(many):
    model = Model(SELF)
    for delta in many:
        admitted = admit(delta, source="p", self_context=SELF, timestamp=NOW).delta
        if admitted is None:
            continue
        model.apply(admitted)
        dumps(model.root)


@given(values())
def test_a_value_reads_as_it_was_written(value):
    model = Model(SELF)
    model.apply(carried(("some.path", value)))
    assert model.self_path("some.path.value") == (value if value is not None else None)
    assert model.self_path("some.path")["value"] == value
