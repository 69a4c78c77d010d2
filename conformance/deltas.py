"""The corpus's deltas, as the checks use them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import corpus
from refhost.jsontext import loads

if TYPE_CHECKING:
    from refhost.delta import Delta


@functools.cache
def ordinary_deltas() -> tuple[Delta, ...]:
    """What every boat's bus carries: position, speed, wind, depth, AIS, notifications."""
    return _read("ordinary")


@functools.cache
def edge_deltas() -> tuple[Delta, ...]:
    """Valid all the same: null values, only metadata, unknown paths, deep objects, every script, long lists."""
    return _read("edge")


def _read(name: str) -> tuple[Delta, ...]:
    text = (corpus.DELTAS / f"{name}.jsonl").read_text("utf-8")
    return tuple(loads(line) for line in text.splitlines() if line.strip())
