"""docs/kill-matrix.md: counts first, then each requirement with its mutants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.catalogue import catalogue
from conformance.host_catalogue import host_catalogue
from conformance.kill.depth import MUTANT_CALL_SECONDS, QUICK, THOROUGH
from conformance.kill.matrix import WARNED
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from conformance.catalogue import Group
    from conformance.kill.jury import Tried
    from conformance.kill.matrix import Matrix

# So many ids are named; of the rest there is a number.
_NAMED = 6
# What Markdown, or HTML in it, could take for its own.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~&!])")


def page(matrix: Matrix) -> str:
    """The page, in Markdown."""
    lines = [*_head(matrix), *_groups("Plugins", catalogue(), matrix), *_groups("Hosts", host_catalogue(), matrix)]
    return "\n".join([*lines, *_honest(matrix)]) + "\n"


def counts(matrix: Matrix) -> Iterator[str]:
    """The numbers, a line for each."""
    every = (*matrix.plugins, *matrix.hosts)
    yield f"{sum(one in matrix.killers for one in every)} of {len(every)} requirements proven"
    for kind in ("plugin mutant", "host mutant"):
        made = [one for one in matrix.mutants if one.task.kind == kind]
        killed = sum(one in matrix.killed for one in made)
        yield f"{killed} of {len(made)} {kind}s killed by the requirement that they are made for"
    for kind in ("plugin", "host"):
        there = [one for one in matrix.honest if one.task.kind == kind]
        failed = sum(one in matrix.failed_honest for one in there)
        yield f"{failed} of {len(there)} honest {kind}s failed"


def _head(matrix: Matrix) -> Iterator[str]:
    yield "# Kill matrix"
    yield ""
    yield (
        "A requirement that nothing fails says nothing. So for each there are mutants: plugins of the corpus, or the "
        "reference host, with one thing broken. Each must fail the requirement that it is made for, and what is honest "
        "must fail none. `python -m conformance kill` judges all of them, and writes this page; CI runs it with "
        "`--check`."
    )
    yield ""
    yield from (f"- **{line}**" for line in counts(matrix))
    yield ""
    yield (
        f"The requirement that a mutant is made for looks hard: {THOROUGH.examples} examples ({THOROUGH.host_examples} "
        f"of hosts), {THOROUGH.deltas} deltas. All others, which show what a mutant breaks besides, and whether honest "
        f"ones break nothing, look less hard: {QUICK.examples} examples ({QUICK.host_examples} of hosts), "
        f"{QUICK.deltas} deltas. "
        f"A call of a plugin mutant may take {MUTANT_CALL_SECONDS:g} s. Host mutants are judged by the groups of the "
        "requirements that they are made for. Nothing is random, and nothing is kept from one run to the next."
    )
    yield ""
    yield (
        "*Breaks besides*: other requirements that the mutant fails, too; *not judged*: how many could not get to "
        "their subject, since the plugin does not load, start or survive."
    )
    yield ""


def _groups(title: str, groups: Iterable[Group], matrix: Matrix) -> Iterator[str]:
    found: dict[str, list[Tried]] = {}
    for one in matrix.mutants:
        for broken in one.task.breaks:
            found.setdefault(broken, []).append(one)
    yield f"## {title}"
    yield ""
    hosts = title == "Hosts"
    for group in groups:
        yield f"### {group.name}: {group.title}"
        yield ""
        more = "" if hosts else "made from | what is wrong with it | "
        yield f"| requirement | mutant | {more}killed | breaks besides |"
        yield "|---" * (4 if hosts else 6) + "|"
        for requirement in group.requirements:
            made = sorted(found.get(requirement.id, []), key=lambda one: one.task.name)
            for one in made:
                yield f"| {' | '.join(_cells(requirement.id, one))} |"
            if not made:
                yield f"| {requirement.id} | none |{' | |' if not hosts else ''} **unproven** | |"
        yield ""


def _cells(requirement: str, one: Tried) -> Iterator[str]:
    yield requirement
    yield safe(one.task.name)
    if not one.task.is_host:
        yield safe(one.task.made_from)
        yield safe(one.task.fault)
    yield "yes" if requirement in one.broken else "**no**"
    yield besides([requirement], one)


def besides(requirements: Collection[str], one: Tried) -> str:
    """What a mutant breaks beside these requirements, in a few words."""
    others = [other for other in one.broken if other not in requirements]
    left = len(others) - _NAMED
    said = ", ".join(others[:_NAMED]) + (f" and {left} more" if left > 0 else "")
    unjudged = sum(finding.cascade for finding in one.findings.values())
    return "; ".join(part for part in (said, f"{unjudged} not judged" if unjudged else "") if part)


def _honest(matrix: Matrix) -> Iterator[str]:
    yield "## Honest ones"
    yield ""
    yield "| | judged by | applies | breaks |"
    yield "|---|---:|---:|---|"
    for one in matrix.honest:
        applies = sum(finding.outcome != "not-applicable" for finding in one.findings.values())
        explained = WARNED.get(one.task.name, ())
        note = " (a warning that corpus/README.md explains)"
        told = (f"{broken}{note if broken in explained else ''}" for broken in one.broken)
        breaks = ", ".join(told) or "nothing"
        yield f"| {safe(one.task.name)} | {len(one.findings)} | {applies} | {breaks} |"


def safe(text: str) -> str:
    """Words of a mutant: nothing in them is Markdown, or acts on who reads it."""
    return _SIGNS.sub(r"\\\1", printable(text, limit=300, lines=False))
