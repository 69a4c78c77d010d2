"""The example host on Node's own WebAssembly, which shares no code with the others."""

import json
from pathlib import Path

import pytest
from honest import Honest
from wat import LOOP, TRAP, call, emit

import conformance.drivers
import corpus
from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.faults import HostGone
from conformance.drivers.features import Unsupported
from conformance.drivers.process import Bounds
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.smoke import Outcome, walk
from conformance.host_catalogue import host_catalogue, host_requirement
from conformance.host_judge import judge_host
from conformance.verdict import Outcome as Verdicts
from refhost.errors import HostError, LinkError, PluginTrap
from refhost.package import read_package

pytestmark = pytest.mark.npm

PROGRAM = Path(conformance.drivers.__file__).parent / "examples" / "node-minimal" / "node-minimal.mjs"
COMMAND = f"exec:node {PROGRAM}"
SPEED = '{"updates":[{"$source":"gps","values":[{"path":"navigation.speedOverGround","value":3.5}]}]}'


@pytest.fixture(scope="module")
def node():
    driver = ExecDriver(COMMAND)
    yield driver
    driver.close()


def quiet(**changes):
    """The honest plugin without files, which this host does not have."""
    return Honest(**{"written": "", "puts": "", **changes}).package()


def test_smoke():
    assert {step.name: step.outcome for step in walk(ExecDriver(COMMAND))} == dict.fromkeys(
        ("hello", "load", "start", "inject", "stop", "reset", "shutdown"), Outcome.OK
    )


def test_its_driver_is_short():
    _, driver = PROGRAM.read_text("utf-8").split("// ---- the driver\n")
    assert len(driver.splitlines()) < 100


@pytest.mark.parametrize("requirement", ["HLINK-001", "HSTR-001", "HLIFE-001", "HDELTA-001"])
def test_it_meets_requirements_of_hosts(node, requirement):
    verdict = judge_host(host_requirement(requirement), node)
    assert (verdict.outcome, verdict.reason) == (Verdicts.PASS, "")


def test_what_it_lacks_does_not_apply(node):
    verdicts = [
        judge_host(entry, node)
        for group in host_catalogue()
        for entry in group.requirements
        if "files" in entry.features
    ]
    assert verdicts
    assert {verdict.outcome for verdict in verdicts} == {Verdicts.NOT_APPLICABLE}
    assert all("node-minimal does not have the feature" in verdict.reason for verdict in verdicts)


def emitted(driver, package):
    """What a client sees of an ordinary run, but for the times and the vessel."""
    with driver.host() as host:
        plugin = host.load(package)
        assert plugin.start({}) == "running"
        host.inject(SPEED)
        host.advance(3)
        assert plugin.stop() == "stopped"
        deltas = [(delta.source, delta.version, json.loads(delta.text)["updates"]) for delta in host.deltas]
        for _, _, updates in deltas:
            for update in updates:
                update.pop("timestamp")
        return deltas, plugin.status, [claim.text for claim in plugin.claims]


def test_it_says_the_same_as_the_reference_host(node):
    assert emitted(node, quiet()) == emitted(RefhostDriver(), quiet())


def test_hello_c(node):
    with node.host() as host:
        plugin = host.load(read_package(Path(corpus.plugin("hello-c"))))
        assert (plugin.id, plugin.name) == ("hello-c", "Hello C")
        assert plugin.start({}) == "running"


def test_the_model(node):
    with node.host() as host:
        assert host.read("vessels.self.navigation.speedOverGround") is None
        host.inject(SPEED)
        assert json.loads(host.read("vessels.self.navigation.speedOverGround"))["value"] == 3.5
        assert host.inject("{").startswith("not JSON")


def test_a_crash_and_what_comes_after(node):
    with node.host() as host:
        plugin, other = host.load(quiet(poll=TRAP)), host.load(quiet(package_name="other"))
        plugin.start({})
        other.start({})
        host.advance(1)
        assert (plugin.state, plugin.fault, other.state) == ("crashed", "trap", "running")
        host.advance(2)
        assert plugin.state == "crashed"  # restarted after a second, and crashed again
        host.advance(20)
        assert (plugin.state, other.state) == ("error", "running")


def test_capabilities(node):
    package = quiet()
    with node.host() as host:
        plugin = host.load(package, grants=package.grants.without("dataWrite"))
        plugin.start({})
        assert (list(plugin.claims), list(plugin.emitted)) == ([], [])
        assert "The capability dataWrite is missing" in plugin.error


@pytest.mark.parametrize(
    ("plugin", "kind", "message"),
    [
        (Honest(imports='(import "env" "sk_fly" (func $fly))'), LinkError, "There is no function env.sk_fly"),
        (Honest(exports={"plugin_stop": ""}), LinkError, "does not export plugin_stop"),
        (
            Honest(exports={"plugin_name": f'(func (export "plugin_name") (param i32 i32) (result i32) {TRAP})'}),
            PluginTrap,
            "unreachable",
        ),
    ],
)
def test_what_cannot_be_loaded(node, plugin, kind, message):
    with node.host() as host, pytest.raises(kind, match=message):
        host.load(plugin.package())


def test_a_plugin_that_hangs_is_ended_by_the_suite():
    driver = ExecDriver(COMMAND, bounds=Bounds(seconds=1))
    with (
        driver.host() as host,
        pytest.raises(HostGone, match="The host did not reply to start within 1 s, and was killed"),
    ):
        host.load(quiet(start=LOOP)).start({})
    with driver.host() as host:  # a fresh process
        assert host.load(quiet()).start({}) == "running"
    driver.close()


def test_what_it_cannot_do_is_said(node):
    with node.host() as host:
        plugin = host.load(quiet())
        for ask in (lambda: plugin.files, lambda: plugin.file_operations, lambda: plugin.put("vessels.self", "a", 1)):
            with pytest.raises(Unsupported, match="The host node-minimal does not have the feature"):
                ask()


def test_a_flood_of_deltas_ends(node):
    """A plugin that answers every delta with one, its own as well."""
    answer = emit('{"updates":[{"values":[{"path":"a.b","value":1}]}]}')
    with node.host() as host:
        plugin = host.load(quiet(delta=answer))
        assert plugin.start({}) == "running"
        assert 9_000 < len(host.deltas) < 11_000
        assert plugin.stop() == "stopped"


def test_pointers_out_of_range(node):
    """Nothing is read, and nothing traps."""
    far = "(i32.const -4) (i32.const 100)"
    outside = call("sk_set_status", far) + call("sk_handle_message", far, "(i32.const 1)") + call("sk_save_config", far)
    with node.host() as host:
        plugin = host.load(quiet(status=outside))
        assert (plugin.start({}), plugin.status, plugin.fault) == ("running", "", "")
        with pytest.raises(HostError, match="There is no plugin"):
            host.call("state", plugin="nobody")
