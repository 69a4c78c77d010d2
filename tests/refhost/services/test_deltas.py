"""A plugin's door to the bus: deltas and notifications (contract §10, §16, R12)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.bus import Bus
from refhost.clock import Clock
from refhost.delta import Unreadable, pairs
from refhost.journal import Journal
from refhost.limits import Limits
from refhost.meta import ALARM_STATES
from refhost.model import Model
from refhost.services.deltas import Claim, DeltaService
from refhost.services.gate import Refused

SELF = "vessels.urn:mrn:x"
GOOD = '{"updates":[{"values":[{"path":"a","value":1}]}]}'
HALF = '{"updates":[{"values":[{"path":"a","value":[]}]},{"values":[{"path":"b","value":2}]}]}'
NOTE = {"state": "alarm", "method": ["visual"], "message": "Sinking"}


def doors(**limits):
    clock = Clock()
    journal = Journal(clock)
    bounds = Limits(deltas_per_tick=1000, **limits)
    bus = Bus(SELF, Model(SELF), clock, journal, limits=bounds)
    logged = []
    return DeltaService(lambda: "p", bus, lambda kind, text: logged.append((kind, text)), limits=bounds), bus, logged


@pytest.fixture
def service():
    return doors()


def test_a_delta_is_queued_in_the_plugins_name(service):
    door, bus, logged = service
    door.handle_message(GOOD)
    (emission,) = bus.emissions
    assert (emission.plugin, emission.version, emission.delta["updates"][0]["$source"]) == ("p", 1, "p")
    assert list(door.claims) == [Claim(GOOD, 1)]
    assert logged == []


def test_a_part_that_is_refused_is_logged_and_the_rest_passes(service):
    door, bus, logged = service
    door.handle_message(HALF)
    assert pairs(bus.emissions[0].delta) == [("b", 2)]
    ((kind, text),) = logged
    assert kind == "refused"
    assert "part of the delta is refused: updates[0].values[0].value" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not JSON"),
        ("NaN", "is not JSON"),
        ('{"updates":[{"values":[{"path":"a","value":NaN}]}]}', "NaN is not JSON"),
        ("[]", "a delta is an object, not an array"),
        ('{"updates":[]}', "it has no updates"),
        ('{"updates":[1,2,3,4,5]}', "and 2 more"),
    ],
)
def test_what_is_no_delta_is_refused_and_kept_as_a_claim(service, text, told):
    door, bus, _ = service
    with pytest.raises(Refused) as caught:
        door.handle_message(text)
    assert told in str(caught.value)
    assert bus.emissions == []
    assert [claim.text for claim in door.claims] == [text]


@given(st.one_of(st.text(max_size=30), st.recursive(st.none() | st.integers(), st.lists, max_leaves=4).map(json.dumps)))
def test_any_text_is_emitted_or_refused(text):
    door, bus, _ = doors()
    with pytest.raises(Refused):
        door.handle_message(text)
    assert bus.emissions == []


@pytest.mark.parametrize(("version", "carried"), [(1, 1), (2, 2), (0, 1), (3, 1), (-1, 1)])
def test_only_version_2_is_2(service, version, carried):
    door, bus, _ = service
    door.handle_message(GOOD, version)
    assert bus.emissions[0].version == carried
    assert next(iter(door.claims)).version == version


@pytest.mark.parametrize("bound", [{"kept_deltas": 2}, {"kept_delta_bytes": 2 * len(GOOD) + 5}])
def test_claims_are_bounded_in_number_and_in_bytes_and_it_is_said_once(bound):
    door, bus, logged = doors(**bound)
    for version in (1, 2, 3, 4):
        door.handle_message(GOOD, version)
    assert [claim.version for claim in door.claims] == [3, 4]
    ((kind, text),) = logged
    assert kind == "warning"
    assert "older ones are forgotten (§19)" in text
    assert len(bus.emissions) <= 2


def test_a_path_of_too_many_parts_is_refused_whole():
    door, bus, _ = doors(path_parts=3)
    for kind, value in (("values", "1"), ("meta", "{}")):
        with pytest.raises(Refused, match=r"a path has 4 parts; the limit is 3 \(§19\)"):
            door.handle_message(f'{{"updates":[{{"{kind}":[{{"path":"a.b.c.d","value":{value}}}]}}]}}')
    door.handle_message('{"updates":[{"values":[{"path":"a.b.c","value":1}]}]}')
    assert [pairs(emission.delta) for emission in bus.emissions] == [[("a.b.c", 1)]]


def test_a_record_speaks_as_the_plugin_itself(service):
    door, bus, logged = service
    door.handle_record("other", json.loads(GOOD), "text")
    assert bus.emissions[0].plugin == "p"
    assert logged == [("warning", "handle-message was called with the plugin-id 'other': it is ignored")]
    door.handle_record("p", json.loads(GOOD), "text")
    assert len(logged) == 1


def test_a_record_with_a_value_that_is_not_json_is_refused(service):
    door, bus, _ = service
    entry = {"path": "a", "value": Unreadable("NaN is not JSON")}
    with pytest.raises(Refused, match="is not JSON: NaN is not JSON"):
        door.handle_record("p", {"context": "", "updates": [{"values": [entry]}]}, "text")
    assert bus.emissions == []


def test_on_delta_does_nothing_but_say_so(service):
    door, bus, logged = service
    door.on_delta(object(), 1)
    assert bus.emissions == []
    assert "R3" in logged[0][1]


# -- notifications


@pytest.mark.parametrize("state", ALARM_STATES)
def test_a_notification_becomes_a_delta_on_its_path(service, state):
    door, bus, _ = service
    note = {**NOTE, "state": state, "more": 1}
    door.publish_notification("notifications.navigation.anchor", json.dumps(note))
    assert pairs(bus.emissions[0].delta) == [("notifications.navigation.anchor", note)]
    assert bus.emissions[0].version == 1


def test_null_clears_it(service):
    door, bus, _ = service
    door.publish_notification("notifications.a", "null")
    assert pairs(bus.emissions[0].delta) == [("notifications.a", None)]


@pytest.mark.parametrize(
    "path",
    ["", "notifications", "notifications.", "notifications.a.", "navigation.a", "Notifications.a", " notifications.a"],
)
def test_another_path_is_refused(service, path):
    door, bus, _ = service
    with pytest.raises(Refused, match="R12"):
        door.publish_notification(path, json.dumps(NOTE))
    assert bus.emissions == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not JSON"),
        ("nope", "is not JSON"),
        ("[]", "an object or null, not an array"),
        ('"alarm"', "an object or null, not a string"),
        ("false", "an object or null, not false"),
        ("{}", "state is one of"),
        (
            json.dumps({**NOTE, "state": "loud"}),
            "state is one of nominal, normal, alert, warn, alarm, emergency, not 'loud'",
        ),
        (json.dumps({**NOTE, "state": ["alarm"]}), "state is one of"),
        (json.dumps({**NOTE, "method": "visual"}), "needs a method"),
        (json.dumps({**NOTE, "method": None}), "needs a method"),
        (json.dumps({"state": "alarm", "message": "x"}), "needs a method"),
        (json.dumps({"state": "alarm", "method": []}), "needs a message"),
        (json.dumps({**NOTE, "message": 1}), "needs a message"),
    ],
)
def test_what_is_no_notification_is_refused(service, text, told):
    door, bus, _ = service
    with pytest.raises(Refused) as caught:
        door.publish_notification("notifications.a", text)
    assert told in str(caught.value)
    assert bus.emissions == []


@pytest.mark.parametrize("method", [[], ["visual"], ["sound", "visual"]])
def test_the_methods_of_the_specification(service, method):
    door, bus, _ = service
    door.publish_notification("notifications.a", json.dumps({**NOTE, "method": method}))
    assert len(bus.emissions) == 1
