"""kill -9 while a host is judged, of the run or of the host's driver: no verdict is lost, what is missing is said."""

import os
import select
import shlex
import signal
import sys
from contextlib import contextmanager

import pytest

from conformance.report.folder import FILES
from conformance.report.journal import JOURNAL
from conformance.report.reading import read
from conformance.verdict import Outcome

SERVE = shlex.join([sys.executable, "-m", "conformance.drivers.serve"])
# Each starts a plugin, none waits for anything.
SOME = [f"HLIFE-00{number}" for number in range(1, 7)]
MARKED = "HLIFE-003"
NEVER = "the run ended before it was judged"
SECONDS = 20

KILL_THE_RUN = f"""
def pytest_runtest_logreport(report):
    if report.nodeid.endswith("{MARKED}") and report.when == "call":
        os.kill(os.getpid(), signal.SIGKILL)
"""
# The driver is asked for one thing more, and is gone before it reads it; `WHEN` says in which items, and for what.
KILL_THE_DRIVER = """
from conformance.drivers.conversation import Conversation

item = ""
usual = Conversation.request

def pytest_runtest_logstart(nodeid):
    globals()["item"] = nodeid.rpartition("::")[2]

def request(self, method, /, **params):
    if WHEN(item, method) and self.broken is None:
        os.kill(self.process.pid, signal.SIGKILL)
    return usual(self, method, **params)

Conversation.request = request
"""


@contextmanager
def living(folder):
    """The command of a driver that holds a pipe open, and whether all that was started by it has ended, in time."""
    pipe = folder / "alive"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def ended():
        # Its end is ready to be read once nobody can write any more.
        return bool(select.select([reading], [], [], SECONDS)[0]) and os.read(reading, 1) == b""

    try:
        yield f"exec:sh -c {shlex.quote(f'exec 3>{shlex.quote(str(pipe))}; exec {SERVE}')}", ended
    finally:
        os.close(reading)


def judge(project, host, hook):
    project.pytester.makepyfile(killer=f"import os, signal\n\n{hook}")
    result = project.run_apart("-p", "killer", f"--wasm-host={host}", "--wasm-report=out", "-k", " or ".join(SOME))
    assert not [line for line in result.outlines + result.errlines if "Traceback" in line or "INTERNALERROR" in line]
    return result


def rows(project):
    (found,) = read(project.path / "out")
    others = {row.reason for row in found.requirements if row.id not in SOME}
    assert others == {"it was not selected in this run"}
    return {row.id: row for row in found.requirements if row.id in SOME}


@pytest.mark.parametrize("kind", ["refhost", "exec"])
def test_a_run_that_is_killed_loses_nothing(project, kind):
    with living(project.path) as (command, ended):
        result = judge(project, command if kind == "exec" else kind, KILL_THE_RUN)
        assert result.ret == -signal.SIGKILL
        assert kind == "refhost" or ended(), "the driver lives on"
    assert {path.name for path in (project.path / "out").iterdir()} == {JOURNAL}
    found = rows(project)
    before = SOME[: SOME.index(MARKED) + 1]
    assert {name for name, row in found.items() if row.outcome is Outcome.PASS} == set(before)
    assert {name: row.reason for name, row in found.items() if row.outcome is Outcome.NOT_RUN} == dict.fromkeys(
        set(SOME) - set(before), NEVER
    )


@pytest.mark.long
@pytest.mark.parametrize("method", ["load", "start", "reset"])
def test_a_driver_that_is_killed_costs_what_was_under_way(project, method):
    when = f'WHEN = lambda item, method: item == "{MARKED}" and method == "{method}"\n'
    result = judge(project, f"exec:{SERVE}", when + KILL_THE_DRIVER)
    found = rows(project)
    assert {path.name for path in (project.path / "out").iterdir()} == set(FILES)
    assert {name for name, row in found.items() if row.outcome is not Outcome.PASS} <= {MARKED}
    if method == "reset":  # all was judged, and the next one gets a process of its own
        assert (result.ret, found[MARKED].outcome) == (0, Outcome.PASS)
        return
    assert result.ret == 1
    assert project.counts(result) == {"passed": len(SOME) - 1, "failed": 1}
    assert found[MARKED].outcome is Outcome.FAIL
    assert found[MARKED].reason == (
        f"the host did not survive: The host was ended by SIGKILL in the middle of {method}."
    )


def test_a_driver_that_is_killed_whenever_it_starts(project):
    """As by a system without memory: each requirement that could not be judged is named, with the reason."""
    begins = f'WHEN = lambda item, method: item >= "{MARKED}"\n'
    result = judge(project, f"exec:{SERVE}", begins + KILL_THE_DRIVER)
    assert result.ret == 1
    found = rows(project)
    for name, row in found.items():
        if name < MARKED:
            assert row.outcome is Outcome.PASS
        else:
            assert row.outcome is Outcome.FAIL
            assert "was ended by SIGKILL in the middle of " in row.reason
    for name in SOME[SOME.index(MARKED) + 1 :]:
        assert found[name].cascade, "the host is not to blame for what it was never asked"
    assert project.counts(result) == {"passed": 2, "failed": 1, "not judged": 3}
    told = [line for line in result.outlines if "The driver was ended by SIGKILL in the middle of hello." in line]
    assert told == ["3 not judged, and so failed: The driver was ended by SIGKILL in the middle of hello."]
