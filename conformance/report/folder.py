"""The folder of a report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.files import replace_text
from conformance.report.badge import badge
from conformance.report.page import page
from conformance.report.reading import REPORT, document
from conformance.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.report.model import Report

FILES = (REPORT, "report.html", "summary.md", "badge.json")


def forget(folder: Path) -> None:
    """Remove the reports of an earlier run: a run that is killed must not leave another one's verdict."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def write(reports: Sequence[Report], folder: Path) -> None:
    """Write every form of the reports.

    Raises:
        OSError: one cannot be written.
    """
    texts = {
        REPORT: json.dumps(document(list(reports)), indent=1, ensure_ascii=False) + "\n",
        "report.html": page(reports),
        "summary.md": summary(reports),
        "badge.json": json.dumps(badge(reports), indent=1) + "\n",
    }
    for name in FILES:
        replace_text(folder / name, texts[name])
