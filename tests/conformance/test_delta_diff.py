"""The difference of deltas in words."""

import datetime as dt
import json
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.delta_diff import difference


def update(*values, source="me", meta=None, **more):
    found = {"$source": source, "values": [{"path": path, "value": value} for path, value in values], **more}
    return found if meta is None else {**found, "meta": [{"path": path, "value": value} for path, value in meta]}


def delta(*values, context="vessels.self", **more):
    return {"context": context, "updates": [update(*values, **more)]}


A, B, C = delta(("a", 1)), delta(("b", 2)), delta(("c", {"x": 1, "y": [1, 2]}))
CLOSE = "pytest.approx takes them for equal"
NESTED = {"units": "m", "zones": [{"state": "alarm"}]}


@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        (A, delta(("a", 2)), ["update 1, a: value is 1 on the left, 2 on the right"]),
        (A, delta(("a", "1")), ["update 1, a: value is 1 on the left, '1' on the right"]),
        (A, delta(("a", None)), ["update 1, a: value is 1 on the left, None on the right"]),
        (
            delta(("a", 2.5)),
            delta(("a", 2.5 + 1e-12)),
            [f"update 1, a: value is 2.5 on the left, 2.500000000001 on the right (they differ by 1e-12: {CLOSE})"],
        ),
        (
            delta(("a", float("nan"))),
            delta(("a", float("nan"))),
            ["update 1, a: value is nan on the left, nan on the right (NaN is equal to nothing)"],
        ),
        (
            A,
            delta(("a", 10**400)),
            [f"update 1, a: value is 1 on the left, 1{'0' * 119}… (401 characters) on the right"],
        ),
        (
            C,
            delta(("c", {"x": 1, "y": [1, 3], "z": 0})),
            [
                "update 1, c: value.y[1] is 2 on the left, 3 on the right",
                "update 1, c: value.z is only there on the right: 0",
            ],
        ),
        (
            C,
            delta(("c", {"y": [1]})),
            [
                "update 1, c: value.x is only there on the left: 1",
                "update 1, c: value.y is [1, 2] on the left, [1] on the right",
            ],
        ),
        (
            A,
            delta(("a", 1), source="other", context="vessels.other", timestamp="now"),
            [
                "context is 'vessels.self' on the left, 'vessels.other' on the right",
                "update 1: $source is 'me' on the left, 'other' on the right",
                "update 1: timestamp is only there on the right: 'now'",
            ],
        ),
        (
            delta(("a", 1), ("b", 2)),
            delta(("a", 1), ("", {"name": "Boat"})),
            [
                "update 1, b is only there on the left: 2",
                "update 1, \"\" is only there on the right: {'name': 'Boat'}",
            ],
        ),
        (
            delta(("a", 1), ("a", 2)),
            delta(("a", 1), ("a", 3)),
            ["update 1, a: value is 2 on the left, 3 on the right"],
        ),
        (
            delta(("a", 1), ("b", 2)),
            delta(("b", 2), ("a", 1)),
            ["update 1: paths are in another order: on the right b, a"],
        ),
        (
            delta(meta=[("a", NESTED)]),
            delta(meta=[("a", {**NESTED, "units": "ft"})]),
            ["update 1, meta of a: value.units is 'm' on the left, 'ft' on the right"],
        ),
        (
            delta(("a", 1), meta=[("a", NESTED)]),
            A,
            [f"update 1: meta is only there on the left: {[{'path': 'a', 'value': NESTED}]}"],
        ),
        (
            {"updates": [update(("a", 1)), update(("b", 2))]},
            {"updates": [update(("b", 2))]},
            ["update 1 is only there on the left: a"],
        ),
        ({"updates": []}, {"updates": [{"values": 1}]}, ["update 1 is only there on the right"]),
        (
            {"updates": [{"values": 1}]},
            {"updates": [{"values": 2}]},
            ["update 1: values is 1 on the left, 2 on the right"],
        ),
    ],
)
def test_two_deltas(left, right, lines):
    assert difference(left, right) == lines


@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        ([A, B], [A, delta(("b", 3))], ["delta 2: update 1, b: value is 2 on the left, 3 on the right"]),
        ([A, B, C], [A, C], ["delta 2 is only there on the left: b"]),
        ([A], [A, B], ["delta 2 is only there on the right: b"]),
        ([], [A], ["delta 1 is only there on the right: a"]),
        ([A, B, C], [B, A, C], ["delta 2 is delta 1 on the right"]),
        ((A, B), (B,), ["delta 1 is only there on the left: a"]),
        # Of a stream of one path, what was cut off and what came on are not taken for one that has changed.
        (
            [delta(("a", 1)), delta(("a", 2)), delta(("a", 3))],
            [delta(("a", 2)), delta(("a", 3)), delta(("a", 4))],
            ["delta 1 is only there on the left: a", "delta 3 is only there on the right: a"],
        ),
        (
            [A, B, C],
            [B, delta(("c", {"x": 2, "y": [1, 2]}))],
            [
                "delta 3 (on the right 2): update 1, c: value.x is 1 on the left, 2 on the right",
                "delta 1 is only there on the left: a",
            ],
        ),
        (
            [delta(("a", 1), ("b", 2)), C],
            [delta(("a", 1)), C],
            ["delta 1: update 1, b is only there on the left: 2"],
        ),
        ([delta(meta=[("a", NESTED)]), A], [A], ["delta 1 is only there on the left: a (meta)"]),
        (
            [A],
            [B],
            ["delta 1: update 1, a is only there on the left: 1", "delta 1: update 1, b is only there on the right: 2"],
        ),
    ],
)
def test_lists_of_deltas(left, right, lines):
    assert difference(left, right) == lines


def test_sides_can_be_named():
    assert difference(A, delta(("a", 2)), ("now", "in the record")) == ["update 1, a: value is 1 now, 2 in the record"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (A, json.loads(json.dumps(A))),
        ([A, B], [A, B]),
        (delta(("a", 1)), delta(("a", 1.0))),
        (delta(("a", 0.3)), delta(("a", pytest.approx(0.1 + 0.2)))),
        ([delta(("a", 0.3)), B], [delta(("a", pytest.approx(0.1 + 0.2))), B]),
        ((A,), [A]),
        (A, [A]),
        (A, 1),
        ([A], [1]),
        (A, {"updates": 1}),
        (A, {"updates": [1]}),
        ({"updates": None}, {}),
        ("updates", "updates"),
        ([], [[]]),
        (None, None),
    ],
)
def test_where_there_is_nothing_to_say(left, right):
    assert difference(left, right) is None


def test_words_of_a_plugin_cannot_act_on_a_terminal():
    text = "\n".join(difference(delta(("a\x1b[31m\n", "x\u202e")), delta(("a\x1b[31m\n", "y"), source="\x1b[2J")))
    assert "\\x1b[31m" in text
    assert not {"\x1b", "\u202e"} & set(text)


class Odd:
    """An object that a test may expect, which can be compared with nothing and not even be shown."""

    __hash__ = None

    def __eq__(self, other):
        raise ValueError

    def __repr__(self):
        raise ValueError


def test_what_cannot_be_compared_differs():
    assert difference(A, delta(("a", Odd()))) == ["update 1, a: value is 1 on the left, <Odd> on the right"]
    assert difference([A, B], [delta(("a", Odd())), B]) == [
        "delta 1: update 1, a: value is 1 on the left, <Odd> on the right"
    ]


def test_very_deep_values():
    deep, deeper = 1, 2
    for _ in range(400):
        deep, deeper = {"x": deep}, {"x": deeper}
    assert len(difference(delta(("a", deep)), delta(("a", deeper)))) == 1


def test_many_deltas_do_not_take_long():
    left = [delta((f"p{number % 7}", number)) for number in range(1000)]
    right = [delta((f"q{number % 7}", number)) for number in range(1000)]
    before = time.process_time()
    assert len(difference(left, right)) == 2000
    assert len(difference(left * 2, [*left, *left[:-1], B])) == 2
    assert time.process_time() - before < 10


UNSEEN = {"Cc", "Cf", "Cs"}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(dt.date(2026, 1, 1))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
PATHS = st.sampled_from(["", "a", "a.b", "navigation.position"]) | st.text()
ENTRIES = st.lists(st.fixed_dictionaries({"path": PATHS, "value": VALUES}) | VALUES, max_size=4)
UPDATES = st.fixed_dictionaries({}, optional={"values": ENTRIES | VALUES, "meta": ENTRIES, "$source": VALUES})
DELTAS = st.fixed_dictionaries({"updates": st.lists(UPDATES, max_size=3)}, optional={"context": VALUES})


@given(st.lists(DELTAS, max_size=4), st.lists(DELTAS, max_size=4))
@example(
    [{"updates": [{"values": [{"path": "a", "value": 0}]}]}],
    [{"updates": [{"values": [{"path": "a", "value": False}]}]}],
)
def test_what_differs_is_said_and_what_does_not_is_not(left, right):
    said = difference(left, right)
    assert (said is None) == (left == right)
    assert all(line and not UNSEEN & set(map(unicodedata.category, line)) for line in said or [])


@given(VALUES | DELTAS, VALUES | DELTAS)
def test_nothing_breaks_it(left, right):
    said = difference(left, right)
    assert said is None or (type(left) is type(right) and left != right)
