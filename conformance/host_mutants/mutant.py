"""How a host becomes a mutant: methods of the reference host are replaced while a host is there, and put back after.

Nothing of the reference host knows of mutants. A mutant has a name in words that say what is wrong with it; the modules
beside this one write down what is replaced under each name.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from unittest.mock import patch

from conformance.drivers.faults import HostGone
from conformance.drivers.reference import RefhostDriver
from refhost.engine import COMPILER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.drivers.reference import RefhostHost

    # What is replaced: it is given what the replacement is given, and the replacement may call it.
    Original = Callable[..., Any]

Changed = TypeVar("Changed", bound="Callable[..., Any]")

HOST_MUTANTS: dict[str, list[tuple[object, str, object]]] = {}
"""For each mutant what is replaced: an attribute of a class or module, by what."""


class MutantDriver(RefhostDriver):
    """The reference host with one fault.

    Args:
        name: of the mutant, one of `HOST_MUTANTS`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._patches = HOST_MUTANTS[name]

    @contextlib.contextmanager
    def host(
        self, *, call_seconds: float | None = None, features: frozenset[str] = frozenset()
    ) -> Iterator[RefhostHost]:
        """A fresh host; what was found out about binaries by a host with this fault is forgotten again."""
        with contextlib.ExitStack() as patches:
            for target, name, replacement in self._patches:
                patches.enter_context(patch.object(target, name, replacement, create=True))
            patches.callback(COMPILER._found.clear)
            COMPILER._found.clear()
            yield patches.enter_context(super().host(call_seconds=call_seconds, features=features))


def mutant(name: str, target: object, attribute: str) -> Callable[[Changed], Changed]:
    """Say that the function below stands in for a method; it is given the original, and then what the method gets."""

    def register(change: Changed) -> Changed:
        add(name, target, attribute, around(getattr(target, attribute), change))
        return change

    return register


def around(function: Original, change: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does what `change` makes of the original one."""

    @functools.wraps(function)
    def changed(*arguments: Any, **named: Any) -> Any:
        return change(function, *arguments, **named)

    return changed


def add(name: str, target: object, attribute: str, replacement: object) -> None:
    """One more replacement under a name."""
    HOST_MUTANTS.setdefault(name, []).append((target, attribute, replacement))


def nothing(name: str, target: object, attribute: str, result: object = None) -> None:
    """A method that does nothing, and always answers the same."""
    add(name, target, attribute, lambda *_, **__: result)


def instead(
    name: str, target: object, attribute: str, errors: type[Exception] | tuple[type[Exception], ...], result: object = 0
) -> None:
    """A method that answers this where it raises one of these errors; 0 is a success."""

    @mutant(name, target, attribute)
    def answers(original: Original, *arguments: Any, **named: Any) -> Any:
        try:
            return original(*arguments, **named)
        except errors:
            return result


def ends(reason: str) -> NoReturn:
    """End the host, as a crash of its process would."""
    raise HostGone(f"The host is gone: {reason}.")
