"""Ten times as much, against once: deltas, and plugins on one bus."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.replaying import LOG, quiet, relay
from bench.rows import Row, compare
from refhost.host import Host
from refhost.package import from_bytes

_TIMES = 5


def _memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * 4096


def deltas() -> Row:
    """Ten times as many deltas take at most 10.5 times as long."""
    with Host() as host:
        host.load(from_bytes(relay(), name="relay")).start()

        def taken(times: int) -> float:
            begun = time.process_time()
            for _ in range(times):
                host.replay(LOG)
            host.model.path("vessels")
            return (time.process_time() - begun) * 1000

        return compare(
            "ten-times-the-deltas",
            "a replay of 100,000 deltas, and the model read, against 10,000",
            "ms",
            "<= 10.5",
            lambda: taken(10 * _TIMES),
            # The mean of ten: Python's collector goes through everything once in some 20,000 deltas, so that of two
            # short turns one has it and the other has not, and every long one has its share.
            lambda: statistics.fmean(taken(_TIMES) for _ in range(10)),
            rounds=7,
        )


def plugins() -> Row:
    """Ten plugins on one bus take at most 10.5 times as long as one."""
    with Host() as one, Host() as ten:
        one.load(from_bytes(quiet(), name="quiet")).start()
        for number in range(10):
            ten.load(from_bytes(quiet(), name=f"quiet-{number}")).start()

        def taken(host: Host) -> float:
            begun = time.process_time()
            for delta in LOG:
                host.publish_delta(delta)
            return (time.process_time() - begun) * 1000

        return compare(
            "ten-times-the-plugins",
            "2,000 deltas one by one to ten plugins, against one",
            "ms",
            "<= 10.5",
            lambda: taken(ten),
            lambda: taken(one),
            rounds=5,
        )


def memory() -> Row:
    """What is left in memory after many deltas does not grow with them."""
    with Host() as host:
        host.load(from_bytes(relay(), name="relay")).start()

        def left(times: int) -> float:
            for _ in range(times):
                host.replay(LOG)
            host.model.path("vessels")
            return _memory() / 2**20

        first = left(50)
        return compare(
            "memory",
            "memory after 500,000 more deltas, against after 100,000",
            "MiB",
            "<= 1.05",
            lambda: left(250),
            lambda: first,
            rounds=1,
        )
