"""STATUS: what the plugin says about itself (contract §3, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks.registry import check
from conformance.trial import require
from conformance.verdict import NotApplicable

if TYPE_CHECKING:
    from conformance.trial import Trial

_STATUS_FUNCTIONS = ("sk_set_status", "sk_set_error", "sk_debug", "console.log")
_LONGEST = 200
_MOST_RECORDS = 1000


@check("STATUS-001")
def sets_a_status(trial: Trial) -> None:
    """When start has returned, a status or an error is set."""
    status, error = trial.lived().status_after_start
    require(status or error, "after start, neither a status nor an error is set")


@check("STATUS-002")
def passes_texts(trial: Trial) -> None:
    """What it passes to the functions of status and log is text."""
    refusals = trial.lived().refusals(*_STATUS_FUNCTIONS)
    if refusals:
        require(condition=False, seen=f"{refusals[0].function} was refused: {refusals[0].text}")


@check("STATUS-003")
def is_short(trial: Trial) -> None:
    """A status is a line."""
    texts = [r.text for r in trial.lived().log if r.kind in ("status", "error")]
    if not texts:
        raise NotApplicable("the plugin sets no status and no error")
    for text in texts:
        require(len(text) <= _LONGEST, f"a status of {len(text)} characters: {text[:60]!r}…")
        require(not any(ord(c) < 32 for c in text), f"control characters in the status {text!r}")


@check("STATUS-004")
def does_not_flood_the_log(trial: Trial) -> None:
    """An ordinary run leaves a log that a person can read."""
    kinds = ("debug", "console", "stdout", "stderr", "log-error", "status", "error")
    count = sum(r.kind in kinds for r in trial.lived().log)
    require(count <= _MOST_RECORDS, f"{count} records in twenty seconds of an ordinary run")


@check("STATUS-005")
def error_is_no_success(trial: Trial) -> None:
    """Once it runs with its default configuration, no error stands."""
    status, error = trial.lived().status_after_start
    if not (status or error):
        raise NotApplicable("the plugin sets no status and no error")
    require(not error, f"start returned 0, and yet the error {error!r} is set")
