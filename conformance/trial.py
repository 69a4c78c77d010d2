"""What a check works with: sessions of the subject, and the ways a check can end early."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.endurance import endure
from conformance.verdict import NotJudged, Violation
from refhost.profiles import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.drivers.interface import LogRecord, Session
    from conformance.endurance import Endurance
    from conformance.subject import Observation, Subject
    from refhost.capabilities import Grants
    from refhost.package import PluginPackage

# A plugin that hangs is ended sooner here than on a boat: a person is waiting.
CALL_SECONDS = 5.0

FAULT_WORDS: Mapping[str, str] = {
    "trap": "it trapped",
    "abort": "it aborted",
    "exit": "it ended its own program",
    "timeout": "it did not return",
    "return": "it returned what cannot be read",
    "denied": "it used a function whose capability it lacks",
}


class Trial:
    """One check on one subject; remembers the last session, for the report."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.steps: list[str] = []
        self.log: list[LogRecord] = []
        self.departures: list[str] = []  # in which the host was seen to depart from the contract, in any session

    def show_until(self, *, claims: int = 0, records: int = 0, operations: int = 0) -> None:
        """Keep of the ordinary run's steps those that lead to the nth delta, log record or file operation."""
        self.steps = self.subject.observation.steps_until(claims, records, operations)

    def show_record(self, record: LogRecord) -> None:
        """Keep of the ordinary run's steps those that lead to a record of its log."""
        self.show_until(records=1 + next(n for n, r in enumerate(self.subject.observation.log) if r is record))

    @property
    def observation(self) -> Observation:
        """The ordinary run, however it ended."""
        seen = self.subject.observation
        self._keep(seen.steps, seen.log)
        return seen

    def keep(self, session: Session) -> None:
        """Have the report show this session, since it is not one of `session`."""
        self._keep(session.steps, session.log)

    def _keep(self, steps: Sequence[str], log: Sequence[LogRecord]) -> None:
        self.steps, self.log = list(steps), list(log)
        departures = dict.fromkeys(record.text for record in log if record.kind == RECORD)
        self.departures += [text for text in departures if text not in self.departures]

    def loaded(self, *, hanging: bool = False) -> Observation:
        """The ordinary run of a plugin that could at least be loaded.

        Args:
            hanging: take a plugin that hung, too; every other check would only wait for it once more.

        Raises:
            NotJudged: it could not be loaded, or it hung.
        """
        seen = self.observation
        if seen.failed_at == "load":
            raise NotJudged(f"the plugin could not be loaded: {seen.failure}")
        if seen.fault == "timeout" and not hanging:
            raise NotJudged(f"{seen.failure} (see LIFE-005)")
        return seen

    def startable(self) -> Observation:
        """The ordinary run of a plugin whose start came back, if only to refuse its configuration.

        Raises:
            NotJudged: start trapped, aborted or exited: with another configuration it would again.
        """
        seen = self.loaded()
        if seen.failed_at == "start" and seen.fault:
            raise NotJudged(f"the plugin did not start: {seen.failure}")
        return seen

    def lived(self) -> Observation:
        """The ordinary run of a plugin that started; it may have failed later.

        Raises:
            NotJudged: it did not start.
        """
        seen = self.loaded()
        if seen.failed_at == "start":
            raise NotJudged(f"the plugin did not start: {seen.failure}")
        return seen

    def survived(self) -> Observation:
        """The ordinary run of a plugin that went through it until it was stopped.

        Raises:
            NotJudged: it did not.
        """
        seen = self.lived()
        if seen.failed_at == "run":
            raise NotJudged(f"the plugin did not survive an ordinary run: {seen.failure}")
        return seen

    def calm(self) -> None:
        """Make sure that the plugin does not answer its own deltas without end: it would answer all others so, too.

        Raises:
            NotJudged: in its ordinary run the host cut it off.
        """
        cut_off = drowning(self.observation.log)
        if cut_off:
            raise NotJudged(f"in an ordinary run {cut_off.function} was refused: {cut_off.text} (see DELTA-018)")

    @property
    def call_seconds(self) -> float:
        """How long a call may take, for a check that opens a host itself."""
        return CALL_SECONDS

    @property
    def endurance(self) -> Endurance:
        """The run of ten thousand deltas, made once, however it ended.

        Raises:
            NotJudged: each of them would set off thousands.
        """
        self.calm()
        seen = self.subject.endurance = self.subject.endurance or endure(self.subject, call_seconds=CALL_SECONDS)
        self._keep(seen.steps, seen.log)
        return seen

    @contextmanager
    def session(self, *, grants: Grants | None = None, package: PluginPackage | None = None) -> Iterator[Session]:
        """A fresh host with the plugin, or another package of it, loaded; its steps and log are kept."""
        with self.subject.driver.session(
            package or self.subject.package, grants=grants, call_seconds=CALL_SECONDS
        ) as session:
            try:
                yield session
            finally:
                self._keep(session.steps, session.log)

    @property
    def nameless(self) -> PluginPackage:
        """The package without a name that a host could show in the place of the plugin's own."""
        return replace(self.subject.package, manifest={}, origin="")

    @contextmanager
    def running(self, config: Mapping[str, Any] | None = None, *, grants: Grants | None = None) -> Iterator[Session]:
        """The same, started; for checks about what comes after.

        Raises:
            NotJudged: it does not start.
        """
        self.lived()
        with self.session(grants=grants) as session:
            if session.start(self.subject.config if config is None else config) != "running":
                raise NotJudged(f"the plugin did not start: {session.why()}")
            yield session


def drowning(log: Sequence[LogRecord]) -> LogRecord | None:
    """The record that says that a plugin emitted more than a host takes of one at once, if there is one."""
    return next((record for record in log if record.kind == "refused" and "(R21)" in record.text), None)


def unharmed(session: Session, doing: str) -> None:
    """Make sure that no call ended badly.

    Raises:
        Violation: one did.
    """
    if session.fault:
        raise Violation(f"{doing}: {ending(session.fault, session.why())}", hung=session.fault == "timeout")


def ending(fault: str, why: str) -> str:
    """How a call ended, in words: `plugin_start trapped: unreachable`; why alone may not say it, with some hosts."""
    _, _, verb = FAULT_WORDS[fault].partition("it ")
    return why if verb.partition(" ")[0] in why else f"{FAULT_WORDS[fault]}: {why}"


def refuse_none(trial: Trial, refusals: Sequence[LogRecord]) -> None:
    """Make sure that the host refused nothing.

    Raises:
        Violation: it did; the steps are those that led to it.
    """
    if refusals:
        trial.show_record(refusals[0])
        raise Violation(f"{refusals[0].function} was refused: {refusals[0].text}")


def require(condition: object, seen: str, *, case: str = "", mend: str = "") -> None:
    """Make sure of a condition.

    Raises:
        Violation: it does not hold.
    """
    if not condition:
        raise Violation(seen, case=case, mend=mend)
