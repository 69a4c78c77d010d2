"""What was found: which mutant was killed by what, and all that must not be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.catalogue import catalogue
from conformance.host_catalogue import host_catalogue
from conformance.kill.task import ids
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.kill.jury import Tried

# Of which warnings corpus/README.md says that an honest plugin has them, and why.
WARNED: Mapping[str, frozenset[str]] = {"fetch-assemblyscript": frozenset({"STATUS-005"})}


@dataclass(frozen=True)
class Matrix:
    """What came of all tasks.

    Attributes:
        tried: each of them.
        plugins: the ids of the requirements of plugins that must be proven by these tasks.
        hosts: those of hosts.
    """

    tried: Sequence[Tried]
    plugins: tuple[str, ...]
    hosts: tuple[str, ...]

    @cached_property
    def killers(self) -> Mapping[str, Sequence[str]]:
        """For each requirement that killed a mutant made for it, the names of those mutants, sorted."""
        found: dict[str, list[str]] = {}
        for one in self.mutants:
            for requirement in one.task.breaks:
                if requirement in one.broken:
                    found.setdefault(requirement, []).append(one.task.name)
        return {requirement: sorted(found[requirement]) for requirement in sorted(found)}

    @property
    def mutants(self) -> list[Tried]:
        """Those in which something is wrong."""
        return [one for one in self.tried if one.task.is_mutant]

    @property
    def honest(self) -> list[Tried]:
        """Those in which nothing is."""
        return [one for one in self.tried if not one.task.is_mutant]

    @property
    def killed(self) -> list[Tried]:
        """The mutants that break all that they must."""
        return [one for one in self.mutants if _is_killed(one)]

    @property
    def failed_honest(self) -> list[Tried]:
        """The honest ones that break something, or could not be judged."""
        return [one for one in self.honest if list(_wrong_of_honest(one))]

    def wrong(self) -> list[str]:
        """All that must not be, each in a sentence; none when all is well."""
        if not self.tried:
            return ["Nothing was judged at all."]
        found = [sentence for one in self.mutants for sentence in _wrong_of_mutant(one)]
        found += [sentence for one in self.honest for sentence in _wrong_of_honest(one)]
        unproven = [one for one in (*self.plugins, *self.hosts) if one not in self.killers]
        found += [f"{one} is unproven: no mutant that is made for it fails it." for one in unproven]
        return [printable(sentence, limit=600, lines=False) for sentence in found]


def whole_matrix(tried: Sequence[Tried]) -> Matrix:
    """What came of everything: all requirements of the kinds that were judged must be proven."""
    hosts = any(one.task.is_host for one in tried)
    plugins = any(not one.task.is_host for one in tried)
    return Matrix(tried, ids(catalogue()) if plugins else (), ids(host_catalogue()) if hosts else ())


def few_matrix(tried: Sequence[Tried]) -> Matrix:
    """What came of some mutants: only the requirements that they are made for must be proven."""
    named = {requirement for one in tried for requirement in one.task.breaks}
    return Matrix(
        tried,
        tuple(one for one in ids(catalogue()) if one in named),
        tuple(one for one in ids(host_catalogue()) if one in named),
    )


def _is_killed(one: Tried) -> bool:
    return bool(one.task.breaks) and set(one.task.breaks) <= set(one.broken)


def _wrong_of_mutant(one: Tried) -> Iterable[str]:
    name = f"{one.task.kind} {one.task.name!r}"
    if one.error:
        yield f"The {name} could not be judged: {one.error}"
        return
    if not one.task.breaks:
        by = ", ".join(one.broken) or "nothing at all"
        yield f"The {name} is in no row of conformance/host_requirements/proven.toml; it is killed by {by}."
    elif not one.broken:
        yield f"The {name} is killed by nothing."
    for requirement in one.task.breaks:
        finding = one.findings.get(requirement)
        if finding is None or not finding.is_broken:
            said = f"{finding.outcome} {finding.reason}".rstrip() if finding else "was not judged"
            yield f"The {name} is not killed by {requirement}: {said}."


def _wrong_of_honest(one: Tried) -> Iterable[str]:
    name = f"honest {one.task.kind} {one.task.name}"
    if one.error or not one.findings:
        yield f"The {name} could not be judged: {one.error or 'by no requirement'}"
    for requirement, finding in one.findings.items():
        bad = finding.is_broken or finding.cascade
        if bad and requirement not in WARNED.get(one.task.name, ()):
            yield f"The {name} breaks {requirement}: {finding.reason}"
