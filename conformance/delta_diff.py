"""The difference of two deltas in words: which update, which path, which field.

Equality is Python's own, as in the comparison that failed: what it calls equal (`1 == 1.0`, `pytest.approx`) is no
difference here either.
"""

from __future__ import annotations

import difflib
import math
from bisect import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_VALUE_CHARACTERS = 120
# Deeper than any value on a boat; what lies deeper is compared as a whole.
_DEEPEST = 30
# Beyond this, aligning two lists costs more than it shows.
_MOST_ALIGNED = 1000
_CLOSE = 1e-9


def difference(
    left: object, right: object, sides: tuple[str, str] = ("on the left", "on the right")
) -> list[str] | None:
    """The differences of two deltas, or of two lists of them, one a line; None when there is nothing to say.

    Args:
        left: a delta, or deltas.
        right: what they should be equal to.
        sides: where each of them is, in words. Words of a plugin are escaped.
    """
    lefts, rights = as_deltas(left), as_deltas(right)
    single = isinstance(left, dict)
    if lefts is None or rights is None or single != isinstance(right, dict):
        return None
    comparison = _Comparison(*sides)
    if single:
        return list(comparison.deltas("", lefts[0], rights[0])) or None
    return list(comparison.lists("delta", lefts, rights, comparison.deltas, _delta_subject)) or None


def as_deltas(value: object) -> list[Mapping[str, Any]] | None:
    """The deltas in a delta or a list of deltas; None of anything else."""
    if _is_delta(value):
        return [value]  # type: ignore[list-item]  # `_is_delta` has looked
    if isinstance(value, (list, tuple)) and all(map(_is_delta, value)):
        return list(value)
    return None


def _is_delta(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    updates = value.get("updates")
    return isinstance(updates, (list, tuple)) and all(isinstance(update, dict) for update in updates)


# Deltas, their updates, values and metadata.


class _Comparison:
    """Says what differs.

    Args:
        left: where the first of two deltas is, in words.
        right: where the second is.
    """

    def __init__(self, left: str, right: str) -> None:
        self._left = left
        self._right = right

    def lists(
        self,
        word: str,
        left: Sequence[Any],
        right: Sequence[Any],
        compare: Callable[[str, Any, Any], Iterator[str]],
        subject: Callable[[Any], list[str]],
    ) -> Iterator[str]:
        """The differences of two lists: what differs, what only one of them has, what is at another place."""
        pairs = _aligned(left, right, subject)
        for here, there in sorted(pairs.kept):
            place = f"{word} {here + 1}" if here == there else f"{word} {here + 1} ({self._right} {there + 1})"
            yield from compare(place, left[here], right[there])
        for side, entries, taken in (
            (self._left, left, {here for here, _ in (*pairs.kept, *pairs.moved)}),
            (self._right, right, {there for _, there in (*pairs.kept, *pairs.moved)}),
        ):
            for number, entry in enumerate(entries):
                if number not in taken:
                    named = ", ".join(subject(entry))
                    yield f"{word} {number + 1} is only there {side}{f': {named}' if named else ''}"
        for here, there in sorted(pairs.moved):
            yield f"{word} {here + 1} is {word.rpartition(' ')[2]} {there + 1} {self._right}"

    def deltas(self, place: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[str]:
        """The differences of two deltas."""
        for key in _keys(left, right, first="context"):
            if key == "updates":
                inner = f"{place}: " if place else ""
                yield from self.lists(f"{inner}update", left[key], right[key], self._update, _update_subject)
            else:
                yield from self._field(place, key, left, right)

    def _update(self, place: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[str]:
        for key in _keys(left, right, first="$source"):
            if key in {"values", "meta"} and _is_entries(left.get(key)) and _is_entries(right.get(key)):
                yield from self._entries(f"{place}, meta of" if key == "meta" else f"{place},", left[key], right[key])
            else:
                yield from self._field(place, key, left, right)

    def _entries(
        self, place: str, left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]]
    ) -> Iterator[str]:
        waiting: dict[str, list[Mapping[str, Any]]] = {}
        for entry in right:
            waiting.setdefault(entry["path"], []).append(entry)
        both: list[str] = []
        for entry in left:
            others = waiting.get(entry["path"])
            if not others:
                yield f"{place} {_path(entry)} is only there {self._left}: {_shown(entry.get('value'))}"
                continue
            other = others.pop(0)
            both.append(entry["path"])
            for key in _keys(entry, other, first="value"):
                if key != "path":
                    yield from self._field(f"{place} {_path(entry)}", key, entry, other)
        for entry in (entry for entries in waiting.values() for entry in entries):
            yield f"{place} {_path(entry)} is only there {self._right}: {_shown(entry.get('value'))}"
        there = [entry["path"] for entry in right]
        if both != [path for path in there if path in set(both)][: len(both)]:
            shown = ", ".join(map(_shown_text, there))
            yield f"{place.rstrip(',')}: paths are in another order: {self._right} {shown}"

    def _field(self, place: str, key: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[str]:
        where = f"{place}: {_shown_text(key)}" if place else _shown_text(key)
        if key not in right:
            yield f"{where} is only there {self._left}: {_shown(left[key])}"
        elif key not in left:
            yield f"{where} is only there {self._right}: {_shown(right[key])}"
        else:
            yield from self._value(where, left[key], right[key], 0)

    def _value(self, where: str, left: object, right: object, depth: int) -> Iterator[str]:
        if _same(left, right):
            return
        if isinstance(left, dict) and isinstance(right, dict) and depth < _DEEPEST:
            for key in dict.fromkeys([*left, *right]):
                inner = f"{where}.{_shown_text(key)}"
                if key not in right:
                    yield f"{inner} is only there {self._left}: {_shown(left[key])}"
                elif key not in left:
                    yield f"{inner} is only there {self._right}: {_shown(right[key])}"
                else:
                    yield from self._value(inner, left[key], right[key], depth + 1)
        elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right) and depth < _DEEPEST:
            for number, (one, other) in enumerate(zip(left, right, strict=True)):
                yield from self._value(f"{where}[{number}]", one, other, depth + 1)
        else:
            yield f"{where} is {_shown(left)} {self._left}, {_shown(right)} {self._right}{_remark(left, right)}"


# What belongs to what.


def _keys(left: Mapping[str, Any], right: Mapping[str, Any], *, first: str) -> list[str]:
    keys = list(dict.fromkeys([*left, *right]))
    return sorted(keys, key=lambda key: key != first)


def _is_entries(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("path"), str) for entry in value
    )


def _delta_subject(delta: Mapping[str, Any]) -> list[str]:
    return _without_doubles(subject for update in delta["updates"] for subject in _update_subject(update))


def _update_subject(update: Mapping[str, Any]) -> list[str]:
    """What an update is about: its paths."""
    named = {"values": "", "meta": " (meta)"}
    found: dict[str, Any] = {key: update.get(key) for key in named}
    return _without_doubles(
        _path(entry) + named[key] for key, entries in found.items() if _is_entries(entries) for entry in entries
    )


def _without_doubles(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _path(entry: Mapping[str, Any]) -> str:
    return _shown_text(entry["path"]) if entry["path"] else '""'


@dataclass
class _Pairs:
    """Which of the left belongs to which of the right.

    Attributes:
        kept: in the same order on both sides.
        moved: equal, and elsewhere.
    """

    kept: list[tuple[int, int]] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)


def _aligned(left: Sequence[Any], right: Sequence[Any], subject: Callable[[Any], list[str]]) -> _Pairs:
    """Pair what is equal; then, between two such pairs, what is about the same paths, or at least about one."""
    if max(len(left), len(right)) > _MOST_ALIGNED:
        return _Pairs([(number, number) for number in range(min(len(left), len(right)))])
    keys_left, keys_right = list(map(_canonical, left)), list(map(_canonical, right))
    blocks = difflib.SequenceMatcher(None, keys_left, keys_right, autojunk=False).get_matching_blocks()
    pairs = _Pairs([(block.a + n, block.b + n) for block in blocks for n in range(block.size)])
    fixed = list(pairs.kept)
    rest_left = [n for n in range(len(left)) if n not in {here for here, _ in fixed}]
    rest_right = [n for n in range(len(right)) if n not in {there for _, there in fixed}]
    for here in list(rest_left):
        there = next((n for n in rest_right if keys_right[n] == keys_left[here]), None)
        if there is not None:
            pairs.moved.append((here, there))
            rest_left.remove(here)
            rest_right.remove(there)

    # Only what lies between the same two equal pairs can be the same delta, changed.
    ends_left, ends_right = [here for here, _ in fixed], [there for _, there in fixed]
    about_left = {n: (bisect(ends_left, n), frozenset(subject(left[n]))) for n in rest_left}
    about_right = {n: (bisect(ends_right, n), frozenset(subject(right[n]))) for n in rest_right}
    for fits in (frozenset.__eq__, _share_a_path):
        for here in list(rest_left):
            gap, paths = about_left[here]
            there = next((n for n in rest_right if about_right[n][0] == gap and fits(paths, about_right[n][1])), None)
            if there is not None:
                pairs.kept.append((here, there))
                rest_left.remove(here)
                rest_right.remove(there)
    if len(left) == len(right) == 1 and rest_left:
        pairs.kept.append((0, 0))
    return pairs


def _share_a_path(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one.isdisjoint(other)


def _canonical(value: object, depth: int = 0) -> str:
    """A text that equal JSON values share."""
    if depth > _DEEPEST:
        return _repr(value)
    if isinstance(value, dict):
        entries = (f"{_repr(key)}:{_canonical(value[key], depth + 1)}" for key in sorted(value, key=_repr))
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_canonical(entry, depth + 1) for entry in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    return _repr(value)


def _same(left: object, right: object) -> bool:
    try:
        return bool(left == right)
    except Exception:  # noqa: BLE001 - a test may put anything into a delta that it expects, arrays of numbers too
        return False


def _remark(left: object, right: object) -> str:
    numbers = [value for value in (left, right) if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if len(numbers) < 2:
        return ""
    if any(isinstance(number, float) and math.isnan(number) for number in numbers):
        return " (NaN is equal to nothing)"
    one, other = numbers
    try:
        close = any(isinstance(number, float) for number in numbers) and math.isclose(one, other, rel_tol=_CLOSE)
    except OverflowError:  # an integer beyond every float
        return ""
    return f" (they differ by {abs(one - other):.2g}: pytest.approx takes them for equal)" if close else ""


# What is shown.


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - the same
        return f"<{type(value).__name__}>"


def _shown(value: object) -> str:
    return printable(_repr(value), limit=_VALUE_CHARACTERS, lines=False)


def _shown_text(text: object) -> str:
    return printable(str(text), limit=_VALUE_CHARACTERS, lines=False)
