"""HLIFE, before a plugin runs: what it may not do while it is asked who it is; who starts first (contract §6, §9)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.drivers.interface import Installed
from conformance.host_checks.hcap import ALL
from conformance.host_checks.registry import host_check
from conformance.host_trial import Probe, emit, line
from conformance.trial import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial

_NAME = "(call $give (i32.const 32)"
_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'


def _early(trial: HostTrial, function: str, signature: str, arguments: str, data: str, home: HostSession) -> Probe:
    """A plugin that calls a function while its name is read; loaded, and started."""
    drop = "drop " if "result" in signature else ""
    call = f"(call $early {arguments})"
    changes = {
        ";; more imports": f'(import "env" "{function}" (func $early {signature}))',
        ";; more data": f'(data (i32.const 1024) "{data.replace(chr(34), chr(92) + chr(34))}")',
        _NAME: f"{f'({drop}{call})' if drop else call} {_NAME}",
    }
    probe = trial.load(home, "plain", changes=changes, capabilities=ALL)
    probe.session.start({})
    return probe


_TWO_TEXTS = "(param i32 i32 i32 i32) (result i32)"


@host_check("HLIFE-022")
def early_deltas(trial: HostTrial) -> None:
    """A delta, and a notification."""
    with trial.host() as home:
        arguments = f"(i32.const 1024) (i32.const {len(_DELTA)}) (i32.const 1)"
        probe = _early(trial, "sk_handle_message", "(param i32 i32 i32)", arguments, _DELTA, home=home)
        require(not probe.emitted, "a delta was emitted while its name was read")
    with trial.host() as home:
        data = "notifications.anull"
        arguments = "(i32.const 1024) (i32.const 15) (i32.const 1039) (i32.const 4)"
        probe = _early(trial, "sk_publish_notification", _TWO_TEXTS, arguments, data, home=home)
        require(not probe.emitted, "a notification was emitted while its name was read")


@host_check("HLIFE-023")
def early_registrations(trial: HostTrial) -> None:
    """Each that there is."""
    one = "(i32.const 1024) (i32.const 6)"
    for function in ("sk_register_resource_provider", "sk_register_weather_provider", "sk_register_radar_provider"):
        with trial.host() as home:
            probe = _early(trial, function, "(param i32 i32) (result i32)", one, "routes", home=home)
            require(not probe.session.registered, f"{function} registered while its name was read")
    with trial.host() as home:
        arguments = "(i32.const 1024) (i32.const 12) (i32.const 1036) (i32.const 3)"
        data = "vessels.selfa.b"
        probe = _early(trial, "sk_register_put_handler", _TWO_TEXTS, arguments, data, home=home)
        require(not probe.session.registered, "sk_register_put_handler registered while its name was read")


@host_check("HLIFE-024")
def early_words(trial: HostTrial) -> None:
    """A configuration, and a status."""
    with trial.host() as home:
        arguments, data = "(i32.const 1024) (i32.const 11)", '{"early":1}'
        probe = _early(trial, "sk_save_config", "(param i32 i32) (result i32)", arguments, data, home=home)
        if "configuration" in home.features:
            saved = dict(probe.session.configuration)
            require(not saved, f"while its name was read it saved {saved}")
    for function in ("sk_set_status", "sk_set_error"):
        with trial.host() as home:
            probe = _early(trial, function, "(param i32 i32)", "(i32.const 1024) (i32.const 5)", "early", home=home)
            found = (probe.session.status, probe.session.error)
            require("early" not in found, f"{function} had an effect while its name was read: {found}")


@host_check("HLIFE-025")
def early_socket(trial: HostTrial) -> None:
    """One."""
    with trial.host() as home:
        probe = _early(trial, "sk_udp_create", "(param i32) (result i32)", "(i32.const 0)", "", home=home)
        require(not probe.session.open_sockets, "a socket was opened while its name was read")


@contextmanager
def _boot(trial: HostTrial, *plugins: tuple[str, tuple[str, ...], bool]) -> Iterator[dict[str, Probe]]:
    """Boot with probes: each name, what it requires, whether it is enabled."""
    with trial.host() as home:
        installed = [
            Installed(
                trial.package(package=name, manifest={"signalk": {"requires": list(requires)}}),
                {"script": f"{emit('boot.order', name)}\n{line('say', 'started')}"},
                enabled,
            )
            for name, requires, enabled in plugins
        ]
        sessions = home.boot(*installed)
        yield {name: Probe(home, s) for (name, *_), s in zip(plugins, sessions, strict=True)}


@host_check("HLIFE-026")
def order(trial: HostTrial) -> None:
    """Against the alphabet."""
    with _boot(trial, ("alpha", ("middle",), True), ("middle", ("zulu",), True), ("zulu", (), True)) as probes:
        found = [delta.source for delta in probes["alpha"].home.deltas if "boot.order" in delta.text]
        require(found == ["zulu", "middle", "alpha"], f"they started in the order {found}")


def _blocked(probe: Probe, *names: str) -> None:
    require(probe.session.state == "stopped", f"{probe.session.id} is {probe.session.state}")
    require("started" not in probe.said, f"{probe.session.id} was started")
    said = f"{probe.session.error} {probe.session.why()}"
    for name in names:
        require(name in said, f"what is said of {probe.session.id} does not name {name}: {said!r}")


@host_check("HLIFE-027")
def missing(trial: HostTrial) -> None:
    """And one that hangs on it."""
    with _boot(trial, ("first", ("nowhere",), True), ("second", ("first",), True), ("third", (), True)) as probes:
        _blocked(probes["first"], "nowhere")
        _blocked(probes["second"], "first")
        require(probes["third"].session.state == "running", f"a third plugin is {probes['third'].session.state}")


@host_check("HLIFE-028")
def circle(trial: HostTrial) -> None:
    """Of two, and of one."""
    with _boot(
        trial, ("egg", ("hen",), True), ("hen", ("egg",), True), ("self", ("self",), True), ("x", (), True)
    ) as probes:
        _blocked(probes["egg"], "hen")
        _blocked(probes["hen"], "egg")
        _blocked(probes["self"], "self")
        require(probes["x"].session.state == "running", f"a plugin beside them is {probes['x'].session.state}")


@host_check("HLIFE-029")
def disabled(trial: HostTrial) -> None:
    """Beside one that is enabled."""
    with _boot(trial, ("off", (), False), ("on", (), True)) as probes:
        require(probes["on"].session.state == "running", f"the enabled one is {probes['on'].session.state}")
        require(probes["off"].session.state == "stopped", f"the disabled one is {probes['off'].session.state}")
        require("started" not in probes["off"].said, "the disabled one was started")


@host_check("HLIFE-030")
def requires_disabled(trial: HostTrial) -> None:
    """It is there and does not run."""
    with _boot(trial, ("base", (), False), ("top", ("base",), True)) as probes:
        _blocked(probes["top"], "base")
