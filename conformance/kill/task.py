"""What there is to judge for the kill matrix: mutants and honest ones, plugins and hosts, and by which requirements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import corpus
from conformance.catalogue import catalogue
from conformance.catalogues import any_requirement, kind_of
from conformance.host_catalogue import host_catalogue
from conformance.host_mutants import HOST_MUTANTS
from conformance.trace import proven_of_hosts
from corpus.mutants import mutants
from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.catalogue import Group

Kind = Literal["plugin mutant", "plugin", "host mutant", "host"]
Only = Literal["plugins", "hosts"]

HONEST_HOST = "refhost"


@dataclass(frozen=True)
class Task:
    """One plugin or host, and what it is judged by.

    Attributes:
        kind: what it is; the honest ones are `plugin` and `host`.
        name: of the mutant, or of the honest one.
        breaks: the ids of the requirements that it must fail; none for the honest ones.
        others: the ids of those that it is judged by besides.
        made_from: the honest one that it was.
        fault: what is wrong with it, in words; "" for the honest ones.
    """

    kind: Kind
    name: str
    breaks: tuple[str, ...]
    others: tuple[str, ...]
    made_from: str = ""
    fault: str = ""

    @property
    def is_mutant(self) -> bool:
        """Whether something is wrong with it."""
        return self.kind in ("plugin mutant", "host mutant")

    @property
    def is_host(self) -> bool:
        """Whether it is a host, and no plugin."""
        return self.kind in ("host mutant", "host")


def ids(groups: Iterable[Group]) -> tuple[str, ...]:
    """The ids of all requirements of some groups, in their order."""
    return tuple(requirement.id for group in groups for requirement in group.requirements)


def all_tasks(*, only: Only | None = None, whole: bool = False) -> list[Task]:
    """Everything: what takes longest comes first.

    Args:
        only: plugins, or hosts; both for None.
        whole: judge each host mutant by all requirements, and not only by the groups that it is about.
    """
    found = []
    if only != "plugins":
        found += [Task("host", HONEST_HOST, (), ids(host_catalogue())), *_host_mutants(whole=whole)]
    if only != "hosts":
        every = ids(catalogue())
        found += [Task("plugin", name, (), every) for name in corpus.plugins()]
        found += _plugin_mutants()
    return found


def named_tasks(names: Sequence[str], *, whole: bool = False) -> list[Task]:
    """The mutants of some names: their own, or those of the requirements that they must fail.

    Raises:
        ConfigurationError: a name is neither that of a requirement nor of a mutant, or no mutant is made for it.
    """
    every = [task for task in all_tasks(whole=whole) if task.is_mutant]
    chosen: dict[tuple[Kind, str], Task] = {}
    for name in names:
        meant = name.upper()
        found = [task for task in every if task.name == name or name in task.breaks or meant in task.breaks]
        if not found:
            raise ConfigurationError(f"No mutant is made for {any_requirement(meant).id}.")
        chosen |= {(task.kind, task.name): task for task in found}
    return list(chosen.values())


def _plugin_mutants() -> list[Task]:
    every = ids(catalogue())
    return [
        Task(
            "plugin mutant",
            name,
            (mutant.requirement,),
            tuple(one for one in every if one != mutant.requirement),
            mutant.plugin,
            mutant.fault,
        )
        for name, mutant in mutants().items()
    ]


def _host_mutants(*, whole: bool) -> list[Task]:
    named = {one: rows for one, rows in proven_of_hosts().items() if kind_of(one) == "host"}
    groups = {group.name: ids([group]) for group in host_catalogue()}
    found = []
    for name in HOST_MUTANTS:
        breaks = tuple(one for one in ids(host_catalogue()) if name in named.get(one, ()))
        about = {one.partition("-")[0] for one in breaks}
        # Of one that no requirement names nobody knows what it is about.
        judged = [one for group in groups if whole or not breaks or group in about for one in groups[group]]
        others = tuple(one for one in judged if one not in breaks)
        found.append(Task("host mutant", name, breaks, others, HONEST_HOST, name))
    return found
