"""What the strategies generate is valid, and what was promised."""

import re

import pytest
from hypothesis import Phase, find, given, settings

from conformance.deltas import edge_deltas, ordinary_deltas
from conformance.strategies import KNOWN_PATHS, deltas, paths, values
from refhost.delta import pairs, problems
from refhost.jsontext import dumps, loads


@given(deltas())
def test_every_delta_is_valid(delta):
    assert problems(delta) == []


@given(deltas())
def test_every_delta_is_json(delta):
    assert loads(dumps(delta)) == delta


@given(deltas())
def test_what_has_the_empty_path_is_an_object(delta):
    assert all(isinstance(value, dict) for path, value in pairs(delta) if not path)


@given(paths())
def test_every_path_is_made_of_words(path):
    assert re.fullmatch(r"[\w-]+(\.[\w-]+)*", path, re.ASCII)


@given(values())
def test_no_value_is_an_array(value):
    assert not isinstance(value, list)
    dumps(value)


def updates():
    return deltas().filter(lambda delta: delta["updates"]).map(lambda delta: delta["updates"][0])


@pytest.mark.parametrize(
    ("strategy", "condition"),
    [
        (updates(), lambda update: "meta" in update and "values" in update),
        (updates(), lambda update: "values" not in update),
        (updates(), lambda update: update.get("values") == []),
        (deltas(), lambda delta: delta["updates"] == []),
        (deltas(), lambda delta: "context" not in delta),
        (deltas(), lambda delta: any(not path for path, _ in pairs(delta))),
        (paths(), lambda path: path in KNOWN_PATHS),
        (paths(), lambda path: path.count(".") > 3),
        (values(), lambda value: value is None),
        (values(), lambda value: isinstance(value, str) and not value.isascii()),
        (values(), lambda value: isinstance(value, dict) and "latitude" in value),
        (values(), lambda value: isinstance(value, dict) and [] in value.values()),
    ],
)
def test_every_kind_is_found(strategy, condition):
    find(strategy, condition, settings=settings(phases=(Phase.generate,), max_examples=2000, database=None))


def test_the_corpus_is_valid_too():
    assert all(problems(delta) == [] for delta in (*ordinary_deltas(), *edge_deltas()))
    assert len(ordinary_deltas()) == 8
    assert len(edge_deltas()) > 20
