"""The checks, one module per group. A check is a function that raises when its requirement does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks import (
    cap,
    conf,
    delivered,
    delta,
    fetch,
    http,
    life,
    load,
    meta,
    model,
    note,
    pkg,
    put,
    radar,
    res,
    sock,
    status,
    stream,
    vfs,
    wx,
)
from conformance.plugin_checks.registry import CHECKS

if TYPE_CHECKING:
    from conformance.plugin_checks.registry import Check

MODULES = (
    *(load, meta, life, conf, status, delta, delivered, note, model, put, http, res, wx, radar, stream, sock, fetch),
    *(cap, vfs, pkg),
)


def has_check(requirement_id: str) -> bool:
    """Whether anything judges a requirement."""
    return requirement_id in CHECKS


def check_of(requirement_id: str) -> Check:
    """The check of a requirement; a test makes sure that each has one."""
    return CHECKS[requirement_id]
