"""The judge of hosts: a requirement, a host, a verdict; what a verdict says is made as for plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.drivers.faults import DriverFault, HostGone
from conformance.drivers.features import FEATURES, Unsupported
from conformance.host_checks import check_of
from conformance.host_trial import HostTrial
from conformance.judge import broken_verdict
from conformance.verdict import NotApplicable, NotJudged, Outcome, Verdict, Violation
from refhost.errors import HostError
from refhost.printing import printable

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
    try:
        check_of(requirement.id)(trial)
    except (NotApplicable, Unsupported) as outcome:
        return Verdict(requirement, Outcome.NOT_APPLICABLE, printable(str(outcome)))
    except Violation as violation:
        return broken_verdict(requirement, violation, trial.steps, trial.log, violation.mend or requirement.mend)
    except HostGone as end:
        gone = Violation(f"the host did not survive: {end}")
        return broken_verdict(requirement, gone, trial.steps, trial.log, requirement.mend)
    except (NotJudged, HostError) as error:
        why = printable(f"could not be judged: {' '.join(str(error).split())}", limit=300)
        mend = _MEND_DRIVER if isinstance(error, DriverFault) else "Mend what is named here first."
        return Verdict(requirement, Outcome.FAIL, why, tuple(trial.steps), mend, cascade=True)
    except _ODD as error:
        odd = Violation(f"what the host did, or showed, has not the form that it must have: {error!r}")
        return broken_verdict(requirement, odd, trial.steps, trial.log, requirement.mend)
    return Verdict(requirement, Outcome.PASS)


def _lacking(feature: str, driver: Driver) -> str:
    what = FEATURES[feature]
    return f"the host {driver.name} does not have the feature {feature}: {what[0].lower()}{what[1:]}"
