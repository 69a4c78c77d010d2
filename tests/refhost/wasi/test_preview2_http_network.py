"""`wasi:http` on the real network, for a host that was asked to use it, beside wasmtime's own (contract §18)."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import wasmtime
from http_guest import CODES, HEADERS, NETWORK, ask, binary, get, post
from http_handles import AWAIT, BEFORE_A_CHILD, FINISH, FUTURE, SENT, TAKE, TRAILERS, TWICE, sent_with_length, write
from wasmtime import component as wc
from wat import text

from refhost.limits import Limits
from refhost.services.fetch import Answer, Request


class Server(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/never":
            self.server.over.wait(5)
        status = {"/moved": 302, "/gone": 404}.get(self.path, 200)
        if self.path == "/packed":
            self._answer(gzip.compress(b"packed", mtime=0), 200, {"Content-Encoding": "gzip"})
            return
        self._answer(f"{self.path} {self.headers.get('X-Test', '-')} {self.headers['Host']}".encode(), status)

    def do_POST(self):
        if "Content-Length" in self.headers:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])), 201)
            return
        content = b""
        while length := int(self.rfile.readline(), 16):
            content += self.rfile.read(length + 2)[:-2]
        self.rfile.readline()
        self._answer(content, 201)

    def _answer(self, content: bytes, status: int, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Asked-For", self.headers.get("Accept-Encoding", "anything"))
        self.send_header("Location", "/there")
        for pair in dict(headers).items():
            self.send_header(*pair)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(no_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.over = threading.Event()
    server.handle_error = lambda *_: None  # a request that breaks off
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_leaves_the_machine_unasked(run, server):
    assert run(get("/a"), authority=server) == ["e connection-refused"]


NOBODY = "127.0.0.1:1"


def requests(server: str) -> str:
    fields = f"(call $with-header {text('X-Test')} {text('yes')})"
    return f"""
      {get("/a?b=c")} {get("/gone")} {get("/moved")} {post("/p", "what is sent")}
      (call $await (call $send {ask("/h", fields=fields)}))
      (local.set $a {ask("/")})
      (drop (call $outgoing-request.set-authority (local.get $a) (i32.const 1) {text(NOBODY)}))
      (call $await (call $send (local.get $a)))"""


def test_the_network_answers_as_it_does_under_wasmtimes_own_wasi(host, run, server):
    """Redirections are the plugin's business, as are error statuses."""
    host.allow_network()
    said = run(requests(server), authority=server)
    assert said[-1] == "e connection-refused"
    assert said[:-1] == [
        *["s00200", f"b{len(server) + 9:05}", f"/a?b=c - {server}"],
        *["s00404", f"b{len(server) + 8:05}", f"/gone - {server}"],
        *["s00302", f"b{len(server) + 9:05}", f"/moved - {server}"],
        *["s00201", "b00012", "what is sent"],
        *["s00200", f"b{len(server) + 7:05}", f"/h yes {server}"],
    ]
    assert natively(binary(requests(server), authority=server)) == [
        *said[:-1],
        f"e{CODES.index('connection-refused'):05}",
    ]


ALIKE = {
    "a body that is dropped": f"{SENT} (call $drop.outgoing-body (local.get $b)) {AWAIT}",
    "a body that is too short": f"{sent_with_length('6')} {write('12345')} {FINISH}",
    "a body that is too long": f"{sent_with_length('4')} {write('12345')} {FINISH}",
    "a response that is taken twice": f"{FUTURE} {TAKE} {TAKE} {TAKE}",
    "trailers": TRAILERS,
    "headers": HEADERS,
    "nowhere": f"""
      (local.set $a {ask("/")})
      (drop (call $outgoing-request.set-authority (local.get $a) (i32.const 0) (i32.const 0) (i32.const 0)))
      (call $await (call $send (local.get $a)))""",
    **{f"{name}, twice": f"{code} (call $refused (i32.load8_u (i32.const 800)))" for name, code in TWICE.items()},
}


@pytest.mark.parametrize("case", ALIKE)
def test_it_is_as_under_wasmtimes_own_wasi(host, load, server, case):
    host.allow_network()
    said = [r.text for r in load(ALIKE[case], authority=server).log if r.kind == "debug"]
    assert said
    assert natively(binary(ALIKE[case], authority=server)) == said


@pytest.mark.parametrize("case", BEFORE_A_CHILD)
def test_it_traps_as_under_wasmtimes_own_wasi(server, case):
    with pytest.raises(wasmtime.WasmtimeError, match="resource has children"):
        natively(binary(BEFORE_A_CHILD[case][0], authority=server))


def natively(component: bytes) -> list[str]:
    """What the same component says under wasmtime's own `wasi:http`."""
    engine = wasmtime.Engine()
    store, linker, said = wasmtime.Store(engine), wc.Linker(engine), []
    store.set_wasi(wasmtime.WasiConfig())
    store.set_wasi_http()
    compiled = wc.Component(engine, component)
    try:
        linker.add_wasip2()
        linker.add_wasi_http()
        with linker.root() as root, root.add_instance("signalk:plugin-api/plugin-status@1.0.0") as status:
            status.add_func("debug", lambda _store, message: said.append(message))
        instance = linker.instantiate(store, compiled)
        api = instance.get_export_index(store, "signalk:plugin-api/plugin-interface@1.0.0")
        start = instance.get_func(store, instance.get_export_index(store, "start", api))
        assert start(store, "{}") is None
    finally:
        linker.close()
        store.close()
        compiled.close()
    return said


def test_a_server_is_not_asked_to_compress_unless_the_plugin_does(host, run, server):
    host.allow_network()
    name = text("x-asked-for")
    fields = f"(call $with-header {text('Accept-Encoding')} {text('br')})"
    code = "".join(
        f"(call $header (call $take (call $send {asked})) {name})" for asked in (ask("/"), ask("/", fields=fields))
    )
    assert run(code, authority=server) == ["identity", "br"]


def test_the_time_on_the_network_is_not_the_plugins(make_host, run):
    host = make_host(limits=Limits(call_seconds=0.3))

    def slow(request) -> Answer:
        threading.Event().wait(0.2)
        return Answer(200, b"x", waited=True)

    host.responder.network = slow
    assert run(get("/") * 3, on=host) == ["s00200", "b00001", "x"] * 3


def test_a_body_is_as_the_server_sent_it(host, server):
    """as-fetch unpacks what a server has packed, as in a browser; a component does so by itself."""
    host.allow_network()
    for as_sent, body in ((True, gzip.compress(b"packed", mtime=0)), (False, b"packed")):
        answer = host.responder.promise(Request("", "p", "GET", f"http://{server}/packed", as_sent=as_sent))
        assert (answer.status, answer.body) == (200, body)


def test_the_network_is_waited_for_as_long_as_the_plugin_waits(host, run, server):
    host.allow_network()
    code = f"""
      (local.set $c (call $request-options.new))
      (drop (call $request-options.set-first-byte-timeout (local.get $c) (i32.const 1) (i64.const 50000000)))
      (call $await (call $send-with {ask("/never")} (i32.const 1) (local.get $c)))"""
    assert run(code, authority=server) == ["e connection-read-timeout"]
    assert "it took longer than 0.05 s" in next(r.text for r in host.log if r.kind == "warning")


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt, SystemExit])
def test_what_the_network_raises_does_not_end_the_process(host, package, error):
    def fails(request):
        raise error

    host.responder.network = fails
    plugin = host.load(package(binary(get("/")), NETWORK))
    with pytest.raises(error):
        plugin.start({})
