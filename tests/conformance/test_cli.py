"""`python -m conformance`: explain, merge, trace, agree, install."""

import importlib
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from reports import ALL_OUTCOMES, FAILING, host_report, report

from conformance.cli import main
from conformance.explanation import explanation
from conformance.report.folder import FILES
from conformance.report.journal import JOURNAL, Run
from conformance.report.reading import document, read
from conformance.trace import traced


def run(*args, code=0):
    """What a command prints."""
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    if result.exception is not None:
        assert isinstance(result.exception, SystemExit)
    return result.output


@pytest.fixture
def folder(tmp_path):
    """A folder as --wasm-report leaves it, with a report of every outcome."""
    found = tmp_path / "one"
    found.mkdir()
    (found / "report.json").write_text(json.dumps(document([report(ALL_OUTCOMES)])))
    return found


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "explain", "DELTA-001"], capture_output=True, check=True
    )
    assert done.stdout.decode() == explanation("DELTA-001")


def test_explain():
    assert run("explain", "delta-001") == explanation("DELTA-001")
    assert "Error: There is no requirement DETLA-001: did you mean DELTA-001? The groups are LOAD, " in run(
        "explain", "DETLA-001", code=2
    )


def test_merge(folder, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document([report(name="other"), report(name="third")])))
    into = tmp_path / "all" / "of it"
    assert run("merge", folder, other, "--into", into) == f"{into / 'report.html'}\n"
    assert {path.name for path in into.iterdir()} == set(FILES)
    assert [found.subject.name for found in read(into)] == ["anchor-watch", "other", "third"]


def test_merge_makes_the_reports_of_a_run_that_was_killed(tmp_path):
    unfinished = report({row.id: {"outcome": "not-run", "reason": "the run ended"} for row in report().requirements})
    going_on = Run([unfinished], tmp_path / JOURNAL)
    going_on.judged("anchor-watch::DELTA::DELTA-001", FAILING)
    run("merge", tmp_path, "--into", tmp_path)
    going_on.close()
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, JOURNAL}
    (found,) = read(tmp_path)
    assert (found.counts["fail"], found.counts["not-run"]) == (1, len(found.requirements) - 1)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Missing option '--into'"),
        (["--into", "x"], "Name at least one report"),
        (["none.json", "--into", "x"], "none.json cannot be read: No such file or directory."),
        (["one", "--into", "one/report.json"], "one/report.json is no folder: a file is in its place."),
        (["one", "--into", "/proc/none"], "/proc/none cannot be written to: "),
    ],
)
def test_merge_refuses(folder, monkeypatch, args, message):
    monkeypatch.chdir(folder.parent)
    assert message in run("merge", *args, code=2)
    assert not (folder.parent / "x").exists()


def test_a_file_that_cannot_be_written(folder, monkeypatch):
    def full(path, text, **_):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("conformance.report.folder.replace_text", full)
    assert "report.json: No space left on device." in run("merge", folder, "--into", folder, code=2)


def test_trace(folder):
    assert run("trace", folder) == traced([report(ALL_OUTCOMES)]).to_text()


def test_trace_ends_red_when_something_is_missing(folder):
    rows = tuple(row for row in report().requirements if row.id != "DELTA-001")
    (folder / "report.json").write_text(json.dumps(document([report(requirements=rows)])))
    assert "MUST    missing         no report knows it" in run("trace", folder / "report.json", code=1)


def test_trace_refuses(tmp_path):
    (tmp_path / "report.json").write_text('{"name": "x"}')
    assert "report.json is no report: " in run("trace", tmp_path, code=2)


def test_merge_takes_hosts_and_plugins(folder, tmp_path):
    (tmp_path / "hosts.json").write_text(json.dumps(document([host_report(), host_report(name="other")])))
    run("merge", folder, tmp_path / "hosts.json", "--into", tmp_path / "all")
    assert [found.subject.kind for found in read(tmp_path / "all")] == ["plugin", "host", "host"]


def _written(path, text):
    path.write_text(text)
    return path


def test_agree(tmp_path):
    for name, changes in (("one", {}), ("other", {"HVFS-001": FAILING})):
        (tmp_path / f"{name}.json").write_text(json.dumps(document([host_report(changes, name=name)])))
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    assert "HVFS-001: holds on one, is broken on other\n" in run("agree", one, other, code=1)
    known = tmp_path / "known.toml"
    known.write_text('HVFS-001 = "no such files there"\n')
    assert "        known: no such files there\n" in run("agree", one, other, "--known", known)
    assert "take it off the list" in run("agree", one, one, "--known", known, code=1)
    assert "is no requirement of hosts" in run("agree", one, other, "--known", _written(known, 'X = "y"'), code=2)
    (tmp_path / "third.json").write_text(json.dumps(document([host_report(name="third")])))
    assert run("agree", one, tmp_path / "third.json").startswith("one and third: ")
    assert "Two reports on hosts are compared, and here are 1." in run("agree", one, code=2)


def test_install(monkeypatch, tmp_path):
    module = importlib.import_module("conformance.drivers.signalk_server.install")
    monkeypatch.setattr(module, "install", lambda: tmp_path)
    assert run("install", "signalk-server") == f"{tmp_path}\n"
    assert "'refhost' is not 'signalk-server'" in run("install", "refhost", code=2)
