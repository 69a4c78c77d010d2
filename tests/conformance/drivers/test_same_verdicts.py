"""The reference host is judged in the same way in this process and behind the protocol."""

import shlex
import sys
from pathlib import Path

import hanging_host
import pytest
from mutants import MUTANTS

import corpus
from conformance.catalogue import catalogue, requirement
from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.process import Bounds
from conformance.drivers.reference import RefhostDriver
from conformance.host_catalogue import host_catalogue
from conformance.host_judge import judge_host
from conformance.judge import judge
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.package import read_package

REQUIREMENTS = [entry for group in catalogue() for entry in group.requirements]
# What takes many thousands of requests, and shows nothing more of the protocol.
SLOW = {"LOAD-008", "CONF-004", "CONF-006", "CONF-008", "DELTA-015", "DELTA-016", "DELTA-019", "VFS-004", "VFS-009"}
SLOW |= {"LIFE-013", "CONF-013", "CONF-014", "DELTA-020", "DELTA-021", "DELTA-022"}
# One for every part of the protocol that a plugin is judged by.
CHOSEN = [
    "LOAD-002",
    "LOAD-006",
    "META-001",
    "META-002",
    "META-003",
    "LIFE-003",
    "LIFE-006",
    "CONF-005",
    "STATUS-001",
    "DELTA-001",
    "DELTA-014",
    "MODEL-001",
    "PUT-001",
    "HTTP-001",
    "RES-001",
    "STREAM-001",
    "SOCK-001",
    "FETCH-001",
    "CAP-010",
    "VFS-001",
    "VFS-007",
]


def seen(verdict):
    return verdict.outcome, verdict.reason, verdict.case, verdict.log


def test_hello_c(served):
    package = read_package(corpus.plugin("hello-c"))
    here, there = Subject(package, driver=RefhostDriver()), Subject(package, driver=served)
    judged = [entry for entry in REQUIREMENTS if entry.id not in SLOW]
    different = {
        entry.id: (first, second)
        for entry in judged
        if (first := seen(judge(entry, here))) != (second := seen(judge(entry, there)))
    }
    assert different == {}


@pytest.mark.long  # the same verdict, in this process and over the protocol
@pytest.mark.parametrize("name", [name for name in CHOSEN if name in MUTANTS])
def test_a_mutant(served, name):
    subject = MUTANTS[name].subject()
    here, there = judge(requirement(name), subject), judge(requirement(name), Subject(subject.package, driver=served))
    assert here.outcome in {Outcome.FAIL, Outcome.WARN}
    assert seen(here) == seen(there)


@pytest.mark.long  # the same verdict, in this process and over the protocol
@pytest.mark.parametrize("group", [group.name for group in host_catalogue()])
def test_a_requirement_of_hosts(served, group):
    """The first of each group."""
    first = next(entry.requirements[0] for entry in host_catalogue() if entry.name == group)
    assert seen(judge_host(first, served)) == seen(judge_host(first, RefhostDriver()))


def test_every_chosen_one_is_there():
    assert [name for name in CHOSEN if name not in MUTANTS] == []


@pytest.mark.long
def test_a_host_that_hangs_fails_what_hung_and_nothing_else():
    words = [sys.executable, hanging_host.__file__, "start_with"]
    driver = ExecDriver(f"exec:{shlex.join(words)}", bounds=Bounds(seconds=5))
    package = read_package(Path(corpus.plugin("hello-c")))
    here, there = Subject(package, driver=RefhostDriver()), Subject(package, driver=driver)
    judged = [requirement(i) for i in ("LIFE-002", "CONF-005", "LIFE-003", "LIFE-008")]
    verdicts = [judge(entry, there) for entry in judged]
    hung = "could not be judged: The host did not reply to start_with within 5 s, and was killed."
    assert [verdict.reason for verdict in verdicts] == ["", hung, "", ""]
    expected = [judge(entry, here).outcome for entry in judged]
    expected[1] = Outcome.FAIL
    assert [verdict.outcome for verdict in verdicts] == expected
    driver.close()
