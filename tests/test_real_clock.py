"""The machine's clock may be set back or forward at any moment: no host, journal or check notices.

All that looks at it is `refhost serve`, once, for the first moment of a live server. What is waited for is measured by
a clock that is never set.
"""

import ast
import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from honest import Honest, value
from wat import TRAP, emit

from refhost import server
from refhost.clock import Clock
from refhost.host import Host

ROOT = Path(__file__).parents[1]
OURS = ("refhost", "conformance", "pytest_plugin")
# What tells the date.
LOOKS = {
    "now",
    "utcnow",
    "today",
    "time_ns",
    "localtime",
    "gmtime",
    "ctime",
    "asctime",
    "clock_gettime",
    "clock_gettime_ns",
}
ALLOWED = ["refhost/cli/serve.py: datetime.now(UTC)"]


def looks(path):
    """The calls in a file that look at the machine's clock."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = ast.unparse(node.func)
            module = name.partition(".")[0]
            if name == "time.time" or (module in {"time", "datetime", "date"} and node.func.attr in LOOKS):
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield ast.unparse(node)


def test_nobody_looks_at_it():
    found = [
        f"{path.relative_to(ROOT)}: {call}"
        for package in OURS
        for path in sorted((ROOT / package).rglob("*.py"))
        for call in looks(path)
    ]
    assert found == ALLOWED


def life():
    """What a host remembers of a plugin that lives, emits, is polled, crashes and is restarted."""
    with Host() as host:
        host.load(Honest(poll=emit(value("plugins.wat.polls", "1"))).package()).start({})
        for _ in range(20):
            host.advance(0.7)
        host.load(Honest(package_name="crashing", poll=TRAP).package()).start({})
        host.advance(60)
        return [str(record) for record in host.log], host.deltas, host.clock.timestamp()


@pytest.mark.parametrize("step", [-3600, 3600, 1e12], ids=["back", "forward", "to the end"])
def test_a_life_is_the_same(step, monkeypatch):
    usual = life()
    date = count(1.8e9, step)
    monkeypatch.setattr("time.time", lambda: next(date))
    monkeypatch.setattr("time.time_ns", lambda: int(next(date) * 1e9))
    assert life() == usual


def test_a_first_moment_before_1970_is_1970():
    assert Clock(datetime(1969, 12, 31, tzinfo=UTC)).timestamp() == "1970-01-01T00:00:00.000Z"
    assert Clock(datetime(1, 1, 1, tzinfo=UTC)).now_ns == 0


def test_time_that_goes_back_is_no_time():
    clock = Clock()
    due = []
    clock.call_later(1, lambda: due.append(clock.elapsed_ns))
    clock.advance(0.5)
    clock.advance(-3600)
    assert clock.elapsed_ns == 500_000_000
    clock.advance(0.5)
    assert due == [1_000_000_000]


def test_time_without_end_is_all_of_time():
    clock = Clock()
    clock.call_later(1e300, lambda: None)
    clock.advance(1e300)
    assert clock.timestamp() == "9999-12-31T23:59:59.999Z"


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose process stands still now and then: stopped by Ctrl-Z, or its machine was."""

    ahead = 0.0

    def time(self):
        return super().time() + self.ahead


def test_a_server_that_stood_still_catches_up_and_serves_meanwhile(monkeypatch):
    monkeypatch.setattr(server, "_TICK_SECONDS", 0.001)
    steps, served = [], []

    class Recorder:
        @staticmethod
        def advance(seconds):
            steps.append(seconds)

    async def client(loop):
        ticker = asyncio.create_task(server._tick(Recorder))
        await asyncio.sleep(0.005)
        loop.ahead += 10
        while sum(steps) < 10:
            served.append(len(steps))
            await asyncio.sleep(0)
        ticker.cancel()

    loop = Leaping()
    try:
        loop.run_until_complete(asyncio.wait_for(client(loop), 60))
    finally:
        loop.close()
    assert max(steps) == 1.0
    assert min(steps) >= 0
    assert len(set(served)) > 5, "between the steps others had their turn"
    assert timedelta(seconds=sum(steps)) < timedelta(seconds=20)
