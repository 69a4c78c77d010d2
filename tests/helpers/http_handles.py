"""Code for components of `http_guest`, around one handle each; `$a` is the future, `$b` a response or a body."""

from __future__ import annotations

from http_guest import ask
from wat import text

FUTURE = f"(local.set $a (call $send {ask('/')})) (call $wait (local.get $a))"
RESPONSE = f"{FUTURE} (local.set $b (call $take (local.get $a)))"
OPEN = "(drop (call $open (local.get $b)))"
TAKE = "(drop (call $take (local.get $a)))"

BODY = f"(local.set $c {ask('/', 'post')}) (local.set $b (call $body-of (local.get $c)))"
SENT = f"{BODY} (local.set $a (call $send (local.get $c)))"
FINISH = "(call $finish (local.get $b))"
AWAIT = "(call $await (local.get $a))"


def write(data: str | bytes, times: int = 1) -> str:
    return f"(call $write (local.get $b) {text(data)} (i32.const {times}))"


def sent_with_length(length: str) -> str:
    """A request whose headers tell how long its body is."""
    fields = f"(call $with-header {text('Content-Length')} {text(length)})"
    body = f"(local.set $c {ask('/', 'post', fields)}) (local.set $b (call $body-of (local.get $c)))"
    return f"{body} (local.set $a (call $send (local.get $c)))"


_INCOMING_BODY = "(i32.load (i32.const 384))"
BEFORE_A_CHILD = {
    "an incoming body is dropped": (
        f"{RESPONSE} {OPEN} (call $drop.incoming-body {_INCOMING_BODY})",
        "incoming-body: dropped before its stream",
    ),
    "an incoming body is finished": (
        f"{RESPONSE} {OPEN} (drop (call $incoming-body.finish {_INCOMING_BODY}))",
        "[static]incoming-body.finish: the stream of the body is still there",
    ),
    "an outgoing body is dropped": (
        f"{SENT} (drop (call $stream-of (local.get $b))) (call $drop.outgoing-body (local.get $b))",
        "outgoing-body: dropped before its stream",
    ),
    "an outgoing body is finished": (
        f"{SENT} (drop (call $stream-of (local.get $b))) {FINISH}",
        "[static]outgoing-body.finish: the stream of the body is still there",
    ),
    "a future is dropped": (
        f"""{FUTURE} (drop (call $future-incoming-response.subscribe (local.get $a)))
        (call $drop.future-incoming-response (local.get $a))""",
        "future-incoming-response: dropped before its pollable",
    ),
}
TWICE = {
    "request.body": f"{BODY} (call $outgoing-request.body (local.get $c) (i32.const 800))",
    "outgoing-body.write": f"""
      {BODY} (drop (call $stream-of (local.get $b)))
      (call $outgoing-body.write (local.get $b) (i32.const 800))""",
    "response.consume": f"{RESPONSE} {OPEN} (call $incoming-response.consume (local.get $b) (i32.const 800))",
    "incoming-body.stream": f"""
      {RESPONSE} {OPEN} (call $drop.input-stream (i32.load (i32.const 392)))
      (call $incoming-body.stream {_INCOMING_BODY} (i32.const 800))""",
}
TRAILERS = f"""
  {RESPONSE} (call $drop.input-stream (call $open (local.get $b)))
  (local.set $c (call $incoming-body.finish {_INCOMING_BODY}))
  (local.set $a (call $future-trailers.subscribe (local.get $c)))
  (call $pollable.block (local.get $a)) (call $drop.pollable (local.get $a))
  (call $future-trailers.get (local.get $c) (i32.const 800))
  (call $say (i32.const 111) (i32.load8_u (i32.const 800)))
  (call $say (i32.const 111) (i32.load8_u (i32.const 808)))
  (call $say (i32.const 111) (i32.load8_u (i32.const 816)))
  (call $say (i32.const 111) (i32.load8_u (i32.const 824)))
  (call $future-trailers.get (local.get $c) (i32.const 800))
  (call $say (i32.const 111) (i32.load8_u (i32.const 808)))"""
