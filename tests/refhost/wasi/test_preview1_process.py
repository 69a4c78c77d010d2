"""Arguments, clocks, randomness, exit, sockets and waiting (§5)."""

from __future__ import annotations

import struct

import pytest
from wasi_guest import BUFFER, CREAT, RESULT, ROOT, DirectGuest

from refhost.errors import GuestExit
from refhost.wasi.preview1 import FUNCTIONS, Errno

SUBSCRIPTIONS, EVENTS = 1024, 8192
REALTIME, MONOTONIC = 0, 1


def strings(guest, sizes, get):
    assert guest.call(sizes, RESULT, RESULT + 4) == 0
    count, size = struct.unpack("<II", guest.memory.read(RESULT, 8))
    assert guest.call(get, BUFFER, 4096) == 0
    found = []
    for address in struct.unpack(f"<{count}I", guest.memory.read(BUFFER, 4 * count)):
        data = guest.memory.read(address, 4096 + size - address)
        found.append(data[: data.index(b"\0")].decode())
    assert size == sum(len(text.encode()) + 1 for text in found)
    return found


def test_arguments_and_environment(guest):
    assert strings(guest, "environ_sizes_get", "environ_get") == ["PLUGIN_ID=p"]
    assert strings(guest, "args_sizes_get", "args_get") == ["p", "ä"]
    assert guest.call("environ_get", BUFFER, 131_070) == Errno.FAULT
    assert guest.call("environ_get", -1, BUFFER) == Errno.FAULT
    assert guest.call("args_sizes_get", RESULT, -1) == Errno.FAULT


def test_nothing_unless_given():
    guest = DirectGuest()
    assert strings(guest, "environ_sizes_get", "environ_get") == []
    assert strings(guest, "args_sizes_get", "args_get") == []
    guest.close()


def test_clocks_are_virtual_and_move_when_looked_at(guest):
    before = guest.clock.now_ns
    assert guest.call("clock_time_get", REALTIME, 0, RESULT) == 0
    assert guest.result64() == before + 1000
    assert guest.call("clock_time_get", MONOTONIC, 0, RESULT) == 0
    assert guest.result64() == 2000
    assert guest.call("clock_res_get", MONOTONIC, RESULT) == 0
    assert guest.result64() == 1000
    for clock in (2, 3):
        assert guest.call("clock_time_get", clock, 0, RESULT) == Errno.BADF
        assert guest.call("clock_res_get", clock, RESULT) == Errno.BADF
    for clock in (4, -1):
        assert guest.call("clock_time_get", clock, 0, RESULT) == Errno.INVAL


def test_random_bytes_are_seeded(guest):
    other = DirectGuest()
    for each in (guest, other):
        assert each.call("random_get", BUFFER, 32) == 0
    assert guest.memory.read(BUFFER, 32) == other.memory.read(BUFFER, 32) != bytes(32)
    other.close()
    assert guest.call("random_get", 0, 0) == 0
    assert guest.call("random_get", 0, 131_072) == 0
    assert guest.call("random_get", 1, 131_072) == Errno.FAULT
    assert guest.call("random_get", 0, -1) == Errno.FAULT


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 3), (200, 200), (-1, 0xFFFFFFFF)])
def test_exit(guest, code, expected):
    with pytest.raises(GuestExit) as caught:
        guest.call("proc_exit", code)
    assert caught.value.code == expected


def test_what_there_is_not(guest):
    assert guest.call("sched_yield") == 0
    assert guest.call("proc_raise", 6) == Errno.NOTSUP
    assert guest.call("proc_raise", 31) == Errno.INVAL
    for name in ("sock_accept", "sock_recv", "sock_send", "sock_shutdown"):
        rest = [0] * (len(FUNCTIONS[name].params) - 1)
        assert guest.call(name, ROOT, *rest) == Errno.NOTSOCK
        assert guest.call(name, 99, *rest) == Errno.BADF


def clock(userdata, timeout, *, kind=MONOTONIC, absolute=0, tag=0):
    return struct.pack("<QBxxxxxxxIxxxxQQHxxxxxx", userdata, tag, kind, timeout, 0, absolute)


def stream(userdata, fd, *, write=False):
    return struct.pack("<QBxxxxxxxI28x", userdata, 2 if write else 1, fd)


def poll(guest, *subscriptions):
    guest.memory.write(SUBSCRIPTIONS, b"".join(subscriptions))
    error = guest.call("poll_oneoff", SUBSCRIPTIONS, EVENTS, len(subscriptions), RESULT)
    if error:
        return error
    data = guest.memory.read(EVENTS, 32 * guest.result())
    return [event[:5] for event in struct.iter_unpack("<QHBxxxxxQHxxxxxx", data)]


def test_a_wait_passes_at_once(guest):
    assert poll(guest, clock(7, 5_000_000_000)) == [(7, 0, 0, 0, 0)]
    assert guest.clock.elapsed_ns == 5_000_000_000


def test_the_first_timers_to_fall_due_are_all_reported(guest):
    events = poll(guest, clock(1, 500), clock(2, 300), clock(3, 300, kind=REALTIME), clock(4, 301))
    assert [event[0] for event in events] == [2, 3]
    assert guest.clock.elapsed_ns == 300


def test_absolute_times(guest):
    guest.clock.pass_time(1000)
    assert poll(guest, clock(1, 1500, absolute=1)) == [(1, 0, 0, 0, 0)]
    assert guest.clock.elapsed_ns == 1500
    now = guest.clock.now_ns
    poll(guest, clock(1, now + 100, kind=REALTIME, absolute=1))
    assert guest.clock.elapsed_ns == 1600
    poll(guest, clock(1, 5, absolute=1))
    assert guest.clock.elapsed_ns == 1600, "what is past is due now"


def test_a_descriptor_is_ready_before_any_timer(guest):
    fd = guest.opened("data/x", CREAT)
    guest.write(fd, b"abc")
    guest.seek(fd, 1, 0)
    events = poll(
        guest,
        clock(1, 9),
        clock(2, 0),
        stream(3, 0),
        stream(4, 1, write=True),
        stream(5, fd),
        stream(6, fd, write=True),
    )
    assert events == [(2, 0, 0, 0, 0), (3, 0, 1, 5, 0), (4, 0, 2, 1, 0), (5, 0, 1, 2, 0), (6, 0, 2, 1, 0)]
    assert guest.clock.elapsed_ns == 0
    guest.seek(fd, 0, 2)
    guest.read(0, 99)
    assert poll(guest, stream(1, fd), stream(2, 0)) == [(1, 0, 1, 0, 1), (2, 0, 1, 0, 1)]


def test_what_cannot_be_waited_for(guest):
    assert poll(guest) == Errno.INVAL
    assert poll(guest, clock(1, 1, kind=2)) == Errno.INVAL
    assert poll(guest, clock(1, 1, absolute=2)) == Errno.INVAL
    assert poll(guest, clock(1, 1, tag=3)) == Errno.INVAL
    for bad in (stream(1, 99), stream(1, ROOT), stream(1, 1), stream(1, 0, write=True)):
        assert poll(guest, bad) == Errno.BADF
    assert guest.call("poll_oneoff", 0, 0, -1, RESULT) == Errno.INVAL
    assert guest.call("poll_oneoff", 131_000, EVENTS, 4, RESULT) == Errno.FAULT
    assert guest.call("poll_oneoff", SUBSCRIPTIONS, -1, 1, RESULT) == Errno.FAULT


def test_the_table_has_all_functions():
    assert len(FUNCTIONS) == 46
    assert FUNCTIONS["fd_seek"].params == ("i32", "i64", "i32", "i32")
    assert FUNCTIONS["fd_seek"].results == ("i32",)
    assert FUNCTIONS["proc_exit"].results == ()


def test_functions_can_be_had_one_by_one(guest):
    assert guest.wasi.function("sched_yield")() == 0
    assert guest.wasi.function("fd_close")(99) == Errno.BADF
