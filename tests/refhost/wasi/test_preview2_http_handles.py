"""Handles of `wasi:http`: left over, dropped early, used twice; and bodies without end (contract §18, §19)."""

from __future__ import annotations

import pytest
from http_guest import NETWORK, URL, ask, binary, get, told, warnings
from http_handles import (
    AWAIT,
    BEFORE_A_CHILD,
    BODY,
    FINISH,
    FUTURE,
    OPEN,
    RESPONSE,
    SENT,
    TAKE,
    TRAILERS,
    TWICE,
    sent_with_length,
    write,
)

from refhost.limits import Limits
from refhost.plugin import State


@pytest.fixture
def alive(host, package, load):
    """Runs code that must do no harm: the next plugin of the same host, and the next call, do as always."""

    def alive(code: str, *, on=host) -> list[str]:
        plugin = load(code, get("/next"), on=on)
        assert plugin.state is State.RUNNING, plugin.why()
        said = told(plugin)
        plugin.stop()
        assert told(plugin)[len(said) :] == ["s00200", "b00004", "next"]
        on.unload(plugin)
        return said

    return alive


@pytest.fixture(autouse=True)
def answers(host):
    host.respond("*/next", "next")
    host.respond(f"{URL}/", "answer")


# -- left over and dropped early


@pytest.mark.parametrize(
    "code",
    [
        f"(drop (call $send {ask('/')}))",
        f"{FUTURE} (call $drop.future-incoming-response (local.get $a))",
        RESPONSE,
        f"{RESPONSE} (call $drop.incoming-response (local.get $b))",
        f"{RESPONSE} (call $drop.future-incoming-response (local.get $a))",
        f"{RESPONSE} {OPEN}",
        f"{FUTURE} (drop (call $future-incoming-response.subscribe (local.get $a)))",
    ],
    ids=["future", "future dropped", "response", "response dropped", "only the future dropped", "stream", "pollable"],
)
def test_what_is_never_consumed_does_no_harm(code, host, alive):
    alive(code)
    assert [(r.url, r.status) for r in host.requests] == [(f"{URL}/", 200), (f"{URL}/next", 200)]


def test_a_request_that_is_never_handed_over_is_not_made(host, alive):
    request = f"(local.set $c {ask('/')})"
    alive(f"{request} {BODY} {write('x')} {BODY} {write('x')} {FINISH} {BODY} {FINISH}")
    alive(f"{request} (call $drop.outgoing-request (local.get $c))")
    alive(f"{BODY} (call $drop.outgoing-request (local.get $c)) {write('x')} {FINISH}")
    alive(f"{BODY} {write('x')} {FINISH} (call $drop.outgoing-request (local.get $c))")
    alive(f"{BODY} {write('x')} (call $drop.outgoing-body (local.get $b))")
    assert {r.url for r in host.requests} == {f"{URL}/next"}


def test_a_future_that_is_dropped_before_the_body_is_finished(host, alive):
    alive(f"{SENT} (call $drop.future-incoming-response (local.get $a)) {write('all the same')} {FINISH}")
    assert host.requests[0].body == b"all the same"


def test_a_body_that_is_dropped_unfinished(host, load):
    plugin = load(f"{SENT} {write('half')} (call $drop.outgoing-body (local.get $b)) {AWAIT}")
    assert told(plugin) == ["e HTTP-protocol-error"]
    assert warnings(plugin) == [f"POST {URL}/ was not sent: its body was dropped before it was finished"]
    assert host.requests == []


def test_a_body_that_is_dropped_unfinished_before_the_request_is_handed_over(host, load):
    plugin = load(f"{BODY} (call $drop.outgoing-body (local.get $b)) (call $await (call $send (local.get $c)))")
    assert told(plugin) == ["e HTTP-protocol-error"]
    assert host.requests == []


def test_a_body_that_is_never_finished_is_waited_for_as_long_as_the_plugin_waits(host, load):
    plugin = load(f"{SENT} (drop (call $take (local.get $a))) {AWAIT} {write('late')} {FINISH}")
    assert told(plugin) == ["n00000", "e connection-read-timeout"]
    assert host.clock.elapsed_ns == 600_000_000_000
    assert warnings(plugin) == [
        f"POST {URL}/ was not sent: the plugin waited for the answer without finishing the body"
    ]
    assert host.requests == []


@pytest.mark.parametrize("case", BEFORE_A_CHILD)
def test_what_goes_before_what_belongs_to_it_is_a_trap(case, host, load):
    code, reason = BEFORE_A_CHILD[case]
    plugin = load(code)
    assert plugin.state is State.ERROR
    assert reason in plugin.why()
    host.unload(plugin)
    assert told(load(get("/next")))[-3:] == ["s00200", "b00004", "next"]


def test_a_stream_can_be_dropped_before_the_end(alive):
    chunk = "(local.set $c (call $open (local.get $b))) (drop (call $chunk (local.get $c) (i64.const 3)))"
    drop = "(call $drop.input-stream (local.get $c)) (call $drop.incoming-body (i32.load (i32.const 384)))"
    assert alive(f"{RESPONSE} {chunk} {drop}") == ["s00200", "b00003", "ans"]


# -- used twice


@pytest.mark.parametrize("case", TWICE)
def test_what_is_there_once_is_an_error_the_second_time(case, run):
    assert run(f"{TWICE[case]} (call $refused (i32.load8_u (i32.const 800)))")[-1] == "r00000"


def test_a_response_is_taken_once(run):
    assert run(f"{FUTURE} {TAKE} {TAKE} {TAKE}") == ["t00000", "t00000"]


def test_trailers_are_none_and_taken_once(run):
    some, ok, none, err = "o00001", "o00000", "o00000", "o00001"
    assert run(TRAILERS) == ["s00200", some, ok, ok, none, err]


def test_what_only_servers_call_is_a_trap(load):
    plugin = load("(drop (call $outgoing-response.new (call $fields.new)))")
    assert plugin.state is State.ERROR
    assert "wasi:http/types.[constructor]outgoing-response: only a server calls it" in plugin.why()


# -- too much


def test_a_request_body_that_is_too_long(make_host, load):
    host = make_host(limits=Limits(message_bytes=10_000))
    plugin = load(f"{SENT} {write('x' * 1000, 20)} {FINISH} {AWAIT}", on=host)
    assert told(plugin) == ["w HTTP-request-body-size", "e HTTP-request-body-size", "e HTTP-request-body-size"]
    assert warnings(plugin) == [f"POST {URL}/ was not sent: its body has 11000 bytes or more; the limit is 10000 (§19)"]
    assert host.requests == []


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ("5", ["s00200"]),
        ("4", ["w HTTP-request-body-size", "e HTTP-request-body-size", "e HTTP-request-body-size"]),
        ("6", ["e HTTP-request-body-size", "e HTTP-request-body-size"]),
    ],
)
def test_a_request_body_of_another_length_than_its_headers_say(make_host, load, length, said):
    host = make_host()
    host.respond("*", "")
    plugin = load(f"{sent_with_length(length)} {write('12345')} {FINISH} {AWAIT}", on=host)
    assert told(plugin) == said
    assert len(host.requests) == (said == ["s00200"])


@pytest.mark.long
def test_bodies_that_are_held_are_bounded_together(make_host, load):
    """The room comes back with each body that goes."""
    host = make_host(limits=Limits(memory_bytes=1_000_000, message_bytes=60_000))
    host.respond("*", bytes(50_000))
    held = f"{BODY} {write(bytes(60_000))}"
    dropped = f"{held} {FINISH} (call $drop.outgoing-request (local.get $c))"
    nowhere = "(call $outgoing-request.set-authority (local.get $c) (i32.const 0) (i32.const 0) (i32.const 0))"
    failed = f"{held} {FINISH} (drop {nowhere}) (drop (call $send (local.get $c)))"
    sent = f"{held} {FINISH} (call $drop.future-incoming-response (call $send (local.get $c)))"
    plugin = load((dropped + failed + sent) * 20 + held * 16 + FUTURE * 2 + TAKE + held, on=host)
    assert plugin.state is State.RUNNING, plugin.why()
    assert told(plugin) == ["e HTTP-request-URI-invalid"] * 20 + ["e internal-error", "w internal-error"]


def test_answers_that_are_held_are_bounded_together(make_host, load):
    host = make_host(limits=Limits(memory_bytes=1_000_000))
    host.respond("*", bytes(300_000))
    release = f"{RESPONSE} (call $drop.incoming-response (local.get $b))"
    read = f"""
      {RESPONSE} (call $drop.input-stream (call $open (local.get $b)))
      (call $drop.incoming-body (i32.load (i32.const 384)))"""
    dropped = f"{FUTURE} (call $drop.future-incoming-response (local.get $a))"
    unwanted = f"{SENT} (call $drop.future-incoming-response (local.get $a)) {FINISH}"
    plugin = load((release + read + dropped + unwanted) * 5 + RESPONSE * 4, on=host)
    assert told(plugin) == ["s00200"] * 5 + ["e internal-error"]


@pytest.mark.long
def test_a_plugin_can_make_more_requests_than_it_may_hold_handles(make_host, load):
    """What it hands over is not its own any more."""
    host = make_host(limits=Limits(fetches_per_call=5000))
    host.respond("*", "")
    once = f"""
      (call $drop.future-incoming-response (call $send {ask("/")}))
      {BODY} {FINISH} (call $drop.outgoing-request (local.get $c))
      (call $drop.request-options (call $request-options.new))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))"""
    plugin = load(f"(loop $more {once} (br_if $more (i32.lt_u (local.get $i) (i32.const 1500))))", on=host)
    assert plugin.state is State.RUNNING, plugin.why()
    assert len(host.requests) == 1500


def test_a_plugin_that_sleeps_for_millennia_is_ended_and_takes_no_more_time_than_its_call_has(host, load):
    plugin = load("(call $pollable.block (call $subscribe-duration (i64.const -1)))", on=host)
    assert plugin.state is State.ERROR
    assert "longer than a call may take" in plugin.why()
    assert host.clock.elapsed_ns == host.limits.call_seconds * 10**9


def test_handles_without_end_are_a_trap(load):
    plugin = load("(loop $more (drop (call $fields.new)) (br $more))")
    assert plugin.state is State.ERROR
    assert "more than 4096 resources at once" in plugin.why()


def test_requests_of_several_plugins_are_kept_apart(host, package):
    one, two = (host.load(package(binary(get(f"/{name}")), NETWORK, name)) for name in ("one", "two"))
    host.respond("*", "x")
    assert one.start({}) is two.start({}) is State.RUNNING
    assert [(r.plugin, r.url) for r in host.requests] == [("one", f"{URL}/one"), ("two", f"{URL}/two")]
