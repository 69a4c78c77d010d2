"""The buffer dialect: UTF-8 in buffers that the plugin allocates (contract §2, §2.1, R16, R30)."""

from __future__ import annotations

import pytest
from honest import Honest, string_out, write_out
from wat import HEAP, call, text

from refhost.dialects.buffer import STRING_BYTES
from refhost.errors import BadReturn, PluginError
from refhost.plugin import State

MEMORY = 4 * 65536


@pytest.fixture
def load(host, core, package):
    def load(start: str = "(i32.const 0)", **parts):
        return host.load(package(core(start, **parts)))

    return load


def returning(export: str, code: str) -> dict[str, str]:
    return {export: f'(func (export "{export}") (param $out i32) (param $max i32) (result i32) {code})'}


def test_names_and_schema_are_utf_8(host):
    plugin = host.load(Honest(name="Größe ⚓ 😀", schema='{"title":"ä"}').package())
    assert plugin.name == "Größe ⚓ 😀"
    assert plugin.schema == {"title": "ä"}


@pytest.mark.parametrize("export", ["plugin_name", "plugin_schema"])
@pytest.mark.parametrize("length", [-1, STRING_BYTES + 1, 0x7FFFFFFF, -0x80000000])
def test_a_length_that_cannot_be_is_an_error_that_names_it_and_the_limit(load, export, length):
    with pytest.raises(BadReturn) as caught:
        load(exports=returning(export, f"(i32.const {length})"))
    assert caught.value.function == export
    assert str(length) in caught.value.message
    assert str(STRING_BYTES) in caught.value.message


def test_a_text_that_fills_the_buffer_is_read_whole(host):
    schema = '{"title":"' + "x" * (STRING_BYTES - 12) + '"}'
    assert len(schema) == STRING_BYTES
    assert host.load(Honest(schema=schema).package()).schema_text == schema


@pytest.mark.parametrize("data", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
def test_a_name_that_is_not_utf_8_is_an_error(load, data):
    with pytest.raises(BadReturn, match="plugin_name wrote what is not UTF-8") as caught:
        load(exports={"plugin_name": string_out("plugin_name", write_out(data))})
    assert caught.value.function == "plugin_name"


@pytest.mark.parametrize("pointer", [MEMORY - 100, MEMORY, 0xFFFFFFFF, 0x80000000])
def test_a_buffer_outside_of_memory_is_an_error_of_allocate(load, pointer):
    allocate = f'(func (export "allocate") (param i32) (result i32) (i32.const {pointer}))'
    silent = returning("plugin_name", "(i32.const 4000)")
    with pytest.raises(BadReturn) as caught:
        load(exports={"allocate": allocate, **silent})
    assert caught.value.function == "allocate"
    assert "a place that is none" in caught.value.message


def test_no_room_is_an_error_of_allocate(load):
    with pytest.raises(BadReturn, match=r"allocate\(8192\) returned 0, when plugin_name was about to be called"):
        load(exports={"allocate": '(func (export "allocate") (param i32) (result i32) (i32.const 0))'})


def test_no_room_for_the_configuration_is_an_error_and_no_crash_of_the_host(load):
    code = (
        f"(if (result i32) (i32.eq (local.get $n) (i32.const 8192)) (then (i32.const {HEAP})) (else (i32.const {{}})))"
    )
    for pointer in (0, -1, MEMORY):
        own = f'(func (export "allocate") (param $n i32) (result i32) {code.format(pointer)})'
        plugin = load(exports={"allocate": own})
        assert plugin.start() is State.ERROR
        assert isinstance(plugin.fault, BadReturn)
        assert plugin.fault.function == "allocate"
        plugin.host.unload(plugin)


def test_no_room_for_a_delta_is_a_crash_of_this_plugin_only(host, core, package):
    own = f"""(func (export "allocate") (param $n i32) (result i32)
      (if (result i32) (i32.gt_u (local.get $n) (i32.const 9000)) (then (i32.const 0)) (else (i32.const {HEAP}))))"""
    small = host.load(package(core(exports={"allocate": own}, delta="(nop)"), name="small"))
    other = host.load(package(core(delta=call("sk_set_status", text("heard"))), name="other"))
    small.start()
    other.start()
    host.publish("a", "x" * 20_000)
    assert small.state is State.CRASHED
    assert (other.state, other.status) == (State.RUNNING, "heard")


def test_the_configuration_arrives_as_utf_8_with_its_length(load):
    same = "(i32.store (i32.const 512) (local.get $length)) "
    same += "(memory.copy (i32.const 600) (local.get $config) (local.get $length))"
    plugin = load(f"{same} (i32.const 0)")
    plugin.start({"name": "Größe ⚓"})
    length = int.from_bytes(plugin.instance.memory.read(512, 4), "little")
    assert plugin.instance.memory.read(600, length).decode() == '{"name":"Größe ⚓","enableDebug":false}'


def test_every_buffer_is_given_back_with_its_size(load):
    count = "(i32.store (i32.const {0}) (i32.add (i32.load (i32.const {0})) {1}))"
    exports = {
        "allocate": '(func (export "allocate") (param $n i32) (result i32) '
        f"{count.format(512, '(local.get $n)')} (i32.const {HEAP}))",
        "deallocate": f'(func (export "deallocate") (param $p i32) (param $n i32) {count.format(516, "(local.get $n)")}'
        f" (if (i32.ne (local.get $p) (i32.const {HEAP})) (then unreachable)))",
    }
    plugin = load(exports=exports, delta="(nop)")
    plugin.start({"a": 1})
    plugin.host.publish("a", 1)
    plugin.stop()
    allocated, freed = (plugin.instance.memory.read(at, 4) for at in (512, 516))
    assert allocated == freed != bytes(4)


def test_initialize_runs_once_and_before_anything_else(load):
    exports = {
        "_initialize": '(func (export "_initialize") '
        "(i32.store (i32.const 512) (i32.add (i32.load (i32.const 512)) (i32.const 1))))",
        "allocate": '(func (export "allocate") (param i32) (result i32) '
        f"(if (i32.ne (i32.load (i32.const 512)) (i32.const 1)) (then unreachable)) (i32.const {HEAP}))",
    }
    plugin = load(exports=exports)
    plugin.start()
    plugin.stop()
    plugin.start()
    assert plugin.instance.memory.read(512, 1) == b"\1"


def test_a_trap_in_initialize_keeps_it_from_being_loaded(load, host):
    with pytest.raises(PluginError, match="_initialize trapped: unreachable"):
        load(exports={"_initialize": '(func (export "_initialize") unreachable)'})
    assert not host.plugins


def test_a_trap_in_deallocate_is_an_error_and_no_more(load):
    plugin = load(
        exports={
            "deallocate": '(func (export "deallocate") (param i32 i32) '
            "(if (i32.lt_u (local.get 1) (i32.const 8192)) (then unreachable)))"
        }
    )
    assert plugin.start() is State.ERROR
    assert plugin.fault.function == "deallocate"


def test_without_deallocate_nothing_is_given_back(load):
    assert load().start() is State.RUNNING


def test_an_empty_name_stands_for_the_packages(load):
    assert load(exports=returning("plugin_name", "(i32.const 0)")).name == "probe"


def test_the_id_of_a_plugin_without_a_package_is_its_own(host, core):
    from refhost.package import from_bytes  # noqa: PLC0415 - only here

    plugin = host.load(from_bytes(core()))
    assert plugin.id == "probe"


@pytest.mark.parametrize("own", ["../../x", "", "a\0b", ".", "x" * 9, "😀"])
def test_any_own_id_has_a_tree_of_its_own(host, own):
    plugin = host.load(Honest(id=own, package_name="").package())
    plugin.start()
    assert plugin.state is State.RUNNING, plugin.why()
    assert plugin.vfs.read("data/note.txt") == b"1"
    assert plugin.config.configuration == {"greeting": "hello"}
