"""The reference host as signalk-server 2.32: what it can do there, and when a plugin is enabled."""

from __future__ import annotations

import pytest

import corpus
from conformance.drivers.features import FEATURES
from conformance.drivers.reference import RefhostDriver
from refhost.package import read_package
from refhost.profiles import DOCUMENTED, SIGNALK_SERVER_2_32


@pytest.fixture
def package():
    return read_package(corpus.plugin("hello-rust"))


def found_enabled(session) -> bool:
    return session._plugin.is_enabled


@pytest.mark.parametrize("profile", [DOCUMENTED, SIGNALK_SERVER_2_32], ids=lambda profile: profile.name)
def test_a_profile_that_loads_no_components_does_not_say_that_it_runs_them(profile):
    driver = RefhostDriver(profile=profile)
    lacking = {"dialect-component"} if profile is SIGNALK_SERVER_2_32 else set()
    assert set(FEATURES) - driver.features == lacking
    with driver.host() as host:
        assert host.features == driver.features
    assert RefhostDriver.features == frozenset(FEATURES)


def test_a_judged_plugin_is_found_enabled(package):
    """Ruling R77."""
    driver = RefhostDriver(profile=SIGNALK_SERVER_2_32)
    with driver.session(package) as session:
        assert found_enabled(session)
        session.reload()
        assert found_enabled(session)


def test_what_a_host_is_told_to_load_is_enabled_when_it_is_started(package):
    driver = RefhostDriver(profile=SIGNALK_SERVER_2_32)
    with driver.host() as host:
        session = host.load(package)
        assert not found_enabled(session)
        session.start({})
        assert found_enabled(session)
        session.stop()
        session.reload()
        assert not found_enabled(session)
