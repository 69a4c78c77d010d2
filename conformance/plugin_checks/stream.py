"""STREAM: binary streams (contract §16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks.registry import check
from conformance.trial import refuse_none, require
from conformance.verdict import NotApplicable

if TYPE_CHECKING:
    from conformance.trial import Trial

_EMITTERS = ("sk_emit_binary_stream", "sk_radar_emit_spokes")
_SECONDS = 10
# A radar of 2048 spokes of a kilobyte each turns once in two and a half seconds.
_MOST_BYTES = 4 * 1024 * 1024


def _needs_streams(trial: Trial) -> None:
    if not trial.subject.host_functions & set(_EMITTERS):
        raise NotApplicable("the plugin imports no function that emits on a binary stream")


@check("STREAM-001")
def names_its_streams(trial: Trial) -> None:
    """No emission is refused."""
    _needs_streams(trial)
    refuse_none(trial, trial.lived().refusals(*_EMITTERS))


@check("STREAM-002")
def streams_in_measure(trial: Trial) -> None:
    """Something in every message, and not more than anyone can take."""
    _needs_streams(trial)
    with trial.running() as session:
        session.advance(_SECONDS)
        messages = list(session.streams)
    if not messages:
        raise NotApplicable("the plugin emits on no stream in ten seconds of an ordinary run")
    empty = next((message.stream for message in messages if not message.data), None)
    require(empty is None, f"it emitted nothing, 0 bytes, on the stream {empty}")
    rate = sum(len(message.data) for message in messages) // _SECONDS
    require(rate <= _MOST_BYTES, f"it emits {rate} bytes a second on its streams")
