"""DELTA, continued: what the deltas that come to it do to a plugin (contract §10)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from conformance import endurance
from conformance.deltas import edge_deltas, ordinary_deltas
from conformance.plugin_checks.registry import check
from conformance.properties import counterexample
from conformance.strategies import deltas
from conformance.texts import IN_UTF16, is_utf16
from conformance.trial import drowning, ending, require, unharmed
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.binary import CoreBinary
from refhost.delta import problems
from refhost.jsontext import NotJson, loads
from refhost.limits import Limits

if TYPE_CHECKING:
    from conformance.endurance import Endurance
    from conformance.trial import Trial
    from refhost.delta import Delta

_ECHOES = 200
_LARGE = 1_000_000
_MANY = 2000
_LIMIT = Limits().memory_bytes
_EMITTERS = ("sk_handle_message", "delta-handler.handle-message")


def _needs_handler(trial: Trial) -> None:
    binary = trial.subject.binary
    if isinstance(binary, CoreBinary):
        there = "delta_handler" in binary.exports
    else:
        there = binary.exported("delta-handler") is not None
    if not there:
        raise NotApplicable("the plugin takes no deltas")
    if not trial.subject.grants.has("dataRead"):
        raise NotApplicable("the plugin does not hold the capability dataRead")


@check("DELTA-014")
def takes_ordinary_deltas(trial: Trial) -> None:
    """What every boat's bus carries."""
    _needs_handler(trial)
    with trial.running() as session:
        for delta in ordinary_deltas():
            session.publish(delta)
            unharmed(session, "given an ordinary delta")


@check("DELTA-015")
def takes_unusual_deltas(trial: Trial) -> None:
    """Valid, and yet not what one thinks of first."""
    _needs_handler(trial)
    trial.calm()
    for delta in edge_deltas():
        with trial.running() as session:
            session.publish(delta)
            unharmed(session, "given an unusual, valid delta")


@check("DELTA-016")
def takes_any_delta(trial: Trial) -> None:
    """Whatever Hypothesis finds; what it reports is the smallest delta."""
    _needs_handler(trial)
    trial.lived()

    def deliver(delta: Delta) -> None:
        with trial.running() as session:
            session.publish(delta)
            unharmed(session, "given a valid delta")

    found = counterexample(trial, "DELTA-016", deltas(), deliver)
    if found:
        raise found.violation


@check("DELTA-017")
def takes_large_deltas(trial: Trial) -> None:
    """A megabyte in one delta."""
    _needs_handler(trial)
    with trial.running() as session:
        session.publish({"updates": [{"values": [{"path": "plugins.large", "value": "x" * _LARGE}]}]})
        unharmed(session, f"given a delta of {_LARGE} bytes")


@check("DELTA-018")
def does_not_answer_itself(trial: Trial) -> None:
    """Its own deltas, which it gets too, do not set it off without end."""
    _needs_handler(trial)
    with trial.running() as session:
        for delta in ordinary_deltas():
            before = len(session.claims)
            session.publish(delta)
            count = len(session.claims) - before
            require(count <= _ECHOES, f"one delta made it emit {count} deltas: it answers its own")
        cut_off = drowning(session.log)
        require(not cut_off, f"it was cut off: {cut_off.text}" if cut_off else "")


@check("DELTA-019")
def takes_many_deltas(trial: Trial) -> None:
    """Two thousand ordinary deltas in a row."""
    _needs_handler(trial)
    trial.lived()
    seen = trial.endurance
    if seen.fault and seen.taken <= _MANY:
        raise Violation(f"delta number {seen.taken} of two thousand ordinary ones: {ending(seen.fault, seen.failure)}")


@check("DELTA-020")
def answers_in_deltas(trial: Trial) -> None:
    """Whatever comes, what it emits is a delta; its own words at the start are judged by DELTA-001 and the rest."""
    _needs_handler(trial)
    if not trial.subject.host_functions.intersection(_EMITTERS):
        raise NotApplicable("the plugin imports no function that emits deltas")
    trial.lived()

    def deliver(delta: Delta) -> None:
        with trial.running() as session:
            before = len(session.claims)
            session.publish(delta)
            session.advance(1)
            unharmed(session, "given a valid delta")
            for claim in session.claims[before:]:
                wrong = _problem(claim.text)
                require(not wrong, f"given a valid delta, it emitted {claim.text[:200]}, which is no delta: {wrong}")

    found = counterexample(trial, "DELTA-020", deltas(), deliver)
    if found:
        raise found.violation


def _problem(text: str) -> str:
    """What is wrong with a text as a delta, by the specification's schema; "" for nothing."""
    if is_utf16(text):
        return IN_UTF16
    try:
        return "; ".join(map(str, problems(loads(text))[:3]))
    except NotJson as error:
        return f"it is not JSON: {error}"


@check("DELTA-021")
def keeps_to_its_memory(trial: Trial) -> None:
    """Ten thousand ordinary deltas do not use up its memory."""
    seen = _endured(trial)
    if seen.fault:
        raise Violation(f"after {seen.taken} ordinary deltas: {ending(seen.fault, seen.failure)}")
    most = max(seen.memory, default=0)
    require(
        most < _LIMIT, f"after {seen.taken} ordinary deltas it has {most >> 20} MiB of memory, which is all there is"
    )


@check("DELTA-022")
def does_not_grow(trial: Trial) -> None:
    """Its memory comes to rest. What leaks with each delta grows twice as much over twice as many."""
    seen = _endured(trial)
    if not any(seen.memory):
        raise NotApplicable("the memory of this plugin cannot be seen by the host")
    if seen.fault or len(seen.memory) < len(endurance.MEASURED):
        raise NotJudged(
            f"it took {seen.taken} deltas of {endurance.DELTAS}: {seen.failure or 'it is slow'} (see DELTA-021)"
        )
    growth = [more - less for less, more in pairwise(seen.memory)]
    grown = all(growth) and growth[-1] >= growth[-2]
    sizes = ", ".join(
        f"{size >> 10} KiB after {count}" for count, size in zip(endurance.MEASURED, seen.memory, strict=True)
    )
    require(not grown, f"its memory grows with the deltas that it takes: {sizes}")


def _endured(trial: Trial) -> Endurance:
    _needs_handler(trial)
    trial.lived()
    seen = trial.endurance
    if seen.fault and seen.taken <= _MANY:
        raise NotJudged(f"it did not survive {seen.taken} deltas: {seen.failure} (see DELTA-019)")
    return seen
