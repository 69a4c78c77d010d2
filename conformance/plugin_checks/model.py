"""MODEL: reading the data model (contract §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.deltas import edge_deltas, ordinary_deltas
from conformance.plugin_checks.registry import check
from conformance.trial import refuse_none, unharmed
from conformance.verdict import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.trial import Trial
    from refhost.delta import Delta

_READERS = {"sk_get_self_path", "sk_get_path", "full-model.get-self-path", "full-model.get-path"}


def _needs_reading(trial: Trial) -> None:
    if not trial.subject.host_functions & _READERS:
        raise NotApplicable("the plugin imports no function that reads the data model")


def _reads(trial: Trial, before: Iterable[Delta], model: str) -> None:
    """Start it over a data model that holds these deltas, and let it live on ordinary ones."""
    _needs_reading(trial)
    trial.lived()
    with trial.session() as session:
        for delta in before:
            session.publish(delta)
        doing = f"with a data model that holds {model}"
        session.start(trial.subject.config)
        unharmed(session, doing)
        session.advance(3)
        unharmed(session, doing)
        for delta in ordinary_deltas()[:3]:
            session.publish(delta)
        session.advance(3)
        unharmed(session, doing)


@check("MODEL-001")
def nothing_there(trial: Trial) -> None:
    """The paths that it reads hold nothing yet."""
    _needs_reading(trial)
    trial.lived()
    with trial.session() as session:
        session.start(trial.subject.config)
        session.advance(3)
        unharmed(session, "with an empty data model")


@check("MODEL-002")
def something_there(trial: Trial) -> None:
    """The paths that it reads hold ordinary values."""
    _reads(trial, ordinary_deltas(), "ordinary values")


@check("MODEL-003")
def strange_things_there(trial: Trial) -> None:
    """The paths hold null, other types, long texts and deep objects."""
    _reads(trial, edge_deltas(), "null, long texts and values of other types")


@check("MODEL-004")
def asks_in_texts(trial: Trial) -> None:
    """Its calls have valid paths and room for an answer."""
    _needs_reading(trial)
    refuse_none(trial, trial.lived().refusals("sk_get_self_path", "sk_get_path"))
