"""Properties of hosts: what must hold for every value of a strategy, and the smallest value for which it does not.

The values follow from the driver's seed alone: a host that is judged twice is asked the same.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar

from hypothesis import Phase, find, settings
from hypothesis.errors import Flaky, NoSuchExample

from conformance.verdict import Violation

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from hypothesis.strategies import SearchStrategy

    from conformance.host_trial import HostTrial, Probe

Value = TypeVar("Value")

EXAMPLES = 150
# Real time, for hosts in which an example takes long: what was not tried by then is not tried.
SEARCH_SECONDS = 10.0
SHRINK_SECONDS = 10.0


def holds_for(
    trial: HostTrial,
    strategy: SearchStrategy[Value],
    make: Callable[[], AbstractContextManager[Probe]],
    example: Callable[[Probe, Value], None],
) -> None:
    """Make sure that an example holds for every value.

    Args:
        trial: of the check.
        strategy: of the values.
        make: a probe in a fresh host; it serves many values, until one of them has broken something.
        example: does with one value what there is to do, and raises `Violation` where that does not hold.

    Raises:
        Violation: it does not hold; for the smallest value that was found, alone in a fresh host where that shows it.
        Exception: whatever else an example raises, at once.
    """
    search = _Search(make, example)
    mine = settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=False, phases=[Phase.generate, Phase.shrink]
    )
    with search.hosts, suppress(NoSuchExample, Flaky):
        find(strategy, search.breaks, settings=mine, random=Random(trial.driver.seed))
    if search.unexpected:
        raise search.unexpected
    if search.broken:
        value, violation = search.broken
        with make() as probe:
            example(probe, value)
        raise Violation(f"{violation.seen} (after others, not alone)", case=violation.case)


class _Search(Generic[Value]):
    """Examples, one after the other, in as few hosts as there can be."""

    def __init__(
        self, make: Callable[[], AbstractContextManager[Probe]], example: Callable[[Probe, Value], None]
    ) -> None:
        self.hosts = ExitStack()
        self.broken: tuple[Value, Violation] | None = None
        self.unexpected: Exception | None = None
        self._make = make
        self._example = example
        self._probe: Probe | None = None
        self._until = time.monotonic() + SEARCH_SECONDS

    def breaks(self, value: Value) -> bool:
        """Whether the example does not hold for a value. Once there is no time left, it is not tried any more."""
        if self.unexpected or time.monotonic() > self._until:
            return False
        try:
            if self._probe is None:
                self._probe = self.hosts.enter_context(self._make())
            self._example(self._probe, value)
        except Violation as violation:
            if self.broken is None:
                self._until = time.monotonic() + SHRINK_SECONDS
            self.broken = value, violation  # the last one is the smallest
            self._leave()
            return True
        except Exception as error:  # noqa: BLE001 - raised behind Hypothesis, which would look for a smaller one
            self.unexpected = error
            self._leave()
        return False

    def _leave(self) -> None:
        """The host may be harmed: the next example gets another."""
        self._probe = None
        self.hosts.close()
