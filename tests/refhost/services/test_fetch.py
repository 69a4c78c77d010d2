"""Who answers a plugin's HTTP requests: the test, a recording, or the network when it was asked for (§18)."""

from __future__ import annotations

import base64
import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fetching import binary, const, fetches, get, headers, poll, post

import corpus
from refhost.errors import ConfigurationError
from refhost.limits import Limits
from refhost.package import read_package
from refhost.plugin import State
from refhost.services import fetch
from refhost.services.fetch import Request, Responder


@pytest.fixture
def ask(host, package, everything):
    """What a plugin gets for its requests, in one call."""

    def ask(*asked: str, on=host) -> list[str]:
        plugin = on.load(package(binary(fetches(*asked)), everything))
        assert plugin.start({}) is State.RUNNING, plugin.why()
        said = [record.text for record in plugin.log if record.kind == "debug"]
        on.unload(plugin)
        return said

    return ask


# -- programmed


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("hällo", "hällo"),
        (b"bytes", "bytes"),
        (bytearray(b"more"), "more"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([1.5], "[1.5]"),
        (True, "true"),
        ("", ""),
    ],
)
def test_a_body_is_bytes_text_or_json(body, text, host, ask):
    host.respond("x/a", body)
    assert ask(get("x/a")) == [text]


def test_a_url_is_exact_or_a_pattern(host, ask):
    host.respond("http://a/b?c=1", "exact")
    host.respond("http://*/b*", "pattern")
    assert ask(get("http://a/b?c=1"), get("http://a/b?c=2"), get("http://a/B"), get("https://a/b")) == [
        "exact",
        "pattern",
        "",
        "",
    ]


def test_a_method_may_be_asked_for(host, ask):
    host.respond("x", "got", method="get")
    host.respond("x", "posted", method="POST")
    assert ask(post("x"), get("x")) == ["posted", "got"]


def test_the_first_that_is_not_used_up_answers(host, ask):
    host.respond("x", "first", times=1)
    host.respond("x", "second", times=2)
    assert ask(*[get("x")] * 4) == ["first", "second", "second", ""]
    assert [r.status for r in host.requests] == [200, 200, 200, 0]


def test_a_later_rule_answers_the_next_request(host, package, everything):
    plugin = host.load(package(binary(const(0), exports=poll(fetches(get("x")))), everything))
    plugin.start({})
    host.advance(1)
    host.respond("x", "now")
    host.advance(1)
    assert [record.text for record in plugin.log if record.kind == "debug"] == ["", "now"]


def test_a_status_is_for_the_record_and_zero_is_a_failure(host, package, everything):
    host.respond("x/gone", "no such thing", status=404)
    host.respond("x/down", "never seen", status=0)
    plugin = host.load(package(binary(fetches(get("x/gone"), get("x/down"))), everything))
    plugin.start({})
    assert [r.text for r in plugin.log if r.kind == "debug"] == ["no such thing", ""]
    assert [r.status for r in host.requests] == [404, 0]
    (warned,) = [r.text for r in plugin.log if r.kind == "warning"]
    assert warned == "GET x/down failed: it was programmed to fail"


def test_a_delay_is_virtual_time(host, package, everything):
    host.respond("x", "late", delay=90.5)
    code = fetches(get("x"))
    plugin = host.load(package(binary(code, exports=poll(const(0))), everything))
    assert plugin.start({}) is State.RUNNING
    assert host.clock.timestamp() == "2026-01-01T00:01:30.500Z"
    assert host.requests[0].time == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"url": ""}, "a URL is a text"),
        ({"url": 5}, "a URL is a text that is not empty, not 5"),
        ({"status": 99}, "status is a number from 100 to 599"),
        ({"status": 600}, "or 0 for a request that fails, not 600"),
        ({"status": "200"}, "not '200'"),
        ({"status": True}, "not True"),
        ({"method": "FETCH"}, "method is one of GET, HEAD, POST, .*, not 'FETCH'"),
        ({"method": 1}, "method is one of GET"),
        ({"times": 0}, "times is a number from 1 up, not 0"),
        ({"times": 1.5}, "times is a number"),
        ({"delay": -1}, "delay is a number of seconds, not -1"),
        ({"delay": math.inf}, "delay is a number of seconds"),
        ({"delay": math.nan}, "delay is a number of seconds"),
        ({"delay": "1"}, "delay is a number of seconds"),
        ({"headers": ["a"]}, "headers are an object of texts"),
        ({"headers": {"a": 1}}, "headers are an object of texts"),
        ({"body": {1, 2}}, "The body is neither bytes nor a text nor JSON"),
        ({"body": math.nan}, "The body is neither bytes nor a text nor JSON"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(arguments, reason, host):
    with pytest.raises(ConfigurationError, match=reason):
        host.respond(**{"url": "x", **arguments})
    assert host.responder.rules == []


# -- what was asked


def test_what_was_asked_is_kept_in_order(host, ask):
    code, pairs = headers(("Accept", "a/b"))
    host.respond("x/1", "one")
    ask(f"(block (result i32) {code} {get('x/1', pairs)})", post("x/2"))
    first, second = host.requests
    assert first == Request(
        time="2026-01-01T00:00:00.000Z",
        plugin="probe",
        method="GET",
        url="x/1",
        headers=(("Accept", "a/b"),),
        mode="cors",
        status=200,
    )
    assert (second.method, second.url, second.status) == ("POST", "x/2", 0)


def test_what_is_kept_is_bounded(host, monkeypatch):
    monkeypatch.setattr(fetch, "_KEPT_BYTES", 100)
    responder = Responder(host.clock)
    for number in range(20):
        responder.answer(Request("", "p", "POST", str(number), body=b"x" * 30))
    assert [r.url for r in responder.requests] == ["17", "18", "19"]
    responder.answer(Request("", "p", "POST", "long", body=b"x" * 1000))
    assert [r.url for r in responder.requests] == ["long"]
    for number in range(fetch._KEPT_REQUESTS + 5):
        responder.answer(Request("", "p", "GET", str(number)))
    assert len(responder.requests) == fetch._KEPT_REQUESTS
    assert responder._bytes == 0


# -- recorded


@pytest.fixture
def recording(tmp_path):
    def write(content) -> str:
        file = tmp_path / "answers.json"
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(file)

    return write


def test_a_recording_answers(host, ask, recording):
    entries = [
        {"url": "x/text", "body": "hello"},
        {"url": "x/json", "body": {"a": 1}, "headers": {"Content-Type": "application/json"}},
        {"url": "x/bytes", "bodyBase64": base64.b64encode(b"\x01\x02").decode()},
        {"url": "x/post", "method": "POST", "status": 201},
        {"url": "x/once", "body": "once", "times": 1, "delay": 2},
    ]
    host.respond_from(recording(entries))
    urls = ["text", "json", "bytes", "post", "once", "once"]
    assert ask(*[get(f"x/{url}") for url in urls]) == ["hello", '{"a":1}', "\x01\x02", "", "once", ""]
    assert [r.status for r in host.requests] == [200, 200, 200, 0, 200, 0]
    assert host.clock.timestamp() == "2026-01-01T00:00:02.000Z"


def test_an_empty_recording_answers_nothing(host, recording):
    host.respond_from(recording([]))
    assert host.responder.rules == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"answers\.json is not JSON: Expecting value at character 0"),
        (b"[{]", "is not JSON"),
        (b"\xff", r"is not UTF-8: .* at byte 0"),
        ({"url": "x"}, "is JSON, but no array"),
        ([5], "entry 1: it is no object"),
        ([{"url": "x"}, {"body": "x"}], 'entry 2: it has no "url"'),
        ([{"url": "x", "stauts": 1}], r'entry 1: it has no "stauts" \(did you mean status\?\)'),
        ([{"url": "x", "body": "", "bodyBase64": ""}], 'it has both "body" and "bodyBase64"'),
        ([{"url": "x", "bodyBase64": "%"}], '"bodyBase64" is not Base64'),
        ([{"url": "x", "bodyBase64": 5}], '"bodyBase64" is not Base64: 5'),
        ([{"url": "x", "status": "ok"}], "entry 1: .*status is a number from 100 to 599"),
        ([{"url": ["x"]}], "entry 1: .*a URL is a text"),
        ([{"url": "x", "method": ["GET"]}], "entry 1: .*method is one of GET"),
        ([{"url": "x", "times": "2"}], "entry 1: .*times"),
        ([{"url": "x", "headers": "a: b"}], "entry 1: .*headers are an object"),
    ],
)
def test_a_bad_recording_is_refused_whole_and_says_where(content, reason, host, recording):
    with pytest.raises(ConfigurationError, match=reason) as caught:
        host.respond_from(recording(content))
    assert "A recording is a JSON array" in caught.value.hint
    assert host.responder.rules == []


def test_a_missing_recording_is_named(host, tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.json cannot be read: No such file"):
        host.respond_from(tmp_path / "nowhere.json")
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        host.respond_from(tmp_path)


# -- the real network


class Server(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._answer(f"{self.path} {self.headers.get('X-Test', '')}".encode())

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])), 201)

    def _answer(self, content: bytes, status: int = 200):
        if self.path == "/drip":
            self._drip()
            return
        if self.path == "/slow":
            threading.Event().wait(0.2)
        content = b"x" * 5000 if self.path == "/long" else content
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self):
        """Something every now and then, and never the end."""
        self.send_response(200)
        self.end_headers()
        for _ in range(200):
            try:
                self.wfile.write(b".")
            except OSError:
                return
            threading.Event().wait(0.02)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(no_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_leaves_the_machine_unasked(server, host, ask):
    assert ask(get(f"{server}/a")) == [""]
    assert host.requests[0].status == 0


def test_what_no_rule_answers_goes_to_the_network(server, host, ask):
    host.allow_network()
    host.respond(f"{server}/mine", "programmed")
    code, pairs = headers(("X-Test", "yes"))
    asked = f"(block (result i32) {code} {get(f'{server}/a?b=c', pairs)})"
    assert ask(get(f"{server}/mine"), asked, get(f"{server}/moved"), post(server)) == [
        "programmed",
        "/a?b=c yes",
        "/there ",
        "",
    ]
    assert [r.status for r in host.requests] == [200, 200, 200, 201]


def test_a_redirection_is_told(server, host):
    host.allow_network()
    answer = host.responder.answer(Request("", "p", "GET", f"{server}/moved"))
    assert (answer.status, answer.redirected, answer.waited) == (200, True, True)


def test_an_answer_without_end_is_cut_off_and_fails(server, make_host, ask):
    host = make_host(limits=Limits(message_bytes=1000))
    host.allow_network()
    assert ask(get(f"{server}/long"), on=host) == [""]
    assert host.requests[0].url.endswith("/long")


def test_an_answer_that_drips_is_given_up(server, make_host, ask):
    host = make_host(limits=Limits(call_seconds=0.2))
    host.allow_network()
    assert ask(get(f"{server}/drip"), on=host) == [""]
    assert "it took longer than 0.2 s (§19)" in next(r.text for r in host.log if r.kind == "warning")


def test_the_time_on_the_network_is_not_the_plugins(server, make_host, package, everything):
    """It fetches for as long as a call may take, several times, and is not ended for that."""
    host = make_host(limits=Limits(call_seconds=0.3))
    host.allow_network()
    plugin = host.load(package(binary(fetches(*[get(f"{server}/slow")] * 3)), everything))
    assert plugin.start({}) is State.RUNNING, plugin.why()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "nonsense", "/relative", "file:///etc/passwd", "http://[", "ftp://x/y", "http://"],
)
def test_what_the_network_does_not_answer_fails(url, host, package, everything):
    host.allow_network()
    plugin = host.load(package(binary(fetches(get(url))), everything))
    assert plugin.start({}) is State.RUNNING
    assert [(r.url, r.status) for r in host.requests] == [(url, 0)]
    assert f"GET {url} failed: " in next(r.text for r in plugin.log if r.kind == "warning")


@pytest.mark.parametrize("pair", [("a b", "x"), ("x", "a\nb"), ("ä", "x"), ("x", "€"), ("", "x")])
def test_headers_that_http_cannot_carry_fail(pair, server, host):
    host.allow_network()
    answer = host.responder.answer(Request("", "p", "GET", server, headers=(pair,)))
    assert (answer.status == 0) == bool(answer.reason)


# -- a real plugin, made with as-fetch


ANSWER, REPORT = "https://example.org/answer", "https://example.org/report"


@pytest.fixture
def real(host):
    return host.load(read_package(corpus.plugin("fetch-assemblyscript")))


def emitted(plugin) -> list[dict[str, object]]:
    return [{v["path"]: v["value"] for v in delta["updates"][0]["values"]} for delta in plugin.emitted]


def test_the_real_plugin_fetches_and_reports(real, host):
    host.respond(ANSWER, 'said "ä"\n', delay=1)
    host.respond(REPORT, "thanks", method="POST")
    assert real.start({}) is State.RUNNING, real.why()
    assert (real.status, real.error) == ("Fetched 9 characters", "")
    assert emitted(real) == [{"plugins.fetch.answer": 'said "ä"\n', "plugins.fetch.characters": 9}]
    got, posted = host.requests
    assert (got.method, got.url, got.headers, got.mode) == ("GET", ANSWER, (), "cors")
    assert (posted.method, posted.body) == ("POST", b"9")
    assert posted.headers == (("Content-Type", "text/plain; charset=utf-8"),)
    assert posted.time > got.time


def test_the_real_plugin_takes_its_urls_from_its_configuration(real, host):
    host.respond("http://boat.local/*", "x")
    real.start({"url": "http://boat.local/a", "report": "http://boat.local/b"})
    assert [r.url for r in host.requests] == ["http://boat.local/a", "http://boat.local/b"]


def test_the_real_plugin_fetches_in_poll_and_delta_handler(real, host):
    host.respond(ANSWER, "one", times=2)
    host.respond(ANSWER, {"now": "two"})
    host.respond(REPORT, "thanks")
    real.start({})
    host.publish("navigation.speedOverGround", 3.5)
    host.publish("navigation.headingTrue", 1.5)
    host.advance(3)
    assert emitted(real)[1:] == [
        {"plugins.fetch.heard": 1},
        {"plugins.fetch.answer": '{"now":"two"}', "plugins.fetch.characters": 13},
    ]
    heard = [json.loads(r.body) for r in host.requests if r.url == REPORT][1]
    assert heard["updates"][0]["values"] == [{"path": "navigation.speedOverGround", "value": 3.5}]
    assert real.error == ""


def test_the_real_plugin_tells_that_nobody_answers(real, host):
    assert real.start({}) is State.RUNNING
    assert real.error == f"No answer from {ANSWER}"
    assert emitted(real) == [{"plugins.fetch.answer": None, "plugins.fetch.characters": 0}]
    host.publish("navigation.speedOverGround", 3.5)
    host.advance(5)
    assert real.error == f"No answer from {REPORT}"
    assert real.is_running


def test_the_real_plugin_lives_long_and_takes_much(real, host):
    """Its collector runs in the middle of fetches: what it is handed must outlive that."""
    host.respond(ANSWER, "é" * 200_000, times=1)
    host.respond("*", "y" * 50_000)
    assert real.start({}) is State.RUNNING, real.why()
    assert emitted(real)[0]["plugins.fetch.characters"] == 200_000
    for number in range(300):
        host.publish("navigation.speedOverGround", number)
    host.advance(60)
    assert real.is_running, real.why()
    assert emitted(real)[-1] == {"plugins.fetch.answer": "y" * 1000, "plugins.fetch.characters": 50_000}
    assert len([one for one in emitted(real) if "plugins.fetch.heard" in one]) == 300
    assert real.memory_bytes < 64 * 1024 * 1024


def test_two_real_plugins_do_not_disturb_each_other(host, make_host):
    one, two = (h.load(read_package(corpus.plugin("fetch-assemblyscript"))) for h in (host, make_host()))
    one.host.respond("*", "first")
    two.host.respond("*", "second")
    assert one.start({}) is two.start({}) is State.RUNNING
    assert [emitted(p)[0]["plugins.fetch.answer"] for p in (one, two)] == ["first", "second"]
    assert len(one.host.requests) == len(two.host.requests) == 2
