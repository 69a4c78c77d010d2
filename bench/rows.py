"""A row of the table: two ways to do one thing, measured in one run, turn by turn, and what became of the goal."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Measured = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: as the command line has it.
        what: is measured, for a person.
        ours: the figure of this project, the median of the rounds.
        theirs: that of what it is compared with.
        unit: of both.
        ratio: of the two, so that the goal is about it.
        goal: as a person reads it, such as `>= 3`.
        met: whether the ratio reaches it.
        spread: the least and the greatest ratio of the rounds.
    """

    name: str
    what: str
    ours: float
    theirs: float
    unit: str
    ratio: float
    goal: str
    met: bool
    spread: tuple[float, float] = field(default=(0.0, 0.0))

    def written(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        low, high = self.spread
        verdict = "met" if self.met else "missed"
        return (
            f"{self.name:22} {self.ours:12.4g} {self.theirs:12.4g}  {self.unit:18} {self.ratio:7.2f}"
            f"  ({low:.2f}-{high:.2f})  {self.goal:9} {verdict}"
        )


HEADING = f"{'row':22} {'ours':>12} {'theirs':>12}  {'unit':18} {'ratio':>7}  (rounds)     goal"


def compare(
    name: str,
    what: str,
    unit: str,
    goal: str,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    *,
    rounds: int = 15,
    warm: bool = True,
    ratio: Callable[[float, float], float] = lambda ours, theirs: ours / theirs,
) -> Row:
    """Measure both sides turn by turn.

    Args:
        name: of the row.
        what: is measured.
        unit: of what both sides return.
        goal: `>= N`, `<= N` or `< N`, about the ratio.
        ours: measures once.
        theirs: the same for the other side.
        rounds: how often.
        warm: whether there is a turn before the first that is not counted.
        ratio: of one round.
    """
    if warm:
        ours()
        theirs()
    # The side that comes first changes from round to round: a machine slows down and speeds up.
    taken: list[Measured] = []
    for number in range(rounds):
        if number % 2:
            other = theirs()
            taken.append((ours(), other))
        else:
            mine = ours()
            taken.append((mine, theirs()))
    ratios = [ratio(mine, other) for mine, other in taken]
    middle = statistics.median(ratios)
    return Row(
        name,
        what,
        statistics.median(mine for mine, _ in taken),
        statistics.median(other for _, other in taken),
        unit,
        middle,
        goal,
        reaches(middle, goal),
        (min(ratios), max(ratios)),
    )


def reaches(ratio: float, goal: str) -> bool:
    """Whether a ratio is as a goal wants it."""
    sign, _, number = goal.partition(" ")
    bound = float(number)
    return {">=": ratio >= bound, "<=": ratio <= bound, "<": ratio < bound}[sign]
