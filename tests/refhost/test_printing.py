"""A plugin's words, as a person gets to see them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.jsontext import loads
from refhost.printing import printable, printable_json

HARMLESS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=300)


@given(HARMLESS)
def test_harmless_text_stays_as_it_is(text):
    assert printable(text) == text


@given(st.text(), st.booleans())
def test_nothing_unseen_is_left(text, lines):
    shown = printable(text, lines=lines)
    unseen = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
    assert unseen <= ({"\n"} if lines else set())
    shown.encode("utf-8")


@given(st.text(), st.booleans())
def test_twice_is_as_once(text, lines):
    once = printable(text, lines=lines)
    assert printable(once, limit=10_000, lines=lines) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\nb", "a\\r\nb"),
        ("\u202eeman", r"\u202eeman"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("\u2028", r"\u2028"),
        ("Žluťoučký 海豚 🐬", "Žluťoučký 海豚 🐬"),
        (r"C:\new", r"C:\new"),
    ],
)
def test_escapes(text, expected):
    assert printable(text) == expected


def test_line_ends_are_escaped_where_a_plugin_speaks():
    assert printable("one\ntwo", lines=False) == r"one\ntwo"


@pytest.mark.parametrize(("length", "shown"), [(400, 400), (401, 418)])
def test_long_text_is_cut(length, shown):
    cut = printable("x" * length)
    assert len(cut) == shown
    assert cut.endswith("x" if length == 400 else "x… (401 characters)")


def test_the_limit_counts_what_was_said():
    assert printable("\x1b" * 5, limit=2) == r"\x1b\x1b… (5 characters)"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_json_is_the_same_to_a_program_and_harmless_to_a_person(value):
    shown = printable_json(value)
    assert loads(shown) == value
    assert not {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("å 船 🐟", '"å 船 🐟"'),
        ("\x9b\u202e\u2028", '"\\u009b\\u202e\\u2028"'),
        ("\U000e0001", '"\\udb40\\udc01"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_json_escapes_what_cannot_be_seen_and_nothing_else(text, shown):
    assert printable_json(text) == shown
