"""JSON as RFC 8259 has it, within the bounds of R34 (§10)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import refhost.jsontext
from refhost.jsontext import MAX_DEPTH, NotJson, dumps, loads, read_back

SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
VALUES = st.recursive(
    SCALAR, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=20
)
NO_JSON = [
    "",
    " ",
    "nope",
    "NaN",
    "[Infinity]",
    '{"a":-Infinity}',
    "1e999",
    "-1e999",
    "9" * 400,
    "-" + "9" * 5000,
    "01",
    "+1",
    ".5",
    "1.",
    "0x1",
    "'a'",
    "{a:1}",
    '{"a":1,}',
    "[1,]",
    "[1]]",
    "1 2",
    '"a\nb"',
    '"\\x41"',
    '"\\ud800"',
    '{"\\udfff":1}',
    '["\\ude00\\ud83d"]',
    "// comment\n1",
    "\ufeff\ufeff1",
    "\u00a01",
    "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 100_000,
]


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: repr(text[:20]))
def test_what_is_no_json_is_refused_with_a_reason(text):
    with pytest.raises(NotJson) as caught:
        loads(text)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        (" \t\r\n1 ", 1),
        ("-0", 0),
        ("1e2", 100.0),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\\\ud800"', "\\ud800"),
        ("\ufeff{}", {}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"__proto__":{"a":1}}', {"__proto__": {"a": 1}}),
        ("9" * 300, int("9" * 300)),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, None),
        ('"' + "[{" * 500 + '"', "[{" * 500),
    ],
)
def test_what_is_json_is_read(text, value):
    assert loads(text) == (json.loads(text) if value is None else value)


def test_a_reason_says_where():
    with pytest.raises(NotJson, match="at character 6"):
        loads('{"a": }')
    with pytest.raises(NotJson, match="NaN is not JSON"):
        loads('{"a": NaN}')


@given(VALUES)
def test_what_is_written_is_read_again(value):
    assert loads(dumps(value)) == value


@given(VALUES)
def test_any_spelling_of_json_is_read(value):
    assert loads(json.dumps(value, indent=1)) == value


@given(st.text(max_size=50))
def test_any_text_is_json_or_refused(text):
    try:
        value = loads(text)
    except NotJson:
        return
    assert json.loads(text.removeprefix("\ufeff")) == value
    dumps(value).encode()


@given(st.text(st.sampled_from('[]{}",:0123456789.eE+-\\udab truefalsn'), max_size=30))
def test_nearly_json_is_json_or_refused(text):
    try:
        dumps(loads(text)).encode()
    except NotJson:
        return


def test_nothing_else_is_written():
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            dumps(value)
    assert dumps({"ä": [1, 2.5, None, True]}) == '{"ä":[1,2.5,null,true]}'


def read(text):
    """What is read, with the type of each number, or what is said of it."""
    try:
        return repr(loads(text))
    except NotJson as error:
        return f"no: {error}"


class _Refuses:
    """In the place of orjson: then all is left to Python's own."""

    PLAIN = 0

    def loads(self, _):
        raise ValueError

    def dumps(self, _, option):
        raise TypeError


def alike(text):
    fast = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refhost.jsontext, "orjson", _Refuses())
        assert read(text) == fast


@pytest.mark.parametrize(
    "text",
    [
        *NO_JSON,
        *(
            "-0",
            "-0.0",
            "0.1e1",
            "1E5",
            "1e-400",
            "1e400",
            "-1e400",
            "4.9e-324",
            "1.7976931348623159e308",
            "01",
            "1.",
            "-",
        ),
        *(str(10**n + m) for n in (15, 16, 17, 18, 19, 20, 21, 400) for m in (-1, 0, 1)),
        *(str(2**n + m) for n in (53, 63, 64) for m in (-1, 0, 1)),
        *("123456789012345678901234567890.5", "0.1234567890123456789012345", "1e0000000000000000000001"),
        *(
            '{"a":1,"a":2}',
            '"\\ud83d\\ude00"',
            '"\\ud83d"',
            '"\ud83d"',
            '"\x7f\u2028"',
            '"\x01"',
            "\ufeff1",
            "\ufeff\ufeff1",
        ),
        *(
            '{"a":NaN}',
            "[Infinity]",
            "[1,]",
            "[1 2]",
            '{"a" 1}',
            "{1:2}",
            "nul",
            '"\\u0000"',
            '"\\x"',
            "\x0c1",
            "\xa01",
        ),
        *("[" * n + "]" * n for n in (MAX_DEPTH, MAX_DEPTH + 1, 2000, 100_000)),
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_orjson_reads_nothing_otherwise_than_python(text):
    alike(text)


@given(st.text(st.sampled_from('[]{}",:0123456789.eE+-\\udab truefalsn'), max_size=30))
def test_nor_of_any_nearly_json(text):
    alike(text)


@given(VALUES)
def test_nor_of_any_json(value):
    alike(json.dumps(value))


@given(VALUES)
def test_what_is_written_is_read_back(value):
    assert repr(read_back(dumps(value).encode())) == repr(value) == repr(json.loads(dumps(value)))
