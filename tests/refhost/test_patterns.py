"""The matcher of paths, against a model that could not be simpler (§11)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.patterns import PathPattern

TEXT = st.text("ab.*(+)[\\", max_size=12)


def by_regular_expression(pattern, path):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path, re.DOTALL) is not None


@given(TEXT, st.text("ab.*(+)[\\", max_size=16))
def test_it_agrees_with_a_regular_expression(pattern, path):
    assert PathPattern(pattern).matches(path) == by_regular_expression(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("navigation.*", "navigation.position", True),
        ("navigation.*", "navigation", False),
        ("navigation.*", "navigation.a.b.c", True),
        ("*", "", True),
        ("*", "anything.at.all", True),
        ("", "", True),
        ("", "a", False),
        ("*.value", "a.value", True),
        ("a*a", "a", False),
        ("a*b*c", "a.x.b.y.c", True),
        ("Navigation.*", "navigation.position", False),
        ("(a+)+", "aaaa", False),
        ("(a+)+", "(a+)+", True),
    ],
)
def test_examples_of_the_contract(pattern, path, matches):
    assert PathPattern(pattern).matches(path) is matches


def test_a_hundred_stars_cost_no_more_than_their_length():
    looked = []

    class Counting(str):
        __slots__ = ()

        def find(self, *arguments):
            looked.append(arguments)
            return super().find(*arguments)

    pattern = PathPattern("a*" * 100 + "b")
    assert not pattern.matches(Counting("a" * 10_000))
    assert pattern.matches(Counting("a" * 10_000 + "b"))
    assert len(looked) <= 100
