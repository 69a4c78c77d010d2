"""A run's reports as they come to be: each judgement is on disk before the next one begins.

The journal's first line is `report.json` with nothing run yet; each other line changes some of its rows. So a run that
is killed loses nothing that was there, and says what it did not come to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.verdict import Outcome
from refhost.errors import ConfigurationError
from refhost.jsontext import NotJson, dumps, loads
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from conformance.report.model import Judgement, Report

JOURNAL = "journal.jsonl"


class Run:
    """A run's reports, kept in a journal; what was judged twice counts as judged the second time.

    Args:
        reports: with every judgement `not-run`.
        journal: the file; what it held is gone.

    Raises:
        OSError: the journal cannot be written.
    """

    def __init__(self, reports: list[Report], journal: Path) -> None:
        self._reports = reports
        self._rows: dict[str, Judgement] = {row.checks[0]: row for r in reports for row in r.requirements}
        self._journal = journal.open("w", encoding="utf-8", newline="\n")
        self._write({"reports": [report.to_json() for report in reports]})

    def __contains__(self, check: str) -> bool:
        return check in self._rows

    def judged(self, check: str, row: Mapping[str, Any]) -> None:
        """Keep what became of one requirement: the parts of its row that are known now."""
        self._rows[check] = changed(self._rows[check], row)
        self._write({"checks": [check], "set": dict(row)})

    def left_out(self, checks: Iterable[str], reason: str) -> None:
        """Keep why some requirements will not be judged."""
        found = list(checks)
        change = {"outcome": Outcome.NOT_RUN, "reason": reason}
        for check in found:
            self._rows[check] = changed(self._rows[check], change)
        if found:
            self._write({"checks": found, "set": change})

    def outcome(self, check: str) -> Outcome:
        """What became of one requirement so far."""
        return self._rows[check].outcome

    @property
    def reports(self) -> list[Report]:
        """The reports as they are now."""
        return [
            replace(report, requirements=tuple(self._rows[row.checks[0]] for row in report.requirements))
            for report in self._reports
        ]

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._journal.write(f"{dumps(line)}\n")
        # What the system holds survives the death of this process.
        self._journal.flush()


def changed(row: Judgement, change: Mapping[str, Any]) -> Judgement:
    """A row with some of its parts as they are in JSON."""
    lists = {key: tuple(value) for key, value in change.items() if isinstance(value, list)}
    outcome = {"outcome": Outcome(change["outcome"])} if "outcome" in change else {}
    return replace(row, **{**change, **lists, **outcome})


def replayed(text: str, file: Path) -> dict[str, Any]:
    """The document that a journal comes to; its last line counts only when it was written to its end.

    Raises:
        ConfigurationError: it is no journal.
    """
    document: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            entry = loads(line)
            if number == 1:
                document = entry
                rows = {row["checks"][0]: row for report in entry["reports"] for row in report["requirements"]}
            else:
                for check in entry["checks"]:
                    rows[check].update(entry["set"])
        except (NotJson, LookupError, TypeError, ValueError, AttributeError) as error:
            why = printable(str(error), limit=100, lines=False)
            raise ConfigurationError(f"{file}, line {number}, is no line of a journal: {why}.") from None
    if not document:
        raise ConfigurationError(f"{file} is no journal: it has no first line.")
    return document
