"""Judging what the kill matrix is of, spread over processes; what comes of it does not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
from conformance.catalogue import requirement
from conformance.drivers.reference import RefhostDriver
from conformance.host_catalogue import host_requirement
from conformance.host_judge import judge_host
from conformance.host_mutants import MutantDriver
from conformance.judge import judge
from conformance.kill.depth import MUTANT_CALL_SECONDS, QUICK, THOROUGH, looking
from conformance.subject import Subject
from conformance.trial import CALL_SECONDS
from conformance.verdict import Outcome
from corpus.mutants import EditError, write
from refhost.errors import ConfigurationError, HostError
from refhost.limits import Limits
from refhost.package import read_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from conformance.kill.task import Task
    from conformance.verdict import Verdict
    from refhost.package import PluginPackage


@dataclass(frozen=True)
class Finding:
    """What a requirement said.

    Attributes:
        reason: what was seen, made safe for a person; "" for a pass.
        cascade: whether it could not be judged.
    """

    outcome: Outcome
    reason: str = ""
    cascade: bool = False

    @property
    def is_broken(self) -> bool:
        """Whether it was judged, and is broken."""
        return self.outcome in (Outcome.FAIL, Outcome.WARN) and not self.cascade


@dataclass(frozen=True)
class Tried:
    """What came of a task.

    Attributes:
        findings: by the ids of the requirements.
        error: why there are none; "" when there are.
    """

    task: Task
    findings: Mapping[str, Finding] = field(default_factory=dict)
    error: str = ""

    @property
    def broken(self) -> list[str]:
        """The ids of the requirements that it breaks."""
        return [one for one, finding in self.findings.items() if finding.is_broken]


def tried(task: Task) -> Tried:
    """Judge one plugin or host by its requirements; whatever keeps it from being judged is the `error`."""
    try:
        return _tried(task)
    except Exception as error:  # noqa: BLE001 - of a check, or of the host: the others are judged all the same
        words = " ".join(str(error).split())
        return Tried(
            task, error=words if isinstance(error, (EditError, HostError)) else f"{type(error).__name__}: {words}"
        )


def _tried(task: Task) -> Tried:
    if task.is_host:
        return Tried(task, _host_findings(task))
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        given = write(task.name, Path(folder)) if task.is_mutant else corpus.plugin(task.name)
        return Tried(task, _plugin_findings(task, read_package(given)))


def _host_findings(task: Task) -> dict[str, Finding]:
    def judged(ids: Iterable[str]) -> dict[str, Finding]:
        return {one: _host_finding(one, task) for one in ids}

    with looking(THOROUGH):
        own = judged(task.breaks)
    with looking(QUICK):
        return own | judged(task.others)


def _host_finding(requirement_id: str, task: Task) -> Finding:
    driver = MutantDriver(task.name) if task.is_mutant else RefhostDriver()
    try:
        return _finding(judge_host(host_requirement(requirement_id), driver))
    except Exception as error:  # a mutant is in this process: what would be the end of a host arrives here
        if not task.is_mutant:
            raise
        return Finding(Outcome.FAIL, f"the host did not survive: {type(error).__name__}")


def _plugin_findings(task: Task, package: PluginPackage) -> dict[str, Finding]:
    seconds = MUTANT_CALL_SECONDS if task.is_mutant else CALL_SECONDS

    def judged(ids: Iterable[str]) -> dict[str, Finding]:
        subject = Subject(package, driver=RefhostDriver(limits=Limits(call_seconds=seconds)))
        return {one: _finding(judge(requirement(one), subject)) for one in ids}

    with looking(THOROUGH, call_seconds=seconds):
        own = judged(task.breaks)
    with looking(QUICK, call_seconds=seconds):
        return own | judged(task.others)


def _finding(verdict: Verdict) -> Finding:
    return Finding(verdict.outcome, verdict.reason, verdict.cascade)


def all_tried(
    tasks: Sequence[Task],
    *,
    processes: int = 0,
    done: Callable[[], None] = lambda: None,
    judge_one: Callable[[Task], Tried] = tried,
) -> list[Tried]:
    """Judge everything, in the order of the tasks whatever was done first.

    Args:
        tasks: what to judge.
        processes: how many work at the same time; 0 for one for each core.
        done: called as each is done.
        judge_one: judges one of them.

    Raises:
        ConfigurationError: one of the processes came to an end by itself.
    """
    if processes == 1 or len(tasks) == 1:
        found = []
        for task in tasks:
            found.append(judge_one(task))
            done()
        return found
    # Started anew, not forked: what runs WebAssembly has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes or os.cpu_count() or 1, mp_context=context) as pool:
        futures = [pool.submit(judge_one, task) for task in tasks]
        try:
            for future in as_completed(futures):
                future.result()
                done()
        except BrokenProcessPool:
            raise ConfigurationError("A process that judged came to an end by itself.") from None
        finally:
            pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]
