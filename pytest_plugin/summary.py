"""The report header, and the summary by group at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from conformance.catalogues import catalogue_of
from conformance.drivers import named
from conformance.drivers.features import FEATURES
from pytest_plugin import baseline, hosts, options, profiles, selection
from refhost.printing import printable

if TYPE_CHECKING:
    import pytest
    from _pytest.terminal import TerminalReporter

    from pytest_plugin.results import Results, VerdictData

_COLUMNS = (
    ("pass", "passed"),
    ("fail", "failed"),
    ("not-judged", "not judged"),
    ("stale", "stale in the baseline"),
    ("warn", "warned"),
    ("known", "known to fail"),
    ("not-applicable", "not applicable"),
)


def header(config: pytest.Config) -> list[str]:
    """What was chosen: plugins with dialect, size and capabilities; hosts with what they lack; profile and versions."""
    profile = " and ".join(each.name for each in profiles.chosen(config))
    names = ", ".join(host.name for host in hosts.chosen(config)) or named.REFHOST
    versions = f"profile {profile}, wasmtime {version('wasmtime')}"
    lines = [f"signalk-wasm: {version('pytest-signalk-wasm')}, host {names}, {versions}"]
    for entry in {entry.plugin: entry for entry in selection.subjects(config)}.values():
        package = entry.subject.package
        granted = [name for name in package.grants.values if package.grants.has(name)]
        source = package.manifest_path or "no package.json: capabilities are the defaults"
        if options.text_of(config, "wasm_capabilities")[0]:
            source = "--wasm-capabilities" if config.getoption("wasm_capabilities") else "wasm_capabilities"
        lines.append(
            f"wasm-plugin: {entry.plugin} ({entry.subject.dialect}, {len(package.binary)} bytes) may "
            f"{', '.join(granted) or 'do nothing'} ({source})"
        )
        lines += [f"wasm-plugin: warning: {printable(warning, lines=False)}" for warning in package.grants.warnings]
    lines += [_host_line(host) for host in {host.spec: host for host in hosts.chosen(config)}.values()]
    known = baseline.shown(config)
    return [*lines, *([f"wasm-baseline: {known}"] if known else [])]


def _host_line(host: hosts.Chosen) -> str:
    lacking = [feature for feature in FEATURES if feature not in host.driver.features]
    called = printable(f"{host.name} {host.driver.version}".strip(), lines=False)
    spec = f" ({printable(host.spec, limit=200, lines=False)})" if host.spec != host.name else ""
    can = f"lacks {', '.join(lacking)}" if lacking else "has every feature"
    return f"wasm-host: {called}{spec} {can}"


def write(reporter: TerminalReporter, results: Results, updated: str) -> None:
    """Write one table for each plugin or host, and under it what warned and what did not apply.

    Args:
        reporter: pytest's.
        results: the verdicts.
        updated: what there is to say of a baseline that was written.
    """
    by_name: dict[str, list[VerdictData]] = defaultdict(list)
    for verdict in results.verdicts.values():
        by_name[verdict["name"]].append(verdict)
    for verdicts in by_name.values():
        verdicts.sort(key=lambda verdict: verdict["requirement"])
    reporter.ensure_newline()
    for name, verdicts in by_name.items():
        reporter.section(f"conformance of {name}")
        _write_table(reporter, verdicts)
        _write_failures(reporter, verdicts)
        _write_warnings(reporter, verdicts)
        _write_known(reporter, verdicts)
        _write_not_applicable(reporter, verdicts)
    profiles.write(reporter, results.verdicts.values())
    known = updated or baseline.shown(reporter.config)
    if known:
        reporter.write_line(f"wasm-baseline: {known}")
    if results.judged_nothing():
        reporter.write_line("Nothing applied, so nothing was judged: that is no success.", red=True)


def _write_table(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    # In the catalogue's order, which xdist does not keep.
    groups: dict[str, Counter[str]] = {group.name: Counter() for group in catalogue_of(verdicts[0]["kind"])}
    for verdict in verdicts:
        outcome = "not-judged" if verdict["cascade"] and verdict["outcome"] == "fail" else verdict["outcome"]
        groups[verdict["group"]][outcome] += 1
    for group, counts in groups.items():
        if not counts:
            continue
        cells = ", ".join(f"{counts[key]} {word}" for key, word in _COLUMNS if counts[key])
        markup = (
            {"red": True}
            if counts["fail"] or counts["not-judged"] or counts["stale"]
            else {"yellow": True}
            if counts["warn"] or counts["known"]
            else {"green": True}
        )
        reporter.write_line(f"{group:<8}{cells}", **markup)
    judged = sum(v["outcome"] != "not-applicable" and not v["cascade"] for v in verdicts)
    reporter.write_line(f"{judged} of {len(verdicts)} requirements judged.")


def _write_failures(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    cascades = [v for v in verdicts if v["cascade"] and v["outcome"] == "fail"]
    if cascades:
        reasons = Counter(v["reason"] for v in cascades)
        for reason, count in reasons.items():
            why = reason.removeprefix("could not be judged: ")
            reporter.write_line(f"{count} not judged, and so failed: {_in_a_line(why)}", red=True)
        for mend in dict.fromkeys(v["mend"] for v in cascades):
            reporter.write_line(f"        mend: {mend}")


def _in_a_line(text: str) -> str:
    """Words that may be a plugin's: a line of their own could pass for pytest's, or for a command to a CI machine."""
    return printable(text, limit=4000, lines=False)


def _write_known(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    for verdict in verdicts:
        if verdict["outcome"] == "known":
            reporter.write_line(f"known to fail: {verdict['requirement']}: {_in_a_line(verdict['known'])}", yellow=True)


def _write_warnings(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    warned = [verdict for verdict in verdicts if verdict["outcome"] == "warn"]
    verbose = reporter.config.get_verbosity() > 0
    for verdict in warned:
        reporter.write_line(f"{verdict['requirement']} (SHOULD): {verdict['text']}", yellow=True)
        reporter.write_line(f"        seen: {_in_a_line(verdict['reason'])}")
        for step in verdict["case"] if verbose else ():
            reporter.write_line(f"        case: {_in_a_line(step)}")
        reporter.write_line(f"        mend: {verdict['mend']}")
        reporter.write_line(f"        again: {verdict['again']}")
    if any(verdict["case"] for verdict in warned) and not verbose:
        reporter.write_line("With -v each warning has the steps that lead to it.")


def _write_not_applicable(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    reasons: dict[str, list[str]] = defaultdict(list)
    for verdict in verdicts:
        if verdict["outcome"] == "not-applicable":
            reasons[verdict["reason"]].append(verdict["requirement"])
    for reason, ids in reasons.items():
        reporter.write_line(f"not applicable: {', '.join(ids)}: {_in_a_line(reason)}")
