"""`--wasm-baseline`: known failures, read before the run; `--wasm-baseline-update` writes them after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.baseline import Baseline, Entry, read, settled
from conformance.files import writable
from conformance.verdict import Outcome
from pytest_plugin import options, selection
from refhost.arguments import sentence
from refhost.capabilities import nearest
from refhost.errors import ConfigurationError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.baseline import Key
    from pytest_plugin.results import VerdictData
    from pytest_plugin.selection import Selected

_BASELINE = pytest.StashKey[Baseline]()
# What there is to say of the baseline when the run is over.
UPDATED = pytest.StashKey[str]()


def prepare(config: pytest.Config) -> None:
    """Read the baseline.

    Raises:
        pytest.UsageError: it cannot be used, or an entry is about nothing in this run; in a sentence.
    """
    file, updating = options.path_of(config, "wasm_baseline"), config.getoption("wasm_baseline_update")
    if file is None:
        if updating:
            raise pytest.UsageError("--wasm-baseline-update: name the file that it is to write with --wasm-baseline.")
        return
    try:
        if updating:
            writable(file.parent)
        fresh = updating and not file.exists()
        config.stash[_BASELINE] = Baseline.of(()) if fresh else read(file)
        if not updating:
            _check_plugins(config)
    except ConfigurationError as error:
        raise pytest.UsageError(sentence(options.named(config, "wasm_baseline"), error)) from None


def _check_plugins(config: pytest.Config) -> None:
    if config.getoption("wasm_plugin") and config.getini("wasm_plugin"):
        return  # Of the project's plugins only some are judged now: entries of the others are no mistake.
    names = {entry.plugin for entry in selection.subjects(config)}
    for entry in config.stash[_BASELINE].entries.values():
        if entry.plugin not in names:
            meant = nearest(entry.plugin, names)
            raise ConfigurationError(
                f'It lists {entry.requirement} of "{entry.plugin}", and no plugin of this run is called so'
                f"{f' (did you mean {meant}?)' if meant else ''}."
            )


def settle(config: pytest.Config, selected: Selected, requirement: str, outcome: Outcome) -> tuple[Outcome, str]:
    """What an outcome comes to under the baseline, and the reason that it gives."""
    baseline = config.stash.get(_BASELINE, None)
    if baseline is None:
        return outcome, ""
    updating = config.getoption("wasm_baseline_update")
    entry = baseline.get(selected.plugin, selected.profile, requirement)
    found = settled(outcome, listed=entry is not None, updating=updating)
    if found is Outcome.KNOWN and entry is None:
        entry = Entry(selected.plugin, requirement, selected.profile)
    reason = entry.reason if entry and found in {Outcome.KNOWN, Outcome.STALE} else ""
    return found, printable(reason, limit=1000, lines=False)


def stale_text(config: pytest.Config, outcome: Outcome, known: str) -> str:
    """What is wrong with an entry of the baseline that does not fail any more."""
    now = "it holds" if outcome is Outcome.PASS else "it does not apply to the plugin"
    file = options.path_of(config, "wasm_baseline")
    assert file is not None  # there is no stale entry without a baseline
    return (
        f"{now}, and {options.shown_path(config, file)} lists it as a known failure ({known}). Remove the entry; "
        "--wasm-baseline-update does so."
    )


def update(session: pytest.Session, verdicts: Iterable[VerdictData]) -> None:
    """Write the baseline, and say at the end what is in it now; one that cannot be written fails the run."""
    config = session.config
    file, before = options.path_of(config, "wasm_baseline"), config.stash[_BASELINE]
    assert file is not None  # prepare() has seen to it
    places = {entry.name: entry.subject.package.origin for entry in selection.subjects(config)}
    judged: dict[Key, Entry | None] = {}
    for verdict in verdicts:
        entry = _entry(verdict, places[verdict["name"]])
        judged[entry.key] = entry if verdict["outcome"] == Outcome.KNOWN else None
    after = before.updated(judged)
    shown = options.shown_path(config, file)
    try:
        after.write(file)
    except OSError as error:
        config.stash[UPDATED] = f"{shown} cannot be written: {error.strerror}."
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    else:
        new, gone = after.entries.keys() - before.entries.keys(), before.entries.keys() - after.entries.keys()
        config.stash[UPDATED] = f"{shown}: known failures: {len(after.entries)}; new: {len(new)}; removed: {len(gone)}"


def _entry(verdict: VerdictData, place: str) -> Entry:
    """An entry without the plugin's place on this machine, for the file goes to others."""
    shown_by = verdict["case"][-1] if verdict["case"] else ""
    return Entry(
        plugin=verdict["plugin"],
        requirement=verdict["requirement"],
        profile=verdict["profile"],
        seen=verdict["reason"].replace(place, verdict["plugin"]),
        # Loading it shows nothing more.
        case="" if shown_by.startswith("load ") else shown_by,
    )
