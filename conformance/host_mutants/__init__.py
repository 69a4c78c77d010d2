"""Hosts that are wrong in one thing: the reference host with a fault, at least one for each requirement of hosts.

    MutantDriver("`..` leads out of the tree")

is a driver of such a host; `HOST_MUTANTS` has the names. Which requirement each of them must break is written down in
`conformance/host_requirements/proven.toml`, and `python -m conformance kill` shows it.
"""

from conformance.host_mutants import (
    asking,
    deltas,
    dialects,
    files,
    functions,
    life,
    limits,
    linking,
    networks,
    texts,
)
from conformance.host_mutants.mutant import HOST_MUTANTS, MutantDriver

__all__ = ["HOST_MUTANTS", "MutantDriver"]

_MODULES = (asking, deltas, dialects, files, functions, life, limits, linking, networks, texts)
