"""What a core module exports: the dialect that it shows, and whether it fits the contract (§2, §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from refhost.capabilities import nearest
from refhost.errors import BinaryError
from refhost.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet


class Dialect(StrEnum):
    """How strings cross the boundary (contract §2)."""

    COMPONENT = "component"
    BUFFER = "buffer"
    ASSEMBLYSCRIPT = "assemblyscript"
    COMMAND = "command"


def dialect_of(exports: Mapping[str, str]) -> Dialect:
    """The dialect of a module by what it exports.

    Raises:
        BinaryError: no dialect takes it.
    """
    if "plugin_id" in exports and "allocate" in exports:
        return Dialect.BUFFER
    says_what_it_is = "plugin_id" in exports or ("plugin_name" in exports and "plugin_start" in exports)
    if says_what_it_is and "allocate" not in exports and "_start" not in exports:
        return Dialect.ASSEMBLYSCRIPT
    if "_start" in exports and all(name in exports for name in ("id", "name", "schema", "start", "stop")):
        return Dialect.COMMAND
    raise BinaryError(
        f"The module fits no dialect of the plugin API. {named(exports)}",
        hint="The buffer dialect (Rust, Go, C, Zig) needs plugin_id and allocate; AssemblyScript needs plugin_id, "
        "or plugin_name and plugin_start, with neither allocate nor _start; the command dialect needs _start, id, "
        "name, schema, start and stop (contract §2).",
    )


def named(exports: Mapping[str, str]) -> str:
    """All exports in a sentence, or the first of them."""
    shown = list(exports)[:40]
    more = f" and {len(exports) - 40} more" if len(exports) > 40 else ""
    return f"It exports {', '.join(shown)}{more}." if shown else "It exports nothing."


PROVIDER_HANDLERS = (
    "resources_list_resources",
    "resources_get_resource",
    "resources_set_resource",
    "resources_delete_resource",
    "weather_get_observations",
    "weather_get_forecasts",
    "weather_get_warnings",
    "radar_get_radar_info",
    "radar_set_power",
    "radar_set_range",
    "radar_set_gain",
    "radar_set_sea",
    "radar_set_rain",
    "radar_set_controls",
    "radar_get_capabilities",
    "radar_get_state",
    "radar_get_control",
    "radar_set_control",
    "radar_get_targets",
    "radar_acquire_target",
    "radar_cancel_target",
    "radar_get_arpa_settings",
    "radar_set_arpa_settings",
)

_STRING_OUT = {Dialect.BUFFER: "(i32, i32) -> i32", Dialect.ASSEMBLYSCRIPT: "() -> i32"}
_HANDLER = {Dialect.BUFFER: "(i32, i32, i32, i32) -> i32", Dialect.ASSEMBLYSCRIPT: "(i32) -> i32"}


@dataclass(frozen=True)
class Export:
    """What contract §2.1 says of one export: its type, and whether it must be there."""

    name: str
    signature: str
    required: bool
    section: str = "§2.1"


def contract_exports(dialect: Dialect) -> list[Export]:
    """The exports of contract §2.1 for one core dialect."""
    if dialect is Dialect.COMMAND:
        # The contract gives no types for the legacy exports: only `_start` is ever called.
        return [Export("_start", "()", required=True, section="§2")]
    string_out, handler = _STRING_OUT[dialect], _HANDLER[dialect]
    buffer = dialect is Dialect.BUFFER
    exports = [
        Export("plugin_id", string_out, required=buffer),
        Export("plugin_name", string_out, required=True),
        Export("plugin_schema", string_out, required=True),
        Export("plugin_start", "(i32, i32) -> i32", required=True),
        Export("plugin_stop", "() -> i32", required=True),
        Export("poll", "() -> i32", required=False),
        Export("delta_handler", "(i32, i32)" if buffer else "(i32)", required=False),
        Export("http_endpoints", string_out, required=False, section="§14"),
        Export("radar_get_radars", string_out if buffer else handler, required=False, section="§15"),
    ]
    if buffer:
        exports += [
            Export("allocate", "(i32) -> i32", required=True),
            Export("deallocate", "(i32, i32)", required=False),
            Export("_initialize", "()", required=False, section="§2"),
        ]
    else:
        exports += [Export("__new", "(i32, i32) -> i32", required=True, section="§2")]
    exports += [Export(name, handler, required=False, section="§15") for name in PROVIDER_HANDLERS]
    return exports


def export_problems(dialect: Dialect, exports: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the exports of contract §2.1."""
    contract = contract_exports(dialect)
    known = {"memory", "_initialize", *(entry.name for entry in contract)}
    for wanted in contract:
        found = exports.get(wanted.name)
        if found is None and wanted.required:
            near = nearest(wanted.name, [name for name in exports if name not in known])
            yield Problem(
                "export",
                wanted.name,
                f"it is missing; the {dialect} dialect needs {wanted.name} {wanted.signature}",
                _missing_hint(wanted.name, near),
                wanted.section,
            )
        elif found is not None and found != wanted.signature:
            yield Problem(
                "export",
                wanted.name,
                f"its type is {found}; the {dialect} dialect has {wanted.signature}",
                _mistyped_hint(wanted.name, found),
                wanted.section,
            )


def _missing_hint(name: str, near: str) -> str:
    if name == "__new":
        return "Compile with --exportRuntime: without it the host cannot pass a string in."
    return f"Rename the export {near} to {name}." if near else f"Export a function named {name}."


def _mistyped_hint(name: str, found: str) -> str:
    if name == "http_endpoints" and found == "() -> i32":
        return "A string cannot be returned that way: write it to (out, max) and return its length (R28)."
    return "Change the parameters and results of the exported function."


# What as-fetch needs besides its imports (§18).

RESPONSE_HANDLER = "responseHandler"
_ASYNCIFY = {
    "asyncify_get_state": "() -> i32",
    "asyncify_start_unwind": "(i32)",
    "asyncify_stop_unwind": "()",
    "asyncify_start_rewind": "(i32)",
    "asyncify_stop_rewind": "()",
}
_NEW = {"__new": "(i32, i32) -> i32"}
_ADVICE_FOR = {
    "__new": "Compile with --exportRuntime: without it the host cannot hand the answer over.",
    RESPONSE_HANDLER: 'Write `export { responseHandler } from "as-fetch/assembly"` in the entry file.',
}


def fetch_export_problems(dialect: Dialect, used: AbstractSet[str], exports: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the exports that the used imports of as-fetch need (§18)."""
    needed: dict[str, str] = {}
    if used & {"_initAsyncify", "_fetchGETSync", "_fetchPOSTSync"}:
        needed |= _ASYNCIFY | _NEW
    if used & {"_fetchGET", "_fetchPOST"}:
        needed |= {RESPONSE_HANDLER: "(i32, i32, i32, i32)"} | _NEW
    named_already = _NEW if dialect is Dialect.ASSEMBLYSCRIPT else {}
    for name, signature in needed.items():
        found = exports.get(name)
        if found != signature and name not in named_already:
            yield Problem(
                "export",
                name,
                f"{f'its type is {found}' if found else 'it is missing'}; as-fetch needs {name} {signature}",
                _ADVICE_FOR.get(name, "Compile with --transform as-fetch/transform, which makes the plugin Asyncify."),
                "§18",
            )
