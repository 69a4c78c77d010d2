"""`refhost run --request`: what a client is answered."""

from __future__ import annotations

import json

import pytest
from honest import CAPABILITIES, Honest, string_out, write_out
from hypothesis import given
from hypothesis import strategies as st
from plugin_files import write_package
from wat import TRAP, call, text

from refhost.arguments import sentence
from refhost.cli.requests import Request
from refhost.errors import ConfigurationError

FOUR = "(param $p i32) (param $n i32) (param $out i32) (param $max i32) (result i32)"
PUT_EXPORT = "handle_put_vessels_self_plugins_wat_switch"
STATUS = "GET /plugins/wat-plugin/api/status"


def handler(export, code):
    return {export: f'(func (export "{export}") {FOUR} {code})'}


# It answers with the request that it got, as the body.
ENVELOPE = (
    "(memory.copy (local.get $out) {head}) (memory.copy (i32.add (local.get $out) {length}) (local.get $p) "
    "(local.get $n)) (i32.store8 (i32.add (i32.add (local.get $out) {length}) (local.get $n)) (i32.const 125)) "
    "(i32.add (i32.add {length} (local.get $n)) (i32.const 1))"
)


def echoing():
    pointer, _, length = text('{"body":').partition(") ")
    return ENVELOPE.format(head=f"{pointer}) {length}", length=length)


@pytest.fixture
def ask(refhost, folder, lines):
    """The answers to requests of a plugin, and all that was written with them."""

    def run(*requests, plugin=None, more=()):
        words = [word for request in requests for word in ("--request", request)]
        done = refhost("run", folder(plugin), *words, *more)
        return [line for line in lines(done.stdout) if "request" in line], done

    return run


def test_answers_stand_among_the_deltas_in_the_order_of_the_requests(ask, lines):
    done = '{"state":"COMPLETED","statusCode":200,"message":"on"}'
    code = call("sk_handle_message", text('{"updates":[{"values":[{"path":"a.b","value":1}]}]}'), "(i32.const 1)")
    plugin = Honest(deltas=(), exports=handler(PUT_EXPORT, code + write_out(done)))
    put, read = "PUT plugins.wat.switch true", "GET a.b.value"
    answers, run = ask(read, put, read, "GET a.b", plugin=plugin, more=["--speed", "5"])
    assert [(answer["request"], answer["status"]) for answer in answers] == [
        ("GET a.b.value", 404),
        ("PUT plugins.wat.switch", 200),
        ("GET a.b.value", 200),
        ("GET a.b", 200),
    ]
    assert answers[1]["body"] == json.loads(done)
    assert answers[2]["body"] == 1
    assert answers[3]["body"]["timestamp"] == "2026-01-01T00:00:05.000Z"
    written = lines(run.stdout)
    emitted = next(line for line in written if "a.b" in json.dumps(line.get("updates", "")))
    assert written.index(answers[0]) < written.index(emitted) < written.index(answers[1])


def test_a_handler_gets_what_a_client_sends(ask):
    plugin = Honest(exports=handler("get_status", echoing()))
    answers, _ = ask(f"{STATUS}?a=b&c=%20", plugin=plugin)
    assert answers == [
        {
            "request": f"{STATUS}?a=b&c=%20",
            "status": 200,
            "body": {
                "method": "GET",
                "path": "/api/status",
                "query": {"a": "b", "c": " "},
                "params": {},
                "body": None,
                "headers": {
                    "host": "127.0.0.1",
                    "accept": "*/*",
                    "accept-encoding": "identity",
                    "connection": "close",
                    "user-agent": "refhost",
                },
            },
        }
    ]


def test_what_follows_the_path_is_the_body(ask):
    endpoints = '[{"method":"POST","path":"/api/x","handler":"get_status"}]'
    listing = string_out("http_endpoints", write_out(endpoints))
    plugin = Honest(exports={"http_endpoints": listing, **handler("get_status", echoing())})
    answers, _ = ask('post /plugins/wat-plugin/api/x {"a": [1, "ä b"]}', plugin=plugin)
    assert answers[0]["request"] == "POST /plugins/wat-plugin/api/x"
    assert answers[0]["body"]["body"] == {"a": [1, "ä b"]}
    assert answers[0]["body"]["headers"]["content-type"] == "application/json"


def test_pages_of_the_host_answer_too(ask):
    config = "/plugins/wat-plugin/config"
    answers, _ = ask(f'POST {config} {{"enableDebug": true}}', f"GET {config}", "GET /nowhere")
    assert [answer["status"] for answer in answers] == [200, 200, 404]
    assert answers[1]["body"]["enableDebug"] is True


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("just words", {"body": "just words"}),
        ("\x9b2J", {"body": "\x9b2J"}),
        (b"\x89PNG\xff", {"bodyBase64": "iVBOR/8="}),
        ("", {"body": ""}),
    ],
)
def test_a_body_is_json_or_a_text_or_bytes(refhost, tmp_path, lines, data, shown):
    folder = write_package(tmp_path)
    (folder / "public").mkdir()
    (folder / "public" / "file").write_bytes(data if isinstance(data, bytes) else data.encode())
    done = refhost("run", folder, "--request", "GET /plugins/wat-plugin/file")
    assert lines(done.stdout)[-1] == {"request": "GET /plugins/wat-plugin/file", "status": 200, **shown}
    assert "\x9b" not in done.stdout


def test_a_handler_that_traps_is_answered_for_and_is_exit_code_1(ask):
    answers, done = ask(STATUS, STATUS, plugin=Honest(exports=handler("get_status", TRAP + "(i32.const 0)")))
    assert [answer["status"] for answer in answers] == [500, 404]
    assert done.exit_code == 1
    assert "The plugin ended badly: get_status trapped: unreachable" in done.stderr


def test_without_the_capability_nothing_answers(ask):
    fewer = {name: granted for name, granted in CAPABILITIES.items() if name != "httpEndpoints"}
    answers, _ = ask(STATUS, more=["--capabilities", json.dumps(fewer)])
    assert answers[0]["status"] == 404


def test_paths_do_not_leave_the_host(ask):
    answers, _ = ask("GET //example.org/x", "GET /plugins/../../etc/passwd", "GET a/../../b", "GET /%zz\x01?\x01")
    assert {answer["status"] for answer in answers} == {404}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "'' is no request. Give METHOD PATH [JSON], with GET, PUT, POST or DELETE, such as"),
        ("GET", "'GET' is no request."),
        ("PATCH /a", "'PATCH /a' is no request."),
        ("/a", "'/a' is no request."),
        (
            "PUT a.b on",
            "'on' is not JSON: Expecting value at character 0. What follows the path is JSON: a text stands in",
        ),
        ("POST /a {", "'{' is not JSON"),
        ("PUT a.b", "A Signal K path takes GET, or PUT with a value"),
        ("GET a.b 5", "A Signal K path takes GET"),
        ("POST a.b 5", "the path of a page begins with a slash"),
    ],
)
def test_what_is_no_request_is_said_in_a_sentence(words, message):
    with pytest.raises(ConfigurationError) as refusal:
        Request.parse(words)
    assert message in sentence("--request", refusal.value)


@given(st.text(max_size=30) | st.from_regex(r"(GET|PUT|POST|DELETE) /?\S+( \S+)?", fullmatch=True))
def test_whatever_is_given_is_a_request_or_an_error_of_the_user(words):
    try:
        request = Request.parse(words)
    except ConfigurationError:
        return
    assert request.path.isascii()
    assert request.path.startswith("/")
    assert " " not in request.path
