"""What a plugin may do: the capabilities of contract §7, declared in a package, granted by a host."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

Storage = Literal["vfs-only", "none"]


@dataclass(frozen=True)
class Capability:
    """One row of the table in contract §7.

    Attributes:
        name: the key in `wasmCapabilities`.
        default: what holds when the package does not mention it.
        guards: what cannot be done without it.
    """

    name: str
    default: bool | Storage
    guards: str


CAPABILITIES: Mapping[str, Capability] = {
    capability.name: capability
    for capability in (
        Capability("dataRead", True, "reading the data model, and receiving deltas"),
        Capability("dataWrite", True, "emitting deltas and notifications"),
        Capability("storage", "vfs-only", "the plugin's file tree"),
        Capability("network", False, "HTTP requests to other machines"),
        Capability("rawSockets", False, "UDP and TCP sockets"),
        Capability("putHandlers", False, "registering PUT handlers"),
        Capability("httpEndpoints", False, "mounting HTTP endpoints"),
        Capability("staticFiles", True, "serving the folder public/"),
        Capability("resourceProvider", False, "providing resources"),
        Capability("weatherProvider", False, "providing weather"),
        Capability("radarProvider", False, "providing radars and their streams"),
        Capability("serialPorts", False, "nothing yet: the name is reserved"),
    )
}


def nearest(name: str, known: Mapping[str, object] | list[str] | set[str]) -> str:
    """The known name that `name` most resembles, or "" when none comes near; capitals are no great difference."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if matches:
        return matches[0]
    small = {each.lower(): each for each in known}
    matches = difflib.get_close_matches(name.lower(), list(small), n=1, cutoff=0.6)
    return small[matches[0]] if matches else ""


@dataclass(frozen=True)
class Grants:
    """The capabilities that one plugin holds; immutable.

    Attributes:
        values: each name of §7 with what is granted.
        warnings: a sentence for every declared name or value that is not in §7; such are never granted.
    """

    values: Mapping[str, bool | Storage]
    warnings: tuple[str, ...] = field(default=())

    @classmethod
    def declared(cls, declared: Mapping[str, object]) -> Grants:
        """What a package's `wasmCapabilities` grants, over the defaults of §7."""
        values: dict[str, bool | Storage] = {name: row.default for name, row in CAPABILITIES.items()}
        warnings = []
        for name, value in declared.items():
            problem = _problem(name, value)
            if problem:
                warnings.append(problem)
            else:
                values[name] = value  # type: ignore[assignment]  # _problem has checked its type
        return cls(values, tuple(warnings))

    @classmethod
    def exactly(cls, declared: Mapping[str, object]) -> Grants:
        """The same, for a caller who must get every name right.

        Raises:
            ConfigurationError: a name or value is not in §7.
        """
        grants = cls.declared(declared)
        if grants.warnings:
            raise ConfigurationError(" ".join(grants.warnings), hint=f"Known capabilities: {', '.join(CAPABILITIES)}.")
        return grants

    def has(self, name: str) -> bool:
        """Whether `name` is granted; False for a name that is not in §7. Storage counts unless it is "none"."""
        value = self.values.get(name, False)
        return value if isinstance(value, bool) else value != "none"

    def without(self, name: str) -> Grants:
        """The same grants with one taken away."""
        none: bool | Storage = "none" if name == "storage" else False
        return Grants({**self.values, name: none}, self.warnings)


def _problem(name: str, value: object) -> str:
    if name not in CAPABILITIES:
        meant = nearest(name, set(CAPABILITIES))
        return f'"{name}" is not a capability{f" (did you mean {meant}?)" if meant else ""}.'
    if name == "storage":
        return "" if value in ("vfs-only", "none") else f'storage is "vfs-only" or "none", not {value!r}.'
    return "" if isinstance(value, bool) else f"{name} is true or false, not {value!r}."
