"""Hosts with any number of plugins in them: the same in this process and behind the protocol."""

import json

import pytest
from honest import Honest
from offering import INFO, RADAR, RADARS, WEATHER, Offering
from wat import TRAP, call, text, when

from conformance.drivers.features import FEATURES
from conformance.drivers.interface import Installed
from conformance.drivers.smoke import probe
from refhost.errors import ConfigurationError, HostError, LinkError, PluginTrap

SPEED = '{"updates":[{"$source":"gps","values":[{"path":"navigation.speedOverGround","value":3.50}]}]}'


def test_plugins_are_apart(driver):
    with driver.host() as host:
        one = host.load(Honest(package_name="one").package())
        two = host.load(Honest(package_name="two").package())
        assert (one.start({}), two.state) == ("running", "stopped")
        assert (bool(one.claims), list(two.claims)) == (True, [])
        assert host.steps == ["load mutant", "load mutant", "start {}"]
        two.start({"greeting": "hi"})
        assert host.steps[-1] == 'two: start {"greeting":"hi"}'
        assert two.steps is host.steps
        one.stop()
        assert (one.state, two.state) == ("stopped", "running")


def test_what_a_client_of_the_stream_sees(driver):
    with driver.host() as host:
        plugin = host.load(probe())
        plugin.start({})
        assert host.inject('{"updates":[{"values":[{"path":"smoke.asked","value":1.0}]}]}') == ""
        seen = [(delta.source, delta.version, json.loads(delta.text)["updates"][0]) for delta in host.deltas]
        assert [(source, version, update["values"][0]["path"]) for source, version, update in seen] == [
            ("smoke", 1, "smoke.started"),
            ("", 1, "smoke.asked"),
            ("smoke", 1, "smoke.heard"),
        ]
        assert [update["$source"] for _, _, update in seen] == ["smoke", "test", "smoke"]
        assert "1.0" in host.deltas[1].text
        assert [delta["updates"][0]["values"][0]["path"] for delta in plugin.emitted] == [
            "smoke.started",
            "smoke.heard",
        ]


def test_the_second_version_is_told_apart(driver):
    event = call("sk_handle_message", text('{"updates":[{"values":[{"path":"a.b","value":1}]}]}'), "(i32.const 2)")
    with driver.host() as host:
        plugin = host.load(Honest(deltas=(), start=event).package())
        plugin.start({})
        assert [(delta.source, delta.version) for delta in host.deltas if '"a.b"' in delta.text] == [("wat-plugin", 2)]
        assert [claim.version for claim in plugin.claims if '"a.b"' in claim.text] == [2]
        assert host.read("vessels.self.a.b") is None


@pytest.mark.parametrize("delta", ['{"updates":', "5", '{"updates":[{"values":[{"path":5}]}]}'])
def test_a_delta_that_is_refused(driver, delta):
    with driver.host() as host:
        assert "delta" in host.inject(delta)
        assert list(host.deltas) == []
        assert host.steps == [f"deliver {delta}"]


def test_a_delta_of_a_check_has_to_be_one(driver):
    with driver.host() as host, pytest.raises(ConfigurationError, match="no delta"):
        host.load(probe()).publish({"updates": [{"values": [{"path": 5}]}]})


def test_the_model(driver):
    with driver.host() as host:
        assert host.read("vessels.self.navigation.speedOverGround") is None
        host.inject(SPEED)
        assert json.loads(host.read("vessels.self.navigation.speedOverGround"))["value"] == 3.5
        assert json.loads(host.read("vessels.self.navigation")).keys() == {"speedOverGround"}


def test_time_passes_for_all(driver):
    crashing = Honest(package_name="crashing", poll=when("(i32.eq (global.get $polls) (i32.const 2))", TRAP))
    with driver.host() as host:
        one, two = host.load(crashing.package()), host.load(Honest().package())
        one.start({})
        two.start({})
        host.advance(2.5)
        assert (one.state, one.fault, two.state, two.fault) == ("crashed", "trap", "running", "")
        two.advance(5)
        assert (one.state, one.fault) == ("running", "trap")  # restarted meanwhile, which does not make it well


def test_an_unloaded_plugin_is_gone(driver):
    with driver.host() as host:
        plugin = host.load(Honest().package())
        plugin.start({})
        assert "PUT vessels.self plugins.wat.switch" in plugin.registered
        plugin.unload()
        assert plugin.status == "Stopped"
        assert host.request("GET", "/plugins/wat-plugin/config").status == 404
        again = host.load(Honest().package())
        assert (again.state, list(again.claims)) == ("stopped", [])


def test_what_goes_wrong_while_loading(driver):
    with driver.host() as host:
        with pytest.raises(LinkError, match="sk_log_debug"):
            host.load(Honest(imports='(import "env" "sk_log_debug" (func $log (param i32 i32)))').package())
        with pytest.raises(PluginTrap) as caught:
            host.load(Honest(exports={"plugin_name": f'(func (export "plugin_name") {_NAME} {TRAP})'}).package())
        assert caught.value.function == "plugin_name"
        host.load(Honest().package())
        with pytest.raises(HostError, match="loaded already"):
            host.load(Honest().package())


_NAME = "(param i32 i32) (result i32)"


def test_booting(driver):
    with driver.host() as host:
        first = Honest(package_name="a-plugin").package()
        first.manifest["signalk"] = {"requires": ["z-plugin"]}
        sessions = host.boot(
            Installed(first, {"greeting": "hi"}),
            Installed(Honest(package_name="z-plugin").package()),
            Installed(Honest(package_name="off").package(), enabled=False),
        )
        assert [session.state for session in sessions] == ["running", "running", "stopped"]
        assert [session.configuration for session in sessions] == [{"greeting": "hello"}, {"greeting": "hello"}, {}]
        started = [delta.source for delta in host.deltas if delta.source]
        assert list(dict.fromkeys(started)) == ["z-plugin", "a-plugin"]  # what others require comes first
        assert host.steps[0] == 'boot with mutant {"greeting":"hi"}, mutant {}, mutant {} (off)'


def test_loaded_at_boot_it_runs(driver):
    with driver.host() as host:
        assert host.load(Honest().package(), enabled_at_boot=True).state == "running"


def test_capabilities_are_as_granted(driver):
    package = Honest().package()
    with driver.host() as host:
        plugin = host.load(package, grants=package.grants.without("dataWrite"))
        plugin.start({})
        assert list(plugin.emitted) == []
        plugin.stop()
        plugin.reload(grants=package.grants)
        plugin.start({})
        assert len(plugin.emitted) > 0


def test_pages_of_the_host(driver):
    with driver.host() as host:
        plugin = host.load(Honest().package())
        plugin.start({})
        assert plugin.http("GET", "/api/status").status == 200
        reply = host.request("POST", "/plugins/wat-plugin/config", body='{"enabled":false}', headers={"X-Test": "yes"})
        assert (reply.status, plugin.state) == (200, "stopped")


def test_providers(driver):
    with driver.host() as host:
        plugin = host.load(Offering().package())
        plugin.start({})
        kind = next(name.removeprefix("resource ") for name in plugin.registered if name.startswith("resource "))
        listed = host.provide("resource", kind, "list")
        assert (listed.error, type(json.loads(listed.value_text))) == ("", dict)
        assert host.provide("resource", kind, "set", '{"id":"home","value":{"name":"Home"}}').error == ""
        assert json.loads(host.provide("resource", kind, "list").value_text) == {"home": {"name": "Home"}}
        assert json.loads(host.provide("resource", kind, "get", '{"id":"home"}').value_text) == {"name": "Home"}
        assert host.provide("resource", kind, "delete", '{"id":"home"}').error == ""
        with pytest.raises(HostError, match="needs 'id' among its arguments"):
            host.provide("resource", kind, "get")
        position = '{"position":{"latitude":60,"longitude":22}}'
        assert len(json.loads(host.provide("weather", WEATHER, "observations", position).value_text)) == 1
        assert json.loads(host.provide("radar", RADARS, "get_radars").value_text) == [RADAR]
        info = host.provide("radar", RADARS, "get_radar_info", json.dumps({"radarId": RADAR}))
        assert json.loads(info.value_text) == json.loads(INFO)
        nobody = host.provide("resource", "unheard-of", "set", '{"id":"x","value":{}}')
        assert nobody.error == "nobody provides unheard-of"
        assert json.loads(host.provide("weather", "nobody", "warnings", '{"position":{}}').value_text) == []
        assert json.loads(host.provide("radar", "nobody", "get_radars").value_text) == []


def test_each_host_is_fresh(driver):
    with driver.host() as host:
        host.load(Honest().package()).start({})
        host.inject(SPEED)
    with driver.host() as host:
        assert (list(host.deltas), host.steps, host.read("vessels.self.navigation.speedOverGround")) == ([], [], None)
        assert "data/note.txt" not in host.load(Honest().package()).files


def test_files_in_a_directory(driver, tmp_path):
    with driver.on_disk(tmp_path).session(Honest().package(), call_seconds=5) as session:
        assert session.start({}) == "running"
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert "plugin-config-data/wat-plugin/vfs/data/note.txt" in there
    assert "plugin-config-data/wat-plugin.json" in there
    with driver.on_disk(tmp_path).session(Honest().package()) as session:
        assert "data/note.txt" in {path.lstrip("/") for path in session.files}
    with driver.session(Honest().package()) as session:  # and the next one knows nothing of it
        assert "data/note.txt" not in {path.lstrip("/") for path in session.files}


def test_two_hosts_at_the_same_time(driver):
    with driver.host() as one, driver.host() as two:
        one.inject(SPEED)
        assert (len(one.deltas), len(two.deltas)) == (1, 0)


def test_how_long_a_call_may_take(driver):
    endless = Honest(start="(loop $l (br $l))").package()
    with driver.host(call_seconds=0.2) as host:
        plugin = host.load(endless)
        assert (plugin.start({}), plugin.fault) == ("error", "timeout")
        assert "0.2 s" in plugin.why()


def test_who_the_host_is(driver):
    assert (driver.name, driver.features) == ("refhost", frozenset(FEATURES))
    assert driver.version
    with driver.host() as host:
        assert host.features == driver.features
