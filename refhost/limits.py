"""The bounds within which a plugin runs (contract §19)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Each bound, with the default that a plugin on a boat's computer should never reach.

    Attributes:
        call_seconds: real time that one call into a plugin may take.
        memory_bytes: linear memory of one plugin; growth beyond it fails inside the plugin.
        table_elements: entries of all its tables.
        deltas_per_tick: deltas that plugins may emit before the host takes its next step (R21).
        message_bytes: a delta, value or log text from or to a plugin; the body of an HTTP request or of its answer.
        fetches_per_call: HTTP requests that one call into a plugin may make.
        fetch_head_bytes: URL and headers of one HTTP request together.
    """

    call_seconds: float = 10.0
    memory_bytes: int = 256 * 1024 * 1024
    table_elements: int = 1_000_000
    deltas_per_tick: int = 10_000
    message_bytes: int = 16 * 1024 * 1024
    fetches_per_call: int = 100
    fetch_head_bytes: int = 64 * 1024
    sockets: int = 64
    socket_bytes: int = 4 * 1024 * 1024
