"""What a plugin finds as its files there: D22 to D26."""

from __future__ import annotations

import pytest
from departing import creates, departure, noted, said, says_if
from wat import call, text

from refhost.departures.paths import clamped
from refhost.plugin import State
from refhost.storage import SavedConfig


def links(target: str) -> str:
    linked = f"(call $path_symlink {text(target)} (i32.const 3) {text('tmp/out')})"
    return says_if(f"(i32.eqz {linked})", "linked")


def reads(path: str) -> str:
    """Code that says what is in a file, following a link."""
    opened = (
        f"(call $path_open (i32.const 3) (i32.const 1) {text(path)} (i32.const 0) (i64.const 2) (i64.const 0) "
        "(i32.const 0) (i32.const 64))"
    )
    vector = "(i32.store (i32.const 72) (i32.const 1024)) (i32.store (i32.const 76) (i32.const 512))"
    read = "(drop (call $fd_read (i32.load (i32.const 64)) (i32.const 72) (i32.const 1) (i32.const 80)))"
    told = call("sk_debug", "(i32.const 1024)", "(i32.load (i32.const 80))")
    return f"(if (i32.eqz {opened}) (then {vector} {read} {told}))"


@departure("D22")
def test_a_link_leads_out_of_the_files(host, load, on):
    host.storage.vfs("other").write("/data/secret", "of another plugin")
    plugin = load(links("../../..") + reads("tmp/out/other/vfs/data/secret") + creates("../x"))
    plugin.start()
    assert said(plugin) == (["linked", "of another plugin"] if on else [])
    assert noted(host) == ({"D22"} if on else set())


@departure("D22")
def test_no_link_ever_leads_out_of_a_real_directory(make, load, tmp_path):
    host = make(directory=tmp_path)
    (tmp_path / "secret").write_text("secret")
    plugin = load(links("../../../..") + reads("tmp/out/secret"), into=host)
    plugin.start()
    assert said(plugin) == []
    assert noted(host) == set()


@departure("D23")
@pytest.mark.parametrize("enabled", [True, False])
def test_a_plugin_that_is_enabled_when_it_is_loaded_has_no_files(host, load, on, enabled):
    host.storage.config_file("probe").write(SavedConfig(enabled=enabled))
    plugin = load(creates("data/x") + creates("y"))
    plugin.start()
    departs = on and enabled
    assert said(plugin) == ([] if departs else ["created data/x", "created y"])
    assert {o.error for o in plugin.vfs.operations} == ({"ENOENT"} if departs else {""})
    assert host.storage.vfs("probe").list() == sorted(["config", "data", "tmp", *([] if departs else ["y"])])
    assert noted(host) == ({"D23"} if departs else set())


@departure("D23")
def test_a_plugin_can_be_loaded_as_enabled(host, core, package, on):
    plugin = host.load(package(core(creates("data/x") + "(i32.const 0)")), enabled=True)
    assert plugin.is_enabled
    assert plugin.state is State.STOPPED
    plugin.start()
    assert said(plugin) == ([] if on else ["created data/x"])


@departure("D24")
def test_a_plugin_that_is_enabled_later_has_no_folders(host, load, on):
    plugin = load(creates("data/x") + creates("y"), named=call("sk_debug", text("named")))
    asked = plugin.instance
    plugin.start()
    told = ["named", "named", "created y"] if on else ["named", "created data/x", "created y"]
    assert said(plugin) == told
    assert plugin.vfs.list() == (["y"] if on else ["config", "data", "tmp", "y"])
    assert (plugin.instance is asked) is not on
    started = plugin.instance
    plugin.stop()
    plugin.start()
    assert plugin.instance is started
    assert noted(host) == ({"D24"} if on else set())


@departure("D26")
def test_above_the_root_is_the_root(host, load, on):
    plugin = load(creates("../x") + creates("data/../../../y") + creates("nothing/../z"))
    plugin.start()
    assert [path for path in plugin.vfs.list() if len(path) == 1] == (["x", "y", "z"] if on else [])
    assert noted(host) == ({"D26"} if on else set())


@pytest.mark.parametrize(
    ("path", "meant"),
    [("..", "."), ("a/..", "."), ("../../a//./b", "a/b"), ("a/../b/", "b/"), ("a/b/../../../c", "c"), ("/../a", "/a")],
)
def test_what_a_path_means_there(path, meant):
    assert clamped(path) == meant
