"""Order, self-echo, floods and holding back, on the bus itself (contract §10, §11, R11, R20, R21, R42)."""

from __future__ import annotations

import json

import pytest

from refhost.bus import Bus, Emission
from refhost.clock import Clock
from refhost.delta import pairs
from refhost.journal import Journal
from refhost.limits import Limits
from refhost.model import Model

SELF = "vessels.urn:mrn:x"
BOUND = 5


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def journal(clock):
    return Journal(clock)


@pytest.fixture
def model():
    return Model(SELF)


@pytest.fixture
def bus(model, clock, journal):
    return Bus(SELF, model, clock, journal, limits=Limits(deltas_per_tick=BOUND))


def delta(value: object, path: str = "a") -> dict:
    update = {"$source": "s", "timestamp": "2026-01-01T00:00:00.000Z", "values": [{"path": path, "value": value}]}
    return {"context": SELF, "updates": [update]}


def heard(bus, name: str = "ear") -> list:
    """What a listener gets from here on."""
    seen = []
    bus.subscriptions.subscribe(name, lambda text: seen.append(pairs(json.loads(text))[0][1]))
    return seen


def test_deltas_leave_in_the_order_in_which_they_came(bus):
    seen = heard(bus)
    for number in range(3):
        bus.emit("p", delta(number), 1)
    assert seen == []
    bus.publish(delta("host"))
    assert seen == [0, 1, 2, "host"]
    assert [emission.delta for emission in bus.emissions] == [delta(number) for number in range(3)]


def test_an_emission_that_came_as_text_is_as_one_that_came_as_a_delta():
    read, unread = (Emission("t", "p", what, 1) for what in (delta(1), json.dumps(delta(1)).encode()))
    assert repr(unread) == repr(read) == f"Emission(time='t', plugin='p', delta={delta(1)!r}, version=1)"
    assert unread == read
    assert unread != Emission("t", "p", delta(2), 1)
    assert unread.delta is unread.delta


def test_what_a_listener_emits_is_delivered_after_it_returned_never_by_recursion(bus):
    depth, deepest, order = 0, 0, []

    def answer(text: str) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        value = pairs(json.loads(text))[0][1]
        order.append(value)
        if value < 3:
            bus.emit("p", delta(value + 1), 1)
            bus.drain()
            bus.emit("p", delta(value + 10), 1)
        depth -= 1

    bus.subscriptions.subscribe("p", answer)
    bus.publish(delta(2))
    assert order == [2, 3, 12]
    assert deepest == 1


def test_every_listener_gets_each_delta_before_the_next_one_goes_out(bus):
    order = []
    for name in "ab":
        bus.subscriptions.subscribe(name, lambda text, name=name: order.append((name, pairs(json.loads(text))[0][1])))
    bus.emit("p", delta(1), 1)
    bus.emit("p", delta(2), 1)
    bus.drain()
    assert order == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_a_plugin_that_answers_its_own_deltas_is_cut_off_and_the_others_are_served(bus, journal):
    bus.subscriptions.subscribe("echo", lambda text: bus.emit("echo", delta("again"), 1))
    seen = heard(bus)
    bus.publish(delta("first"))
    assert seen == ["first"] + ["again"] * BOUND
    (record,) = journal.of("echo", "refused")
    assert "R21" in record.text
    bus.subscriptions.unsubscribe("echo")
    bus.emit("other", delta("later"), 1)
    bus.publish(delta("end"))
    assert seen[-2:] == ["later", "end"]


def test_the_bound_counts_each_plugin_by_itself_and_anew_in_each_tick(bus, journal):
    for _ in range(BOUND + 3):
        bus.emit("flood", delta(1), 1)
    bus.emit("calm", delta(2), 1)
    assert [emission.plugin for emission in bus.emissions] == ["flood"] * BOUND + ["calm"]
    assert len(journal.of("flood", "refused")) == 1
    assert not journal.of("calm")
    bus.drain()
    bus.emit("flood", delta(3), 1)
    assert bus.emissions[-1].delta == delta(3)


def test_two_plugins_that_answer_each_other_come_to_an_end(bus, journal):
    bus.subscriptions.subscribe("a", lambda text: bus.emit("a", delta("a"), 1))
    bus.subscriptions.subscribe("b", lambda text: bus.emit("b", delta("b"), 1))
    bus.publish(delta("first"))
    assert len(bus.emissions) == 2 * BOUND
    assert journal.of("a", "refused")
    assert journal.of("b", "refused")


def test_nothing_goes_out_while_a_call_is_held_also_within_another(bus):
    seen = heard(bus)
    bus.hold()
    bus.hold()
    bus.publish(delta(1))
    bus.release()
    bus.drain()
    assert seen == []
    bus.release()
    bus.drain()
    assert seen == [1]


def test_version_2_is_an_event_and_stays_out_of_the_model(bus, model):
    seen = heard(bus)
    bus.emit("p", delta(1), 2)
    bus.publish(delta(2, "b"), 2)
    bus.drain()
    assert seen == [1, 2]
    assert model.root == {}
    assert [emission.version for emission in bus.emissions] == [2]


def test_the_model_is_written_before_anyone_hears_of_it(bus, model):
    seen = []
    bus.subscriptions.subscribe("p", lambda text: seen.append(model.self_path("a.value")))
    bus.publish(delta(1))
    assert seen == [1]


def test_a_listener_that_raises_leaves_the_bus_in_order(bus):
    def fails(text: str) -> None:
        raise KeyboardInterrupt

    bus.subscriptions.subscribe("p", fails)
    with pytest.raises(KeyboardInterrupt):
        bus.publish(delta(1))
    bus.subscriptions.unsubscribe("p")
    seen = heard(bus)
    bus.publish(delta(2))
    assert seen == [2]


def test_an_emission_keeps_its_moment(bus, clock):
    clock.advance(1.5)
    bus.emit("p", delta(1), 1)
    assert bus.emissions[0].time == "2026-01-01T00:00:01.500Z"
    assert bus.admit({"updates": [{"values": []}]}, "p").delta["updates"][0]["timestamp"] == "2026-01-01T00:00:01.500Z"


def test_the_journal_is_bounded_and_says_so(clock, monkeypatch):
    monkeypatch.setattr("refhost.journal._MAX_RECORDS", 3)
    journal = Journal(clock)
    for number in range(10):
        journal.write("p", "debug", str(number))
    journal.write("q", "debug", "another's")
    assert [record.text for record in journal.of("p", "debug")] == ["0", "1", "2"]
    assert [record.text for record in journal.of("q")] == ["another's"]
    assert journal.records[-2].kind == "warning"
    assert journal.dropped == 7
    assert str(journal.records[0]) == "2026-01-01T00:00:00.000Z p [debug] 0"
    assert "p [warning] the log is full after 3 records" in str(journal.records[-2])


def test_the_journal_is_bounded_in_characters_too(clock, monkeypatch):
    monkeypatch.setattr("refhost.journal._MAX_CHARACTERS", 100)
    journal = Journal(clock)
    for _ in range(10):
        journal.write("p", "debug", "x" * 30)
    assert [record.text for record in journal.of("p", "debug")] == ["x" * 30] * 3
    assert "the log is full after 3 records" in journal.records[-1].text
    assert journal.dropped == 7


def test_a_plugin_may_emit_so_many_bytes_in_a_tick(model, clock, journal):
    bus = Bus(SELF, model, clock, journal, limits=Limits(delta_bytes_per_tick=100))
    bus.hold()
    for size in (60, 40, 1, 1):
        bus.emit("p", delta(size), 1, size)
    bus.emit("q", delta(9), 1, 90)
    bus.announce("p", delta(5), 1)
    assert [(e.plugin, pairs(e.delta)[0][1]) for e in bus.emissions] == [("p", 60), ("p", 40), ("q", 9)]
    (record,) = journal.records
    assert (record.plugin, record.kind) == ("p", "refused")
    assert record.text == "more than 100 bytes of deltas in one tick: the rest of this tick is dropped (R21)"
    bus.release()
    bus.drain()  # the tick is over
    bus.emit("p", delta(1), 1, 100)
    assert len(bus.emissions) == 4


@pytest.mark.parametrize("bound", [{"kept_deltas": 8}, {"kept_delta_bytes": 80}])
def test_the_latest_emissions_are_remembered_and_it_is_said_once(model, clock, journal, bound):
    bus = Bus(SELF, model, clock, journal, limits=Limits(**bound))
    for number in range(30):
        bus.emit("p", delta(number), 1, 10)
    kept = [pairs(emission.delta)[0][1] for emission in bus.emissions]
    assert 6 <= len(kept) <= 8
    assert kept == list(range(30))[-len(kept) :]
    assert bus.forgotten == 30 - len(kept)
    assert bus.emission(bus.forgotten) is bus.emissions[0]
    assert bus.emission(29) is bus.emissions[-1]
    assert bus.emission(30) is bus.emission(bus.forgotten - 1) is None
    (record,) = journal.records
    assert (record.plugin, record.kind) == ("", "warning")
    assert "older ones are forgotten from here on (§19)" in record.text
