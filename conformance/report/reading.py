"""Reports out of files: `report.json`, and the journal of a run that was killed."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema

from conformance.report.journal import JOURNAL, replayed
from conformance.report.model import Report
from conformance.verdict import Outcome
from refhost.errors import ConfigurationError
from refhost.jsontext import NotJson, loads

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.report.model import Subject

REPORT = "report.json"


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of `report.json`."""
    text = (resources.files("conformance.report") / "report.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def document(reports: list[Report]) -> dict[str, Any]:
    """What `report.json` holds: the report itself, or several under `reports`."""
    each = [report.to_json() for report in reports]
    return each[0] if len(each) == 1 else {"reports": each}


def read(path: Path) -> list[Report]:
    """The reports in a file; of a folder, in its `report.json`, or else in the journal that a killed run left there.

    Raises:
        ConfigurationError: it cannot be read, or holds something else.
    """
    file = path
    if path.is_dir():
        file = path / REPORT if (path / REPORT).is_file() or not (path / JOURNAL).is_file() else path / JOURNAL
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"{file} cannot be read: {reason}.") from None
    found = replayed(text, file) if file.suffix == ".jsonl" else _parsed(text, file)
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(found))
    if problem is not None:
        where = "".join(f"[{part!r}]" for part in problem.absolute_path) or "the whole"
        raise ConfigurationError(f"{file} is no report: {where}: {problem.message[:200]}.")
    return [Report.from_json(each) for each in found.get("reports", [found])]


def merged(reports: Iterable[Report]) -> list[Report]:
    """The reports, with those of one subject put together that were made in parts: on several machines, or in turn.

    A part is of the same subject when host, profile and binary are the same. Where two parts judged a requirement, the
    later one counts.
    """
    found: dict[tuple[Subject, str, str], Report] = {}
    for report in reports:
        key = (report.subject, report.host, report.profile)
        found[key] = _joined(found[key], report) if key in found else report
    return list(found.values())


def _joined(earlier: Report, later: Report) -> Report:
    rows = {row.id: row for row in earlier.requirements}
    for row in later.requirements:
        if row.id not in rows or row.outcome is not Outcome.NOT_RUN:
            rows[row.id] = row
    return replace(later, requirements=tuple(rows.values()))


def _parsed(text: str, file: Path) -> Any:  # noqa: ANN401 - JSON
    try:
        return loads(text)
    except NotJson as error:
        raise ConfigurationError(f"{file} is not JSON: {error}.") from None
