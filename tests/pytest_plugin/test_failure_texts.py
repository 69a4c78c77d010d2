"""What an author reads of each requirement that a plugin breaks: a person has read every text, and here it stays so."""

import re
import tempfile
from dataclasses import replace

import pytest
from hypothesis import settings
from mutants import MUTANTS

import conformance.properties
import conformance.trial
from conformance.catalogue import catalogue
from conformance.judge import judge
from conformance.verdict import Outcome
from pytest_plugin.report_text import failure_text

REQUIREMENTS = {entry.id: entry for group in catalogue() for entry in group.requirements}
PATH = re.compile(rf"{re.escape(tempfile.gettempdir())}/\S*?(?=/[\w.-]+'|['\s]|$)")


@pytest.fixture(autouse=True)
def same_text_everywhere(request, monkeypatch):
    """However fast the machine is: what is looked for is the same, and shrunk until it cannot be shrunk any more."""
    monkeypatch.setattr(conformance.properties, "SEARCH_SECONDS", 600)
    monkeypatch.setattr(conformance.properties, "SHRINK_SECONDS", 600)
    limits = MUTANTS[request.getfixturevalue("name")].limits
    monkeypatch.setattr(conformance.trial, "CALL_SECONDS", min(conformance.trial.CALL_SECONDS, limits.call_seconds))
    mine = settings._current_profile
    settings.register_profile("same", parent=settings.get_profile("default"), derandomize=True, database=None)
    settings.load_profile("same")
    yield
    settings.load_profile(mine)


def shown(verdict):
    """Every word of it, without the places of this machine."""
    reason = PATH.sub("<folder>", verdict.reason)
    command = f"pytest --wasm-plugin=mutant mutant::{verdict.requirement.group}::{verdict.requirement.id}"
    return failure_text(replace(verdict, reason=reason), command)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_text(name, snapshot):
    requirement = REQUIREMENTS[name]
    verdict = judge(requirement, MUTANTS[name].subject())
    assert verdict.outcome is (Outcome.FAIL if requirement.level == "MUST" else Outcome.WARN)
    assert shown(verdict) == snapshot
