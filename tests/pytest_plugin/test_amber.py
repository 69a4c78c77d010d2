"""Amber read back: what syrupy writes of deltas, and what it is not made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.extensions.amber import AmberSnapshotExtension

from conformance.deltas import edge_deltas, ordinary_deltas
from pytest_plugin.amber import parsed

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | LINE
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(LINE, inner))


def written(data):
    return AmberSnapshotExtension().serialize(data)


@given(JSON)
def test_what_is_written_is_read(data):
    assert parsed(written(data)) == data


def test_deltas_are_read():
    deltas = list(ordinary_deltas())
    assert parsed(written(deltas)) == deltas


def test_odd_deltas_are_read_too():
    # But for the blanks around a text of several lines.
    assert len(parsed(written(list(edge_deltas())))) == len(edge_deltas())


def test_what_lies_too_deep_is_not_told():
    assert parsed("list([" * 5000 + "])" * 5000) is None


def test_texts_of_several_lines_lose_only_what_is_around_them():
    assert parsed(written({"a": "one\n  two\nthree"})) == {"a": "one\n  two\nthree"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dict({",
        "open('/etc/passwd')",
        "dict({**{}})",
        "__import__('os')",
        "[1]",
        "set({\n  1,\n})",
        "list([" * 5000,
        "-" * 100_000 + "1",
        "1" * 2_000_000,
    ],
)
def test_everything_else_is_not_told(text):
    assert parsed(text) in (None, {})
