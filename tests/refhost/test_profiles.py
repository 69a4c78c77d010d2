"""The profiles: the table of departures, what is switched, and a plugin in the whole of signalk-server-2.32.

Each departure by itself is in `departures/`.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from departing import noted
from honest import READ_SPEED, Honest

import refhost
from refhost.errors import ConfigurationError
from refhost.host import Host
from refhost.plugin import State
from refhost.profiles import (
    BY_THE_BOOK,
    DEPARTURES,
    DOCUMENTED,
    PROFILES,
    SIGNALK_SERVER_2_32,
    Profile,
    Switches,
    profile_of,
)

# What was found without a number (R78).
WORDS = [number for number in DEPARTURES if number.isalpha()]
SWITCHED = {number for number, row in DEPARTURES.items() if row.switched}


def test_every_departure_has_a_row():
    assert list(DEPARTURES) == [*(f"D{n}" for n in range(1, 54)), *WORDS]


def test_every_row_says_what_changes_or_why_not():
    text = (resources.files("refhost") / "departures" / "list.toml").read_text("utf-8")
    for number, row in tomllib.loads(text).items():
        assert set(row) <= {"section", "title", "changes", "everywhere", "never"}, number
        assert re.fullmatch(r"§\d+(\.\d+)?", row["section"]), number
        assert row["changes"].endswith((".", ".)")), number
        assert not ("everywhere" in row and "never" in row), number


def test_what_is_switched_is_asked_for_in_the_host_and_nothing_else_is():
    """A row that says of itself that it is reproduced, and that nothing asks for, would be a lie."""
    sources = Path(refhost.__file__).parent.rglob("*.py")
    asked = set()
    for source in sources:
        asked.update(re.findall(rf'"(D\d+|{"|".join(WORDS)})"', source.read_text("utf-8")))
    assert asked == SWITCHED


def test_every_switch_is_seen_on_and_off():
    tests = Path(__file__).with_name("departures").glob("test_*.py")
    seen = {number for test in tests for number in re.findall(r'@departure\("(\w+)"\)', test.read_text("utf-8"))}
    assert seen == SWITCHED


def test_the_profiles():
    assert set(PROFILES) == {"documented", "signalk-server-2.32"}
    assert profile_of("documented") is DOCUMENTED
    assert profile_of("signalk-server-2.32") is SIGNALK_SERVER_2_32
    assert DOCUMENTED.departures == frozenset()
    assert SIGNALK_SERVER_2_32.departures == SWITCHED
    assert not DEPARTURES["D37"].reproduced
    assert DEPARTURES["D10"].reproduced
    assert not SIGNALK_SERVER_2_32.has("D10")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("signalk-server", "did you mean signalk-server-2.32?"),
        ("documents", "did you mean documented?"),
        ("x", "There is no profile 'x'.\nThere are documented, signalk-server-2.32."),
    ],
)
def test_an_unknown_profile_is_told_the_nearest(name, told):
    with pytest.raises(ConfigurationError) as caught:
        profile_of(name)
    assert told in str(caught.value)


@pytest.mark.parametrize("number", ["D10", "D37", "D54", "d1"])
def test_a_profile_holds_switches_only(number):
    with pytest.raises(ConfigurationError, match=f"No switch is called {number}"):
        Profile("mine", frozenset({number}))


def test_a_departure_is_noted_once_for_each_function():
    notes = []
    switches = Switches(SIGNALK_SERVER_2_32, lambda *note: notes.append(note))
    assert [switches.departs("D12", f) for f in ("a", "a", "b")] == [True, True, True]
    assert switches.has("D1")
    assert notes == [(f"D12: {DEPARTURES['D12'].title}", "a"), (f"D12: {DEPARTURES['D12'].title}", "b")]
    assert not BY_THE_BOOK.departs("D12", "a")


def test_an_ordinary_plugin_meets_no_departure_by_the_book():
    with Host() as host:
        plugin = host.load(Honest().package())
        plugin.start({"greeting": "hello"})
        host.publish("navigation.speedOverGround", 1)
        host.advance(3)
        plugin.reload()
        plugin.stop()
        assert noted(host) == set()


def test_an_honest_plugin_in_the_whole_profile():
    """It meets what it meets; nothing of the host breaks."""
    with Host(profile=SIGNALK_SERVER_2_32) as host:
        plugin = host.load(Honest(poll=READ_SPEED, look="", may="(i32.const 1)").package())
        assert plugin.start({"greeting": "hello"}) is State.RUNNING
        emitted = len(plugin.emitted)
        host.publish("navigation.speedOverGround", 1)
        host.advance(3)
        assert host.http.get("/plugins/wat-plugin/api/status").status_code == 200
        assert len(plugin.emitted) > emitted > 3
        assert plugin.fault is None
        assert "Cannot write" in plugin.error
        assert plugin.reload() is State.RUNNING
        assert plugin.stop() is State.STOPPED
        assert noted(host) == {"D2", "D17", "D24", "D28", "D30", "D32", "D42", "NOTIFICATIONS"}
