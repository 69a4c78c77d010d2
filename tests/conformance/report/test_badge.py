"""badge.json, as the endpoint of shields.io wants it."""

import json

import pytest
from reports import ALL_OUTCOMES, CASCADE, FAILING, hostile, report

from conformance.report.badge import badge

TOTAL = len(report().requirements)
WARN, KNOWN, NOT_RUN = ({"outcome": word, "reason": "x"} for word in ("warn", "known", "not-run"))
NOTHING = {row.id: {"outcome": "not-applicable", "reason": "x"} for row in report().requirements}


@pytest.mark.parametrize(
    ("changes", "message", "color"),
    [
        ({}, f"{TOTAL} of {TOTAL}", "brightgreen"),
        ({"CAP-004": WARN}, f"{TOTAL - 1} of {TOTAL}", "green"),
        ({"DELTA-001": KNOWN}, f"{TOTAL - 1} of {TOTAL}, 1 known", "yellow"),
        ({"DELTA-001": FAILING}, f"1 of {TOTAL} fail", "red"),
        ({"DELTA-001": {"outcome": "stale", "reason": "x"}}, f"1 of {TOTAL} fail", "red"),
        ({"DELTA-001": CASCADE}, f"1 of {TOTAL} fail", "red"),
        ({"DELTA-001": NOT_RUN}, "1 not judged", "lightgrey"),
        ({"DELTA-001": NOT_RUN, "DELTA-002": FAILING}, f"1 of {TOTAL} fail", "red"),
        (NOTHING, "nothing judged", "lightgrey"),
    ],
)
def test_one_report(changes, message, color):
    assert badge([report(changes)]) == {"schemaVersion": 1, "label": "signalk wasm", "message": message, "color": color}


def test_several_reports_are_summed():
    assert badge([report(), report({"CAP-004": WARN})])["message"] == f"{2 * TOTAL - 1} of {2 * TOTAL}"
    assert badge([report(), report(NOTHING)])["color"] == "lightgrey"
    assert badge([])["message"] == "nothing judged"


def test_nothing_that_a_plugin_said_is_in_it():
    assert json.dumps(badge([hostile()])) == json.dumps(badge([report(ALL_OUTCOMES)]))
