"""Components that make HTTP requests through `wasi:http`, in WebAssembly text, and say what came of them.

What they say, one debug text each: a letter and five digits. `s` a status, `b` the length of a chunk (the chunk
follows), `e` an error-code, `w` an error-code of a stream, `h` a header-error, `r` a refused setter, `n` nothing yet,
`t` taken before.
"""

from __future__ import annotations

from component import _ALIASES, _CANONICAL, _LIBRARY
from wasi_imports import imports
from wat import compiled, placed, text

from refhost.wasi.preview2.wit import interfaces

AUTHORITY = "boat.local:8080"
URL = f"http://{AUTHORITY}"
NETWORK = {"network": True}
METHODS = [name for name, _ in interfaces()["wasi:http/types"].types["method"].members]
CODES = [name for name, _ in interfaces()["wasi:http/types"].types["error-code"].members]

# All of the interfaces, servers' functions too, as generated bindings do; but nothing that is unstable in WASI.
FUNCTIONS = {
    name: [function for function in interfaces()[name].functions if "informational" not in function]
    for name in (
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
        "wasi:clocks/monotonic-clock",
        "wasi:http/types",
        "wasi:http/outgoing-handler",
    )
}

_KIND = {letter: f"(i32.const {ord(letter)})" for letter in "sbewhrnt"}

# A variant or a result at its place: first its case, then its payload where it is aligned.
_LIBRARY_OF_REQUESTS = f"""
(func $say (param $kind i32) (param $number i32) (local $at i32)
  (i32.store8 (i32.const 96) (local.get $kind))
  (local.set $at (i32.const 101))
  (loop $digits
    (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
    (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (br_if $digits (i32.gt_u (local.get $at) (i32.const 96))))
  (call $debug (i32.const 96) (i32.const 6)))

;; a request without headers
(func $ask (param $method i32) (param $path i32) (param $length i32) (result i32)
  (call $ask-with (call $fields.new) (local.get $method) (local.get $path) (local.get $length)))

(func $ask-with (param $fields i32) (param $method i32) (param $path i32) (param $length i32) (result i32)
  (local $request i32)
  (local.set $request (call $outgoing-request.new (local.get $fields)))
  (drop (call $outgoing-request.set-method (local.get $request) (local.get $method) (i32.const 0) (i32.const 0)))
  (drop (call $outgoing-request.set-scheme
    (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
  (drop (call $outgoing-request.set-authority (local.get $request) (i32.const 1) AUTHORITY))
  (drop (call $outgoing-request.set-path-with-query
    (local.get $request) (i32.const 1) (local.get $path) (local.get $length)))
  (local.get $request))

(func $with-header (param $n i32) (param $nl i32) (param $v i32) (param $vl i32) (result i32) (local $fields i32)
  (local.set $fields (call $fields.new))
  (call $fields.append
    (local.get $fields) (local.get $n) (local.get $nl) (local.get $v) (local.get $vl) (i32.const 128))
  (call $header-error)
  (local.get $fields))

;; the future of a request, or -1
(func $send (param $request i32) (result i32)
  (call $send-with (local.get $request) (i32.const 0) (i32.const 0)))

(func $send-with (param $request i32) (param $has-options i32) (param $options i32) (result i32)
  (call $handle (local.get $request) (local.get $has-options) (local.get $options) (i32.const 256))
  (if (i32.eqz (i32.load8_u (i32.const 256))) (then (return (i32.load (i32.const 264)))))
  (call $say {_KIND["e"]} (i32.load8_u (i32.const 264)))
  (i32.const -1))

(func $wait (param $future i32) (local $pollable i32)
  (local.set $pollable (call $future-incoming-response.subscribe (local.get $future)))
  (call $pollable.block (local.get $pollable))
  (call $drop.pollable (local.get $pollable)))

;; the response of a future, or -1
(func $take (param $future i32) (result i32)
  (call $future-incoming-response.get (local.get $future) (i32.const 320))
  (if (i32.eqz (i32.load8_u (i32.const 320))) (then (call $say {_KIND["n"]} (i32.const 0)) (return (i32.const -1))))
  (if (i32.load8_u (i32.const 328)) (then (call $say {_KIND["t"]} (i32.const 0)) (return (i32.const -1))))
  (if (i32.load8_u (i32.const 336))
    (then (call $say {_KIND["e"]} (i32.load8_u (i32.const 344))) (return (i32.const -1))))
  (i32.load (i32.const 344)))

;; the stream of a response's body, whose handle is left at 384
(func $open (param $response i32) (result i32)
  (call $say {_KIND["s"]} (call $incoming-response.status (local.get $response)))
  (call $incoming-response.consume (local.get $response) (i32.const 380))
  (if (i32.load8_u (i32.const 380)) (then unreachable))
  (call $incoming-body.stream (i32.load (i32.const 384)) (i32.const 388))
  (if (i32.load8_u (i32.const 388)) (then unreachable))
  (i32.load (i32.const 392)))

;; says a chunk, and whether there was one
(func $chunk (param $stream i32) (param $size i64) (result i32)
  (call $input-stream.blocking-read (local.get $stream) (local.get $size) (i32.const 400))
  (if (i32.load8_u (i32.const 400)) (then
    (if (i32.ne (i32.load8_u (i32.const 404)) (i32.const 1)) (then unreachable))
    (return (i32.const 0))))
  (call $say {_KIND["b"]} (i32.load (i32.const 408)))
  (call $debug (i32.load (i32.const 404)) (i32.load (i32.const 408)))
  (i32.const 1))

(func $read (param $response i32) (param $size i64) (local $stream i32)
  (local.set $stream (call $open (local.get $response)))
  (loop $more (br_if $more (call $chunk (local.get $stream) (local.get $size))))
  (call $drop.input-stream (local.get $stream))
  (call $drop.future-trailers (call $incoming-body.finish (i32.load (i32.const 384))))
  (call $drop.incoming-response (local.get $response)))

;; waits for a future and says everything
(func $await (param $future i32) (local $response i32)
  (if (i32.eq (local.get $future) (i32.const -1)) (then return))
  (call $wait (local.get $future))
  (local.set $response (call $take (local.get $future)))
  (if (i32.ne (local.get $response) (i32.const -1)) (then (call $read (local.get $response) (i64.const 1000))))
  (call $drop.future-incoming-response (local.get $future)))

(func $get (param $path i32) (param $length i32)
  (call $await (call $send (call $ask (i32.const 0) (local.get $path) (local.get $length)))))

(func $body-of (param $request i32) (result i32)
  (call $outgoing-request.body (local.get $request) (i32.const 448))
  (if (i32.load8_u (i32.const 448)) (then unreachable))
  (i32.load (i32.const 452)))

(func $stream-of (param $body i32) (result i32)
  (call $outgoing-body.write (local.get $body) (i32.const 448))
  (if (i32.load8_u (i32.const 448)) (then unreachable))
  (i32.load (i32.const 452)))

;; writes some bytes many times; an error ends it, and its error-code is said
(func $write (param $body i32) (param $data i32) (param $length i32) (param $times i32) (local $stream i32)
  (local.set $stream (call $stream-of (local.get $body)))
  (block $end (loop $more
    (br_if $end (i32.eqz (local.get $times)))
    (local.set $times (i32.sub (local.get $times) (i32.const 1)))
    (call $output-stream.write (local.get $stream) (local.get $data) (local.get $length) (i32.const 464))
    (br_if $more (i32.eqz (i32.load8_u (i32.const 464))))
    (call $why (i32.load (i32.const 472)))))
  (call $drop.output-stream (local.get $stream)))

(func $why (param $error i32)
  (call $http-error-code (local.get $error) (i32.const 512))
  (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
  (call $say {_KIND["w"]} (i32.load8_u (i32.const 520)))
  (call $drop.error (local.get $error)))

(func $finish (param $body i32)
  (call $outgoing-body.finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 576))
  (if (i32.load8_u (i32.const 576)) (then (call $say {_KIND["e"]} (i32.load8_u (i32.const 584))))))

(func $post (param $path i32) (param $length i32) (param $data i32) (param $size i32) (local $request i32)
  (local $body i32) (local $future i32)
  (local.set $request (call $ask (i32.const 2) (local.get $path) (local.get $length)))
  (local.set $body (call $body-of (local.get $request)))
  (local.set $future (call $send (local.get $request)))
  (if (i32.eq (local.get $future) (i32.const -1)) (then (call $drop.outgoing-body (local.get $body)) return))
  (call $write (local.get $body) (local.get $data) (local.get $size) (i32.const 1))
  (call $finish (local.get $body))
  (call $await (local.get $future)))

;; the first value of a response's header
(func $header (param $response i32) (param $name i32) (param $length i32) (local $fields i32)
  (local.set $fields (call $incoming-response.headers (local.get $response)))
  (call $fields.get (local.get $fields) (local.get $name) (local.get $length) (i32.const 600))
  (call $drop.fields (local.get $fields))
  (if (i32.load (i32.const 604)) (then
    (call $debug (i32.load (i32.load (i32.const 600))) (i32.load offset=4 (i32.load (i32.const 600)))))))

;; says a header-error, which is at 128
(func $header-error
  (if (i32.load8_u (i32.const 128)) (then (call $say {_KIND["h"]} (i32.load8_u (i32.const 129))))))

(func $refused (param $result i32)
  (if (local.get $result) (then (call $say {_KIND["r"]} (i32.const 0)))))
"""

_NOTHING = "(i32.store8 (i32.const 64) (i32.const 0)) (i32.const 64)"
_LOCALS = "(local $a i32) (local $b i32) (local $c i32) (local $i i32)"


def get(path: str) -> str:
    """Code: GET, and say everything."""
    return f"(call $get {text(path)})"


def post(path: str, data: str | bytes) -> str:
    """Code: POST, handed over before the body is written, and say everything."""
    return f"(call $post {text(path)} {text(data)})"


def ask(path: str, method: str = "get", fields: str = "") -> str:
    """Code: a new request."""
    number = f"(i32.const {METHODS.index(method)})"
    return f"(call $ask-with {fields} {number} {text(path)})" if fields else f"(call $ask {number} {text(path)})"


def _append(name: str, value: str | bytes) -> str:
    return f"(call $fields.append (local.get $a) {text(name)} {text(value)} (i32.const 128)) (call $header-error)"


_WRONG = [("a b", "x"), ("", "x"), ("ä", "x"), ("a", "x\ny"), ("a", b"x\0"), ("Content-Length", "x")]
_RESERVED = [("Host", "elsewhere"), ("transfer-encoding", "chunked")]
_WELL = [("a", b"\t\xff"), ("TE", "trailers"), ("Expect", "100-continue"), ("Content-Length", "0")]
# Code: headers that are none, those that are not the plugin's, some that are well, and one too late.
HEADERS = f"""
  (local.set $a (call $fields.new)) {"".join(_append(*pair) for pair in (*_WRONG, *_RESERVED, *_WELL))}
  (local.set $b {ask("/", fields="(local.get $a)")})
  (local.set $a (call $outgoing-request.headers (local.get $b))) {_append("a", "too late")}"""


def binary(
    start: str = "", stop: str = "", *, name: str = "", version: str = "0.2.3", authority: str = AUTHORITY
) -> bytes:
    """The component.

    Args:
        start: code of `start`.
        stop: code of `stop`.
        name: code that `name` begins with, while metadata is read.
        version: of WASI.
        authority: that requests go to.
    """
    wasi = imports(FUNCTIONS, version=version)
    says = "(i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 2)) (i32.const 64)"
    body, segments = placed(
        f"""{_LIBRARY_OF_REQUESTS.replace("AUTHORITY", text(authority))} (data (i32.const 1024) "{{}}")
        (func (export "id") (result i32) {says})
        (func (export "name") (result i32) {name} {says})
        (func (export "schema") (result i32) {says})
        (func (export "start") (param i32 i32) (result i32) {_LOCALS} {start} {_NOTHING})
        (func (export "stop") (result i32) {_LOCALS} {stop} {_NOTHING})"""
    )
    lifted = "".join(
        f'(func ${n} {ty} (canon lift (core func $main "{n}") {_CANONICAL}))'
        for n, ty in (
            ("id", "(result string)"),
            ("name", "(result string)"),
            ("schema", "(result string)"),
            ("start", '(param "config" string) (result (result (error string)))'),
            ("stop", "(result (result (error string)))"),
        )
    )
    return compiled(
        f"""(component {wasi.declared}
        (import "signalk:plugin-api/plugin-status@1.0.0" (instance $status
          (export "debug" (func (param "message" string)))))
        {_LIBRARY} {_ALIASES} {wasi.lowered}
        (core func $debug (canon lower (func $status "debug") {_CANONICAL}))
        (core module $main (import "" "memory" (memory 4)) {wasi.needed}
          (import "" "debug" (func $debug (param i32 i32))) {" ".join(segments)} {body})
        (core instance $main (instantiate $main (with "" (instance
          (export "memory" (memory $memory)) {wasi.given} (export "debug" (func $debug))))))
        {lifted}
        (instance $api {" ".join(f'(export "{n}" (func ${n}))' for n in ("id", "name", "schema", "start", "stop"))})
        (export "signalk:plugin-api/plugin-interface@1.0.0" (instance $api)))"""
    )


def told(plugin) -> list[str]:
    """What a plugin said, error-codes by name."""
    said = [record.text for record in plugin.log if record.kind == "debug"]
    return [f"{t[0]} {CODES[int(t[1:])]}" if t[:1] in ("e", "w") and t[1:].isdigit() else t for t in said]


def warnings(plugin) -> list[str]:
    """What the host has to say about its requests."""
    return [r.text for r in plugin.log if r.kind == "warning" and r.function == "wasi:http"]
