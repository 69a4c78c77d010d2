"""The checks of hosts, one module per group. A check is a function that raises when its requirement does not hold."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from conformance.host_checks.registry import HOST_CHECKS

if TYPE_CHECKING:
    from conformance.host_checks.registry import HostCheck


def has_check(requirement_id: str) -> bool:
    """Whether anything judges a requirement."""
    if requirement_id not in HOST_CHECKS:
        for module in pkgutil.iter_modules(__path__, f"{__name__}."):
            import_module(module.name)
    return requirement_id in HOST_CHECKS


def check_of(requirement_id: str) -> HostCheck:
    """The check of a requirement; a test makes sure that each has one."""
    has_check(requirement_id)  # which sees to it that it is there
    return HOST_CHECKS[requirement_id]
