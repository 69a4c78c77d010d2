"""In which order plugins start: after those that they require (contract §6, R23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refhost.package import PluginPackage


@dataclass(frozen=True)
class StartOrder:
    """The outcome.

    Attributes:
        order: package names, each after those that it requires; names break ties.
        blocked: packages that cannot start, each with a sentence that names the chain.
        missing_recommended: packages that start, with what they recommend and is not there.
    """

    order: tuple[str, ...]
    blocked: Mapping[str, str]
    missing_recommended: Mapping[str, tuple[str, ...]]


def start_order(packages: Mapping[str, PluginPackage], disabled: frozenset[str] = frozenset()) -> StartOrder:
    """The start order of packages, given by name.

    Args:
        packages: all that are installed.
        disabled: names of those that are switched off: they start nothing, and nothing starts on them.
    """
    resolver = _Resolver(packages, disabled)
    for name in sorted(packages):
        if name not in disabled:
            resolver.visit(name, ())
    missing = {name: tuple(r for r in packages[name].recommends if r not in packages) for name in resolver.order}
    return StartOrder(tuple(resolver.order), resolver.blocked, {n: names for n, names in missing.items() if names})


class _Resolver:
    """A walk along the requirements, depth first."""

    def __init__(self, packages: Mapping[str, PluginPackage], disabled: frozenset[str]) -> None:
        self._packages = packages
        self._disabled = disabled
        self.order: list[str] = []
        self.blocked: dict[str, str] = {}

    def visit(self, name: str, chain: tuple[str, ...]) -> str:
        """Put a package behind all that it requires; why that cannot be, or ""."""
        if name in self.order:
            return ""
        problem = self._obstacle(name, (*chain, name))
        if problem:
            return problem
        for required in self._packages[name].requires:
            problem = self.visit(required, (*chain, name))
            if problem:
                self.blocked.setdefault(name, f"{name} {problem}")
                return problem
        self.order.append(name)
        return ""

    def _obstacle(self, name: str, chain: tuple[str, ...]) -> str:
        if name in chain[:-1]:
            return f"requires itself: {_arrows(chain[chain.index(name) :])}"
        for there, what in (
            (name not in self._packages, "is not installed"),
            (name in self._disabled, "is disabled"),
            (name in self.blocked, "cannot start"),
        ):
            if there:
                return f"requires {name}, which {what}: {_arrows(chain)}"
        return ""


def _arrows(chain: tuple[str, ...]) -> str:
    return " → ".join(chain)
