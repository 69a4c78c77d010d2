"""Hostile plugins in signalk-server: it may die of them or hang; the suite lives, says what happened, and goes on.

What becomes of the server with each of them is in docs/hosts/signalk-server-2.32-hostile.md.
"""

import os
from contextlib import closing

import hostile
import pytest

from conformance.catalogues import any_requirement
from conformance.differential import judge_pair
from conformance.drivers import signalk_server
from conformance.drivers.faults import HostGone
from conformance.drivers.process import Bounds
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.signalk_server import SignalkServerDriver
from conformance.drivers.signalk_server.install import install
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.errors import HostError
from refhost.profiles import profile_of

pytestmark = pytest.mark.npm

SECONDS = 4.0
DIES = {
    "exit-in-poll": "The host ended with exit code 1 while time passed.",
    "fetch-for-ever": "The host ended with exit code 1 in the middle of start.",
    "signal": "The host was ended by SIGKILL ",
}
HANGS = {
    "loop-in-plugin_start": f"The host did not reply to start within {SECONDS:g} s, and was killed.",
    "loop-in-allocate": f"The host did not reply to load within {SECONDS:g} s, and was killed.",
}
REFUSED = {
    "component-of-another-world": "Unsupported WASM format",
    "import-that-there-is-not": "WebAssembly.instantiate(): Import #0",
}
SURVIVED = ("trap-in-poll", "dot-dot")
DELTA = {
    "context": "vessels.self",
    "updates": [{"$source": "test", "values": [{"path": "navigation.speedOverGround", "value": 1.5}]}],
}


@pytest.fixture(scope="module")
def driver():
    """One driver for all of them: each has to work after what the one before has done."""
    install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signalk_server.driver, "_BOUNDS", Bounds(seconds=SECONDS, hello_seconds=60.0))
        with closing(SignalkServerDriver(lane="in-process")) as made:
            yield made


def plugin(name):
    (found,) = (each for each in hostile.plugins() if each.name == name)
    return found


def live(host, name):
    """Load it beside an honest one, and let it live; the honest one."""
    neighbour = host.load(hostile.honest())
    neighbour.start({})
    session = host.load(plugin(name).package())
    session.start({})
    session.publish(DELTA)
    session.advance(1.2)
    session.stop()
    return neighbour


def assert_it_works(driver):
    """An honest plugin lives in a host of this driver."""
    with driver.host() as host:
        session = host.load(hostile.honest())
        assert session.start({}) == "running"
        session.publish(DELTA)
        session.advance(1.2)
        assert session.emitted
        assert session.stop() == "stopped"


def assert_gone(pid):
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("name", "said"), [*DIES.items(), *HANGS.items()])
def test_one_that_takes_the_server_down(driver, name, said):
    with driver.host() as host:
        pid = host._conversation.process.pid
        with pytest.raises(HostGone) as caught:
            live(host, name)
        assert caught.value.message.startswith(said)
        assert_gone(pid)
        # Whatever is asked for after that ends in the same way, at once.
        with pytest.raises(HostGone) as again:
            host.load(hostile.honest())
        assert again.value.message == caught.value.message
    assert_it_works(driver)


@pytest.mark.parametrize(("name", "said"), REFUSED.items())
def test_one_that_is_refused(driver, name, said):
    with driver.host() as host:
        neighbour = host.load(hostile.honest())
        neighbour.start({})
        with pytest.raises(HostError) as caught:
            host.load(plugin(name).package())
        assert not isinstance(caught.value, HostGone)
        assert said in caught.value.message
        assert neighbour.state == "running"
    assert_it_works(driver)


@pytest.mark.parametrize("name", SURVIVED)
def test_one_that_it_survives(driver, name):
    with driver.host() as host:
        assert live(host, name).state == "running"
    assert_it_works(driver)


@pytest.mark.parametrize("name", ["fetch-for-ever", "loop-in-plugin_start"])
def test_a_verdict_says_what_became_of_the_server(driver, name):
    profile = RefhostDriver(profile=profile_of("signalk-server-2.32"))
    found = judge_pair(any_requirement("SAME-001"), Subject(plugin(name).package(), driver=profile), driver)
    assert found.outcome is Outcome.FAIL
    assert (DIES | HANGS)[name] in found.reason
    assert_it_works(driver)
