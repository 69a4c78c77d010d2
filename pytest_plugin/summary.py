"""The report header, and the summary by group at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from conformance.catalogue import catalogue
from pytest_plugin import options, profiles, selection
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
    """What was chosen: plugins with dialect, size and capabilities; host, profile and versions."""
    chosen = " and ".join(profile.name for profile in profiles.chosen(config))
    lines = [
        (
            f"signalk-wasm: {version('pytest-signalk-wasm')}, host refhost, profile {chosen}, "
            f"wasmtime {version('wasmtime')}"
        )
    ]
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
    return lines


def write(reporter: TerminalReporter, results: Results, updated: str) -> None:
    """Write one table for each plugin, and under it what warned and what did not apply.

    Args:
        reporter: pytest's.
        results: the verdicts.
        updated: what there is to say of a baseline that was written.
    """
    by_plugin: dict[str, list[VerdictData]] = defaultdict(list)
    for verdict in results.verdicts.values():
        by_plugin[verdict["name"]].append(verdict)
    for verdicts in by_plugin.values():
        verdicts.sort(key=lambda verdict: verdict["requirement"])
    reporter.ensure_newline()
    for plugin, verdicts in by_plugin.items():
        reporter.section(f"conformance of {plugin}")
        _write_table(reporter, verdicts)
        _write_failures(reporter, verdicts)
        _write_warnings(reporter, verdicts)
        _write_known(reporter, verdicts)
        _write_not_applicable(reporter, verdicts)
    profiles.write(reporter, results.verdicts.values())
    if updated:
        reporter.write_line(f"wasm-baseline: {updated}")
    if results.judged_nothing():
        reporter.write_line("Nothing applied, so nothing was judged: that is no success.", red=True)


def _write_table(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    # In the catalogue's order, which xdist does not keep.
    groups: dict[str, Counter[str]] = {group.name: Counter() for group in catalogue()}
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
            reporter.write_line(f"{count} not judged, and so failed: {why}", red=True)
        for mend in dict.fromkeys(v["mend"] for v in cascades):
            reporter.write_line(f"        mend: {mend}")


def _write_known(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    for verdict in verdicts:
        if verdict["outcome"] == "known":
            reporter.write_line(f"known to fail: {verdict['requirement']}: {verdict['known']}", yellow=True)


def _write_warnings(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    for verdict in verdicts:
        if verdict["outcome"] == "warn":
            reporter.write_line(f"{verdict['requirement']} (SHOULD): {verdict['text']}", yellow=True)
            reporter.write_line(f"        seen: {verdict['reason']}")
            reporter.write_line(f"        mend: {verdict['mend']}")


def _write_not_applicable(reporter: TerminalReporter, verdicts: list[VerdictData]) -> None:
    reasons: dict[str, list[str]] = defaultdict(list)
    for verdict in verdicts:
        if verdict["outcome"] == "not-applicable":
            reasons[verdict["reason"]].append(verdict["requirement"])
    for reason, ids in reasons.items():
        reporter.write_line(f"not applicable: {', '.join(ids)}: {reason}")
