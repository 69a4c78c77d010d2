"""Runs a target on many inputs, in a process of its own: one that dies or hangs costs that process, and is named.

Every input follows from a seed and its number alone, so that each can be had again.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
import traceback
from dataclasses import dataclass, field

from mutation import made, number_of
from target import folder

# No parser takes nearly as long over the longest input, and a slow machine is forgiven much.
SECONDS = 10.0
# How much larger the process may be after its inputs than it was before them.
MOST_BYTES = 512 * 1024 * 1024
_SHRINKING_SECONDS = 20.0


class Hang(BaseException):
    """An input took longer than any may."""


@dataclass
class Finding:
    """What went wrong: with which input, and how.

    Attributes:
        number: of the input; -1 for one that was shrunk out of it, or came from a file.
    """

    target: str
    number: int
    what: str
    data: bytes = b""


@dataclass
class Outcome:
    """What came of one target."""

    target: str
    inputs: int
    seconds: float
    slowest: float = 0.0
    grown: int = 0
    findings: list[Finding] = field(default_factory=list)


def targets():
    """Every target by its name."""
    from targets_clients import CLIENT_TARGETS
    from targets_door import DOOR_TARGETS
    from targets_packages import PACKAGE_TARGETS
    from targets_speech import SPEECH_TARGETS
    from targets_suite import SUITE_TARGETS

    return {**PACKAGE_TARGETS, **SPEECH_TARGETS, **CLIENT_TARGETS, **SUITE_TARGETS, **DOOR_TARGETS}


def input_of(name: str, seed: int, number: int) -> bytes:
    """The input of a number."""
    target = targets()[name]
    return made(target.seeds(), target.words, target.longest, seed ^ number_of(name), number)


def failure(run, data: bytes) -> str:
    """What an input makes of a target: the exception, and where it came from; "" for nothing."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        run(data)
    except Hang:
        return f"took longer than {SECONDS:g} s"
    except Exception as error:  # noqa: BLE001 - each one is a finding
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:300]!r} in {last.filename}:{last.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def prepared() -> None:
    """Work in a folder that goes with this process, and let a call that takes too long end in `Hang`."""
    os.chdir(folder())

    def late(*_: object) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, late)


def _kind(what: str) -> str:
    """What two findings have in common: the exception and its place."""
    return what.partition(":")[0] + what.rpartition(" in ")[2]


def smallest(run, data: bytes, what: str) -> bytes:
    """The input without all that it takes not to fail in the same way."""
    until = time.monotonic() + _SHRINKING_SECONDS
    size = max(1, len(data) // 2)
    while size and time.monotonic() < until:
        at, cut = 0, False
        while at < len(data) and time.monotonic() < until:
            fewer = data[:at] + data[at + size :]
            if _kind(failure(run, fewer)) == _kind(what):
                data, cut = fewer, True
            else:
                at += size
        size = size if cut else size // 2
    return data


def _work(name: str, numbers: range, seed: int, counter, pipe) -> None:
    """The process of one target."""
    prepared()
    target = targets()[name]
    seeds, words, longest, key = target.seeds(), target.words, target.longest, seed ^ number_of(name)
    for data in seeds:  # what means something must pass; and what is loaded by the first input is loaded now
        if what := failure(target.run, data):
            pipe.send(Finding(name, -1, f"a seed fails: {what}", data))
            pipe.send((0.0, 0))
            return
    before, slowest, kinds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0.0, set()
    clock = time.perf_counter
    for number in numbers:
        counter.value = number
        data = made(seeds, words, longest, key, number)
        start = clock()
        what = failure(target.run, data)
        slowest = max(slowest, clock() - start)
        if what and _kind(what) not in kinds:
            kinds.add(_kind(what))
            pipe.send(Finding(name, number, what, smallest(target.run, data, what)))
            if len(kinds) == 20:
                break
    counter.value = numbers.stop
    pipe.send((slowest, 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)))


def fuzz(name: str, numbers: range, seed: int) -> Outcome:
    """Run one target on the inputs of these numbers."""
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", numbers.start, lock=False)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(name, numbers, seed, counter, theirs))
    outcome, begun = Outcome(name, 0, 0.0), time.monotonic()
    process.start()
    theirs.close()
    last, moved = counter.value, time.monotonic()
    while True:
        if ours.poll(1.0):
            try:
                news = ours.recv()
            except EOFError:
                process.join()
                outcome.findings.append(Finding(name, counter.value, f"the process ended with {process.exitcode}"))
                break
            if not isinstance(news, Finding):
                outcome.slowest, outcome.grown = news
                if outcome.grown > MOST_BYTES:
                    what = f"the process grew by {outcome.grown >> 20} MiB"
                    outcome.findings.append(Finding(name, counter.value, what))
                break
            outcome.findings.append(news)
            moved = time.monotonic()
        if counter.value != last:
            last, moved = counter.value, time.monotonic()
        elif time.monotonic() - moved > 2 * SECONDS + _SHRINKING_SECONDS + 30:
            process.kill()
            outcome.findings.append(Finding(name, counter.value, "hangs where Python cannot interrupt it"))
            break
    process.join()
    outcome.inputs, outcome.seconds = counter.value - numbers.start, time.monotonic() - begun
    return outcome
