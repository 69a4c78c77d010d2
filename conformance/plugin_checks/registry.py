"""Which check judges which requirement."""

from __future__ import annotations

from collections.abc import Callable

from conformance.trial import Trial

Check = Callable[[Trial], None]

CHECKS: dict[str, Check] = {}


def check(requirement_id: str) -> Callable[[Check], Check]:
    """Say that the function below judges this requirement."""

    def register(function: Check) -> Check:
        if requirement_id in CHECKS:
            raise ValueError(f"{requirement_id} has two checks")
        CHECKS[requirement_id] = function
        return function

    return register
