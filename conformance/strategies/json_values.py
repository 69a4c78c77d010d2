"""JSON, as anyone may send it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# All that UTF-8 has. For `codec="utf-8"`, which is the same, Hypothesis tries a million characters: a second.
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, max_size=20)
SCALARS: tuple[st.SearchStrategy[Any], ...] = (
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)
_INNER = st.one_of(
    *SCALARS,
    st.lists(st.one_of(*SCALARS), max_size=3),
    st.dictionaries(TEXTS, st.one_of(*SCALARS), max_size=2),
)


def objects() -> st.SearchStrategy[dict[str, Any]]:
    """Objects up to three levels deep; the smallest is `{}`."""
    return st.dictionaries(TEXTS, _INNER, max_size=3)


def arrays() -> st.SearchStrategy[list[Any]]:
    """Arrays up to three levels deep; the smallest is `[]`."""
    return st.lists(_INNER, max_size=3)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value: the smallest is null."""
    return st.one_of(*SCALARS, arrays(), objects())
