"""`wasi:http` for components: who answers, who may ask, and what a plugin sees of it (contract §5, §7, §18)."""

from __future__ import annotations

import json

import pytest
from http_guest import HEADERS, NETWORK, URL, ask, binary, get, post, told, warnings
from wat import text

from refhost.limits import Limits
from refhost.plugin import State

HANDLE = "wasi:http/outgoing-handler.handle"

# -- answers


@pytest.mark.parametrize("version", ["0.2.0", "0.2.3", "0.2.12"])
def test_a_get(host, run, version):
    host.respond(f"{URL}/a?b=c", "hällo")
    assert run(get("/a?b=c"), version=version) == ["s00200", "b00006", "hällo"]
    (asked,) = host.requests
    assert (asked.method, asked.url, asked.headers, asked.body, asked.mode) == ("GET", f"{URL}/a?b=c", (), b"", "")
    assert (asked.plugin, asked.time, asked.status) == ("probe", "2026-01-01T00:00:00.000Z", 200)


def test_a_post(host, run):
    host.respond(f"{URL}/p", {"a": 1}, status=201, method="POST")
    assert run(post("/p", "what")) == ["s00201", "b00007", '{"a":1}']
    (asked,) = host.requests
    assert (asked.method, asked.body, asked.status) == ("POST", b"what", 201)


def test_a_body_that_is_finished_before_the_request_is_handed_over(host, run):
    host.respond("*", "thanks")
    code = f"""
      (local.set $a {ask("/p", "put")})
      (local.set $b (call $body-of (local.get $a)))
      (call $write (local.get $b) {text("one ")} (i32.const 3))
      (call $finish (local.get $b))
      (call $await (call $send (local.get $a)))"""
    assert run(code) == ["s00200", "b00006", "thanks"]
    assert [(r.method, r.body) for r in host.requests] == [("PUT", b"one one one ")]


def test_trailers_of_a_request_are_not_sent(host, run):
    host.respond("*", "thanks")
    code = f"""
      (local.set $a {ask("/p", "post")})
      (local.set $b (call $body-of (local.get $a)))
      (call $outgoing-body.finish (local.get $b) (i32.const 1)
        (call $with-header {text("Sum")} {text("1")}) (i32.const 576))
      (call $await (call $send (local.get $a)))"""
    assert run(code) == ["s00200", "b00006", "thanks"]
    assert host.requests[0].headers == ()


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"])
def test_a_method_may_be_asked_for(host, run, method):
    host.respond("*", "other", times=2)
    host.responder.rules.reverse()
    host.respond("*", "this", method=method)
    host.responder.rules.reverse()
    assert run(f"(call $await (call $send {ask('/a', method)}))")[-1] == "this"
    assert host.requests[0].method == method.upper()


def test_a_method_of_any_name(host, run):
    code = f"""
      (local.set $a {ask("/a")})
      (call $refused (call $outgoing-request.set-method (local.get $a) (i32.const 9) {text("PURGE")}))
      (call $refused (call $outgoing-request.set-method (local.get $a) (i32.const 9) {text("TO GO")}))
      (call $await (call $send (local.get $a)))"""
    assert run(code) == ["r00000", "e connection-refused"]
    assert host.requests[0].method == "PURGE"


def test_a_recording_answers(host, run, tmp_path):
    (tmp_path / "answers.json").write_text(json.dumps([{"url": f"{URL}/*", "body": "recorded", "times": 1}]))
    host.respond_from(tmp_path / "answers.json")
    assert run(get("/a") + get("/b")) == ["s00200", "b00008", "recorded", "e connection-refused"]


def test_a_body_is_read_in_parts(host, run):
    host.respond("*", "x" * 2500 + "end")
    said = run(get("/"))
    assert said[1::2] == ["b01000", "b01000", "b00503"]
    assert "".join(said[2::2]) == "x" * 2500 + "end"


def test_a_body_that_takes_several_reads_of_the_largest_size(host, run):
    host.respond("*", bytes(200_000))
    code = f"""
      (local.set $a (call $send {ask("/")}))
      (call $wait (local.get $a))
      (call $read (call $take (local.get $a)) (i64.const -1))"""
    said = run(code)
    assert said[1] == "b65536"
    assert sum(int(one[1:]) for one in said if one[0] == "b") == 200_000


def test_headers_of_a_response(host, run):
    host.respond("*", "", headers={"Content-Type": "text/plain", "X-Ä": "ö"})
    code = f"""
      (local.set $a (call $send {ask("/")}))
      (local.set $a (call $take (local.get $a)))
      (call $header (local.get $a) {text("content-TYPE")})
      (call $header (local.get $a) {text("X-Ä")})
      (call $header (local.get $a) {text("none")})
      (call $read (local.get $a) (i64.const 10))"""
    assert run(code) == ["text/plain", "ö", "s00200"]


def test_headers_of_a_request(host, run):
    code = f"""
      (local.set $a (call $with-header {text("X-Test")} {text("ä")}))
      (call $fields.append (local.get $a) {text("x-test")} {text("2")} (i32.const 128))
      (call $await (call $send {ask("/", fields="(local.get $a)")}))"""
    run(code)
    assert host.requests[0].headers == (("X-Test", "ä"), ("x-test", "2"))


def test_headers_that_http_cannot_carry(run):
    syntax, forbidden, immutable = "h00000", "h00001", "h00002"
    assert run(HEADERS) == [*[syntax] * 6, forbidden, forbidden, immutable]


# -- without the capability


def test_without_the_capability_a_request_is_denied(host, load):
    host.respond("*", "secret")
    plugin = load(get("/a") + post("/b", "c"), capabilities={})
    assert told(plugin) == ["e HTTP-request-denied"] * 2
    denied = [record for record in plugin.log if record.kind == "denied"]
    assert [(r.function, r.text) for r in denied] == [(HANDLE, "plugin probe lacks network capability")] * 2
    assert host.requests == []
    assert plugin.state is State.RUNNING


def test_who_only_imports_it_needs_no_capability(load):
    plugin = load("", capabilities={})
    assert plugin.state is State.RUNNING
    assert [record.kind for record in plugin.log] == ["state", "state"]
    plugin.stop()
    assert plugin.state is State.STOPPED


def test_no_request_is_made_while_metadata_is_read(host, load):
    host.respond("*", "x")
    plugin = load(get("/later"), name=get("/early"))
    (refused,) = [record for record in plugin.log if record.kind == "refused"]
    assert refused.function == HANDLE
    assert "while its metadata was read (R19)" in refused.text
    assert told(plugin)[0] == "e HTTP-request-denied"
    assert [r.url for r in host.requests] == [f"{URL}/later"]


# -- failures


def test_nobody_answers(host, load):
    host.respond("*/down", "never seen", status=0)
    plugin = load(get("/a") + get("/down"))
    assert told(plugin) == ["e connection-refused"] * 2
    assert warnings(plugin) == [
        f"GET {URL}/a failed: no answer is programmed for it, and the host has no network",
        f"GET {URL}/down failed: it was programmed to fail",
    ]
    assert [r.status for r in host.requests] == [0, 0]


def test_an_answer_that_is_too_long(make_host, load):
    host = make_host(limits=Limits(message_bytes=1000))
    host.respond("*", "x" * 1001)
    plugin = load(get("/a"), on=host)
    assert told(plugin) == ["e HTTP-response-body-size"]
    assert warnings(plugin) == [f"GET {URL}/a failed: its answer has 1001 bytes; the limit is 1000 (§19)"]


@pytest.mark.parametrize(
    ("setter", "texts"),
    [
        ("authority", ["", "a b", "a/b", "a\nb", "ä", "a:b", "[::1", "x" * 70_000]),
        ("path-with-query", ["a", "*", "/a b", "/a#b", "/<", '/"', "/ä", "/\0", "/" + "x" * 70_000]),
    ],
)
def test_a_url_that_makes_no_sense_is_refused_when_it_is_set(run, setter, texts):
    calls = "".join(
        f"(call $refused (call $outgoing-request.set-{setter} (local.get $a) (i32.const 1) {text(one)}))"
        for one in texts
    )
    assert run(f"(local.set $a {ask('/')}) {calls}") == ["r00000"] * len(texts)


@pytest.mark.parametrize(("path", "url"), [("", "/"), ("?a=b", "/?a=b"), ("/a?b/c?d", "/a?b/c?d")])
def test_paths(host, run, path, url):
    run(get(path))
    assert host.requests[0].url == URL + url


def test_schemes(host, run):
    def scheme(code: str) -> str:
        return f"""
          (local.set $a {ask("/")})
          (call $refused (call $outgoing-request.set-scheme (local.get $a) {code}))
          (call $await (call $send (local.get $a)))"""

    run(
        scheme("(i32.const 1) (i32.const 1) (i32.const 0) (i32.const 0)")
        + scheme("(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)")
        + scheme(f"(i32.const 1) (i32.const 2) {text('gopher')}")
        + scheme(f"(i32.const 1) (i32.const 2) {text('go/pher')}")
    )
    assert [r.url.partition(":")[0] for r in host.requests] == ["https", "https", "gopher", "http"]


def test_a_request_to_nowhere(host, run):
    code = f"""
      (local.set $a {ask("/")})
      (drop (call $outgoing-request.set-authority (local.get $a) (i32.const 0) (i32.const 0) (i32.const 0)))
      (call $await (call $send (local.get $a)))"""
    assert run(code) == ["e HTTP-request-URI-invalid"]
    assert host.requests == []


def test_a_head_that_is_too_long(make_host, run):
    host = make_host(limits=Limits(fetch_head_bytes=100))
    assert run(get("/" + "x" * 90), on=host) == ["e HTTP-request-header-section-size"]
    assert host.requests == []


def test_headers_that_are_too_long_are_a_trap(make_host, load):
    host = make_host(limits=Limits(fetch_head_bytes=100))
    plugin = load(f"(drop (call $with-header {text('a')} {text('x' * 100)}))", on=host)
    assert plugin.state is State.ERROR
    assert "101 bytes of headers; the limit is 100 (§19)" in plugin.why()


def test_too_many_requests_in_one_call(make_host, package, host):
    some = make_host(limits=Limits(fetches_per_call=3))
    some.respond("*", "")
    plugin = some.load(package(binary(get("/") * 3, get("/") * 4), NETWORK))
    assert plugin.start({}) is State.RUNNING, plugin.why()
    plugin.stop()
    (fault,) = [record.text for record in plugin.log if record.kind == "fault"]
    assert "stop made more than 3 requests in one call (§19)" in fault
    assert len(some.requests) == 6


# -- time


def test_a_delay_is_virtual_time_and_passes_while_the_plugin_waits(host, run):
    """Two requests on their way at once take as long as the longer."""
    host.respond("*/slow", "slow", delay=5)
    host.respond("*/slower", "slower", delay=8)
    code = f"""
      (local.set $a (call $send {ask("/slower")}))
      (local.set $b (call $send {ask("/slow")}))
      (drop (call $take (local.get $b)))
      (call $await (local.get $a)) (call $await (local.get $b))"""
    assert run(code) == ["n00000", "s00200", "b00006", "slower", "s00200", "b00004", "slow"]
    assert host.clock.elapsed_ns == 8_000_000_000
    assert {r.time for r in host.requests} == {"2026-01-01T00:00:00.000Z"}


def test_a_plugin_may_give_up_by_a_timer_of_its_own(host, run):
    host.respond("*", "late", delay=5)
    code = f"""
      (local.set $a (call $send {ask("/")}))
      (i32.store (i32.const 700) (call $future-incoming-response.subscribe (local.get $a)))
      (i32.store (i32.const 704) (call $subscribe-duration (i64.const 3000000000)))
      (call $poll (i32.const 700) (i32.const 2) (i32.const 720))
      (call $say (i32.const 112) (i32.load (i32.load (i32.const 720))))
      (drop (call $take (local.get $a)))"""
    assert run(code) == ["p00001", "n00000"]
    assert host.clock.elapsed_ns == 3_000_000_000


def patient(seconds: float) -> str:
    """Code: options, left in `$c`, with which a plugin waits so long for a response to begin."""
    return f"""
      (local.set $c (call $request-options.new))
      (call $refused (call $request-options.set-first-byte-timeout (local.get $c)
        (i32.const 1) (i64.const {round(seconds * 1_000_000_000)})))"""


def test_a_response_that_takes_longer_than_the_plugin_waits(host, load):
    host.respond("*", "late", delay=5)
    code = f"""
      {patient(2.5)}
      (call $await (call $send-with {ask("/")} (i32.const 1) (local.get $c)))
      {patient(5)}
      (call $await (call $send-with {ask("/")} (i32.const 1) (local.get $c)))"""
    plugin = load(code)
    assert told(plugin) == ["e connection-read-timeout", "s00200", "b00004", "late"]
    assert host.clock.elapsed_ns == 7_500_000_000
    assert [r.status for r in host.requests] == [0, 200]
    assert warnings(plugin) == [f"GET {URL}/ failed: there is no answer within 2.5 s, as long as the plugin waits"]


def test_options_are_kept(run):
    def twice(name: str) -> str:
        return f"""
          (call $request-options.{name} (local.get $c) (i32.const 800))
          (call $say (i32.const 111) (i32.load8_u (i32.const 800)))
          (call $refused (call $request-options.set-{name} (local.get $c) (i32.const 1) (i64.const 77)))
          (call $request-options.{name} (local.get $c) (i32.const 800))
          (call $say (i32.const 111) (i32.wrap_i64 (i64.load (i32.const 808))))"""

    names = ("connect-timeout", "first-byte-timeout", "between-bytes-timeout")
    code = "(local.set $c (call $request-options.new))" + "".join(map(twice, names))
    assert run(code) == ["o00000", "o00077"] * 3
