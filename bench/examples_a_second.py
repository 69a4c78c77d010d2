"""How many examples a second a property-based check tries: `python -m bench.examples_a_second [PLUGIN [REQUIREMENT]]`.

Each example is a fresh host with a fresh store, in which the plugin is loaded, started, given a delta, and stopped.
Processor time is told beside real time, since a machine may have other things to do.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hypothesis import settings

import conformance.properties
import corpus
from conformance.catalogue import requirement
from conformance.deltas import ordinary_deltas
from conformance.drivers.reference import RefhostDriver
from conformance.judge import judge
from conformance.subject import Subject
from refhost.package import read_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.drivers.reference import RefhostSession
    from refhost.capabilities import Grants
    from refhost.package import PluginPackage

EXAMPLES = 3000
_MINUTES = 10


class Counting(RefhostDriver):
    """Knows how many sessions there were."""

    sessions = 0

    @contextmanager
    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> Iterator[RefhostSession]:
        """Load a plugin into a fresh host."""
        self.sessions += 1
        with super().session(package, grants=grants, call_seconds=call_seconds) as session:
            yield session


def tell(what: str, driver: Counting, work: Callable[[], object]) -> None:
    """Print how many sessions some work took, and how long."""
    before, real, processor = driver.sessions, time.perf_counter(), time.process_time()
    work()
    real, processor = time.perf_counter() - real, time.process_time() - processor
    count = driver.sessions - before
    print(f"{what}: {count} in {real:.1f} s, {count / real:.0f} a second; by processor time {count / processor:.0f}")


def main(name: str = "hello-c", requirement_id: str = "DELTA-016") -> None:
    """Measure one plugin of the corpus.

    Args:
        name: of the plugin.
        requirement_id: of a requirement that is judged by examples.
    """
    settings.register_profile("measured", max_examples=EXAMPLES, database=None)
    settings.load_profile("measured")
    conformance.properties.SEARCH_SECONDS = 60.0 * _MINUTES
    driver = Counting()
    subject = Subject(read_package(corpus.plugin(name)), driver=driver)
    if subject.observation.failure:
        sys.exit(f"{name} has no ordinary run: {subject.observation.failure}")
    deltas = ordinary_deltas()

    def sessions() -> None:
        for number in range(EXAMPLES):
            with driver.session(subject.package) as session:
                session.start(subject.config)
                session.publish(deltas[number % len(deltas)])

    tell(f"{name}, sessions alone", driver, sessions)
    tell(f"{name}, {requirement_id}", driver, lambda: judge(requirement(requirement_id), subject))


if __name__ == "__main__":
    main(*sys.argv[1:])
