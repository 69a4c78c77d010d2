"""The catalogue: every requirement once, out of the TOML files in `requirements/`. Ids are for ever."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from refhost.errors import ConfigurationError

Level = Literal["MUST", "SHOULD"]
_LEVELS = ("MUST", "SHOULD")


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
    groups = [_group(name) for name in ("LOAD", "META", "LIFE", "CONF", "STATUS", "DELTA", "MODEL", "CAP", "VFS")]
    ids = [requirement.id for group in groups for requirement in group.requirements]
    doubles = {i for i in ids if ids.count(i) > 1}
    if doubles:
        raise ValueError(f"ids given twice: {doubles}")
    return tuple(groups)


def requirement(requirement_id: str) -> Requirement:
    """One requirement by its id.

    Raises:
        ConfigurationError: there is none.
    """
    for group in catalogue():
        for entry in group.requirements:
            if entry.id == requirement_id:
                return entry
    raise ConfigurationError(f"There is no requirement {requirement_id}.")


def _group(name: str) -> Group:
    text = (resources.files("conformance") / "requirements" / f"{name.lower()}.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return Group(name, table["title"], tuple(_requirement(name, row) for row in table["requirement"]))


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
    )
