"""The bounds within which a plugin runs (contract §19)."""

from __future__ import annotations

from dataclasses import dataclass

# How many of a kind one plugin has at most, each as large as its own limit says. No compiler makes more.
TABLES = 4
COMPONENT_MEMORIES, COMPONENT_TABLES, COMPONENT_INSTANCES = 4, 16, 256


@dataclass(frozen=True)
class Limits:
    """Each bound, with the default that a plugin on a boat's computer should never reach.

    Attributes:
        call_seconds: real time that one call into a plugin may take.
        memory_bytes: linear memory of one plugin; growth beyond it fails inside the plugin. A component may have
            `COMPONENT_MEMORIES` memories, each as large as that.
        table_elements: entries of each of its tables, of which there are at most `TABLES`.
        deltas_per_tick: deltas that plugins may emit before the host takes its next step (R21).
        delta_bytes_per_tick: bytes that these deltas may have together, as the plugin gave them.
        kept_deltas: deltas of all plugins that the host remembers, of one plugin's as it gave them too: the latest.
        kept_delta_bytes: their bytes.
        path_parts: parts of a path in a delta, such as the three of `a.b.c`: each is a node of the model, in the last.
        message_bytes: a delta, value or log text from or to a plugin; the body of an HTTP request or of its answer.
        fetches_per_call: HTTP requests that one call into a plugin may make.
        fetch_head_bytes: URL and headers of one HTTP request together.
        registrations: handlers and providers that one plugin may register.
        registration_bytes: of their names together.
        sockets: that one plugin may have open.
        socket_bytes: that may wait in one of them.
    """

    call_seconds: float = 10.0
    memory_bytes: int = 256 * 1024 * 1024
    table_elements: int = 1_000_000
    deltas_per_tick: int = 10_000
    delta_bytes_per_tick: int = 64 * 1024 * 1024
    kept_deltas: int = 100_000
    kept_delta_bytes: int = 64 * 1024 * 1024
    path_parts: int = 200
    message_bytes: int = 16 * 1024 * 1024
    fetches_per_call: int = 100
    fetch_head_bytes: int = 64 * 1024
    registrations: int = 10_000
    registration_bytes: int = 1024 * 1024
    sockets: int = 64
    socket_bytes: int = 4 * 1024 * 1024


DEFAULTS = Limits()
