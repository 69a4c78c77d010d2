"""What a person is shown of a session: the steps that lead to a fault, and the end of the log, without repetitions."""

from __future__ import annotations

import functools
from itertools import groupby
from typing import TYPE_CHECKING

from conformance.deltas import edge_deltas, ordinary_deltas
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.drivers.interface import LogRecord

_MOST_STEPS = 8
_MOST_RECORDS = 12
# So many of the corpus's deltas in a row are counted; fewer are shown.
_MANY_DELTAS = 3


def steps_shown(steps: Sequence[str]) -> list[str]:
    """The steps, with the corpus's deltas counted and, of many, the middle left out; the last is always there whole."""
    shown = [*_counted(steps[:-1]), *steps[-1:]]
    left_out = len(shown) - _MOST_STEPS
    if left_out <= 0:
        return shown
    # How it was loaded and started says much; of the rest, what came last.
    return [*shown[:2], f"({left_out} {'steps' if left_out > 1 else 'step'} more)", *shown[2 + left_out :]]


def _counted(steps: Iterable[str]) -> list[str]:
    shown: list[str] = []
    for kind, group in groupby(steps, _known().get):
        run = list(group)
        shown += [f"deliver {len(run)} {kind} deltas"] if kind and len(run) >= _MANY_DELTAS else run
    return shown


@functools.cache
def _known() -> dict[str, str]:
    """The steps of delivering the corpus's deltas, and what they are called."""
    kinds = {"ordinary": ordinary_deltas(), "unusual": edge_deltas()}
    return {f"deliver {dumps(delta)}": kind for kind, deltas in kinds.items() for delta in deltas}


def records_shown(log: Sequence[LogRecord]) -> list[str]:
    """The last records as text; equal ones in a row are one, with their number behind it."""
    lines = (f"[{r.kind}] {f'{r.function}: ' if r.function else ''}{r.text}" for r in log)
    counted = [(line, len(list(group))) for line, group in groupby(lines)]
    return [line if count == 1 else f"{line} ({count} times)" for line, count in counted[-_MOST_RECORDS:]]
