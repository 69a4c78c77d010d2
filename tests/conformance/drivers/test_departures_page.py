"""The page on signalk-server: what is known of it is explained, found by requirements, and written down as it is."""

from pathlib import Path

import pytest

from conformance.baseline import UNEXPLAINED, Baseline, Entry
from conformance.drivers.signalk_server.departures_page import UNFOUND, baseline, finders, numbers, page
from refhost.profiles import DEPARTURES

PAGE = Path(__file__).parents[3] / "docs" / "hosts" / "signalk-server-2.32.md"


def known(requirement, reason, seen=""):
    return Entry("", requirement, reason=reason, seen=seen, host="signalk-server")


def test_the_page_is_what_the_baseline_makes_it():
    assert PAGE.read_text("utf-8") == page(baseline())


def test_every_departure_is_found_or_it_is_said_why_not():
    found = {number for number, entries in finders(baseline().entries.values()).items() if entries}
    assert found.isdisjoint(UNFOUND)
    assert set(DEPARTURES) - found == set(UNFOUND)


def test_every_departure_that_is_found_has_a_requirement_of_its_own():
    first = {numbers(entry.reason)[0] for entry in baseline().entries.values() if numbers(entry.reason)}
    assert {number for number, entries in finders(baseline().entries.values()).items() if entries} <= first


def test_every_known_failure_is_explained():
    assert [entry.requirement for entry in baseline().entries.values() if entry.reason == UNEXPLAINED] == []


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("D22: links lead out", ["D22"]),
        ("D1, D28: both", ["D1", "D28"]),
        ("D99: there is no such departure", []),
        ("WASI: by a word", ["WASI"]),
        ("nothing of D22", []),
    ],
)
def test_a_reason_begins_with_the_departures(reason, found):
    assert numbers(reason) == found


def test_what_was_seen_stays_text():
    text = page(
        Baseline.of([known("HVFS-011", "D22: out", "`<img src=x>`\n## | [a](b)"), known("HVFS-022", "Node", "")])
    )
    assert "- **HVFS-011** (§8)" in text
    assert "  - Seen: `'<img src=x>' ## | [a](b)`" in text
    assert "| [D22](#d22) | a symbolic link leads out of the plugin's files | §8 | HVFS-011 |" in text
    assert text.index("## D22") < text.index("## Further") < text.index("**HVFS-022**")
    assert "pytest --wasm-host=signalk-server -k HVFS-022" in text
