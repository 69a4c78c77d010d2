"""Lives: sequences of all that a host may do with a plugin, and the states that contract §9 has them lead to.

A life is a list of steps rather than a state machine of Hypothesis: a list shrinks to the fewest steps that show a
fault, is kept in the database like any other value, and reads as what it is. Any step can follow any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.strategies import deltas, put_values
from conformance.trial import unharmed
from conformance.verdict import Violation
from refhost.binary import CoreBinary
from refhost.capabilities import CAPABILITIES
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.drivers.interface import Session
    from conformance.subject import Subject
    from refhost.delta import Delta

Step = tuple[str, Any]

_MOST_STEPS = 12
# A component whose call is denied traps (§7) unless the call returns a result: these it can be without.
_WITHOUT_TRAP = ("storage", "network")
# No call of a plugin is about these.
_NOT_MISSED = ("staticFiles", "serialPorts")


def lives(subject: Subject, configurations: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[Step]]:
    """Lives of a plugin: a start, and up to twelve steps after it; the smallest is the start alone.

    Args:
        subject: the plugin.
        configurations: what it may be started with besides the subject's own configuration.
    """
    can = subject.driver.features

    def often(strategy: Callable[[], st.SearchStrategy[Step]]) -> list[st.SearchStrategy[Step]]:
        """What makes the most of one instance is offered twice; Hypothesis would take the same object for one."""
        return [strategy(), strategy()]

    steps: list[st.SearchStrategy[Step]] = [
        st.just(("start", subject.config)),
        st.just(("stop", None)),
        st.tuples(st.just("advance"), st.sampled_from((1.0, 0.3, 35.0))),
        *often(lambda: st.tuples(st.just("publish"), deltas())),
        *often(lambda: st.tuples(st.just("configure"), st.one_of(st.just(subject.config), configurations))),
        st.just(("reload", None)),
    ]
    if "put" in can and subject.grants.has("putHandlers"):
        steps += often(lambda: st.tuples(st.just("put"), st.tuples(st.integers(0, 3), put_values())))
    if "hot-reload" in can:
        steps.append(st.just(("hot_reload", None)))
    if "capabilities" in can:
        steps.append(st.tuples(st.just("withdraw"), st.sampled_from(("", *capabilities_to_withdraw(subject)))))
    return st.lists(st.one_of(steps), max_size=_MOST_STEPS).map(lambda after: [("start", subject.config), *after])


def capabilities_to_withdraw(subject: Subject) -> list[str]:
    """What the plugin holds, and can still be linked without (§18) and called without trapping by contract (§7)."""
    binary, grants = subject.binary, subject.grants
    held = [name for name in CAPABILITIES if grants.has(name) and name not in _NOT_MISSED]
    if not isinstance(binary, CoreBinary):
        return [name for name in held if name in _WITHOUT_TRAP]
    return [name for name in held if not binary.ungranted(grants.without(name))]


class Life:
    """One life as it goes on, and the state in which the plugin must be.

    Args:
        session: what the steps are done in.
        subject: the plugin.
    """

    def __init__(self, session: Session, subject: Subject) -> None:
        self._session = session
        self._grants = subject.grants
        self._all = subject.grants
        self._expected = "stopped"
        self._ran: dict[str, bool] = {}  # with a configuration, under the present capabilities

    def live(self, steps: Sequence[Step]) -> None:
        """Take all steps.

        Raises:
            Violation: the plugin trapped or hung, or is not in the state in which it must be.
        """
        for name, argument in steps:
            take: Callable[[Any], None] = getattr(self, f"_{name}")
            take(argument)
            unharmed(self._session, "in the life below")
            state = self._session.state
            if state != self._expected:
                raise Violation(
                    f"after the life below its state is {state}, not {self._expected}: {self._session.why()}"
                )

    def _start(self, config: Mapping[str, Any]) -> None:
        if self._expected == "running":  # then it changes nothing
            self._session.start(config)
            return
        runs = self._session.start(config) == "running"
        ran = self._ran.setdefault(dumps(dict(config)), runs)
        # With the same configuration and capabilities it starts each time, or never.
        self._expected = "running" if ran else "error"

    def _stop(self, _: object) -> None:
        self._session.stop()
        self._expected = "stopped" if self._expected == "running" else self._expected

    def _publish(self, delta: Delta) -> None:
        self._session.publish(delta)

    def _advance(self, seconds: float) -> None:
        self._session.advance(seconds)

    def _configure(self, config: Mapping[str, Any]) -> None:
        """What a running plugin sees of a new configuration is a stop and a start (§9)."""
        if self._expected == "running":
            self._stop(None)
            self._start(config)

    def _put(self, what: tuple[int, Any]) -> None:
        number, value = what
        registered = [entry.split(" ", 2) for entry in self._session.registered if entry.startswith("PUT ")]
        if registered:
            _, context, path = registered[number % len(registered)]
            self._session.put(context, path, value)

    def _hot_reload(self, _: object) -> None:
        self._session.hot_reload()
        self._expected = "running" if self._expected == "running" else "stopped"

    def _reload(self, _: object) -> None:
        self._session.reload(grants=self._grants)
        self._expected = "stopped"

    def _withdraw(self, capability: str) -> None:
        """Take one more capability away, or give all of them back."""
        self._grants = self._grants.without(capability) if capability else self._all
        self._ran.clear()
        self._reload(None)
