"""How hard each check looks while the kill matrix is made: the same at each run, and bounded."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import settings

import conformance.endurance
import conformance.host_properties
import conformance.properties
import conformance.trial

if TYPE_CHECKING:
    from collections.abc import Iterator

# Real seconds that one call of a plugin mutant may take: one that hangs costs this for each call that hangs.
MUTANT_CALL_SECONDS = 1.0
# Nobody reads how small a counterexample is.
_SHRINK_SECONDS = 0.5
_PROFILE = "signalk-wasm-kill"


@dataclass(frozen=True)
class Depth:
    """How much is tried.

    Attributes:
        examples: values for a property of plugins.
        host_examples: values for a property of hosts.
        deltas: how many are delivered to see what becomes of memory; a multiple of 8.
    """

    examples: int
    host_examples: int
    deltas: int


# For the requirement that a mutant must fail: five times the examples of a user's run, each of which has others, while
# these are the same at each run. Less for all the others.
THOROUGH = Depth(examples=500, host_examples=conformance.host_properties.EXAMPLES, deltas=conformance.endurance.DELTAS)
QUICK = Depth(examples=10, host_examples=30, deltas=800)


@contextmanager
def looking(depth: Depth, *, call_seconds: float = conformance.trial.CALL_SECONDS) -> Iterator[None]:
    """Have the checks look so hard, find the same each time, and keep nothing of what they find."""
    mine = settings.get_current_profile_name()
    settings.register_profile(
        _PROFILE, settings.get_profile("default"), max_examples=depth.examples, derandomize=True, database=None
    )
    measured = tuple(depth.deltas // part for part in (8, 4, 2, 1))
    with ExitStack() as changed:
        for module, name, value in (
            (conformance.trial, "CALL_SECONDS", call_seconds),
            (conformance.properties, "SHRINK_SECONDS", _SHRINK_SECONDS),
            (conformance.host_properties, "SHRINK_SECONDS", _SHRINK_SECONDS),
            (conformance.host_properties, "EXAMPLES", depth.host_examples),
            (conformance.endurance, "DELTAS", depth.deltas),
            (conformance.endurance, "MEASURED", measured),
        ):
            changed.enter_context(patch.object(module, name, value))
        settings.load_profile(_PROFILE)
        try:
            yield
        finally:
            settings.load_profile(mine)
