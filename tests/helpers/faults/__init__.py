"""Hosts that are wrong in one thing: for each requirement of hosts at least one that breaks it.

    FaultyDriver("cuts long deltas")

is a driver of the reference host with that fault. `FAULTS` has their names.
"""

from faults import asking, deltas, dialects, files, functions, life, limits, linking, networks, texts
from faults.fault import FAULTS, FaultyDriver

__all__ = ["FAULTS", "FaultyDriver"]

_MODULES = (asking, deltas, dialects, files, functions, life, limits, linking, networks, texts)
