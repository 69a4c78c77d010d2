"""The badge: JSON for the endpoint of shields.io. Nothing that a plugin said is in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from conformance.report.words import state_of_all
from conformance.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.model import Report


def badge(reports: Sequence[Report]) -> dict[str, Any]:
    """What the endpoint answers; of several reports, their sum."""
    counts: Counter[Outcome] = sum((report.counts for report in reports), Counter())
    red, missed, known = counts[Outcome.FAIL] + counts[Outcome.STALE], counts[Outcome.NOT_RUN], counts[Outcome.KNOWN]
    applicable = counts.total() - counts[Outcome.NOT_APPLICABLE]
    held = f"{counts[Outcome.PASS]} of {applicable}"
    if red:
        message, color = f"{red} of {applicable} fail", "red"
    elif state_of_all(reports) == "open":
        message, color = f"{missed} not judged" if missed else "nothing judged", "lightgrey"
    elif known:
        message, color = f"{held}, {known} known", "yellow"
    else:
        message, color = held, "green" if counts[Outcome.WARN] else "brightgreen"
    return {"schemaVersion": 1, "label": "signalk wasm", "message": message, "color": color}
