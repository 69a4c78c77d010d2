"""STATUS: what the plugin says about itself (contract §3, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks.registry import check
from conformance.texts import IN_UTF16, MEND_UTF16, is_utf16
from conformance.trial import refuse_none, require
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
    trial.show_until()
    require(status or error, "after start, neither a status nor an error is set")


@check("STATUS-002")
def passes_texts(trial: Trial) -> None:
    """What it passes to the functions of status and log is text."""
    refuse_none(trial, trial.lived().refusals(*_STATUS_FUNCTIONS))


@check("STATUS-003")
def is_short(trial: Trial) -> None:
    """A status is a line."""
    records = [r for r in trial.lived().log if r.kind in ("status", "error")]
    if not records:
        raise NotApplicable("the plugin sets no status and no error")
    for record in records:
        text = record.text
        trial.show_record(record)
        require(not is_utf16(text), f"of the status {text[:60]!r}: {IN_UTF16}", mend=MEND_UTF16)
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
    trial.show_until()
    require(not error, f"start returned 0, and yet the error {error!r} is set")
