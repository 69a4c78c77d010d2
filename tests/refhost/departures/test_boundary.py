"""What crosses the boundary there, and what is loaded at all: D45 to D53, components, WASI."""

from __future__ import annotations

import assemblyscript
import fetching
import pytest
from component import binary as component_binary
from departing import FOUR, REGISTER, SWITCH, creates, departure, endpoints, noted, said, says_if, value
from wat import emit, string

from refhost.capabilities import Grants
from refhost.delta import pairs
from refhost.errors import LinkError, PluginError
from refhost.jsontext import loads
from refhost.package import PluginPackage
from refhost.plugin import State

HTTP = f'(func (export "get_x") (param $at i32) (param $length i32) (result i32) {{}} {string("{}")})'


@departure("D45")
def test_an_assemblyscript_endpoint_gets_a_string(host, load, on):
    said_length = (
        says_if("(i32.eq (i32.load16_u (local.get $at)) (i32.const 123))", "UTF-16")
        + says_if("(i32.eq (i32.load16_u (local.get $at)) (i32.const 8827))", "UTF-8")
        + says_if(
            "(i32.eq (i32.load (i32.sub (local.get $at) (i32.const 4))) (i32.mul (local.get $length) (i32.const 2)))",
            "characters",
        )
    )
    listed = string('[{"method":"GET","path":"/x","handler":"get_x"}]')
    exports = {
        "http_endpoints": f'(func (export "http_endpoints") (result i32) {listed})',
        "get_x": HTTP.format(said_length),
    }
    plugin = load(binary=assemblyscript.binary(exports=exports))
    plugin.start()
    assert host.http.get("/plugins/probe/x").status_code == 200
    assert said(plugin) == (["UTF-16", "characters"] if on else ["UTF-8"])
    assert noted(host) == ({"D45"} if on else set())


@departure("D46")
@pytest.mark.parametrize(
    ("value", "pointer"),
    [("5", 5), ("-1.5", -1), ("true", 0), ('"5"', 0), ("null", 0), ("4294967297", 1), ("3e9", 3_000_000_000 - 2**32)],
)
def test_an_assemblyscript_put_handler_gets_no_string(host, load, on, value, pointer):
    answer = string('{"state":"COMPLETED","statusCode":200}')
    code = says_if(f"(i32.eq (local.get $text) (i32.const {pointer}))", "a number")
    export = f'(func (export "{SWITCH}") (param $text i32) (result i32) {code} {answer})'
    plugin = load(binary=assemblyscript.binary(start=REGISTER, exports={SWITCH: export}))
    plugin.start()
    assert host.put("a.b", loads(value)).status_code == (500 if on else 200)
    assert said(plugin) == (["a number"] if on else [])
    assert noted(host) == ({"D46"} if on else set())


@departure("D47")
def test_the_result_of_a_start_that_fetched_is_not_looked_at(host, load, on):
    host.respond("*", b"ok")
    start = fetching.init() + fetching.fetches(fetching.get(), result=fetching.const(5))
    plugin = load(binary=fetching.binary(start))
    assert plugin.start() is (State.RUNNING if on else State.ERROR)
    assert said(plugin) == ["ok"]
    assert noted(host) == ({"D47"} if on else set())


@departure("D48")
def test_a_mistyped_http_endpoints_is_ignored(host, load, on):
    exports = {**endpoints(), "http_endpoints": f'(func (export "http_endpoints") (result i32) {string("[]")})'}
    if not on:
        with pytest.raises(LinkError, match="R28"):
            load(exports=exports)
        return
    plugin = load(exports=exports)
    assert plugin.start() is State.RUNNING
    assert plugin.endpoints == []
    assert noted(host) == {"D48"}


@departure("D49")
@pytest.mark.parametrize("missing", ["plugin_name", "plugin_schema", "plugin_stop", "plugin_start"])
def test_exports_may_be_missing(host, load, on, missing):
    if not on:
        with pytest.raises(LinkError, match=f"export {missing}: it is missing"):
            load(exports={missing: ""})
        return
    plugin = load(exports={missing: ""})
    assert plugin.name == ("probe" if missing == "plugin_name" else "Probe")
    assert plugin.schema == {}
    assert plugin.start() is (State.ERROR if missing == "plugin_start" else State.RUNNING)
    stopped = State.STOPPED if missing in ("plugin_name", "plugin_schema") else State.ERROR
    plugin.stop()
    assert plugin.state is stopped
    assert noted(host) == {"D49"}


@departure("D49")
@pytest.mark.parametrize("missing", ["plugin_name", "plugin_start", "plugin_stop"])
def test_exports_of_assemblyscript_may_be_missing(load, on, missing):
    binary = assemblyscript.binary(exports={missing: ""})
    if on and missing != "plugin_name":
        plugin = load(binary=binary)
        assert plugin.start({"a": 1}) is (State.ERROR if missing == "plugin_start" else State.RUNNING)
        assert plugin.stop() is State.ERROR
    else:
        with pytest.raises(LinkError, match=f"export {missing}: it is missing"):
            load(binary=binary)


@departure("D50")
def test_a_start_that_fails_is_an_error_of_the_request(host, load, on):
    load(status=7)
    answer = host.http.post("/plugins/probe/config", json={"enabled": True})
    assert answer.status_code == (500 if on else 200)
    assert ("error" in answer.json()) is on
    assert host.http.post("/plugins/probe/config", json={"enabled": False}).status_code == 200
    assert noted(host) == ({"D50"} if on else set())


def named(length: int) -> dict[str, str]:
    """A plugin_name that fills more than its buffer, and returns this length."""
    fill = "(memory.fill (local.get $out) (i32.const 65) (i32.const 9000))"
    return {
        "plugin_name": f'(func (export "plugin_name") (param $out i32) (param $max i32) (result i32) {fill} '
        f"(i32.const {length}))"
    }


@departure("D51")
@pytest.mark.parametrize(("length", "name"), [(9000, "A" * 9000), (-1, "probe"), (4 * 65536, None)])
def test_lengths_are_believed(host, load, on, length, name):
    if not on or name is None:
        with pytest.raises(PluginError):
            load(exports=named(length))
        return
    assert load(exports=named(length)).name == name
    assert noted(host) == {"D51"}


@departure("D51")
def test_a_negative_length_of_a_handler_is_an_error_all_the_same(host, load):
    negative = f'(func (export "get_x") {FOUR} (i32.const -1))'
    load(exports={**endpoints(), "get_x": negative}).start()
    assert host.http.get("/plugins/probe/x").status_code == 500
    assert noted(host) == set()


@departure("D53")
@pytest.mark.parametrize(
    ("given", "carried"),
    [
        ('{"updates":[{"values":[{"path":"a","value":[1]}]}]}', [("a", [1])]),
        ('{"updates":[{"timestamp":"now","values":[{"path":"a","value":1}]}]}', [("a", 1)]),
        ('{"updates":[{"source":{"label":"x"},"values":[{"path":"a","value":1}]}]}', [("a", 1)]),
        ('{"updates":[{"values":[{"path":"a","value":1},{"path":"b"}]}]}', [("a", 1)]),
        ('{"updates":[{"values":[{"path":"a","value":1}],"meta":{}}]}', [("a", 1)]),
        ('{"updates":[5,{"values":[5]},{"values":[{"path":5,"value":1}]},{"meta":[5]},{}]}', []),
        ('{"context":5,"updates":[{"values":[{"path":"a","value":1}]}]}', None),
        ('{"updates":[]}', None),
        ('{"updates":{}}', None),
        ("[]", None),
        ("5", None),
        ("null", None),
    ],
)
def test_deltas_are_hardly_checked(host, load, on, given, carried):
    plugin = load(emit(given))
    plugin.start()
    by_the_book = [("a", 1)] if "source" in given else None
    expected = carried if on else by_the_book
    assert [pairs(delta) for delta in plugin.emitted] == ([] if expected is None else [expected])
    host.advance(1)
    assert plugin.is_running
    assert noted(host) == ({"D53"} if on and carried is not None else set())


@departure("D53")
def test_an_ordinary_delta_is_carried_as_by_the_book(host, load):
    plugin = load(emit(value("a.b")))
    plugin.start()
    (update,) = plugin.emitted[0]["updates"]
    assert set(update) == {"$source", "timestamp", "values"}
    assert noted(host) == set()


@departure("COMPONENTS")
def test_components_are_not_loaded(host, on):
    package = PluginPackage("probe", component_binary(), "probe", Grants.declared({}), {"name": "probe"})
    if on:
        with pytest.raises(LinkError, match="one switch loads core modules only"):
            host.load(package)
    else:
        assert host.load(package).start() is State.RUNNING


@departure("WASI")
def test_an_assemblyscript_plugin_that_calls_wasi_traps(host, load, on):
    plugin = load(binary=assemblyscript.binary(start=creates("data/x")))
    assert plugin.start({"a": 1}) is (State.ERROR if on else State.RUNNING)
    assert said(plugin) == ([] if on else ["created data/x"])
    assert ("plugin_start trapped: wasi.start() has not been called" in str(plugin.fault)) is on
    assert noted(host) == ({"WASI"} if on else set())


@departure("WASI")
def test_a_plugin_of_the_buffer_dialect_has_its_files(host, load):
    plugin = load(creates("data/x"))
    plugin.start()
    assert said(plugin) == ["created data/x"]
    assert noted(host) == set()
