"""Properties: what must hold for every value of a strategy, and the smallest value for which it does not.

This is the one place where checks set anything of Hypothesis. All that a user's own profile says is kept: how many
examples, which phases, deadline, database, whether runs are derandomized.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import DeadlineExceeded, Flaky, NoSuchExample, Unsatisfiable

from conformance.verdict import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial import Trial

Value = TypeVar("Value")

# What Hypothesis has for a deadline when nobody chose one. It is meant for functions, not for whole lives of plugins,
# and how long a call of a plugin takes is judged by LIFE-005.
_NOT_CHOSEN = timedelta(milliseconds=200)
# Real time: however slow a plugin is, somebody waits. What was not tried by then is not tried.
SEARCH_SECONDS = 30.0
SHRINK_SECONDS = 10.0
# What Hypothesis does for one test case takes as long as a whole life of a small plugin. So values are looked through
# in lists, each value tried by itself; lists of up to so many are half as long on average.
_MOST, _AVERAGE = 10, 5
# Once a counterexample is known to be there, so many times more are tried to find it alone, where it shrinks well.
_MORE = 5


@dataclass(frozen=True)
class Counterexample(Generic[Value]):
    """The smallest value that was found, and what it broke."""

    value: Value
    violation: Violation


def counterexample(
    trial: Trial, requirement: str, strategy: st.SearchStrategy[Value], example: Callable[[Value], None]
) -> Counterexample[Value] | None:
    """The smallest value for which an example raises `Violation`; None when none was found.

    About as many values are tried as the user's profile has examples, each in an example of its own.
    What is found is kept in the user's Hypothesis database, under the plugin and the requirement, and is tried first
    the next time. The trial shows the steps of the smallest one.

    Args:
        trial: of the check.
        requirement: its id.
        strategy: of the values.
        example: does with one value what there is to do, in a session of its own.

    Raises:
        NotApplicable: the strategy has no value, or the user's profile tries none.
        NotJudged: the plugin answers its own deltas without end.
        Exception: whatever else an example raises, at once.
    """
    trial.calm()
    search, mine = _Search(trial, example), _settings()
    key = f"{trial.subject.package.name} {requirement}".encode()
    generates = Phase.generate in mine.phases
    kept = mine.database is not None and Phase.reuse in mine.phases and any(True for _ in mine.database.fetch(key))
    if not generates and not kept:
        raise NotApplicable("the Hypothesis profile in force tries nothing new, and nothing was kept")
    if kept:
        _finds(strategy, search.breaks, mine, key)
    elif _finds(st.lists(strategy, min_size=1, max_size=_MOST), search.any_breaks, _quick(mine)):
        search.begin(SHRINK_SECONDS)
        _finds(strategy, search.breaks, settings(mine, max_examples=_MORE * mine.max_examples), key)
    return search.alone().result()


def _settings() -> settings:
    """The user's own, in force now."""
    mine = settings.default or settings()
    return settings(
        mine,
        deadline=None if mine.deadline == _NOT_CHOSEN else mine.deadline,
        phases=[phase for phase in mine.phases if phase is not Phase.explain],  # nobody would see the explanation
        print_blob=False,
    )


def _quick(mine: settings) -> settings:
    """The same for lists, of which the first that breaks is enough."""
    return settings(
        mine,
        max_examples=math.ceil(mine.max_examples / _AVERAGE) + 1,  # the first list is the smallest
        deadline=mine.deadline and mine.deadline * _MOST,
        phases=[Phase.generate],
        database=None,
    )


def _finds(
    strategy: st.SearchStrategy[Any], breaks: Callable[[Any], bool], mine: settings, key: bytes | None = None
) -> bool:
    """Whether a value is found that breaks, be it only once."""
    try:
        find(strategy, breaks, settings=mine, database_key=key)
    except NoSuchExample:
        return False
    except Flaky:
        return True
    except Unsatisfiable:
        raise NotApplicable("no value could be made for it to be tried with") from None
    except DeadlineExceeded as error:
        raise Violation(f"an example took longer than your Hypothesis profile allows: {error}") from None
    return True


class _Search(Generic[Value]):
    """What is looked for, and the smallest value that was found."""

    def __init__(self, trial: Trial, example: Callable[[Value], None]) -> None:
        self._trial = trial
        self._example = example
        self._unexpected: Exception | None = None
        self._smallest: Counterexample[Value] | None = None
        self._steps, self._log = list(trial.steps), list(trial.log)
        self.begin(SEARCH_SECONDS)

    def begin(self, seconds: float) -> None:
        """From here on there is so much time."""
        self._until = time.monotonic() + seconds

    def any_breaks(self, values: list[Value]) -> bool:
        """Whether a counterexample is among the values."""
        return any(map(self.breaks, values))

    def breaks(self, value: Value) -> bool:
        """Whether the value is a counterexample. Once there is no time left, none is any more."""
        if self._unexpected or time.monotonic() > self._until:
            return False
        try:
            self._example(value)
        except Violation as violation:
            if self._smallest is None:
                self.begin(SHRINK_SECONDS)
            if violation.hung:
                self.begin(0)  # to look for a smaller one would take a call limit each time
            self._smallest = Counterexample(value, violation)
            self._steps, self._log = list(self._trial.steps), list(self._trial.log)
            return True
        except Exception as error:  # noqa: BLE001 - raised behind Hypothesis, which would look for a smaller one
            self._unexpected = error
        return False

    def alone(self) -> Self:
        """Of a stream that was found, one part where one suffices: shrinking may come to rest at two."""
        if self._smallest and isinstance(self._smallest.value, list) and len(self._smallest.value) > 1:
            if not self._smallest.violation.hung:
                self.begin(SHRINK_SECONDS)
            any(self.breaks(cast("Value", [part])) for part in self._smallest.value)
        return self

    def result(self) -> Counterexample[Value] | None:
        """What was found."""
        if self._unexpected:
            raise self._unexpected
        if self._smallest:
            self._trial.steps, self._trial.log = self._steps, self._log
        return self._smallest
