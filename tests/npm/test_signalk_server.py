"""signalk-server as npm installs it, under the host suite: both lanes, what it keeps and what it is known to break."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.signalk_server import SignalkServerDriver
from conformance.drivers.signalk_server.departures_page import baseline, numbers
from conformance.drivers.signalk_server.install import install
from conformance.drivers.smoke import Outcome as Step
from conformance.drivers.smoke import walk
from conformance.host_catalogue import host_requirement
from conformance.host_judge import judge_host
from conformance.host_trial import HostTrial, line, number, text
from conformance.verdict import Outcome

pytestmark = pytest.mark.npm

LANES = ("whole", "in-process")
# A requirement of each kind that the server keeps.
KEPT = ("HLINK-001", "HFUN-001", "HLIFE-002", "HDELTA-001", "HMODEL-012", "HPUT-001", "HHTTP-001", "HSOCK-003")
# A requirement, and the departure that it finds.
BROKEN = {
    "HPUT-002": "D1",
    "HMODEL-001": "D2",
    "HLINK-023": "D3",
    "HCAP-003": "D12",
    "HSTREAM-003": "D18",
    "HVFS-011": "D22",
    "HVFS-029": "D23",
    "HRELOAD-001": "D30",
    "HCRASH-002": "D34",
    "HLIFE-022": "D39",
    "HDELTA-018": "D42",
}
# Of the WASM code alone, so that both lanes have to say the same.
OF_BOTH = ("HLINK-017", "HLINK-023", "HSTR-009", "HVFS-003", "HVFS-007", "HVFS-011", "HSOCK-003", "HSOCK-017")


SUITE_THAT_HANGS = """
from conformance.drivers.signalk_server import SignalkServerDriver
from conformance.host_trial import HostTrial, kept

driver = SignalkServerDriver(lane="in-process")
with HostTrial(driver).probe() as probe:
    probe.run(kept("delta", "loop"))
    print(driver._in_process._known.process.pid, flush=True)
    print("now", flush=True)
    probe.do("say")
"""


@pytest.fixture(scope="session")
def server():
    """The server, installed where the user's is, if it is not there yet."""
    return install()


@pytest.fixture(scope="module")
def driver(server):
    with closing(SignalkServerDriver()) as made:
        yield made


@pytest.fixture(scope="module")
def lanes(server):
    with closing(SignalkServerDriver(lane="whole")) as whole, closing(SignalkServerDriver(lane="in-process")) as fast:
        yield whole, fast


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("lane", LANES)
def test_it_passes_the_smoke_test(driver, lane):
    steps = walk(ExecDriver(driver.command(lane)))
    assert {step.outcome for step in steps} == {Step.OK}, "\n".join(map(str, steps))


@pytest.mark.parametrize("name", KEPT)
def test_it_keeps(driver, name):
    verdict = judge_host(host_requirement(name), driver)
    assert verdict.outcome is Outcome.PASS, verdict.reason


@pytest.mark.parametrize(("name", "departure"), BROKEN.items())
def test_it_breaks_as_is_known(driver, name, departure):
    verdict = judge_host(host_requirement(name), driver)
    assert verdict.outcome is Outcome.FAIL
    assert not verdict.cascade, verdict.reason
    (entry,) = (entry for entry in baseline().entries.values() if entry.requirement == name)
    assert departure in numbers(entry.reason)


@pytest.mark.parametrize("name", OF_BOTH)
def test_both_lanes_say_the_same(lanes, name):
    found = [judge_host(host_requirement(name), lane) for lane in lanes]
    assert found[0].outcome is found[1].outcome, [verdict.reason for verdict in found]
    assert found[0].outcome in {Outcome.PASS, Outcome.FAIL}


def test_the_lane_goes_by_what_is_asked(driver):
    assert driver.lane(frozenset({"dialect-buffer", "files"})) == "in-process"
    assert driver.lane(frozenset({"dialect-buffer", "files", "http"})) == "whole"
    assert driver.lane(frozenset({"dialect-buffer"})) == "whole"


@pytest.mark.parametrize("lane", [0, 1], ids=LANES)
def test_a_plugin_reaches_nobody_on_this_machine(lanes, lane):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        there = (text("127.0.0.1"), number(listener.getsockname()[1]))
        connect = (line("sk_tcp_create"), line("hold", "1"), line("sk_tcp_connect", "h:1", *there))
        with HostTrial(lanes[lane]).probe("probe-sockets", capabilities={"rawSockets": True}) as probe:
            probe.run(*connect)
            probe.home.advance(0.2)
            assert probe.do(line("sk_tcp_connected", "h:1")) != [["sk_tcp_connected", "1"]]
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_hosts_share_nothing(driver):
    with HostTrial(driver).probe(capabilities={"putHandlers": True}) as probe:
        probe.run(line("sk_register_put_handler", text("vessels.self"), text("a.b")))
        probe.home.inject(
            '{"updates":[{"$source":"gps","values":[{"path":"navigation.speedOverGround","value":3.5}]}]}'
        )
        assert probe.home.read("vessels.self.navigation.speedOverGround.value") == "3.5"
    with HostTrial(driver, {"put"}).probe() as probe:
        probe.run(line("say", "anew"))
        assert probe.home.read("vessels.self.navigation.speedOverGround") is None
        assert probe.session.put("vessels.self", "a.b", 1).status_code == 405
        assert dict(probe.session.configuration) == {"script": "say\tanew"}


def test_nothing_is_left_of_it(server):
    with closing(SignalkServerDriver()) as made, made.host() as home:
        home.read("vessels.self")
        pid = made._whole._known.process.pid
        scratch = Path(made._scratch)
        assert list(scratch.glob("host-*"))
    assert not scratch.exists()
    assert is_gone(pid)


def test_a_server_that_hangs_ends_with_the_suite(server, tmp_path):
    """The suite is killed, and can end nothing itself; a plugin is in an endless loop."""
    script = tmp_path / "suite.py"
    script.write_text(SUITE_THAT_HANGS)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as suite:
        pid = int(suite.stdout.readline())
        suite.stdout.readline()  # it asks for what never ends
        suite.kill()
    deadline = time.monotonic() + 20
    while not is_gone(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert is_gone(pid)
