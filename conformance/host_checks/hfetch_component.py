"""HFETCH, the second half: HTTP requests of components, by `wasi:http`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hlink import accepted
from conformance.host_checks.registry import host_check
from conformance.trial import require

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial

_PLAIN = "plain-http"
_HELD = {"network": True}
_ONE = "http://boat/one"
# The numbers of error-codes, as the component says them.
_CODES = {"e006": "connection-refused", "e015": "HTTP-request-denied"}


def _goes_on(trial: HostTrial, home: HostSession) -> None:
    other = trial.load(home, "plain-component", package="another")
    require(other.session.start({}) == "running", f"afterwards a component in order is {other.session.state}")


def _fetches(trial: HostTrial, answer: bytes | str, status: int) -> list[str]:
    """What the component says of an answer; it runs."""
    with trial.host() as home:
        probe = accepted(trial, home, _PLAIN, capabilities=_HELD)
        probe.session.respond(_ONE, answer, status=status)
        require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")
        asked = [(request.method, request.url) for request in probe.session.requests]
        require(asked == [("GET", _ONE)], f"it fetched {_ONE}, and the host was asked {asked}")
        _goes_on(trial, home)
        return probe.said


@host_check("HFETCH-017")
def answered(trial: HostTrial) -> None:
    """In start."""
    for status in (200, 404):
        said = _fetches(trial, "Ærø 🚢", status)
        require(said == [f"s{status}", "Ærø 🚢", "end"], f"an answer {status} came as {said}")


@host_check("HFETCH-018")
def without_leave(trial: HostTrial) -> None:
    """It links."""
    with trial.host() as home:
        probe = accepted(trial, home, _PLAIN)
        probe.session.respond(_ONE, "here")
        require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")
        require(not probe.session.requests, "without network the host was asked")
        said = [_CODES.get(text, text) for text in probe.said]
        require(said == ["HTTP-request-denied"], f"without network the component got {said}")


@host_check("HFETCH-019")
def nobody_answers(trial: HostTrial) -> None:
    """A request that fails."""
    said = [_CODES.get(text, text) for text in _fetches(trial, "", 0)]
    require(said == ["connection-refused"], f"nobody answered, and the component got {said}")


@host_check("HFETCH-020")
def whole(trial: HostTrial) -> None:
    """In chunks."""
    said = _fetches(trial, "x" * 100_000, 200)
    require((said[0], said[-1]) == ("s200", "end"), f"100 kB came as {said[:1]} and {said[-1:]}")
    size = sum(map(len, said[1:-1]))
    require(size == 100_000, f"100000 bytes came as {size}")


@host_check("HFETCH-021")
def described(trial: HostTrial) -> None:
    """In `name`."""
    with trial.host() as home:
        probe = accepted(trial, home, _PLAIN, capabilities=_HELD, changes={"(; name ;)": "(call $fetch)"})
        asked = [(request.method, request.url) for request in probe.session.requests]
        require(not asked, f"while it was described it fetched {asked}")
