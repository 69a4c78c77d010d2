"""How a reference host is given a fault: some of its methods are replaced while a host is there, and put back after.

Nothing of the reference host knows of faults. A fault has a name in words; the modules beside this one write down what
is replaced under each name.
"""

from __future__ import annotations

import contextlib
import functools
from unittest.mock import patch

from conformance.drivers.faults import HostGone
from conformance.drivers.reference import RefhostDriver
from refhost.engine import COMPILER

FAULTS: dict[str, list[tuple[object, str, object]]] = {}
"""For each fault what is replaced: an attribute of a class or module, by what."""


class FaultyDriver(RefhostDriver):
    """The reference host with one fault.

    Args:
        fault: a name of `FAULTS`.
    """

    def __init__(self, fault):
        super().__init__()
        self._patches = FAULTS[fault]

    @contextlib.contextmanager
    def host(self, *, call_seconds=None, features=frozenset()):
        """A fresh host; what was found out about binaries by a host with this fault is forgotten again."""
        with contextlib.ExitStack() as patches:
            for target, name, replacement in self._patches:
                patches.enter_context(patch.object(target, name, replacement, create=True))
            patches.callback(COMPILER._found.clear)
            COMPILER._found.clear()
            yield patches.enter_context(super().host(call_seconds=call_seconds, features=features))


def fault(name, target, attribute):
    """Say that the function below stands in for a method; it is given the original, and then what the method gets."""

    def register(change):
        add(name, target, attribute, around(getattr(target, attribute), change))
        return change

    return register


def around(function, change):
    """A function that does what `change` makes of the original one."""

    @functools.wraps(function)
    def changed(*arguments, **named):
        return change(function, *arguments, **named)

    return changed


def add(name, target, attribute, replacement):
    """One more replacement under a name."""
    FAULTS.setdefault(name, []).append((target, attribute, replacement))


def nothing(name, target, attribute, result=None):
    """A method that does nothing, and always answers the same."""
    add(name, target, attribute, lambda *_, **__: result)


def ends(reason):
    """End the host, as a crash of its process would."""
    raise HostGone(f"The host is gone: {reason}.")
