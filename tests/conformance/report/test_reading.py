"""Reports out of files, whole and in parts."""

import json
from dataclasses import replace

import pytest
from reports import FAILING, host_report, report

from conformance.report.reading import document, merged, read
from conformance.verdict import Outcome
from refhost.errors import ConfigurationError

NOT_RUN = {"outcome": "not-run", "reason": "the run ended before it was judged"}


def outcome(found, requirement_id):
    return next(row.outcome for row in found.requirements if row.id == requirement_id)


@pytest.mark.parametrize("count", [1, 2])
def test_of_a_file_and_of_a_folder(tmp_path, count):
    made = [report(name=f"plugin-{number}") for number in range(count)]
    file = tmp_path / "report.json"
    file.write_text(json.dumps(document(made)))
    assert read(file) == read(tmp_path) == made


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"{", "is not JSON: "),
        (b"\xff", "cannot be read: it is not UTF-8."),
        (b"[]", "is no report: the whole: [] is not of type 'object'."),
        (b"{}", "is no report: the whole: '"),
        (b'{"reports": [1]}', "is no report: ['reports'][0]: 1 is not of type 'object'."),
    ],
)
def test_what_is_no_report(tmp_path, contents, message):
    file = tmp_path / "report.json"
    file.write_bytes(contents)
    with pytest.raises(ConfigurationError) as caught:
        read(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_there_is_none(tmp_path):
    with pytest.raises(ConfigurationError, match=r"report.json cannot be read: No such file or directory."):
        read(tmp_path)


def test_parts_of_one_subject_are_put_together():
    """Two machines, or two runs, that judged a half each; where both did, the later one counts."""
    first = report({"DELTA-001": FAILING, "DELTA-002": NOT_RUN, "DELTA-003": FAILING, "DELTA-004": NOT_RUN})
    second = report({"DELTA-001": NOT_RUN, "DELTA-002": FAILING, "DELTA-004": NOT_RUN})
    (found,) = merged([first, second])
    assert outcome(found, "DELTA-001") is Outcome.FAIL
    assert outcome(found, "DELTA-002") is Outcome.FAIL
    assert outcome(found, "DELTA-003") is Outcome.PASS
    assert outcome(found, "DELTA-004") is Outcome.NOT_RUN
    assert len(found.requirements) == len(first.requirements)


@pytest.mark.parametrize("change", [{"profile": "other"}, {"host": "other"}, {"sha256": "cd" * 32}])
def test_what_is_another_stays_another(change):
    one = report()
    other = replace(one, subject=replace(one.subject, **change)) if "sha256" in change else replace(one, **change)
    assert merged([one, other]) == [one, other]


def test_parts_on_hosts_are_put_together_and_other_versions_are_not():
    first = host_report({"HVFS-001": FAILING, "HVFS-002": NOT_RUN})
    second = host_report({"HVFS-001": NOT_RUN, "HVFS-002": FAILING})
    newer = host_report(subject=replace(first.subject, version="2.0.0"))
    together, apart = merged([first, newer, second])
    assert [outcome(together, name) for name in ("HVFS-001", "HVFS-002")] == [Outcome.FAIL, Outcome.FAIL]
    assert apart == newer
