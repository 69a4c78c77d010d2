"""`--wasm-baseline`: known failures, read before the run; `--wasm-baseline-update` writes them after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.baseline import Baseline, Entry, read, settled
from conformance.drivers import named
from conformance.drivers.faults import LAST_WORDS
from conformance.files import writable
from conformance.verdict import Outcome
from pytest_plugin import options, selection
from refhost.arguments import sentence
from refhost.capabilities import nearest
from refhost.errors import ConfigurationError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.baseline import Key
    from pytest_plugin.results import VerdictData
    from pytest_plugin.selected import Selected

_BASELINE = pytest.StashKey[Baseline]()
# What there is to say of the baseline when the run is over.
UPDATED = pytest.StashKey[str]()


def prepare(config: pytest.Config) -> None:
    """Read the baseline.

    Raises:
        pytest.UsageError: it cannot be used, or an entry is about nothing in this run; in a sentence.
    """
    file, updating = _file(config), config.getoption("wasm_baseline_update")
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
            _check_subjects(config)
    except ConfigurationError as error:
        raise pytest.UsageError(sentence(options.named(config, "wasm_baseline"), error)) from None


def _file(config: pytest.Config) -> Path | None:
    """The baseline's file: that of a host's driver, where that is named and no file is called so."""
    file = options.path_of(config, "wasm_baseline")
    if file is None or file.exists():
        return file
    return named.baseline(options.text_of(config, "wasm_baseline")[0]) or file


def shown(config: pytest.Config) -> str:
    """The baseline of this run, as a user would name it, and how much it lists; "" without one."""
    found, file = config.stash.get(_BASELINE, None), _file(config)
    if found is None or file is None:
        return ""
    count = len(found.entries)
    return f"{_shown_file(config, file)} lists {count} known failure{'' if count == 1 else 's'}"


def _shown_file(config: pytest.Config, file: Path) -> str:
    name = options.text_of(config, "wasm_baseline")[0]
    return name if named.baseline(name) == file else options.shown_path(config, file)


def _check_subjects(config: pytest.Config) -> None:
    """Refuse entries of plugins and hosts that are not in this run.

    Where the project's ini file has more of them than are judged now, entries of the others are no mistake.
    """
    judged = selection.judged(config)
    names = {
        "plugin": {selected.plugin for selected in judged} | {""},
        "host": {selected.host or named.REFHOST for selected in judged},
    }
    for entry in config.stash[_BASELINE].entries.values():
        for kind, name in (("plugin", entry.plugin), ("host", entry.host or named.REFHOST)):
            part = config.getoption(f"wasm_{kind}") and config.getini(f"wasm_{kind}")
            if name not in names[kind] and not part:
                meant = nearest(name, names[kind])
                raise ConfigurationError(
                    f'It lists {entry.requirement} of "{name}", and no {kind} of this run is called so'
                    f"{f' (did you mean {meant}?)' if meant else ''}."
                )


def settle(config: pytest.Config, selected: Selected, requirement: str, outcome: Outcome) -> tuple[Outcome, str]:
    """What an outcome comes to under the baseline, and the reason that it gives."""
    baseline = config.stash.get(_BASELINE, None)
    if baseline is None:
        return outcome, ""
    updating = config.getoption("wasm_baseline_update")
    about = Entry(selected.plugin, requirement, selected.profile, host=selected.host)
    entry = baseline.get(about.key)
    found = settled(outcome, listed=entry is not None, updating=updating)
    if found is Outcome.KNOWN and entry is None:
        entry = about
    reason = entry.reason if entry and found in {Outcome.KNOWN, Outcome.STALE} else ""
    return found, printable(reason, limit=1000, lines=False)


def stale_text(config: pytest.Config, selected: Selected, outcome: Outcome, known: str) -> str:
    """What is wrong with an entry of the baseline that does not fail any more."""
    whom = "host" if selected.kind == "host" else "plugin"
    now = "it holds" if outcome is Outcome.PASS else f"it does not apply to the {whom}"
    file = _file(config)
    assert file is not None  # there is no stale entry without a baseline
    return (
        f"{now}, and {_shown_file(config, file)} lists it as a known failure ({known}). Remove the entry; "
        "--wasm-baseline-update does so."
    )


def update(session: pytest.Session, verdicts: Iterable[VerdictData]) -> None:
    """Write the baseline, and say at the end what is in it now; one that cannot be written fails the run."""
    config = session.config
    file, before = _file(config), config.stash[_BASELINE]
    assert file is not None  # prepare() has seen to it
    places = {entry.name: entry.origin for entry in selection.judged(config)}
    judged: dict[Key, Entry | None] = {}
    for verdict in verdicts:
        entry = _entry(verdict, places[verdict["name"]])
        judged[entry.key] = entry if verdict["outcome"] == Outcome.KNOWN else None
    after = before.updated(judged)
    where = _shown_file(config, file)
    try:
        after.write(file)
    except OSError as error:
        config.stash[UPDATED] = f"{where} cannot be written: {error.strerror}."
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    else:
        new, gone = after.entries.keys() - before.entries.keys(), before.entries.keys() - after.entries.keys()
        config.stash[UPDATED] = f"{where}: known failures: {len(after.entries)}; new: {len(new)}; removed: {len(gone)}"


def _entry(verdict: VerdictData, place: str) -> Entry:
    """An entry without the plugin's place on this machine and what a process said there: the file goes to others."""
    reason = verdict["reason"].partition(LAST_WORDS)[0]
    shown_by = verdict["case"][-1] if verdict["case"] else ""
    return Entry(
        plugin=verdict["plugin"],
        requirement=verdict["requirement"],
        profile=verdict["profile"],
        host=verdict["host"],
        seen=reason.replace(place, verdict["plugin"]) if place else reason,
        # Loading it shows nothing more.
        case="" if shown_by.startswith("load ") else shown_by,
    )
