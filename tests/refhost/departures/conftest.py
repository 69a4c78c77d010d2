"""Hosts that depart from the contract in one thing, or not, and plugins in them."""

from __future__ import annotations

import pytest

from refhost.capabilities import Grants
from refhost.host import Host
from refhost.package import PluginPackage, plugin_id
from refhost.profiles import Profile


@pytest.fixture
def make(number, on):
    made = []

    def make(**options) -> Host:
        profile = Profile("one switch", frozenset({number}) if on else frozenset())
        made.append(Host(profile=profile, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def host(make):
    return make()


@pytest.fixture
def load(host, core, everything):
    """Load a core module; `status` is what its start returns after `start`, `named` what it does when it is named."""

    def load(start="", *, name="probe", named="", capabilities=everything, status=0, binary=b"", into=None, **parts):
        grants = Grants.declared(capabilities)
        binary = binary or core(f"{start} (i32.const {status})", name=named, **parts)
        return (into or host).load(PluginPackage(plugin_id(name), binary, name, grants, {"name": name}))

    return load
