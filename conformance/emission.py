"""What a plugin emits when a recorded stream of deltas comes to it, for comparing with what it emitted another day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.deltas import stream
from conformance.trial import Trial
from conformance.verdict import NotJudged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.subject import Subject
    from refhost.delta import Delta

# How long it lives before the first delta, and after the last.
_SECONDS = 10.0


def emitted_over(subject: Subject, name: str) -> Sequence[Delta]:
    """What a plugin emits from its start on: alone for a while, over one of the corpus's streams, alone again.

    The same plugin, configuration and answers give the same deltas, always.

    Raises:
        NotJudged: it does not start, or does not bear the stream.
        HostError: it cannot be loaded.
    """
    with Trial(subject).running() as session:
        session.advance(_SECONDS)
        for delta in stream(name):
            session.publish(delta)
        session.advance(_SECONDS)
        if session.fault:
            raise NotJudged(f"the plugin did not bear the deltas {name!r}: {session.why()}")
        return list(session.emitted)
