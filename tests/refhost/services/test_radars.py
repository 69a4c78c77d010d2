"""Radar providers, asked from the host's side in both core dialects (contract §15)."""

from __future__ import annotations

import assemblyscript
import pytest
from honest import Honest, string_out, write_out
from wat import call, string, text

from refhost.capabilities import Grants
from refhost.host import Host
from refhost.package import PluginPackage

CAPABILITIES = {"radarProvider": True}
RADARS = '["north","south"]'
REGISTERED = call("sk_register_radar_provider", text("Radars"))


def buffer():
    exports = {"radar_get_radars": string_out("radar_get_radars", write_out(RADARS))}
    return Honest(start=REGISTERED, exports=exports, capabilities=CAPABILITIES).package()


def assembly_script():
    exports = {"radar_get_radars": f'(func (export "radar_get_radars") (param i32) (result i32) {string(RADARS)})'}
    binary = assemblyscript.binary(start=REGISTERED, exports=exports)
    return PluginPackage("radars", binary, "radars", Grants.declared(CAPABILITIES), {"name": "radars"})


@pytest.mark.parametrize("package", [buffer, assembly_script])
def test_the_ids_of_radars_come_in_the_dialect_of_the_plugin(package):
    with Host() as host:
        plugin = host.load(package())
        assert host.radars("Radars").ids() == []
        plugin.start()
        assert host.radars("Radars").ids() == ["north", "south"]
        assert plugin.fault is None
        assert host.radars("Another").ids() == []


ANSWERS = {
    ("set_power", "true"): True,
    ("set_power", "false"): False,
    ("set_gain", '{"ok":true}'): {"ok": True},
    ("get_state", '{"on":1}'): {"on": 1},
    ("get_state", "null"): None,
    # What is none of R66 is the empty answer.
    ("set_power", "null"): {},
    ("set_power", "1"): {},
    ("get_state", "true"): {},
    ("get_state", "[]"): {},
}


@pytest.mark.parametrize(("asked", "answered"), ANSWERS.items(), ids=str)
def test_what_a_radar_answers_reaches_the_client(asked, answered):
    what, said = asked
    export = f"radar_{what}"
    handler = f'(func (export "{export}") (param $value i32) (param $length i32) (param $out i32) (param $max i32)'
    exports = {export: f"{handler} (result i32) {write_out(said)})"}
    with Host() as host:
        plugin = host.load(Honest(start=REGISTERED, exports=exports, capabilities=CAPABILITIES).package())
        plugin.start()
        answer = host.radars("Radars").ask(what, "north")
        assert answer == answered
        assert type(answer) is type(answered)
        assert plugin.is_running
