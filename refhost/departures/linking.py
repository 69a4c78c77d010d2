"""What the server loads, and what it does not: functions that are not there, exports that may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.binary import CoreBinary
from refhost.exports import Dialect
from refhost.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.profiles import Switches
    from refhost.world import ComponentBinary

_MISSING = "sk_get_path"
_OPTIONAL = {
    Dialect.BUFFER: {"plugin_name", "plugin_schema", "plugin_start", "plugin_stop"},
    Dialect.ASSEMBLYSCRIPT: {"plugin_start", "plugin_stop"},
}
_HTTP_ENDPOINTS = "http_endpoints"


def link_problems(binary: CoreBinary | ComponentBinary, switches: Switches) -> list[Problem]:
    """Every import and export that keeps a plugin from being loaded by a host of this profile."""
    return [*_additional(binary, switches), *(p for p in binary.problems() if not _passes(p, binary, switches))]


def _additional(binary: CoreBinary | ComponentBinary, switches: Switches) -> Iterator[Problem]:
    if not isinstance(binary, CoreBinary):
        if switches.departs("COMPONENTS"):
            message = f"it is a component, and {switches.profile.name} loads core modules only (COMPONENTS)"
            hint = "Build for wasm32-wasip1, without making a component of it."
            yield Problem("import", "signalk:plugin-api", message, hint, "§2")
    elif any(entry.module == "env" and entry.name == _MISSING for entry in binary.imports) and switches.departs("D3"):
        message = f"{switches.profile.name} has no function {_MISSING} (D3)"
        hint = "Do without it: keep what delta_handler is given. sk_get_self_path is no way out there (D2)."
        yield Problem("import", f"env.{_MISSING}", message, hint, "§4")


def _passes(problem: Problem, binary: CoreBinary | ComponentBinary, switches: Switches) -> bool:
    """Whether a host of this profile loads the plugin in spite of it."""
    if problem.kind != "export" or not isinstance(binary, CoreBinary):
        return False
    if problem.name in _OPTIONAL.get(binary.dialect, ()) and problem.name not in binary.exports:
        return switches.departs("D49", problem.name)
    mistyped = problem.name == _HTTP_ENDPOINTS and has_ignored_endpoints(binary)
    return mistyped and switches.departs("D48", problem.name)


def has_ignored_endpoints(binary: CoreBinary) -> bool:
    """Whether it exports `http_endpoints` in the form of the Rust guide, of which nothing comes (R28)."""
    return binary.dialect is Dialect.BUFFER and binary.exports.get(_HTTP_ENDPOINTS) == "() -> i32"
