"""HFETCH: HTTP requests of plugins by as-fetch, by a plugin whose calls unwind and rewind as Asyncify makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hlink import refusal
from conformance.host_checks.registry import host_check
from conformance.trial import require
from refhost.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.host_trial import HostTrial, Probe

_PLAIN = "plain-fetch"
_HELD = {"network": True}
_ONE, _TWO = "http://boat/one", "http://boat/two"
_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'
_GET = "(call $get (i32.const 592) (i32.const 1) (i32.const 0)) (; first ;)"
_START = "(call $fetches) (; start ;)"
_RESULT = "(i32.const 0) (; result ;)"
# What is done with the first answer.
_SAY = "(call $say (global.get $answer))))\n    (; second ;)"
# A second fetch in the same call, as the first one is written.
_SECOND = {
    "(; second ;)": """(if (i32.le_u (global.get $step) (i32.const 1))
      (then
        (global.set $answer (call $get (i32.const 656) (i32.const 1) (i32.const 0)))
        (if (i32.eq (global.get $state) (i32.const 1)) (then (return (i32.const 0))))
        (global.set $step (i32.const 2))
        (call $say (global.get $answer))))"""
}
_LATER = {_START: "(call $get_later (i32.const 592) (i32.const 1) (i32.const 0) (i32.const 7)) (i32.const 0)"}


# How long an answer may be on its way in a host that is asked in real time.
_ON_ITS_WAY = 0.3


def _runs(probe: Probe) -> None:
    """Start it; it has to run, and has the answers then to what it has fetched."""
    require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")
    probe.home.advance(_ON_ITS_WAY)


def _asked(probe: Probe) -> list[tuple[str, str]]:
    return [(request.method, request.url) for request in probe.session.requests]


def _fetches(
    trial: HostTrial, answer: bytes | str, *, status: int = 200, changes: Mapping[str, str] | None = None
) -> list[str]:
    """What the plugin says of the answer that it fetches in start."""
    with trial.probe(_PLAIN, capabilities=_HELD, changes=changes) as probe:
        probe.session.respond(_ONE, answer, status=status)
        _runs(probe)
        return probe.said


@host_check("HFETCH-001")
def get(trial: HostTrial) -> None:
    """In start."""
    with trial.probe(_PLAIN, capabilities=_HELD) as probe:
        probe.session.respond(_ONE, "Ærø 🚢")
        _runs(probe)
        require(_asked(probe) == [("GET", _ONE)], f"it fetched {_ONE}, and the host was asked {_asked(probe)}")
        require(probe.said == ["Ærø 🚢"], f"the answer came as {probe.said}")


@host_check("HFETCH-002")
def post(trial: HostTrial) -> None:
    """With a body."""
    changes = {_GET: "(call $post (i32.const 592) (i32.const 1) (i32.const 0) (i32.const 720))"}
    with trial.probe(_PLAIN, capabilities=_HELD, changes=changes) as probe:
        probe.session.respond(_ONE, "taken")
        _runs(probe)
        require(_asked(probe) == [("POST", _ONE)], f"it posted to {_ONE}, and the host was asked {_asked(probe)}")
        require(probe.said == ["taken"], f"the answer came as {probe.said}")


@host_check("HFETCH-003")
def any_bytes(trial: HostTrial) -> None:
    """Counted: there are 300 of them, of which most are no UTF-8."""
    # Says one x for each byte that is as it was sent: the low byte of its place.
    counts = """(global.set $class (i32.const 0))
      (block $done (loop $next
        (br_if $done (i32.ge_u (global.get $class) (i32.load (i32.sub (global.get $answer) (i32.const 4)))))
        (if (i32.ne (i32.load8_u (i32.add (global.get $answer) (global.get $class)))
            (i32.and (global.get $class) (i32.const 255))) (then unreachable))
        (global.set $class (i32.add (global.get $class) (i32.const 1))) (br $next)))
      (if (i32.ne (global.get $class) (i32.const 300)) (then unreachable))"""
    changes = {_SAY: f"{counts}))\n    (; second ;)"}
    with trial.probe(_PLAIN, capabilities=_HELD, changes=changes) as probe:
        probe.session.respond(_ONE, bytes(number & 255 for number in range(300)))
        probe.session.start({})
        probe.home.advance(_ON_ITS_WAY)
        require(probe.session.state == "running", f"300 bytes of every value came as others: {probe.session.why()}")


@host_check("HFETCH-004")
def array_buffer(trial: HostTrial) -> None:
    """By its class, which the plugin looks at."""
    said = _fetches(trial, "here")
    require("wrong class" not in said, "the answer is an object of another class than 1")
    require(said == ["here"], f"the answer came as {said}")


@host_check("HFETCH-005")
def several(trial: HostTrial) -> None:
    """Two, of two URLs."""
    with trial.probe(_PLAIN, capabilities=_HELD, changes=_SECOND) as probe:
        probe.session.respond(_ONE, "first")
        probe.session.respond(_TWO, "second")
        _runs(probe)
        require(_asked(probe) == [("GET", _ONE), ("GET", _TWO)], f"the host was asked {_asked(probe)}")
        require(probe.said == ["first", "second"], f"the answers came as {probe.said}")


@host_check("HFETCH-006")
def result(trial: HostTrial) -> None:
    """The pass that unwinds returns 77, the last one 0, or 3."""
    unwound = {"(i32.const 0) (; unwound ;)": "(i32.const 77)"}
    require(_fetches(trial, "here", changes=unwound) == ["here"], "the answer did not come")
    with trial.probe(_PLAIN, capabilities=_HELD, changes={**unwound, _RESULT: "(i32.const 3)"}) as probe:
        probe.session.respond(_ONE, "here")
        probe.session.start({})
        probe.home.advance(_ON_ITS_WAY)
        found = (probe.session.state, probe.session.status_code)
        require(found == ("error", 3), f"the last pass of start returned 3, and it is {found}")


@host_check("HFETCH-007")
def everywhere(trial: HostTrial) -> None:
    """In poll, and in the delta handler."""
    for changes, where in (
        ({_START: "(i32.const 0)", "(i32.const 0) (; poll ;)": "(call $fetches)"}, "poll"),
        ({_START: "(i32.const 0)", "(; delta ;)": "(drop (call $fetches))"}, "the delta handler"),
    ):
        with trial.probe(_PLAIN, capabilities=_HELD, changes=changes) as probe:
            probe.session.respond(_ONE, "here")
            _runs(probe)
            require(not probe.said, f"before {where} it said {probe.said}")
            probe.home.inject(_DELTA)
            probe.home.advance(1.5 + _ON_ITS_WAY)
            require(probe.session.state == "running", f"after {where} it is {probe.session.state}")
            require(probe.said[:1] == ["here"], f"in {where} the answer came as {probe.said}")


@host_check("HFETCH-008")
def nobody_answers(trial: HostTrial) -> None:
    """A request that fails."""
    with trial.probe(_PLAIN, capabilities=_HELD) as probe:
        probe.session.respond(_ONE, status=0)
        _runs(probe)
        require(probe.said == [""], f"nobody answered, and the plugin got {probe.said}, no empty ArrayBuffer")
        told = any(_ONE in record.text for record in probe.log if record.kind != "debug")
        require(told, f"the log does not say that {_ONE} failed")


@host_check("HFETCH-009")
def goes_on(trial: HostTrial) -> None:
    """One that fails, and then one that does not."""
    with trial.probe(_PLAIN, capabilities=_HELD, changes=_SECOND) as probe:
        probe.session.respond(_ONE, status=0)
        probe.session.respond(_TWO, "second")
        _runs(probe)
        require(probe.said == ["", "second"], f"the answers came as {probe.said}")


@host_check("HFETCH-010")
def error_pages(trial: HostTrial) -> None:
    """404, and 500."""
    for status in (404, 500):
        said = _fetches(trial, "not here", status=status)
        require(said == ["not here"], f"the body of an answer {status} came as {said}")


@host_check("HFETCH-011")
def later(trial: HostTrial) -> None:
    """With the number that the plugin gave, and the status."""
    with trial.probe(_PLAIN, capabilities=_HELD, changes=_LATER) as probe:
        probe.session.respond(_ONE, "here", status=300)
        _runs(probe)
        require(probe.said[:1] == ["later"], "responseHandler was not called")
        require(probe.said == ["later", "7", "3", "here"], f"responseHandler said {probe.said}")


@host_check("HFETCH-012")
def long_answer(trial: HostTrial) -> None:
    """A megabyte."""
    said = _fetches(trial, "x" * 1_000_000)
    require([len(text) for text in said] == [1_000_000], f"a megabyte came as {[len(text) for text in said]} bytes")


@host_check("HFETCH-013")
def too_long(trial: HostTrial) -> None:
    """A hundred megabytes; the plugin says a word when it gets them all."""
    size = "(i32.load (i32.sub (global.get $answer) (i32.const 4)))"
    all_of_it = f"(i32.ge_u {size} (i32.const 100000000))"
    changes = {_SAY: f"(if {all_of_it} (then (call $debug (i32.const 784) (i32.const 5))))))\n    (; second ;)"}
    with trial.probe(_PLAIN, capabilities=_HELD, changes=changes) as probe:
        probe.session.respond(_ONE, bytes(100_000_000))
        probe.session.start({})
        probe.home.advance(_ON_ITS_WAY)
        require(not probe.said, "an answer of a hundred megabytes was handed over")
        other = trial.load(probe.home, _PLAIN, package="another", capabilities=_HELD)
        require(other.session.start({}) == "running", f"afterwards a plugin in order is {other.session.state}")


@host_check("HFETCH-014")
def described(trial: HostTrial) -> None:
    """In `plugin_name`; whether the plugin is refused for it or not."""
    changes = {"(; name ;)": "(drop (call $fetches))"}
    with trial.host() as home:
        try:
            probe = trial.load(home, _PLAIN, capabilities=_HELD, changes=changes)
        except HostError:
            return
        require(not probe.session.requests, f"while it was described it fetched {_asked(probe)}")


@host_check("HFETCH-015")
def without_leave(trial: HostTrial) -> None:
    """Refused by name, where it is declared as false."""
    with trial.host() as home:
        package = trial.package(_PLAIN, capabilities={"network": False})
        said = refusal(home, package, "a plugin that imports as-fetch without the capability")
        require("network" in said, f"the error does not name the capability network: {said}")


@host_check("HFETCH-016")
def bad_url(trial: HostTrial) -> None:
    """Past the end of memory, and null."""
    for pointer in (1 << 30, -8, 0):
        changes = {_GET: f"(call $get (i32.const {pointer}) (i32.const 1) (i32.const 0))"}
        with trial.probe(_PLAIN, capabilities=_HELD, changes=changes) as probe:
            probe.session.start({})
            probe.home.advance(_ON_ITS_WAY)
            require(not probe.session.requests, f"with its URL at {pointer} it fetched {_asked(probe)}")
            other = trial.load(probe.home, _PLAIN, package="another", capabilities=_HELD)
            require(other.session.start({}) == "running", f"afterwards a plugin in order is {other.session.state}")
