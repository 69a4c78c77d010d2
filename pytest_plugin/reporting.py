"""`--wasm-report`: gathers what becomes of each requirement, and writes the reports at the end.

Only the process that sums up does this; under pytest-xdist the others send it their results.
"""

from __future__ import annotations

import platform
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from conformance.files import writable
from conformance.report.folder import forget, write
from conformance.report.journal import JOURNAL, Run
from conformance.report.model import Judgement, Report
from conformance.verdict import Outcome
from pytest_plugin import options, selection
from refhost.arguments import sentence
from refhost.errors import ConfigurationError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from _pytest.terminal import TerminalReporter

    from pytest_plugin.results import VerdictData
    from pytest_plugin.selected import Selected

_PACKAGES = ("pytest-signalk-wasm", "pytest", "hypothesis", "wasmtime")


def begin(config: pytest.Config) -> None:
    """Make the folder, and begin a journal in it.

    Raises:
        pytest.UsageError: it cannot be written to.
    """
    folder = options.path_of(config, "wasm_report")
    assert folder is not None  # it was asked for
    where = options.named(config, "wasm_report")
    try:
        writable(folder)
        forget(folder)
        run = Run([_report(config, selected) for selected in selection.judged(config)], folder / JOURNAL)
    except ConfigurationError as error:
        raise pytest.UsageError(sentence(where, error)) from None
    except OSError as error:
        raise pytest.UsageError(f"{where}: {folder} cannot be written to: {error.strerror}.") from None
    config.pluginmanager.register(Reporter(config, folder, run), "signalk-wasm-reporter")


def _report(config: pytest.Config, selected: Selected) -> Report:
    return Report(
        subject=selected.described(),
        host=selected.host_name,
        profile=selected.profile,
        seed={"host": selected.driver.seed, "hypothesis": _hypothesis_seed(config)},
        versions={"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        requirements=tuple(
            Judgement.not_run(requirement, f"{selected.name}::{group.name}::{requirement.id}")
            for group in selected.groups
            for requirement in group.requirements
        ),
    )


def _hypothesis_seed(config: pytest.Config) -> int | str:
    given = config.getoption("hypothesis_seed", None)
    if given is not None:
        return int(given) if str(given).isdecimal() else str(given)
    return "derandomized" if settings.default is None or settings.default.derandomize else "random"


@dataclass(eq=False)
class Reporter:
    """A plugin of pytest, for the length of one run.

    Attributes:
        problem: why the reports are not there; "" while all is well.
    """

    config: pytest.Config
    folder: Path
    run: Run
    problem: str = ""
    _selected: set[str] = field(default_factory=set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say what was not selected, so that a run that is killed knows too."""
        self._collected(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        """The same, when others collect: all of them find the same."""
        self._collected(ids)

    def _collected(self, ids: Iterable[str]) -> None:
        if not self._selected:
            self._selected.update(ids)
            checks = [row.checks[0] for report in self.run.reports for row in report.requirements]
            with self._careful():
                self.run.left_out((c for c in checks if c not in self._selected), "it was not selected in this run")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what became of one item, at once."""
        if report.nodeid not in self.run:
            return
        verdict: VerdictData | None = getattr(report, "wasm", None)
        with self._careful():
            if verdict is not None:
                self.run.judged(report.nodeid, _row(verdict))
            elif report.failed:
                self.run.judged(report.nodeid, _not_judged(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a run without the report that was asked for is no success."""
        self.problem = ""  # A journal that could not be kept is no loss, once the reports are there.
        with self._careful(), closing(self.run):
            write(self.run.reports, self.folder)
            (self.folder / JOURNAL).unlink()
        if self.problem and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Say where the reports are."""
        if self.problem:
            terminalreporter.write_line(f"wasm-report: {self.problem}", red=True)
        else:
            page = options.shown_path(self.config, self.folder / "report.html")
            terminalreporter.write_line(f"wasm-report: {page}")

    @contextmanager
    def _careful(self) -> Iterator[None]:
        """Remember what keeps a file from being written; the run itself goes on."""
        try:
            yield
        except OSError as error:
            self.problem = self.problem or f"{self.folder} cannot be written to: {error.strerror}."


def _row(verdict: VerdictData) -> dict[str, Any]:
    """What a verdict changes in its row."""
    return {
        "outcome": verdict["outcome"],
        "reason": verdict["reason"],
        "case": verdict["case"],
        "mend": verdict["mend"],
        "log": verdict["log"],
        "again": printable(verdict["again"], limit=2000, lines=False),
        "known": verdict["known"],
        "cascade": verdict["cascade"],
    }


def _not_judged(report: pytest.TestReport) -> dict[str, Any]:
    """What a failure without a verdict changes: the harness failed, or the process that judged ended."""
    crash = getattr(report.longrepr, "reprcrash", None)
    title = str(crash.message if crash else report.longrepr).strip().partition("\n")[0]
    return {
        "outcome": Outcome.FAIL,
        "reason": printable(f"could not be judged: {title}", limit=300, lines=False),
        "mend": "This is a fault of the harness, and none of what it judges: please report it.",
        "cascade": True,
    }
