"""`python tests/helpers/proven_hosts.py`: tells `python -m conformance trace` which faults break which requirement.

Without names it looks for faults for the requirements, and for requirements for the faults, that the table lacks; with
the names of requirements it looks for theirs anew. Every fault is tried, so that it takes some seconds for each; of
those that it prints, a person puts the one that is most to the point into the table.
"""

import json
import sys
import tomllib
from collections import Counter
from pathlib import Path

from faults import FAULTS, FaultyDriver

import conformance
from conformance.host_catalogue import host_catalogue, host_requirement
from conformance.host_judge import judge_host
from conformance.verdict import Outcome

FILE = Path(conformance.__file__).parent / "host_requirements" / "proven.toml"
REQUIREMENTS = [requirement.id for group in host_catalogue() for requirement in group.requirements]
# How many of the faults go into the table by themselves: of those that it has least.
_KEPT = 2
_HEADER = """\
# Written by `python tests/helpers/proven_hosts.py`: for each requirement of hosts the faults of tests/helpers/faults
# with which the reference host breaks it. The tests judge every one of them.
"""


def table():
    """What the file holds."""
    return tomllib.loads(FILE.read_text("utf-8"))["proven"] if FILE.exists() else {}


def text(rows):
    """What the file has to hold for these rows."""
    lines = [f"{one} = {json.dumps(sorted(rows[one]), ensure_ascii=False)}" for one in sorted(rows)]
    return "\n".join([_HEADER, "[proven]", *lines]) + "\n"


def is_broken(verdict):
    """Whether a requirement was judged, and is broken."""
    return verdict.outcome in (Outcome.FAIL, Outcome.WARN) and not verdict.cascade


def breaks(requirement, fault):
    """Whether a host with a fault breaks a requirement."""
    return is_broken(judge_host(host_requirement(requirement), FaultyDriver(fault)))


def main(names):
    rows = {one: faults for one, faults in table().items() if one in REQUIREMENTS and one not in names}
    for one in [one for one in REQUIREMENTS if one not in rows]:
        width = Counter(fault for faults in rows.values() for fault in faults)
        found = sorted((fault for fault in FAULTS if breaks(one, fault)), key=lambda fault: width[fault])
        rows[one] = found[:_KEPT]
        print(one, found or "is broken by no fault")  # noqa: T201 - a command that people watch
    used = {fault for faults in rows.values() for fault in faults}
    for fault in [fault for fault in FAULTS if fault not in used]:
        one = next((one for one in REQUIREMENTS if breaks(one, fault)), None)
        print(fault, one or "breaks no requirement")  # noqa: T201 - the same
        if one:
            rows[one].append(fault)
    FILE.write_text(text({one: faults for one, faults in rows.items() if faults}), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
