"""The one judge: a requirement, a check, a verdict. What is special about hosts is in `host_judge`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from conformance.drivers.features import Unsupported
from conformance.plugin_checks.registry import CHECKS
from conformance.transcript import records_shown, steps_shown
from conformance.trial import Trial
from conformance.verdict import NotApplicable, NotJudged, Outcome, Verdict, Violation
from refhost.errors import HostError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.catalogue import Requirement
    from conformance.drivers.interface import LogRecord
    from conformance.subject import Subject

# Enough to know a delta by; nobody reads a megabyte.
_STEP_CHARACTERS = 400
MEND_FIRST = "Mend what is named here first."


class Remembers(Protocol):
    """What a check works with, and what it shows afterwards."""

    @property
    def steps(self) -> Sequence[str]:
        """What the last host did."""

    @property
    def log(self) -> Sequence[LogRecord]:
        """What it logged."""


Shown = TypeVar("Shown", bound=Remembers)


def judge(requirement: Requirement, subject: Subject) -> Verdict:
    """Judge one requirement: run its check in a fresh host.

    What keeps a check from getting to its subject counts as failed: a plugin that does not start is never green.
    """
    reason = _not_applicable(requirement, subject)
    if reason:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, reason)
    trial = Trial(subject)
    with warnings.catch_warnings():
        # Of patterns in a plugin's schema that Python may read otherwise one day: no news to who runs with -W error.
        warnings.filterwarnings("ignore", "Possible (nested )?set", FutureWarning)
        verdict = judged(requirement, trial, CHECKS[requirement.id], first=lambda _: _first(subject))
    return _with_departures(verdict, trial) if trial.departures else verdict


def judged(
    requirement: Requirement,
    trial: Shown,
    check: Callable[[Shown], None],
    *,
    first: Callable[[Exception], str] = lambda _: MEND_FIRST,
) -> Verdict:
    """Run a check, of plugins or of hosts, and say what came of it.

    Args:
        requirement: that the check is about.
        trial: what the check is given.
        check: raises when the requirement does not hold.
        first: what to mend where this kept the check from getting to its subject.
    """
    try:
        check(trial)
    except (NotApplicable, Unsupported) as outcome:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, printable(str(outcome)))
    except Violation as violation:
        return Verdict(
            requirement,
            Outcome.FAIL if requirement.level == "MUST" else Outcome.WARN,
            printable(violation.seen, limit=2000),
            (
                *shown(trial.steps),
                *([printable(violation.case, limit=2000, lines=False)] if violation.case else []),
            ),
            printable(violation.mend or requirement.mend, limit=2000),
            tuple(printable(record, lines=False) for record in records_shown(trial.log)),
        )
    except (NotJudged, HostError) as error:
        why = printable(f"could not be judged: {' '.join(str(error).split())}", limit=300)
        return Verdict(requirement, Outcome.FAIL, why, mend=first(error), cascade=True)
    return Verdict(requirement, Outcome.PASS)


def shown(steps: Sequence[str]) -> tuple[str, ...]:
    """Steps as a person is shown them."""
    return tuple(printable(step, limit=_STEP_CHARACTERS, lines=False) for step in steps_shown(steps))


def _with_departures(verdict: Verdict, trial: Trial) -> Verdict:
    """The verdict, with that in which the host departed from the contract while it was judged."""
    profile, met = trial.subject.driver.profile.name, "; ".join(trial.departures)
    verdict = replace(verdict, departures=tuple(trial.departures))
    if verdict.cascade:
        return replace(verdict, reason=verdict.reason + printable(f" (on {profile}: {met})", limit=1000))
    if verdict.mend:
        more = (
            f"The host is {profile}, and departed from the contract here: {met}. "
            "The plugin may be right: see what --wasm-profile=documented says."
        )
        return replace(verdict, mend=printable(f"{verdict.mend} {more}", limit=2000))
    return verdict


# What the reference host calls its ways to the network in its log.
_FETCHES = frozenset({"as-fetch", "wasi:http"})


def _first(subject: Subject) -> str:
    """What brings a plugin along that failed before a check came to its subject."""
    seen = subject.observation
    lacks = {
        "a configuration (--wasm-config)": seen.failed_at == "start",
        "answers to its HTTP requests (--wasm-fetch)": any(
            record.kind == "warning" and record.function in _FETCHES for record in seen.log
        ),
        "capabilities (--wasm-capabilities)": seen.failed_at == "start" or any(r.kind == "denied" for r in seen.log),
    }
    found = [what for what, lacking in lacks.items() if lacking]
    return "Mend the failure named here first" + (
        f"; or give it what it may lack: {', '.join(found)}." if found else "."
    )


def _not_applicable(requirement: Requirement, subject: Subject) -> str:
    if subject.dialect and subject.dialect not in requirement.applies_to:
        return f"the requirement is about {' and '.join(requirement.applies_to)} plugins; this one is {subject.dialect}"
    if requirement.capability and not subject.grants.has(requirement.capability):
        return f"the plugin does not hold the capability {requirement.capability}"
    return ""
