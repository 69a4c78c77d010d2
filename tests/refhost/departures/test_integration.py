"""How a plugin meets the server otherwise than documented: D1 to D9, D19, D44."""

from __future__ import annotations

from dataclasses import replace

import pytest
from departing import PROVIDES, REGISTER, SWITCH, answering, departure, failed, noted, said, says_if, value
from honest import Honest
from wat import TRAP, call, emit, text

from refhost.errors import LinkError
from refhost.plugin import State


@departure("D1")
def test_the_answer_to_a_put_is_lost(host, load, on):
    completed = '{"state":"COMPLETED","statusCode":200}'
    plugin = load(REGISTER, exports=answering(SWITCH, completed, call("sk_debug", text("handled"))))
    plugin.start()
    answer = host.put("a.b", 1)
    assert (answer.state, answer.status_code) == ("COMPLETED", 500 if on else 200)
    assert said(plugin) == ["handled"]
    assert noted(host) == ({"D1"} if on else set())


@departure("D2")
def test_reading_below_the_own_vessel_finds_nothing(host, load, on):
    length = f"(call $sk_get_self_path {text('a.b')} (i32.const 1024) (i32.const 1024))"
    plugin = load(poll=f"{says_if(length, 'found')} (i32.const 0)")
    plugin.start()
    host.advance(1)
    assert noted(host) == set()
    host.publish("a.b", 1)
    host.advance(1)
    assert said(plugin) == ([] if on else ["found"])
    assert noted(host) == ({"D2"} if on else set())


@departure("D3")
def test_a_plugin_that_imports_sk_get_path_cannot_be_loaded(load, on):
    code = f"(drop (call $sk_get_path {text('a')} (i32.const 1024) (i32.const 16)))"
    if on:
        with pytest.raises(LinkError, match=r"env\.sk_get_path: one switch has no function sk_get_path \(D3\)"):
            load(code)
    else:
        assert load(code).start() is State.RUNNING


@departure("D4")
@pytest.mark.parametrize("name", ["@sc/x", "plain"])
def test_a_scoped_plugin_speaks_under_its_packages_name(host, load, on, name):
    stream = f"(call $sk_emit_binary_stream {text('plugins/@sc/x/s')} {text('data')})"
    plugin = load(emit(value("a.b")) + says_if(stream, "taken"), name=name)
    plugin.start()
    departs = on and name == "@sc/x"
    assert plugin.emitted[0]["updates"][0]["$source"] == (name if departs else plugin.id)
    assert plugin._runtime._surroundings()["env"] == {"PLUGIN_ID": name if departs else plugin.id}
    assert said(plugin) == (["taken"] if departs else [])
    assert noted(host) == ({"D4"} if departs else set())


CONFIG = "(local.set $i (call $sk_read_config (i32.const 1024) (i32.const 1024)))" + call(
    "sk_debug", "(i32.const 1024)", "(local.get $i)"
)


def saves(json: str) -> str:
    return failed("sk_save_config", text(json))


@departure("D5")
@pytest.mark.parametrize("name", ["@sc/x", "plain"])
def test_a_scoped_plugins_configuration_is_not_found(host, load, on, name):
    plugin = load(CONFIG + saves('{"b":2}'), name=name)
    plugin.start({"a": 1})
    departs = on and name == "@sc/x"
    assert said(plugin) == (["{}", "failed"] if departs else ['{"a":1}'])
    assert plugin.config.configuration == ({"a": 1} if departs else {"b": 2})
    assert noted(host) == ({"D5"} if departs else set())


@departure("D6")
def test_what_the_plugin_saves_does_not_reach_its_next_start(host, load, on):
    told = call("sk_debug", "(local.get $config)", "(local.get $length)")
    plugin = load(told + CONFIG + saves('{"b":2}'))
    plugin.start({"a": 1})
    plugin.stop()
    plugin.start()
    # Enabling it again writes what the server remembers over what the plugin has saved.
    kept = '"a":1' if on else '"b":2'
    assert said(plugin) == ['{"a":1,"enableDebug":false}', '{"a":1}', f'{{{kept},"enableDebug":false}}', f"{{{kept}}}"]
    assert noted(host) == ({"D6"} if on else set())


@departure("D6")
def test_any_json_is_saved(host, load, on):
    plugin = load(saves("[1,2]") + CONFIG + saves("no json"))
    plugin.start({"a": 1})
    assert said(plugin) == (["[1,2]", "failed"] if on else ["failed", '{"a":1}', "failed"])
    assert noted(host) == ({"D6"} if on else set())


@departure("D7")
def test_public_is_not_served_under_plugins(host, on):
    honest = Honest().package()
    manifest = {**honest.manifest, "keywords": ["signalk-wasm-plugin", "signalk-webapp"]}
    host.load(replace(honest, manifest=manifest, public={"index.html": b"<p>", "a.css": b"p{}"}))
    kind = host.http.get("/plugins/wat-plugin/").headers["content-type"]
    assert kind.startswith("application/json" if on else "text/html")
    assert host.http.get("/plugins/wat-plugin/a.css").status_code == (404 if on else 200)
    assert host.http.get("/wat-plugin/a.css").status_code == (200 if on else 404)
    assert host.http.get("/wat-plugin/b.css").status_code == 404
    assert host.http.get("/wat-plugin/").status_code == (200 if on else 404)
    assert noted(host) == ({"D7"} if on else set())


@departure("D7")
def test_without_the_keyword_public_is_nowhere(host, on):
    host.load(replace(Honest().package(), public={"a.css": b"p{}"}))
    assert host.http.get("/plugins/wat-plugin/a.css").status_code == (404 if on else 200)
    assert host.http.get("/wat-plugin/a.css").status_code == 404


@departure("D8")
def test_a_resource_cannot_be_created_by_post_to_its_url(host, load, on):
    plugin = load(PROVIDES, exports=answering("resources_set_resource", ""))
    plugin.start()
    assert host.http.post("/signalk/v2/api/resources/routes/x", json={}).status_code == (404 if on else 200)
    assert host.http.put("/signalk/v2/api/resources/routes/x", json={}).status_code == 200
    assert host.http.post("/signalk/v2/api/resources/routes", json={}).status_code == 201
    assert noted(host) == ({"D8"} if on else set())


@departure("D9")
@pytest.mark.parametrize("code", ["", TRAP])
def test_a_refused_resource_counts_as_saved(host, load, on, code):
    exports = {**answering("resources_set_resource", "no", code), **answering("resources_delete_resource", "no", code)}
    plugin = load(PROVIDES, exports=exports)
    plugin.start()
    url = "/signalk/v2/api/resources/routes/x"
    assert host.http.put(url, json={}).status_code == (200 if on else 400)
    plugin.start()
    assert host.http.delete(url).status_code == (200 if on else 400)
    assert noted(host) == ({"D9"} if on else set())
