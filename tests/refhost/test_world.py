"""The world of a component, checked before anything of it is linked (contract §2, §3, R35)."""

from __future__ import annotations

import pytest
from component import SET_STATUS
from component import binary as honest
from wat import compiled

from refhost.errors import BinaryError, LinkError
from refhost.functions import DELTA_TYPE, WIT
from refhost.plugin import State
from refhost.world import PLUGIN_INTERFACE, read_component

ROWS = list(WIT.values())
# An export of the right name, with nothing in it.
EMPTY = '(instance $i) (export "signalk:plugin-api/plugin-interface@1.0.0" (instance $i))'


def problems(binary: bytes) -> dict[str, str]:
    """Each problem's name with all that is said about it."""
    return {p.name: f"{p.message} {p.hint} ({p.section})" for p in read_component(binary).problems()}


def renamed(binary: bytes, old: str, new: str) -> bytes:
    """A component with a name of the same length in the place of another."""
    assert len(old) == len(new)
    assert old.encode() in binary
    return binary.replace(old.encode(), new.encode())


def test_an_honest_component_has_no_problems(component):
    assert problems(honest()) == {}
    assert problems(component(ROWS, heard="(nop)")) == {}


def test_every_function_of_the_wit_is_found_with_its_type(component):
    found = {
        f"{interface.short}.{name}": ty
        for interface in read_component(component(ROWS)).imports
        for name, ty in interface.functions.items()
    }
    assert found == {row.wit: row.wit_type for row in ROWS}


def test_what_is_exported_is_found_with_its_type(component):
    binary = read_component(component([], heard="(nop)"))
    assert dict(binary.exported("plugin-interface").functions) == dict(PLUGIN_INTERFACE)
    assert dict(binary.exported("delta-handler").functions) == {"on-delta": f"func(delta: {DELTA_TYPE})"}
    assert binary.exported("plugin-status") is None
    assert [interface.version for interface in binary.exports] == ["1.0.0", "1.0.0"]


@pytest.mark.parametrize("version", ["1.0.1", "1.0.9"])
def test_another_patch_version_is_the_same_api(version, component, host, package):
    binary = renamed(component(ROWS), "@1.0.0", f"@{version}")
    assert problems(binary) == {}
    assert host.load(package(binary)).start() is State.RUNNING


@pytest.mark.parametrize("version", ["1.1.0", "2.0.0", "0.9.0", "0.1.0"])
def test_another_version_is_another_api_and_each_interface_says_so(version, component, host, package):
    binary = renamed(component(ROWS), "@1.0.0", f"@{version}")
    found = problems(binary)
    interfaces = ("plugin-status", "full-model", "delta-handler", "plugin-config", "plugin-interface")
    assert set(found) == {f"signalk:plugin-api/{name}@{version}" for name in interfaces}
    assert all(f"it is version {version} of the interface; this host has 1.0.0" in told for told in found.values())
    with pytest.raises(LinkError, match="cannot be linked"):
        host.load(package(binary))


def test_a_version_may_not_be_missing(component):
    debug = '(instance (export "debug" (func (param "message" string))))'
    wat = f'(component (import "signalk:plugin-api/plugin-status" {debug}) {EMPTY})'
    assert "version (none)" in problems(compiled(wat))["signalk:plugin-api/plugin-status"]


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ('(func (param "message" u32))', "func(message: u32)"),
        ('(func (param "text" string))', "func(text: string)"),
        ("(func)", "func()"),
        ('(func (param "message" string) (result string))', "func(message: string) -> string"),
        ('(func (param "message" (option string)))', "func(message: option<string>)"),
        ('(func (param "message" (list u8)))', "func(message: list<u8>)"),
        ('(func (param "message" (tuple u8 string)))', "func(message: tuple<u8, string>)"),
        ('(func (param "message" string) (result (result)))', "func(message: string) -> result<_, _>"),
    ],
)
def test_an_import_of_another_type_is_told_both_types(declared, shown):
    wat = f'(component (import "signalk:plugin-api/plugin-status@1.0.0" (instance (export "debug" {declared})))'
    wat += '(instance $i) (export "signalk:plugin-api/plugin-interface@1.0.0" (instance $i)))'
    told = problems(compiled(wat))["plugin-status.debug"]
    assert f"it is declared as {shown};" in told
    assert "the world's is func(message: string)" in told


def test_a_field_of_another_name_is_another_type(component):
    row = WIT["delta-handler.handle-message"]
    told = problems(renamed(component([row]), "timestamp", "timestomp"))["delta-handler.handle-message"]
    assert "timestomp: string" in told


@pytest.mark.parametrize(
    ("name", "hint"),
    [("set-plugin-statu", "Did you mean plugin-status.set-plugin-status?"), ("zz", "Contract §3")],
)
def test_an_unknown_function_leads_to_the_nearest(name, hint):
    binary = honest(status=f'{SET_STATUS} (export "{name}" (func))')
    told = problems(binary)[f"plugin-status.{name}"]
    assert "the world has no such function" in told
    assert hint in told


def test_an_unknown_interface_of_the_package_is_a_problem():
    wat = '(component (import "signalk:plugin-api/magic@1.0.0" (instance (export "f" (func))))'
    wat += '(instance $i) (export "signalk:plugin-api/plugin-interface@1.0.0" (instance $i)))'
    assert "magic.f" in problems(compiled(wat))


@pytest.mark.parametrize(
    "wanted",
    [
        '"other:package/interface@1.0.0" (instance)',
        '"loose" (func)',
        '"wasi:nonsense/thing@0.2.0" (instance (export "f" (func)))',
    ],
)
def test_an_import_that_the_host_does_not_have_is_named(wanted):
    wat = f"(component (import {wanted}) {EMPTY})"
    name = wanted.split('"')[1]
    assert [found for found in problems(compiled(wat)) if name in found]


@pytest.mark.parametrize("name", PLUGIN_INTERFACE)
def test_a_missing_function_of_the_plugin_is_named_with_its_type(name):
    told = problems(honest(without=name))[f"plugin-interface.{name}"]
    assert f"it is missing; the world has {PLUGIN_INTERFACE[name]}" in told


def test_all_problems_are_told_at_once_and_imports_first(host, package):
    binary = honest(without="stop", status=f'{SET_STATUS} (export "magic" (func))')
    with pytest.raises(LinkError) as caught:
        host.load(package(binary))
    told = str(caught.value)
    assert told.index("import plugin-status.magic") < told.index("export plugin-interface.stop")
    assert not host.plugins


@pytest.mark.parametrize(
    ("wat", "told"),
    [
        ("(component)", "it exports nothing"),
        ('(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))', "it exports wasi:cli/run@0.2.0"),
        ('(component (core module $m) (export "plugin" (core module $m)))', "it exports plugin"),
    ],
)
def test_a_component_of_another_world_is_told_what_it_exports(wat, told):
    with pytest.raises(BinaryError, match="built for another world") as caught:
        read_component(compiled(wat))
    assert told in str(caught.value)


def test_a_component_that_was_cut_short(component):
    whole = component([])
    for length in (8, 20, len(whole) - 1):
        with pytest.raises(BinaryError):
            read_component(whole[:length])


def test_additional_exports_are_no_problem(component):
    """Components of JavaScript add `init`, those of Python `exports`."""
    wat = '(component (core module $m (func (export "f"))) (core instance $m (instantiate $m))'
    wat += '(func $f (canon lift (core func $m "f"))) (instance $j (export "run" (func $f)))'
    wat += f'(export "extra:thing/init" (instance $j)) {EMPTY})'
    assert set(problems(compiled(wat))) == {f"plugin-interface.{name}" for name in PLUGIN_INTERFACE}
