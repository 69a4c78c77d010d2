"""HSTREAM: binary streams, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.registry import host_check
from conformance.host_trial import line, number, text
from conformance.trial import require

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

_PROBE = "probe-streams"
_HELD = {"radarProvider": True}
_BYTES = bytes(range(256))
_HEX = f"x:{_BYTES.hex()}"
_REGISTER = line("sk_register_radar_provider", text("Halo"))


def _emit(stream: str, data: str = _HEX) -> str:
    return line("sk_emit_binary_stream", text(stream), data)


def _spokes(radar: str, data: str = _HEX) -> str:
    return line("sk_radar_emit_spokes", text(radar), data)


def _goes_out(trial: HostTrial, stream: str, *lines: str) -> None:
    with trial.probe(_PROBE, capabilities=_HELD) as probe:
        result = probe.result(*lines)
        found = [(emitted.stream, emitted.data) for emitted in probe.session.streams]
        require(result == 1, f"on {stream} it answered {result}")
        require(found == [(stream, _BYTES)], f"256 bytes on {stream} went out as {found}"[:300])


def _refused(trial: HostTrial, *lines: str) -> None:
    """The last line is refused, and nothing goes out."""
    with trial.probe(_PROBE, capabilities=_HELD) as probe:
        probe.start(*lines, line("say", "after"))
        told, shown = probe.news(), lines[-1].split("\t")[:2]
        require(not probe.session.streams, f"{shown} went out as {list(probe.session.streams)}"[:300])
        if ["after"] in told:
            require(told[-2][1] == "0", f"{shown} answered {told[-2][1]}")
        else:
            require(probe.session.fault, f"after {shown} the plugin is {probe.session.state}")


@host_check("HSTREAM-001")
def own(trial: HostTrial) -> None:
    """Every byte that there is."""
    _goes_out(trial, "plugins/probe/picture", _emit("plugins/probe/picture"))
    _goes_out(trial, "plugins/probe/deep/picture", _emit("plugins/probe/deep/picture"))


@host_check("HSTREAM-002")
def foreign(trial: HostTrial) -> None:
    """Others, and such as begin alike."""
    for stream in ("plugins/other/picture", "plugins/probe2/picture", "plugins/prob/e/x", "plugins/Probe/picture"):
        _refused(trial, _emit(stream))


@host_check("HSTREAM-003")
def parent(trial: HostTrial) -> None:
    """Everywhere."""
    for stream in ("plugins/probe/../other/x", "plugins/probe/..", "plugins/probe/a/../../../other/x", "radars/../x"):
        _refused(trial, _emit(stream))


@host_check("HSTREAM-004")
def empty_parts(trial: HostTrial) -> None:
    """Everywhere."""
    for stream in ("plugins/probe/", "plugins/probe//x", "plugins/probe/./x", "plugins/probe/x/", "plugins/probe"):
        _refused(trial, _emit(stream))


@host_check("HSTREAM-005")
def neither(trial: HostTrial) -> None:
    """Empty, other words, other letters."""
    for stream in ("", "picture", "/plugins/probe/x", "self/x", "Radars/halo", "radars", "http://plugins/probe/x"):
        _refused(trial, _emit(stream))


@host_check("HSTREAM-006")
def radar(trial: HostTrial) -> None:
    """Unregistered, too."""
    _goes_out(trial, "radars/Halo-1_b", _emit("radars/Halo-1_b"))


@host_check("HSTREAM-007")
def spokes(trial: HostTrial) -> None:
    """Registered."""
    _goes_out(trial, "radars/halo", _REGISTER, _spokes("halo"))


@host_check("HSTREAM-008")
def spokes_too_early(trial: HostTrial) -> None:
    """Not registered."""
    _refused(trial, _spokes("halo"))


@host_check("HSTREAM-009")
def radar_ids(trial: HostTrial) -> None:
    """Both functions."""
    for radar_id in ("", "a/b", "a b", "ærø", "..", "a\0", "a.b"):
        _refused(trial, _emit(f"radars/{radar_id}"))
        _refused(trial, _REGISTER, _spokes(radar_id))


@host_check("HSTREAM-010")
def order(trial: HostTrial) -> None:
    """Fifty."""
    with trial.probe(_PROBE) as probe:
        probe.run(*(_emit("plugins/probe/x", f"x:{count:02x}") for count in range(50)))
        found = [emitted.data[0] for emitted in probe.session.streams]
        require(found == list(range(50)), f"0 to 49 went out as {found}")


@host_check("HSTREAM-011")
def out_of_range(trial: HostTrial) -> None:
    """At the last address that there can be, past the end, around the end."""
    for place in ((number(-1), number(4)), ("m:-2", number(4)), (number(1000), number(-500))):
        _refused(trial, line("sk_emit_binary_stream", text("plugins/probe/x"), *place))
        _refused(trial, _REGISTER, line("sk_radar_emit_spokes", text("halo"), *place))
