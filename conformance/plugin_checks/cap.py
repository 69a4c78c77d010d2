"""CAP: capabilities, declared, used and taken away (contract §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.deltas import ordinary_deltas
from conformance.plugin_checks.registry import check
from conformance.trial import require, unharmed
from conformance.verdict import NotApplicable, Violation
from refhost.binary import CoreBinary
from refhost.capabilities import CAPABILITIES
from refhost.functions import ENV, WIT

if TYPE_CHECKING:
    from conformance.trial import Trial

_PROVIDER_EXPORTS = {
    "resourceProvider": "resources_",
    "weatherProvider": "weather_",
    "radarProvider": "radar_",
}


def _implied(trial: Trial) -> dict[str, str]:
    """Each capability that the imports need, with the import that needs it."""
    found: dict[str, str] = {}
    for name in sorted(trial.subject.host_functions):
        function = ENV.get(name) or WIT.get(name)
        if function and function.capability:
            found.setdefault(function.capability, name)
    return found


@check("CAP-001")
def uses_what_it_holds(trial: Trial) -> None:
    """An ordinary run meets no denial."""
    seen = trial.observation
    denied = [(number, record) for number, record in enumerate(seen.log, 1) if record.kind == "denied"]
    if denied:
        trial.show_until(records=denied[0][0])
        raise Violation(f"it called {denied[0][1].function}, and {denied[0][1].text}")
    trial.lived()


@check("CAP-002")
def imports_fit_the_grants(trial: Trial) -> None:
    """What it imports, it declares."""
    trial.loaded()
    missing = {c: name for c, name in _implied(trial).items() if not trial.subject.grants.has(c)}
    if missing:
        listed = ", ".join(f"{name} needs {c}" for c, name in missing.items())
        raise Violation(f"it imports functions whose capability it does not hold: {listed}")


@check("CAP-003")
def names_are_known(trial: Trial) -> None:
    """Every name in `wasmCapabilities` is in the contract."""
    package = trial.subject.package
    if "wasmCapabilities" not in package.manifest:
        raise NotApplicable("the plugin has no package.json with wasmCapabilities")
    require(not package.grants.warnings, " ".join(package.grants.warnings))


@check("CAP-004")
def declares_no_more_than_it_uses(trial: Trial) -> None:
    """What it declares, it can use."""
    trial.loaded()
    declared = trial.subject.package.manifest.get("wasmCapabilities")
    if not isinstance(declared, dict):
        raise NotApplicable("the plugin has no package.json with wasmCapabilities")
    implied = _implied(trial)
    asked = [n for n, v in declared.items() if v is True and n in CAPABILITIES and not CAPABILITIES[n].default]
    unused = [n for n in asked if n not in implied and not _used_otherwise(trial, n)]
    require(not unused, f"it declares {', '.join(unused)}, and imports and exports nothing that needs it")


def _used_otherwise(trial: Trial, capability: str) -> bool:
    binary = trial.subject.binary
    if not isinstance(binary, CoreBinary):
        return any(i.name.startswith("wasi:http") for i in binary.imports) and capability == "network"
    if capability == "network":
        return any(entry.module == "as-fetch" for entry in binary.imports)
    if capability == "httpEndpoints":
        return "http_endpoints" in binary.exports
    prefix = _PROVIDER_EXPORTS.get(capability)
    return prefix is not None and any(name.startswith(prefix) for name in binary.exports)


@check("CAP-005")
def endpoints_are_declared(trial: Trial) -> None:
    """Endpoints are mounted with `httpEndpoints` only."""
    binary = trial.subject.binary
    if not isinstance(binary, CoreBinary) or "http_endpoints" not in binary.exports:
        raise NotApplicable("the plugin exports no http_endpoints")
    require(
        trial.subject.grants.has("httpEndpoints"),
        "it exports http_endpoints without the capability httpEndpoints: no endpoint is ever mounted (R9)",
    )


def _without(trial: Trial, capability: str) -> None:
    """A run with one capability taken away: it may refuse to start, but must come back."""
    trial.lived()
    with trial.session(grants=trial.subject.grants.without(capability)) as session:
        session.start(trial.subject.config)
        unharmed(session, f"started without {capability}")
        for delta in ordinary_deltas():
            session.publish(delta)
        session.advance(3)
        unharmed(session, f"run without {capability}")
        session.stop()
        unharmed(session, f"stopped without {capability}")


@check("CAP-006")
def survives_without_writing(trial: Trial) -> None:
    """Without `dataWrite`."""
    _without(trial, "dataWrite")


@check("CAP-007")
def survives_without_reading(trial: Trial) -> None:
    """Without `dataRead`."""
    _without(trial, "dataRead")


@check("CAP-008")
def survives_without_storage(trial: Trial) -> None:
    """With `storage: "none"`."""
    _without(trial, "storage")


@check("CAP-009")
def survives_without_anything(trial: Trial) -> None:
    """With nothing at all, the plugin can still be shown; but for what it takes to be linked (§18)."""
    trial.startable()
    binary = trial.subject.binary
    grants = trial.subject.grants
    for capability in CAPABILITIES:
        fewer = grants.without(capability)
        if not (isinstance(binary, CoreBinary) and binary.ungranted(fewer)):
            grants = fewer
    with trial.session(grants=grants, package=trial.nameless) as session:
        require(session.name.strip(), "without any capability it has no name")
        if trial.subject.dialect != "component":
            session.start(trial.subject.config)
            unharmed(session, "started without any capability")


@check("CAP-010")
def says_what_it_lacks(trial: Trial) -> None:
    """Without `dataWrite`, it tells its user."""
    if not trial.lived().claims:
        raise NotApplicable("the plugin emits nothing")
    normal = trial.observation.status_after_start
    with trial.session(grants=trial.subject.grants.without("dataWrite")) as session:
        state = session.start(trial.subject.config)
        told = (session.status, session.error)
        asked = any(record.kind == "denied" for record in session.log)
    require(
        state != "running" or told != normal or not asked,
        f"without dataWrite it started, its deltas went nowhere, and its status stayed {told[0]!r}",
    )
