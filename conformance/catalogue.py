"""The catalogue: every requirement once, out of the TOML files in `requirements/`. Ids are for ever."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from refhost.capabilities import nearest
from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

Level = Literal["MUST", "SHOULD"]
_LEVELS = ("MUST", "SHOULD")
_GROUPS = (
    *("LOAD", "META", "LIFE", "CONF", "STATUS", "DELTA", "NOTE", "MODEL", "PUT", "HTTP", "RES", "WX", "RADAR"),
    *("STREAM", "SOCK", "FETCH", "CAP", "VFS", "PKG"),
)


@dataclass(frozen=True)
class Requirement:
    """One clause of the contract that a plugin can break.

    Attributes:
        id: such as `DELTA-003`; never given to another requirement.
        group: the part before the dash.
        level: a broken MUST fails, a broken SHOULD warns.
        text: what is required, in a sentence.
        section: of the contract.
        source: where the contract has it from.
        applies_to: the dialects that it is about.
        capability: that the plugin must hold for it to apply; "" for none.
        why: what happens on a boat when it is broken.
        mend: what an author changes.
        example: what is wrong and what would be right, in a few lines; "" where the text says it all.
        features: what a host must be able to do to be judged by it; see `conformance.drivers.features`.
    """

    id: str
    group: str
    level: Level
    text: str
    section: str
    source: str
    applies_to: tuple[str, ...]
    capability: str
    why: str
    mend: str
    example: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """The requirements of one subject.

    Attributes:
        title: for a person.
    """

    name: str
    title: str
    requirements: tuple[Requirement, ...]


@functools.cache
def catalogue() -> tuple[Group, ...]:
    """Every group, in the order in which they are judged."""
    return read_groups("requirements", _GROUPS)


def read_groups(folder: str, names: Sequence[str]) -> tuple[Group, ...]:
    """The groups of a catalogue, out of a file for each in a folder beside this module.

    Raises:
        ValueError: an id is given twice, or is not of its group.
    """
    groups = [_group(folder, name) for name in names]
    ids = [requirement.id for group in groups for requirement in group.requirements]
    doubles = {i for i in ids if ids.count(i) > 1}
    if doubles:
        raise ValueError(f"ids given twice: {doubles}")
    return tuple(groups)


@functools.cache
def requirement(requirement_id: str) -> Requirement:
    """One requirement by its id.

    Raises:
        ConfigurationError: there is none; the message has the nearest.
    """
    return find(requirement_id, catalogue())


def find(requirement_id: str, groups: Sequence[Group]) -> Requirement:
    """One requirement of some groups by its id.

    Raises:
        ConfigurationError: there is none; the message has the nearest.
    """
    ids = {entry.id: entry for group in groups for entry in group.requirements}
    if requirement_id in ids:
        return ids[requirement_id]
    for group in groups:
        if group.name == requirement_id:
            first, last = group.requirements[0].id, group.requirements[-1].id
            raise ConfigurationError(f"{requirement_id} is a group of requirements: name one of {first} to {last}.")
    letters, _, number = requirement_id.partition("-")
    padded = f"{letters}-{number:0>3}"
    meant = padded if padded in ids else nearest(requirement_id, list(ids))
    raise ConfigurationError(
        f"There is no requirement {requirement_id}{f': did you mean {meant}?' if meant else '.'}",
        hint=f"The groups are {', '.join(group.name for group in groups)}; ids are such as {next(iter(ids))}.",
    )


def _group(folder: str, name: str) -> Group:
    text = (resources.files("conformance") / folder / f"{name.lower()}.toml").read_text("utf-8")
    table = tomllib.loads(text)
    common = table.get("common", {})  # what holds for a row that does not say otherwise
    return Group(name, table["title"], tuple(_requirement(name, {**common, **row}) for row in table["requirement"]))


def _requirement(group: str, row: dict[str, Any]) -> Requirement:
    if row["level"] not in _LEVELS or not row["id"].startswith(f"{group}-"):
        raise ValueError(f"bad level or id: {row}")
    return Requirement(
        id=row["id"],
        group=group,
        level=row["level"],
        text=row["text"],
        section=row["section"],
        source=row["source"],
        applies_to=tuple(row.get("applies_to", ("buffer", "assemblyscript", "component"))),
        capability=row.get("capability", ""),
        why=row["why"],
        mend=row["mend"],
        example=row.get("example", "").strip("\n"),
        features=tuple(row.get("features", ())),
    )
