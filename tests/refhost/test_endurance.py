"""Nothing grows with instances, deltas and reloads: a short run of `python -m bench.endurance`."""

import importlib.util
import sys
from pathlib import Path

import pytest

# The tests see what is installed, and the benchmarks are not.
_PLACE = Path(__file__).parents[2] / "bench" / "endurance.py"
_SPEC = importlib.util.spec_from_file_location("bench_endurance", _PLACE)
endurance = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = endurance  # where dataclasses look
_SPEC.loader.exec_module(endurance)

COUNTS = {"instances": 90, "deltas": 1500, "reloads": 30}
pytestmark = pytest.mark.long  # each makes hundreds of hosts

# Of malloc, what a part of the run may leave behind: what is remembered of types and names settles for a while.
SLACK = 64 * 1024


@pytest.fixture(autouse=True)
def settled():
    """Once through everything, so that what is made once has been made."""
    for kind in COUNTS:
        endurance.KINDS[kind](9)


@pytest.mark.parametrize("kind", COUNTS)
def test_nothing_grows(kind):
    first, *_, last = endurance.measure(kind, COUNTS[kind], rounds=3)[1:]
    assert last.malloc - first.malloc < SLACK
    assert last.files <= first.files
    assert last.threads <= first.threads
    assert last.objects - first.objects < 100


@pytest.mark.parametrize(
    ("leak", "what"),
    [
        (lambda kept: kept.append(bytearray(10_000)), "malloc"),
        (lambda kept: kept.append(open("/dev/null")), "files"),  # noqa: PTH123, SIM115 - left open is the point
        (lambda kept: kept.append([[] for _ in range(10)]), "objects"),
    ],
    ids=["malloc", "files", "objects"],
)
def test_what_grows_is_seen(monkeypatch, leak, what):
    kept = []

    def leaking(count):
        for _ in range(count):
            leak(kept)

    monkeypatch.setitem(endurance.KINDS, "leaking", leaking)
    first, *_, last = endurance.measure("leaking", 90, rounds=3)[1:]
    assert getattr(last, what) - getattr(first, what) >= {"malloc": SLACK, "files": 50, "objects": 100}[what]
    for each in kept:
        if hasattr(each, "close"):
            each.close()
