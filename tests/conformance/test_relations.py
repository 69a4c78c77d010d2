"""Relations between runs: held by honest plugins, and broken by plugins made for it, with the smallest stream shown."""

import functools
import re
from contextlib import contextmanager

import pytest
from honest import Honest, value
from hypothesis import given, settings
from wat import emit, text, when

import corpus
from conformance.relations import (
    all_values,
    assert_idempotent,
    assert_order_is_free,
    assert_same_however_cut,
    difference,
    last_values,
)
from conformance.strategies import delta_streams
from refhost.errors import StateError
from refhost.host import Host
from refhost.package import read_package

SPEED, DEPTH, WIND = "navigation.speedOverGround", "environment.depth.belowKeel", "environment.wind.speedApparent"


def loader(package):
    @contextmanager
    def load():
        with Host() as host:
            yield host.load(package)

    return load


@functools.cache
def honest():
    return loader(read_package(corpus.plugin("hello-c")))


def plugin(**changes):
    """A plugin without deltas of its own at the start, which does something with each that comes."""
    return loader(Honest(deltas=(), **changes).package())


def delta(*entries, context="vessels.self"):
    return {
        "context": context,
        "updates": [{"$source": "gps", "values": [{"path": path, "value": value} for path, value in entries]}],
    }


def heard(part):
    return f"(call $contains (local.get $delta) (local.get $length) {text(part)})"


STREAM = [delta((WIND, 7), (SPEED, 1), (DEPTH, 2)), delta((WIND, 8)), delta((SPEED, 3), (DEPTH, 4))]


@settings(max_examples=30, deadline=None)
@given(stream=delta_streams(about=(SPEED, DEPTH)))
@pytest.mark.parametrize("relation", [assert_same_however_cut, assert_order_is_free])
def test_an_honest_plugin_holds_them(relation, stream):
    # It says how many speeds it has heard: that number counts values that come twice, but no cuts.
    relation(plugin(), stream)


@settings(max_examples=30, deadline=None)
@given(stream=delta_streams(about=(SPEED, DEPTH)))
def test_an_honest_plugin_is_idempotent_in_its_last_values(stream):
    assert_idempotent(plugin(), stream)


def test_the_honest_plugin_of_the_corpus_counts_what_comes_twice():
    with pytest.raises(AssertionError, match="each twice, give another result"):
        assert_idempotent(honest(), STREAM)


def shown(caught):
    """The deltas in the message."""
    return re.findall(r"^  (\{.*)$", str(caught.value), re.MULTILINE)


def test_only_the_first_value_of_a_delta_counts_for_it():
    # It answers a delta that begins with a depth; cut in two, the depth comes first once more.
    answers = plugin(delta=when(heard(f'"values":[{{"path":"{DEPTH}"'), emit(value("plugins.wat.depth", "1"))))
    with pytest.raises(AssertionError, match="one value in each delta, give another result") as caught:
        assert_same_however_cut(answers, STREAM)
    [only] = shown(caught)
    assert only.count('"path"') == 2
    assert f'"path":"{DEPTH}"' in only
    assert str(caught.value).endswith("plugins.wat.depth: nothing as they are, 1 so")


def test_joining_is_tried_too():
    answers = plugin(delta=when(f"(i32.and {heard(SPEED)} {heard(DEPTH)})", emit(value("plugins.wat.both", "1"))))
    stream = [delta((SPEED, 1)), delta((WIND, 1)), delta((DEPTH, 2))]
    with pytest.raises(AssertionError, match="neighbours of one context joined") as caught:
        assert_same_however_cut(answers, stream)
    assert len(shown(caught)) == 2


def test_deltas_of_two_contexts_are_not_joined():
    answers = plugin(delta=when(f"(i32.and {heard(SPEED)} {heard(DEPTH)})", emit(value("plugins.wat.both", "1"))))
    assert_same_however_cut(
        answers, [delta((SPEED, 1)), delta((DEPTH, 2), context="vessels.urn:mrn:imo:mmsi:230099999")]
    )


def test_counting_is_not_idempotent():
    counts = when(
        heard(SPEED),
        "(global.set $flag (i32.eqz (global.get $flag)))",
        f"(if (global.get $flag) (then {emit(value('plugins.wat.odd', 'true'))})",
        f"(else {emit(value('plugins.wat.odd', 'false'))}))",
    )
    with pytest.raises(AssertionError, match="each twice, give another result") as caught:
        assert_idempotent(plugin(delta=counts), STREAM[:2])
    assert len(shown(caught)) == 1
    assert str(caught.value).endswith("plugins.wat.odd: True as they are, False so")


def test_what_remembers_the_last_path_does_not_commute():
    remembers = when(heard(SPEED), "(global.set $flag (i32.const 1))") + when(
        f"(i32.and (global.get $flag) {heard(DEPTH)})", emit(value("plugins.wat.after", "1"))
    )
    with pytest.raises(AssertionError, match="path after path, from the last, give another result") as caught:
        assert_order_is_free(plugin(delta=remembers), [delta((WIND, 1)), delta((SPEED, 1)), delta((DEPTH, 2))])
    assert [len(re.findall('"path"', line)) for line in shown(caught)] == [1, 1]


def test_what_is_compared_can_be_chosen():
    twice = plugin(delta=when(heard(SPEED), emit(value("plugins.wat.same", "1"))))
    stream = [delta((SPEED, 1), (DEPTH, 1), (SPEED, 2))]
    assert_same_however_cut(twice, stream, result=last_values)
    with pytest.raises(AssertionError, match="number 4: nothing as they are") as caught:
        assert_same_however_cut(twice, stream, result=all_values)
    assert "plugins.wat" in str(caught.value)


def test_a_plugin_that_dies_is_no_relation():
    with pytest.raises(StateError, match="did not survive"):
        assert_idempotent(plugin(delta=when(heard(SPEED), "(unreachable)")), STREAM)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"a": 1}, {"a": 1}, ""),
        ({"a": 1}, {"a": 2}, "a: 1 as they are, 2 so"),
        ({"a": None}, {}, "a: None as they are, nothing so"),
        ({}, {"b": [1]}, "b: nothing as they are, [1] so"),
        ([1, 2], [1, 3], "number 2: 2 as they are, 3 so"),
        ([1], [1, 2], "number 2: nothing as they are, 2 so"),
        (1, "1", "1 as they are, '1' so"),
    ],
)
def test_differences_in_words(one, other, told):
    assert difference(one, other) == told
