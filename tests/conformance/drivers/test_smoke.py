"""The smoke level: step by step, and whose fault it is."""

import shlex
import sys

import faulty_driver
import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.process import Bounds
from conformance.drivers.smoke import STEPS, Outcome, walk

OK, MISSING = Outcome.OK, Outcome.MISSING
DRIVER, HOST, NOT_REACHED = Outcome.DRIVER, Outcome.HOST, Outcome.NOT_REACHED


def command(fault):
    return f"exec:{shlex.join([sys.executable, '-I', '-S', faulty_driver.__file__, fault])}"


def outcomes(fault):
    seconds = 2.0 if fault in {"hangs", "silent"} else 20.0
    return walk(ExecDriver(command(fault), bounds=Bounds(seconds=seconds, hello_seconds=seconds)))


def test_the_reference_host():
    result = CliRunner().invoke(main, ["smoke", f"exec:{sys.executable} -m conformance.drivers.serve"])
    assert result.exit_code == 0
    assert [line.split()[:2] for line in result.output.splitlines() if not line.startswith(" ")] == [
        [step, "ok"] for step in STEPS
    ]
    assert "told: the plugin's answer to it, smoke.heard" in result.output


@pytest.mark.parametrize(
    ("fault", "expected", "text"),
    [
        pytest.param("silent", [DRIVER, *[NOT_REACHED] * 6], "did not reply to hello", marks=pytest.mark.long),
        ("version", [DRIVER, *[NOT_REACHED] * 6], "speaks version 2"),
        ("shape", [OK, OK, DRIVER, *[NOT_REACHED] * 4], "result.state: 'runing' is not one of"),
        ("crash", [OK, OK, HOST, *[NOT_REACHED] * 4], "was ended by SIGABRT in the middle of start"),
        pytest.param(
            "hangs", [OK, OK, HOST, *[NOT_REACHED] * 4], "did not reply to start within 2 s", marks=pytest.mark.long
        ),
        ("unsupported", [OK, OK, DRIVER, *[NOT_REACHED] * 4], "every driver has it"),
        # It says that it does everything, tells of nothing, and forgets nothing.
        ("none", [OK, OK, MISSING, MISSING, MISSING, DRIVER, OK], "it ended"),
        (
            "reset",
            [OK, OK, MISSING, MISSING, MISSING, HOST, NOT_REACHED],
            "was ended by SIGABRT in the middle of reset",
        ),
        ("stays", [OK, OK, MISSING, MISSING, MISSING, DRIVER, DRIVER], "did not end within"),
    ],
)
def test_whose_fault_it_is(fault, expected, text, monkeypatch):
    monkeypatch.setattr("conformance.drivers.conversation._ENDING_SECONDS", 0.2)
    steps = outcomes(fault)
    assert [step.outcome for step in steps] == expected
    last = [step for step in steps if step.outcome is not NOT_REACHED][-1]
    assert text in str(last)


def test_what_never_came_is_named():
    start = str(outcomes("none")[STEPS.index("start")]).splitlines()
    assert start[0] == "start     MISSING       it is running"
    assert "not told: its first delta, smoke.started: either the host does not do it" in start[3]
    assert start[3].endswith("(event delta)")


def test_every_line_can_be_seen():
    result = CliRunner().invoke(main, ["smoke", "--lines", command("bytes")])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == '> {"id":1,"method":"hello","params":{"protocol":1,"seed":0}}'
    assert "< \ufffd\ufffd\\x1b[31m" in lines  # what acts on a terminal is escaped


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("refhost", "'refhost' is no host with a driver: write exec: and the command that starts it."),
        ("exec:", "exec: is followed by the command that starts a driver."),
    ],
)
def test_what_is_no_driver_is_a_usage_error(host, message):
    result = CliRunner().invoke(main, ["smoke", host])
    assert result.exit_code == 2
    assert message in result.output
