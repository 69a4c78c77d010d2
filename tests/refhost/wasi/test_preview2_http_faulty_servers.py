"""Servers that are slow, cut their answers, send without end or speak no HTTP, to `wasi:http` (§18, §19)."""

from __future__ import annotations

import tracemalloc
from contextlib import closing

import faulty_server
import pytest
from faulty_server import HUGE, SLOW, WRONG
from http_guest import get

from refhost.limits import Limits

SECONDS = 0.5
MESSAGE_BYTES = 1 << 20
FINE = ["s00200", "b00004", "fine"]


@pytest.fixture
def server(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with closing(faulty_server.FaultyServer()) as made:
        yield made


@pytest.fixture
def ask(make_host, run, server):
    """What a component gets that asks for one path and then for `/fine`, and the warnings about it."""

    def ask(path: str, **limits) -> tuple[list[str], list[str]]:
        host = make_host(limits=Limits(message_bytes=MESSAGE_BYTES, **limits))
        host.allow_network()
        said = run(f"{get(f'/{path}')} {get('/fine')}", on=host, authority=server.authority)
        return said, [r.text for r in host.log if r.kind == "warning"]

    return ask


@pytest.mark.long  # each takes the time that a request has
@pytest.mark.parametrize("path", SLOW)
def test_one_that_is_slow_is_a_timeout(path, ask):
    said, (warned,) = ask(path, call_seconds=SECONDS)
    assert said == ["e connection-read-timeout", *FINE]
    assert f"it took longer than {SECONDS} s (§19)" in warned


@pytest.mark.parametrize("path", HUGE)
def test_an_answer_without_end_is_too_long(path, ask):
    tracemalloc.start()
    try:
        said, _ = ask(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said == ["e HTTP-response-body-size", *FINE]
    assert peak < 8 * MESSAGE_BYTES


@pytest.mark.parametrize("path", WRONG)
def test_what_is_no_answer_is_a_refusal(path, ask):
    said, (warned,) = ask(path)
    assert said == ["e connection-refused", *FINE]
    assert len(warned) < 500


def test_what_is_packed_stays_so(ask):
    """Nothing is unpacked that could come to more (R60)."""
    said, warned = ask("not-packed")
    assert (said, warned) == (["s00200", "b00015", "this is no gzip", *FINE], [])
