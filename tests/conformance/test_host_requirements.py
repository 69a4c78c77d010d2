"""The host suite on the reference host: every requirement has a check, and each that applies holds."""

import pytest

from conformance.drivers.reference import RefhostDriver
from conformance.host_catalogue import host_catalogue
from conformance.host_checks.registry import HOST_CHECKS
from conformance.host_judge import judge_host
from conformance.verdict import Outcome

REQUIREMENTS = [requirement for group in host_catalogue() for requirement in group.requirements]


def test_ids_are_unique_and_many():
    ids = [requirement.id for requirement in REQUIREMENTS]
    assert len(ids) == len(set(ids)) >= 150


@pytest.mark.long  # `pytest --wasm-host=refhost` is the same in a report
@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.id)
def test_the_reference_host_keeps_it(requirement):
    assert HOST_CHECKS[requirement.id]
    verdict = judge_host(requirement, RefhostDriver())
    assert verdict.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE), verdict.reason
    if verdict.outcome is Outcome.NOT_APPLICABLE:
        assert verdict.reason
