"""The judge, on hosts: what of a host's behaviour breaks a requirement, beside what its check says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.drivers.faults import DriverFault, HostGone
from conformance.drivers.features import FEATURES
from conformance.host_checks.registry import HOST_CHECKS
from conformance.host_trial import HostTrial
from conformance.judge import MEND_FIRST, judged, shown
from conformance.verdict import Outcome, Verdict, Violation

if TYPE_CHECKING:
    from conformance.catalogue import Requirement
    from conformance.drivers.interface import Driver

# What a check raises that was shown something else than it can read, such as text that is not JSON.
_ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_MEND_DRIVER = (
    "This is the driver's fault, and nothing is said of the host. What the driver says, line by line: "
    "`python -m conformance smoke exec:COMMAND --lines`."
)


def judge_host(requirement: Requirement, driver: Driver) -> Verdict:
    """Judge a host by one requirement: run its check with fresh hosts of this kind.

    A host that dies meanwhile breaks the requirement, and so does one that shows what a check cannot read; a check that
    cannot get to its subject counts as failed.
    """
    missing = [feature for feature in requirement.features if feature not in driver.features]
    if missing:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, _lacking(missing[0], driver))
    trial = HostTrial(driver, requirement.features)

    def check(trial: HostTrial) -> None:
        try:
            HOST_CHECKS[requirement.id](trial)
        except HostGone as end:
            raise Violation(f"the host did not survive: {end}") from None
        except _ODD as error:
            raise Violation(f"what the host did, or showed, has not the form that it must have: {error!r}") from None

    verdict = judged(requirement, trial, check, first=_first)
    return replace(verdict, case=shown(trial.steps)) if verdict.cascade else verdict


def _first(error: Exception) -> str:
    return _MEND_DRIVER if isinstance(error, DriverFault) else MEND_FIRST


def _lacking(feature: str, driver: Driver) -> str:
    what = FEATURES[feature]
    return f"the host {driver.name} does not have the feature {feature}: {what[0].lower()}{what[1:]}"
