"""Every check has been seen to pass, on an honest plugin, and to fail, on one with a single fault."""

import functools

import assemblyscript
import component
import pytest
from honest import Honest
from mutants import MUTANTS, components

import conformance.trial
import corpus
from conformance.catalogue import catalogue, requirement
from conformance.judge import judge
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.package import read_package

IDS = [entry.id for group in catalogue() for entry in group.requirements]
MUSTS = [i for i in IDS if requirement(i).level == "MUST"]

# What takes long, and is judged only with the mutants that are about it.
SLOW = {"CONF-004", "CONF-006", "CONF-008", "DELTA-015", "DELTA-016", "DELTA-019", "VFS-004"}

FILES = {f"VFS-00{number}" for number in range(1, 9)}
MODEL = {f"MODEL-00{number}" for number in range(1, 5)}
HANDLER = {f"DELTA-0{number}" for number in range(14, 20)}
EMISSION = {f"DELTA-{number:03}" for number in range(1, 13)}
POLL = {"LIFE-006", "LIFE-007"}
SAVES = {"CONF-011"}
NOTIFIES = {"DELTA-011"}
ENDPOINTS = {"CAP-005"}
ONLY_BUFFER = {"LOAD-007", "META-003"}
ONLY_CORE = {"LOAD-008", "DELTA-013", "CAP-005", "CAP-006", "CAP-007", "CAP-010"}

# What says nothing about plugins that are smaller than the honest one, or of another dialect.
NOT_APPLICABLE = {
    "assemblyscript": ONLY_BUFFER | POLL | SAVES | NOTIFIES | MODEL | ENDPOINTS | FILES,
    "component": ONLY_BUFFER | ONLY_CORE | POLL | SAVES | EMISSION | MODEL | HANDLER | FILES,
    "hello-assemblyscript": ONLY_BUFFER | POLL | SAVES | NOTIFIES | MODEL | ENDPOINTS,
    "hello-c": POLL | SAVES | NOTIFIES | MODEL | ENDPOINTS,
    "hello-component": ONLY_BUFFER | ONLY_CORE | POLL | SAVES | NOTIFIES | MODEL,
    "hello-rust": POLL | SAVES | NOTIFIES | MODEL | ENDPOINTS,
}
every_requirement = pytest.mark.parametrize("requirement_id", IDS)
every_mutant = pytest.mark.parametrize("name", MUTANTS)


@functools.cache
def honest():
    return Subject(Honest().package())


def another(name):
    """One of the other plugins that break nothing."""
    if name == "assemblyscript":
        return assemblyscript.package()
    if name == "component":
        return component.package(component.binary())
    return read_package(corpus.plugin(name))


def broken(name):
    """The requirement that a mutant is about."""
    return requirement(name.partition(" ")[0])


def assert_breaks(name, mutant):
    verdict = judge(broken(name), mutant.subject())
    assert mutant.match in verdict.reason
    assert verdict.outcome is (Outcome.FAIL if broken(name).level == "MUST" else Outcome.WARN)
    assert not verdict.reason.startswith("could not be judged")
    assert verdict.mend


@pytest.fixture(autouse=True)
def impatient(request, monkeypatch):
    """A mutant that hangs costs one call limit: its own small one."""
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    if name in MUTANTS:
        limit = min(conformance.trial.CALL_SECONDS, MUTANTS[name].limits.call_seconds)
        monkeypatch.setattr(conformance.trial, "CALL_SECONDS", limit)


def test_every_requirement_has_a_mutant():
    assert {name.partition(" ")[0] for name in MUTANTS} == set(IDS)


@every_requirement
def test_the_honest_plugin_passes(requirement_id):
    # Every single one applies to it, so every check has been seen to pass.
    verdict = judge(requirement(requirement_id), honest())
    assert (verdict.outcome, verdict.reason) == (Outcome.PASS, "")


@pytest.mark.parametrize("name", list(NOT_APPLICABLE))
def test_other_honest_plugins_break_nothing(name):
    subject = Subject(another(name))
    verdicts = {i: judge(requirement(i), subject) for i in IDS}
    bad = {i: v.reason for i, v in verdicts.items() if v.outcome in {Outcome.FAIL, Outcome.WARN}}
    assert bad == {}
    passed_over = {i: v.reason for i, v in verdicts.items() if v.outcome is Outcome.NOT_APPLICABLE}
    assert set(passed_over) == NOT_APPLICABLE[name]
    assert all(passed_over.values())


@every_mutant
def test_a_mutant_breaks_its_requirement(name):
    assert_breaks(name, MUTANTS[name])


@pytest.mark.parametrize("name", components.EMITTING)
def test_a_component_breaks_its_requirement(name):
    assert_breaks(name, components.EMITTING[name])


def test_a_component_that_emits_breaks_nothing():
    subject = Subject(component.package(component.binary(value="1")))
    verdicts = [judge(requirement(i), subject) for i in IDS]
    assert [v.reason for v in verdicts if v.outcome in {Outcome.FAIL, Outcome.WARN}] == []


@pytest.mark.parametrize("name", [i for i in IDS if not MUTANTS[i].slow])
def test_a_mutant_breaks_little_else(name):
    mutant, subject = MUTANTS[name], MUTANTS[name].subject()
    others = [i for i in MUSTS if i not in SLOW and i != broken(name).id]
    failing = [i for i in others if judge(requirement(i), subject).outcome is Outcome.FAIL]
    print(name, "also breaks", *failing or ["nothing"])  # noqa: T201 - pytest -s lists them all
    if mutant.fatal:
        assert len(failing) > 3, f"it needs no exception: {mutant.fatal}"
    else:
        assert len(failing) <= 3
