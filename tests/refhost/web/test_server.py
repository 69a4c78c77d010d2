"""The host over HTTP and WebSocket, in this process (§12, §13, §14, §15)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from honest import CAPABILITIES, Honest, write_out
from wat import TRAP, call, text

from refhost.host import Host
from refhost.package import from_bytes

PUT_EXPORT = "handle_put_vessels_self_plugins_wat_switch"
FOUR = "(param $p i32) (param $n i32) (param $out i32) (param $max i32) (result i32)"


def handler(name, answer):
    """A handler of four parameters that gives an answer."""
    return {name: f'(func (export "{name}") {FOUR} {write_out(answer)})'}


def served(host, plugin=None, **public):
    package = (plugin or Honest()).package()
    loaded = host.load(replace(package, public=public))
    loaded.start({"greeting": "hello"})
    return loaded


@pytest.fixture
def host():
    with Host() as made:
        yield made


def test_a_plugin_tells_what_it_is(host):
    served(host)
    for prefix in ("/plugins", "/skServer/plugins"):
        about = host.http.get(f"{prefix}/wat-plugin").json()
        assert about == {
            "id": "wat-plugin",
            "name": "WAT plugin",
            "version": "1.0.0",
            "enabled": True,
            "state": "running",
            "statusMessage": "Running",
        }
        assert [row["id"] for row in host.http.get(prefix).json()] == ["wat-plugin"]


def test_an_unknown_plugin_is_404(host):
    answer = host.http.get("/plugins/nobody")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no plugin 'nobody'."})


def test_the_configuration_is_read_saved_and_followed(host):
    plugin = served(host)
    assert host.http.get("/plugins/wat-plugin/config").json()["configuration"] == {"greeting": "hello"}
    answer = host.http.post("/plugins/wat-plugin/config", json={"enabled": False, "enableDebug": True})
    assert answer.json() == {
        "enabled": False,
        "enableDebug": True,
        "configuration": {"greeting": "hello"},
        "state": "stopped",
    }
    assert plugin.state == "stopped"
    host.http.post("/plugins/wat-plugin/config", json={"enabled": True, "configuration": {"greeting": "hi"}})
    assert plugin.state == "running"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b'{"enabled":1}', 400),
        (b'{"configuration":[]}', 400),
        (b'{"other":1}', 400),
        (b"x" * 16_000_000, 413),
        (b'{"a":NaN}', 400),
        (b"[" * 100_000, 400),
    ],
)
def test_bad_configurations_are_refused_and_nothing_is_lost(host, body, status):
    plugin = served(host)
    before = plugin.config
    answer = host.http.post("/plugins/wat-plugin/config", content=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert plugin.config == before
    assert plugin.state == "running"


def test_an_endpoint_answers(host):
    served(host)
    answer = host.http.get("/plugins/wat-plugin/api/status?a=b")
    assert (answer.status_code, answer.json()) == (200, {})


def test_without_the_capability_no_endpoint_is_mounted(host):
    capabilities = {name: granted for name, granted in CAPABILITIES.items() if name != "httpEndpoints"}
    plugin = served(host, Honest(capabilities=capabilities))
    assert plugin.endpoints == []
    assert host.http.get("/plugins/wat-plugin/api/status").status_code == 404


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (TRAP + "(i32.const 0)", 500),
        ("(i32.const -1)", 500),
        ("(i32.const 70000)", 500),
        (write_out("no json"), 500),
        (write_out("[]"), 500),
        (write_out('{"statusCode":"200"}'), 500),
        (write_out('{"headers":{"X":"a\\r\\nSet-Cookie: b"}}'), 500),
        (write_out('{"headers":{"X":"\\u2603"}}'), 500),
        (write_out('{"headers":{"X\\u00e9":"a"}}'), 500),
        (write_out('{"headers":{"":"a"}}'), 500),
        (write_out('{"statusCode":201,"headers":{"X-A":"b"},"body":{"a":1}}'), 201),
    ],
)
def test_answers_of_endpoints_are_checked(host, code, status):
    served(host, Honest(exports={"get_status": f'(func (export "get_status") {FOUR} {code})'}))
    answer = host.http.get("/plugins/wat-plugin/api/status")
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert host.http.get("/plugins/wat-plugin").status_code == 200


def test_what_cannot_be_written_is_refused(host):
    """A delta with a path of very many parts: it would end every request for the model in a traceback."""
    host.publish("a." * 4000 + "b", 1)
    for path in ("/signalk/v1/api", "/signalk/v1/api/vessels/self"):
        answer = host.http.get(path)
        assert (answer.status_code, answer.json()) == (
            500,
            {"error": "What is there nests too deep to be written as JSON."},
        )
    assert host.http.get("/signalk/v1/api/self").status_code == 200


def test_a_stopped_plugin_answers_404(host):
    plugin = served(host)
    plugin.stop()
    assert host.http.get("/plugins/wat-plugin/api/status").status_code == 404


def test_static_files_come_from_the_package_alone(host):
    served(host, **{"index.html": b"<p>hello", "js/a.js": b"1"})
    assert host.http.get("/plugins/wat-plugin/").text == "<p>hello"
    assert host.http.get("/plugins/wat-plugin/js/a.js").headers["content-type"].startswith("text/javascript")
    assert host.http.get("/skServer/plugins/wat-plugin/").json()["id"] == "wat-plugin"
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/js/..%2f..%2fetc/passwd", "//etc/passwd"):
        assert host.http.get(f"/plugins/wat-plugin{path}").status_code == 404


def test_other_names_of_this_machine_are_refused(host):
    assert host.http.get("/plugins", headers={"Host": "evil.example"}).status_code == 400


def test_the_log_viewer_is_answered_by_the_host(host):
    host.load(from_bytes(Honest().binary(), name="signalk-logviewer", capabilities=CAPABILITIES)).start({})
    log = host.http.get("/plugins/signalk-logviewer/api/logs?lines=2").json()
    assert (log["count"], len(log["lines"]), log["format"]) == (2, 2, "text")
    assert host.http.get("/plugins/signalk-logviewer/api/logs?lines=x").status_code == 400


# The Signal K API.


def test_the_model_is_read_by_path(host):
    host.publish("navigation.speedOverGround", 3.85, source="gps")
    node = host.http.get("/signalk/v1/api/vessels/self/navigation/speedOverGround").json()
    assert node == {"value": 3.85, "$source": "gps", "timestamp": "2026-01-01T00:00:00.000Z"}
    assert host.http.get("/signalk/v1/api/self").json() == host.self_context
    assert host.http.get("/signalk/v1/api/").json()["self"] == host.self_context
    assert host.http.get("/signalk/v1/api/vessels/self/nothing").status_code == 404
    assert "signalk-ws" in host.http.get("/signalk").json()["endpoints"]["v1"]


def put(host, body=b'{"value":true}', path="plugins/wat/switch"):
    return host.http.put(f"/signalk/v1/api/vessels/self/{path}", content=body)


def test_a_put_reaches_its_handler(host):
    done = '{"state":"COMPLETED","statusCode":200,"message":"on"}'
    served(host, Honest(exports=handler(PUT_EXPORT, done)))
    assert put(host).json() == {"state": "COMPLETED", "statusCode": 200, "message": "on"}
    meta = host.http.get("/signalk/v1/api/vessels/self/plugins/wat/switch/meta").json()
    assert meta == {"supportsPut": True}


@pytest.mark.parametrize(
    ("exports", "status"),
    [
        ({PUT_EXPORT: ""}, 501),
        ({PUT_EXPORT: f'(func (export "{PUT_EXPORT}") {FOUR} {TRAP} (i32.const 0))'}, 500),
        (handler(PUT_EXPORT, "no json"), 500),
        (handler(PUT_EXPORT, '{"state":"DONE","statusCode":200}'), 500),
        (handler(PUT_EXPORT, '{"state":"COMPLETED","statusCode":9}'), 500),
        (handler(PUT_EXPORT, '{"state":"PENDING","statusCode":202}'), 202),
    ],
)
def test_answers_of_put_handlers_are_checked(host, exports, status):
    served(host, Honest(exports=exports))
    assert put(host).status_code == status


def test_puts_that_nobody_takes_and_bad_ones(host):
    plugin = served(host)
    assert put(host, path="other").status_code == 405
    assert put(host, b"{}").status_code == 400
    assert put(host, b"rubbish").status_code == 400
    plugin.stop()
    assert put(host).status_code == 405


RESOURCES = {
    **handler("resources_list_resources", '{"r1":{"name":"One"}}'),
    **handler("resources_get_resource", '{"name":"One"}'),
    **handler("resources_set_resource", ""),
    **handler("resources_delete_resource", "cannot delete it"),
}
PROVIDER = {
    "capabilities": {**CAPABILITIES, "resourceProvider": True},
    "start": call("sk_register_resource_provider", text("routes")),
}


def test_resources_are_listed_read_made_and_deleted(host):
    plugin = served(host, Honest(**PROVIDER, exports=RESOURCES))
    base = "/signalk/v2/api/resources/routes"
    assert host.http.get(base).json() == {"r1": {"name": "One"}}
    assert host.http.get(f"{base}/r1").json() == {"name": "One"}
    made = host.http.post(base, json={"name": "Two"})
    assert made.status_code == 201
    assert made.json()["id"] == "a" or len(made.json()["id"]) == 36
    assert host.http.put(f"{base}/r2", json={}).status_code == 200
    refused = host.http.delete(f"{base}/r1")
    assert (refused.status_code, refused.json()["message"]) == (400, "cannot delete it")
    assert host.http.get("/signalk/v2/api/resources/charts").status_code == 404
    plugin.stop()
    assert host.http.get(base).status_code == 404


def test_a_provider_that_traps_or_talks_rubbish_gives_the_empty_answer(host):
    broken = {**RESOURCES, **handler("resources_list_resources", "[1]")}
    trap = f'(func (export "resources_get_resource") {FOUR} {TRAP} (i32.const 0))'
    plugin = served(host, Honest(**PROVIDER, exports={**broken, "resources_get_resource": trap}))
    assert host.resources("routes").list() == {}
    assert host.resources("routes").get("x") == {}
    assert plugin.state == "crashed"
    assert any("resources_list_resources" in record.text for record in plugin.log)


# The stream.


def test_a_client_of_the_stream_sees_deltas(host):
    plugin = served(host)
    with host.http.websocket_connect("/signalk/v1/stream") as stream:
        assert stream.receive_json()["self"] == host.self_context
        host.publish("navigation.speedOverGround", 2)
        first, second = stream.receive_json(), stream.receive_json()
    assert first["updates"][0]["values"] == [{"path": "navigation.speedOverGround", "value": 2}]
    assert second["updates"][0]["$source"] == plugin.id


def test_a_client_gets_what_it_subscribes_to(host):
    with host.http.websocket_connect("/signalk/v1/stream?subscribe=none") as stream:
        stream.receive_json()
        stream.send_json({"context": "vessels.self", "subscribe": [{"path": "environment.*"}]})
        stream.send_json({"put": {"path": "x", "value": 1}, "requestId": "7"})
        assert stream.receive_json() == {
            "requestId": "7",
            "state": "COMPLETED",
            "statusCode": 405,
            "message": "PUT is not supported for x",
        }
        host.publish("navigation.speedOverGround", 2)
        host.publish("environment.depth.belowKeel", 3)
        delta = stream.receive_json()
    assert delta["updates"][0]["values"] == [{"path": "environment.depth.belowKeel", "value": 3}]


@pytest.mark.parametrize(
    "rubbish", ["", "{", "[]", "5", '{"subscribe":5}', '{"subscribe":[5]}', '{"put":1}', '{"a":1}', "x" * 300_000]
)
def test_rubbish_is_answered_and_the_stream_lives(host, rubbish):
    with host.http.websocket_connect("/signalk/v1/stream") as stream:
        stream.receive_json()
        stream.send_text(rubbish)
        assert stream.receive_json()["errorMessage"]
        host.publish("a.b", 1)
        assert stream.receive_json()["updates"]


def test_bytes_on_the_stream_are_answered(host):
    with host.http.websocket_connect("/signalk/v1/stream") as stream:
        stream.receive_json()
        stream.send_bytes(b"\xff")
        assert "text" in stream.receive_json()["errorMessage"]
