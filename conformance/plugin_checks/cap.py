"""CAP: capabilities, declared, used and taken away (contract §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.deltas import ordinary_deltas
from conformance.lives import capabilities_to_withdraw
from conformance.plugin_checks.registry import check
from conformance.trial import require, unharmed
from conformance.verdict import NotApplicable, Violation
from refhost.binary import CoreBinary
from refhost.capabilities import CAPABILITIES
from refhost.functions import ENV, WIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.drivers.interface import Session
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
        trial.show_until()
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
    implied = _implied(trial)
    unused = [name for name in _asked(trial) if name not in implied and not _used_otherwise(trial, name)]
    trial.show_until()
    require(not unused, f"it declares {', '.join(unused)}, and imports and exports nothing that needs it")


def _asked(trial: Trial) -> list[str]:
    """What its package declares on top of the defaults."""
    declared = trial.subject.package.manifest.get("wasmCapabilities")
    if not isinstance(declared, dict):
        raise NotApplicable("the plugin has no package.json with wasmCapabilities")
    return [n for n, v in declared.items() if v is True and n in CAPABILITIES and not CAPABILITIES[n].default]


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


# What a host of another profile grants to every plugin, by the departure that does.
_NEVER_WITHHELD = {"dataWrite": "D12", "httpEndpoints": "D15", "storage": "D16"}


def _without(trial: Trial, capability: str) -> None:
    """A run with one capability taken away: it may refuse to start, but must come back, and nothing comes of it."""
    trial.lived()
    with trial.session(grants=trial.subject.grants.without(capability)) as session:
        session.start(trial.subject.config)
        unharmed(session, f"started without {capability}")
        _live(session)
        unharmed(session, f"run without {capability}")
        effect = _effect(session, capability)
        session.stop()
        unharmed(session, f"stopped without {capability}")
    lifted = _NEVER_WITHHELD.get(capability, "")
    if effect and trial.subject.driver.profile.has(lifted):
        raise NotApplicable(f"the host withholds {capability} from no plugin ({lifted})")
    require(not effect, f"without {capability}, and against what the host owes, it {effect}")


def _live(session: Session) -> None:
    for delta in ordinary_deltas():
        session.publish(delta)
    session.advance(10)


_PROVIDES = {"resourceProvider": "resource ", "weatherProvider": "weather ", "radarProvider": "radar "}


def _effect(session: Session, capability: str) -> str:
    """What shows that a plugin makes use of a capability, in words; "" where nothing does."""
    prefix = "PUT " if capability == "putHandlers" else _PROVIDES.get(capability)
    registered = [entry for entry in session.registered if prefix and entry.startswith(prefix)]
    if registered:
        return f"registered {registered[0]}"
    seen: dict[str, tuple[Callable[[], object], str]] = {
        "dataWrite": (lambda: session.emitted, "emitted deltas"),
        "storage": (lambda: session.files, "wrote files"),
        "network": (lambda: session.requests, "made HTTP requests"),
        "rawSockets": (lambda: session.open_sockets, "opened sockets"),
        "httpEndpoints": (lambda: session.endpoints_text, "named HTTP endpoints"),
    }
    look, words = seen.get(capability, (lambda: None, ""))
    return words if look() else ""


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


def _needs_use(trial: Trial, capability: str) -> None:
    """Make sure that the plugin can use a capability at all."""
    trial.loaded()
    if capability not in _implied(trial) and not _used_otherwise(trial, capability):
        raise NotApplicable(f"the plugin imports and exports nothing that needs {capability}")


@check("CAP-011")
def survives_without_sockets(trial: Trial) -> None:
    """Without `rawSockets`."""
    _needs_use(trial, "rawSockets")
    _without(trial, "rawSockets")


@check("CAP-012")
def survives_without_put_handlers(trial: Trial) -> None:
    """Without `putHandlers`."""
    _needs_use(trial, "putHandlers")
    _without(trial, "putHandlers")


@check("CAP-013")
def survives_without_endpoints(trial: Trial) -> None:
    """Without `httpEndpoints`."""
    _needs_use(trial, "httpEndpoints")
    _without(trial, "httpEndpoints")


@check("CAP-014")
def survives_without_providing_resources(trial: Trial) -> None:
    """Without `resourceProvider`."""
    _needs_use(trial, "resourceProvider")
    _without(trial, "resourceProvider")


@check("CAP-015")
def survives_without_providing_weather(trial: Trial) -> None:
    """Without `weatherProvider`."""
    _needs_use(trial, "weatherProvider")
    _without(trial, "weatherProvider")


@check("CAP-016")
def survives_without_providing_radars(trial: Trial) -> None:
    """Without `radarProvider`."""
    _needs_use(trial, "radarProvider")
    _without(trial, "radarProvider")


@check("CAP-017")
def survives_without_network(trial: Trial) -> None:
    """Without `network`, where a plugin can be linked without it."""
    _needs_use(trial, "network")
    binary = trial.subject.binary
    if isinstance(binary, CoreBinary) and binary.ungranted(trial.subject.grants.without("network")):
        raise NotApplicable("without network no host links as-fetch (§7, §18): the plugin is not loaded at all")
    _without(trial, "network")


# What a plugin itself says, as the kinds of records in a host's log.
_OWN_WORDS = frozenset({"status", "error", "debug", "stdout", "stderr"})


@check("CAP-018")
def says_what_else_it_lacks(trial: Trial) -> None:
    """Without any other capability that it makes use of, it tells its user; `dataWrite` is CAP-010's."""
    seen = trial.lived()
    usual = {(record.kind, record.text) for record in seen.log}
    tried = []
    for capability in capabilities_to_withdraw(trial.subject):
        if capability == "dataWrite":
            continue
        with trial.session(grants=trial.subject.grants.without(capability)) as session:
            state = session.start(trial.subject.config)
            _live(session)
            denied = [record.function for record in session.log if record.kind == "denied"]
            told = any(r.kind in _OWN_WORDS and (r.kind, r.text) not in usual for r in session.log)
        if capability == "storage" and seen.file_operations:
            denied = ["every use of a file"]
        if denied:
            tried.append(capability)
            require(
                state != "running" or told,
                f"without {capability} it started, {denied[0]} was denied, and it said nothing of it",
            )
    if not tried:
        raise NotApplicable("in an ordinary run no other capability that is taken away is missed by the plugin")


@check("CAP-019")
def makes_use_of_what_it_asks_for(trial: Trial) -> None:
    """What it declares on top of the defaults it uses, in an ordinary run too."""
    trial.lived()
    asked = [name for name in _asked(trial) if name in _implied(trial) or _used_otherwise(trial, name)]
    if not asked:
        raise NotApplicable(
            "the plugin asks for no capability on top of the defaults, or none that it can use (CAP-004)"
        )
    with trial.session() as session:
        session.start(trial.subject.config)
        used = {name for name in asked if _effect(session, name)}
        _live(session)
        used |= {name for name in asked if _effect(session, name)}
    idle = [name for name in asked if name not in used and not _missed(trial, name)]
    trial.lived()  # the run that the report shows
    require(not idle, f"it declares {', '.join(idle)}, and an ordinary run makes no use of it")


def _missed(trial: Trial, capability: str) -> bool:
    """Whether a run without it meets a denial: what was used and given back at once shows nowhere else."""
    if capability not in capabilities_to_withdraw(trial.subject):
        return False
    with trial.session(grants=trial.subject.grants.without(capability)) as session:
        session.start(trial.subject.config)
        _live(session)
        return any(record.kind == "denied" for record in session.log)
