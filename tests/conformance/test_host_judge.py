"""The judge of hosts: what does not apply or cannot be judged, hosts that are gone or say what nobody can read."""

from contextlib import contextmanager

import pytest

from conformance import host_judge
from conformance.drivers.faults import HostGone
from conformance.drivers.features import FEATURES, Unsupported
from conformance.drivers.reference import RefhostDriver
from conformance.host_catalogue import host_catalogue, host_requirement
from conformance.host_judge import judge_host
from conformance.host_mutants import MutantDriver
from conformance.verdict import NotApplicable, NotJudged, Outcome, Violation
from refhost.errors import ConfigurationError

REQUIREMENTS = [requirement for group in host_catalogue() for requirement in group.requirements]
MUST = host_requirement("HLIFE-001")


class Lacking(RefhostDriver):
    """A host that lacks features, and remembers what it was asked to be able to do."""

    def __init__(self, *lacking):
        super().__init__()
        self.features = RefhostDriver.features - set(lacking)
        self.asked = []

    @contextmanager
    def host(self, *, call_seconds=None, features=frozenset()):
        self.asked.append(features)
        with super().host(call_seconds=call_seconds, features=features) as home:
            yield home


@pytest.mark.parametrize("feature", ["dialect-component", "dialect-command", "fetch", "put"])
def test_what_a_host_lacks_does_not_apply_and_that_is_said(feature):
    needing = next(one for one in REQUIREMENTS if feature in one.features)
    driver = Lacking(feature)
    verdict = judge_host(needing, driver)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    what = FEATURES[feature]
    assert verdict.reason == f"the host refhost does not have the feature {feature}: {what[0].lower()}{what[1:]}"
    assert driver.asked == []


def test_a_host_of_assemblyscript_alone_is_judged_by_that():
    others = {f"dialect-{dialect}" for dialect in ("buffer", "command", "component")}
    driver = Lacking(*others)
    judged = [one for one in REQUIREMENTS if not others & set(one.features)]
    assert {one.group for one in judged} == {"HAS", "HFETCH", "HANY"}
    assert judge_host(host_requirement("HAS-001"), driver).outcome is Outcome.PASS


@pytest.mark.parametrize("requirement", ["HLIFE-001", "HWIT-025", "HHTTP-021"])
def test_the_driver_is_told_what_the_requirement_needs(requirement):
    driver = Lacking()
    judge_host(host_requirement(requirement), driver)
    assert set(driver.asked) == {frozenset(host_requirement(requirement).features)}


def test_every_requirement_names_features_that_there_are():
    assert {feature for one in REQUIREMENTS for feature in one.features} <= set(FEATURES)
    assert [one.id for one in REQUIREMENTS if not any(name.startswith("dialect-") for name in one.features)] == []


def judged(monkeypatch, error, requirement=MUST):
    """The verdict on a check that raises this."""

    def check(trial):
        with trial.host():
            raise error

    monkeypatch.setattr(host_judge, "HOST_CHECKS", {requirement.id: check})
    return judge_host(requirement, RefhostDriver())


def test_a_broken_requirement_fails(monkeypatch):
    verdict = judged(monkeypatch, Violation("it starts at load", mend="do not start it"))
    assert (verdict.outcome, verdict.reason, verdict.mend) == (Outcome.FAIL, "it starts at load", "do not start it")
    assert not verdict.cascade


@pytest.mark.parametrize("error", [NotApplicable("it has no poll"), Unsupported("put", "refhost")])
def test_a_check_may_find_that_it_does_not_apply(monkeypatch, error):
    verdict = judged(monkeypatch, error)
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, str(error))


def test_a_host_that_is_gone_breaks_the_requirement(monkeypatch):
    verdict = judged(monkeypatch, HostGone("The process has ended."))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == "the host did not survive: The process has ended."
    assert not verdict.cascade


@pytest.mark.parametrize("error", [KeyError("timestamp"), ValueError("no JSON"), TypeError("a list"), IndexError("1")])
def test_what_cannot_be_read_breaks_the_requirement(monkeypatch, error):
    verdict = judged(monkeypatch, error)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == f"what the host did, or showed, has not the form that it must have: {error!r}"
    assert verdict.mend == MUST.mend


@pytest.mark.parametrize("error", [NotJudged("the probe does not run"), ConfigurationError("no such thing")])
def test_what_cannot_be_judged_counts_as_failed(monkeypatch, error):
    verdict = judged(monkeypatch, error)
    assert (verdict.outcome, verdict.cascade) == (Outcome.FAIL, True)
    assert verdict.reason == f"could not be judged: {error}"


def test_a_fault_is_there_only_while_its_host_is():
    faulty = MutantDriver("starts at load")
    assert judge_host(MUST, faulty).outcome is Outcome.FAIL
    assert judge_host(MUST, RefhostDriver()).outcome is Outcome.PASS
