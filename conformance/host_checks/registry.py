"""Which check judges which requirement of hosts."""

from __future__ import annotations

from collections.abc import Callable

from conformance.host_trial import HostTrial

HostCheck = Callable[[HostTrial], None]

HOST_CHECKS: dict[str, HostCheck] = {}


def host_check(requirement_id: str) -> Callable[[HostCheck], HostCheck]:
    """Say that the function below judges this requirement."""

    def register(function: HostCheck) -> HostCheck:
        if requirement_id in HOST_CHECKS:
            raise ValueError(f"{requirement_id} has two checks")
        HOST_CHECKS[requirement_id] = function
        return function

    return register
