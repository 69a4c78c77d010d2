"""The catalogue of what a host owes its plugins: out of the TOML files in `host_requirements/`. Ids are for ever."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from conformance.catalogue import Group, find, read_groups

if TYPE_CHECKING:
    from conformance.catalogue import Requirement

_GROUPS = (
    *("HLINK", "HSTR", "HFUN", "HCAP", "HVFS", "HCONF", "HLIFE", "HRELOAD", "HCRASH", "HDELTA", "HMODEL", "HPUT"),
    *("HHTTP", "HPROV", "HSTREAM", "HSOCK", "HFETCH", "HAS", "HWIT", "HCMD", "HANY", "HLIMIT", "HHARM"),
)


@functools.cache
def host_catalogue() -> tuple[Group, ...]:
    """Every group, in the order in which they are judged."""
    return read_groups("host_requirements", _GROUPS)


def host_requirement(requirement_id: str) -> Requirement:
    """One requirement of hosts by its id.

    Raises:
        ConfigurationError: there is none; the message has the nearest.
    """
    return find(requirement_id, host_catalogue())
