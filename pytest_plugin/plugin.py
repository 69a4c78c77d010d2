"""The hooks, and nothing else. Nothing heavy is imported before an option or a fixture asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_plugin import comparing, options
from pytest_plugin.fixtures import delta_snapshot, load_wasm_plugin, signalk, wasm_plugin
from pytest_plugin.results import RESULTS, Results

if TYPE_CHECKING:
    from collections.abc import Generator

    from _pytest.terminal import TerminalReporter

__all__ = ["delta_snapshot", "load_wasm_plugin", "signalk", "wasm_plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and their ini keys."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the place where results are gathered."""
    config.addinivalue_line(
        "markers",
        "wasm(plugin=None, capabilities=None, config=None, profile=None): which plugin the fixtures of this test load, "
        "and how",
    )
    config.stash[RESULTS] = Results()
    options.keep_snapshots(config)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Explain a requirement, and run nothing."""
    wanted = config.getoption("wasm_explain")
    if wanted is None:
        return None
    from pytest_plugin import explaining

    return explaining.explain(wanted)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read plugins and start hosts before anything else happens: what is wrong with them is a usage error."""
    if options.path_of(session.config, "wasm_fetch") is not None:
        from pytest_plugin import recordings

        recordings.answers(session.config)
    if options.text_of(session.config, "wasm_profile")[0]:
        from pytest_plugin import profiles

        profiles.chosen(session.config)
    if not options.plugin_paths(session.config):
        options.check_alone(session.config)
    if options.judges(session.config):
        from pytest_plugin import selection

        selection.prepare(session.config)
        _prepare_outputs(session.config)


def _prepare_outputs(config: pytest.Config) -> None:
    if options.path_of(config, "wasm_baseline") or config.getoption("wasm_baseline_update"):
        from pytest_plugin import baseline

        baseline.prepare(config)
    if options.path_of(config, "wasm_report") and not options.is_worker(config) and not config.option.collectonly:
        from pytest_plugin import reporting

        reporting.begin(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what was chosen."""
    if not options.judges(config):
        return []
    from pytest_plugin import summary

    return summary.header(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Take the ids of conformance items out of the arguments: no file has such a name."""
    if options.judges(session.config):
        from pytest_plugin import selection

        selection.take_pasted_ids(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Hang the conformance items on the session, beside the user's own tests."""
    report = yield
    if isinstance(collector, pytest.Session) and options.judges(collector.config):
        from pytest_plugin import collection

        report.result = [*(report.result or ()), *collection.collectors(collector)]
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the pasted ids only, where there are any."""
    if options.judges(config):
        from pytest_plugin import selection

        selection.keep_pasted(config, items)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `wasm_plugin` once for each plugin; named for a single one too, as its snapshots are."""
    paths = options.plugin_paths(metafunc.config)
    if "wasm_plugin" in metafunc.fixturenames and paths:
        marker = metafunc.definition.get_closest_marker("wasm")
        if marker is None or marker.kwargs.get("plugin") is None:
            from pytest_plugin import selection

            subjects = selection.subjects(metafunc.config)
            if marker is not None and marker.kwargs.get("profile") is not None:  # then not once for each profile
                subjects = list({s.plugin: s for s in reversed(subjects)}.values())[::-1]
            metafunc.parametrize("wasm_plugin", subjects, ids=[s.name for s in subjects], indirect=True)


# A wrapper, so that it comes before what others say about the same comparison.
@pytest.hookimpl(wrapper=True)
def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> Generator[None, list[list[str] | None], list[list[str] | None]]:
    """Say of deltas which path differs; with -vv, behind it, what pytest says of them."""
    others = yield
    ours = comparing.explained(op, left, right)
    if not ours:
        return others
    whole = next((lines[1:] for lines in others if lines), []) if config.get_verbosity() > 1 else []
    return [[*ours, *whole]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the verdict travel with the report: xdist carries it to the controller."""
    report = yield
    verdict = item.stash.get(options.VERDICT, None)
    if verdict is not None and report.when == "call":
        report.wasm = verdict  # type: ignore[attr-defined]  # an attribute of ours
        if report.skipped:
            known = verdict["outcome"] == "known"
            reason = f"known failure: {verdict['known']}" if known else f"not applicable: {verdict['reason']}"
            report.longrepr = (str(item.path), 0, reason)
    return report


def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Show what is not applicable, and what only warns, as what it is."""
    verdict = getattr(report, "wasm", None)
    if verdict is None:
        return None
    if verdict["outcome"] == "not-applicable":
        return "not applicable", "n", ("N/A", {"blue": True})
    if verdict["outcome"] == "known":
        return "known", "k", ("KNOWN", {"yellow": True})
    if verdict["cascade"]:
        return "not judged", "u", ("NOT JUDGED", {"red": True})
    if verdict["outcome"] == "warn":
        return "warned", "w", ("WARN", {"yellow": True})
    return None


# pytest hands a report to every process's hook; only the one that sums up keeps it.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather the verdicts."""
    verdict = getattr(report, "wasm", None)
    if verdict is not None:
        Results.current.add(report.nodeid, verdict)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run that judged nothing is no success. Write the baseline, where that was asked for."""
    config = session.config
    results = config.stash[RESULTS]
    if exitstatus == pytest.ExitCode.OK and results.judged_nothing():
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    if config.getoption("wasm_baseline_update") and results.verdicts and not options.is_worker(config):
        from pytest_plugin import baseline

        baseline.update(session, results.verdicts.values())


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Sum up by group."""
    if config.stash[RESULTS].verdicts:
        from pytest_plugin import baseline, summary

        summary.write(terminalreporter, config.stash[RESULTS], config.stash.get(baseline.UPDATED, ""))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the processes of hosts."""
    if options.host_specs(config):
        from pytest_plugin import hosts

        hosts.close(config)
