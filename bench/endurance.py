"""Does anything grow? `python -m bench.endurance`: many instances, many deltas, many reloads, and what is left of them.

What counts is the memory in use by malloc and by mappings of its own (glibc's mallinfo2), not what the process holds:
that grows by what is kept for later. Beside it stand threads, open files and Python's own objects.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import corpus
from refhost.host import Host
from refhost.package import PluginPackage, read_package

PLUGINS = ("plugins/hello-c", "plugins/hello-assemblyscript", "plugins/hello-component")
_ROUNDS = 5
# What is replayed at once.
_LOG = [
    {
        "context": "vessels.urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d",
        "updates": [
            {
                "$source": "n2k.43",
                "timestamp": "2024-01-15T12:30:00.000Z",
                "values": [{"path": "navigation.speedOverGround", "value": number % 100 / 10}],
            }
        ],
    }
    for number in range(1000)
]


@dataclass(frozen=True)
class Standing:
    """What the process has at a moment."""

    malloc: int
    threads: int
    files: int
    objects: int

    @classmethod
    def now(cls) -> Standing:
        """At this moment, when all that can be given back has been."""
        for _ in range(3):
            gc.collect()
        info = _LIBC.mallinfo2()
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone
        return cls(info.uordblks + info.hblkhd, threading.active_count(), files, len(gc.get_objects()))

    def __str__(self) -> str:
        return (
            f"{self.malloc / 1024:10.0f} KiB in use, {self.threads} threads, {self.files} files, "
            f"{self.objects} objects of Python"
        )


class _Mallinfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()  # noqa: SIM905 - the names as C has them
    )


_LIBC = ctypes.CDLL("libc.so.6")
_LIBC.mallinfo2.restype = _Mallinfo


def packages() -> list[PluginPackage]:
    """A plugin of each dialect that hosts run."""
    return [read_package(Path(corpus.__file__).parent / name) for name in PLUGINS]


def instances(count: int) -> None:
    """Load, start, stop and unload plugins, each in a host of its own."""
    made = packages()
    for number in range(count):
        with Host() as host:
            plugin = host.load(made[number % len(made)])
            plugin.start()
            plugin.stop()


def deltas(count: int) -> None:
    """Deliver deltas: most of them as logs are replayed, in two dialects, and some one by one to all plugins at once.

    A plugin emits one for each. What is kept of the past is cleared as a long run has to.
    """
    *core, _ = packages()
    each = count * 99 // 100 // len(core)
    for package in core:
        with Host() as host:
            host.load(package).start()
            for at in range(0, each, len(_LOG)):
                host.replay(_LOG[: each - at])
                host.advance(1.0)
                _forget(host)
    with Host() as host:
        for package in packages():
            host.load(package).start()
        for number in range(count - each * len(core)):
            host.publish("navigation.speedOverGround", number % 100 / 10)
            if number % 1000 == 0:
                host.advance(1.0)
                _forget(host)


def reloads(count: int) -> None:
    """Reload running plugins of one host."""
    with Host() as host:
        plugins = [host.load(package) for package in packages()]
        for plugin in plugins:
            plugin.start()
        for _ in range(count):
            for plugin in plugins:
                plugin.reload()
            _forget(host)


def _forget(host: Host) -> None:
    host.journal.records.clear()


KINDS = {"instances": instances, "deltas": deltas, "reloads": reloads}


def measure(kind: str, count: int, rounds: int = _ROUNDS) -> list[Standing]:
    """What there is before, and after each of so many equal parts of a count; the first part warms up."""
    run, part = KINDS[kind], max(1, count // rounds)
    run(min(part, 200))
    found = [Standing.now()]
    for _ in range(rounds):
        run(part)
        found.append(Standing.now())
    return found


def main() -> None:
    """Print what there was after each part."""
    parser = argparse.ArgumentParser(prog="python -m bench.endurance", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--deltas", type=int, default=10_000_000)
    parser.add_argument("--reloads", type=int, default=1000)
    given = vars(parser.parse_args())
    for kind in KINDS:
        if given[kind]:
            begun = time.perf_counter()
            print(f"{given[kind]} {kind}")
            for number, standing in enumerate(measure(kind, given[kind])):
                print(f"  {number * given[kind] // _ROUNDS:>9}: {standing}", flush=True)
            print(f"  in {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
