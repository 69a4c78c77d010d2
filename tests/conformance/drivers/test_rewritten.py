"""A growing list is rewritten item by item, once."""

import pytest

from conformance.drivers.rewritten import Rewritten


class Item(str):
    """One of a list, with an identity."""

    __slots__ = ()


A, B, C, D, A2 = (Item(letter) for letter in "abcda")


@pytest.mark.parametrize(
    ("lists", "rewrites"),
    [
        ([[], [A], [A, B], [A, B], [A, B, C]], 3),
        ([[A, B], [], [C]], 3),
        ([[A, B, C], [B, C, D], [C, D, A2]], 5),  # it holds three, and the oldest go first
        ([[A, B], [A2], [A2, B]], 4),  # it began anew
        ([[A, B, C], [B, C]], 3),
    ],
)
def test_it_is_what_the_list_is(lists, rewrites):
    made = []
    rewritten = Rewritten(lambda item: made.append(item) or item.upper())
    for items in lists:
        assert rewritten.of(items) == [item.upper() for item in items]
    assert len(made) == rewrites


def test_what_was_handed_out_stays_as_it_was():
    rewritten = Rewritten(str.upper)
    first = rewritten.of([A])
    rewritten.of([A, B])
    assert first == ["A"]
