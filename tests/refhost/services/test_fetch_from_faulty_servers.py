"""Servers that are slow, cut their answers, send without end or speak no HTTP, to a plugin that fetches (§18, §19)."""

from __future__ import annotations

import itertools
import threading
import time

import pytest
from allocating import less_than
from faulty_server import FINE_TO_FOLLOW, HUGE, HUGE_TO_UNPACK, SLOW, SLOW_TO_FOLLOW, WRONG, WRONG_TO_FOLLOW
from fetching import binary, fetches, get

from refhost.limits import Limits
from refhost.plugin import State
from refhost.services.fetch import Cause, Request

SECONDS = 0.5
MESSAGE_BYTES = 1 << 20
# What unpacks to more, is read up to a piece more, and is copied once.
PEAK_BYTES = 8 * MESSAGE_BYTES


@pytest.fixture
def ask(make_host, package, everything, faulty):
    """What a plugin gets that asks for one path and then for `/fine`, in one call, and the warning about the first."""

    def ask(path: str, **limits) -> tuple[list[str], str]:
        host = make_host(limits=Limits(message_bytes=MESSAGE_BYTES, **limits))
        host.allow_network()
        url = f"http://{faulty.authority}"
        plugin = host.load(package(binary(fetches(get(f"{url}/{path}"), get(f"{url}/fine"))), everything))
        assert plugin.start({}) is State.RUNNING, plugin.why()
        warned = [r.text for r in plugin.log if r.kind == "warning"]
        return [r.text for r in plugin.log if r.kind == "debug"], "".join(warned)

    yield ask
    assert "refhost-fetch" not in {thread.name for thread in threading.enumerate()}


# One every day: each takes the time that a request has.
@pytest.mark.parametrize(
    "path", [p if p == "never" else pytest.param(p, marks=pytest.mark.long) for p in [*SLOW, *SLOW_TO_FOLLOW]]
)
def test_one_that_is_slow_is_given_up_in_time(path, ask, faulty):
    begun = time.monotonic()
    got, warned = ask(path, call_seconds=SECONDS)
    assert got == ["", "fine"]
    assert warned == f"GET http://{faulty.authority}/{path} failed: it took longer than {SECONDS} s (§19)"
    assert time.monotonic() - begun < 10 * SECONDS


@pytest.mark.parametrize("path", [*HUGE, *HUGE_TO_UNPACK])
def test_an_answer_without_end_is_read_up_to_the_limit(path, ask, faulty):
    with less_than(PEAK_BYTES):
        got, warned = ask(path)
    assert got == ["", "fine"]
    assert f"bytes; the limit is {MESSAGE_BYTES} (§19)" in warned


@pytest.mark.parametrize("path", [*WRONG, *WRONG_TO_FOLLOW])
def test_what_is_no_answer_fails_and_is_told_in_a_line(path, ask, faulty):
    got, warned = ask(path)
    assert got == ["", "fine"]
    said = warned.removeprefix(f"GET http://{faulty.authority}/{path} failed: ")
    assert said != warned
    assert 0 < len(said) < 400
    assert said.isprintable()


@pytest.mark.parametrize("path", FINE_TO_FOLLOW)
def test_what_comes_with_a_redirection_is_not_read(path, ask):
    with less_than(PEAK_BYTES):
        assert ask(path) == (["fine", "fine"], "")


@pytest.mark.parametrize(("path", "method"), [("found", b"GET"), ("the-same-there", b"POST")])
def test_a_redirection_is_followed_as_it_says(path, method, make_host, faulty):
    host = make_host()
    host.allow_network()
    answer = host.responder.answer(Request("", "p", "POST", f"http://{faulty.authority}/{path}", body=b"12345"))
    assert (answer.status, answer.body, answer.redirected) == (200, method, True)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("redirections-without-end", "it is redirected more than 20 times"),
        ("redirection-to-no-address", "it is redirected to what is no URL"),
        ("packed-twice", "its answer is packed 2 times; once is unpacked"),
    ],
)
def test_what_nobody_follows_is_said(path, said, ask):
    assert ask(path)[1].endswith(f"failed: {said}")


def test_one_that_never_finishes_a_handshake(make_host, faulty):
    host = make_host(limits=Limits(call_seconds=SECONDS))
    host.allow_network()
    answer = host.responder.answer(Request("", "p", "GET", f"https://{faulty.authority}/fine"))
    assert (answer.status, answer.cause, answer.waited) == (0, Cause.TIMEOUT, True)


def test_one_that_takes_in_nothing(make_host, faulty):
    """What is sent waits in the machine's own buffers, which are full long before."""
    host = make_host(limits=Limits(call_seconds=SECONDS))
    host.allow_network()
    answer = host.responder.answer(Request("", "p", "POST", f"http://{faulty.authority}/never", body=bytes(1 << 25)))
    assert (answer.status, answer.cause) == (0, Cause.TIMEOUT)


def test_a_plugin_that_does_not_wait(make_host, faulty):
    host = make_host()
    host.allow_network()
    asked = Request("", "p", "GET", f"http://{faulty.authority}/never", patience=0.0, as_sent=True)
    answer = host.responder.promise(asked)
    assert (answer.status, answer.cause) == (0, Cause.TIMEOUT)


def test_whoever_ends_the_run_ends_the_request(make_host, faulty, monkeypatch):
    """Ctrl-C comes to whoever waits, and the thread that asked does not stay."""

    def interrupted(_future, _seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("refhost.services.network.Future.result", interrupted)
    host = make_host()
    host.allow_network()
    with pytest.raises(KeyboardInterrupt):
        host.responder.answer(Request("", "p", "GET", f"http://{faulty.authority}/never"))
    monkeypatch.undo()
    for thread in threading.enumerate():
        if thread.name == "refhost-fetch":
            thread.join(SECONDS)
            assert not thread.is_alive()


def test_a_programmed_answer_that_is_too_long_or_comes_at_the_end_of_time(make_host, package, everything):
    host = make_host(limits=Limits(message_bytes=1000))
    host.respond("x/long", bytes(1001))
    host.respond("x/late", "late", delay=1e300)
    host.respond("x/fine", "fine")
    asked = fetches(get("x/long"), get("x/late"), get("x/fine"))
    plugin = host.load(package(binary(asked), everything))
    assert plugin.start({}) is State.RUNNING, plugin.why()
    assert [r.text for r in plugin.log if r.kind == "debug"] == ["", "late", "fine"]
    assert host.clock.timestamp() == "9999-12-31T23:59:59.999Z"


@pytest.mark.long
@pytest.mark.parametrize("step", [-3600, 3600], ids=["back", "forward"])
def test_setting_the_machines_clock_cuts_no_answer_short_and_lengthens_none(step, ask, monkeypatch):
    date = itertools.count(1.8e9, step)
    monkeypatch.setattr("time.time", lambda: next(date))
    assert ask("fine") == (["fine", "fine"], "")
    begun = time.monotonic()
    assert ask("drips-its-head", call_seconds=SECONDS)[0] == ["", "fine"]
    assert time.monotonic() - begun < 10 * SECONDS
