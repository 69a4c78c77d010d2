"""The verdicts of a run, as they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypedDict

import pytest

if TYPE_CHECKING:
    from conformance.catalogues import Kind


class VerdictData(TypedDict):
    """A verdict in the form that travels with a report, also between processes.

    `name` is the first part of the item's id; `kind`, `plugin` and `host` are those of what was judged. `known` is the
    reason that the baseline gives, and `again` the command that shows a failure again. `departures` is in what the host
    departed from the contract.
    """

    name: str
    kind: Kind
    plugin: str
    host: str
    profile: str
    group: str
    requirement: str
    level: str
    text: str
    outcome: str
    reason: str
    case: list[str]
    mend: str
    log: list[str]
    again: str
    known: str
    cascade: bool
    departures: list[str]


class Results:
    """What was judged so far. One is current at a time: pytester nests whole runs in one process."""

    current: ClassVar[Results]

    def __init__(self) -> None:
        self.verdicts: dict[str, VerdictData] = {}
        Results.current = self

    def add(self, nodeid: str, verdict: VerdictData) -> None:
        """Keep a verdict; a rerun of the same item replaces it."""
        self.verdicts[nodeid] = verdict

    def judged_nothing(self) -> bool:
        """Whether conformance items ran, and none of them applied."""
        return bool(self.verdicts) and all(v["outcome"] == "not-applicable" for v in self.verdicts.values())


RESULTS = pytest.StashKey[Results]()
