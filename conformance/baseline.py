"""The baseline: known failures, in a TOML file that people read and write.

A listed failure is known, and no news; a listed requirement that holds is stale. An entry is of one requirement, of
one plugin or host in one profile.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.catalogues import every_group, kind_of
from conformance.files import replace_text
from conformance.verdict import Outcome
from refhost.capabilities import nearest
from refhost.errors import ConfigurationError
from refhost.profiles import DOCUMENTED, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# What stands for a reason until a person gives one.
UNEXPLAINED = "not explained yet"
_HEADER = """\
# Known failures: `pytest --wasm-baseline=FILE`. They are judged all the same: one that fails is no news, one that does
# not fail any more is. `--wasm-baseline-update` writes this file and keeps each reason: say there why it fails.
"""
_KEYS = ("plugin", "host", "profile", "requirement", "reason", "seen", "case")
_SHAPE = 'An entry is [[known]] with plugin = "…" (or host = "…"), requirement = "DELTA-001" and reason = "…".'

# Plugin, host, profile, requirement.
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Entry:
    """One known failure.

    Attributes:
        plugin: the name that its ids begin with, without host and profile; "" for a host under judgement.
        reason: why it is there, in a person's words.
        seen: what was seen when it was written down; says nothing about what may be seen now.
        case: the smallest input that showed it, where there is one.
        host: the host under judgement; for a plugin what it ran in, "" for the reference host.
    """

    plugin: str
    requirement: str
    profile: str = DOCUMENTED.name
    reason: str = UNEXPLAINED
    seen: str = ""
    case: str = ""
    host: str = ""

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.plugin, self.host, self.profile, self.requirement

    @property
    def subject(self) -> str:
        """Whom it is about, for a person."""
        return " on ".join(filter(None, (self.plugin, self.host)))


@dataclass(frozen=True)
class Baseline:
    """All known failures of a file."""

    entries: Mapping[Key, Entry]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Baseline:
        """A baseline with these entries, in order."""
        return cls({entry.key: entry for entry in sorted(entries, key=lambda entry: entry.key)})

    def get(self, key: Key) -> Entry | None:
        """The entry of a requirement, if it is listed."""
        return self.entries.get(key)

    def updated(self, judged: Mapping[Key, Entry | None]) -> Baseline:
        """The baseline after a run: what was judged is as it was seen there, and what was not judged stays.

        Args:
            judged: for each requirement that was judged its failure, or None where it did not fail. A failure's own
                reason counts for nothing: that of the entry that was there before stays.
        """
        kept = [entry for key, entry in self.entries.items() if key not in judged]
        failing = [
            replace(entry, reason=self.entries[key].reason if key in self.entries else UNEXPLAINED)
            for key, entry in judged.items()
            if entry is not None
        ]
        return Baseline.of([*kept, *failing])

    def to_text(self) -> str:
        """The file, always the same for the same entries."""
        return "\n".join([_HEADER, *(_written(entry) for entry in self.entries.values())])

    def write(self, file: Path) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written; what was there is as it was.
        """
        replace_text(file, self.to_text())


def settled(outcome: Outcome, *, listed: bool, updating: bool) -> Outcome:
    """What an outcome comes to under a baseline.

    Args:
        outcome: what the judge found.
        listed: whether the baseline lists the requirement.
        updating: whether the baseline will be written anew after the run, so that it lists every failure and no other.
    """
    broken = outcome is Outcome.FAIL or (outcome is Outcome.WARN and listed)
    if broken and (listed or updating):
        return Outcome.KNOWN
    if listed and not broken and not updating:
        return Outcome.STALE
    return outcome


def read(file: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        ConfigurationError: it cannot be read, or holds something else; in a sentence that says where.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}.", hint=_SHAPE) from None
    except RecursionError:
        raise ConfigurationError(f"{file} nests too deep.", hint=_SHAPE) from None
    except (OSError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigurationError(f"{file} cannot be read: {getattr(error, 'strerror', None) or reason}.") from None
    try:
        return _baseline(table)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}{error.message}", hint=error.hint) from None


def _baseline(table: Mapping[str, Any]) -> Baseline:
    others = [key for key in table if key != "known"]
    if others:
        raise ConfigurationError(f' has no use for "{others[0]}".', hint=_SHAPE)
    rows = table.get("known", [])
    if not isinstance(rows, list):
        raise ConfigurationError(": known is no list of entries.", hint=_SHAPE)
    found: dict[Key, Entry] = {}
    for number, row in enumerate(rows, 1):
        try:
            entry = _entry(row)
        except ConfigurationError as error:
            raise ConfigurationError(f", entry {number}: {error.message}", hint=error.hint) from None
        if entry.key in found:
            raise ConfigurationError(f", entry {number}: {entry.requirement} of {entry.subject} is there twice.")
        found[entry.key] = entry
    return Baseline.of(found.values())


def _entry(row: object) -> Entry:
    if not isinstance(row, dict):
        raise ConfigurationError(f"{row!r} is no entry.", hint=_SHAPE)
    for key, value in row.items():
        if key not in _KEYS:
            meant = nearest(key, list(_KEYS))
            raise ConfigurationError(f'it has "{key}"{f" (did you mean {meant}?)" if meant else ""}.', hint=_SHAPE)
        if not isinstance(value, str):
            raise ConfigurationError(f"its {key} is {value!r}, and no text.", hint=_SHAPE)
    if not row.get("plugin") and not row.get("host"):
        raise ConfigurationError("it has no plugin.", hint=_SHAPE)
    if not row.get("requirement"):
        raise ConfigurationError("it has no requirement.", hint=_SHAPE)
    kind = kind_of(row["requirement"])
    if kind is None:
        meant = nearest(row["requirement"], [entry.id for group in every_group() for entry in group.requirements])
        said = f" (did you mean {meant}?)" if meant else ""
        raise ConfigurationError(f"there is no requirement {row['requirement']}{said}.")
    if (kind == "host") is bool(row.get("plugin")):
        whose = "hosts: it belongs to a host, and to no plugin" if kind == "host" else "plugins: name the plugin"
        raise ConfigurationError(f"{row['requirement']} is a requirement on {whose}.", hint=_SHAPE)
    if "profile" in row:
        profile_of(row["profile"])
    return Entry(**{"plugin": "", **row})


def _written(entry: Entry) -> str:
    whose = [f"{key} = {_text(name)}" for key, name in (("plugin", entry.plugin), ("host", entry.host)) if name]
    lines = ["[[known]]", *whose, f"requirement = {_text(entry.requirement)}"]
    if entry.profile != DOCUMENTED.name:
        lines.append(f"profile = {_text(entry.profile)}")
    lines.append(f"reason = {_text(entry.reason)}")
    lines += [f"{key} = {_text(value)}" for key, value in (("seen", entry.seen), ("case", entry.case)) if value]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A basic string of TOML: as in JSON, but that TOML wants one character more to be escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
