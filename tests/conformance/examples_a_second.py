"""How many examples a second a property-based check tries: `python tests/conformance/examples_a_second.py`.

Each example is a fresh host with a fresh store, in which the plugin is loaded, started, given a delta, and stopped.
Processor time is told beside real time, since a machine may have other things to do.
"""

import sys
import time

from hypothesis import settings

import conformance.properties
import corpus
from conformance.catalogue import requirement
from conformance.deltas import ordinary_deltas
from conformance.drivers.reference import RefhostDriver
from conformance.judge import judge
from conformance.subject import Subject
from refhost.package import read_package

EXAMPLES = 3000


class Counting(RefhostDriver):
    """Knows how many sessions there were."""

    sessions = 0

    def session(self, *arguments, **named):
        self.sessions += 1
        return super().session(*arguments, **named)


def told(what, driver, work):
    before, real, processor = driver.sessions, time.perf_counter(), time.process_time()
    work()
    real, processor = time.perf_counter() - real, time.process_time() - processor
    count = driver.sessions - before
    print(f"{what}: {count} in {real:.1f} s, {count / real:.0f} a second; by processor time {count / processor:.0f}")  # noqa: T201


def main(name="hello-c", requirement_id="DELTA-016"):
    settings.register_profile("measured", max_examples=EXAMPLES, database=None)
    settings.load_profile("measured")
    conformance.properties.SEARCH_SECONDS = 600.0
    driver = Counting()
    subject = Subject(read_package(corpus.plugin(name)), driver=driver)
    assert subject.observation.failure == ""

    def sessions():
        for number in range(EXAMPLES):
            with driver.session(subject.package) as session:
                session.start(subject.config)
                session.publish(ordinary_deltas()[number % 8])

    told(f"{name}, sessions alone", driver, sessions)
    told(f"{name}, {requirement_id}", driver, lambda: judge(requirement(requirement_id), subject))


if __name__ == "__main__":
    main(*sys.argv[1:])
