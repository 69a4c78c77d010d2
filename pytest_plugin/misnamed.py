"""Ids that there are not: what somebody most likely meant, who typed one by heart or pasted it out of another run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refhost.capabilities import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

# The last part of an id, in whatever letters.
_REQUIREMENT = re.compile(r"(?:^|::)([a-z]+-\d{3})$", re.IGNORECASE)


def is_like_an_id(argument: str) -> bool:
    """Whether an argument of pytest ends as the ids of conformance items do: `…::LIFE::LIFE-002`, or `life-002`."""
    return _REQUIREMENT.search(argument) is not None


def meant(wanted: str, ids: Collection[str]) -> str:
    """The id that is most like one that there is not: the same requirement, or the same plugin's; "" for none."""
    found = _REQUIREMENT.search(wanted)
    same = [each for each in ids if found and each.endswith(f"::{found[1].upper()}")]
    if same:
        return nearest(wanted, same) or same[0]
    name, _, within = wanted.partition("::")
    own = {each.partition("::")[2]: each for each in ids if each.startswith(f"{name}::")}
    return own.get(nearest(within, own), "")
