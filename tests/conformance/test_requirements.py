"""Every check has been seen to pass, on an honest plugin, and to fail, on one with a single fault."""

import functools

import assemblyscript
import component
import pytest
from asking import Asking
from fetcher import Fetcher
from honest import Honest
from hypothesis import settings
from mutants import MUTANTS, components
from offering import Offering
from packaged import Packaged

import conformance.endurance
import conformance.properties
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
SLOW |= {"LIFE-013", "CONF-013", "CONF-014", "DELTA-020", "DELTA-021", "VFS-009", "VFS-010"}
SLOW |= {"PUT-003", "HTTP-006", "RES-005", "WX-003", "RADAR-004", "SOCK-001", "SOCK-006"}


def of(*groups):
    """The requirements of some groups."""
    return {i for i in IDS if requirement(i).group in groups}


FILES = of("VFS")
MODEL = {f"MODEL-00{number}" for number in range(1, 5)}
HANDLER = {f"DELTA-0{number}" for number in range(14, 23)}
EMISSION = {f"DELTA-{number:03}" for number in range(1, 13)} | {"DELTA-020", "LIFE-012"}
POLL = {"LIFE-006", "LIFE-007"}
SAVES = {"CONF-011"}
NOTIFIES = {"DELTA-011"} | of("NOTE")
ENDPOINTS = {"CAP-005"} | of("HTTP")
RAISES = {"NOTE-002", "NOTE-004"}
SILENT = EMISSION | NOTIFIES | {"DELTA-013", "CAP-010"}
NO_SETTINGS = {"META-005", "META-008", "CONF-012"}
PROVIDES = of("RES", "WX", "RADAR", "STREAM")
NETWORK = of("SOCK", "FETCH")
# What is about taking away what a plugin never had.
PROVIDERS = {"CAP-014", "CAP-015", "CAP-016"}
WITHDRAWN = {"CAP-011", "CAP-012", "CAP-013", "CAP-017", "CAP-019", "LIFE-011"} | PROVIDERS
OFFERS = of("PUT") | ENDPOINTS | PROVIDES | NETWORK | WITHDRAWN
ONLY_BUFFER = {"LOAD-007", "META-003"}
ONLY_CORE = {"LOAD-008", "DELTA-013", "CAP-005", "CAP-006", "CAP-007", "CAP-010"}

MISSES_NOTHING = {"CAP-018"}
FEW_WITHDRAWN = PROVIDERS | {"CAP-011", "CAP-017"}

# What says nothing about a plugin without a package, and about a package without icon, screenshots, pages, companions.
PACKAGE = {f"PKG-{number:03}" for number in range(1, 22)}
PLAIN_PACKAGE = {f"PKG-0{number}" for number in (10, 11, 12, 13, 15, 16, 19)}

# Of a component's memory a host sees nothing.
HELLO_COMPONENT = PLAIN_PACKAGE | ONLY_BUFFER | ONLY_CORE | POLL | SAVES | NOTIFIES | MODEL | OFFERS | {"DELTA-022"}

# What says nothing about plugins that are smaller than the honest one, or of another dialect.
NOT_APPLICABLE = {
    "anchor-watch-rust": PLAIN_PACKAGE - {"PKG-019"} | SAVES | RAISES | PROVIDES | NETWORK | FILES | FEW_WITHDRAWN,
    "assemblyscript": PACKAGE | ONLY_BUFFER | POLL | SAVES | NOTIFIES | MODEL | OFFERS | FILES | MISSES_NOTHING,
    "component": PACKAGE
    | ONLY_BUFFER
    | ONLY_CORE
    | POLL
    | SAVES
    | EMISSION
    | NOTIFIES
    | MODEL
    | OFFERS
    | HANDLER
    | FILES
    | MISSES_NOTHING,
    "fetcher": PACKAGE
    | ONLY_BUFFER
    | NO_SETTINGS
    | SAVES
    | SILENT
    | MODEL
    | HANDLER
    | FILES
    | MISSES_NOTHING
    | OFFERS - of("FETCH") - {"CAP-019"},
    "hello-assemblyscript": PLAIN_PACKAGE | ONLY_BUFFER | POLL | SAVES | NOTIFIES | MODEL | OFFERS,
    "hello-c": PLAIN_PACKAGE | POLL | SAVES | NOTIFIES | MODEL | OFFERS,
    "hello-component": HELLO_COMPONENT,
    "hello-component-rust": HELLO_COMPONENT,
    "hello-rust": PLAIN_PACKAGE | POLL | SAVES | NOTIFIES | MODEL | OFFERS,
    "instruments-c": PLAIN_PACKAGE - {"PKG-019"}
    | SAVES
    | NOTIFIES
    | ENDPOINTS
    | FILES
    | of("PUT", "RES", "FETCH")
    | {"CAP-012", "CAP-013", "CAP-014", "CAP-017"},
    "honest": PACKAGE | RAISES | PROVIDES | NETWORK | FEW_WITHDRAWN,
    "offering": PACKAGE | of("FETCH") | {"CAP-017"},
}
HONEST = {"honest": Honest, "offering": Offering, "fetcher": Fetcher}
OFFERED = {"CAP", "NOTE", "RES", "WX", "RADAR", "STREAM", "SOCK"}
every_requirement = pytest.mark.parametrize("requirement_id", IDS)
every_mutant = pytest.mark.parametrize("name", MUTANTS)


@functools.cache
def subject_of(kind):
    return Subject(kind().package())


def honest(requirement_id):
    """The honest plugin to which a requirement applies."""
    group = requirement(requirement_id).group
    if requirement_id == "CAP-017":
        return subject_of(Asking)
    return subject_of(Fetcher if group == "FETCH" else Offering if group in OFFERED else Packaged)


def another(name):
    """One of the other plugins that break nothing."""
    if name in HONEST:
        return HONEST[name]().package()
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
    """A mutant that hangs costs one call limit, its own small one; and nobody reads how small a counterexample is."""
    monkeypatch.setattr(conformance.properties, "SHRINK_SECONDS", 0.5)
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    if name in MUTANTS:
        limit = min(conformance.trial.CALL_SECONDS, MUTANTS[name].limits.call_seconds)
        monkeypatch.setattr(conformance.trial, "CALL_SECONDS", limit)


@pytest.fixture
def few_examples(monkeypatch):
    """Where every requirement is judged for every plugin: each of them looks for less."""
    monkeypatch.setattr(conformance.endurance, "DELTAS", 800)
    monkeypatch.setattr(conformance.endurance, "MEASURED", (100, 200, 400, 800))
    settings.register_profile("few", parent=settings.get_profile("tests"), max_examples=15)
    settings.load_profile("few")


def test_every_requirement_has_a_mutant():
    assert {name.partition(" ")[0] for name in MUTANTS} == set(IDS)


@every_requirement
def test_the_honest_plugin_passes(requirement_id):
    # Every single one applies to it, so every check has been seen to pass.
    verdict = judge(requirement(requirement_id), honest(requirement_id))
    assert (verdict.outcome, verdict.reason) == (Outcome.PASS, "")


@pytest.mark.long  # .ci/run judges each of them as a user would, too
@pytest.mark.parametrize("name", list(NOT_APPLICABLE))
def test_other_honest_plugins_break_nothing(name, few_examples):
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


def test_a_component_that_emits_breaks_nothing(few_examples):
    subject = Subject(component.package(component.binary(value="1")))
    verdicts = [judge(requirement(i), subject) for i in IDS]
    assert [v.reason for v in verdicts if v.outcome in {Outcome.FAIL, Outcome.WARN}] == []


@pytest.mark.long
@pytest.mark.parametrize("name", [i for i in IDS if not MUTANTS[i].slow])
def test_a_mutant_breaks_little_else(name, few_examples):
    mutant, subject = MUTANTS[name], MUTANTS[name].subject()
    others = [i for i in MUSTS if i not in SLOW and i != broken(name).id]
    failing = [i for i in others if judge(requirement(i), subject).outcome is Outcome.FAIL]
    print(name, "also breaks", *failing or ["nothing"])  # noqa: T201 - pytest -s lists them all
    if mutant.fatal:
        assert len(failing) > 3, f"it needs no exception: {mutant.fatal}"
    else:
        assert len(failing) <= 3
