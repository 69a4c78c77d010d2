"""Deltas that real boats' instruments gave, a file for each log; `provenance.json` says where they are from."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FOLDER", "NAMES", "file", "lines"]

FOLDER = Path(__file__).parent
"""The folder of the recorded streams: compressed JSON lines, one delta a line."""

NAMES = ("aava-n2k", "plaka")
"""The streams, each named after its log."""


def file(name: str) -> Path:
    """The compressed file of a stream.

    Raises:
        LookupError: no stream has this name; the message lists those that there are.
    """
    if name in NAMES:
        return FOLDER / f"{name}.jsonl.gz"
    raise LookupError(f"no recorded stream is called {name!r}; there are {', '.join(NAMES)}")


def lines(name: str) -> Iterator[str]:
    """Each delta of a stream as JSON text, in order.

    Raises:
        LookupError: no stream has this name.
    """
    with gzip.open(file(name), "rt", encoding="utf-8") as text:
        for line in text:
            yield line.rstrip("\n")
