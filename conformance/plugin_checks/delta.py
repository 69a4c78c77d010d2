"""DELTA: what the plugin emits (contract §10); what deltas do to it is in `delivered`."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from conformance.plugin_checks.registry import check
from conformance.texts import IN_UTF16, MEND_UTF16, is_utf16
from conformance.trial import refuse_none
from conformance.verdict import NotApplicable, Violation
from refhost.delta import kind_of, pairs, problems
from refhost.jsontext import NotJson, loads
from refhost.meta import ALARM_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.drivers.interface import EmittedText, LogRecord
    from conformance.trial import Trial
    from refhost.delta import Delta, DeltaProblem

_PATH = re.compile(r"[A-Za-z0-9_:\-]+(\.[A-Za-z0-9_:\-]+)*")
_CONTEXT = re.compile(r"(vessels|aircraft|aton|atons|sar|shore)\.\S+")


def _claims(trial: Trial) -> list[EmittedText]:
    claims = list(trial.lived().claims)
    if not claims:
        raise NotApplicable("the plugin emits no delta in an ordinary run")
    return claims


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= 300 else float(text)


def _lenient(text: str) -> Any:  # noqa: ANN401 - JSON
    """The text as Python's own parser reads it, which takes NaN: DELTA-004 is about that."""
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _has_unreal_number(value: object) -> bool:
    """Whether NaN or an infinite number is anywhere in it; without recursion."""
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, float) and not math.isfinite(node):
            return True
        todo.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
    return False


def _parsed(trial: Trial) -> Iterator[tuple[int, EmittedText, Any]]:
    """Each emitted delta that can be read, with its number; what cannot be read is DELTA-001's business."""
    for number, claim in enumerate(_claims(trial), 1):
        value = _lenient(claim.text)
        if value is not None:
            yield number, claim, value


def _updates(trial: Trial) -> Iterator[tuple[int, EmittedText, Delta]]:
    for number, claim, delta in _parsed(trial):
        updates = delta.get("updates") if isinstance(delta, dict) else None
        for update in updates if isinstance(updates, list) else ():
            if isinstance(update, dict):
                yield number, claim, update


def _values(trial: Trial) -> Iterator[tuple[int, EmittedText, Delta]]:
    for number, claim, update in _updates(trial):
        values = update.get("values")
        for entry in values if isinstance(values, list) else ():
            if isinstance(entry, dict):
                yield number, claim, entry


def _violation(trial: Trial, number: int, claim: EmittedText, seen: str, *, mend: str = "") -> Violation:
    trial.show_until(claims=number)
    return Violation(f"delta number {number} that it emitted: {seen}", case=f"it emitted {claim.text}", mend=mend)


@check("DELTA-001")
def emits_json(trial: Trial) -> None:
    """Every text that it emits is JSON; NaN is judged apart."""
    for number, claim in enumerate(_claims(trial), 1):
        if is_utf16(claim.text):
            raise _violation(trial, number, claim, IN_UTF16, mend=MEND_UTF16)
        if claim.text.startswith("\ufeff"):
            raise _violation(trial, number, claim, "it begins with a byte order mark, which JSON does not have")
        value = _lenient(claim.text)
        try:
            loads(claim.text)
        except NotJson as error:
            if not _has_unreal_number(value):
                raise _violation(trial, number, claim, f"it is not JSON: {error}") from None
        else:
            if value is None:
                raise _violation(trial, number, claim, "it is null, not a delta")


def _problems(trial: Trial, wanted: Callable[[DeltaProblem], bool]) -> None:
    for number, claim, delta in _parsed(trial):
        found = [problem for problem in problems(delta) if wanted(problem)]
        if found:
            raise _violation(trial, number, claim, "; ".join(str(problem) for problem in found[:3]))


def _is_about_array(problem: DeltaProblem) -> bool:
    return problem.message.endswith("never an array")


def _is_about_time(problem: DeltaProblem) -> bool:
    return problem.where.endswith(".timestamp")


@check("DELTA-002")
def emits_deltas(trial: Trial) -> None:
    """It has the shape of a delta."""
    _problems(trial, lambda p: p.shape and not _is_about_array(p) and not _is_about_time(p))


@check("DELTA-003")
def emits_no_arrays(trial: Trial) -> None:
    """No value is an array."""
    _problems(trial, _is_about_array)


@check("DELTA-004")
def emits_real_numbers(trial: Trial) -> None:
    """No NaN and no infinity."""
    for number, claim, value in _parsed(trial):
        if _has_unreal_number(value):
            raise _violation(
                trial, number, claim, "it holds a number that is NaN or infinite, which JSON does not have"
            )


@check("DELTA-005")
def emits_utc(trial: Trial) -> None:
    """A timestamp is a time in UTC."""
    _problems(trial, _is_about_time)


@check("DELTA-006")
def meets_the_schema(trial: Trial) -> None:
    """The rest of the specification's delta.json: keys, sources, metadata."""
    _problems(trial, lambda p: not p.shape)


@check("DELTA-007")
def speaks_as_itself(trial: Trial) -> None:
    """It claims no source but its own."""
    own = trial.subject.package.id
    for number, claim, update in _updates(trial):
        source = update.get("$source", "")
        if "source" in update:
            raise _violation(trial, number, claim, "it names a source; the host sets $source to the plugin's id")
        if source and own and source != own:
            raise _violation(trial, number, claim, f"it claims the $source {source!r}; the host sets it to {own!r}")


@check("DELTA-008")
def names_a_context(trial: Trial) -> None:
    """The context is a vessel or another thing afloat."""
    for number, claim, delta in _parsed(trial):
        context = delta.get("context") if isinstance(delta, dict) else None
        if isinstance(context, str) and context and not _CONTEXT.fullmatch(context):
            raise _violation(
                trial, number, claim, f'the context {context!r} is none: it is "vessels.self", or left out'
            )


@check("DELTA-009")
def writes_paths_well(trial: Trial) -> None:
    """Paths are dot-separated words."""
    for number, claim, entry in _values(trial):
        path = entry.get("path")
        if isinstance(path, str) and path and not _PATH.fullmatch(path):
            raise _violation(
                trial, number, claim, f"the path {path!r} is not made of words with single dots between them"
            )


@check("DELTA-010")
def merges_objects_at_the_root(trial: Trial) -> None:
    """The empty path takes an object."""
    for number, claim, entry in _values(trial):
        if entry.get("path") == "" and not isinstance(entry.get("value"), dict):
            raise _violation(trial, number, claim, f"the empty path has {kind_of(entry.get('value'))}, not an object")


@check("DELTA-011")
def notifies_in_full(trial: Trial) -> None:
    """A notification has state, method and message."""
    found = False
    for number, claim, entry in _values(trial) if trial.lived().claims else ():
        path, value = entry.get("path"), entry.get("value")
        if not isinstance(path, str) or not path.startswith("notifications.") or value is None:
            continue
        found = True
        if not isinstance(value, dict):
            raise _violation(trial, number, claim, f"{path} is no object with state, method and message")
        state = value.get("state")
        if state not in ALARM_STATES:
            has = "no state" if state is None else f"the state {state!r}"
            raise _violation(trial, number, claim, f"{path} has {has}; there are {', '.join(ALARM_STATES)}")
        if not isinstance(value.get("method"), list) or not isinstance(value.get("message"), str):
            raise _violation(trial, number, claim, f"{path} needs a method (a list) and a message (a text)")
    published = trial.lived().refusals("sk_publish_notification")
    for refusal in published:
        if not _is_about_text(refusal):
            refuse_none(trial, [refusal])
    if not found and not _published(trial):
        raise NotApplicable("the plugin emits no notification")


def _published(trial: Trial) -> bool:
    """Whether a notification reached the bus: those of sk_publish_notification are not among the claims."""
    paths = (path for delta in trial.lived().emitted for path, _ in pairs(delta))
    return any(path.startswith("notifications.") for path in paths)


def _is_about_text(refusal: LogRecord) -> bool:
    """Whether pointer, length or encoding were at fault: DELTA-012 judges that."""
    return "bytes at" in refusal.text or "not UTF-8" in refusal.text or "the limit is" in refusal.text


@check("DELTA-012")
def passes_texts(trial: Trial) -> None:
    """Pointers, lengths and encoding of what it emits are in order."""
    refusals = trial.lived().refusals("sk_handle_message", "sk_publish_notification")
    bad = [refusal for refusal in refusals if _is_about_text(refusal)]
    refuse_none(trial, bad)
    _claims(trial)


@check("DELTA-013")
def names_a_version(trial: Trial) -> None:
    """The version is 0, 1 or 2."""
    for number, claim in enumerate(_claims(trial), 1):
        if claim.version not in (0, 1, 2):
            raise _violation(
                trial, number, claim, f"it was emitted with the version {claim.version}; there are 1 and 2"
            )
