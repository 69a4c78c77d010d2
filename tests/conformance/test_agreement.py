"""Two reports on hosts, requirement by requirement."""

from importlib import resources
from pathlib import Path

import pytest
from reports import host_report, report

from conformance.agreement import agreement, known_differences
from conformance.drivers.signalk_server.departures_page import baseline
from refhost.errors import ConfigurationError

FAILING = {"outcome": "fail", "reason": "the path led\nout of the tree \x1b[31m"}


def text(one, other, known=None, **fields):
    found = agreement([host_report(one, **fields), host_report(other, name="signalk-server")], known)
    return found, found.to_text().splitlines()


def test_all_the_same():
    found, lines = text({"HVFS-001": FAILING}, {"HVFS-001": {**FAILING, "outcome": "known"}})
    total = len(found.pairs)
    assert found.complete
    same = f"{total} the same ({total - 1} hold, 1 are broken)"
    assert lines == [f"refhost and signalk-server: {total} requirements, {same}, 0 different, 0 not compared."]


def test_what_differs_is_shown_with_what_was_seen():
    other = {"HVFS-002": {**FAILING, "outcome": "warn"}, "HVFS-003": {"outcome": "stale"}}
    found, lines = text({"HVFS-001": FAILING}, other)
    assert not found.complete
    assert [pair.id for pair in found.differing] == ["HVFS-001", "HVFS-002"]
    assert lines[1:] == [
        "HVFS-001: is broken on refhost, holds on signalk-server",
        r"        seen on refhost: the path led out of the tree \x1b[31m",
        "HVFS-002: holds on refhost, is broken on signalk-server",
        r"        seen on signalk-server: the path led out of the tree \x1b[31m",
    ]


def test_a_known_difference_is_shown_and_no_news():
    found, lines = text({"HVFS-001": FAILING}, {}, {"HVFS-001": "never\non \x1b[31m this machine"})
    assert found.complete
    assert ", 1 different (1 of them known), 0 not compared." in lines[0]
    assert lines[1:3] == [
        "HVFS-001: is broken on refhost, holds on signalk-server",
        r"        known: never on \x1b[31m this machine",
    ]


def test_a_difference_that_is_not_known_is_news_beside_one_that_is():
    found, lines = text({"HVFS-001": FAILING, "HVFS-002": FAILING}, {}, {"HVFS-001": "so"})
    assert not found.complete
    assert ", 2 different (1 of them known), " in lines[0]


@pytest.mark.parametrize("rows", [{}, {"HVFS-001": FAILING}])
def test_a_known_difference_that_is_gone_is_news(rows):
    found, lines = text(rows, rows, {"HVFS-001": "so"})
    assert not found.complete
    word = "is broken" if rows else "holds"
    told = f"{word} on refhost, {word} on signalk-server, and is known to differ: take it off the list"
    assert lines[1] == f"HVFS-001: {told}"


@pytest.mark.parametrize("both", [True, False])
def test_a_known_difference_that_was_not_compared_is_neither(both):
    left_out = {"HVFS-001": {"outcome": "not-run", "reason": "not selected"}}
    found, lines = text(left_out, left_out if both else {}, {"HVFS-001": "so"})
    assert found.complete
    assert lines[1:] == ["not compared: HVFS-001: was not run on refhost: not selected"]


def test_known_differences_are_read(tmp_path):
    (tmp_path / "known.toml").write_text('# why\nHVFS-011 = "never a real directory"\n')
    assert known_differences(tmp_path / "known.toml") == {"HVFS-011": "never a real directory"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[[", "is not TOML"),
        ('HVFS-O11 = "x"', "has 'HVFS-O11', which is no requirement of hosts"),
        ('VFS-001 = "x"', "has 'VFS-001', which is no requirement of hosts"),
        ('HVFS-011 = " "', "has no reason for HVFS-011"),
        ("HVFS-011 = 3", "has no reason for HVFS-011"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_known_differences_that_cannot_be_used(tmp_path, written, told):
    path = tmp_path / "known.toml"
    if written is not None:
        path.write_text(written)
    with pytest.raises(ConfigurationError, match=told):
        known_differences(path)


def test_the_committed_ones_can_be_used_and_are_broken_by_the_server():
    """Each is a requirement that the server breaks, as its baseline says, and that the profile keeps."""
    folder = Path(str(resources.files("conformance.drivers.signalk_server")))
    broken = {entry.requirement for entry in baseline().entries.values()}
    assert set(known_differences(folder / "profile_differs.toml")) <= broken


def test_what_one_was_not_judged_by_is_no_agreement_and_no_difference():
    lacks = {"outcome": "not-applicable", "reason": "it has no files"}
    cascade = {"outcome": "fail", "reason": "could not be judged: no", "cascade": True}
    found, lines = text(
        {"HVFS-001": FAILING, "HVFS-003": cascade, "HVFS-004": {"outcome": "not-run", "reason": "not selected"}},
        {"HVFS-001": lacks, "HVFS-002": lacks},
    )
    assert found.complete
    assert {pair.id for pair in found.open} == {"HVFS-001", "HVFS-002", "HVFS-003", "HVFS-004"}
    assert lines[1:] == [
        "not compared: HVFS-001, HVFS-002: does not apply on signalk-server: it has no files",
        "not compared: HVFS-003: could not be judged on refhost: could not be judged: no",
        "not compared: HVFS-004: was not run on refhost: not selected",
    ]


def test_nothing_compared_is_no_agreement():
    rows = {row.id: {"outcome": "not-run", "reason": "no"} for row in host_report().requirements}
    assert not agreement([host_report(rows), host_report(name="x")]).complete


def test_a_requirement_that_one_report_does_not_know():
    rows = tuple(row for row in host_report().requirements if row.id != "HVFS-001")
    found = agreement([host_report(), host_report(name="old", requirements=rows)])
    assert [(pair.id, pair.says) for pair in found.open] == [("HVFS-001", ("holds", "is not known"))]


def test_one_host_in_two_profiles_has_two_names():
    found = agreement([host_report(), host_report(profile="signalk-server-2.32")])
    assert found.names == ("refhost, documented", "refhost, signalk-server-2.32")


@pytest.mark.parametrize("reports", [[], [host_report()], [host_report(), report()], [host_report()] * 3])
def test_two_reports_on_hosts_are_needed(reports):
    with pytest.raises(ConfigurationError, match=r"Two reports on hosts are compared, and here are [013]\."):
        agreement(reports)
