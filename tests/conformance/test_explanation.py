"""`explain`: a requirement in all its words."""

import pytest

from conformance.catalogue import catalogue
from conformance.explanation import explanation
from refhost.errors import ConfigurationError

ALL = [requirement for group in catalogue() for requirement in group.requirements]
# Where authors go wrong most, and words alone do not show it.
WITH_EXAMPLES = 40


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: requirement.id)
def test_it_says_everything(requirement):
    text = " ".join(explanation(requirement.id).split())
    for words in (
        requirement.id,
        requirement.level,
        requirement.text,
        f"contract {requirement.section}",
        requirement.source,
        requirement.why,
        requirement.mend,
        requirement.example,
    ):
        assert " ".join(words.split()) in text
    if requirement.capability:
        assert f"that hold the capability {requirement.capability}" in text


def test_as_it_is_shown(snapshot):
    assert explanation("DELTA-003") == snapshot


@pytest.mark.parametrize("given", ["delta-003", " DELTA-003\n", "Delta-003"])
def test_capitals_do_not_matter(given):
    assert explanation(given) == explanation("DELTA-003")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("DETLA-003", "There is no requirement DETLA-003: did you mean DELTA-003?"),
        ("x", "There is no requirement X."),
        ("", "There is no requirement ."),
    ],
)
def test_an_unknown_one(given, message):
    with pytest.raises(ConfigurationError) as caught:
        explanation(given)
    assert caught.value.message == message
    assert "LOAD, META, " in caught.value.hint


def test_examples_where_authors_go_wrong():
    shown = [requirement for requirement in ALL if requirement.example]
    assert len(shown) >= WITH_EXAMPLES
    assert {requirement.group for requirement in shown} >= {"LOAD", "META", "DELTA", "CAP", "PUT", "HTTP"}
    for requirement in shown:
        assert "wrong" in requirement.example, requirement.id
        assert "right" in requirement.example, requirement.id
        assert max(map(len, requirement.example.splitlines())) <= 100, requirement.id
