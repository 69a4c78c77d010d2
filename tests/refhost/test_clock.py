"""Virtual time (§9)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.clock import NANOSECONDS, Clock
from refhost.errors import PluginTimeout


@pytest.fixture
def clock():
    return Clock()


def test_it_begins_at_a_fixed_moment_and_stands(clock):
    assert clock.timestamp() == clock.timestamp() == "2026-01-01T00:00:00.000Z"
    assert clock.elapsed_ns == 0
    assert clock.now_ns == 1_767_225_600 * NANOSECONDS


def test_it_begins_where_it_is_told():
    clock = Clock(datetime(1999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    assert clock.timestamp() == "1999-12-31T23:59:59.999Z"
    clock.advance(0.001)
    assert clock.timestamp() == "2000-01-01T00:00:00.000Z"


def test_timers_run_in_order_each_at_its_own_moment(clock):
    seen = []
    for seconds in (3, 1, 2, 1):
        clock.call_later(seconds, lambda s=seconds: seen.append((s, clock.elapsed_ns / NANOSECONDS)))
    clock.advance(2.5)
    assert seen == [(1, 1.0), (1, 1.0), (2, 2.0)]
    clock.advance(0.5)
    assert seen[-1] == (3, 3.0)
    assert clock.elapsed_ns == 3 * NANOSECONDS


def test_timers_of_one_moment_run_in_the_order_in_which_they_were_set(clock):
    seen = []
    for name in "abc":
        clock.call_later(1, lambda name=name: seen.append(name))
    clock.advance(1)
    assert seen == ["a", "b", "c"]


def test_a_cancelled_timer_never_runs(clock):
    seen = []
    timer = clock.call_later(1, lambda: seen.append(1))
    timer.cancel()
    timer.cancel()
    clock.advance(5)
    assert not seen


def test_a_timer_may_cancel_another_of_the_same_moment(clock):
    seen = []
    timers = []

    def cancel() -> None:
        timers[0].cancel()

    clock.call_later(1, cancel)
    timers.append(clock.call_later(1, lambda: seen.append(1)))
    clock.advance(1)
    assert not seen


def test_a_timer_set_by_a_timer_runs_in_the_same_advance_if_it_is_due(clock):
    seen = []

    def tick() -> None:
        seen.append(clock.elapsed_ns // NANOSECONDS)
        clock.call_later(1, tick)

    clock.call_later(1, tick)
    clock.advance(3.5)
    assert seen == [1, 2, 3]


def test_time_that_passes_inside_a_call_runs_no_timer_and_delays_what_is_due(clock):
    seen = []
    clock.call_later(1, lambda: seen.append(clock.elapsed_ns))
    clock.pass_time(5 * NANOSECONDS)
    assert not seen
    clock.advance(0)
    assert seen == [5 * NANOSECONDS]


def test_time_never_goes_back_when_a_timer_lets_it_pass(clock):
    clock.call_later(1, lambda: clock.pass_time(10 * NANOSECONDS))
    clock.advance(2)
    assert clock.elapsed_ns == 11 * NANOSECONDS


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(0, 100))
def test_whatever_is_set_runs_sorted_and_exactly_what_is_due(delays, until):
    clock, seen = Clock(), []
    for delay in delays:
        clock.call_later(delay, lambda delay=delay: seen.append(delay))
    clock.advance(until)
    due = [d for d in delays if round(d * NANOSECONDS) <= round(until * NANOSECONDS)]
    assert seen == sorted(due, key=lambda d: round(d * NANOSECONDS))


def test_a_call_may_wait_no_longer_than_it_may_take(clock):
    clock.begin_call(2 * NANOSECONDS)
    clock.wait(1_500_000_000)
    assert clock.elapsed_ns == 1_500_000_000
    with pytest.raises(PluginTimeout, match=r"waited for 9\.22337e\+09 s, longer than a call may take \(§19\)"):
        clock.wait(2**63)
    assert clock.elapsed_ns == 2 * NANOSECONDS
    clock.begin_call(2 * NANOSECONDS)
    clock.wait(NANOSECONDS)
    assert clock.elapsed_ns == 3 * NANOSECONDS


def test_a_program_may_wait_as_it_likes(clock):
    clock.wait(1000 * NANOSECONDS)
    assert clock.elapsed_ns == 1000 * NANOSECONDS


def test_at_the_end_of_time_it_stands(clock):
    clock.pass_time(2**70)
    clock.advance(100.0)
    assert clock.timestamp() == "9999-12-31T23:59:59.999Z"
