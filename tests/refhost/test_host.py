"""The host as a whole: loading, publishing, closing; the same in every run; and nothing left behind."""

from __future__ import annotations

import gc
import json
import threading

import pytest
import wasmtime._func as core_calls
from assemblyscript import binary as assemblyscript
from component import binary as component_binary
from honest import Honest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime.component import _linker as component_calls
from wat import call, text

from conformance.strategies import deltas
from refhost.delta import is_timestamp
from refhost.engine import WATCHDOG
from refhost.errors import BinaryError, ConfigurationError, LinkError, PluginError
from refhost.host import SELF_ID, Host
from refhost.jsontext import dumps, loads
from refhost.package import from_bytes
from refhost.plugin import State

NOW = "2026-01-01T00:00:00.000Z"


# -- loading


def test_a_plugin_is_known_by_its_id(host):
    plugin = host.load(Honest().package())
    assert host.plugins == {"wat-plugin": plugin}
    host.unload(plugin)
    assert host.plugins == {}


def test_one_id_is_loaded_once(host):
    host.load(Honest().package())
    with pytest.raises(ConfigurationError, match="wat-plugin is loaded already"):
        host.load(Honest().package())
    with pytest.raises(ConfigurationError, match="wat-plugin is loaded already"):
        host.load(Honest(package_name="").package())
    assert len(host.plugins) == 1


def test_after_it_was_unloaded_it_can_be_loaded_again_with_its_files(host):
    plugin = host.load(Honest().package())
    plugin.start({"a": 1})
    host.unload(plugin)
    again = host.load(Honest().package())
    assert again.vfs.read("data/note.txt") == b"1"
    assert again.config.configuration == {"greeting": "hello"}


@pytest.mark.parametrize("data", [b"", b"nope", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0", b"\0asm\x09\0\0\0"])
def test_what_no_dialect_takes_is_refused_and_nothing_is_kept(host, data):
    with pytest.raises(BinaryError):
        host.load(from_bytes(data, name="p"))
    assert host.plugins == {}


def test_all_that_keeps_it_from_being_linked_is_told_at_once(host):
    binary = Honest(
        start="(call $sk_log_debug) (call $other)",
        imports='(import "env" "sk_log_debug" (func $sk_log_debug)) (import "mod" "f" (func $other))',
        exports={"plugin_stop": ""},
    ).binary()
    with pytest.raises(LinkError) as caught:
        host.load(from_bytes(binary, name="my-plugin"))
    told = str(caught.value)
    assert told.startswith("my-plugin cannot be linked:\n")
    for part in ("import env.sk_log_debug", "Did you mean sk_debug", "import mod.f", "export plugin_stop"):
        assert part in told


@pytest.mark.parametrize("export", ["plugin_name", "plugin_schema"])
def test_a_plugin_that_fails_while_it_is_asked_is_not_kept(host, export):
    trapping = f'(func (export "{export}") (param i32 i32) (result i32) unreachable)'
    with pytest.raises(PluginError, match=f"{export} trapped"):
        host.load(Honest(exports={export: trapping}).package())
    assert host.plugins == {}
    assert host.load(Honest().package()).start() is State.RUNNING


def test_unknown_capabilities_are_warned_about(host):
    plugin = host.load(Honest(capabilities={"dataReed": True}).package())
    (warning,) = [record for record in plugin.log if record.kind == "warning"]
    assert warning.function == "wasmCapabilities"
    assert "did you mean dataRead?" in warning.text


def test_while_metadata_is_read_files_are_read_only(host):
    write = f"(drop (call $write_file {text('data/early.txt')} {text('1')}))"
    name = f'(func (export "plugin_name") (param $out i32) (param i32) (result i32) {write} (i32.const 0))'
    plugin = host.load(Honest(exports={"plugin_name": name}).package())
    assert not plugin.vfs.exists("data/early.txt")
    plugin.start()
    assert plugin.vfs.exists("data/note.txt")


def test_without_storage_there_is_no_tree(host):
    plugin = host.load(Honest(capabilities={"storage": "none"}).package())
    assert plugin.start() is State.RUNNING
    assert plugin.error == "Cannot write /data/note.txt"
    assert not plugin.vfs.exists("data/note.txt")


# -- publishing


def test_a_published_value_is_in_the_model_under_its_source(host):
    host.publish("a.b", 1, source="gps.1")
    assert host.model.self_path("a.b") == {"value": 1, "$source": "gps.1", "timestamp": NOW}


def test_what_is_missing_in_a_published_delta_is_filled_in(host):
    host.publish_delta('{"updates":[{"values":[{"path":"a","value":1}]}]}')
    host.publish_delta(
        {"context": "vessels.self", "updates": [{"$source": "x", "values": [{"path": "b", "value": 2}]}]}
    )
    assert host.model.self_path("a")["$source"] == "test"
    assert host.model.self_path("b")["$source"] == "x"
    assert set(host.model.root["vessels"]) == {SELF_ID}


@pytest.mark.parametrize("delta", ["{", "[]", {}, {"updates": 1}, {"updates": [{"values": [{"path": "a"}]}]}, "NaN"])
def test_what_is_no_delta_is_an_error_of_the_caller(host, delta):
    with pytest.raises(ConfigurationError, match="delta"):
        host.publish_delta(delta)
    assert host.model.root == {}


@given(st.lists(deltas(), max_size=4))
def test_every_valid_delta_can_be_published_and_is_heard_in_order(many):
    with Host() as host:
        heard = []
        host.bus.subscriptions.subscribe("ear", heard.append)
        for delta in many:
            host.publish_delta(delta)
        given_updates = [update for delta in many for update in delta["updates"]]
        told = [update for line in heard for update in loads(line)["updates"]]
        assert [update["$source"] for update in told] == [update["$source"] for update in given_updates]
        assert all(is_timestamp(update["timestamp"]) for update in told)
        assert all(loads(line)["context"] != "vessels.self" for line in heard)
        dumps(host.model.root)


@given(st.lists(deltas(), max_size=3))
def test_a_plugin_hears_every_delta_whatever_is_in_it(many):
    with Host() as host:
        plugin = host.load(Honest().package())
        plugin.start()
        for delta in many:
            host.publish_delta(delta)
        assert plugin.state is State.RUNNING, plugin.why()


# -- closing


def test_closing_stops_each_even_if_another_fails(host, core, package):
    bye = f"{call('sk_set_status', text('bye'))} (i32.const 0)"
    plugins = [
        host.load(package(core(stop=stop), name=name))
        for name, stop in (("a", "unreachable"), ("b", bye), ("c", "(i32.const 9)"), ("d", bye))
    ]
    for plugin in plugins:
        plugin.start()
    host.close()
    assert [plugin.status for plugin in plugins] == ["", "bye", "", "bye"]
    assert host.plugins == {}
    assert all(plugin.instance is None for plugin in plugins)
    host.close()


def test_closing_goes_on_after_what_no_one_foresaw(host, core, package):
    stop = f"{call('sk_set_status', text('bye'))} (i32.const 0)"
    plugins = [host.load(package(core(stop=stop), name=name)) for name in "abc"]
    for plugin in plugins:
        plugin.start()

    def boom(_: str) -> None:
        raise KeyboardInterrupt

    plugins[0]._runtime.gate._operations["status.set_status"] = boom
    with pytest.raises(KeyboardInterrupt):
        host.close()
    assert [plugin.status for plugin in plugins] == ["", "bye", "bye"]
    assert host.plugins == {}
    assert all(plugin.instance is None for plugin in plugins)


# -- the same in every run

RANDOM = f"""(drop (call $random_get (i32.const 2048) (i32.const 16)))
  (drop (call $write_file {text("data/random")} (i32.const 2048) (i32.const 16)))"""


def everything_of(seed: int, binary: bytes, capabilities) -> str:
    """All that can be seen of a run, as text."""
    with Host(seed=seed) as host:
        plugin = host.load(from_bytes(binary, name="p", capabilities=capabilities))
        plugin.start({"greeting": "x"})
        host.publish("navigation.speedOverGround", 3.5)
        host.advance(3)
        plugin.stop()
        plugin.start()
        host.advance(1.5)
        told = {
            "emitted": plugin.emitted,
            "claims": [(claim.text, claim.version) for claim in plugin.claims],
            "journal": [str(record) for record in host.log],
            "tree": plugin.vfs.tree_hash(),
            "operations": [repr(operation) for operation in plugin.vfs.operations],
            "model": host.model.root,
            "time": host.clock.now_ns,
        }
        return json.dumps(told, indent=1, sort_keys=True)


BINARIES = {
    "buffer": lambda: Honest(start=RANDOM).binary(),
    "assemblyscript": lambda: assemblyscript(start="(drop (call $seed))"),
    "component": lambda: component_binary(value='{"a":1}'),
}


@pytest.mark.parametrize("dialect", BINARIES)
def test_the_same_seed_gives_the_same_run(dialect):
    binary = BINARIES[dialect]()
    capabilities = {"putHandlers": True} if dialect == "buffer" else {}
    first = everything_of(7, binary, capabilities)
    assert first == everything_of(7, binary, capabilities)
    assert json.loads(first)["emitted"]


def test_another_seed_gives_other_random_bytes():
    binary = BINARIES["buffer"]()
    one, other = (json.loads(everything_of(seed, binary, {})) for seed in (1, 2))
    assert one["tree"] != other["tree"]
    assert {**one, "tree": 0, "operations": 0} == {**other, "tree": 0, "operations": 0}


def test_two_plugins_of_one_host_have_randomness_of_their_own(host):
    trees = []
    for name in ("a", "b"):
        plugin = host.load(from_bytes(Honest(start=RANDOM).binary(), name=name))
        plugin.start()
        trees.append(plugin.vfs.read("data/random"))
    assert trees[0] != trees[1]
    assert len(trees[0]) == 16


# -- nothing is left behind


def slabs() -> set[tuple[str, int]]:
    """The host functions that wasmtime-py keeps alive, none of which has a number twice: closing takes them away."""
    gc.collect()
    core, component = core_calls.FUNCTIONS.handles, component_calls.FUNCTIONS.handles
    return {*(("core", number) for number in core), *(("component", number) for number in component)}


def test_300_hosts_leave_nothing_behind():
    binaries = [make() for make in BINARIES.values()]
    for binary in binaries:
        with Host() as host:
            host.load(from_bytes(binary, name="p")).start()
    before, threads = slabs(), threading.active_count()
    for number in range(300):
        with Host() as host:
            plugin = host.load(from_bytes(binaries[number % 3], name="p"))
            plugin.start()
            host.publish("a", number)
    assert slabs() <= before  # what earlier tests left may go meanwhile
    assert threading.active_count() <= threads
    assert WATCHDOG._active == 0


@pytest.mark.parametrize(
    "binary",
    [
        Honest(
            exports={"plugin_name": '(func (export "plugin_name") (param i32 i32) (result i32) unreachable)'}
        ).binary(),
        Honest(more="(func $begin unreachable) (start $begin)").binary(),
        Honest(start="unreachable").binary(),
        Honest(delta="unreachable").binary(),
        component_binary(start="(unreachable)"),
    ],
    ids=["metadata", "instantiation", "start", "delta", "component"],
)
def test_what_fails_leaves_nothing_behind_either(binary):
    for attempt in range(6):
        if attempt == 1:  # a binary has functions of its own, as long as it is remembered
            before = slabs()
        with Host() as host:
            try:
                plugin = host.load(from_bytes(binary, name="p"))
            except PluginError:
                continue
            plugin.start()
            host.publish("a", 1)
            host.advance(10)
    assert slabs() <= before  # what earlier tests left may go meanwhile


def test_loading_a_plugin_by_its_own_id_leaves_nothing_behind():
    before = slabs()
    with Host() as host:
        host.load(Honest(package_name="").package())
    assert slabs() <= before  # what earlier tests left may go meanwhile
