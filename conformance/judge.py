"""The one judge: a requirement, a subject, a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks import check_of
from conformance.trial import Trial
from conformance.verdict import NotApplicable, NotJudged, Outcome, Verdict, Violation
from refhost.errors import HostError
from refhost.printing import printable

if TYPE_CHECKING:
    from conformance.catalogue import Requirement
    from conformance.subject import Subject

_STEPS_SHOWN = 8
_LOG_SHOWN = 12
# Enough to know a delta by; nobody reads a megabyte.
_STEP_CHARACTERS = 300


def judge(requirement: Requirement, subject: Subject) -> Verdict:
    """Judge one requirement: run its check in a fresh host.

    What keeps a check from getting to its subject counts as failed: a plugin that does not start is never green.
    """
    reason = _not_applicable(requirement, subject)
    if reason:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, reason)
    trial = Trial(subject)
    broken = Outcome.FAIL if requirement.level == "MUST" else Outcome.WARN
    try:
        check_of(requirement.id)(trial)
    except NotApplicable as outcome:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, printable(str(outcome)))
    except Violation as violation:
        mend = violation.mend or requirement.mend
        return _verdict(requirement, broken, violation.seen, trial, violation.case, mend)
    except (NotJudged, HostError) as error:
        reason = printable(f"could not be judged: {' '.join(str(error).split())}", limit=300)
        return Verdict(requirement, Outcome.FAIL, reason, mend=_FIRST, cascade=True)
    return Verdict(requirement, Outcome.PASS)


_FIRST = (
    "Mend the failure named here first; a plugin that needs a configuration or capabilities to start gets them by "
    "--wasm-config and --wasm-capabilities."
)


def _not_applicable(requirement: Requirement, subject: Subject) -> str:
    if subject.dialect and subject.dialect not in requirement.applies_to:
        return f"the requirement is about {' and '.join(requirement.applies_to)} plugins; this one is {subject.dialect}"
    if requirement.capability and not subject.grants.has(requirement.capability):
        return f"the plugin does not hold the capability {requirement.capability}"
    return ""


def _verdict(requirement: Requirement, outcome: Outcome, reason: str, trial: Trial, case: str, mend: str) -> Verdict:
    steps = list(trial.steps)
    if len(steps) > _STEPS_SHOWN:
        # How it was loaded and started says much; of the rest, what came last.
        left_out = len(steps) - _STEPS_SHOWN
        steps = [*steps[:2], f"({left_out} steps more)", *steps[2 + left_out :]]
    records = [f"[{r.kind}] {f'{r.function}: ' if r.function else ''}{r.text}" for r in trial.log[-_LOG_SHOWN:]]
    return Verdict(
        requirement,
        outcome,
        printable(reason, limit=2000),
        (
            *(printable(step, limit=_STEP_CHARACTERS, lines=False) for step in steps),
            *([printable(case, limit=2000, lines=False)] if case else []),
        ),
        printable(mend, limit=1000),
        tuple(printable(record, lines=False) for record in records),
    )
