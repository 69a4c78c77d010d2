"""Which check judges which requirement."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Given = TypeVar("Given")


class Registry(Generic[Given]):
    """The checks of one catalogue, each by the id of its requirement.

    Args:
        package: whose modules have them; they are imported when a check is asked for that is not there yet.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._checks: dict[str, Callable[[Given], None]] = {}

    def check(self, requirement_id: str) -> Callable[[Callable[[Given], None]], Callable[[Given], None]]:
        """Say that the function below judges this requirement.

        Raises:
            ValueError: another one does.
        """

        def register(function: Callable[[Given], None]) -> Callable[[Given], None]:
            if requirement_id in self._checks:
                raise ValueError(f"{requirement_id} has two checks")
            self._checks[requirement_id] = function
            return function

        return register

    def __contains__(self, requirement_id: str) -> bool:
        """Whether anything judges a requirement."""
        if requirement_id not in self._checks:
            self._import()
        return requirement_id in self._checks

    def __getitem__(self, requirement_id: str) -> Callable[[Given], None]:
        """The check of a requirement; a test makes sure that each has one."""
        if requirement_id not in self:
            raise KeyError(requirement_id)
        return self._checks[requirement_id]

    def __iter__(self) -> Iterator[str]:
        """The ids of all requirements that are judged."""
        self._import()
        return iter(self._checks)

    def _import(self) -> None:
        for module in pkgutil.iter_modules(import_module(self._package).__path__, f"{self._package}."):
            import_module(module.name)
