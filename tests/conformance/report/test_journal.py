"""The journal: what a run that is killed leaves."""

import json

import pytest
from reports import ALL_OUTCOMES, FAILING, report

from conformance.report.journal import JOURNAL, Run
from conformance.report.model import Judgement, Report
from conformance.report.reading import read
from conformance.verdict import Outcome
from refhost.errors import ConfigurationError

ID = "anchor-watch::DELTA::DELTA-001"


def skeleton(name="anchor-watch"):
    from conformance.catalogue import catalogue  # noqa: PLC0415

    rows = tuple(
        Judgement.not_run(entry, f"{name}::{group.name}::{entry.id}")
        for group in catalogue()
        for entry in group.requirements
    )
    return report(name=name, requirements=rows)


@pytest.fixture
def run(tmp_path):
    found = Run([skeleton(), skeleton("other")], tmp_path / JOURNAL)
    yield found
    found.close()


def test_nothing_is_run_at_first(run, tmp_path):
    (one, other) = read(tmp_path)
    assert set(one.counts) == set(other.counts) == {Outcome.NOT_RUN}
    assert one.requirements[0].reason == "the run ended before it was judged"


def test_each_judgement_is_there_at_once(run, tmp_path):
    """Read while the run still has the journal open, as after a kill."""
    run.judged(ID, FAILING)
    run.left_out(["anchor-watch::VFS::VFS-001", "other::VFS::VFS-001"], "it was not selected in this run")
    run.judged("other::LOAD::LOAD-001", {"outcome": "pass", "reason": ""})
    assert read(tmp_path) == run.reports
    (one, other) = run.reports
    found = {row.id: row for row in one.requirements}
    assert found["DELTA-001"].outcome is Outcome.FAIL
    assert found["DELTA-001"].case == tuple(FAILING["case"])
    assert found["VFS-001"].reason == "it was not selected in this run"
    assert other.counts[Outcome.PASS] == 1


def test_the_last_word_counts(run, tmp_path):
    run.judged(ID, FAILING)
    run.judged(ID, {"outcome": "pass", "reason": "", "case": [], "log": [], "mend": "", "again": ""})
    assert run.outcome(ID) is Outcome.PASS
    assert read(tmp_path)[0] == run.reports[0]


def test_a_line_that_was_cut_is_left_out(run, tmp_path):
    """A kill can come in the middle of a line; what was complete before it counts."""
    run.judged(ID, FAILING)
    before = read(tmp_path)
    run.judged("other::LOAD::LOAD-001", {"outcome": "fail", "reason": "x"})
    file = tmp_path / JOURNAL
    whole = file.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for end in range(start, len(whole), 7):
        file.write_bytes(whole[:end])
        assert read(tmp_path) == before
    file.write_bytes(whole)
    assert read(tmp_path) != before


def test_it_knows_its_checks(run):
    assert ID in run
    assert "test_own.py::test_own" not in run


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no journal: it has no first line."),
        ('{"reports": []', "is no journal: it has no first line."),
        ("nonsense\n", "line 1, is no line of a journal"),
        ("[]\n", "line 1, is no line of a journal"),
        ('{"reports": [{}]}\n', "line 1, is no line of a journal"),
        ('{"reports": []}\n{"checks": ["x"], "set": {}}\n', "line 2, is no line of a journal"),
        ('{"reports": []}\nnull\n', "line 2, is no line of a journal"),
        ('{"reports": [{"requirements": []}]}\n', "is no report: ['reports'][0]: 'subject' is a required property."),
    ],
)
def test_what_is_no_journal(tmp_path, text, message):
    (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path)
    assert message in str(caught.value)


def test_a_report_that_is_there_is_taken(run, tmp_path):
    """A run that ended removes its journal last."""
    made = report(ALL_OUTCOMES)
    (tmp_path / "report.json").write_text(json.dumps(made.to_json()))
    assert read(tmp_path) == [made]
    assert isinstance(made, Report)
