"""Who gets which delta, and what is kept for later (§11)."""

from __future__ import annotations

import pytest

from refhost.jsontext import dumps
from refhost.subscriptions import BUFFER_SIZE, Statistics, Subscriptions


@pytest.fixture
def subscriptions():
    return Subscriptions()


def delta(*paths, key="values"):
    return {"context": "vessels.x", "updates": [{key: [{"path": path, "value": 1} for path in paths]}]}


def route(subscriptions, *deltas):
    for one in deltas:
        subscriptions.route(one, dumps(one))


def test_a_delta_comes_once_however_many_patterns_and_values_match(subscriptions):
    got = []
    subscriptions.subscribe("a", got.append, ["navigation.*", "*", "*.position"])
    route(subscriptions, delta("navigation.position", "navigation.speed"))
    assert len(got) == 1


def test_only_what_matches_comes(subscriptions):
    got = []
    subscriptions.subscribe("a", got.append, ["navigation.*"])
    route(subscriptions, delta("environment.depth"), delta("navigation.position"), delta("navigation"))
    assert got == [dumps(delta("navigation.position"))]


def test_metadata_matches_by_its_paths(subscriptions):
    got = []
    subscriptions.subscribe("a", got.append, ["navigation.*"])
    route(subscriptions, delta("navigation.position", key="meta"), delta("environment.depth", key="meta"))
    assert len(got) == 1


def test_a_delta_without_any_path_goes_to_those_who_want_everything(subscriptions):
    everything, some = [], []
    subscriptions.subscribe("a", everything.append)
    subscriptions.subscribe("b", some.append, ["navigation.*"])
    route(subscriptions, {"context": "vessels.x", "updates": []})
    assert (len(everything), len(some)) == (1, 0)


def test_the_buffer_keeps_the_latest_thousand_in_order(subscriptions):
    got = []
    subscriptions.subscribe("a", got.append)
    subscriptions.start_buffering("a")
    route(subscriptions, *(delta(f"p{number}") for number in range(BUFFER_SIZE + 1)))
    assert got == []
    kept, dropped = subscriptions.stop_buffering("a")
    assert dropped == 1
    assert kept == [dumps(delta(f"p{number}")) for number in range(1, BUFFER_SIZE + 1)]
    route(subscriptions, delta("after"))
    assert got == [dumps(delta("after"))]


def test_what_is_kept_survives_an_unsubscription_until_it_is_taken(subscriptions):
    subscriptions.subscribe("a", [].append)
    subscriptions.start_buffering("a")
    subscriptions.unsubscribe("a")
    route(subscriptions, delta("x"))
    got = []
    subscriptions.subscribe("a", got.append)
    route(subscriptions, delta("y"))
    assert subscriptions.stop_buffering("a") == ([dumps(delta("x")), dumps(delta("y"))], 0)


def test_whoever_unsubscribes_while_a_delta_is_on_its_way_gets_it_no_more(subscriptions):
    got = []
    subscriptions.subscribe("a", lambda _: subscriptions.unsubscribe("b"))
    subscriptions.subscribe("b", got.append)
    route(subscriptions, delta("x"))
    assert got == []


def test_statistics_count_everything(subscriptions):
    subscriptions.subscribe("a", [].append, ["x", "y"])
    subscriptions.subscribe("b", [].append)
    subscriptions.start_buffering("b")
    route(subscriptions, delta("x"), delta("z"))
    assert subscriptions.statistics() == Statistics(subscriptions=3, active=1, buffering=1, buffered=2)


def test_the_buffer_is_bounded_in_bytes_too(subscriptions, monkeypatch):
    monkeypatch.setattr("refhost.subscriptions.BUFFER_BYTES", 25)
    subscriptions.subscribe("a", lambda text: None)
    subscriptions.start_buffering("a")
    for number in range(4):
        subscriptions.route({"context": "vessels.x", "updates": []}, f"delta    {number}")
    assert subscriptions.stop_buffering("a") == (["delta    2", "delta    3"], 2)
