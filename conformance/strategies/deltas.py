"""Paths, patterns, values and deltas, as a boat's bus may carry them (contract §10, §11)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.strategies.json_values import SCALARS, TEXTS, objects
from refhost.clock import DEFAULT_START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refhost.delta import Delta

KNOWN_PATHS = (
    "navigation.position",
    "navigation.speedOverGround",
    "navigation.courseOverGroundTrue",
    "environment.wind.speedApparent",
    "environment.depth.belowTransducer",
    "electrical.batteries.house.voltage",
    "propulsion.port.revolutions",
    "notifications.navigation.anchor",
)
_CONTEXTS = st.sampled_from(  # "" for none
    ("", "vessels.self", "vessels.urn:mrn:imo:mmsi:230099999", "atons.urn:mrn:imo:mmsi:992301111")
)
_SOURCES = st.sampled_from(("gps.1", "n2k.115", "a-b_c.d"))
# One text is drawn far faster than a list of words; these characters stand for the dots between them.
_DOTS = "!#$%&()*+,/:;<"
_TO_DOTS = str.maketrans(dict.fromkeys(_DOTS, "."))
_WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-" + _DOTS, min_size=1, max_size=32)


def paths() -> st.SearchStrategy[str]:
    """Paths: known ones, and well-formed ones of up to 32 characters; the smallest is `navigation.position`."""
    return st.one_of(st.sampled_from(KNOWN_PATHS), _WORDS.map(_path))


def _path(text: str) -> str:
    return ".".join(part for part in text.translate(_TO_DOTS).split(".") if part) or "a"


def patterns() -> st.SearchStrategy[str]:
    """Patterns of subscriptions (contract §11): paths, with stars put in, in the place of a part, or alone."""
    starred = st.tuples(paths(), st.integers(0, 40), st.integers(0, 40)).map(_starred)
    return st.one_of(st.just("*"), paths(), starred, st.text("a.*", max_size=12))


def _starred(drawn: tuple[str, int, int]) -> str:
    path, begin, end = drawn
    begin, end = sorted((begin % (len(path) + 1), end % (len(path) + 1)))
    return f"{path[:begin]}*{path[end:]}"


def values() -> st.SearchStrategy[Any]:
    """Values of contract §10: null, a boolean, number, string or object; inside an object arrays too."""
    position = st.fixed_dictionaries({"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)})
    return st.one_of(*SCALARS, position, objects())


def deltas() -> st.SearchStrategy[Delta]:
    """Valid deltas by the specification's schema: values, metadata or both; the smallest has no update."""
    # Most bugs need one value only, and that is drawn far faster than lists are: so it is offered more than once.
    return st.one_of(_single(), _single(), _single(), _several())


def _single() -> st.SearchStrategy[Delta]:
    return st.tuples(_CONTEXTS, _SOURCES, paths(), values()).map(_delta_of_one)


def _entries(most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    root = st.tuples(st.just(""), st.dictionaries(TEXTS, st.one_of(*SCALARS), max_size=2))
    value = st.tuples(paths(), values())
    return st.lists(st.one_of(value, root).map(_entry), max_size=most)


def _entry(drawn: tuple[str, Any]) -> dict[str, Any]:
    return {"path": drawn[0], "value": drawn[1]}


def _meta() -> st.SearchStrategy[list[dict[str, Any]]]:
    described = st.fixed_dictionaries({"description": TEXTS}, optional={"units": TEXTS, "displayName": TEXTS})
    return st.lists(st.tuples(paths(), described).map(_entry), max_size=2)


def _several() -> st.SearchStrategy[Delta]:
    """Deltas of no or several updates, with metadata."""
    values_only = st.tuples(_SOURCES, _entries(3)).map(lambda u: {"$source": u[0], "values": u[1]})
    meta_only = st.tuples(_SOURCES, _meta()).map(lambda u: {"$source": u[0], "meta": u[1]})
    both = st.tuples(_SOURCES, _entries(2), _meta()).map(lambda u: {"$source": u[0], "values": u[1], "meta": u[2]})
    updates = st.lists(st.one_of(values_only, meta_only, both), max_size=2)
    return st.tuples(_CONTEXTS, updates).map(lambda drawn: _delta(*drawn))


def _delta_of_one(drawn: tuple[str, str, str, Any]) -> Delta:
    context, source, path, value = drawn
    return _delta(context, [{"$source": source, "values": [{"path": path, "value": value}]}])


def _delta(context: str, updates: list[Delta]) -> Delta:
    return {"context": context, "updates": updates} if context else {"updates": updates}


def delta_streams(
    most: int = 8, *, about: Sequence[str] = KNOWN_PATHS, value: st.SearchStrategy[Any] | None = None
) -> st.SearchStrategy[list[Delta]]:
    """Deltas in the order of their times, from a few sources, about few paths: what one instrument after another says.

    Args:
        most: how many deltas at most.
        about: the paths that they are about.
        value: strategy of the values; `values()` unless given.
    """
    entry = st.tuples(st.sampled_from(tuple(about)), values() if value is None else value).map(_entry)
    update = st.tuples(_SOURCES, st.lists(entry, min_size=1, max_size=3), st.integers(0, 5000))
    return st.lists(update, max_size=most).map(_stream)


def _stream(drawn: list[tuple[str, list[dict[str, Any]], int]]) -> list[Delta]:
    stream, now = [], DEFAULT_START
    for source, entries, milliseconds in drawn:
        now += timedelta(milliseconds=milliseconds)
        timestamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        update = {"$source": source, "timestamp": timestamp, "values": entries}
        stream.append(_delta("vessels.self", [update]))
    return stream
