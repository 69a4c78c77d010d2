"""Traceability: for each requirement, whether real runs have tested it, and whether anything was seen to fail it."""

from __future__ import annotations

import functools
import textwrap
import tomllib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Any

from conformance.catalogues import KINDS, catalogue_of, kind_of
from conformance.host_checks.registry import HOST_CHECKS
from conformance.plugin_checks.registry import CHECKS
from conformance.report.model import labels
from conformance.verdict import Outcome
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.catalogue import Requirement
    from conformance.report.model import Judgement, Report

_WIDTH = 110
# How many reports a line names.
_NAMED = 3
_JUDGED = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.KNOWN, Outcome.STALE})


class Status(StrEnum):
    """What is known of a requirement.

    `TESTED`: a run has judged it. `NOT_APPLICABLE`: it says nothing about any plugin or host of the runs. `NOT_RUN`: no
    run came to it. `UNPROVEN`: whatever the runs say, no plugin or host has been seen to fail it. `MISSING`: nothing
    checks it.
    """

    TESTED = "tested"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    UNPROVEN = "unproven"
    MISSING = "missing"


@dataclass(frozen=True)
class Traced:
    """One requirement.

    Attributes:
        detail: by whom it was tested, or why not.
    """

    requirement: Requirement
    status: Status
    detail: str


@dataclass(frozen=True)
class Trace:
    """All requirements on plugins, or on hosts, or on both: whatever the reports are about."""

    rows: tuple[Traced, ...]
    runs: int

    @property
    def missing(self) -> list[str]:
        """The ids of the requirements that nothing checks."""
        return [row.requirement.id for row in self.rows if row.status is Status.MISSING]

    def to_text(self) -> str:
        """For a person: the sums, a line for each requirement, and the clauses that cannot be judged."""
        counts = Counter(row.status for row in self.rows)
        sums = ", ".join(f"{counts[status]} {status}" for status in Status)
        lines = [f"{len(self.rows)} requirements over {self.runs} reports: {sums}."]
        if not self.runs:
            lines.append("No report was given, so nothing is known to be tested: name what --wasm-report wrote.")
        lines.append("")
        for row in self.rows:
            head = f"{row.requirement.id:<12}{row.requirement.level:<8}{row.status:<16}"
            lines.append(f"{head}{printable(row.detail, limit=160, lines=False)}".rstrip())
        clauses = not_judged() if any(kind_of(row.requirement.id) == "plugin" for row in self.rows) else ()
        lines += ["", "Clauses that cannot be judged from outside:"] if clauses else []
        for clause in clauses:
            told = f"{clause['section']} {clause['text']} {clause['reason']}"
            lines += textwrap.wrap(told, _WIDTH, initial_indent="- ", subsequent_indent="  ")
        return "\n".join(lines) + "\n"


def traced(reports: Sequence[Report]) -> Trace:
    """Every requirement on what these reports are about, plugins or hosts, traced through them; on both for none.

    What two hosts do with one plugin is left out: it compares, and leaves nothing untested.
    """
    kinds = {kind_of(row.id) for report in reports for row in report.requirements} if reports else set(KINDS)
    names = labels(reports)
    found: dict[str, list[tuple[str, Judgement]]] = {}
    for name, report in zip(names, reports, strict=True):
        for judgement in report.requirements:
            found.setdefault(judgement.id, []).append((name, judgement))
    rows = [
        _traced(requirement, found.get(requirement.id, []), known=not reports)
        for kind in KINDS
        if kind in kinds and kind != "pair"
        for group in catalogue_of(kind)
        for requirement in group.requirements
    ]
    return Trace(tuple(rows), len(reports))


def _traced(requirement: Requirement, seen: list[tuple[str, Judgement]], *, known: bool) -> Traced:
    """One requirement; `known` when it is no fault that no report has it."""
    hosts = kind_of(requirement.id) == "host"
    if requirement.id not in (HOST_CHECKS if hosts else CHECKS):
        return Traced(requirement, Status.MISSING, "it has no check")
    if not seen and not known:
        return Traced(requirement, Status.MISSING, "no report knows it")
    judged = [(name, j) for name, j in seen if j.outcome in _JUDGED and not j.cascade]
    told = "; ".join(
        f"{outcome}: {_named([name for name, j in judged if j.outcome is outcome])}"
        for outcome in Outcome
        if any(j.outcome is outcome for _, j in judged)
    )
    if requirement.id not in (proven_of_hosts() if hosts else proven()):
        return Traced(requirement, Status.UNPROVEN, told or f"no {'broken host' if hosts else 'mutant'} fails it")
    if judged:
        return Traced(requirement, Status.TESTED, told)
    reasons = [j.reason for _, j in seen if j.outcome is Outcome.NOT_APPLICABLE]
    if reasons and len(reasons) == len(seen):
        return Traced(requirement, Status.NOT_APPLICABLE, "; ".join(dict.fromkeys(reasons)))
    return Traced(requirement, Status.NOT_RUN, "; ".join(dict.fromkeys(j.reason for _, j in seen)))


def _named(names: list[str]) -> str:
    left = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {left} more" if left > 0 else "")


def proven() -> Mapping[str, Sequence[str]]:
    """For each requirement the mutants that the project's tests have seen to fail it."""
    found: Mapping[str, Sequence[str]] = _table("requirements", "proven.toml")["proven"]
    return found


def proven_of_hosts() -> Mapping[str, Sequence[str]]:
    """For each requirement on hosts the broken hosts that the project's tests have seen to fail it."""
    found: Mapping[str, Sequence[str]] = _table("host_requirements", "proven.toml")["proven"]
    return found


def not_judged() -> Sequence[Mapping[str, str]]:
    """The clauses that cannot be judged from outside: `section`, `text` and `reason` of each."""
    found: Sequence[Mapping[str, str]] = _table("requirements", "not_judged.toml")["clause"]
    return found


@functools.cache
def _table(folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("conformance") / folder / name).read_text("utf-8"))
