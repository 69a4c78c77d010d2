"""A device that sends without end over a real connection, or never reads, holds neither host nor memory (§19)."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
from allocating import less_than
from far_side import RealSide, connected
from speaker import Speaker

from refhost.host import Host
from refhost.limits import Limits
from refhost.network.interface import Family
from refhost.network.loopback import LoopbackNetwork

SOCKET_BYTES = 1 << 20
# What waits, what is kept of a line that has no end yet, one look at it, and copies of that.
PEAK_BYTES = 16 * SOCKET_BYTES
LOOKS = 10
FLOODS = {
    "lines": b"a\n" * 32768,
    "empty lines": b"\n" * 65536,
    "a line without end": b"a" * 65536,
    "long lines": b"a" * 60_000 + b"\n",
}


class Flood:
    """A device that sends the same without end, until it is closed; it notes how much was taken."""

    def __init__(self, device, data: bytes) -> None:
        self._device = device
        self._data = data
        self.full = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        real = self._device._real
        real.settimeout(0.05)
        while True:
            try:
                real.send(self._data)
            except TimeoutError:
                self.full.set()  # nobody reads, and every buffer between is full
            except OSError:
                return  # the plugin has closed it

    def join(self) -> None:
        self._thread.join()


@pytest.fixture
def side():
    with contextlib.closing(RealSide(Family.IPV4)) as side:
        yield side


@pytest.mark.long
@pytest.mark.parametrize("how", ["line", "raw"])
@pytest.mark.parametrize("kind", FLOODS)
def test_one_that_sends_without_end(kind, how, side):
    with Host(network=LoopbackNetwork(), limits=Limits(socket_bytes=SOCKET_BYTES)) as host:
        speaker, other = Speaker(host), Speaker(host, "other")
        number, device = connected(speaker, side)
        if how == "raw":
            assert speaker.sk_tcp_set_line_buffering(number, 0) == 0
        flood = Flood(device, FLOODS[kind])
        assert flood.full.wait(20)
        for _ in range(LOOKS):
            begun = time.thread_time()
            assert 0 <= speaker.sk_tcp_pending(number) <= 1000
            assert time.thread_time() - begun < 1, "so long the host stands still"
        assert flood.full.wait(20)
        with less_than(PEAK_BYTES):
            speaker.sk_tcp_pending(number)
        # Another plugin on the same network is served meanwhile, and the connection can still be ended.
        other_number, other_device = connected(other, side)
        other_device.send(b"hello\n")
        side.arrived(other, other_number)
        assert other.tcp_recv(other_number) == b"hello"
        assert speaker.sk_tcp_close(number) == 0
        flood.join()
        assert speaker.plugin.is_running


def test_one_that_never_reads(side):
    """What a plugin sends is taken until the system's buffers are full, and never kept by the host."""
    with Host(network=LoopbackNetwork()) as host:
        speaker, other = Speaker(host), Speaker(host, "other")
        number, _device = connected(speaker, side)
        sent = 0
        with less_than(PEAK_BYTES):
            while accepted := speaker.sk_tcp_send(number, b"x" * 65536):
                sent += accepted
            assert [speaker.sk_tcp_send(number, b"x" * 65536) for _ in range(50)] == [0] * 50
        assert sent > 0
        assert speaker.sk_tcp_connected(number) == 1
        other_number, other_device = connected(other, side)
        assert other.sk_tcp_send(other_number, b"hello") == 5
        assert other_device.receive() == b"hello"
        assert speaker.sk_tcp_close(number) == 0
