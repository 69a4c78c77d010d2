"""`--wasm-report` and its ini key: four files about the run."""

import json
import signal
from dataclasses import replace

import pytest
from honest import CAPABILITIES, Honest
from plugin_files import ALL, NO_DELTA, TRAPPING, WARNED, write_package
from wat import emit

from conformance.report.folder import FILES
from conformance.report.journal import JOURNAL, Run
from conformance.report.reading import document, read
from conformance.verdict import Outcome

REPORT = "--wasm-report=out"
MIXED = Honest(end=emit("speed=3.85"), exports={"poll": ""}, capabilities={**CAPABILITIES, "network": True})
SOME = "LIFE-001 or LIFE-006 or DELTA-001 or CAP-004"


@pytest.fixture
def made(project):
    write_package(project.path / "made", MIXED)
    return project


def judge(project, *args, k=SOME):
    return project.run("--wasm-plugin=made", REPORT, "-k", k, *args)


def reports(project):
    """The reports, which satisfy their schema: reading checks it."""
    return read(project.path / "out")


def rows(project):
    (found,) = reports(project)
    return {row.id: row for row in found.requirements}


def contents(project):
    return {path.name: path.read_bytes() for path in (project.path / "out").iterdir()}


def test_the_files(made):
    result = judge(made)
    assert result.ret == 1
    assert set(contents(made)) == set(FILES) == {"report.json", "report.html", "summary.md", "badge.json"}
    result.stdout.fnmatch_lines(["wasm-report: out/report.html"])


def test_the_report(made):
    judge(made)
    (found,) = reports(made)
    assert (found.subject.kind, found.subject.name, found.subject.dialect) == ("plugin", "wat-plugin", "buffer")
    assert (found.host, found.profile, found.subject.version) == ("refhost", "documented", "1.0.0")
    assert "network" in found.subject.capabilities
    assert found.seed["host"] == 0
    assert set(found.versions) == {"python", "pytest", "pytest-signalk-wasm", "wasmtime", "hypothesis"}
    assert len(found.requirements) == ALL
    written = rows(made)
    expected = {"LIFE-001": "pass", "LIFE-006": "not-applicable", "DELTA-001": "fail", "CAP-004": "warn"}
    assert {i: written[i].outcome for i in expected} == expected
    others = {row.outcome: row.reason for i, row in written.items() if i not in expected}
    assert others == {Outcome.NOT_RUN: "it was not selected in this run"}
    failing = written["DELTA-001"]
    assert failing.checks == ("wat-plugin::DELTA::DELTA-001",)
    assert failing.reason == "delta number 5 that it emitted: it is not JSON: Expecting value at character 0"
    assert failing.case[-1] == "it emitted speed=3.85"
    assert failing.again == "pytest --wasm-plugin=made wat-plugin::DELTA::DELTA-001"
    assert failing.mend
    assert failing.log
    assert written["LIFE-006"].reason == "the plugin exports no poll"


@pytest.mark.parametrize(("args", "seed"), [([], "random"), (["--hypothesis-seed=7"], 7)])
def test_the_seed(made, args, seed):
    result = made.run_apart("--wasm-plugin=made", REPORT, "-k", "LIFE-001", *args)
    assert result.ret == 0
    assert reports(made)[0].seed["hypothesis"] == seed


def test_a_seed_that_ci_has_fixed(made, monkeypatch):
    """Where Hypothesis believes to be on a CI machine, it takes no seed."""
    monkeypatch.setenv("CI", "true")
    made.run_apart("--wasm-plugin=made", REPORT, "-k", "LIFE-001")
    assert reports(made)[0].seed["hypothesis"] == "derandomized"


@pytest.mark.long
def test_the_same_run_gives_the_same_bytes(made):
    first = (judge(made), contents(made))[1]
    assert (judge(made), contents(made))[1] == first
    assert (judge(made, "-n", "2"), contents(made))[1] == first
    assert (judge(made, "-p", "no:cacheprovider", "-v"), contents(made))[1] == first


def test_several_plugins(project):
    write_package(project.path / "one", name="one")
    write_package(project.path / "two", TRAPPING, name="two")
    project.run("--wasm-plugin=one", "--wasm-plugin=two", REPORT, "-k", "LIFE-001 or STATUS-001")
    found = reports(project)
    assert [report.subject.name for report in found] == ["one", "two"]
    assert set(json.loads((project.path / "out" / "report.json").read_text())) == {"reports"}
    status = next(row for row in found[1].requirements if row.id == "STATUS-001")
    assert status.cascade
    assert "--wasm-config" in status.mend


def test_several_profiles(made):
    judge(made, "--wasm-profile=all", k="DELTA-001")
    found = reports(made)
    assert [(report.subject.name, report.profile) for report in found] == [
        ("wat-plugin", "documented"),
        ("wat-plugin", "signalk-server-2.32"),
    ]
    failing = [row for report in found for row in report.requirements if row.outcome is Outcome.FAIL]
    assert [row.checks[0] for row in failing] == [
        "wat-plugin::DELTA::DELTA-001",
        "wat-plugin@signalk-server-2.32::DELTA::DELTA-001",
    ]
    assert failing[1].again == (
        "pytest --wasm-plugin=made --wasm-profile=signalk-server-2.32 wat-plugin@signalk-server-2.32::DELTA::DELTA-001"
    )


def test_with_a_baseline(project):
    write_package(project.path / "made", NO_DELTA)
    lines = [
        f'[[known]]\nplugin = "wat-plugin"\nreason = "noisy"\nrequirement = "{i}"' for i in ("DELTA-001", "LIFE-001")
    ]
    (project.path / "known.toml").write_text("\n".join(lines))
    assert judge(project, "--wasm-baseline=known.toml").ret == 1
    found = rows(project)
    assert (found["DELTA-001"].outcome, found["DELTA-001"].known) == (Outcome.KNOWN, "noisy")
    assert found["DELTA-001"].reason.startswith("delta number 5")
    assert found["LIFE-001"].outcome is Outcome.STALE
    assert "known.toml lists it" in found["LIFE-001"].reason


def test_ini_is_relative_to_the_ini_file_and_the_command_line_wins(made):
    folder = made.path / "settings"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nwasm_plugin = ../made\nwasm_report = found/here")
    made.run("-c", "settings/pytest.ini", "-k", "LIFE-001")
    assert (folder / "found" / "here" / "report.json").exists()
    made.run("-c", "settings/pytest.ini", "-k", "LIFE-001", REPORT)
    assert (made.path / "out" / "report.json").exists()


def test_own_tests_are_left_out(made):
    made.pytester.makepyfile("def test_own(): raise AssertionError")
    judge(made, k="LIFE-001 or test_own")
    assert "test_own" not in (made.path / "out" / "report.json").read_text()


def test_beside_folders_with_hooks_of_their_own(made):
    """For an item outside such a folder pytest leaves its hooks out, and compares plugins to do so."""
    folder = made.path / "deep"
    folder.mkdir()
    (folder / "conftest.py").write_text("def pytest_runtest_setup(item): pass")
    (folder / "test_own.py").write_text("def test_own(): pass")
    result = judge(made, ".", k="LIFE-001 or test_own")
    assert made.counts(result) == {"passed": 2}
    assert rows(made)["LIFE-001"].outcome is Outcome.PASS


def test_only_collecting_leaves_an_earlier_report(made):
    judge(made)
    before = contents(made)
    judge(made, "--collect-only")
    assert contents(made) == before


def test_nothing_that_a_plugin_says_breaks_it(project):
    nasty = "\x1b]0;x\x07</script><script>alert(1)</script>\"'|`\n# Forged @you https://evil.example"
    write_package(project.path / "made", Honest(end=emit(nasty)), name=f"n{nasty}", version=nasty)
    judge(project)
    shown = contents(project)
    for text in shown.values():
        assert b"\x1b" not in text
    assert b"<script>alert" not in shown["report.html"] + shown["summary.md"]
    assert b"alert" not in shown["badge.json"]
    assert b"\n# Forged" not in shown["summary.md"]
    assert b"@you" not in shown["summary.md"]


# Runs that do not come to their end


def interrupted(made, hook, *args):
    """Run every LIFE requirement in a process of its own, with a hook that ends it at the fourth."""
    made.pytester.makeconftest(f"import os, signal, pytest\n\n{hook}")
    return made.run_apart("--wasm-plugin=made", REPORT, "-k", "LIFE", *args)


KILL = """
def pytest_runtest_logreport(report):
    if report.nodeid.endswith("LIFE-004") and report.when == "call":
        os.kill(os.getpid(), signal.SIGKILL)
"""
INTERRUPT = """
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.nodeid.endswith("LIFE-004"):
        raise KeyboardInterrupt
"""


def test_a_run_that_is_killed_loses_nothing(made):
    """No hook runs after SIGKILL: what is there was there before."""
    judge(made)
    result = interrupted(made, KILL)
    assert result.ret == -signal.SIGKILL
    assert set(contents(made)) == {JOURNAL}, "an earlier run's verdict is no verdict on this one"
    found = rows(made)
    judged = {i for i, row in found.items() if row.outcome is not Outcome.NOT_RUN}
    assert judged == {"LIFE-001", "LIFE-002", "LIFE-003", "LIFE-004"}
    assert found["LIFE-005"].reason == "the run ended before it was judged"
    assert found["DELTA-001"].reason == "it was not selected in this run"


@pytest.mark.parametrize(
    ("hook", "args"),
    [
        (INTERRUPT, []),
        pytest.param("", ["--maxfail=1", "-k", "LIFE or DELTA", "-p", "no:randomly"], marks=pytest.mark.long),
    ],
)
def test_a_run_that_is_stopped_says_what_is_missing(made, hook, args):
    interrupted(made, hook, *args)
    assert set(contents(made)) == set(FILES)
    found = rows(made)
    missed = [i for i, row in found.items() if row.reason == "the run ended before it was judged"]
    assert missed
    assert found["LIFE-001"].outcome is Outcome.PASS
    assert json.loads(contents(made)["badge.json"])["color"] in {"lightgrey", "red"}


CRASH = """
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if item.nodeid.endswith("LIFE-004"):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.long
def test_a_process_that_ends_costs_one_result(made):
    result = interrupted(made, CRASH, "-n", "2", "-p", "no:cacheprovider")
    assert result.ret == 1
    found = rows(made)
    bad = {i: row for i, row in found.items() if i.startswith("LIFE") and row.outcome is Outcome.FAIL}
    assert set(bad) == {"LIFE-004"}
    assert bad["LIFE-004"].reason.startswith("could not be judged: worker 'gw")
    assert not [row for i, row in found.items() if i.startswith("LIFE") and row.outcome is Outcome.NOT_RUN]


def test_a_fault_of_the_harness_is_no_pass(made, monkeypatch):
    def broken(*_):
        raise RuntimeError("the harness is broken\nand how")

    monkeypatch.setattr("pytest_plugin.selected.judge", broken)
    judge(made)
    row = rows(made)["LIFE-001"]
    assert (row.outcome, row.reason) == (Outcome.FAIL, "could not be judged: RuntimeError: the harness is broken")
    assert "fault of the harness" in row.mend


# What cannot be used


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("made/package.json", "is no folder: a file is in its place."),
        ("made/package.json/deep", "is no folder: a file is in its place."),
        ("nowhere", "is no folder: a file is in its place."),
        ("/proc/none", "cannot be written to: No such file or directory."),
        ("/proc/self/fdinfo", "cannot be written to: "),
        ("x" * 300, "cannot be written to: File name too long."),
    ],
)
def test_a_folder_that_cannot_be_used(made, folder, reason):
    (made.path / "nowhere").symlink_to("no such folder")
    said = made.refused("--wasm-plugin=made", f"--wasm-report={folder}")
    assert said.startswith(f"--wasm-report={folder}: {made.path / folder} {reason}")


def test_a_folder_of_the_ini_file(made):
    made.pytester.makeini("[pytest]\nwasm_plugin = made\nwasm_report = made/package.json")
    assert made.refused().startswith("wasm_report=made/package.json: ")


def test_no_plugin(project):
    assert project.refused(REPORT) == "--wasm-report: no plugin is judged in this run. Add --wasm-plugin=PATH."
    project.pytester.makeini("[pytest]\nwasm_report = out")
    project.pytester.makepyfile("def test_own(): pass")
    assert project.run().ret == 0
    assert not (project.path / "out").exists()


def full(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_disk_that_is_full_at_the_end(made, monkeypatch):
    """A run is no success without the report that was asked for; what was judged is not lost."""
    write_package(made.path / "made", WARNED)
    with monkeypatch.context() as patch:
        patch.setattr("pytest_plugin.reporting.write", full)
        result = judge(made, k="LIFE-001")
    assert result.ret == 1
    assert made.counts(result) == {"passed": 1}
    result.stdout.fnmatch_lines([f"wasm-report: {made.path / 'out'} cannot be written to: No space left on device."])
    assert rows(made)["LIFE-001"].outcome is Outcome.PASS


def test_a_disk_that_is_full_for_a_while(made, monkeypatch):
    """The run goes on without its journal, and has all results when it ends."""
    written = Run._write
    with monkeypatch.context() as patch:
        patch.setattr(Run, "_write", lambda run, line: (full if "set" in line else written)(run, line))
        result = judge(made, k="LIFE-001")
    assert result.ret == 0
    assert rows(made)["LIFE-001"].outcome is Outcome.PASS


def test_in_several_processes_it_is_refused_once(made):
    made.refused("--wasm-plugin=made", "--wasm-report=made/package.json", "-n", "2", apart=True)


def test_merged_again_it_is_the_same(made):
    judge(made)
    (found,) = reports(made)
    assert replace(found) == found
    assert json.loads((made.path / "out" / "report.json").read_text()) == document([found])
