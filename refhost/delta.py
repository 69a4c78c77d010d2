"""Deltas: what is one (contract §10), what is wrong with one that is not, and how one enters the bus."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from refhost.meta import meta_problems

Delta = dict[str, Any]

# RFC 3339 in UTC, as the specification's definition of a timestamp has it.
_TIMESTAMP = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?Z")
_SOURCE_REF = re.compile(r"[A-Za-z0-9\-_.]*")
_SOME_MOMENT = "2026-01-01T00:00:00.000Z"
_ORDINARY = frozenset({"$source", "timestamp", "values"})
_UPDATE_KEYS = frozenset({"$source", "source", "timestamp", "values", "meta"})
_SOURCE_TYPES: dict[str, type | tuple[type, ...]] = {
    "label": str,
    "type": str,
    "src": str,
    "canName": str,
    "pgn": (int, float),
    "instance": str,
    "sentence": str,
    "talker": str,
    "aisType": (int, float),
}


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value whose text, from a component, is not JSON (R25). `reason` says why."""

    reason: str


@dataclass(frozen=True)
class DeltaProblem:
    """One thing that is wrong with a delta.

    Attributes:
        where: the place, such as `updates[0].values[1].value`.
        message: what was expected there and what is there.
        update: the index of the update concerned; None where it is the whole delta.
        shape: whether it breaks the shape of §10, so that the host refuses the update; else the delta passes, though
            the specification's schema is not met.
    """

    where: str
    message: str
    update: int | None
    shape: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True)
class Admission:
    """What came of a delta at the door of the bus.

    Attributes:
        delta: as the bus carries it, with the updates that were in order; None when none was.
        problems: all that is wrong with it.
    """

    delta: Delta | None
    problems: tuple[DeltaProblem, ...]


def kind_of(value: object) -> str:
    """What JSON calls a value: `a number`, `an array` … for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        ((int, float), "a number"),
        (str, "a string"),
        (list, "an array"),
    )
    for kind, name in kinds:
        if isinstance(value, kind):
            return name
    return "an object"


def is_timestamp(text: object) -> bool:
    """Whether it is a moment in UTC by RFC 3339: `2026-01-01T00:00:00.000Z`."""
    return isinstance(text, str) and _TIMESTAMP.fullmatch(text) is not None


def problems(delta: object) -> list[DeltaProblem]:
    """All that is wrong with a delta, in reading order; the verdict of the specification's delta.json."""
    if _is_ordinary(delta):
        return []
    if not isinstance(delta, dict):
        return [DeltaProblem("", f"a delta is an object, not {kind_of(delta)}", None)]
    found = []
    if "context" in delta and not isinstance(delta["context"], str):
        found.append(DeltaProblem("context", f"is a string, not {kind_of(delta['context'])}", None))
    if "updates" not in delta:
        found.append(DeltaProblem("updates", "is missing", None))
    elif not isinstance(delta["updates"], list):
        found.append(DeltaProblem("updates", f"is an array, not {kind_of(delta['updates'])}", None))
    else:
        for index, update in enumerate(delta["updates"]):
            found += _update_problems(index, update)
    return found


def _is_ordinary(delta: object) -> bool:
    """Whether it is one of those that nearly all are: with values only, and nothing wrong. Any other takes longer."""
    if type(delta) is not dict or type(delta.get("context", "")) is not str or type(delta.get("updates")) is not list:
        return False
    for update in delta["updates"]:
        if type(update) is not dict or "values" not in update or not update.keys() <= _ORDINARY:
            return False
        if not _are_in_order(update.get("$source", ""), update.get("timestamp", _SOME_MOMENT)):
            return False
        if type(update["values"]) is not list:
            return False
        for entry in update["values"]:
            if type(entry) is not dict or type(entry.get("path")) is not str or "value" not in entry:
                return False
            if isinstance(entry["value"], (list, Unreadable)):
                return False
    return True


def _are_in_order(source: object, moment: object) -> bool:
    return type(source) is str and type(moment) is str and _in_order(source, moment)


@functools.lru_cache(maxsize=256)
def _in_order(source: str, moment: str) -> bool:
    """The same for texts; deltas of one source at one moment come one after the other."""
    return _SOURCE_REF.fullmatch(source) is not None and is_timestamp(moment)


def _update_problems(index: int, update: object) -> list[DeltaProblem]:
    place = f"updates[{index}]"
    if not isinstance(update, dict):
        return [DeltaProblem(place, f"is an object, not {kind_of(update)}", index)]
    found = [
        DeltaProblem(f"{place}.{key}", "is no key of an update", index, shape=False)
        for key in update
        if key not in _UPDATE_KEYS
    ]
    if "values" not in update and "meta" not in update:
        found.append(DeltaProblem(place, "has neither values nor meta", index))
    if "source" in update and "$source" in update:
        found.append(DeltaProblem(place, "has both source and $source", index, shape=False))
    if "timestamp" in update and not is_timestamp(update["timestamp"]):
        message = f"is a UTC time such as 2026-01-01T00:00:00.000Z, not {update['timestamp']!r}"
        found.append(DeltaProblem(f"{place}.timestamp", message, index))
    found += _source_problems(place, index, update)
    for key in ("values", "meta"):
        if key in update:
            found += _entries_problems(f"{place}.{key}", index, key, update[key])
    return found


def _source_problems(place: str, index: int, update: Delta) -> list[DeltaProblem]:
    found = []
    reference = update.get("$source", "")
    if not isinstance(reference, str) or not _SOURCE_REF.fullmatch(reference):
        message = f"is made of letters, digits, - _ and dots, not {reference!r}"
        found.append(DeltaProblem(f"{place}.$source", message, index, shape=False))
    if "source" not in update:
        return found
    source = update["source"]
    if not isinstance(source, dict):
        message = f"is an object, not {kind_of(source)}"
        return [*found, DeltaProblem(f"{place}.source", message, index, shape=False)]
    if "label" not in source:
        found.append(DeltaProblem(f"{place}.source.label", "is missing", index, shape=False))
    for key, expected in _SOURCE_TYPES.items():
        value = source.get(key)
        if key in source and (not isinstance(value, expected) or isinstance(value, bool)):
            wanted = "a string" if expected is str else "a number"
            message = f"is {wanted}, not {kind_of(value)}"
            found.append(DeltaProblem(f"{place}.source.{key}", message, index, shape=False))
    ais = source.get("aisType")
    if isinstance(ais, (int, float)) and not isinstance(ais, bool) and (not 1 <= ais <= 27 or ais % 1):
        message = f"is a whole number from 1 to 27, not {ais}"
        found.append(DeltaProblem(f"{place}.source.aisType", message, index, shape=False))
    return found


def _entries_problems(place: str, index: int, key: str, entries: object) -> list[DeltaProblem]:
    if not isinstance(entries, list):
        return [DeltaProblem(place, f"is an array, not {kind_of(entries)}", index)]
    found = []
    for number, entry in enumerate(entries):
        at = f"{place}[{number}]"
        if not isinstance(entry, dict):
            found.append(DeltaProblem(at, f"is an object with path and value, not {kind_of(entry)}", index))
            continue
        if not isinstance(entry.get("path"), str):
            message = f"is a string, not {kind_of(entry['path'])}" if "path" in entry else "is missing"
            found.append(DeltaProblem(f"{at}.path", message, index))
        if "value" not in entry:
            found.append(DeltaProblem(f"{at}.value", "is missing", index))
        elif isinstance(entry["value"], Unreadable):
            found.append(DeltaProblem(f"{at}.value", f"is not JSON: {entry['value'].reason}", index))
        elif key == "values" and isinstance(entry["value"], list):
            message = "is a string, number, boolean, object or null, never an array"
            found.append(DeltaProblem(f"{at}.value", message, index))
        elif key == "meta":
            found += [
                DeltaProblem(f"{at}.value{where}", message, index, shape=not where and message.startswith("is an"))
                for where, message in meta_problems(entry["value"])
            ]
    return found


def admit(delta: object, *, source: str, self_context: str, timestamp: str) -> Admission:
    """Let a plugin's delta onto the bus: the updates that are in order, in its own name (contract §10).

    Args:
        delta: as parsed.
        source: the plugin's id: it replaces whatever the plugin claims.
        self_context: `vessels.<selfId>`: it stands for a missing context and for `vessels.self`.
        timestamp: fills in for a missing one.
    """
    found = problems(delta)
    whole = [problem for problem in found if problem.update is None]
    if whole or not isinstance(delta, dict):
        return Admission(None, tuple(found))
    refused = {problem.update for problem in found if problem.shape}
    updates = [
        _carried(update, source, timestamp) for index, update in enumerate(delta["updates"]) if index not in refused
    ]
    if not updates:
        return Admission(None, tuple(found))
    return Admission({"context": context_of(delta, self_context), "updates": updates}, tuple(found))


def context_of(delta: Delta, self_context: str) -> str:
    """The context that a delta means: `vessels.<selfId>` for none and for `vessels.self`."""
    context = delta.get("context") or "vessels.self"
    return self_context if context == "vessels.self" else str(context)


def _carried(update: Delta, source: str, timestamp: str) -> Delta:
    carried: Delta = {"$source": source, "timestamp": update.get("timestamp", timestamp)}
    for key in ("values", "meta"):
        if key in update:
            carried[key] = [{"path": entry["path"], "value": entry["value"]} for entry in update[key]]
    return carried


def pairs(delta: Delta) -> list[tuple[str, Any]]:
    """Every path with its value, in order, over all updates of a well-formed delta."""
    return [(entry["path"], entry["value"]) for update in delta["updates"] for entry in update.get("values", ())]


def deepest_path(delta: Delta) -> int:
    """How many parts the path with the most parts has, of a well-formed delta."""
    entries = (entry for update in delta["updates"] for key in ("values", "meta") for entry in update.get(key, ()))
    return max((entry["path"].count(".") + 1 for entry in entries), default=0)
