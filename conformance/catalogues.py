"""All catalogues: what plugins owe, what hosts owe, and what two hosts must do alike. No id is in two of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal

from conformance.catalogue import catalogue, find, read_groups
from conformance.host_catalogue import host_catalogue

if TYPE_CHECKING:
    from conformance.catalogue import Group, Requirement

# What is judged: a plugin (by `requirements/`), a host (`host_requirements/`), a plugin in two hosts
# (`pair_requirements/`).
Kind = Literal["plugin", "host", "pair"]
KINDS: tuple[Kind, ...] = ("plugin", "host", "pair")


@functools.cache
def pair_catalogue() -> tuple[Group, ...]:
    """The requirements on two hosts with one plugin in them."""
    return read_groups("pair_requirements", ("SAME",))


def catalogue_of(kind: Kind) -> tuple[Group, ...]:
    """The groups of one kind, in the order in which they are judged."""
    return {"plugin": catalogue, "host": host_catalogue, "pair": pair_catalogue}[kind]()


def every_group() -> tuple[Group, ...]:
    """The groups of all kinds."""
    return tuple(group for kind in KINDS for group in catalogue_of(kind))


def any_requirement(requirement_id: str) -> Requirement:
    """A requirement of any kind by its id.

    Raises:
        ConfigurationError: there is none; the message has the nearest.
    """
    return find(requirement_id, every_group())


@functools.cache
def _kinds() -> dict[str, Kind]:
    return {entry.id: kind for kind in KINDS for group in catalogue_of(kind) for entry in group.requirements}


def kind_of(requirement_id: str) -> Kind | None:
    """What a requirement is about; None where there is none of this id."""
    return _kinds().get(requirement_id)
