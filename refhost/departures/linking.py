"""What the server loads, and what it does not: functions that are not there, exports that may be missing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import wasmtime

from refhost.binary import WASI_MODULE, CoreBinary
from refhost.exports import Dialect, contract_exports
from refhost.functions import ENV
from refhost.problem import Problem
from refhost.wasi.preview1 import FUNCTIONS as WASI_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refhost.profiles import Switches
    from refhost.world import ComponentBinary

_MISSING = "sk_get_path"
_OPTIONAL = {
    Dialect.BUFFER: {"plugin_name", "plugin_schema", "plugin_start", "plugin_stop"},
    Dialect.ASSEMBLYSCRIPT: {"plugin_start", "plugin_stop"},
}
_HTTP_ENDPOINTS = "http_endpoints"
_KIND = re.compile(r"[if]\d\d")
_IS_FUNCTION = re.compile(r"\([^()]*\)( -> [if]\d\d)?")


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
    if not isinstance(binary, CoreBinary):
        return False
    if problem.kind == "import":
        found = {f"{entry.module}.{entry.name}": entry for entry in binary.imports}[problem.name]
        known = found.name in {"env": ENV, WASI_MODULE: WASI_FUNCTIONS}.get(found.module, ())
        return known and _IS_FUNCTION.fullmatch(found.signature) is not None and switches.departs("TYPES", problem.name)
    if problem.kind != "export":
        return False
    if problem.name in _OPTIONAL.get(binary.dialect, ()) and problem.name not in binary.exports:
        return switches.departs("D49", problem.name)
    if problem.name == _HTTP_ENDPOINTS and has_ignored_endpoints(binary):
        return switches.departs("D48", problem.name)
    wanted = {entry.name: entry.signature for entry in contract_exports(binary.dialect)}.get(problem.name, "")
    given = binary.exports.get(problem.name, "")
    # A result of another type would be another matter: there, undefined takes its place.
    alike = given.partition(" -> ")[2] == wanted.partition(" -> ")[2]
    return alike and _IS_FUNCTION.fullmatch(given) is not None and switches.departs("TYPES", problem.name)


def called_by_javascript(function: Callable[..., Any], signature: str) -> Callable[..., Any]:
    """An export of any type, called as JavaScript does: with 0 for what is missing, without what is too much (TYPES).

    Args:
        function: takes its store, and numbers.
        signature: its type.
    """
    kinds = _KIND.findall(signature.partition(" -> ")[0])

    def call(store: object, *numbers: int) -> Any:  # noqa: ANN401 - as the export returns
        given = [*numbers, *[0] * len(kinds)][: len(kinds)]
        return function(store, *(_passed(kind, number) for kind, number in zip(kinds, given, strict=True)))

    return call


def calling_javascript(host: Callable[..., Any], signature: str, fewest: int) -> Callable[..., Any]:
    """A host function that a module declares with any type, called as JavaScript would be (TYPES).

    Args:
        host: takes whole numbers, at least `fewest`.
        signature: as the module declares it.
        fewest: how many.
    """
    kind = signature.partition(" -> ")[2]

    def call(*numbers: float) -> float | None:
        given = [int(number) if math.isfinite(number) else 0 for number in numbers]
        answer = host(*given, *[0] * (fewest - len(given)))
        return _passed(kind, answer or 0) if kind else None

    return call


def _passed(kind: str, number: float) -> float:
    if kind == "i64":
        raise wasmtime.Trap("Cannot convert a number to a BigInt")
    return int(number) if kind == "i32" else float(number)


def has_ignored_endpoints(binary: CoreBinary) -> bool:
    """Whether it exports `http_endpoints` in the form of the Rust guide, of which nothing comes (R28)."""
    return binary.dialect is Dialect.BUFFER and binary.exports.get(_HTTP_ENDPOINTS) == "() -> i32"
