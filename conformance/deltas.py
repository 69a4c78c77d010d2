"""The corpus's deltas, as the checks use them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import corpus
from refhost.delta import is_timestamp
from refhost.jsontext import loads

if TYPE_CHECKING:
    from refhost.delta import Delta


def ordinary_deltas() -> tuple[Delta, ...]:
    """What every boat's bus carries: position, speed, wind, depth, AIS, notifications."""
    return stream("ordinary")


def edge_deltas() -> tuple[Delta, ...]:
    """Valid all the same: null values, only metadata, unknown paths, deep objects, every script, long lists."""
    return stream("edge")


def streams() -> list[str]:
    """The names of all streams of the corpus that are made by hand, but for what is no delta."""
    return sorted(path.stem for path in corpus.DELTAS.glob("*.jsonl") if path != corpus.INVALID)


def stable(data: Any, *, own: str) -> Any:  # noqa: ANN401 - JSON
    """The same data without what differs from run to run: times are `<time>`, the context `own` is `vessels.self`."""
    if isinstance(data, dict):
        return {key: "<time>" if key == "timestamp" else stable(value, own=own) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [stable(value, own=own) for value in data]
    if data == own:
        return "vessels.self"
    return "<time>" if is_timestamp(data) else data


@functools.cache
def stream(name: str) -> tuple[Delta, ...]:
    """One of them."""
    text = (corpus.DELTAS / f"{name}.jsonl").read_text("utf-8")
    # Not by splitlines(), to which some characters that a delta may hold end a line too.
    return tuple(loads(line) for line in text.split("\n") if line.strip())
