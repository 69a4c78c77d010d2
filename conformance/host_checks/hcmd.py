"""HCMD: the command dialect, by a program that says that it runs; its other exports have no types (R38)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hlink import accepted
from conformance.host_checks.registry import host_check
from conformance.host_trial import HANG_SECONDS
from conformance.trial import require
from refhost.jsontext import loads

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial

_PLAIN = "plain-command"
_START = "(; start ;)"
_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'


def _goes_on(trial: HostTrial, home: HostSession) -> None:
    other = trial.load(home, _PLAIN, package="another")
    require(other.session.start({}) == "running", f"afterwards a program in order is {other.session.state}")


@host_check("HCMD-001")
def loads_only(trial: HostTrial) -> None:
    """Without `plugin_id`, by the name of its package."""
    with trial.host() as home:
        probe = accepted(trial, home, _PLAIN, package="@boat/program")
        require(probe.session.id == "_boat_program", f"its id is {probe.session.id!r}")
        require(probe.session.state == "stopped", f"loaded it is {probe.session.state}")
        require(loads(probe.session.schema_text or "{}") == {}, f"its schema is {probe.session.schema_text!r}")
        require(not probe.said, f"before it was started it said {probe.said}")


@host_check("HCMD-002")
def runs_once(trial: HostTrial) -> None:
    """Counted by what it says."""
    with trial.host() as home:
        probe = accepted(trial, home, _PLAIN)
        require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")
        home.advance(5)
        require(probe.said.count("ran") == 1, f"_start was called {probe.said.count('ran')} times")


def _exits(trial: HostTrial, code: int, wanted: str) -> None:
    with trial.probe(_PLAIN, changes={_START: f"(call $exit (i32.const {code}))"}) as probe:
        probe.session.start({})
        require(probe.session.state == wanted, f"after the exit code {code} it is {probe.session.state}, not {wanted}")
        require(probe.session.status_code == code, f"the exit code {code} became {probe.session.status_code!r}")
        _goes_on(trial, probe.home)


@host_check("HCMD-003")
def succeeds(trial: HostTrial) -> None:
    """By `proc_exit`."""
    _exits(trial, 0, "running")


@host_check("HCMD-004")
def fails(trial: HostTrial) -> None:
    """By `proc_exit`."""
    _exits(trial, 3, "error")


@host_check("HCMD-005")
def traps(trial: HostTrial) -> None:
    """And the host goes on."""
    with trial.probe(_PLAIN, changes={_START: "unreachable"}) as probe:
        probe.session.start({})
        require(probe.session.state == "error", f"after a trap it is {probe.session.state}")
        require(probe.session.why(), "nothing says why")
        _goes_on(trial, probe.home)


@host_check("HCMD-006")
def nothing_else(trial: HostTrial) -> None:
    """Through a life with a delta and polls; each of its other exports says that it was called."""
    more = """(func (export "poll") (result i32) (call $called) (i32.const 0))
      (func (export "delta_handler") (param i32 i32) (call $called))"""
    with trial.probe(_PLAIN, changes={";; more exports": more}) as probe:
        probe.session.start({})
        probe.home.inject(_DELTA)
        probe.home.advance(3)
        require(probe.session.stop() == "stopped", f"after stop it is {probe.session.state}")
        require("called" not in probe.said, "an export was called besides _start")
        require(probe.said == ["ran"], f"it said {probe.said}")


@host_check("HCMD-007")
def again(trial: HostTrial) -> None:
    """As often as it is started."""
    with trial.probe(_PLAIN) as probe:
        for times in (1, 2):
            state = probe.session.start({})
            require(state == "running", f"at start {times} it is {state}: {probe.session.why()}")
            probe.session.stop()
            require(probe.said.count("ran") == times, f"started {times} times, it ran {probe.said.count('ran')} times")


@host_check("HCMD-008")
def prints(trial: HostTrial) -> None:
    """A line on standard output."""
    writes = """(i32.store (i32.const 1024) (i32.const 48)) (i32.store (i32.const 1028) (i32.const 8))
      (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 1032)))"""
    with trial.probe(_PLAIN, changes={_START: writes}) as probe:
        probe.session.start({})
        require(any("printed" in record.text for record in probe.log), "what it printed is not in the log")


@host_check("HCMD-009")
def endless(trial: HostTrial) -> None:
    """And the host goes on."""
    with trial.probe(_PLAIN, call_seconds=HANG_SECONDS, changes={_START: "(loop $l (br $l))"}) as probe:
        probe.session.start({})
        require(probe.session.state == "error", f"it does not return, and it is {probe.session.state}")
        _goes_on(trial, probe.home)
