"""How reports speak of outcomes: words, signs and sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.model import BY_URGENCY, RED
from conformance.verdict import Outcome

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from conformance.report.model import Report

# A sign for each outcome, so that colour is never all that tells them apart.
SIGNS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.WARN: "!",
    Outcome.KNOWN: "≈",
    Outcome.STALE: "↻",
    Outcome.NOT_APPLICABLE: "·",
    Outcome.NOT_RUN: "?",
}
NAMES = {
    Outcome.PASS: "holds",
    Outcome.FAIL: "fails",
    Outcome.WARN: "warns",
    Outcome.KNOWN: "known failure",
    Outcome.STALE: "stale",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.NOT_RUN: "not run",
}
_SUMS = {
    Outcome.FAIL: ("{} fails", "{} fail"),
    Outcome.STALE: ("{} entry of the baseline is stale", "{} entries of the baseline are stale"),
    Outcome.NOT_RUN: ("{} was not run", "{} were not run"),
    Outcome.WARN: ("{} warns", "{} warn"),
    Outcome.KNOWN: ("{} fails as known", "{} fail as known"),
    Outcome.PASS: ("{} holds", "{} hold"),
    Outcome.NOT_APPLICABLE: ("{} does not apply", "{} do not apply"),
}


def summed(counts: Counter[Outcome]) -> str:
    """The counts in words, the most urgent first: `1 fails, 87 hold`."""
    parts = [_SUMS[outcome][counts[outcome] != 1].format(counts[outcome]) for outcome in BY_URGENCY if counts[outcome]]
    return ", ".join(parts) or "nothing was judged"


def state(report: Report) -> tuple[str, str]:
    """What a report comes to, as a word for a program (`red`, `open`, `green`) and as a sentence."""
    counts = report.counts
    if any(counts[outcome] for outcome in RED):
        return "red", "It does not conform."
    if counts[Outcome.NOT_RUN]:
        return "open", "Not everything was judged."
    if not report.judged:
        return "open", "Nothing applied, so nothing was judged."
    if counts[Outcome.KNOWN]:
        return "green", "It conforms but for failures that are known."
    return "green", "It conforms."


def state_of_all(reports: Sequence[Report]) -> str:
    """`red`, `open` or `green`: the worst of all reports; of none, `open`."""
    each = {state(report)[0] for report in reports}
    return next((word for word in ("red", "open") if word in each), "green" if each else "open")
