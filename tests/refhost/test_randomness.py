"""Random numbers are those of their seed, and cost nothing until somebody asks for them."""

from __future__ import annotations

import random

import pytest

from refhost.randomness import Randomness


def test_the_numbers_are_those_of_the_seed():
    ours, theirs = Randomness(0.25), random.Random(0.25)
    for count in (8, 64, 3):
        assert ours.randbytes(count) == theirs.randbytes(count)
        assert ours.getrandbits(count) == theirs.getrandbits(count)
    assert Randomness(0.5).randbytes(8) != Randomness(0.25).randbytes(8)


def test_nothing_is_made_before_somebody_asks(monkeypatch):
    made = []
    monkeypatch.setattr(random, "Random", made.append)
    ours = Randomness(0.25)
    assert made == []
    with pytest.raises(AttributeError):
        ours.randbytes(1)
    assert made == [0.25]
