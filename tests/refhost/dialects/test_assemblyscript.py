"""The AssemblyScript dialect: objects of the plugin's own heap (contract §2, §2.1)."""

from __future__ import annotations

import pytest
from assemblyscript import NEW, binary, package
from honest import value
from wat import call, emit, string, text

from refhost.errors import BadReturn, PluginAbort
from refhost.package import from_bytes
from refhost.plugin import State

MEMORY = 4 * 65536


@pytest.fixture
def load(host):
    def load(**parts) -> object:
        return host.load(from_bytes(binary(**parts), name="as-plugin"))

    return load


def returns(export: str, code: str) -> dict[str, str]:
    return {export: f'(func (export "{export}") (result i32) {code})'}


def test_an_honest_plugin_starts_emits_and_stops(host):
    plugin = host.load(package())
    assert (plugin.name, plugin.id) == ("AS plugin", "wat-plugin")
    assert plugin.start({"a": 1}) is State.RUNNING
    assert len(plugin.emitted) == 1
    assert plugin.stop() is State.STOPPED


@pytest.mark.parametrize("name", ["", "Größe ⚓", "😀 a pair of surrogates", "a\0b"])
def test_names_are_utf_16(load, name):
    assert load(name=name).name == (name or "as-plugin")


@pytest.mark.parametrize("data", [b"\x3d\xd8", b"\x00\xde", b"a\0\x3d\xd8b\0"])
def test_a_name_with_half_of_a_pair_is_an_error(load, data):
    with pytest.raises(BadReturn, match="plugin_name returned what is not UTF-16") as caught:
        load(name=data)
    assert caught.value.function == "plugin_name"


def test_a_name_of_half_a_code_unit_is_an_error(load):
    with pytest.raises(BadReturn, match="cannot have 3 bytes"):
        load(name=b"a\0b")


@pytest.mark.parametrize("pointer", [1, 3, MEMORY + 1, MEMORY + 4, 0xFFFFFFFF, 0x80000000])
def test_a_pointer_to_no_string_is_an_error(load, pointer):
    with pytest.raises(BadReturn, match="plugin_schema returned no string at"):
        load(exports=returns("plugin_schema", f"(i32.const {pointer})"))


@pytest.mark.parametrize("length", [MEMORY, -2, 0x7FFFFFFE])
def test_a_string_that_ends_beyond_memory_is_an_error(load, length):
    code = f"(i32.store (i32.const 508) (i32.const {length})) (i32.const 512)"
    with pytest.raises(BadReturn, match="plugin_name returned no string at 0x200"):
        load(exports=returns("plugin_name", code))


def test_null_is_no_string(load):
    with pytest.raises(BadReturn, match="plugin_name returned null"):
        load(exports=returns("plugin_name", "(i32.const 0)"))


def test_the_id_is_optional(load):
    assert load(exports={"plugin_id": ""}).id == "as-plugin"


def test_without_a_package_its_own_id_counts(host):
    assert host.load(from_bytes(binary())).id == "wat-plugin"
    assert host.load(from_bytes(binary(exports={"plugin_id": ""}))).id == "<bytes>"


KEEP = "(i32.store (i32.const 512) (local.get $length)) "
KEEP += "(memory.copy (i32.const 600) (local.get $config) (local.get $length))"


def test_the_configuration_arrives_as_utf_8_bytes_with_their_count(load):
    plugin = load(start=KEEP)
    plugin.start({"name": "Größe ⚓"})
    length = int.from_bytes(plugin.instance.memory.read(512, 4), "little")
    assert plugin.instance.memory.read(600, length).decode() == '{"name":"Größe ⚓","enableDebug":false}'


def test_a_delta_arrives_as_a_string(load):
    size = "(i32.load (i32.sub (local.get $delta) (i32.const 4)))"
    plugin = load(
        delta=f"(i32.store (i32.const 512) {size}) (memory.copy (i32.const 600) (local.get $delta) {size})", start=""
    )
    plugin.start()
    plugin.host.publish("a", "Größe ⚓ 😀")
    length = int.from_bytes(plugin.instance.memory.read(512, 4), "little")
    assert '"value":"Größe ⚓ 😀"' in plugin.instance.memory.read(600, length).decode("utf-16-le")


def test_objects_are_made_of_their_class_and_pinned_while_in_use(load):
    """0 is a block of bytes, 2 a String; each call is noted as one letter."""
    note = "(i32.store8 (i32.add (i32.const 600) (i32.load (i32.const 512))) {0}) "
    note += "(i32.store (i32.const 512) (i32.add (i32.load (i32.const 512)) (i32.const 1)))"
    letter = "(i32.const {})".format
    class_noted = note.format("(i32.add (local.get $c) (i32.const 48))")
    noted_new = NEW.replace("(local $p i32)", f"(local $p i32) {class_noted}", 1)
    exports = {
        "__new": f'(func (export "__new") (param $n i32) (param $c i32) (result i32) {noted_new})',
        "__pin": f'(func (export "__pin") (param i32) (result i32) {note.format(letter(ord("P")))} (local.get 0))',
        "__unpin": f'(func (export "__unpin") (param i32) {note.format(letter(ord("U")))})',
        "plugin_stop": f'(func (export "plugin_stop") (result i32) {note.format(letter(ord("Z")))} (i32.const 0))',
    }
    plugin = load(exports=exports, start=note.format(letter(ord("S"))), delta=note.format(letter(ord("D"))))
    plugin.start()
    plugin.stop()
    length = int.from_bytes(plugin.instance.memory.read(512, 4), "little")
    assert plugin.instance.memory.read(600, length) == b"0PSU" + b"2PDU" + b"Z"


@pytest.mark.parametrize("pointer", [0, -1, MEMORY])
def test_an_allocator_that_fails_is_an_error(load, pointer):
    own = f'(func (export "__new") (param i32 i32) (result i32) (i32.const {pointer}))'
    plugin = load(exports={"__new": own})
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, BadReturn)
    assert plugin.fault.function == "__new"


def test_an_assertion_that_fails_ends_the_call_with_its_message(load):
    plugin = load(start=call("abort", string("Größe?"), string("assembly/index.ts"), "(i32.const 12)", "(i32.const 3)"))
    assert plugin.start() is State.ERROR
    assert isinstance(plugin.fault, PluginAbort)
    for part in ("plugin_start", "Größe?", "assembly/index.ts", "line 12", "column 3"):
        assert part in plugin.fault.message


def test_what_it_emits_is_utf_8(load):
    plugin = load(start=emit(value("a.b", '"ä"')))
    plugin.start()
    assert plugin.emitted[0]["updates"][0]["values"] == [{"path": "a.b", "value": "ä"}]


def test_poll_is_called_when_it_is_there(load):
    tick = call("sk_debug", text("tick"))
    plugin = load(exports={"poll": f'(func (export "poll") (result i32) {tick} (i32.const 0))'})
    plugin.start()
    plugin.host.advance(2)
    assert [record.text for record in plugin.log if record.kind == "debug"] == ["tick", "tick"]


def test_poll_is_optional(load):
    plugin = load()
    plugin.start()
    plugin.host.advance(2)
    assert plugin.state is State.RUNNING
