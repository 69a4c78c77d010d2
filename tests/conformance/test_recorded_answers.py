"""Answers that were recorded, behind a driver: there for each session anew, and after those that a check programs."""

import pytest

import corpus
from conformance.drivers.reference import RefhostDriver
from refhost.package import read_package
from refhost.services.recording import rule

ASKED = "https://example.org/answer"


@pytest.fixture(scope="module")
def package():
    return read_package(corpus.plugin("fetch-assemblyscript"))


def test_each_session_uses_up_answers_of_its_own(package):
    driver = RefhostDriver(answers=[rule(ASKED, "hello", times=1)])
    for _ in range(2):
        with driver.session(package) as session:
            session.start({})
            assert [request.status for request in session.requests] == [200, 0]


def test_what_a_check_programs_comes_first(package):
    with RefhostDriver(answers=[rule("*", "hello")]).session(package) as session:
        session.respond(ASKED, status=0)
        session.start({})
        assert [request.status for request in session.requests] == [0, 200]
