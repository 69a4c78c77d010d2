"""LIFE: start, poll and stop (contract §9)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis.strategies import just

from conformance.configuration import default_configuration
from conformance.deltas import ordinary_deltas
from conformance.lives import Life, Step, lives
from conformance.plugin_checks.meta import wrong_default
from conformance.plugin_checks.registry import check
from conformance.properties import counterexample
from conformance.strategies import configurations
from conformance.trial import ending, require, unharmed
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.binary import CoreBinary
from refhost.errors import ConfigurationError
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.drivers.interface import Session
    from conformance.trial import Trial

_LIVES = 10
_GROWING_LIVES = 4


@check("LIFE-001")
def start_ends_well(trial: Trial) -> None:
    """`start` returns at all."""
    seen = trial.loaded()
    if seen.failed_at == "start" and seen.fault and seen.fault != "timeout":
        raise Violation(ending(seen.fault, seen.failure))


@check("LIFE-002")
def starts(trial: Trial) -> None:
    """Started with its default configuration, it runs."""
    seen = trial.loaded()
    if seen.fault and seen.failed_at == "start":
        raise NotJudged(f"start did not return: {seen.failure}")
    seen_with = f"with {dumps(trial.subject.config)}: {seen.failure}"
    require(seen.state_after_start == "running", seen_with, mend=_wrong_default(trial))


def _wrong_default(trial: Trial) -> str:
    """What to mend of a plugin that was started with defaults that its own schema does not accept; "" for any other."""
    schema = trial.subject.schema
    try:
        wrong = wrong_default(schema) if trial.subject.config == default_configuration(schema) else ""
    except Exception:  # noqa: BLE001 - a schema of a stranger: META-007 judges it
        return ""
    return f"Mend the defaults of its schema, with which it was started, first ({wrong}: META-009)." if wrong else ""


@check("LIFE-003")
def stop_ends_well(trial: Trial) -> None:
    """`stop` returns at all."""
    seen = trial.survived()
    if seen.failed_at == "stop" and seen.fault and seen.fault != "timeout":
        raise Violation(ending(seen.fault, seen.failure))


@check("LIFE-004")
def stops(trial: Trial) -> None:
    """`stop` returns 0, or ok."""
    seen = trial.survived()
    if seen.fault:
        raise NotJudged(f"stop did not return: {seen.failure}")
    bad = [r for r in seen.log if r.kind == "fault" and r.function == "stop"]
    require(not bad, bad[0].text if bad else "")


@check("LIFE-005")
def returns_in_time(trial: Trial) -> None:
    """No call runs without end."""
    seen = trial.loaded(hanging=True)
    require(seen.fault != "timeout", seen.failure)


@check("LIFE-006")
def polls(trial: Trial) -> None:
    """A minute of polls ends well."""
    _needs_poll(trial)
    with trial.running() as session:
        session.advance(60)
        unharmed(session, "polled once a second for a minute")


@check("LIFE-007")
def poll_reports_no_error(trial: Trial) -> None:
    """`poll` returns 0."""
    _needs_poll(trial)
    bad = [r for r in trial.lived().log if r.kind == "fault" and r.function == "poll" and "returned" in r.text]
    require(not bad, bad[0].text if bad else "")


def _needs_poll(trial: Trial) -> None:
    binary = trial.subject.binary
    if not isinstance(binary, CoreBinary) or "poll" not in binary.exports:
        raise NotApplicable("the plugin exports no poll")


@check("LIFE-008")
def has_a_second_life(trial: Trial) -> None:
    """Stopped and started again, it runs and takes deltas."""
    trial.survived()
    with trial.running() as session:
        session.stop()
        _live(trial, session, "started a second time")


@check("LIFE-009")
def has_many_lives(trial: Trial) -> None:
    """Ten starts and stops."""
    trial.survived()
    with trial.session() as session:
        for life in range(1, _LIVES + 1):
            state = session.start(trial.subject.config)
            require(state == "running", f"start number {life}: {session.why()}")
            session.stop()
            unharmed(session, f"stop number {life}")


@check("LIFE-010")
def lives_on_in_a_new_instance(trial: Trial) -> None:
    """Loaded anew over what it had stored, it runs."""
    trial.survived()
    with trial.running() as session:
        for delta in ordinary_deltas():
            session.publish(delta)
        session.stop()
        session.reload()
        _live(trial, session, "loaded again over the files and configuration of its first life")


@check("LIFE-011")
def takes_up_the_same_again(trial: Trial) -> None:
    """What it registered and opened in its later lives is what it had in its first."""
    trial.survived()
    held: list[set[str]] = []
    with trial.session() as session:
        for _ in range(3):
            held.append(set())
            _live(trial, session, "started again", look=lambda: held[-1].update(_held(session)))
            session.stop()
    if not any(held):
        raise NotApplicable("an ordinary run registers nothing and opens no socket")
    for life, now in enumerate(held[1:], 2):
        lost, more = (", ".join(sorted(which)[:5]) for which in (held[0] - now, now - held[0]))
        require(not lost, f"in life number {life} it did not take up {lost} again, which it had in its first")
        require(not more, f"in life number {life} it had {more}, which it did not have in its first")


def _held(session: Session) -> list[str]:
    sockets = [f"a {s.kind} socket{f' on port {s.port}' if s.port else ''}" for s in session.open_sockets]
    return [*session.registered, *sockets]


@check("LIFE-012")
def emits_no_more_each_life(trial: Trial) -> None:
    """Nothing inside of it, such as a handler, survives its stop and then answers as well."""
    if not trial.survived().claims:
        raise NotApplicable("the plugin emits nothing in an ordinary run")
    counts = []
    with trial.session() as session:
        for _ in range(_GROWING_LIVES):
            before = len(session.claims)
            _live(trial, session, "started again")
            session.stop()
            counts.append(len(session.claims) - before)
    # The first life may differ, and the second may tell what was stored in it.
    grows = all(less < more for less, more in pairwise(counts[1:]))
    require(not grows, f"in {_GROWING_LIVES} lives that were the same it emitted {', '.join(map(str, counts))} deltas")


@check("LIFE-013")
def lives_any_life(trial: Trial) -> None:
    """Any sequence of what a host may do with it; what is reported is the shortest."""
    trial.lived()
    try:
        settings = configurations(trial.subject.schema)
    except ConfigurationError:
        settings = just({})

    def live(steps: list[Step]) -> None:
        with trial.session() as session:
            Life(session, trial.subject).live(steps)

    found = counterexample(trial, "LIFE-013", lives(trial.subject, settings), live)
    if found:
        raise found.violation


def _live(trial: Trial, session: Session, doing: str, *, look: Callable[[], None] = lambda: None) -> None:
    """One life up to its stop; `look` is called now and again."""
    trial.calm()
    state = session.start(trial.subject.config)
    require(state == "running", f"{doing}: {session.why()}")
    look()
    for delta in ordinary_deltas():
        session.publish(delta)
    look()
    session.advance(3)
    unharmed(session, doing)
    look()
