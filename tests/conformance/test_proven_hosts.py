"""Every requirement of hosts is broken by a host with a fault, and every fault breaks a requirement."""

import proven_hosts
import pytest
from faults import FAULTS, FaultyDriver

from conformance.host_catalogue import host_requirement
from conformance.host_judge import judge_host

TABLE = proven_hosts.table()
AGAIN = "run: python tests/helpers/proven_hosts.py"


def test_every_requirement_has_a_fault_that_breaks_it():
    assert [one for one in proven_hosts.REQUIREMENTS if not TABLE.get(one)] == [], AGAIN
    assert set(TABLE) == set(proven_hosts.REQUIREMENTS), AGAIN


def test_every_fault_breaks_a_requirement():
    assert {fault for faults in TABLE.values() for fault in faults} == set(FAULTS), AGAIN


def test_the_table_is_as_it_is_written():
    assert proven_hosts.FILE.read_text("utf-8") == proven_hosts.text(TABLE), AGAIN


@pytest.mark.long  # a host for each of 500 faults
@pytest.mark.parametrize(
    ("requirement", "fault"),
    [pytest.param(one, fault, id=f"{one} {fault}") for one, faults in TABLE.items() for fault in faults],
)
def test_a_host_with_the_fault_breaks_the_requirement(requirement, fault):
    verdict = judge_host(host_requirement(requirement), FaultyDriver(fault))
    assert proven_hosts.is_broken(verdict), f"{verdict.outcome}: {verdict.reason}"
    assert verdict.reason
