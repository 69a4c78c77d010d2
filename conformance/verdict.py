"""What a check finds, and what the judge makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.catalogue import Requirement


class Violation(Exception):  # noqa: N818 - the field's word for it
    """A requirement is broken.

    Attributes:
        seen: what was seen, in a sentence.
        case: the smallest input that shows it, where the steps of the session do not say it already.
        mend: what to change, where more can be said than the requirement does.
        hung: whether a call ran into its time limit: to see it once more costs that time again.
    """

    def __init__(self, seen: str, *, case: str = "", mend: str = "", hung: bool = False) -> None:
        super().__init__(seen)
        self.seen = seen
        self.case = case
        self.mend = mend
        self.hung = hung


class NotApplicable(Exception):  # noqa: N818 - an outcome
    """The requirement says nothing about this plugin; the message is the reason."""


class NotJudged(Exception):  # noqa: N818 - an outcome
    """The check could not get as far as its subject, since the plugin failed before; the message says where."""


class Outcome(StrEnum):
    """What became of a requirement.

    The judge finds the first four; `KNOWN` and `STALE` come of a baseline (a failure that it lists, and an entry that
    does not fail any more), and `NOT_RUN` is what a run that ended early leaves.
    """

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    WARN = "warn"
    NOT_APPLICABLE = "not-applicable"
    KNOWN = "known"
    STALE = "stale"
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class Verdict:
    """The judgement on one requirement.

    Attributes:
        reason: what was seen, or why it does not apply; "" for a pass.
        case: what shows it: the steps that the host took with the plugin, the last one being the one that failed.
        mend: what an author changes; "" for a pass.
        log: the last records of the journal, as text.
        cascade: whether it failed only because the plugin failed before the check came to its subject.
        departures: in what the host departed from the contract meanwhile; none where it keeps to it.
    """

    requirement: Requirement
    outcome: Outcome
    reason: str = ""
    case: tuple[str, ...] = ()
    mend: str = ""
    log: tuple[str, ...] = ()
    cascade: bool = False
    departures: tuple[str, ...] = ()
