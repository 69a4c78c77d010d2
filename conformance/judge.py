"""The one judge: a requirement, a subject, a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.drivers.features import Unsupported
from conformance.plugin_checks import check_of
from conformance.transcript import records_shown, steps_shown
from conformance.trial import Trial
from conformance.verdict import NotApplicable, NotJudged, Outcome, Verdict, Violation
from refhost.errors import HostError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.catalogue import Requirement
    from conformance.drivers.interface import LogRecord
    from conformance.subject import Subject

# Enough to know a delta by; nobody reads a megabyte.
_STEP_CHARACTERS = 400


def judge(requirement: Requirement, subject: Subject) -> Verdict:
    """Judge one requirement: run its check in a fresh host.

    What keeps a check from getting to its subject counts as failed: a plugin that does not start is never green.
    """
    trial = Trial(subject)
    verdict = _judged(requirement, subject, trial)
    return replace(verdict, departures=tuple(trial.departures))


def _judged(requirement: Requirement, subject: Subject, trial: Trial) -> Verdict:
    reason = _not_applicable(requirement, subject)
    if reason:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, reason)
    try:
        check_of(requirement.id)(trial)
    except (NotApplicable, Unsupported) as outcome:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, printable(str(outcome)))
    except Violation as violation:
        mend = f"{violation.mend or requirement.mend} {_departed(trial)}".strip()
        return broken_verdict(requirement, violation, trial.steps, trial.log, mend)
    except (NotJudged, HostError) as error:
        why = printable(f"could not be judged: {' '.join(str(error).split())}", limit=300)
        met = f" (on {subject.driver.profile.name}: {'; '.join(trial.departures)})" if trial.departures else ""
        reason = f"{why}{printable(met, limit=1000)}"
        return Verdict(requirement, Outcome.FAIL, reason, mend=_first(subject), cascade=True)
    return Verdict(requirement, Outcome.PASS)


def _departed(trial: Trial) -> str:
    """In what the host departed from the contract while this was judged; "" for one that keeps to it."""
    if not trial.departures:
        return ""
    return (
        f"The host is {trial.subject.driver.profile.name}, and departed from the contract here: "
        f"{'; '.join(trial.departures)}. The plugin may be right: see what --wasm-profile=documented says."
    )


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


def broken_verdict(
    requirement: Requirement, violation: Violation, steps: Sequence[str], log: Sequence[LogRecord], mend: str
) -> Verdict:
    """What a violation amounts to: a failure or a warning, with the steps that led to it and the end of the log."""
    return Verdict(
        requirement,
        Outcome.FAIL if requirement.level == "MUST" else Outcome.WARN,
        printable(violation.seen, limit=2000),
        (
            *(printable(step, limit=_STEP_CHARACTERS, lines=False) for step in steps_shown(steps)),
            *([printable(violation.case, limit=2000, lines=False)] if violation.case else []),
        ),
        printable(mend, limit=2000),
        tuple(printable(record, lines=False) for record in records_shown(log)),
    )
