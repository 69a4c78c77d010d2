"""Ten thousand ordinary deltas, one after the other: what becomes of a plugin and of its memory."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.deltas import ordinary_deltas
from refhost.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.drivers.interface import LogRecord, Session
    from conformance.subject import Subject

DELTAS = 10_000
# A second passes after so many, which is what a busy boat's bus carries in one.
_EACH_SECOND = 100
# How the memory is while they come: at each of these counts, each twice the one before.
MEASURED = (1250, 2500, 5000, 10_000)
# Real time. A plugin that is slow is judged by what it takes in this time.
_SECONDS = 20.0


@dataclass
class Endurance:
    """What was seen.

    Attributes:
        failure: why it came to an early end; "" when it did not.
        fault: how the call that ended it ended: see `Session.fault`.
        taken: how many deltas were delivered.
        memory: linear memory in bytes, at each of `MEASURED` that was reached; 0 where it cannot be seen.
    """

    failure: str = ""
    fault: str = ""
    taken: int = 0
    memory: list[int] = field(default_factory=list)
    steps: Sequence[str] = ()
    log: Sequence[LogRecord] = ()


def endure(subject: Subject, *, call_seconds: float) -> Endurance:
    """Start it, and deliver."""
    seen = Endurance()
    try:
        with subject.driver.session(subject.package, call_seconds=call_seconds) as session:
            session.start(subject.config)
            _deliver(session, seen)
            seen.fault, seen.failure = session.fault, session.why() if session.fault else ""
            seen.log = session.log
            seen.steps = [*session.steps[:2], f"deliver {seen.taken} ordinary deltas, a hundred a second"]
    except HostError as error:
        seen.failure = str(error)
    return seen


def _deliver(session: Session, seen: Endurance) -> None:
    deltas = ordinary_deltas()
    until = time.monotonic() + _SECONDS
    while seen.taken < DELTAS and not session.fault and time.monotonic() < until:
        session.publish(deltas[seen.taken % len(deltas)])
        seen.taken += 1
        if seen.taken % _EACH_SECOND == 0:
            session.advance(1)
        if seen.taken in MEASURED:
            seen.memory.append(session.memory_bytes)
