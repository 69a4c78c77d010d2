"""The same plugin and the same deltas in two hosts: what they first do differently, and the least that shows it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from conformance import properties
from conformance.delta_diff import difference
from conformance.deltas import stable, stream
from conformance.drivers.faults import DriverFault, HostGone
from conformance.drivers.features import Unsupported
from conformance.judge import judged
from conformance.strategies import delta_streams, deltas
from conformance.trial import CALL_SECONDS, Trial
from conformance.verdict import NotJudged, Violation
from refhost.errors import HostError
from refhost.jsontext import NotJson, dumps, loads
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.catalogue import Requirement
    from conformance.drivers.interface import Driver, HostSession, Session
    from conformance.subject import Subject
    from conformance.verdict import Verdict
    from refhost.delta import Delta

Shown = TypeVar("Shown")

# How long a plugin is left alone. Where a host has no virtual clock both hosts get less: it is waited for, and a poll
# at every second must fall on the same side of the end in both.
_SECONDS, _REAL_SECONDS = 10.0, 1.5
_CLOCK = "virtual-clock"
# What the plugin itself says, in the log; the rest are the host's own words.
_SAID = frozenset({"debug", "console", "stdout", "stderr"})
_SHOWN = 5  # differences of one moment
_ASKED_FOR_SELF = '{"updates":[{"$source":"suite","values":[{"path":"suite.self","value":true}]}]}'


def judge_pair(requirement: Requirement, subject: Subject, other: Driver) -> Verdict:
    """Judge whether a plugin does the same in two hosts: in that of the subject, and in another one."""
    return judged(requirement, PairTrial(subject, other), _COMPARISONS[requirement.id])


class PairTrial(Trial):
    """One comparison; remembers what the first host did last, for the report."""

    def __init__(self, subject: Subject, other: Driver) -> None:
        super().__init__(subject)
        self.other = other

    @property
    def seconds(self) -> float:
        """How long a plugin is left alone."""
        virtual = all(_CLOCK in driver.features for driver in (self.subject.driver, self.other))
        return _SECONDS if virtual else _REAL_SECONDS

    @contextmanager
    def both(self) -> Iterator[tuple[_Side, _Side]]:
        """A fresh host of each kind; the steps of the first are kept."""
        names = _names(self.subject.driver, self.other)
        with (
            self.subject.driver.host(call_seconds=CALL_SECONDS) as one,
            self.other.host(call_seconds=CALL_SECONDS) as two,
        ):
            sides = _Side(names[0], one), _Side(names[1], two)
            try:
                yield sides
            finally:
                self.steps = one.steps[1:]  # the first has asked for the host's own context
                self.log = []


def _names(one: Driver, other: Driver) -> tuple[str, str]:
    if one.name != other.name:
        return one.name, other.name
    if one.profile.name != other.profile.name:
        return f"{one.name} as {one.profile.name}", f"{other.name} as {other.profile.name}"
    return f"the first {one.name}", f"the second {other.name}"


@dataclass
class _Side:
    """One of the two hosts, with the plugin in it."""

    name: str
    home: HostSession
    session: Session | None = None
    own: str = ""
    _emitted: int = field(default=0)
    _said: int = field(default=0)

    def __post_init__(self) -> None:
        """Learn what the host calls its own vessel."""
        self.home.inject(_ASKED_FOR_SELF)
        if self.home.deltas:
            self.own = loads(self.home.deltas[-1].text).get("context", "")

    def emitted(self) -> list[Any]:
        """What the plugin emitted since this was asked last; times and the own vessel are the same in every host."""
        assert self.session is not None  # it is loaded first
        found = list(self.session.emitted)
        new, self._emitted = found[self._emitted :], len(found)
        return [stable({"context": self.own, **delta}, own=self.own) for delta in new]

    def said(self) -> list[str]:
        """What it logged since this was asked last."""
        assert self.session is not None  # as above
        found = [record.text for record in self.session.log if record.kind in _SAID]
        new, self._said = found[self._said :], len(found)
        return new

    def facts(self) -> dict[str, str]:
        """How it stands."""
        assert self.session is not None  # as above
        return {
            "state": self.session.state,
            "status": self.session.status,
            "error": self.session.error if self.session.state == "running" else "",  # else a host says why, as it likes
        }


def compare(trial: PairTrial, given: Sequence[Delta], seconds: float) -> None:
    """Let a plugin live in both hosts: load it, start it, leave it alone, the deltas, leave it alone, stop it.

    Args:
        trial: keeps the steps of the first host.
        given: the deltas.
        seconds: how long it is left alone, before and after the deltas; 0 for not at all.

    Raises:
        Violation: the hosts differ; it says in what, and after which step.
        NotJudged: the plugin runs in neither.
        HostError: a driver is at fault.
    """
    package, config = trial.subject.package, trial.subject.config
    texts = [dumps(delta) for delta in given]

    def load(side: _Side) -> None:
        side.session = side.home.load(package)

    def start(side: _Side) -> None:
        _session(side).start(config)

    def wait(side: _Side) -> None:
        side.home.advance(seconds)

    with trial.both() as sides:
        if not _alike(sides, "load it", load):
            raise NotJudged("neither host loads the plugin")
        _same_facts(sides, "load it", [_described(_session(side)) for side in sides])
        if not _alike(sides, "start it", start):
            raise NotJudged("the plugin starts in neither host")
        _same(sides, "start it")
        if given and _session(sides[0]).state != "running":
            raise NotJudged("the plugin runs in neither host")
        life: list[tuple[str, Callable[[_Side], object]]] = [(f"let {seconds:g} s pass", wait)] if seconds else []
        deliveries = [(f"deliver {text}", _delivery(text)) for text in texts]
        for what, act in (*life, *deliveries, *life, ("stop it", lambda side: _session(side).stop())):
            _alike(sides, what, act)
            _same(sides, what)


def _delivery(text: str) -> Callable[[_Side], object]:
    def deliver(side: _Side) -> None:
        side.home.inject(text)  # whether the host takes it is its own business: the plugin shows whether it came

    return deliver


def _session(side: _Side) -> Session:
    assert side.session is not None  # it is loaded first
    return side.session


def _alike(sides: tuple[_Side, _Side], what: str, act: Callable[[_Side], object]) -> bool:
    """Do something in both hosts; False when neither does it.

    Raises:
        Violation: one does it, and the other does not.
    """
    refused = [_refusal(side, act) for side in sides]
    if not any(refused):
        return True
    if all(refused):
        return False
    does, does_not = sides if refused[1] else sides[::-1]
    reason = refused[0] or refused[1]
    raise Violation(f"{what}: {does.name} does it, and {does_not.name} does not: {' '.join(reason.split())}")


def _refusal(side: _Side, act: Callable[[_Side], object]) -> str:
    """Why a host did not do something; "" when it did."""
    try:
        act(side)
    except (DriverFault, Unsupported):
        raise
    except HostError as error:
        return str(error) or "it does not say why"
    return ""


def _same(sides: tuple[_Side, _Side], what: str) -> None:
    """Make sure that both hosts show the same of the plugin since this was asked last."""
    one, two = sides
    _same_facts(sides, what, [_alive(side, what, side.facts) for side in sides])
    names = (f"on {one.name}", f"on {two.name}")
    here, there = (_alive(side, what, side.emitted) for side in sides)
    if here != there:
        lines = difference(here, there, names) or [f"what it emitted is {here} {names[0]}, and {there} {names[1]}"]
        raise Violation(_text(what, [f"it emitted: {line}" for line in lines]))
    said = [_alive(side, what, side.said) for side in sides]
    if said[0] != said[1]:
        pairs = list(zip(*said, strict=False))
        at = next((n for n, (left, right) in enumerate(pairs) if left != right), len(pairs))
        each = zip(said, names, strict=True)
        shown = [f"{lines[at]!r} {name}" if at < len(lines) else f"nothing {name}" for lines, name in each]
        raise Violation(_text(what, [f"it logged: line {at + 1}: {', '.join(shown)}"]))


def _alive(side: _Side, what: str, asked: Callable[[], Shown]) -> Shown:
    """What a host shows.

    Raises:
        Violation: it is dead.
    """
    try:
        return asked()
    except HostGone as end:
        step = printable(what, limit=100, lines=False)
        raise Violation(f"after `{step}` {side.name} did not survive: {end}") from None


def _same_facts(sides: tuple[_Side, _Side], what: str, facts: Sequence[dict[str, str]]) -> None:
    one, two = facts
    lines = [
        f"{key}: {one[key]!r} on {sides[0].name}, {two[key]!r} on {sides[1].name}"
        for key in one
        if one[key] != two[key]
    ]
    if lines:
        raise Violation(_text(what, lines))


def _text(what: str, lines: Sequence[str]) -> str:
    more = [f"({len(lines) - _SHOWN} more)"] if len(lines) > _SHOWN else []
    return "\n".join([f"after `{printable(what, limit=100, lines=False)}` the hosts differ:", *lines[:_SHOWN], *more])


def _described(session: Session) -> dict[str, str]:
    """What a plugin says of itself, as it was loaded."""
    try:
        schema = dumps(loads(session.schema_text))
    except NotJson:
        schema = session.schema_text
    return {"id": session.id, "name": session.name, "schema": schema, "state": session.state}


# The comparisons.


def _alone(trial: PairTrial) -> None:
    compare(trial, (), trial.seconds)


def _without_deltas(trial: PairTrial) -> None:
    """Make sure that what is found is about deltas.

    Raises:
        NotJudged: the hosts differ without any.
    """
    try:
        _alone(trial)
    except Violation as violation:
        raise NotJudged(f"the hosts differ without any delta (see SAME-001): {violation.seen}") from None


def _recorded(name: str) -> Callable[[PairTrial], None]:
    def over(trial: PairTrial) -> None:
        _without_deltas(trial)
        given = list(stream(name))
        found = _difference(trial, given, trial.seconds)
        if found is not None:
            raise _smallest(trial, given, found)

    return over


def _difference(trial: PairTrial, given: Sequence[Delta], seconds: float) -> Violation | None:
    try:
        compare(trial, given, seconds)
    except Violation as violation:
        return violation
    return None


def _smallest(trial: PairTrial, given: list[Delta], found: Violation) -> Violation:
    """The difference that the fewest of the deltas show: one of them, or those of which none can be left out."""
    until, steps = time.monotonic() + properties.SHRINK_SECONDS, trial.steps

    def differ(tried: list[Delta]) -> bool:
        nonlocal given, found, steps
        smaller = _difference(trial, tried, trial.seconds) if time.monotonic() < until else None
        if smaller is not None:
            given, found, steps = tried, smaller, trial.steps
        return smaller is not None

    if not any(differ([delta]) for delta in given):
        while len(given) > 2 and any(map(differ, _one_less(given))):
            pass
    trial.steps = steps
    return found


def _one_less(given: list[Delta]) -> list[list[Delta]]:
    return [[*given[:n], *given[n + 1 :]] for n in range(len(given))]


def _generated(trial: PairTrial) -> None:
    _without_deltas(trial)
    values = st.one_of(deltas().map(lambda delta: [delta]), delta_streams())
    found = properties.counterexample(trial, "SAME-004", values, lambda given: compare(trial, given, 0))
    if found is not None:
        raise found.violation


_COMPARISONS: dict[str, Callable[[PairTrial], None]] = {
    "SAME-001": _alone,
    "SAME-002": _recorded("ordinary"),
    "SAME-003": _recorded("edge"),
    "SAME-004": _generated,
}
