"""The checks, one module per group. A check is a function that raises when its requirement does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks import cap, conf, delta, life, load, meta, model, status, vfs
from conformance.plugin_checks.registry import CHECKS

if TYPE_CHECKING:
    from conformance.plugin_checks.registry import Check

MODULES = (load, meta, life, conf, status, delta, model, cap, vfs)


def check_of(requirement_id: str) -> Check:
    """The check of a requirement; a test makes sure that each has one."""
    return CHECKS[requirement_id]
