"""The profile `signalk-server-2.32` against the server that it stands for: one plugin does the same in both."""

import pytest

import corpus
from conformance.catalogues import any_requirement, pair_catalogue
from conformance.differential import judge_pair
from conformance.drivers import named
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.signalk_server.install import install
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.package import read_package
from refhost.profiles import profile_of

pytestmark = pytest.mark.npm


@pytest.fixture(scope="module")
def server():
    install()
    driver = named.driver("signalk-server")
    yield driver
    driver.close()


@pytest.mark.parametrize("name", [entry.id for group in pair_catalogue() for entry in group.requirements])
def test_it_does_what_the_server_does(server, name):
    package = read_package(corpus.plugin("hello-rust"))
    profile = RefhostDriver(profile=profile_of("signalk-server-2.32"))
    found = judge_pair(any_requirement(name), Subject(package, driver=profile), server)
    assert (found.outcome, found.reason) == (Outcome.PASS, "")


def test_the_contract_is_something_else(server):
    """So what is the same is not the same because nothing is looked at: as the contract has it, plugins have files."""
    package = read_package(corpus.plugin("hello-rust"))
    found = judge_pair(any_requirement("SAME-001"), Subject(package, driver=RefhostDriver()), server)
    assert found.reason.startswith(
        "after `start it` the hosts differ:\nstatus: 'Started, run 1' on refhost, '' on signalk-"
    )
