"""Servers that are slow, cut their answers, send without end or speak no HTTP, to `wasi:http` (§18, §19)."""

from __future__ import annotations

import pytest
from allocating import less_than
from faulty_server import HUGE, SLOW, WRONG
from http_guest import get

from refhost.limits import Limits

SECONDS = 0.5
MESSAGE_BYTES = 1 << 20
FINE = ["s00200", "b00004", "fine"]


@pytest.fixture
def ask(make_host, run, faulty):
    """What a component gets that asks for one path and then for `/fine`, and the warnings about it."""

    def ask(path: str, **limits) -> tuple[list[str], list[str]]:
        host = make_host(limits=Limits(message_bytes=MESSAGE_BYTES, **limits))
        host.allow_network()
        said = run(f"{get(f'/{path}')} {get('/fine')}", on=host, authority=faulty.authority)
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
    with less_than(8 * MESSAGE_BYTES):
        said, _ = ask(path)
    assert said == ["e HTTP-response-body-size", *FINE]


@pytest.mark.parametrize("path", WRONG)
def test_what_is_no_answer_is_a_refusal(path, ask):
    said, (warned,) = ask(path)
    assert said == ["e connection-refused", *FINE]
    assert len(warned) < 500


def test_what_is_packed_stays_so(ask):
    """Nothing is unpacked that could come to more (R60)."""
    said, warned = ask("not-packed")
    assert (said, warned) == (["s00200", "b00015", "this is no gzip", *FINE], [])
