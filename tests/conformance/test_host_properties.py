"""Properties of hosts: the same values each time, the smallest that breaks, in as few hosts as there can be."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from conformance import host_properties
from conformance.host_properties import EXAMPLES, holds_for
from conformance.verdict import NotJudged, Violation

NUMBERS = st.integers(0, 10_000)


class Hosts:
    """Hosts that only remember what they were asked."""

    def __init__(self):
        self.made = []

    @contextmanager
    def make(self):
        self.made.append([])
        yield self.made[-1]

    @property
    def asked(self):
        return [value for host in self.made for value in host]


def trial(seed=0):
    return SimpleNamespace(driver=SimpleNamespace(seed=seed))


def remember(host, value):
    host.append(value)


def test_what_holds_is_asked_of_one_host():
    hosts = Hosts()
    holds_for(trial(), NUMBERS, hosts.make, remember)
    assert len(hosts.made) == 1
    assert 20 < len(hosts.asked) <= EXAMPLES


def test_the_values_follow_from_the_seed():
    asked = []
    for seed in (1, 1, 2):
        hosts = Hosts()
        holds_for(trial(seed), NUMBERS, hosts.make, remember)
        asked.append(hosts.asked)
    assert asked[0] == asked[1] != asked[2]


def test_the_smallest_value_is_shown_alone_in_a_fresh_host():
    hosts = Hosts()

    def example(host, value):
        host.append(value)
        if value >= 100:
            raise Violation(f"{value} is too much")

    with pytest.raises(Violation, match=r"^100 is too much$"):
        holds_for(trial(), NUMBERS, hosts.make, example)
    assert hosts.made[-1] == [100]
    assert all(value < 100 for host in hosts.made for value in host[:-1])  # a host that has failed is left


def test_what_breaks_only_after_others_is_told_so():
    hosts = Hosts()

    def example(host, value):
        host.append(value)
        if len(host) > 5:
            raise Violation("it is tired", case="the sixth")

    with pytest.raises(Violation, match=r"^it is tired \(after others, not alone\)$") as caught:
        holds_for(trial(), NUMBERS, hosts.make, example)
    assert caught.value.case == "the sixth"


def test_anything_else_ends_the_search_at_once():
    hosts = Hosts()

    def example(host, value):
        host.append(value)
        raise NotJudged("it does not run")

    with pytest.raises(NotJudged, match="it does not run"):
        holds_for(trial(), NUMBERS, hosts.make, example)
    assert len(hosts.asked) == 1


def test_a_slow_host_is_not_asked_everything(monkeypatch):
    times = iter(range(10_000))
    monkeypatch.setattr(host_properties, "time", SimpleNamespace(monotonic=lambda: next(times)))
    hosts = Hosts()
    holds_for(trial(), NUMBERS, hosts.make, remember)
    assert len(hosts.asked) == host_properties.SEARCH_SECONDS
