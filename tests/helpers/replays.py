"""A twin over a log of deltas, in any host: what comes of it, in a form in which two twins and two hosts compare."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from itertools import repeat

from refhost.delta import problems
from refhost.errors import ConfigurationError
from refhost.jsontext import loads

# What nobody told it: a fault of it, what the host did not take from it, and what it was not allowed.
BAD = {"fault", "refused", "denied"}
# Nobody else in the logs is called so: they are known by the number of their radio.
OWN = re.compile(r"vessels\.urn:mrn:signalk:uuid:[0-9a-f-]{36}")


def times(deltas):
    """The seconds that have passed when each delta comes, by their timestamps; 0 where those go back."""
    latest = None
    for delta in deltas:
        now = datetime.fromisoformat(delta["updates"][0]["timestamp"])
        passed = (now - latest).total_seconds() if latest else 0.0
        latest = max(now, latest or now)
        yield max(0.0, passed)


def replay(driver, package, deltas, *, in_time=False, timeless=False):
    """Start it, let the deltas come to it, and stop it.

    Args:
        driver: of the host.
        package: the plugin.
        deltas: what comes to it.
        in_time: whether the host's time goes as that of the deltas does.
        timeless: whether timestamps are left out of what it emits: those of a host whose time is the machine's.
    """
    with driver.session(package) as session:
        session.start({})
        dropped = []
        passing = times(deltas) if in_time else repeat(0.0, len(deltas))
        for number, (delta, seconds) in enumerate(zip(deltas, passing, strict=True), 1):
            if seconds:
                session.advance(seconds)
            try:
                session.publish(delta)
            except ConfigurationError:
                dropped.append(number)
        status, state = session.status, session.state
        session.stop()
        # Some hosts show only what they made of it.
        shown = "claims" in driver.features
        claims = [loads(claim.text) for claim in session.claims] if shown else session.emitted
        return {
            "dropped": dropped,
            "state": state,
            "status": status,
            "error": session.error,
            "fault": session.fault,
            "bad": [f"{record.kind}: {record.text}" for record in session.log if record.kind in BAD],
            "invalid": [delta for delta in claims if problems(delta)],
            "emitted": [line_of(delta, timeless=timeless) for delta in session.emitted],
        }


def line_of(delta, *, timeless=False):
    """A delta as canonical JSON, without the twin's id and the own vessel's."""
    without = {"$source", "timestamp"} if timeless else {"$source"}
    updates = [{key: part for key, part in update.items() if key not in without} for update in delta["updates"]]
    context = "self" if OWN.fullmatch(delta["context"]) else delta["context"]
    return json.dumps({"context": context, "updates": updates}, sort_keys=True, separators=(",", ":"))


def in_short(seen):
    """The same with the emitted deltas as their number and their sum: it is for a snapshot of thousands."""
    emitted = seen["emitted"]
    sum_ = hashlib.sha256("\n".join(emitted).encode()).hexdigest()
    return {**seen, "emitted": [f"{len(emitted)} deltas, sha256 {sum_}", *emitted[-2:]]}


def shared(seen):
    """What of it a component does too: a core module tells of metadata, and reports."""
    return {
        **seen,
        "emitted": [line for line in seen["emitted"] if '"meta"' not in line and "plugins.twin.report" not in line],
    }
