"""Hosts by name."""

import shlex
import sys

import faulty_driver
import pytest

from conformance.baseline import read
from conformance.drivers import named
from conformance.drivers.reference import RefhostDriver
from refhost.errors import ConfigurationError
from refhost.profiles import profile_of


def test_the_reference_host():
    found = named.driver("refhost", seed=7, profile=profile_of("signalk-server-2.32"))
    assert isinstance(found, RefhostDriver)
    assert (found.seed, found.profile.name) == (7, "signalk-server-2.32")


def test_one_with_a_driver():
    words = [sys.executable, "-I", "-S", faulty_driver.__file__, "none"]
    found = named.driver(f"exec:{shlex.join(words)}", seed=7, seconds=20)
    assert (found.name, found.version, found.seed) == ("sham", "1.0", 7)
    found.close()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("refhots", "There is no host 'refhots' (did you mean refhost?)."),
        ("signalk", "There is no host 'signalk' (did you mean signalk-server?)."),
        ("node x.mjs", "There is no host 'node x.mjs'."),
        ("", "There is no host ''."),
    ],
)
def test_one_that_nobody_knows(spec, said):
    with pytest.raises(named.UnknownHost) as caught:
        named.driver(spec)
    assert caught.value.message == said
    assert caught.value.hint.startswith("Hosts are refhost, signalk-server, and exec:COMMAND ")


def test_no_command():
    with pytest.raises(ConfigurationError, match="is followed by the command"):
        named.driver("exec:")


def test_the_baseline_that_comes_with_the_server():
    file = named.baseline("signalk-server-2.32")
    assert {entry.host for entry in read(file).entries.values()} == {"signalk-server"}
    assert named.baseline("known.toml") is None
