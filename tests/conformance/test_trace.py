"""Traceability: what is known of each requirement after some runs."""

import re
from pathlib import Path

import pytest
from reports import ALL_OUTCOMES, CASCADE, host_report, report

from conformance import trace
from conformance.catalogue import catalogue
from conformance.host_catalogue import host_catalogue
from conformance.trace import Status, not_judged, proven, traced

CONTRACT = Path(__file__).parents[2] / "docs" / "contract.md"
IDS = [requirement.id for group in catalogue() for requirement in group.requirements]


def status(found, requirement_id):
    """Status and detail of one requirement."""
    return next((row.status, row.detail) for row in found.rows if row.requirement.id == requirement_id)


def test_what_runs_say():
    not_run = {"outcome": "not-run", "reason": "it was not selected in this run"}
    one = report({**ALL_OUTCOMES, "LOAD-001": not_run, "LOAD-002": CASCADE}, name="one")
    other = report({"LIFE-006": {"outcome": "not-applicable", "reason": "another reason"}}, name="other")
    found = traced([one, other])
    assert status(found, "DELTA-001") == (Status.TESTED, "pass: other; fail: one")
    assert status(found, "DELTA-002") == (Status.TESTED, "pass: other; known: one")
    assert status(found, "LIFE-006") == (Status.NOT_APPLICABLE, "the plugin exports no poll; another reason")
    assert status(found, "LOAD-001") == (Status.TESTED, "pass: other")
    assert found.missing == []
    alone = traced([one])
    assert status(alone, "LOAD-001") == (Status.NOT_RUN, "it was not selected in this run")
    assert status(alone, "LOAD-002") == (Status.NOT_RUN, "could not be judged: the plugin did not start")


def test_a_line_names_a_few():
    found = traced([report(name=f"plugin-{number}") for number in range(7)])
    assert status(found, "DELTA-001") == (Status.TESTED, "pass: plugin-0, plugin-1, plugin-2 and 4 more")


def test_what_no_report_knows_is_missing():
    rows = tuple(row for row in report().requirements if row.id != "DELTA-001")
    found = traced([report(requirements=rows)])
    assert status(found, "DELTA-001") == (Status.MISSING, "no report knows it")
    assert found.missing == ["DELTA-001"]


def test_what_has_no_check_is_missing(monkeypatch):
    monkeypatch.setattr(trace, "CHECKS", set(IDS) - {"DELTA-001"})
    found = traced([report()])
    assert status(found, "DELTA-001") == (Status.MISSING, "it has no check")


def test_what_no_mutant_fails_is_unproven(monkeypatch):
    monkeypatch.setattr(trace, "proven", lambda: {i: [i] for i in IDS if i != "DELTA-001"})
    assert status(traced([report()]), "DELTA-001") == (Status.UNPROVEN, "pass: anchor-watch")


def test_without_a_report_nothing_is_tested():
    found = traced([])
    assert not {row.status for row in found.rows} & {Status.TESTED, Status.MISSING}
    assert len(found.rows) > len(IDS)  # hosts, too
    assert "No report was given" in found.to_text()


def test_of_hosts(monkeypatch):
    """A requirement on hosts is traced through reports on hosts, and those on plugins through the others."""
    ids = [requirement.id for group in host_catalogue() for requirement in group.requirements]
    monkeypatch.setattr(trace, "proven_of_hosts", lambda: {i: ["x"] for i in ids if i != "HVFS-002"})
    lacks = {"outcome": "not-applicable", "reason": "it has no files"}
    other = host_report({"HVFS-003": lacks}, name="other")
    found = traced([host_report({"HVFS-003": lacks, "HVFS-001": lacks}), other])
    assert [row.requirement.id for row in found.rows] == ids
    assert status(found, "HVFS-001") == (Status.TESTED, "pass: other")
    assert status(found, "HVFS-002") == (Status.UNPROVEN, "pass: refhost, other")
    assert status(found, "HVFS-003") == (Status.NOT_APPLICABLE, "it has no files")
    assert "Clauses that cannot be judged" not in found.to_text()
    monkeypatch.setattr(trace, "HOST_CHECKS", set(ids) - {"HVFS-001"})
    assert traced([host_report()]).missing == ["HVFS-001"]
    both = traced([host_report(), report()])
    assert [row.requirement.id for row in both.rows] == [*IDS, *ids]


def test_the_text_has_a_line_for_each_and_the_clauses_that_cannot_be_judged():
    text = traced([report(ALL_OUTCOMES)]).to_text()
    total, applying = len(IDS), len(IDS) - 3
    assert text.startswith(
        f"{total} requirements over 1 reports: {applying} tested, 1 not applicable, 2 not run, 0 unproven, 0 missing.\n"
    )
    lines = [line.split()[0] for line in text.splitlines() if re.match(r"[A-Z]+-\d{3} ", line)]
    assert lines == IDS
    for clause in not_judged():
        assert " ".join(f"{clause['section']} {clause['text']}".split()) in " ".join(text.split())


def test_only_requirements_are_proven():
    assert set(proven()) <= set(IDS)


def test_clauses_that_cannot_be_judged_say_why():
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?) ", CONTRACT.read_text("utf-8"), re.MULTILINE))
    for clause in not_judged():
        assert set(clause) == {"section", "text", "reason"}
        assert all(clause.values())
        assert clause["section"].removeprefix("§") in sections, clause


@pytest.mark.parametrize("number", range(2, 19))
def test_every_section_is_judged_or_said_not_to_be(number):
    judged = {requirement.section for group in catalogue() for requirement in group.requirements}
    named = judged | {clause["section"] for clause in not_judged()}
    assert any(re.match(rf"§{number}\b", section) for section in named)
