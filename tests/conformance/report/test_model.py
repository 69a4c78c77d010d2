"""The report's data: as JSON that its schema takes, and back."""

import json
from dataclasses import replace

import jsonschema
import pytest
from reports import ALL_OUTCOMES, host_report, hostile, report

from conformance.report.model import BY_URGENCY, Report, in_order, labels, worst
from conformance.report.reading import document, schema
from conformance.verdict import Outcome

KEYS = {"subject", "host", "profile", "seed", "versions", "requirements"}


def valid(found):
    jsonschema.Draft202012Validator(schema()).validate(json.loads(json.dumps(found)))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_one_report_is_the_document():
    found = document([report(ALL_OUTCOMES)])
    assert set(found) == KEYS
    valid(found)
    row = next(row for row in found["requirements"] if row["id"] == "DELTA-001")
    assert {key: row[key] for key in ("id", "level", "group", "outcome", "checks")} == {
        "id": "DELTA-001",
        "level": "MUST",
        "group": "DELTA",
        "outcome": "fail",
        "checks": ["anchor-watch::DELTA::DELTA-001"],
    }


def test_every_outcome_has_a_word_in_the_schema():
    assert schema()["$defs"]["requirement"]["properties"]["outcome"]["enum"] == [
        "pass",
        "fail",
        "warn",
        "known",
        "stale",
        "not-applicable",
        "not-run",
    ]
    assert {str(outcome) for outcome in Outcome} == set(
        schema()["$defs"]["requirement"]["properties"]["outcome"]["enum"]
    )
    assert set(BY_URGENCY) == set(Outcome)


@pytest.mark.parametrize("count", [0, 2])
def test_several_reports_are_a_list(count):
    found = document([report(name=f"plugin-{number}") for number in range(count)])
    assert set(found) == {"reports"}
    assert len(found["reports"]) == count
    valid(found)


@pytest.mark.parametrize("made", [report(), report(ALL_OUTCOMES), hostile()], ids=["passes", "all", "hostile"])
def test_there_and_back(made):
    valid(document([made]))
    assert Report.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize(
    "change",
    [
        {"requirements": [{"id": "A-001"}]},
        {"profile": 1},
        {"seed": None},
        {"subject": {"name": "x"}},
        {"subject": {"kind": "boat", "name": "x"}},
        {"more": True},
    ],
)
def test_the_schema_refuses(change):
    with pytest.raises(jsonschema.ValidationError):
        valid({**document([report()]), **change})


def test_sums():
    found = report(ALL_OUTCOMES)
    assert found.counts[Outcome.FAIL] == 2
    assert found.counts[Outcome.PASS] == len(found.requirements) - len(ALL_OUTCOMES)
    # Neither what did not apply or did not run was judged, nor what only failed because something else did.
    assert found.judged == len(found.requirements) - 3


def test_labels():
    """Only what differs is said."""
    one, other = report(name="one"), report(name="other")
    assert labels([one, other]) == ["one", "other"]
    assert labels([one, replace(one, profile="all")]) == ["one, documented", "one, all"]
    assert labels([one, replace(one, host="signalk-server")]) == ["one, on refhost", "one, on signalk-server"]
    rebuilt = replace(one, subject=replace(one.subject, sha256="cd" * 32))
    assert labels([one, rebuilt]) == ["one, abababab", "one, cdcdcdcd"]


def test_the_worst():
    assert worst([Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE]) is Outcome.WARN
    assert worst([]) is Outcome.NOT_RUN


def test_groups_in_the_order_in_which_they_are_judged():
    assert in_order(["ODD", "VFS", "LOAD", "VFS"]) == ["LOAD", "VFS", "ODD"]


def test_a_report_on_a_host():
    """What it can do in the place of what it may do."""
    found = document([host_report()])
    valid(found)
    assert found["subject"] == {
        "kind": "host",
        "name": "refhost",
        "version": "1.0.0",
        "features": ["dialect-buffer", "files"],
    }
    assert Report.from_json(found) == host_report()
    assert "features" not in document([report()])["subject"]


def test_groups_of_hosts_come_after_those_of_plugins():
    assert in_order(["HLINK", "?", "DELTA"]) == ["DELTA", "HLINK", "?"]
