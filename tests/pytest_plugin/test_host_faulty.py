"""Drivers and hosts with a fault: one clear message each, and nothing lost of what was judged."""

import shlex
import sys

import faulty_driver
import pytest

from conformance.report.reading import read

# One that only loads a plugin, and two that start one; none that lets time pass, which would be waited for.
SOME = "HLINK-001 or HLIFE-002 or HLIFE-003"


def host(fault):
    return f"--wasm-host=exec:{shlex.join([sys.executable, '-I', '-S', faulty_driver.__file__, fault])}"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("conformance.drivers.process._ENDING_SECONDS", 0.2)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            "exits",
            "The driver ended with exit code 3 in the middle of hello. Its last words on standard error: ",
        ),
        ("version", "The driver speaks version 2 of the protocol, and this suite version 1."),
        ("refuses", "The driver refused hello: not today."),
        (
            "feature",
            "The driver's reply to hello is not as the protocol has it: result.features[0]: 'telepathy' ",
        ),
    ],
)
def test_one_that_does_not_say_who_it_is(project, fault, said):
    assert f": {said}" in project.refused(host(fault))


def test_a_silent_one(project):
    said = project.refused(host("silent"), "--wasm-host-seconds=0.3")
    assert "The driver did not reply to hello within 0.3 s, and was killed." in said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("rubbish", "The driver wrote a line that is no JSON object where its reply to start belongs: Listening on "),
        ("shape", "The driver's reply to start is not as the protocol has it: result.state: 'runing' is not one of "),
        ("event", "The driver told of an event that the protocol does not have: "),
    ],
)
def test_a_fault_of_the_driver_is_said_once(project, fault, said):
    result = project.run(host(fault), "-k", SOME, "-rN", "--tb=no", *(["-n", "2"] if fault == "rubbish" else []))
    assert result.ret == 1
    told = [line for line in result.outlines if said in line]
    assert len(told) == 1, told
    assert " not judged, and so failed: " in told[0]
    (mend,) = (line for line in result.outlines if line.startswith("        mend: "))
    assert "python -m conformance smoke exec:COMMAND --lines" in mend


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("crash", "the host did not survive: The host was ended by SIGABRT in the middle of start."),
        ("ends", "the host did not survive: The host ended with exit code 0 in the middle of start."),
        pytest.param(
            "hangs",
            "the host did not survive: The host did not reply to start within 1 s, and was killed.",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_host_that_dies_fails_what_was_asked_and_nothing_else(project, fault, said):
    result = project.run(host(fault), "-v", "-k", SOME, "--wasm-host-seconds=1", "--wasm-report=out")
    assert result.ret == 1
    assert project.counts(result)["failed"] >= 1
    assert said in " ".join(" ".join(line.split()) for line in result.outlines)
    (report,) = read(project.path / "out")
    rows = {row.id: row for row in report.requirements if row.id in SOME}
    assert "not-run" not in {str(row.outcome) for row in rows.values()}
    assert rows["HLIFE-002"].reason.startswith(said)
    # Each began with a process of its own: none says that the process before it was dead already.
    assert rows["HLIFE-003"].reason.startswith("the host did not survive: The host ")
    assert rows["HLINK-001"].reason == "a plugin that imports env.sk_teleport is loaded"
    assert "--wasm-host-seconds=1" in rows["HLIFE-002"].again


def test_a_liar_fails_by_what_it_does_not_do(project):
    """It takes every plugin and says that it runs; nothing runs."""
    result = project.run(host("none"), "-v", "-k", "HDELTA-001 or HLIFE-002")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["sham::HLIFE::HLIFE-002 *", "sham::HDELTA::HDELTA-001 *", "seen      *"])


def test_what_a_host_says_cannot_act_on_the_terminal(project):
    result = project.run(host("crash"), "-k", "HLIFE-002")
    assert not [line for line in result.outlines if "\x1b[31m" in line]
