"""HCRASH: a plugin that ran and then ended badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.registry import host_check
from conformance.host_trial import HANG_SECONDS, kept, line, text
from conformance.trial import require

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial, Probe

_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'
_STARTED = line("say", "started")
_CRASHES = (_STARTED, kept("delta", "trap"))
_REGISTER = line("sk_register_put_handler", text("vessels.self"), text("probe.script"))


def _crashed(probe: Probe, how: str) -> None:
    require(probe.session.fault == "trap", f"{how}, and its fault is {probe.session.fault!r}")
    require(probe.session.state == "crashed", f"{how}, and it is {probe.session.state}")
    probe.home.advance(1.5)
    require(probe.session.state == "running", f"1.5 s after it crashed it is {probe.session.state}")


def _crash(probe: Probe) -> None:
    """Have a probe that runs crash now."""
    require(probe.session.state == "running", f"before the crash it is {probe.session.state}")
    probe.home.inject(_DELTA)


def _restarts_after(probe: Probe, seconds: float) -> None:
    """It is crashed until then, and runs from then on."""
    probe.home.advance(seconds - 0.2)
    require(probe.session.state == "crashed", f"{seconds - 0.2:g} s after it crashed it is {probe.session.state}")
    probe.home.advance(0.4)
    require(probe.session.state == "running", f"{seconds + 0.2:g} s after it crashed it is {probe.session.state}")


@host_check("HCRASH-001")
def in_poll(trial: HostTrial) -> None:
    """After a second."""
    with trial.probe() as probe:
        probe.run(_STARTED, kept("poll", "trap"))
        probe.home.advance(1.1)
        _crashed(probe, "poll trapped")


@host_check("HCRASH-002")
def in_delta_handler(trial: HostTrial) -> None:
    """By a delta."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        _crash(probe)
        _crashed(probe, "the delta handler trapped")


@host_check("HCRASH-003")
def in_put_handler(trial: HostTrial) -> None:
    """By a client."""
    with trial.probe(capabilities={"putHandlers": True}) as probe:
        probe.run(_REGISTER, kept("put", "trap"))
        probe.session.put("vessels.self", "probe.script", 1)
        _crashed(probe, "the PUT handler trapped")


@host_check("HCRASH-004")
def in_http_handler(trial: HostTrial) -> None:
    """By a client."""
    with trial.probe(capabilities={"httpEndpoints": True}) as probe:
        probe.run(kept("http", "trap"))
        probe.session.http("GET", "/run")
        _crashed(probe, "the HTTP handler trapped")


@host_check("HCRASH-005")
def first(trial: HostTrial) -> None:
    """One second."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        _crash(probe)
        _restarts_after(probe, 1)
        require(probe.said.count("started") == 2, f"it was started {probe.said.count('started')} times")


@host_check("HCRASH-006")
def second_and_third(trial: HostTrial) -> None:
    """Two and four."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        for seconds in (1, 2, 4):
            _crash(probe)
            _restarts_after(probe, seconds)


def _fourth(probe: Probe) -> None:
    probe.run(*_CRASHES)
    for seconds in (1, 2, 4):
        _crash(probe)
        probe.home.advance(seconds + 0.5)
    _crash(probe)


@host_check("HCRASH-007")
def fourth(trial: HostTrial) -> None:
    """And then a minute."""
    with trial.probe() as probe:
        _fourth(probe)
        require(probe.session.state == "error", f"after the fourth crash in a row it is {probe.session.state}")
        probe.home.advance(60)
        require(probe.session.state == "error", f"a minute after the fourth crash it is {probe.session.state}")
        require(probe.said.count("started") == 4, f"it was started {probe.said.count('started')} times")


@host_check("HCRASH-008")
def says_so(trial: HostTrial) -> None:
    """In its error, or in the log."""
    with trial.probe() as probe:
        _fourth(probe)
        require(probe.session.error or probe.session.why(), "it was disabled, and its error is empty")
        words = " ".join([probe.session.error, *(r.text for r in probe.log if r.kind != "debug")])
        require("restart" in words or "disabled" in words, "nothing says that it is not restarted any more")


@host_check("HCRASH-009")
def recovers(trial: HostTrial) -> None:
    """Two crashes, half a minute, two crashes."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        for seconds in (1, 2):
            _crash(probe)
            probe.home.advance(seconds + 0.5)
        probe.home.advance(31)
        for seconds in (1, 2):
            _crash(probe)
            _restarts_after(probe, seconds)


@host_check("HCRASH-010")
def configured(trial: HostTrial) -> None:
    """It says the words of its configuration."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        _crash(probe)
        probe.home.advance(1.5)
        require(probe.said.count("started") == 2, f"after the crash it said {probe.said}")


@host_check("HCRASH-011")
def fresh(trial: HostTrial) -> None:
    """By the size of its memory, which the old one let grow: whatever else it had, start sets anew."""
    with trial.probe() as probe:
        before = probe.result("grow\t0")
        probe.do("grow\t50", "trap")
        probe.home.advance(4)
        require(probe.session.state == "running", f"4 s after the crash it is {probe.session.state}")
        after = int(probe.told[-1][1])
        require(after == before, f"it began with {before} pages of memory, and begins with {after} after a crash")


@host_check("HCRASH-012")
def silent(trial: HostTrial) -> None:
    """A delta in the second of the back-off."""
    with trial.probe() as probe:
        probe.start(kept("poll", line("say", "poll")), kept("stop", line("say", "stop")), hear=True)
        probe.do("trap")
        before = len(probe.said)
        probe.home.inject(_DELTA)
        probe.home.advance(0.5)
        require(probe.said[before:] == [], f"crashed, it said {probe.said[before:]}")


@host_check("HCRASH-013")
def stopped(trial: HostTrial) -> None:
    """In the second of the back-off."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        _crash(probe)
        probe.session.stop()
        probe.home.advance(10)
        require(probe.session.state == "stopped", f"crashed and then stopped, it is {probe.session.state}")
        require(probe.said.count("started") == 1, "crashed and then stopped, it was started again")


@host_check("HCRASH-014")
def by_hand(trial: HostTrial) -> None:
    """After the fourth."""
    with trial.probe() as probe:
        _fourth(probe)
        probe.run(*_CRASHES)
        _crash(probe)
        _restarts_after(probe, 1)


@host_check("HCRASH-015")
def registrations(trial: HostTrial) -> None:
    """A PUT in the second of the back-off."""
    with trial.probe(capabilities={"putHandlers": True}) as probe:
        probe.run(_REGISTER)
        probe.do("trap")
        reply = probe.session.put("vessels.self", "probe.script", 1)
        require(reply.status_code in {404, 405, 503}, f"crashed, its PUT handler answered {reply}")
        probe.home.advance(1.5)
        reply = probe.session.put("vessels.self", "probe.script", 1)
        require(reply.status_code == 200, f"restarted, its PUT handler answered {reply}")


@host_check("HCRASH-016")
def endless(trial: HostTrial) -> None:
    """It is ended, and restarted."""
    with trial.probe(call_seconds=HANG_SECONDS) as probe:
        probe.run(_STARTED)
        probe.do(kept("poll", "loop"))
        probe.home.advance(1.1)
        require(probe.session.fault == "timeout", f"poll did not return, and its fault is {probe.session.fault!r}")
        probe.home.advance(1.5)
        require(probe.session.state == "running", f"1.5 s after it was ended it is {probe.session.state}")


@host_check("HCRASH-017")
def logged(trial: HostTrial) -> None:
    """The export's name."""
    with trial.probe() as probe:
        probe.run(*_CRASHES)
        _crash(probe)
        found = [r for r in probe.log if r.kind not in {"debug", "state"} and "delta_handler" in r.function + r.text]
        require(found, "the log does not say that delta_handler trapped")
