"""Hypothesis strategies for Signal K: paths, values and deltas, as a boat's bus may carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
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

_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_NUMBER = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.just(-0.0))


def paths() -> st.SearchStrategy[str]:
    """Paths: known ones, and well-formed ones of any words."""
    word = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=1, max_size=8)
    made = st.lists(word, min_size=1, max_size=6).map(".".join)
    return st.one_of(st.sampled_from(KNOWN_PATHS), made)


def values() -> st.SearchStrategy[Any]:
    """Values of contract §10: a string, number, boolean, object or null; inside an object arrays too."""
    scalar = st.one_of(st.none(), st.booleans(), _NUMBER, _TEXT)
    nested = st.recursive(
        scalar,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
        max_leaves=6,
    )
    position = st.fixed_dictionaries({"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)})
    return st.one_of(scalar, position, st.dictionaries(_TEXT, nested, max_size=4))


def deltas() -> st.SearchStrategy[Delta]:
    """Valid deltas by the specification's schema, with values, metadata or both."""
    root = st.fixed_dictionaries({"path": st.just(""), "value": st.dictionaries(_TEXT, values(), max_size=3)})
    value = st.one_of(st.fixed_dictionaries({"path": paths(), "value": values()}), root)
    described = st.fixed_dictionaries({"description": _TEXT}, optional={"units": _TEXT, "displayName": _TEXT})
    meta = st.fixed_dictionaries({"path": paths(), "value": described})
    common = {"$source": st.sampled_from(("gps.1", "n2k.115", "a-b_c.d"))}
    update = st.one_of(
        st.fixed_dictionaries({**common, "values": st.lists(value, max_size=4)}),
        st.fixed_dictionaries({**common, "meta": st.lists(meta, max_size=2)}),
        st.fixed_dictionaries({**common, "values": st.lists(value, max_size=2), "meta": st.lists(meta, max_size=2)}),
    )
    context = st.sampled_from(
        ("vessels.self", "vessels.urn:mrn:imo:mmsi:230099999", "atons.urn:mrn:imo:mmsi:992301111")
    )
    return st.fixed_dictionaries({"updates": st.lists(update, max_size=3)}, optional={"context": context})
